//! How runs begin and end, and what follows.

use super::history::{Promise, Told};
use super::model::{Key, later};
use super::op::{Order, Policy};
use super::wrong::Wrong;
use super::{Play, Stage};
use crate::payloads::op::How;
use atomic_throttle::{Pending, Shutdown};
use std::mem::take;

impl Play {
    /// Polls the task until nobody wakes it any more, and compares with what it is to do.
    pub(super) fn settle(&mut self) {
        self.runtime.settle();
        self.discard();
        let begun = self.orders.begun();
        for (key, given) in begun {
            self.begins(key, &given);
        }
        let (in_progress, most) = self.in_progress();
        if in_progress > 1 {
            self.reached.count("runs of several keys at once");
        }
        if in_progress < most {
            assert!(self.handed.is_empty(), "a run that was flushed does not begin: {:?}", self.handed);
            for (key, known) in &self.keys {
                let is_due =
                    !known.is_stale && self.may_start(*key, known, self.latest_call[usize::from(*key)]);
                assert!(!is_due, "G5: a run of {key} is due, and does not begin: {known:?}");
            }
        } else if !self.handed.is_empty()
            || self.keys.iter().any(|(&key, known)| self.may_start(key, known, 0))
        {
            self.reached.count("a run waits for another to end");
        }
        if matches!(self.stage, Stage::Ending(_)) && in_progress == 0 {
            let is_over = self.handed.is_empty() && !self.keys.values().any(Key::is_pending);
            if is_over {
                self.stage = Stage::Ended(self.shutdown);
                self.reached.count("finished");
            }
        }
    }

    /// How many runs are in progress whose functions have begun, and how many there may be.
    fn in_progress(&self) -> (usize, usize) {
        let most = self.rules.setup.at_once + usize::from(self.rules.is_wrong(Wrong::MoreAtOnce));
        (self.keys.values().filter(|known| known.has_begun).count(), most)
    }

    /// Whether the pending run of a key may start now. `latest`: the latest call that the pace knows.
    fn may_start(&self, key: u8, known: &Key, latest: u64) -> bool {
        let asked = if let Stage::Ending(pending) = self.stage { Some(pending) } else { None };
        if !known.is_pending() || known.in_progress || asked == Some(Pending::Discard) {
            return false;
        }
        let early = u128::from(self.rules.is_wrong(Wrong::WindowOpensEarly));
        let now = u128::from(self.now);
        let is_held = now < self.rules.held(known, &self.values[usize::from(key)], latest)
            && (asked.is_none() || self.rules.is_wrong(Wrong::EndIsHeld));
        asked == Some(Pending::Flush) || now + early >= known.window_end(self.threshold_of(key)) && !is_held
    }

    /// A run of a key has begun, and was given this.
    fn begins(&mut self, key: u8, given: &[u32]) {
        let (in_progress, most) = self.in_progress();
        assert!(in_progress < most, "a run too many begins, of {key}");
        let known = self.keys.get(&key).expect("a key that is pending is never evicted");
        let was_handed = self.handed.front() == Some(&key);
        if was_handed {
            self.handed.pop_front();
        } else {
            assert!(!known.in_progress, "G2: another run of {key} begins");
            assert!(self.may_start(key, known, 0), "a run of {key} is not due at {}: {known:?}", self.now);
            if self.stage != Stage::Ending(Pending::Flush) {
                let before = self.histories[usize::from(key)].latest_start;
                let threshold = self.threshold_of(key);
                let is_spaced =
                    |before: u64| u128::from(self.now) >= u128::from(before) + u128::from(threshold);
                assert!(
                    threshold == 0 || before.is_none_or(is_spaced),
                    "G1: {key}, {before:?}, {}",
                    self.now
                );
            }
            self.start(key);
        }
        let threshold = self.threshold_of(key);
        let known = self.keys.get_mut(&key).expect("it is known");
        // Where a flush has started it, the threshold is asked for only now.
        known.started_by = Some(threshold);
        known.has_begun = true;
        known.is_last = !was_handed && matches!(self.stage, Stage::Ending(_));
        assert_eq!(given, known.rest, "G10: what a run of {key} is given");
        self.runs += 1;
        if self.shutdown == Shutdown::Idle && self.stage != Stage::Going {
            self.shutdown = Shutdown::Ran;
        }
        self.reached.count("run");
        if given.len() > 1 {
            self.reached.count("a run of many");
        }
    }

    /// The pending run of a key starts.
    pub(super) fn start(&mut self, key: u8) {
        let place = usize::from(key);
        let threshold = self.threshold_of(key);
        let known = self.keys.get_mut(&key).expect("it is pending");
        known.latest_start = self.now.max(known.latest_start + 1);
        known.started_by = Some(threshold);
        known.let_go();
        (known.in_progress, known.has_begun, known.is_stale) = (true, false, false);
        known.rest = take(&mut self.values[place]);
        known.given = known.rest.len();
        let history = &mut self.histories[place];
        history.runs += 1;
        history.latest_start = Some(known.latest_start);
        if self.rules.is_wrong(Wrong::RetimeUnnoticed) {
            self.own[place] = self.asked.lock().unwrap()[place];
        }
    }

