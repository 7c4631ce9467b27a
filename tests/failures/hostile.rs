//! Clocks that panic, and values that panic when they are dropped, where a run fails or rests.

use super::retries::{Plan, Script, at, ms, set};
use crate::support::{panic_quietly, panics};
use atomic_throttle::{Clock, Manual, Retry, Step, Throttled, Timestamp};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

/// Reads a clock, and panics at one reading.
#[derive(Clone)]
struct Trapped {
    clock: Arc<Manual>,
    /// How many readings are left until then; none is where it is zero.
    left: Arc<AtomicUsize>,
}

impl Trapped {
    fn new() -> Self {
        Self { clock: Arc::new(Manual::new(at(0))), left: Arc::default() }
    }

    /// Has the reading after so many others panic.
    fn arm(&self, readings: usize) {
        self.left.store(readings + 1, SeqCst);
    }

    /// Returns whether it has panicked.
    fn disarm(&self) -> bool {
        self.left.swap(0, SeqCst) == 0
    }
}

impl Clock for Trapped {
    fn now(&self) -> Timestamp {
        let left = self.left.fetch_update(SeqCst, SeqCst, |left| left.checked_sub(1));
        if left == Ok(1) {
            panic_quietly()
        }
        self.clock.now()
    }
}

/// Whichever reading panics: the value is given again until a run succeeds, once, and its ticket says so.
#[test]
fn a_clock_that_panics_in_a_failed_run_loses_no_value() {
    let mut readings = 0;
    loop {
        let script = Script::of(&[Plan::Fails]);
        let clock = Trapped::new();
        let (function, again) = (script.clone(), Retry::by(|_, _| Some(ms(50))));
        let builder = set(again).rest(ms(5)).clock(clock.clone()).latest();
        let (throttled, mut by_hand) = builder.by_hand(move |value: &u64| function.run(*value));
        let ticket = throttled.trigger(7).unwrap();
        clock.arm(readings);
        for _ in 0..4 {
            let _ = panics(|| by_hand.step());
            clock.clock.advance(ms(100));
        }
        let has_panicked = clock.disarm();
        assert_eq!(*script.given.lock().unwrap(), [7, 7], "reading {readings}");
        assert_eq!(ticket.wait_for(ms(0)), Ok(()), "reading {readings}");
        if !has_panicked {
            break;
        }
        readings += 1;
    }
    assert!(readings >= 4, "a look, a back-off, and a rest after each run: {readings}");
}

/// The function has ended: its calls are covered, whatever the reading of the rest does.
#[test]
fn a_clock_that_panics_after_a_run_leaves_it_finished() {
    let mut readings = 0;
    loop {
        let clock = Trapped::new();
        let (throttled, mut by_hand) =
            Throttled::builder(ms(10)).rest(ms(5)).clock(clock.clone()).by_hand(|| ());
        let ticket = throttled.trigger().unwrap();
        clock.arm(readings);
        let _ = panics(|| by_hand.step());
        let has_panicked = clock.disarm();
        if throttled.runs() == 1 {
            assert_eq!(ticket.wait_for(ms(0)), Ok(()), "reading {readings}");
            assert!(!throttled.is_pending() && !throttled.snapshot().is_owed(), "reading {readings}");
        }
        if !has_panicked {
            break;
        }
        readings += 1;
    }
    assert!(readings >= 2, "a look and a rest: {readings}");
}

struct Fragile;

impl Drop for Fragile {
    fn drop(&mut self) {
        panic_quietly()
    }
}

/// A policy that gives up drops what the run was given.
#[test]
fn a_value_that_panics_when_it_is_given_up_ends_nothing() {
    let builder = set(Retry::by(|_, _| None)).clock(Manual::new(at(0)));
    let (throttled, mut by_hand) = builder.latest().by_hand(|_: &Fragile| Err::<(), _>("refused"));
    let ticket = throttled.trigger(Fragile).unwrap();
    assert_eq!(by_hand.step(), Step::Ran);
    assert!(ticket.wait_for(ms(0)).is_err(), "the run failed");
    assert_eq!(by_hand.step(), Step::Idle);
}
