//! What the tests need from a real server: [`server`] starts one, [`sentinel`] watches some, [`cut`] is a proxy before it.

#![allow(dead_code, reason = "each test uses some of it")]

pub mod clock;
pub mod cut;
pub mod sentinel;
pub mod server;

use std::time::{Duration, Instant};

/// Asks until there is an answer. Use it for what must happen; the failure is that it never happens.
///
/// # Panics
///
/// After half a minute.
#[track_caller]
pub fn eventually<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(began.elapsed() < Duration::from_secs(30), "waited in vain: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}
