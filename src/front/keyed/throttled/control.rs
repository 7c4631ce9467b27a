//! [`Ledger`]: what is decided once in a while, and what goes to the thread.
//!
//! Lock order: the lock of a shard, then this one. A thread that holds this one takes no other. So a call moves the
//! state of its key and hands it over in one step, and comes before the end or after it.

use super::agenda::Deferral;
use super::promises::Promises;
use crate::front::keyed::active::Active;
use crate::front::owner::Stage;
use crate::state::Epoch;
use crate::sync::{AtomicU64, Mutex, Ordering, lock};
use std::collections::VecDeque;
use std::vec::Vec;

pub(super) struct Ledger<K> {
    pub(super) control: Mutex<Control<K>>,
    /// How many keys are pending. Moved under the locks of their shards.
    pending: AtomicU64,
    /// How many calls were taken, and cancelled or left owed then.
    uncovered: AtomicU64,
}

impl<K> Ledger<K> {
    pub(super) fn new() -> Self {
        let control = Mutex::new(Control::new());
        Self { control, pending: AtomicU64::new(0), uncovered: AtomicU64::new(0) }
    }

    pub(super) fn allocated_bytes(&self) -> usize {
        let control = lock(&self.control);
        control.incoming.capacity() * size_of::<Deferral<K>>()
            + control.handed.capacity() * size_of::<(Epoch, Active<K>)>()
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
}

pub(super) struct Control<K> {
    pub(super) stage: Stage,
    /// Deferrals that the thread has not taken up.
    pub(super) incoming: Vec<Deferral<K>>,
    /// Runs that a flush has started, until the thread takes them up.
    pub(super) handed: VecDeque<(Epoch, Active<K>)>,
    /// How many deferrals of those in `incoming` and with the thread are cancelled or were flushed.
    pub(super) stale: usize,
    /// How many keys are owed a run.
    pub(super) owed: u64,
    pub(super) promises: Promises,
}

impl<K> Control<K> {
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
    pub(super) fn take_flushed(&mut self) -> Option<(Epoch, Active<K>)> {
        let flushed = self.handed.pop_front();
        if self.handed.is_empty() {
            // Gives back what a burst has left.
            self.handed = VecDeque::new();
        }
        flushed
    }
}
