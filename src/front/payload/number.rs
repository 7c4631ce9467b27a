//! [`Number`]: calls that were counted, and that no run was given yet.

use crate::sync::{AtomicU64, Ordering, const_unless_loom, ordering, orders};

/// Each change of it is a read-modify-write, so nothing breaks the order of two changes.
#[derive(Debug)]
pub(crate) struct Number(AtomicU64);

impl Number {
    const_unless_loom! {
        pub(crate) const fn new() -> Self {
            Self(AtomicU64::new(0))
        }
    }

    /// Counts a call, and returns how many there are then.
    #[inline]
    pub(crate) fn count(&self) -> u64 {
        self.0.fetch_add(1, ordering(&orders::COUNT)).wrapping_add(1)
    }

    /// Takes them. A run does so after its start.
    #[inline]
    pub(crate) fn take(&self) -> u64 {
        // It releases nothing: the fence of the start is before it.
        self.0.swap(0, ordering(&orders::TELL))
    }

    pub(super) fn put_back(&self, calls: u64) {
        // ORDERING: Relaxed. It continues what `count` has released.
        self.0.fetch_add(calls, Ordering::Relaxed);
    }

    pub(crate) fn outstanding(&self) -> u64 {
        // ORDERING: Relaxed. For people to look at.
        self.0.load(Ordering::Relaxed)
    }
}
