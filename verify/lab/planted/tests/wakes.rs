//! Faults that a hook plants in who is notified, and when a thread begins to listen: each loses wake-ups, and the watch of
//! `cargo xtask wakes` finds that a thread waits for what is over.

#[cfg(not(atomic_throttle_hook))]
compile_error!(
    "run this with `cargo test` inside `verify/lab/planted`, where .cargo/config.toml sets the flag"
);

use atomic_throttle::hook::{self, Hook};
use evidence::Guarantee::G5;
use evidence::{Check, caught};
use lab::wakes::{Begin, Shape, perform};
use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use watchdog as _;

/// How long nobody returns before all are notified by hand.
const PATIENCE: Duration = Duration::from_secs(2);

/// The same where nothing is planted: a busy machine may be slow.
const MORE_PATIENCE: Duration = Duration::from_secs(60);

/// A fault that is not found in so many waits is not found.
const WAITS: u64 = 3_000_000;

fn waiting(waiters: usize, waits: u64, patience: Duration, begin: &Begin) -> Result<u64, String> {
    let shape = Shape { waits, waiters, rings: 2, patience };
    perform(&shape, begin, |_| ()).map(|tally| tally.waits)
}

fn assert_lost<H: Hook + Default + 'static>(what: &str) {
    let begin: Begin = Arc::new(|| hook::plant(Some(Rc::new(H::default()))));
    let broken = waiting(6, WAITS, PATIENCE, &begin).expect_err(what);
    println!("{what}: {broken}");
    assert!(broken.starts_with("a wake-up was lost: "), "{broken}");
    caught(what, "wakes: a thread waits for what is over, and goes on when it is notified by hand");
}

/// One in a thousand notifications of a thread reaches nobody.
#[derive(Default)]
struct Skips(Cell<u32>);

impl Hook for Skips {
    fn notify(&self, listeners: usize) -> Option<usize> {
        self.0.set(self.0.get() + 1);
        (self.0.get() % 1000 != 0).then_some(listeners)
    }
}

#[test]
fn a_notification_that_is_left_out_is_found() {
    assert_lost::<Skips>("one notification in a thousand is left out");
}

/// Only one of those who wait is notified.
#[derive(Default)]
struct One;

impl Hook for One {
    fn notify(&self, _: usize) -> Option<usize> {
        Some(1)
    }
}

#[test]
fn a_notification_for_one_of_all_is_found() {
    assert_lost::<One>("a notification reaches one waiter alone");
}

/// A waiter looks before it is listed.
#[derive(Default)]
struct Late;

impl Hook for Late {
    fn listens_late(&self) -> bool {
        true
    }
}

#[test]
fn a_waiter_that_looks_too_soon_is_found() {
    assert_lost::<Late>("a waiter looks at the word before it listens");
}

#[test]
fn without_a_fault_every_wait_returns() {
    let check = Check::of(&[G5], "wakes: with the hook, and no fault, every wait of a real thread returned");
    let begin: Begin = Arc::new(|| ());
    let waits = waiting(6, 60_000, MORE_PATIENCE, &begin)
        .and_then(|crowd| Ok(crowd + waiting(1, 6_000, MORE_PATIENCE, &begin)?));
    check.passed(usize::try_from(waits.expect("no fault")).expect("it fits"), "waits");
}
