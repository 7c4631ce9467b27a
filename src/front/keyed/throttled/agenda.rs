//! [`Agenda`]: the deferrals that the thread owns, and whose turn it is.
//!
//! All keys have one threshold, so windows end in the order in which they began. The deferrals that wait are
//! ordered by their epochs, then, and a changed threshold changes nothing in that order. Those whose windows
//! are over go on in the order in which that was seen, so that new keys, which are due at once, keep no
//! other waiting for ever.

use crate::front::keyed::active::Item;
use crate::front::keyed::shard::At;
use crate::state::Epoch;
use crate::time::{Threshold, Timestamp};
use core::cmp::{Ordering, Reverse};
use std::collections::{BinaryHeap, VecDeque};
use std::sync::Arc;
use std::vec::Vec;

/// A deferral, in the hands of its owner.
pub(super) struct Deferral<K> {
    pub(super) item: Arc<Item<K>>,
    pub(super) epoch: Epoch,
    /// Whether it had to wait for the end of a window.
    pub(super) waited: bool,
}

pub(super) struct Agenda<K> {
    new: VecDeque<Deferral<K>>,
    waiting: BinaryHeap<Reverse<Deferral<K>>>,
    ready: VecDeque<Deferral<K>>,
}

impl<K> Agenda<K> {
    pub(super) fn new() -> Self {
        Self { new: VecDeque::new(), waiting: BinaryHeap::new(), ready: VecDeque::new() }
    }

    pub(super) fn len(&self) -> usize {
        self.new.len() + self.waiting.len() + self.ready.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(super) fn allocated_bytes(&self) -> usize {
        (self.new.capacity() + self.waiting.capacity() + self.ready.capacity()) * size_of::<Deferral<K>>()
    }

    /// Takes those that have just been made. They are among the others only when they are [put in order].
    ///
    /// [put in order]: Self::order_one
    pub(super) fn take_over(&mut self, incoming: &mut Vec<Deferral<K>>) {
        if self.new.is_empty() {
            self.new = core::mem::take(incoming).into();
        } else {
            self.new.extend(incoming.drain(..));
        }
    }

    /// Puts new ones in their places, up to one that is not due, and returns when that will be.
    pub(super) fn order_one(&mut self, at: At) -> Option<Timestamp> {
        while let Some(deferral) = self.new.pop_front() {
            let due = deferral.epoch.window_end(at.threshold);
            if at.now < due {
                self.wait(deferral);
                return Some(due);
            }
            self.ready.push_back(deferral);
        }
        self.new = VecDeque::new();
        None
    }

    /// One that is not due.
    pub(super) fn wait(&mut self, deferral: Deferral<K>) {
        self.waiting.push(Reverse(Deferral { waited: true, ..deferral }));
    }

    /// The next that is due.
    pub(super) fn next(&mut self, at: At) -> Option<Deferral<K>> {
        // Two for each that goes: they catch up, and a million that are due together keep nobody waiting.
        for _ in 0..2 {
            if self.due(at.threshold).is_some_and(|due| at.now >= due) {
                self.ready.extend(self.waiting.pop().map(|Reverse(deferral)| deferral));
            }
        }
        let next = self.ready.pop_front();
        self.shrink();
        next
    }

    /// The next, due or not.
    pub(super) fn any(&mut self) -> Option<Deferral<K>> {
        let waiting = || self.waiting.pop().map(|Reverse(deferral)| deferral);
        self.ready.pop_front().or_else(waiting).or_else(|| self.new.pop_front())
    }

    /// When the first of those that wait is due.
    pub(super) fn due(&self, threshold: Threshold) -> Option<Timestamp> {
        self.waiting.peek().map(|Reverse(first)| first.epoch.window_end(threshold))
    }

    /// Keeps those that `is_live`.
    pub(super) fn retain(&mut self, mut is_live: impl FnMut(&Deferral<K>) -> bool) {
        self.new.retain(&mut is_live);
        self.ready.retain(&mut is_live);
        self.waiting.retain(|Reverse(deferral)| is_live(deferral));
        self.shrink();
    }

    /// Gives back what a burst has left.
    fn shrink(&mut self) {
        if self.waiting.capacity() > FEW && self.waiting.capacity() / 4 > self.waiting.len() {
            self.waiting.shrink_to(2 * self.waiting.len());
        }
        if self.ready.capacity() > FEW && self.ready.capacity() / 4 > self.ready.len() {
            self.ready.shrink_to(2 * self.ready.len());
        }
    }
}

/// Room that is never given back.
const FEW: usize = 64;

impl<K> PartialEq for Deferral<K> {
    fn eq(&self, other: &Self) -> bool {
        self.epoch == other.epoch
    }
}

impl<K> Eq for Deferral<K> {}

impl<K> PartialOrd for Deferral<K> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<K> Ord for Deferral<K> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.epoch.cmp(&other.epoch)
    }
}
