//! What no check can change: `hooked` takes the place of this file in the builds of the checks.

use super::orders::Order;
use super::{Ordering, raw_fence};

#[cfg(feature = "std")]
pub(crate) use core::sync::atomic::AtomicU32;
/// The atomic that the retry loop moves.
pub(crate) use core::sync::atomic::AtomicU64 as AtomicWord;

/// The ordering of a named access.
#[inline]
pub(crate) const fn ordering(order: &'static Order) -> Ordering {
    order.ordering
}

#[inline]
pub(crate) fn fence(order: &'static Order) {
    raw_fence(order.ordering);
}

/// Locks. Ignores poisoning: guarded data is never left half-written.
#[cfg(feature = "std")]
pub(crate) fn lock<T>(mutex: &super::Mutex<T>) -> super::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// Has a run start, and takes what it is given, as one step under a lock.
#[cfg(feature = "std")]
#[inline]
pub(crate) fn start_and_take<T, S, N, G>(
    mutex: &super::Mutex<T>,
    start: impl FnOnce() -> Result<S, N>,
    take: impl FnOnce(&mut T) -> G,
) -> Result<(S, G), N> {
    let mut guard = lock(mutex);
    let started = start()?;
    Ok((started, take(&mut guard)))
}

/// Between the decision of a call and the value that it brings, which are one step under a lock.
#[cfg(feature = "std")]
#[inline]
pub(crate) fn still_locked<'m, T>(
    guard: super::MutexGuard<'m, T>,
    _: &'m super::Mutex<T>,
) -> super::MutexGuard<'m, T> {
    guard
}

/// Between the decision of a call on a key and the value that it brings, which are one step under a lock.
#[cfg(feature = "keyed")]
#[inline]
pub(crate) fn still_read<'l, T>(
    guard: super::RwLockReadGuard<'l, T>,
    _: &'l super::RwLock<T>,
) -> super::RwLockReadGuard<'l, T> {
    guard
}

/// Whether what a run of a key is given is taken before its start, and not in one step with it.
#[cfg(feature = "keyed")]
#[inline]
pub(crate) const fn takes_before_the_start() -> bool {
    false
}

/// Whether a deferral that waited for the end of a run goes back to its owner.
#[cfg(feature = "keyed")]
#[inline]
pub(crate) const fn hands_back() -> bool {
    true
}

/// Whether how a run has ended is recorded after its finish, and not before.
#[cfg(feature = "std")]
#[inline]
pub(crate) const fn settles_after_the_finish() -> bool {
    false
}

/// Whether the next run for what is put back is requested after the lock, and not in one step with it.
#[cfg(feature = "std")]
#[inline]
pub(crate) const fn requests_after_the_lock() -> bool {
    false
}

/// Whether a cancel is decided before its lock.
#[cfg(feature = "std")]
#[inline]
pub(crate) const fn cancels_before_the_lock() -> bool {
    false
}

/// The id of this process.
#[cfg(feature = "std")]
#[inline]
pub(crate) const fn process_id(id: u32) -> u32 {
    id
}

/// Whether what a run in a task was given comes back where the function drops it.
#[cfg(feature = "async")]
#[inline]
pub(crate) const fn brings_home() -> bool {
    true
}

/// Whether a call decides on what it saw of a key when it does not have the lock of the key any more.
#[cfg(feature = "keyed")]
#[inline]
pub(crate) const fn decides_after_the_lock() -> bool {
    false
}

/// Whether the end of a run of a key is written once more.
#[cfg(feature = "keyed")]
#[inline]
pub(crate) const fn finishes_once_more() -> bool {
    false
}

/// Whether a call on a key names its threshold only after it is decided.
#[cfg(feature = "keyed")]
#[inline]
pub(crate) const fn names_after_the_decision() -> bool {
    false
}

/// Whether an eviction asks for how long keys are kept before it locks them.
#[cfg(feature = "keyed")]
#[inline]
pub(crate) const fn asks_before_the_lock() -> bool {
    false
}

/// The word of a key that is looked at, to decide whether the key may be evicted.
#[cfg(feature = "keyed")]
#[inline]
pub(crate) const fn judged(word: u64) -> u64 {
    word
}

/// The word that is remembered of evicted keys.
#[cfg(feature = "keyed")]
#[inline]
pub(crate) const fn remembered(word: u64) -> u64 {
    word
}

/// Whether a front end with an owner takes a call.
#[cfg(feature = "std")]
#[inline]
pub(crate) const fn takes(takes: bool, _is_failing: bool) -> bool {
    takes
}
