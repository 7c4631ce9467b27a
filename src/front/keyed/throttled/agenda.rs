//! [`Agenda`]: the deferrals that the thread owns, and whose turn it is.
//!
//! Where all keys have one threshold, windows end in the order in which they began. The deferrals that wait are
//! ordered by their epochs, then, and a changed threshold changes nothing in that order. Those whose windows
//! are over go on in the order in which that was seen, so that new keys, which are due at once, keep no
//! other waiting for ever.
//!
//! Those that something else holds, a pace, a back-off, or a threshold of their own, are ordered by when they are to
//! be looked at again.

use super::active::Item;
use crate::front::keyed::shard::At;
use crate::state::Epoch;
use crate::time::{Threshold, Timestamp};
use core::cmp::{Ordering, Reverse};
use core::mem;
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

impl<K> Deferral<K> {
    pub(super) fn new(item: Arc<Item<K>>, epoch: Epoch) -> Self {
        Self { item, epoch, waited: false }
    }
}

pub(super) struct Agenda<K> {
    new: VecDeque<Deferral<K>>,
    waiting: BinaryHeap<Reverse<Deferral<K>>>,
    held: BinaryHeap<Reverse<Held<K>>>,
    ready: VecDeque<Deferral<K>>,
}

impl<K> Agenda<K> {
    pub(super) fn new() -> Self {
        Self {
            new: VecDeque::new(),
            waiting: BinaryHeap::new(),
            held: BinaryHeap::new(),
            ready: VecDeque::new(),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.new.len() + self.waiting.len() + self.held.len() + self.ready.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(super) fn allocated_bytes(&self) -> usize {
        (self.new.capacity() + self.waiting.capacity() + self.ready.capacity()) * size_of::<Deferral<K>>()
            + self.held.capacity() * size_of::<Held<K>>()
    }

    /// Takes those that have just been made. They are among the others only when they are [put in order].
    ///
    /// [put in order]: Self::order_one
    pub(super) fn take_over(&mut self, incoming: &mut Vec<Deferral<K>>) {
        if self.new.is_empty() {
            self.new = mem::take(incoming).into();
        } else {
            self.new.extend(incoming.drain(..));
        }
    }

    /// One that is to be looked at once more.
    pub(super) fn take_back(&mut self, deferral: Deferral<K>) {
        self.new.push_back(deferral);
    }

    /// Puts new ones in their places, up to one that is not due, and returns when that will be. `own`: the threshold of a
    /// key, where each has its own.
    pub(super) fn order_one(&mut self, at: At, own: impl Fn(&K) -> Option<Threshold>) -> Option<Timestamp> {
        while let Some(deferral) = self.new.pop_front() {
            let own = own(&deferral.item.key);
            let due = deferral.epoch.window_end(own.unwrap_or(at.threshold));
            if at.now < due {
                match own {
                    Some(_) => self.hold(deferral, due),
                    None => self.wait(deferral),
                }
                return Some(due);
            }
            self.ready.push_back(deferral);
        }
        self.new = VecDeque::new();
        None
    }

    /// One whose window is not over.
    pub(super) fn wait(&mut self, deferral: Deferral<K>) {
        self.waiting.push(Reverse(Deferral { waited: true, ..deferral }));
    }

    /// One that is to be looked at when the clock reads `until`.
    pub(super) fn hold(&mut self, deferral: Deferral<K>, until: Timestamp) {
        self.held.push(Reverse(Held { until, deferral: Deferral { waited: true, ..deferral } }));
    }

    /// What holds them is over, or by other thresholds: each is put in order once more.
    pub(super) fn release(&mut self) {
        self.new.extend(mem::take(&mut self.held).into_iter().map(|Reverse(held)| held.deferral));
    }

    /// The next that is due.
    pub(super) fn next(&mut self, at: At) -> Option<Deferral<K>> {
        // Two for each that goes: they catch up, and a million that are due together keep nobody waiting.
        for _ in 0..2 {
            if self.window_end(at.threshold).is_some_and(|due| at.now >= due) {
                self.ready.extend(self.waiting.pop().map(|Reverse(deferral)| deferral));
            }
            if self.held.peek().is_some_and(|Reverse(first)| at.now >= first.until) {
                self.ready.extend(self.held.pop().map(|Reverse(held)| held.deferral));
            }
        }
        let next = self.ready.pop_front();
        self.shrink();
        next
    }

    /// The next, due or not.
    pub(super) fn any(&mut self) -> Option<Deferral<K>> {
        let waiting = || self.waiting.pop().map(|Reverse(deferral)| deferral);
        let next = self.ready.pop_front().or_else(waiting).or_else(|| self.new.pop_front());
        next.or_else(|| self.held.pop().map(|Reverse(held)| held.deferral))
    }

    /// When the first of those that wait is to be looked at.
    pub(super) fn due(&self, threshold: Threshold) -> Option<Timestamp> {
        let held = self.held.peek().map(|Reverse(first)| first.until);
        self.window_end(threshold).into_iter().chain(held).min()
    }

    fn window_end(&self, threshold: Threshold) -> Option<Timestamp> {
        self.waiting.peek().map(|Reverse(first)| first.epoch.window_end(threshold))
    }

    /// Keeps those that `is_live`.
    pub(super) fn retain(&mut self, mut is_live: impl FnMut(&Deferral<K>) -> bool) {
        self.new.retain(&mut is_live);
        self.ready.retain(&mut is_live);
        self.waiting.retain(|Reverse(deferral)| is_live(deferral));
        self.held.retain(|Reverse(held)| is_live(&held.deferral));
        self.shrink();
    }

    /// Gives back what a burst has left.
    fn shrink(&mut self) {
        if self.waiting.capacity() > FEW && self.waiting.capacity() / 4 > self.waiting.len() {
            self.waiting.shrink_to(2 * self.waiting.len());
        }
        if self.held.capacity() > FEW && self.held.capacity() / 4 > self.held.len() {
            self.held.shrink_to(2 * self.held.len());
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

/// A deferral that is to be looked at again when the clock reads `until`.
struct Held<K> {
    until: Timestamp,
    deferral: Deferral<K>,
}

impl<K> PartialEq for Held<K> {
    fn eq(&self, other: &Self) -> bool {
        self.until == other.until
    }
}

impl<K> Eq for Held<K> {}

impl<K> PartialOrd for Held<K> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<K> Ord for Held<K> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.until.cmp(&other.until)
    }
}
