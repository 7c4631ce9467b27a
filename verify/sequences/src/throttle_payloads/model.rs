//! A throttle in plain values: what each call is told, and what each run is given.

use super::front::Said;
use super::op::{How, Script};
use super::wrong::Wrong;
use crate::payloads::op::{CAPACITY, Kind};
use reference::reached::Reached;
use std::time::Duration;

/// The run that is to come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    None,
    Owed,
    /// An owner waits for it: how long, and how its run goes on.
    Pending(Owner),
}

#[derive(Clone, Copy, Debug)]
pub struct Owner {
    pub limit: Option<u64>,
    pub value: u32,
    pub script: Script,
}

impl PartialEq for Owner {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl Eq for Owner {}

pub struct Model {
    pub kind: Kind,
    pub wrong: Option<Wrong>,
    pub now: u64,
    pub threshold: u64,
    /// The latest start.
    pub last: Option<u64>,
    pub next: Next,
    /// What the next run is given, in its order. A count has a 0 for each call.
    pub values: Vec<u32>,
    pub reached: Reached,
}

impl Model {
    pub fn is_wrong(&self, how: Wrong) -> bool {
        self.wrong == Some(how)
    }

    fn due(&self) -> u64 {
        // Without a threshold no window is ever closed.
        self.last.filter(|_| self.threshold > 0).map_or(0, |last| last + self.threshold)
    }

    fn is_open(&self) -> bool {
        self.now >= self.due()
    }

    fn is_full(&self) -> bool {
        self.kind == Kind::Bounded
            && self.values.len() >= CAPACITY
            && !self.is_wrong(Wrong::BeyondTheCapacity)
    }

    fn put(&mut self, value: u32) {
        let value = if self.kind == Kind::Count { 0 } else { value };
        if self.kind == Kind::Latest && !self.values.is_empty() {
            if !self.is_wrong(Wrong::OldestIsGiven) {
                self.values = vec![value];
            }
        } else if self.is_wrong(Wrong::NewestFirst) {
            self.values.insert(0, value);
        } else {
            self.values.push(value);
        }
    }

    /// A run starts, and calls: returns what it is given, and whether it panics.
    fn run(&mut self, value: u32, script: Script) -> (Vec<u32>, bool) {
        self.last = Some(self.last.map_or(self.now.max(1), |last| self.now.max(last + 1)));
        self.next = Next::None;
        let mut given = std::mem::take(&mut self.values);
        for number in 1..=script.nested {
            if self.kind == Kind::Bounded && self.is_full() {
                continue;
            }
            self.reached.count("owed inside");
            self.next = Next::Owed;
            if self.is_wrong(Wrong::NestedIsGivenToThatRun) {
                given.push(value + number);
            } else if !self.is_wrong(Wrong::NestedIsLost) {
                self.put(value + number);
            }
        }
        self.keep(&given, script);
        if script.plan.panics {
            self.reached.count("panicked");
        }
        (given, script.plan.panics)
    }

    /// Keeps what the run leaves of its batch.
    fn keep(&mut self, given: &[u32], script: Script) {
        let plan = script.plan;
        if plan.panics && self.is_wrong(Wrong::PanicKeepsAll) {
            return self.put_in_front(given.to_vec());
        }
        if !matches!(self.kind, Kind::Collect | Kind::Bounded) {
            return;
        }
        let left = given[plan.takes.min(given.len())..].to_vec();
        let is_kept = plan.keeps || plan.panics || self.is_wrong(Wrong::ReturnGivesAgain);
        let is_lost = plan.panics && self.is_wrong(Wrong::PanicLosesTheBatch);
        if !left.is_empty() && is_kept && !is_lost {
            self.reached.count(if plan.panics { "left by a panic" } else { "some was kept" });
            self.put_in_front(left);
            if !self.is_wrong(Wrong::LeftIsNotOwed) {
                self.next = Next::Owed;
            }
        }
    }

    fn put_in_front(&mut self, mut left: Vec<u32>) {
        if self.is_wrong(Wrong::LeftComesBehind) {
            self.values.append(&mut left);
        } else {
            left.append(&mut self.values);
            self.values = left;
        }
    }

