//! What holds of a `Throttled` whose runs fail, are held, or are performed by a task.

#![allow(dead_code, reason = "each binary uses a part of it")]

pub mod paced;
pub mod retried;
pub mod tasks;

use shuttle::rand::{Rng, thread_rng};
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What the functions fail with.
#[derive(Debug)]
pub struct OnPurpose;

impl fmt::Display for OnPurpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("on purpose")
    }
}

impl std::error::Error for OnPurpose {}

/// Locks what is no part of the model, so it makes up for no missing order: nothing of the model happens meanwhile.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A random number below `bound`.
fn below(bound: u32) -> u32 {
    thread_rng().gen_range(0..bound)
}

/// Asserts that each value that was brought is in one place.
fn assert_each_once(mut found: Vec<u32>, mut brought: Vec<u32>) {
    found.sort_unstable();
    brought.sort_unstable();
    assert_eq!(found, brought, "G10: a value is lost, or comes twice");
}
