//! The reference for one key, in plain numbers and values.

use super::history::Promise;
use super::op::{Pace, Setup};
use super::wrong::Wrong;
use crate::payloads::op::{CAPACITY, Kind};
use reference::MAX;

/// A key that is known.
#[derive(Clone, Debug)]
#[allow(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct Key {
    /// The start of its latest run, or of one that was evicted; 0 if there was none.
    pub latest_start: u64,
    /// Whether that is its own, and by which threshold it started.
    pub started_by: Option<u64>,
    pub in_progress: bool,
    /// Whether the function of the run in progress has begun.
    pub has_begun: bool,
    /// What the run in progress was given, and what is left of it.
    pub given: usize,
    pub rest: Vec<u32>,
    /// Whether it has said that it keeps the rest.
    pub keeps: bool,
    pub promise: Promise,
    /// The first and the latest call that the pending run covers, where the pace asks for them.
    pub first_call: Option<u64>,
    pub latest_call: u64,
    pub retry_at: Option<u128>,
    /// How many runs in a row have failed, and are tried again.
    pub failures: u32,
    /// Whether its threshold has changed, and nobody was told.
    pub is_stale: bool,
    /// Whether the end had been asked for when its run began: then it is the last try.
    pub is_last: bool,
}

impl Key {
    pub fn new(latest_start: u64) -> Self {
        Self {
            latest_start,
            started_by: None,
            in_progress: false,
            has_begun: false,
            given: 0,
            rest: Vec::new(),
            keeps: false,
            promise: Promise::Nothing,
            first_call: None,
            latest_call: 0,
            retry_at: None,
            failures: 0,
            is_stale: false,
            is_last: false,
        }
    }

    pub fn is_pending(&self) -> bool {
        self.promise == Promise::Pending
    }

    /// G1: the end of its window. 0 if there is none.
    pub fn window_end(&self, threshold: u64) -> u128 {
        let has_none = self.latest_start == 0 || threshold == 0;
        if has_none { 0 } else { u128::from(self.latest_start) + u128::from(threshold) }
    }

    /// Nothing is pending any more.
    pub fn let_go(&mut self) {
        self.promise = Promise::Nothing;
        (self.first_call, self.retry_at) = (None, None);
    }
}

/// A time of the clock: none is after its last reading.
pub fn later(time: u64, by: u64) -> u128 {
    (u128::from(time) + u128::from(by)).min(u128::from(MAX))
}

/// What is the same for all keys.
#[derive(Clone, Copy)]
pub struct Rules {
    pub wrong: Option<Wrong>,
    pub setup: Setup,
}

impl Rules {
    pub fn is_wrong(&self, how: Wrong) -> bool {
        self.wrong == Some(how)
    }

    pub fn is_batch(&self) -> bool {
        matches!(self.setup.kind, Kind::Collect | Kind::Bounded)
    }

    /// What a call leaves that brings `value`.
    pub fn brought(&self, value: u32) -> u32 {
        if self.setup.kind == Kind::Count { 0 } else { value }
    }

    pub fn is_full(&self, values: &[u32]) -> bool {
        self.setup.kind == Kind::Bounded
            && values.len() >= CAPACITY
            && !self.is_wrong(Wrong::BeyondTheCapacity)
    }

    pub fn is_enough(&self, values: &[u32]) -> bool {
        let capacity = (self.setup.kind == Kind::Bounded).then_some(CAPACITY);
        let is_counted = self.is_batch() || self.setup.kind == Kind::Count;
        let enough = self.setup.enough.into_iter().chain(capacity).min();
        is_counted
            && enough.is_some_and(|enough| values.len() >= enough)
            && !self.is_wrong(Wrong::EnoughIgnored)
    }

    /// Puts what a call leaves.
    pub fn put(&self, values: &mut Vec<u32>, value: u32) {
        if self.setup.kind == Kind::Latest && !values.is_empty() {
            if !self.is_wrong(Wrong::OldestIsGiven) {
                *values = vec![value];
            }
        } else {
            values.push(value);
        }
    }

    /// Puts back what a run has left.
    pub fn put_back(&self, values: &mut Vec<u32>, mut left: Vec<u32>) {
        if self.setup.kind == Kind::Latest && !values.is_empty() {
            if self.is_wrong(Wrong::OlderReplacesNewer) {
                *values = left;
            }
        } else if self.is_wrong(Wrong::RestComesBehind) {
            values.append(&mut left);
        } else {
            left.append(values);
            *values = left;
        }
    }

    /// Until when the pace holds the pending run. `latest`: the latest call, if not that which the run covers.
    pub fn paced_until(&self, key: &Key, values: &[u32], latest: u64) -> u128 {
        let Some(first) = key.first_call.filter(|_| !self.is_enough(values)) else { return 0 };
        let after = |call: u64, time: u64| later(call, time);
        match self.setup.pace {
            _ if self.is_wrong(Wrong::PaceIgnored) => 0,
            Pace::AtOnce => 0,
            Pace::Delay(delay) => after(first, delay),
            Pace::Debounce { quiet, at_latest } => {
                let quiet = after(key.latest_call.max(latest).max(first), quiet);
                if self.is_wrong(Wrong::QuietForEver) { quiet } else { quiet.min(after(first, at_latest)) }
            }
        }
    }

    /// Until when the pending run is held beside its window.
    pub fn held(&self, key: &Key, values: &[u32], latest: u64) -> u128 {
        let retry_at = key.retry_at.filter(|_| !self.is_wrong(Wrong::RetryAtIgnored));
        self.paced_until(key, values, latest).max(retry_at.unwrap_or(0))
    }
}
