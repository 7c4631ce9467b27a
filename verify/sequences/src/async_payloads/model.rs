//! What runs are given, in plain values. Whether they come is a matter of the reference model.

use super::wrong::Wrong;
use crate::payloads::op::{CAPACITY, Kind};
use reference::reached::Reached;

pub struct Values {
    pub kind: Kind,
    pub wrong: Option<Wrong>,
    /// What the next run is given, in its order. A count has a 0 for each call.
    pub next: Vec<u32>,
    pub reached: Reached,
}

/// What the run in progress was given.
#[derive(Clone, Debug, PartialEq)]
pub struct Given {
    pub values: Vec<u32>,
    /// How many it has taken out of its batch.
    pub taken: usize,
}

impl Values {
    pub fn is_wrong(&self, how: Wrong) -> bool {
        self.wrong == Some(how)
    }

    fn is_batch(&self) -> bool {
        matches!(self.kind, Kind::Collect | Kind::Bounded)
    }

    pub fn is_full(&self) -> bool {
        self.kind == Kind::Bounded && self.next.len() >= CAPACITY && !self.is_wrong(Wrong::BeyondTheCapacity)
    }

    pub fn put(&mut self, value: u32) {
        let value = if self.kind == Kind::Count { 0 } else { value };
        if self.kind == Kind::Latest && !self.next.is_empty() {
            if !self.is_wrong(Wrong::OldestIsGiven) {
                self.next = vec![value];
            }
        } else if self.is_wrong(Wrong::NewestFirst) {
            self.next.insert(0, value);
        } else {
            self.next.push(value);
        }
    }

    /// A run starts.
    pub fn start(&mut self) -> Given {
        Given { values: std::mem::take(&mut self.next), taken: 0 }
    }

    /// The run takes so many values out.
    pub fn take_out(&self, given: &mut Given, values: usize) {
        if self.is_batch() {
            given.taken = (given.taken + values).min(given.values.len());
        } else if values > 0 && self.kind != Kind::Count {
            given.taken = given.values.len();
        }
    }

    /// The run has come to its end. Returns whether another one is owed for what it has left.
    pub fn end(&mut self, given: &Given, keeps: bool, panics: bool) -> bool {
        if panics && self.is_wrong(Wrong::PanicKeepsAll) {
            self.put_in_front(&given.values);
            return true;
        }
        let is_kept = keeps || panics || self.is_wrong(Wrong::ReturnGivesAgain);
        let is_lost = panics && self.is_wrong(Wrong::PanicLosesTheBatch);
        let left = &given.values[given.taken..];
        if !self.is_batch() || !is_kept || is_lost || left.is_empty() {
            return false;
        }
        self.reached.count(if panics { "left by a panic" } else { "some was kept" });
        if self.is_wrong(Wrong::LeftComesBehind) {
            self.next.extend_from_slice(left);
        } else {
            self.put_in_front(left);
        }
        !self.is_wrong(Wrong::LeftIsNotOwed)
    }

    /// The task of the run was dropped. Returns whether another run is owed.
    pub fn stop(&mut self, given: &Given, was_polled: bool) -> bool {
        let takes_away = if was_polled { Wrong::StoppedTakesThemAway } else { Wrong::UnpolledTakesThemAway };
        let taken = if self.is_wrong(Wrong::TakenOutComesBack) { 0 } else { given.taken };
        let left = &given.values[taken..];
        if self.is_wrong(takes_away) {
            return false;
        }
        if left.is_empty() {
            self.reached.count("stopped without a rest");
            return self.is_wrong(Wrong::TakenOutIsOwed);
        }
        self.reached.count(match (was_polled, given.taken) {
            (false, _) => "dropped before its first poll",
            (true, 0) => "stopped in the middle",
            (true, _) => "stopped with a rest",
        });
        if self.kind == Kind::Latest && !self.next.is_empty() {
            self.reached.count("stopped while a newer one was there");
            if self.is_wrong(Wrong::StoppedReplacesANewerOne) {
                self.next = left.to_vec();
            }
        } else if self.is_wrong(Wrong::StoppedComesBehind) {
            self.next.extend_from_slice(left);
        } else {
            self.put_in_front(left);
        }
        !self.is_wrong(Wrong::StoppedIsNotOwed)
    }

    fn put_in_front(&mut self, left: &[u32]) {
        self.next.splice(0..0, left.iter().copied());
    }
}
