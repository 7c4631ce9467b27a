//! `AsyncThrottle` and its stream adaptor: on tokio with its clock paused, and on a runtime that the tests
//! drive by hand, poll by poll.

#[path = "../../verify/sequences/src/by_hand.rs"]
mod by_hand;
mod calls;
mod data;
mod dropping;
mod nested;
mod panics;
mod payloads;
mod peers;
mod shutdown;
mod stream;
mod threads;
mod waits;

use std::time::Duration;
use tokio::runtime::{Builder, Runtime};
use tokio::time::timeout;
use watchdog as _;

/// Longer than any test takes, so that a fault is a failure and not a hang.
const PATIENCE: Duration = Duration::from_secs(60);

/// Runs a test on one thread, with a paused clock: time passes only when nothing else can run.
fn paused<T>(test: impl Future<Output = T>) -> T {
    finish(&Builder::new_current_thread().enable_time().start_paused(true).build().unwrap(), test)
}

/// Runs a test on so many threads, by the real clock.
fn on_threads<T>(threads: usize, test: impl Future<Output = T>) -> T {
    finish(&Builder::new_multi_thread().worker_threads(threads).enable_time().build().unwrap(), test)
}

fn finish<T>(runtime: &Runtime, test: impl Future<Output = T>) -> T {
    runtime.block_on(async { timeout(PATIENCE, test).await.expect("it does not come about") })
}

/// Runs a test on no runtime of tokio's.
fn elsewhere<T>(test: impl Future<Output = T>) -> T {
    let patience = async {
        smol::Timer::after(PATIENCE).await;
        panic!("it does not come about")
    };
    smol::block_on(smol::future::or(test, patience))
}
