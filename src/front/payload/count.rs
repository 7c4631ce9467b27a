//! [`Count`]: how many calls a run stands for.

use super::sealed;
use crate::sync::{AtomicU64, Ordering, const_unless_loom, ordering, orders};

/// The payload of a throttle that counts: a call brings nothing, and a run is given the number of calls since the
/// run before, never 0.
///
/// [`ThrottledBuilder::counting`](crate::ThrottledBuilder::counting) has an example.
///
/// # Guarantees
///
/// * **G10** Each call is counted once: what all runs were given and what is outstanding sum up to the calls. A call is
///   counted for the run that covers it or for one before it. A run that finds no call, because the run before was
///   told of all, does not call the function, and ends as that one did.
///
/// # Cost
///
/// 8 bytes. An increment of a number that all callers share for each call, which takes the place of the fence; an exchange
/// for each run. Wait-free.
#[derive(Debug)]
pub struct Count(AtomicU64);

impl Count {
    const_unless_loom! {
        pub(crate) const fn new() -> Self {
            Self(AtomicU64::new(0))
        }
    }

    /// Counts a call that is about to be decided, and returns how many there are then. It stays counted whatever becomes
    /// of it: to take it back and to count it again would count it twice, where a run has been told of it meanwhile.
    ///
    /// The decision after it needs no fence. Each run takes the number after its start, so this addition is before that
    /// exchange or after it. Before: the run sees what the caller wrote, whether it is told of the call or a run before it
    /// was. After: the decision sees the start, and the call does not coalesce into that run.
    #[inline]
    pub(crate) fn count(&self) -> u64 {
        // Each change of the number is a read-modify-write, so nothing breaks the order of these two.
        self.0.fetch_add(1, ordering(&orders::COUNT)).wrapping_add(1)
    }

    /// What no run was told of yet. A run takes it after its start.
    pub(crate) fn take_all(&self) -> Option<u64> {
        // It releases nothing: the fence of the start is before it.
        let calls = self.0.swap(0, ordering(&orders::TELL));
        (calls > 0).then_some(calls)
    }

    /// As [`take_all`](Self::take_all), for a run whose own call has not been counted.
    #[inline]
    pub(crate) fn take_all_and_one(&self) -> u64 {
        self.take_all().unwrap_or(0).saturating_add(1)
    }

    pub(crate) fn outstanding(&self) -> u64 {
        // ORDERING: Relaxed. For people to look at.
        self.0.load(Ordering::Relaxed)
    }
}

impl sealed::Payload for Count {
    type Given = u64;

    fn start<S, N>(&self, start: impl FnOnce() -> Result<S, N>) -> Result<(S, Option<u64>), N> {
        let started = start()?;
        Ok((started, self.take_all()))
    }

    fn take(&self, _: impl FnOnce() -> bool, cancel: impl FnOnce()) -> Option<u64> {
        cancel();
        self.take_all()
    }

    fn put_back(&self, calls: u64, decide: impl FnOnce()) -> Option<u64> {
        // First: a run that starts then is told of them.
        // ORDERING: Relaxed. Each change is a read-modify-write, so it continues what `count` has released.
        self.0.fetch_add(calls, Ordering::Relaxed);
        decide();
        None
    }

    fn is_enough(&self, calls: u64) -> bool {
        self.outstanding() >= calls
    }
}
