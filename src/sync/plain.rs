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
