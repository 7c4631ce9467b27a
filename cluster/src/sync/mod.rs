//! How the threads of the front end wait: locks, parking, the clock, and chance. Shuttle must control each of
//! these, so the front end and the register in memory take them from here.
//!
//! Under shuttle a check can change what they do, by a hook.
//!
//! Registers that are reached through the system are outside of any schedule, and use `std`.

#[cfg(not(atomic_throttle_shuttle))]
mod real;
#[cfg(not(atomic_throttle_shuttle))]
pub(crate) use self::real::*;

#[cfg(atomic_throttle_shuttle)]
pub mod hook;
#[cfg(atomic_throttle_shuttle)]
mod under_shuttle;
#[cfg(atomic_throttle_shuttle)]
pub(crate) use self::under_shuttle::*;
// What is hooked takes the place of what has the same name.
#[cfg(atomic_throttle_shuttle)]
pub(crate) use self::hook::{Condvar, park, wait_for};

use std::sync::PoisonError;

/// Locks, and ignores poisoning: guarded data is never left half-written.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
