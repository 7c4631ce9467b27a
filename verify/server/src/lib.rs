//! What the tests need from a real server: [`Server`] is one, [`Sentinel`](sentinel::Sentinel) watches some, and
//! [`Cut`](cut::Cut) is a proxy before it.

#![cfg(unix)]
#![allow(clippy::missing_panics_doc, clippy::must_use_candidate, reason = "whatever fails here fails a test")]

mod clock;
pub mod cut;
pub mod sentinel;
mod server;

pub use self::server::{Options, Persistence, Server, ask, free_port, skipped};

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
