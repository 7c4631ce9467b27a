//! What the calls of an `AsyncThrottle` bring: the task that runs is given it, and no task that is dropped takes it away.

mod dropped;
mod given;
mod panics;
mod refused;
mod threads;
mod told_of;

use super::by_hand::ByHand;
use super::data::{SECOND, at, yield_once};
use atomic_throttle::{AsyncThrottle, Batch, Carried, Collect, Count, Latest, Merge, Ticket, WaitError};
use std::fmt::Debug;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

type Values = Vec<u32>;
type Future = Pin<Box<dyn std::future::Future<Output = ()> + Send>>;

/// What runs were given.
#[derive(Clone)]
struct Given<T>(Arc<Mutex<Vec<T>>>);

impl<T> Default for Given<T> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<T: Send + 'static> Given<T> {
    fn push(&self, given: T) {
        self.0.lock().unwrap().push(given);
    }

    fn seen(&self) -> Vec<T> {
        std::mem::take(&mut self.0.lock().unwrap())
    }

    /// A function that looks at its value after an await, so that its runs have a middle.
    fn looks(&self) -> impl FnOnce(Carried<T>) -> Future + Send + 'static
    where
        T: Clone + Sync,
    {
        let seen = self.clone();
        move |given| {
            Box::pin(async move {
                yield_once().await;
                seen.push(given.clone());
            })
        }
    }
}

impl Given<Values> {
    /// As [`looks`](Given::looks), for a batch.
    fn looks_into(&self) -> impl FnOnce(Carried<Batch<u32>>) -> Future + Send + 'static {
        let seen = self.clone();
        move |batch| {
            Box::pin(async move {
                yield_once().await;
                seen.push(batch.iter().copied().collect());
            })
        }
    }
}

impl Given<u64> {
    /// As [`looks`](Given::looks), for a count.
    fn hears(&self) -> impl FnOnce(u64) -> Future + Send + 'static {
        let seen = self.clone();
        move |calls| {
            Box::pin(async move {
                yield_once().await;
                seen.push(calls);
            })
        }
    }
}

fn counting(runtime: &ByHand) -> AsyncThrottle<ByHand, Count> {
    AsyncThrottle::counting_with_runtime(SECOND, runtime.clone())
}

fn newest(runtime: &ByHand) -> AsyncThrottle<ByHand, Latest<u32>> {
    AsyncThrottle::latest_with_runtime(SECOND, runtime.clone())
}

fn merging(runtime: &ByHand) -> AsyncThrottle<ByHand, Merge<Values>> {
    AsyncThrottle::merging_with_runtime(SECOND, runtime.clone(), Extend::extend)
}

fn collecting(runtime: &ByHand) -> AsyncThrottle<ByHand, Collect<u32>> {
    AsyncThrottle::collecting_with_runtime(SECOND, runtime.clone())
}

/// A runtime at second 1.
fn runtime() -> ByHand {
    ByHand::new(at(1))
}

/// The window ends, and all tasks go as far as they can.
fn next_window(runtime: &ByHand) {
    runtime.clock().advance(SECOND);
    runtime.settle();
}

/// What a wait says without waiting.
fn told(ticket: Ticket<'_>) -> Result<(), WaitError> {
    ticket.wait_for(Duration::ZERO)
}

fn taken<T: Debug, E: Debug>(call: Result<T, E>) -> T {
    call.expect("it is taken")
}
