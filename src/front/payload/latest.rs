//! [`Latest`]: the newest value.

use super::sealed::{self, NotPut, StartedWith, Values};
use crate::sync::{Mutex, const_unless_loom, lock, lock_unless, start_and_take, still_locked};
use core::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// The payload of a throttle of the newest value: a call brings one, and a run is given the newest.
///
/// ```
/// use atomic_throttle::{Latest, Throttled};
///
/// struct Screen {
///     paint: Throttled<Latest<String>>,
/// }
/// ```
///
/// [`ThrottledBuilder::latest`](crate::ThrottledBuilder::latest) builds it.
///
/// # Guarantees
///
/// * **G10** The run that covers a call that was taken is given the value of that call, or a newer one. No run comes
///   without a value.
///
/// # Cost
///
/// A call that coalesces locks, loads, and moves the value; it allocates nothing. The value that it replaces is dropped
/// by the caller, after the lock. **G7** does not hold: a call may wait for another one to move its value.
pub struct Latest<T>(Mutex<Option<T>>);

impl<T> Latest<T> {
    const_unless_loom! {
        pub(crate) const fn new() -> Self {
            Self(Mutex::new(None))
        }
    }
}

impl<T: Send + 'static> sealed::Payload for Latest<T> {
    type Given = T;

    fn start<S, N>(&self, start: impl FnOnce() -> Result<S, N>) -> Result<(S, Option<T>), N> {
        start_and_take(&self.0, start, Option::take)
    }

    fn take(&self, is_forked: impl FnOnce() -> bool, cancel: impl FnOnce()) -> Option<T> {
        let mut newest = lock_unless(&self.0, is_forked)?;
        cancel();
        newest.take()
    }

    fn put_back(&self, given: T, decide: impl FnOnce()) -> Option<T> {
        let mut newest = lock(&self.0);
        decide();
        if newest.is_some() { Some(given) } else { newest.replace(given) }
    }

    fn is_lost(&self, is_forked: impl FnOnce() -> bool) -> bool {
        lock_unless(&self.0, is_forked).is_none()
    }

    #[cfg(feature = "keyed")]
    type Brought = T;

    #[cfg(feature = "keyed")]
    fn another(&self) -> Self {
        Self::new()
    }

    #[cfg(feature = "keyed")]
    fn bring(&self, value: T, is_forked: impl FnOnce() -> bool) -> Result<sealed::Left<T>, NotPut<T>> {
        let Some(mut newest) = lock_unless(&self.0, is_forked) else { return Err(NotPut::Forked(value)) };
        Ok(sealed::Left { count: 1, replaced: newest.replace(value) })
    }
}

impl<T: Send + 'static> Values for Latest<T> {
    type Value = T;

    #[inline]
    fn put<D>(
        &self,
        value: T,
        is_forked: impl FnOnce() -> bool,
        decide: impl FnOnce() -> Option<D>,
    ) -> Result<(D, u64), NotPut<T>> {
        let Some(newest) = lock_unless(&self.0, is_forked) else { return Err(NotPut::Forked(value)) };
        let Some(decided) = decide() else { return Err(NotPut::Undecided(value)) };
        let mut newest = still_locked(newest, &self.0);
        let replaced = newest.replace(value);
        drop(newest);
        drop(replaced);
        Ok((decided, 1))
    }

    fn start_with<S>(
        &self,
        value: T,
        is_forked: impl FnOnce() -> bool,
        start: impl FnOnce() -> Option<S>,
    ) -> Result<StartedWith<S, T>, NotPut<T>> {
        let Some(newest) = lock_unless(&self.0, is_forked) else { return Err(NotPut::Forked(value)) };
        let Some(started) = start() else { return Err(NotPut::Undecided(value)) };
        let mut newest = still_locked(newest, &self.0);
        let replaced = newest.take();
        drop(newest);
        let thrown = catch_unwind(AssertUnwindSafe(|| drop(replaced))).err();
        Ok(StartedWith { started, given: value, thrown })
    }
}

impl<T> fmt::Debug for Latest<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Latest")
    }
}
