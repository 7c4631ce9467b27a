//! Forked children: what they have from before the fork does not make them wait for threads that they do not have,
//! and says so.

#![cfg(all(unix, feature = "std"))]

mod background;
mod batches;
mod calls;
#[cfg(feature = "keyed")]
mod keys;
#[path = "../support/mod.rs"]
mod support;
#[cfg(feature = "tokio")]
mod tasks;

use atomic_throttle::{Manual, Throttled};
use std::sync::Arc;
use std::sync::mpsc::{self, Sender};
use support::{SECOND, at};
use watchdog as _;

/// Lets another thread go on, also when an assertion fails: its scope waits for it.
struct Finally<F: Fn()>(F);

impl<F: Fn()> Drop for Finally<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

/// A throttle on a clock that stands still, the end of whose run the test decides.
fn held<H>(start: impl FnOnce(Arc<Manual>, Box<dyn FnMut() + Send>) -> H) -> (H, Sender<()>) {
    let (let_go, held) = mpsc::channel();
    let f = move || {
        let _ = held.recv();
    };
    (start(Arc::new(Manual::new(at(1))), Box::new(f)), let_go)
}

fn throttled() -> (Throttled, Sender<()>) {
    held(|clock, f| Throttled::builder(SECOND).clock(clock).spawn(f).expect("a thread"))
}
