//! What the front end's threads wait by: locks, parking, the clock, and chance. Shuttle must control each of
//! these, so the front end and the register in memory take them from here.
//!
//! Registers that are reached through the system are outside of any schedule, and take theirs from `std`.

#[cfg(not(atomic_throttle_shuttle))]
mod real;
#[cfg(not(atomic_throttle_shuttle))]
pub(crate) use self::real::*;

#[cfg(atomic_throttle_shuttle)]
mod under_shuttle;
#[cfg(atomic_throttle_shuttle)]
pub(crate) use self::under_shuttle::*;

use std::sync::PoisonError;

/// Locks. That a thread panicked with the lock held says nothing here: nothing is left half-done under it.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
