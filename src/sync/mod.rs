//! The only module that imports atomics, fences, locks, threads and the blocking event, and the only one that
//! knows of loom and shuttle.
//!
//! A model checker must control each of these, so no other module names `core::sync::atomic`, `std::thread`
//! or `event_listener`. The one exception is `OnceLock`, in clocks that are set up once: it decides nothing.
//! There is one file for each environment, and all three export the same names. Under a model checker, or with
//! `--cfg atomic_throttle_hook`, a check can change what they do, by a hook.

#[cfg(all(atomic_throttle_loom, atomic_throttle_shuttle))]
compile_error!("atomic_throttle_loom and atomic_throttle_shuttle exclude each other");

// Otherwise the event would block the one system thread that all threads of a model share.
#[cfg(all(feature = "std", atomic_throttle_loom, not(loom)))]
compile_error!("with `std`, atomic_throttle_loom needs `--cfg loom`, which puts event-listener on loom, too");

#[cfg(not(any(atomic_throttle_loom, atomic_throttle_shuttle)))]
#[path = "real.rs"]
mod base;
#[cfg(atomic_throttle_loom)]
#[path = "under_loom.rs"]
mod base;
#[cfg(atomic_throttle_shuttle)]
#[path = "under_shuttle.rs"]
mod base;
pub(crate) use base::*;

#[cfg(atomic_throttle_loom)]
pub mod explored;
#[cfg(all(feature = "keyed", atomic_throttle_loom))]
mod parted;
#[cfg(all(feature = "std", atomic_throttle_shuttle))]
mod scheduled;

#[cfg_attr(
    not(any(atomic_throttle_hook, atomic_throttle_loom, atomic_throttle_shuttle)),
    allow(dead_code, unreachable_pub)
)]
pub(crate) mod orders;

#[cfg(not(any(atomic_throttle_hook, atomic_throttle_loom, atomic_throttle_shuttle)))]
mod plain;
#[cfg(not(any(atomic_throttle_hook, atomic_throttle_loom, atomic_throttle_shuttle)))]
pub(crate) use plain::*;

#[cfg(any(atomic_throttle_hook, atomic_throttle_loom, atomic_throttle_shuttle))]
pub mod hook;
#[cfg(any(atomic_throttle_hook, atomic_throttle_loom, atomic_throttle_shuttle))]
mod hooked;
// What is hooked takes the place of what has the same name.
#[cfg(all(feature = "async", any(atomic_throttle_hook, atomic_throttle_loom, atomic_throttle_shuttle)))]
pub(crate) use hooked::brings_home;
#[cfg(all(feature = "std", any(atomic_throttle_hook, atomic_throttle_loom, atomic_throttle_shuttle)))]
pub(crate) use hooked::{
    AtomicU32, Event, EventListener, cancels_before_the_lock, lock, process_id, requests_after_the_lock,
    settles_after_the_finish, start_and_take, still_locked, takes, this_thread, wait, wait_for,
};
#[cfg(any(atomic_throttle_hook, atomic_throttle_loom, atomic_throttle_shuttle))]
pub(crate) use hooked::{AtomicU64, AtomicWord, fence, ordering};
#[cfg(all(feature = "keyed", any(atomic_throttle_hook, atomic_throttle_loom, atomic_throttle_shuttle)))]
pub(crate) use hooked::{
    alone, asks_before_the_lock, decides_after_the_lock, finishes_once_more, hands_back, judged,
    names_after_the_decision, remembered, still_read, takes_before_the_start,
};

#[cfg(feature = "std")]
mod process;
#[cfg(feature = "std")]
use self::process::next_thread;
#[cfg(feature = "std")]
pub(crate) use self::process::{Forked, Process};

/// Locks. But if another thread holds the lock, and `gives_up` is true, it does not wait: `None`.
#[cfg(feature = "std")]
#[inline]
pub(crate) fn lock_unless<T>(mutex: &Mutex<T>, gives_up: impl FnOnce() -> bool) -> Option<MutexGuard<'_, T>> {
    use std::sync::TryLockError;
    match mutex.try_lock() {
        Ok(guard) => Some(guard),
        Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
        Err(TryLockError::WouldBlock) => {
            if gives_up() {
                None
            } else {
                Some(lock(mutex))
            }
        }
    }
}

/// Locks for reading, together with other readers.
#[cfg(feature = "keyed")]
#[inline]
pub(crate) fn read<T>(lock: &RwLock<T>) -> RwLockReadGuard<'_, T> {
    lock.read().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// As [`read`]. But if another thread holds the lock, and `gives_up` is true, it does not wait: `None`.
#[cfg(feature = "keyed")]
#[inline]
pub(crate) fn read_unless<T>(
    lock: &RwLock<T>,
    gives_up: impl FnOnce() -> bool,
) -> Option<RwLockReadGuard<'_, T>> {
    use std::sync::TryLockError;
    match lock.try_read() {
        Ok(guard) => Some(guard),
        Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
        Err(TryLockError::WouldBlock) => {
            if gives_up() {
                None
            } else {
                Some(read(lock))
            }
        }
    }
}

/// Locks for reading, together with other readers, unless another thread has locked for writing.
#[cfg(feature = "keyed")]
#[inline]
pub(crate) fn try_read<T>(lock: &RwLock<T>) -> Option<RwLockReadGuard<'_, T>> {
    read_unless(lock, || true)
}

/// Locks for writing.
#[cfg(feature = "keyed")]
#[inline]
pub(crate) fn write<T>(lock: &RwLock<T>) -> RwLockWriteGuard<'_, T> {
    lock.write().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// Locks for writing, unless another thread holds the lock.
#[cfg(feature = "keyed")]
pub(crate) fn try_write<T>(lock: &RwLock<T>) -> Option<RwLockWriteGuard<'_, T>> {
    use std::sync::TryLockError;
    match lock.try_write() {
        Ok(guard) => Some(guard),
        Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
        Err(TryLockError::WouldBlock) => None,
    }
}

/// Defines a function that is `const`, except under loom: its atomics cannot be built in a constant. Those of
/// shuttle can.
macro_rules! const_unless_loom {
    ($(#[$meta:meta])* $visibility:vis const fn $($rest:tt)*) => {
        #[cfg(not(atomic_throttle_loom))]
        $(#[$meta])*
        $visibility const fn $($rest)*

        #[cfg(atomic_throttle_loom)]
        $(#[$meta])*
        $visibility fn $($rest)*
    };
}
pub(crate) use const_unless_loom;
