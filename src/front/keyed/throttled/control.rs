//! [`Ledger`]: what is decided once in a while, and what goes to the thread.
//!
//! Lock order: the lock of a shard, then this one. A thread that holds this one takes no other. So a call moves the
//! state of its key and hands it over in one step, and comes before the end or after it.

use super::active::{Active, Item};
use super::agenda::Deferral;
use super::moves::Begun;
use super::promises::Promises;
use crate::front::owner::Stage;
use crate::front::pace::Pace;
use crate::front::payload::Payload;
use crate::state::{Epoch, State};
use crate::sync::{AtomicU64, Mutex, Ordering, lock};
use crate::time::Timestamp;
use std::collections::VecDeque;
use std::sync::Arc;
use std::vec::Vec;

/// What is the same for all keys.
pub(super) struct Rules<P> {
    /// What each key gets another one of.
    pub(super) payload: P,
    pub(super) pace: Pace,
    /// So many calls, or values that they brought, end a delay or a quiet time.
    pub(super) enough: u64,
    /// Whether a run that failed may be tried again.
    pub(super) tries_again: bool,
}

impl<P: Payload> Rules<P> {
    /// Whether anything but the window holds a pending run.
    pub(super) fn holds(&self) -> bool {
        self.tries_again || self.pace != Pace::AtOnce
    }

    /// Until when the pending run of a key is held beside its window.
    pub(super) fn held<K>(&self, active: &Active<K, P>) -> Timestamp {
        let hold = &active.hold;
        let paced_until = match hold.first_call {
            Some(first) if !active.payload.is_enough(self.enough) => {
                self.pace.holds_until(first, active.latest_call())
            }
            _ => Timestamp::ZERO,
        };
        paced_until.max(hold.retry_at)
    }
}

pub(super) struct Ledger<K, P: Payload> {
    pub(super) rules: Rules<P>,
    pub(super) control: Mutex<Control<K, P>>,
    /// How many keys are pending. Moved under the locks of their shards.
    pending: AtomicU64,
    /// How many calls were taken, and cancelled or left owed then.
    uncovered: AtomicU64,
}

impl<K, P: Payload> Ledger<K, P> {
    pub(super) fn new(rules: Rules<P>) -> Self {
        let control = Mutex::new(Control::new());
        Self { rules, control, pending: AtomicU64::new(0), uncovered: AtomicU64::new(0) }
    }

    pub(super) fn allocated_bytes(&self) -> usize {
        let control = lock(&self.control);
        control.incoming.capacity() * size_of::<Deferral<K>>()
            + control.handed.capacity() * size_of::<(Arc<Item<K>>, Begun<P>)>()
            + control.promises.allocated_bytes()
    }

    pub(super) fn pending(&self) -> u64 {
        // ORDERING: Relaxed. A count: it publishes nothing.
        self.pending.load(Ordering::Relaxed)
    }

    pub(super) fn one_more_is_pending(&self) {
        // ORDERING: Relaxed; see `pending`.
        self.pending.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn one_less_is_pending(&self) {
        // ORDERING: Relaxed; see `pending`. It wraps: that is how it subtracts.
        self.pending.fetch_add(1_u64.wrapping_neg(), Ordering::Relaxed);
    }

    pub(super) fn uncovered(&self) -> u64 {
        // ORDERING: Relaxed; see `pending`.
        self.uncovered.load(Ordering::Relaxed)
    }

    pub(super) fn leave_uncovered(&self, calls: u64) {
        // ORDERING: Relaxed; see `pending`.
        self.uncovered.fetch_add(calls, Ordering::Relaxed);
    }

    /// Calls that were left owed are to be covered after all.
    pub(super) fn take_over_uncovered(&self, calls: u64) {
        self.leave_uncovered(calls.wrapping_neg());
    }
}

pub(super) struct Control<K, P: Payload> {
    pub(super) stage: Stage,
    /// Deferrals that the thread has not taken up.
    pub(super) incoming: Vec<Deferral<K>>,
    /// Runs that a flush has started, until the thread takes them up.
    pub(super) handed: VecDeque<(Arc<Item<K>>, Begun<P>)>,
    /// How many deferrals of those in `incoming` and with the owner are too many: cancelled, flushed, or handed over again.
    pub(super) stale: usize,
    /// How many keys are owed a run.
    pub(super) owed: u64,
    pub(super) promises: Promises,
}

impl<K, P: Payload> Control<K, P> {
    pub(super) fn new() -> Self {
        Self {
            stage: Stage::Going,
            incoming: Vec::new(),
            handed: VecDeque::new(),
            stale: 0,
            owed: 0,
            promises: Promises::new(),
        }
    }

    /// The next run that a flush has started.
    pub(super) fn take_flushed(&mut self) -> Option<(Arc<Item<K>>, Begun<P>)> {
        let flushed = self.handed.pop_front();
        if self.handed.is_empty() {
            // Gives back what a burst has left.
            self.handed = VecDeque::new();
        }
        flushed
    }

    /// A run of a key becomes pending whose state is `state`. One that was cancelled is with the owner already. It may lie
    /// where something held it: then the owner gets another one, to look at it at once.
    pub(super) fn hand_over(&mut self, item: &Arc<Item<K>>, state: State, may_be_held: bool) {
        let is_with_the_owner = state.has_owner();
        if is_with_the_owner && !may_be_held {
            self.stale -= 1;
            return;
        }
        self.incoming.push(Deferral::new(Arc::clone(item), state.epoch()));
    }

    /// What holds a pending run may be over: the owner is to look at it at once.
    pub(super) fn hand_over_again(&mut self, item: &Arc<Item<K>>, epoch: Epoch) {
        self.incoming.push(Deferral::new(Arc::clone(item), epoch));
        self.stale += 1;
    }
}