    /// Whether a throttle may have a call wait, whatever has been left there.
    pub fn may_wait(&self, how: How) -> bool {
        !self.is_open() && !matches!(how, How::Try)
    }

    /// A call. `None`: it becomes the owner.
    pub fn call(&mut self, how: How, value: u32, script: Script) -> Option<Said> {
        let is_value = self.kind != Kind::Count;
        let is_coalesced = matches!(self.next, Next::Pending(_)) && !matches!(how, How::Try);
        if is_coalesced {
            if self.is_full() {
                self.reached.count("full while a run is pending");
                return Some(Said::Full(value));
            }
            self.put(value);
            self.reached.count("coalesced");
            return Some(Said::Coalesced);
        }
        if self.is_open() {
            return Some(self.run_at_once(value, script));
        }
        let limit = match how {
            How::Run => None,
            How::Within(limit) => Some(self.now + nanos(limit)),
            How::Try => Some(0),
        };
        if !matches!(how, How::Try) && self.is_full() {
            self.reached.count("full of what was left");
            if self.is_wrong(Wrong::FullIsOwed) {
                self.next = Next::Owed;
            }
            return Some(Said::Full(value));
        }
        if limit.is_some_and(|limit| self.due() > limit) {
            self.reached.count("refused by the window");
            if !is_value || self.is_wrong(Wrong::RefusedIsLeft) {
                self.put(value);
            }
            return Some(Said::Closed(is_value.then_some(value)));
        }
        self.put(value);
        self.next = Next::Pending(Owner { limit, value, script });
        None
    }

    fn run_at_once(&mut self, value: u32, script: Script) -> Said {
        if self.is_full() {
            self.reached.count("full, and runs");
            if self.is_wrong(Wrong::RunNeedsRoom) {
                return Said::Full(value);
            }
        }
        if matches!(self.next, Next::Pending(_)) && self.is_wrong(Wrong::TakeoverLeavesTheOwnersValue) {
            self.values.clear();
        }
        let was_left = !self.values.is_empty();
        self.put(value);
        let (given, panics) = self.run(value, script);
        self.reached.count(if was_left { "ran at once with what was left" } else { "ran at once" });
        if panics { Said::Panicked(given) } else { Said::AtOnce(given) }
    }

    /// What the owner does when it looks: `None` if it waits on.
    pub fn owner_looks(&mut self) -> Option<Said> {
        let Next::Pending(owner) = self.next else { return None };
        if self.is_open() {
            let (given, panics) = self.run(owner.value, owner.script);
            self.reached.count(if given.len() > 1 { "ran deferred with many" } else { "ran deferred" });
            return Some(if panics { Said::Panicked(given) } else { Said::Deferred(given) });
        }
        if owner.limit.is_some_and(|limit| self.now >= limit) {
            self.reached.count("owed at the limit");
            self.next = Next::Owed;
            if self.is_wrong(Wrong::LimitLosesTheValue) {
                self.values.clear();
            }
            return Some(Said::Owed);
        }
        None
    }

    pub fn flush(&mut self, value: u32, script: Script) -> Said {
        match self.next {
            Next::None => return Said::NothingPending,
            Next::Owed => self.reached.count("flushed what was owed"),
            Next::Pending(_) => self.reached.count("flushed"),
        }
        let values = self.values.clone();
        let (given, panics) = self.run(value, script);
        if self.is_wrong(Wrong::FlushLeavesTheValues) {
            self.values.splice(0..0, values);
        }
        if panics { Said::Panicked(given) } else { Said::AtOnce(given) }
    }

    /// Whether there was a run to give up.
    pub fn cancel(&mut self) -> bool {
        let was_there = self.next != Next::None;
        self.next = Next::None;
        if was_there && self.is_wrong(Wrong::CancelLosesValues) {
            self.values.clear();
        }
        was_there
    }

    pub fn take(&mut self) -> Vec<u32> {
        if !self.is_wrong(Wrong::TakeLeavesTheRun) {
            self.next = Next::None;
        }
        let values = std::mem::take(&mut self.values);
        if !values.is_empty() {
            self.reached.count("taken");
        }
        values
    }
}

pub fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).expect("some seconds")
}
