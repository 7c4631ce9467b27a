//! [`Calls`]: how many calls each run covers.

use crate::sync::{AtomicU64, Ordering, const_unless_loom};

/// Counts calls, and gives each run the number since the run before: exact in total.
///
/// Count before the call, take inside the run. [`Counted`](crate::Counted) does that for a
/// [`Throttle`](crate::Throttle), [`Builder::counting`](crate::Builder::counting) for a
/// [`Throttled`](crate::Throttled); this is for every other front end, or for several throttles with one
/// count.
///
/// ```
/// use atomic_throttle::{Calls, Throttle};
/// use std::time::Duration;
///
/// static THROTTLE: Throttle = Throttle::new(Duration::from_millis(10));
/// static CALLS: Calls = Calls::new();
///
/// CALLS.count();
/// let _ = THROTTLE.run(|| println!("{} calls", CALLS.take()));
/// ```
///
/// # Guarantees
///
/// * Each call is taken once: what all runs took and what is [`outstanding`](Self::outstanding) sum up to
///   the calls that were counted. Counting and taking are read-modify-writes of one number, and there
///   are no other writes.
/// * A call that was answered with *deferred* or *coalesced* is taken by the run that covers it, or by an earlier one,
///   and by no later one: the count is one of the things that were written before the call (G3). So where
///   there is a trailing edge the last call is reported when the last run has come, without a further call.
/// * It may be an earlier one: a call is counted, another run starts, and then the call asks. The run
///   that covers it may then take one less, also none. Only a lock around both could tell them apart, and
///   would make callers wait.
///
/// # Cost
///
/// 8 bytes. An increment of a number that all callers share for each call, which is more than a coalesced
/// call by itself costs: that writes nothing. An exchange for each run. Wait-free; no allocation. So it may be used in a
/// [signal handler](crate::design::waiting#signal-handlers).
///
/// # What it is not
///
/// It does not tell which calls were made, nor how many a run that panicked did not report: they were
/// taken. After 2^64 calls that nobody took it begins again at 0.
#[derive(Debug)]
pub struct Calls(AtomicU64);

impl Calls {
    const_unless_loom! {
        /// No calls yet.
        #[must_use]
        pub const fn new() -> Self {
            Self(AtomicU64::new(0))
        }
    }

    /// Counts a call. To be called before the call itself: counted after it, it may be taken by a later run
    /// than the one that covers it, or by none.
    #[inline]
    pub fn count(&self) {
        // ORDERING: Relaxed. The number publishes nothing, and read-modify-writes lose nothing. That the
        // covering run sees it is the business of the fences of the call and of the start, as for all
        // that a caller wrote.
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    /// How many calls were counted since the last take. To be called inside the run, or at the end of a
    /// program for those that no run came for.
    #[inline]
    #[must_use = "these calls are not counted any more"]
    pub fn take(&self) -> u64 {
        // ORDERING: Relaxed; see `count`.
        self.0.swap(0, Ordering::Relaxed)
    }

    /// How many calls were counted since the last take, at this moment.
    #[must_use]
    pub fn outstanding(&self) -> u64 {
        // ORDERING: Relaxed. For people to look at.
        self.0.load(Ordering::Relaxed)
    }
}

impl Default for Calls {
    fn default() -> Self {
        Self::new()
    }
}
