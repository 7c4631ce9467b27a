//! The ways to the end, and what becomes on them of what is pending.

use super::history::Promise;
use super::model::Key;
use super::op::{KEYS, Order};
use super::wrong::Wrong;
use super::{Play, Stage};
use crate::payloads::op::How;
use atomic_throttle::state::DeferralStatus;
use atomic_throttle::{Pending, Shutdown};
use reference::MAX;
use std::mem::take;

impl Play {
    /// Asks for the end.
    pub(super) fn shut_down(&mut self, pending: Pending) {
        let _ = self.front.shutdown(pending);
        self.stage = match self.stage {
            Stage::Going => Stage::Ending(pending),
            Stage::Ending(asked) => Stage::Ending(asked.max(pending)),
            ended @ Stage::Ended(_) => ended,
        };
        self.is_told();
    }

    pub(super) fn drop_task(&mut self) {
        self.runtime.drop_task(0);
        if !matches!(self.stage, Stage::Ended(_)) {
            if self.keys.values().any(|known| known.has_begun) {
                self.reached.count("dropped with runs in progress");
            }
            self.leave(Shutdown::Dropped);
        }
    }

    /// The end, by whichever way.
    pub(super) fn end(&mut self) {
        match self.rules.setup.end {
            Some(pending) => self.shut_down(pending),
            None => self.drop_task(),
        }
        self.settle();
        self.look();
        while !matches!(self.stage, Stage::Ended(_)) {
            let begun = self.keys.iter().find(|(_, known)| known.has_begun);
            let begun = begun.map(|(&key, known)| (key, known.latest_start % 2 == 0));
            let due = self.keys.iter().filter(|(_, known)| known.is_pending());
            let due = due.map(|(&key, known)| known.window_end(self.threshold_of(key))).min();
            match (begun, due.and_then(|due| u64::try_from(due).ok()).filter(|&due| due <= MAX)) {
                // Some fail, with all that they were given: for many of these it is the last try.
                (Some((key, fails)), _) => {
                    let (ends, takes) = if fails { (How::Fails, 0) } else { (How::Returns, usize::MAX) };
                    self.perform_order(key, Order { calls: None, takes, keeps: false, ends: Some(ends) });
                }
                (None, Some(due)) if due > self.now => self.set_clock(due),
                _ => self.shut_down(Pending::Flush),
            }
            self.settle();
            self.look();
        }
        for key in 0..KEYS {
            self.trigger(key, false);
            self.take(key);
            assert_eq!(self.front.take(key), [], "G10: each value once");
            self.look();
        }
        self.front.evict();
        self.look();
    }

    /// What is pending when the end is asked for by a discard is cancelled; of a key that runs, at the latest when that ends.
    pub(super) fn discard(&mut self) {
        if self.stage != Stage::Ending(Pending::Discard) || self.rules.is_wrong(Wrong::DiscardForgotten) {
            return;
        }
        let is_still =
            |key| self.front.snapshot(key).is_some_and(|seen| seen.deferral == DeferralStatus::Pending);
        let is_cancelled = |key: u8, known: &Key| known.is_pending() && !(known.in_progress && is_still(key));
        let cancelled = self.keys.iter().filter(|&(&key, known)| is_cancelled(key, known));
        for key in cancelled.map(|(&key, _)| key).collect::<Vec<_>>() {
            self.give_up(key);
            self.values[usize::from(key)].clear();
            self.shutdown = Shutdown::Discarded;
            self.reached.count("discarded");
        }
    }

    /// The task is gone: what was pending is owed, and so are the runs in progress, with what is left of
    /// what they were given.
    pub(super) fn leave(&mut self, shutdown: Shutdown) {
        self.stage = Stage::Ended(shutdown);
        self.handed.clear();
        for (&key, known) in &mut self.keys {
            if !known.in_progress && known.promise != Promise::Pending {
                continue;
            }
            (known.in_progress, known.has_begun) = (false, false);
            known.promise = Promise::Owed;
            let (rest, values) = (take(&mut known.rest), &mut self.values[usize::from(key)]);
            self.rules.put_back(values, rest);
            self.uncovered += values.len() as u64;
            if self.rules.is_wrong(Wrong::OwedIsGone) {
                values.clear();
            }
        }
    }
}