    /// The function of a run does what it is told to.
    pub(super) fn goes_on(&mut self, key: u8, order: Order) {
        let is_batch = self.rules.is_batch();
        let is_count = !is_batch && self.rules.brought(1) == 0;
        let known = self.keys.get_mut(&key).expect("it runs");
        let takes = match order.takes {
            0 => 0,
            _ if is_count => 0,
            takes if is_batch => takes.min(known.rest.len()),
            _ => known.rest.len(),
        };
        if takes > 0 {
            known.rest.drain(..takes);
            self.reached.count("some was taken out");
        }
        if let Some(how) = order.ends {
            self.ends(key, how, order.keeps);
        } else if order.keeps {
            self.keys.get_mut(&key).expect("it runs").keeps = true;
        }
    }

    fn ends(&mut self, key: u8, how: How, keeps: bool) {
        let place = usize::from(key);
        let known = self.keys.get_mut(&key).expect("it runs");
        let (rest, given) = (take(&mut known.rest), known.given);
        let keeps = take(&mut known.keeps) || keeps;
        (known.in_progress, known.has_begun) = (false, false);
        let told = match how {
            How::Returns => Told::Succeeded,
            How::Fails => Told::Failed(known.failures + 1),
            How::Panics => Told::Panicked,
        };
        let has_failed = how != How::Returns;
        match how {
            How::Returns => {}
            How::Fails => self.reached.count("failed by an error"),
            How::Panics => {
                self.reached.count("failed by a panic");
                self.panics += 1;
            }
        }
        if self.rules.is_wrong(Wrong::CallInARunIsLost) && known.is_pending() {
            known.let_go();
            self.values[place].clear();
        }
        let is_fatal = how == How::Panics && self.rules.setup.panics_are_fatal;
        match self.rules.setup.policy {
            Some(_) if !has_failed || is_fatal || rest.is_empty() => {}
            Some(policy) => return self.fails(key, rest, policy, told),
            None => {}
        }
        self.settled(key, told);
        let is_kept = self.rules.is_batch() && !rest.is_empty() && (has_failed || keeps);
        if is_kept && !self.rules.is_wrong(Wrong::RestIsLost) {
            self.reached.count(if has_failed { "left by a failure" } else { "some was kept" });
            let follows = match self.stage {
                _ if is_fatal => false,
                Stage::Going => true,
                // On the way to the end a run that takes nothing would follow itself for ever.
                Stage::Ending(pending) => pending != Pending::Discard && rest.len() < given,
                Stage::Ended(_) => false,
            };
            self.put_back(key, rest);
            if follows {
                self.follow(key);
            }
        }
        if is_fatal {
            self.reached.count("a fatal panic");
            self.leave(Shutdown::Panicked);
        }
    }

    /// A run has failed, and there is something to try again with.
    fn fails(&mut self, key: u8, rest: Vec<u32>, policy: Policy, told: Told) {
        let known = self.keys.get_mut(&key).expect("it ran");
        if known.is_last {
            self.reached.count("the last try");
            if !self.rules.is_wrong(Wrong::LastFailureLosesValues) {
                self.put_back(key, rest);
            }
            return self.settled(key, told);
        }
        let late = u32::from(self.rules.is_wrong(Wrong::GivenUpTooLate));
        if known.failures >= policy.at_most.saturating_add(late) {
            self.reached.count("given up");
            if self.rules.is_wrong(Wrong::GivenUpIsKept) {
                self.put_back(key, rest);
            }
            return self.settled(key, told);
        }
        if self.stage == Stage::Ending(Pending::Discard) {
            self.reached.count("no further try");
            if !self.rules.is_wrong(Wrong::LastFailureLosesValues) {
                self.put_back(key, rest);
            }
            return self.settled(key, told);
        }
        self.reached.count("tried again");
        if known.failures > 0 {
            self.reached.count("two failures in a row");
        }
        let failures = known.failures + 1;
        self.put_back(
            key,
            match self.rules.wrong {
                Some(Wrong::FailedIsLost) => Vec::new(),
                Some(Wrong::FailedIsGivenTwice) => [&rest[..], &rest].concat(),
                _ => rest,
            },
        );
        self.follow(key);
        let known = self.keys.get_mut(&key).expect("it ran");
        known.retry_at = Some(later(self.now, policy.back_off));
        known.failures = failures;
        if self.rules.is_wrong(Wrong::TryIsTold) {
            self.histories[usize::from(key)].settle(told);
        }
    }

    fn put_back(&mut self, key: u8, rest: Vec<u32>) {
        let values = &mut self.values[usize::from(key)];
        if !values.is_empty() && !rest.is_empty() {
            self.reached.count("put in front of newer values");
        }
        self.rules.put_back(values, rest);
    }

    /// Another run of the key is to come, for what one has left.
    fn follow(&mut self, key: u8) {
        let known = self.keys.get_mut(&key).expect("it ran");
        if !known.is_pending() {
            known.let_go();
            known.promise = Promise::Pending;
        }
    }

    /// The latest run of a key decides what its calls are told.
    fn settled(&mut self, key: u8, told: Told) {
        self.keys.get_mut(&key).expect("it ran").failures = 0;
        let is_wrong = self.rules.is_wrong(Wrong::FailureIsASuccess);
        self.histories[usize::from(key)].settle(if is_wrong { Told::Succeeded } else { told });
        self.others += usize::from(told != Told::Succeeded);
    }
}
