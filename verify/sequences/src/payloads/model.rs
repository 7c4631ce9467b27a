//! What the calls have left, in plain values.

use super::op::{CAPACITY, Kind};
use super::wrong::Wrong;

pub struct Slot {
    pub kind: Kind,
    pub wrong: Option<Wrong>,
    /// What the next run is given, in its order. A count has a 0 for each call.
    pub values: Vec<u32>,
}

impl Slot {
    pub fn is_wrong(&self, how: Wrong) -> bool {
        self.wrong == Some(how)
    }

    /// What a call leaves that brings `value`.
    pub fn brought(&self, value: u32) -> u32 {
        if self.kind == Kind::Count { 0 } else { value }
    }

    /// Whether a run can take some of what it is given, and leave the rest.
    pub fn is_batch(&self) -> bool {
        matches!(self.kind, Kind::Collect | Kind::Bounded)
    }

    pub fn is_full(&self) -> bool {
        self.kind == Kind::Bounded
            && self.values.len() >= CAPACITY
            && !self.is_wrong(Wrong::BeyondTheCapacity)
    }

    /// Puts what a call leaves.
    pub fn put(&mut self, value: u32) {
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

    /// Puts back what a run has left.
    pub fn put_back(&mut self, mut left: Vec<u32>) {
        if self.kind == Kind::Latest && !self.values.is_empty() {
            if self.is_wrong(Wrong::OlderReplacesNewer) {
                self.values = left;
            }
        } else if self.is_wrong(Wrong::LeftComesBehind) {
            self.values.append(&mut left);
        } else {
            left.append(&mut self.values);
            self.values = left;
        }
    }

    pub fn take(&mut self) -> Vec<u32> {
        std::mem::take(&mut self.values)
    }
}
