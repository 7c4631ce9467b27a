//! Writing down a history while it happens.
//!
//! Each call takes a number from one counter before it begins and another when it has ended. If one call
//! ended with a lower number than another began with, the first happened before the second: the counter
//! is moved by read-modify-writes, and each of them synchronizes with the next. So the moments lie around
//! the call, and never too close to it.

use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

/// One call, from before it began until after it had ended.
#[derive(Clone, Debug)]
pub struct Call<O, A> {
    pub thread: usize,
    pub called: u64,
    pub returned: u64,
    pub operation: O,
    pub answer: A,
}

/// The moments of one history.
#[derive(Debug, Default)]
pub struct Moments(AtomicU64);

impl Moments {
    /// A moment that is later than every moment before it.
    pub fn next(&self) -> u64 {
        self.0.fetch_add(1, Ordering::SeqCst)
    }
}

/// The notes of one thread. Before and after each moment it lets other threads go first, at random, so that
/// calls overlap on few cores as well.
#[derive(Debug)]
pub struct Lane<'h, O, A> {
    pub thread: usize,
    moments: &'h Moments,
    random: SmallRng,
    calls: Vec<Call<O, A>>,
}

impl<'h, O, A> Lane<'h, O, A> {
    #[must_use]
    pub fn new(thread: usize, moments: &'h Moments, seed: u64) -> Self {
        Self { thread, moments, random: SmallRng::seed_from_u64(seed), calls: Vec::new() }
    }

    /// The moment before a call begins.
    pub fn begins(&mut self) -> u64 {
        self.pause();
        let called = self.moments.next();
        self.pause();
        called
    }

    /// Writes down a call that has just ended.
    pub fn ended(&mut self, called: u64, operation: O, answer: A) {
        self.pause();
        let returned = self.moments.next();
        self.between(called, returned, operation, answer);
    }

    /// Writes down a call that happened between two moments.
    pub fn between(&mut self, called: u64, returned: u64, operation: O, answer: A) {
        self.calls.push(Call { thread: self.thread, called, returned, operation, answer });
    }

    #[must_use]
    pub fn into_calls(self) -> Vec<Call<O, A>> {
        self.calls
    }

    fn pause(&mut self) {
        if self.random.random_ratio(1, 4) {
            thread::yield_now();
        }
    }
}
