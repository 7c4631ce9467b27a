//! Errors that panic, or ask the throttle, when they are dropped: the library drops those that it forgets, and those of runs
//! that are tried again.

use super::retries::{at, ms};
use crate::support::panic_quietly;
use atomic_throttle::{Manual, OwnedTicket, Retry, Step, Throttled, WaitError};
use std::cell::{Cell, RefCell};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// More than are remembered.
const FAILURES: usize = 20;

thread_local! {
    /// Whether an error panics when it is dropped.
    static IS_ARMED: Cell<bool> = const { Cell::new(false) };
    /// What the next error that is dropped asks.
    static TICKET: RefCell<Option<OwnedTicket>> = const { RefCell::new(None) };
    /// What it was told.
    static ANSWER: RefCell<Option<Result<(), WaitError>>> = const { RefCell::new(None) };
    /// How many were dropped.
    static DROPPED: Cell<usize> = const { Cell::new(0) };
}

#[derive(Debug)]
struct Unkind;

impl fmt::Display for Unkind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("unkind")
    }
}

impl std::error::Error for Unkind {}

impl Drop for Unkind {
    fn drop(&mut self) {
        DROPPED.set(DROPPED.get() + 1);
        if let Some(ticket) = TICKET.take() {
            ANSWER.set(Some(ticket.wait_for(Duration::ZERO)));
        }
        if IS_ARMED.get() && !std::thread::panicking() {
            panic_quietly()
        }
    }
}

#[test]
fn one_that_is_forgotten_ends_nothing() {
    let clock = Arc::new(Manual::new(at(0)));
    let builder = Throttled::builder(ms(1)).clock(Arc::clone(&clock));
    let (throttled, mut by_hand) = builder.by_hand(|| Err::<(), _>(Unkind));
    IS_ARMED.set(true);
    for failure in 0..FAILURES {
        let ticket = throttled.trigger().unwrap();
        assert_eq!(by_hand.step(), Step::Ran);
        assert!(matches!(ticket.wait_for(Duration::ZERO), Err(WaitError::Failed(_))), "failure {failure}");
        clock.advance(ms(1));
    }
    assert!(DROPPED.get() > 0);
    IS_ARMED.set(false);
}

#[test]
fn one_of_a_run_that_is_tried_again_ends_nothing() {
    let clock = Arc::new(Manual::new(at(0)));
    let again = Retry::by(|_, _| Some(ms(1)));
    let builder = Throttled::builder(ms(1)).clock(Arc::clone(&clock)).retry(again);
    let mut runs = 0;
    let (throttled, mut by_hand) = builder.by_hand(move || {
        runs += 1;
        if runs == 1 { Err(Unkind) } else { Ok(()) }
    });
    IS_ARMED.set(true);
    let ticket = throttled.trigger().unwrap();
    assert_eq!(by_hand.step(), Step::Ran);
    assert_eq!(DROPPED.get(), 1);
    clock.advance(ms(1));
    assert_eq!(by_hand.step(), Step::Ran);
    assert_eq!(ticket.wait_for(Duration::ZERO), Ok(()));
    IS_ARMED.set(false);
}

/// No lock is held meanwhile.
#[test]
fn one_that_is_forgotten_may_ask_the_throttle() {
    let clock = Arc::new(Manual::new(at(0)));
    let builder = Throttled::builder(ms(1)).clock(Arc::clone(&clock));
    let (throttled, mut by_hand) = builder.by_hand(|| Err::<(), _>(Unkind));
    let mut latest = None;
    while DROPPED.get() == 0 {
        // It has failed, so its answer is under the lock of the failures.
        TICKET.set(latest.take());
        let ticket = throttled.trigger().unwrap();
        assert_eq!(by_hand.step(), Step::Ran);
        latest = Some(ticket.into_owned());
        clock.advance(ms(1));
    }
    // The run that forgets it has not finished yet.
    assert_eq!(ANSWER.take(), Some(Err(WaitError::TimedOut)));
}
