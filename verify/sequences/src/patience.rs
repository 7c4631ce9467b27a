//! How a driver waits for a thread, and how a run panics.

use std::panic::resume_unwind;
use std::thread;
use std::time::{Duration, Instant};

/// How long a thread may take, so that a fault is a failure and not a hang.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Waits for another thread to bring `condition` about.
///
/// # Panics
///
/// After [`PATIENCE`].
pub fn until(condition: impl Fn() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < PATIENCE, "it does not come about");
        thread::yield_now();
    }
}

/// Panics, without the message of the panic hook.
pub fn panic_quietly() -> ! {
    resume_unwind(Box::new("on purpose"))
}
