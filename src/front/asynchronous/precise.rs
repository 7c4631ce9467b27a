//! A sleep that is late by microseconds, where one by tokio's timer is late by a millisecond.
//!
//! It sleeps by tokio's timer until shortly before the deadline, and by the timer of `async-io` for the rest.
//! So a sleep that is dropped long before its deadline has asked nothing of the second timer, which would
//! remember it until the deadline.

use super::tokio::inside;
use super::until::either;
use async_io::Timer;
use core::time::Duration;
use tokio::runtime::Handle;
use tokio::time::{Instant, sleep_until};

/// The rest. Tokio's timer rounds up to a millisecond, and so does the system call in which it waits: to wake
/// before the deadline, it must be asked for a time more than two milliseconds before it.
const REST: Duration = Duration::from_millis(3);

/// Ends when the clock of the runtime reads `deadline`.
pub(super) async fn sleep(handle: Option<Handle>, deadline: Instant) {
    let by_tokio = |at| inside(handle.as_ref(), || sleep_until(at));
    loop {
        let Some(now) = system_time(handle.as_ref()) else {
            return by_tokio(deadline).await;
        };
        let left = deadline.saturating_duration_since(now);
        if left.is_zero() {
            return;
        }
        match left.checked_sub(REST) {
            Some(early) if !early.is_zero() => by_tokio(now + early).await,
            // Both: in a forked child the thread that drives the precise timer is missing.
            _ => either(by_system(deadline), by_tokio(deadline)).await,
        }
    }
}

/// Ends when the system's clock reads `deadline`.
async fn by_system(deadline: Instant) {
    Timer::at(deadline.into_std()).await;
}

/// What the clock of the runtime reads, if that is the time of the system. It is not while the clock is
/// paused, nor after that: then no timer of the system knows when a sleep ends.
fn system_time(handle: Option<&Handle>) -> Option<Instant> {
    let before = std::time::Instant::now();
    let now = inside(handle, Instant::now);
    (before..=std::time::Instant::now()).contains(&now.into_std()).then_some(now)
}
