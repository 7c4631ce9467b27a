//! [`Merge`]: all values, merged into one.

use super::sealed::{self, NotPut, StartedWith, Values};
use crate::sync::{
    AtomicU32, Mutex, MutexGuard, Ordering, const_unless_loom, lock, lock_unless, start_and_take,
    still_locked, this_thread,
};
use core::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// The payload of a throttle that merges: a call brings a value, and a run is given all of them in one.
///
/// ```
/// use atomic_throttle::{Merge, Throttled};
///
/// struct Meter {
///     report: Throttled<Merge<f64>>,
/// }
/// ```
///
/// [`ThrottledBuilder::merging`](crate::ThrottledBuilder::merging) builds it, and says what the function that merges must
/// not do.
///
/// # Guarantees
///
/// * **G10** The value of a call that was taken is merged into that of the run that covers the call, once. Values are
///   merged in the order in which their calls were decided.
///
/// # Cost
///
/// A call that coalesces locks, loads, and merges under the lock. **G7** does not hold: a call may wait for another one
/// that merges.
pub struct Merge<T> {
    merged: Mutex<Option<T>>,
    /// Merges the newer value into the older one. A pointer to a function, so that the type has a name and a `const`.
    function: fn(&mut T, T),
    /// The number of the thread that merges, 0 if none does.
    merging: AtomicU32,
}

/// What was decided, the value of the call, and the lock under which it is then put.
type Decided<'m, D, T> = (D, T, MutexGuard<'m, Option<T>>);

impl<T> Merge<T> {
    const_unless_loom! {
        pub(crate) const fn new(merge: fn(&mut T, T)) -> Self {
            Self { merged: Mutex::new(None), function: merge, merging: AtomicU32::new(0) }
        }
    }

    /// Merges under the lock. Taken out to be merged, the older value would be missing where a run starts meanwhile.
    fn merge(&self, older: &mut T, newer: T) {
        struct Merging<'m>(&'m AtomicU32);
        impl Drop for Merging<'_> {
            fn drop(&mut self) {
                // ORDERING: Relaxed. A thread asks only whether it wrote its own number itself.
                self.0.store(0, Ordering::Relaxed);
            }
        }
        // ORDERING: Relaxed; as above.
        self.merging.store(this_thread(), Ordering::Relaxed);
        let _merging = Merging(&self.merging);
        (self.function)(older, newer);
    }

    /// Decides under the lock, and returns that with the value, which is then to be [added](Self::add).
    fn decide<D>(
        &self,
        value: T,
        is_forked: impl FnOnce() -> bool,
        decide: impl FnOnce() -> Option<D>,
    ) -> Result<Decided<'_, D, T>, NotPut<T>> {
        // Who merges has the lock.
        let gives_up = || self.is_merging_here() || is_forked();
        let Some(merged) = lock_unless(&self.merged, gives_up) else {
            let is_inside = self.is_merging_here();
            return Err(if is_inside { NotPut::InsideMerge(value) } else { NotPut::Forked(value) });
        };
        let Some(decided) = decide() else { return Err(NotPut::Undecided(value)) };
        Ok((decided, value, still_locked(merged, &self.merged)))
    }

    /// A panic loses the value alone: what is older stays there.
    fn add(&self, merged: &mut Option<T>, value: T) {
        match merged {
            Some(older) => self.merge(older, value),
            empty => *empty = Some(value),
        }
    }

    fn is_merging_here(&self) -> bool {
        // ORDERING: Relaxed; see `merge`.
        self.merging.load(Ordering::Relaxed) == this_thread()
    }
}

impl<T: Send + 'static> sealed::Payload for Merge<T> {
    type Given = T;

    fn start<S, N>(&self, start: impl FnOnce() -> Result<S, N>) -> Result<(S, Option<T>), N> {
        start_and_take(&self.merged, start, Option::take)
    }

    fn take(&self, is_forked: impl FnOnce() -> bool, cancel: impl FnOnce()) -> Option<T> {
        let mut merged = lock_unless(&self.merged, is_forked)?;
        cancel();
        merged.take()
    }

    fn put_back(&self, given: T, decide: impl FnOnce()) -> Option<T> {
        let mut merged = lock(&self.merged);
        decide();
        let newer = merged.replace(given);
        if let (Some(older), Some(newer)) = (&mut *merged, newer) {
            // A panic loses the newer value alone.
            self.merge(older, newer);
        }
        None
    }

    fn is_lost(&self, is_forked: impl FnOnce() -> bool) -> bool {
        lock_unless(&self.merged, is_forked).is_none()
    }

    #[cfg(feature = "keyed")]
    type Brought = T;

    #[cfg(feature = "keyed")]
    fn another(&self) -> Self {
        Self::new(self.function)
    }

    #[cfg(feature = "keyed")]
    fn bring(&self, value: T, is_forked: impl FnOnce() -> bool) -> Result<sealed::Left<T>, NotPut<T>> {
        let ((), value, mut merged) = self.decide(value, is_forked, || Some(()))?;
        self.add(&mut merged, value);
        Ok(sealed::Left { count: 1, replaced: None })
    }
}

impl<T: Send + 'static> Values for Merge<T> {
    type Value = T;

    fn put<D>(
        &self,
        value: T,
        is_forked: impl FnOnce() -> bool,
        decide: impl FnOnce() -> Option<D>,
    ) -> Result<(D, u64), NotPut<T>> {
        // A panic is the caller's, whose call was not taken.
        let (decided, value, mut merged) = self.decide(value, is_forked, decide)?;
        self.add(&mut merged, value);
        Ok((decided, 1))
    }

    fn start_with<S>(
        &self,
        value: T,
        is_forked: impl FnOnce() -> bool,
        start: impl FnOnce() -> Option<S>,
    ) -> Result<StartedWith<S, T>, NotPut<T>> {
        let (started, value, mut merged) = self.decide(value, is_forked, start)?;
        let thrown = catch_unwind(AssertUnwindSafe(|| self.add(&mut merged, value))).err();
        let given = merged.take().expect("it was there, or was put there, under this lock");
        Ok(StartedWith { started, given, thrown })
    }
}

impl<T> fmt::Debug for Merge<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Merge")
    }
}
