//! What there is to see of the throttle and of each call, beside the model.

use super::hash::shard_of;
use super::history::{Promise, Told};
use super::model::Key;
use super::op::KEYS;
use super::wrong::Wrong;
use super::{Play, REMEMBERED, Stage};
use crate::by_hand::Driven;
use crate::payloads::op::Kind;
use atomic_throttle::state::DeferralStatus;
use atomic_throttle::{OwnedKeyTicket, Pending, Timestamp, WaitError};
use reference::{MAX, NEVER};
use std::task::Poll;
use std::time::Duration;

/// So many tickets are looked at: the first ones, and the latest.
const FIRST: usize = 6;
const TICKETS: usize = 20;
/// The most waits for all calls at once.
const ALLS: usize = 4;

pub struct Call {
    pub key: u8,
    /// How many runs of the key had started before the call.
    pub after: usize,
    pub ticket: OwnedKeyTicket<u8>,
    /// Whether it was told of a cancel. That may be forgotten, and then a run that is to come is not known to cover it.
    pub was_cancelled: bool,
}

impl Call {
    pub fn new(key: u8, after: usize, ticket: OwnedKeyTicket<u8>) -> Self {
        Self { key, after, ticket, was_cancelled: false }
    }
}

/// A wait for all calls on all keys.
pub struct All {
    wait: Driven<Result<(), WaitError>>,
    /// The calls that are not told of anything yet, by key, and by the runs before them.
    left: Vec<(u8, usize)>,
    /// What the first were told that were told of something else than a success.
    failed: Vec<Told>,
}

/// A time as it is shown.
fn shown(time: u128) -> u64 {
    u64::try_from(time).ok().filter(|&time| time <= MAX).unwrap_or(NEVER)
}

impl Play {
    pub(super) fn look(&mut self) {
        self.notice_evictions();
        for key in 0..KEYS {
            self.look_at(key);
        }
        let pending = self.keys.values().filter(|known| known.is_pending()).count();
        assert_eq!(self.front.keys(), (self.keys.len(), pending));
        assert_eq!(self.front.runs(), (self.runs, self.panics));
        if self.rules.setup.kind == Kind::Count {
            assert_eq!(self.front.uncovered(), self.uncovered);
        }
        let is_alive = !self.runtime.tasks().is_empty();
        assert_eq!(is_alive, !matches!(self.stage, Stage::Ended(_)), "{:?}", self.stage);
        assert_eq!(self.runtime.panics(), 0);
        match self.stage {
            Stage::Going => {}
            Stage::Ending(asked) => assert_eq!(self.front.shutdown(asked), Err(WaitError::TimedOut)),
            Stage::Ended(how) => assert_eq!(self.front.shutdown(Pending::Finish), Ok(how)),
        }
        self.look_at_tickets();
        self.look_at_waits();
    }

    fn look_at(&mut self, key: u8) {
        let Some(known) = self.keys.get(&key) else {
            return assert_eq!(self.front.all_of(key), Ok(()), "all calls on {key}, which is not known");
        };
        let seen = self.front.snapshot(key).expect("it is known");
        let is = (seen.running, seen.deferral == DeferralStatus::Pending, seen.is_owed());
        let owed = known.promise == Promise::Owed;
        assert_eq!(is, (known.in_progress, known.is_pending(), owed), "{key}: {known:?}");
        // As a time of the clock; the start itself may be after its end.
        assert_eq!(seen.last_run_at.map_or(0, Timestamp::as_nanos), known.latest_start.min(MAX), "{key}");
        assert_eq!(seen.threshold.as_nanos(), self.threshold_of(key), "{key}");
        assert_eq!(seen.failures, known.failures, "{key}: {known:?}");
        if known.is_pending() {
            let values = &self.values[usize::from(key)];
            let window_end = known.window_end(self.threshold_of(key));
            let until = |latest| shown(window_end.max(self.rules.held(known, values, latest)));
            let next = seen.next_run_at.expect("it is pending").as_nanos();
            let latest = self.latest_call[usize::from(key)];
            assert!(until(0) <= next && next <= until(latest), "{key}: {next}, {known:?}");
            if self.rules.paced_until(known, values, 0) > window_end.max(u128::from(self.now)) {
                self.reached.count("held by the pace");
            }
        } else {
            assert_eq!(seen.next_run_at, None);
        }
        self.look_at_all_of(key);
    }

    /// A wait for all calls on one key that is known.
    fn look_at_all_of(&self, key: u8) {
        let known = &self.keys[&key];
        let told = Told::of(self.front.all_of(key));
        let runs = self.histories[usize::from(key)].runs;
        match (known.promise, known.started_by) {
            (Promise::Nothing, None) => {
                assert!(!matches!(told, Told::NotYet | Told::Owed), "{key}: {told:?}");
            }
            (Promise::Nothing, Some(_)) => self.is_told_as_expected(key, runs - 1, told, false),
            _ => self.is_told_as_expected(key, runs, told, false),
        }
    }

    fn tells(&self, key: u8, after: usize) -> Told {
        let known = self.keys.get(&key);
        let (is_running, promise) =
            known.map_or((false, Promise::Nothing), |known| (known.in_progress, known.promise));
        self.histories[usize::from(key)].tells(after, is_running, promise)
    }

