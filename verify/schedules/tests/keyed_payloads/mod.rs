//! What holds of that which calls on keys bring.

#![allow(dead_code, reason = "each binary uses a part of it")]

mod place;
pub mod tasks;
pub mod values;

use shuttle::rand::{Rng, thread_rng};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks what is no part of the model, so it makes up for no missing order: nothing of the model happens meanwhile.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A random number below `bound`.
fn below(bound: usize) -> usize {
    thread_rng().gen_range(0..bound)
}

fn one_of<T: Copy>(choices: &[T]) -> T {
    choices[below(choices.len())]
}
