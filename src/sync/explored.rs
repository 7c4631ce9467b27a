//! Loom's atomics, made to explore all orders of their accesses.
//!
//! Loom finds the orders to explore by comparing an access with the latest dependent access to the same
//! location, and it remembers only one. A thread's own load hides an earlier load of another thread. So for
//! *load by A; load by B; compare-and-swap by B* loom does not try the compare-and-swap before A's load: such
//! a model ends after one execution. A retry loop has that shape.
//!
//! The gap is known, and open, in loom 0.7.2: <https://github.com/tokio-rs/loom/issues/166> and
//! <https://github.com/tokio-rs/loom/issues/392>. `loom-tests/tests/loom_gap.rs` shows it in its smallest form. That
//! test turns red when a newer loom has closed it; then this module can go.
//!
//! Here each thread that loads a value has a place of its own beside the value. It stores to that place
//! before it loads, and a thread that writes the value stores there, too, before it writes. Stores to one
//! place depend on each other, so loom tries each write before and after each load. Two loads stay
//! independent. No thread ever loads a place, so the places order no memory.

#![allow(missing_docs, clippy::missing_errors_doc, reason = "a test of the models uses it, and nobody else")]

#[cfg(not(feature = "std"))]
extern crate std;

use core::array;
use loom::sync::atomic::{self, Ordering};
use loom::thread::{ThreadId, current};
use std::sync::{Mutex, PoisonError};
use std::vec::Vec;

/// As many as loom allows in a model.
const THREADS: usize = 5;

/// The threads that have loaded a value. The data behind the lock is no part of the model.
#[derive(Debug)]
struct Loads {
    by: Mutex<Vec<ThreadId>>,
    places: [atomic::AtomicU32; THREADS],
}

impl Loads {
    fn new() -> Self {
        Self { by: Mutex::default(), places: array::from_fn(|_| atomic::AtomicU32::new(0)) }
    }

    /// Call it before a load.
    fn announce_load(&self) {
        self.announce_at(self.place_of(current().id()));
    }

    /// Call it before a write.
    fn announce_write(&self) {
        let this = current().id();
        // Not in the loop: loom may switch to another thread at each store.
        let by = self.by.lock().unwrap_or_else(PoisonError::into_inner).clone();
        for (place, thread) in by.into_iter().enumerate() {
            if thread != this {
                self.announce_at(place);
            }
        }
    }

    fn announce_at(&self, place: usize) {
        // ORDERING: Relaxed; no thread loads it.
        self.places[place].store(0, Ordering::Relaxed);
    }

    fn place_of(&self, thread: ThreadId) -> usize {
        let mut by = self.by.lock().unwrap_or_else(PoisonError::into_inner);
        by.iter().position(|known| *known == thread).unwrap_or_else(|| {
            by.push(thread);
            by.len() - 1
        })
    }
}

#[derive(Debug)]
struct Announced<A> {
    value: A,
    loads: Loads,
}

impl<A> Announced<A> {
    fn new(value: A) -> Self {
        Self { value, loads: Loads::new() }
    }

    fn to_load(&self) -> &A {
        self.loads.announce_load();
        &self.value
    }

    fn to_write(&self) -> &A {
        self.loads.announce_write();
        &self.value
    }
}

#[derive(Debug)]
pub struct AtomicU64(Announced<atomic::AtomicU64>);

impl AtomicU64 {
    pub fn new(value: u64) -> Self {
        Self(Announced::new(atomic::AtomicU64::new(value)))
    }

    pub fn load(&self, order: Ordering) -> u64 {
        self.0.to_load().load(order)
    }

    pub fn store(&self, value: u64, order: Ordering) {
        self.0.to_write().store(value, order);
    }

    /// Changes it where no other thread has access: there is no order to explore.
    pub fn with_mut<T>(&mut self, change: impl FnOnce(&mut u64) -> T) -> T {
        self.0.value.with_mut(change)
    }

    pub fn swap(&self, value: u64, order: Ordering) -> u64 {
        self.0.to_write().swap(value, order)
    }

    pub fn fetch_add(&self, value: u64, order: Ordering) -> u64 {
        self.0.to_write().fetch_add(value, order)
    }

    pub fn compare_exchange_weak(
        &self,
        current: u64,
        new: u64,
        success: Ordering,
        failure: Ordering,
    ) -> Result<u64, u64> {
        self.0.to_write().compare_exchange_weak(current, new, success, failure)
    }
}