    fn is_told_as_expected(&self, key: u8, after: usize, told: Told, was_cancelled: bool) {
        let expected = self.tells(key, after);
        let is_over = was_cancelled || !matches!(expected, Told::NotYet | Told::Owed);
        let is_forgotten = told == Told::Forgotten && is_over && self.others > REMEMBERED;
        assert!(told == expected || is_forgotten, "a call on {key} is told {told:?}, not {expected:?}");
    }

    fn look_at_tickets(&mut self) {
        if self.tickets.len() > TICKETS {
            let too_many = self.tickets.len() - TICKETS;
            self.tickets.drain(FIRST..FIRST + too_many);
        }
        for index in 0..self.tickets.len() {
            let Call { key, after, ref ticket, was_cancelled } = self.tickets[index];
            let told = Told::of(ticket.wait_for(Duration::ZERO));
            self.is_told_as_expected(key, after, told, was_cancelled);
            self.tickets[index].was_cancelled |= told == Told::Cancelled;
            let was_evicted =
                self.histories[usize::from(key)].evicted_after.is_some_and(|runs| runs >= after);
            self.reached.count(match told {
                Told::Succeeded => "told of a success",
                Told::Failed(_) | Told::Panicked => "told of a failure",
                Told::Cancelled if was_evicted => "told of a cancel after an eviction",
                Told::Cancelled => "told of a cancel",
                Told::Owed => "told that it is owed",
                Told::Forgotten => "told that it is forgotten",
                Told::NotYet => "not told yet",
            });
        }
    }

    pub(super) fn wait_for_all(&mut self) {
        if self.alls.len() == ALLS {
            return;
        }
        let mut left = Vec::new();
        let mut is_owed = false;
        for (&key, known) in &self.keys {
            let runs = self.histories[usize::from(key)].runs;
            if known.in_progress && !self.rules.is_wrong(Wrong::AllForgetsWhatRuns) {
                left.push((key, runs - 1));
            }
            match known.promise {
                Promise::Nothing => {}
                Promise::Pending => left.push((key, runs)),
                Promise::Owed => is_owed = true,
            }
        }
        let mut wait = Driven::new(self.front.wait_for_all());
        match wait.poll() {
            Poll::Ready(told) => {
                let expected = if is_owed { Told::Owed } else { Told::Succeeded };
                assert_eq!((Told::of(told), left.len()), (expected, 0), "a wait for all");
            }
            Poll::Pending => {
                assert!(!is_owed && !left.is_empty(), "a wait for all waits for nothing");
                self.alls.push(All { wait, left, failed: Vec::new() });
            }
        }
    }

    fn look_at_waits(&mut self) {
        for mut all in std::mem::take(&mut self.alls) {
            let told = all.left.iter().map(|&(key, after)| self.tells(key, after)).collect::<Vec<_>>();
            let mut is_told = told.iter().map(|told| *told != Told::NotYet);
            all.left.retain(|_| is_told.next() == Some(false));
            if all.failed.is_empty() {
                all.failed = told;
                all.failed.retain(|told| !matches!(told, Told::NotYet | Told::Succeeded));
            }
            let polled = if all.wait.is_woken() { all.wait.poll() } else { Poll::Pending };
            match polled {
                Poll::Pending => {
                    assert!(!all.left.is_empty(), "a wait for all goes on");
                    self.alls.push(all);
                }
                Poll::Ready(told) => {
                    assert!(all.left.is_empty(), "a wait for all does not wait for {:?}", all.left);
                    let told = Told::of(told);
                    let is_expected =
                        told == Told::Succeeded && all.failed.is_empty() || all.failed.contains(&told);
                    assert!(is_expected, "all are told {told:?}, not {:?}", all.failed);
                    self.reached.count("all are told");
                }
            }
        }
    }

    pub(super) fn notice_evictions(&mut self) {
        let gone: Vec<_> =
            self.keys.keys().copied().filter(|key| self.front.snapshot(*key).is_none()).collect();
        for key in gone {
            let known = self.keys.remove(&key).expect("it was there");
            let is_idle = !known.in_progress && known.promise == Promise::Nothing;
            assert!(is_idle && self.is_over(&known), "{key} was evicted: {known:?}");
            let forgotten = &mut self.forgotten[shard_of(key, self.rules.setup.shards)];
            *forgotten = known.latest_start.max(*forgotten);
            let history = &mut self.histories[usize::from(key)];
            history.evicted_after = Some(history.runs);
            self.reached.count("evicted");
        }
    }

    /// Whether the window of a key is over, by the threshold of all or by the one by which it started.
    fn is_over(&self, known: &Key) -> bool {
        let own = known.started_by.unwrap_or(0);
        let threshold = if self.rules.setup.has_own_thresholds { own } else { self.threshold };
        u128::from(self.now) >= known.window_end(threshold)
    }

    /// Each key that there is has something to come, or its window is not over. Where each key has its own threshold it
    /// depends on those of others, too.
    pub(super) fn nothing_can_be_evicted(&self) {
        if self.rules.setup.has_own_thresholds {
            return;
        }
        for (&key, known) in &self.keys {
            let has_none = self.front.snapshot(key).is_some_and(|seen| seen.deferral == DeferralStatus::None);
            let is_idle = !known.in_progress && known.promise == Promise::Nothing && has_none;
            assert!(!(is_idle && self.is_over(known)), "{key} is not evicted: {known:?}");
        }
    }
}
