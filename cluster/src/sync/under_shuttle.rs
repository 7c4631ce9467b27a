//! Used under `--cfg atomic_throttle_shuttle`. At every lock, every wait and every reading of the clock
//! shuttle may switch to another thread.
//!
//! Time passes only when a thread waits with a limit, and chance decides how: the wait lasts until its limit,
//! or it ends before.

use atomic_throttle::Timestamp;
use core::time::Duration;
use rand::SeedableRng;
use rand::rngs::StdRng;
use shuttle::rand::{Rng, thread_rng};
use shuttle::sync::atomic::{AtomicU64, Ordering};
use std::sync::PoisonError;

pub(crate) use shuttle::sync::{Condvar, Mutex, MutexGuard};
pub(crate) use shuttle::thread::{Builder as ThreadBuilder, Thread, current as current_thread, park};

/// A limit that is not meant to be reached; in a schedule it never is.
const FOREVER: Duration = Duration::from_secs(1 << 30);

shuttle::lazy_static! {
    static ref CLOCK: AtomicU64 = AtomicU64::new(1);
}

pub(crate) fn now() -> Timestamp {
    // ORDERING: shuttle ignores it.
    Timestamp::from_nanos(CLOCK.load(Ordering::SeqCst))
}

fn let_pass(time: Duration) {
    let until = now().saturating_add(time);
    // ORDERING: shuttle ignores it.
    CLOCK.fetch_max(until.as_nanos(), Ordering::SeqCst);
}

pub(crate) fn rng() -> StdRng {
    StdRng::seed_from_u64(thread_rng().r#gen())
}

pub(crate) fn park_timeout(limit: Duration) {
    if limit >= FOREVER {
        return park();
    }
    if thread_rng().r#gen() {
        let_pass(limit);
    } else {
        shuttle::thread::yield_now();
    }
    // Takes the token of an earlier unpark, as a wait would have that such an unpark ended.
    current_thread().unpark();
    park();
}

/// A wait without a real limit ends by a notification, or not at all. A wait with a limit may end by it at
/// once; otherwise it is left to the notification, which every thread that waits here always gets.
pub(crate) fn wait_for<'g, T>(
    changed: &Condvar,
    guard: MutexGuard<'g, T>,
    limit: Duration,
) -> MutexGuard<'g, T> {
    if limit < FOREVER && thread_rng().r#gen() {
        let_pass(limit);
        return guard;
    }
    changed.wait(guard).unwrap_or_else(PoisonError::into_inner)
}
