//! G6: a panic in a function, or in the clock of a waiting owner, wedges nothing and loses nothing.
//!
//! Shuttle may go on with other threads while one unwinds: it may do so at each atomic operation of the guards
//! that are dropped then.

use super::witness::{Alone, CALLS, Coverage};
use super::{
    CALLERS, START, WINDOW, end_the_window, is_idle, panic_quietly, throttle, unless_it_panics, until,
};
use crate::subject::{
    Clock, Ended, Manual, Moved, NotFlushed, Outcome, Pending, Shutdown, Throttle, Throttled, Timestamp,
    WaitError,
};
use atomic_throttle::state::DeferralStatus;
use schedules::Tally;
use shuttle::thread;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

/// The functions of the first two threads panic. A run that panicked counts as a run.
pub fn of_functions(deferred: &Tally) {
    let (throttle, coverage, alone) = (throttle(WINDOW), Coverage::new(), Alone::new());
    thread::scope(|scope| {
        for caller in 0..CALLERS {
            let (throttle, coverage, alone) = (&throttle, &coverage, &alone);
            scope.spawn(move || {
                for number in (0..CALLS).map(|call| Coverage::number(caller, call)) {
                    coverage.leave_word(number);
                    let outcome = unless_it_panics(|| {
                        throttle.run(|| {
                            let _inside = alone.enter();
                            deferred.count_if(throttle.is_pending());
                            coverage.read_words();
                            if caller < 2 {
                                panic_quietly();
                            }
                        })
                    });
                    match outcome {
                        None | Some(Outcome::RanAtOnce(()) | Outcome::RanDeferred(())) => {
                            end_the_window(throttle);
                        }
                        Some(Outcome::Coalesced(handle)) => assert_eq!(handle.wait(), Ok(())),
                        Some(outcome) => panic!("{outcome:?}"),
                    }
                }
            });
        }
    });
    assert!(coverage.covers_all(), "G6: a panic has lost a call");
    assert!(is_idle(&throttle), "G6: a panic has wedged the throttle");
    assert!(throttle.run(|| ()).ran());
}

/// A clock whose next reading panics once it is broken.
struct Fragile {
    clock: Manual,
    broken: AtomicBool,
}

impl Clock for Fragile {
    fn now(&self) -> Timestamp {
        if self.broken.swap(false, SeqCst) {
            panic_quietly();
        }
        self.clock.now()
    }

    fn moved(&self) -> Option<&Moved> {
        self.clock.moved()
    }
}

fn fragile_throttle() -> Throttle<Fragile> {
    let clock = Fragile { clock: Manual::new(START), broken: AtomicBool::new(false) };
    Throttle::with_clock(WINDOW, clock)
}

/// An owner whose clock panics leaves the run owed, and wakes the threads that wait for that run. Nothing else
/// wakes them after it.
pub fn of_the_clock_of_an_owner(told: &Tally) {
    let throttle = fragile_throttle();
    assert!(throttle.try_run(|| ()).is_ok());
    thread::scope(|scope| {
        scope.spawn(|| assert!(unless_it_panics(|| throttle.run(|| ())).is_none()));
        until(|| throttle.is_pending());
        let Outcome::Coalesced(handle) = throttle.run(|| ()) else { panic!("one is pending") };
        for _ in 0..3 {
            scope.spawn(move || assert_eq!(handle.wait(), Err(WaitError::Owed)));
        }
        throttle.clock().broken.store(true, SeqCst);
        // This wakes the owner, which then reads the clock.
        throttle.set_threshold(WINDOW);
    });
    told.count();
}

/// One reading of the clock, in any thread, panics while four threads call.
pub fn of_the_clock(told: &Tally) {
    let throttle = fragile_throttle();
    let (coverage, owed) = (Coverage::new(), AtomicUsize::new(0));
    thread::scope(|scope| {
        for caller in 0..CALLERS {
            let (throttle, coverage, owed) = (&throttle, &coverage, &owed);
            scope.spawn(move || {
                for number in (0..CALLS).map(|call| Coverage::number(caller, call)) {
                    coverage.leave_word(number);
                    match unless_it_panics(|| throttle.run(|| coverage.read_words())) {
                        Some(Outcome::RanAtOnce(()) | Outcome::RanDeferred(())) => {
                            throttle.clock().clock.advance(WINDOW);
                        }
                        Some(Outcome::Coalesced(handle)) => match handle.wait() {
                            Ok(()) => assert!(coverage.covers(number), "G3: the run missed a call"),
                            Err(error) => {
                                assert_eq!(error, WaitError::Owed);
                                owed.fetch_add(1, SeqCst);
                            }
                        },
                        None => {}
                        Some(outcome) => panic!("{outcome:?}"),
                    }
                }
            });
        }
        throttle.clock().broken.store(true, SeqCst);
    });
    told.count_if(owed.into_inner() > 0);
    throttle.clock().broken.store(false, SeqCst);
    throttle.clock().clock.advance(WINDOW);
    let seen = throttle.snapshot();
    assert!(!seen.running && seen.next_run_at.is_none(), "G6: a panic has wedged the throttle");
    assert!(throttle.run(|| coverage.read_words()).ran(), "what was owed is adopted");
    assert!(coverage.covers_all(), "G6: a panic has lost a call");
}

/// Three threads wait for a run whose panic is fatal. A thread that knows of the panic is refused from then on, however
/// soon it calls.
pub fn that_is_fatal(refused: &Tally) {
    let builder = Throttled::builder(WINDOW).clock(Manual::new(START)).fatal_panics();
    let throttled = builder.spawn(|| panic_quietly()).expect("shuttle can start a thread");
    let call = throttled.trigger().expect("it goes on");
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                until(|| call.wait_for(Duration::ZERO) == Err(WaitError::Panicked));
                assert_eq!(throttled.trigger().err(), Some(Ended::Panicked), "G6: a call is taken");
                refused.count();
            });
        }
    });
    assert_eq!(throttled.shutdown(Pending::Finish).wait(), Ok(Shutdown::Panicked));
}

/// A clock that panics, once it is broken, where the background thread reads it.
struct FragileOnTheThread {
    clock: Manual,
    broken: AtomicBool,
}

impl Clock for FragileOnTheThread {
    fn now(&self) -> Timestamp {
        if thread::current().name() == Some("fragile") && self.broken.load(SeqCst) {
            panic_quietly();
        }
        self.clock.now()
    }

    fn moved(&self) -> Option<&Moved> {
        self.clock.moved()
    }
}

/// The background thread ends by a panic of its clock, perhaps after a flush has started a run and before the thread
/// performs it. Nobody cancels, so nobody who waits may hear of a cancel.
pub fn of_the_clock_of_a_background_thread(owed_after_a_flush: &Tally) {
    let clock = FragileOnTheThread { clock: Manual::new(START), broken: AtomicBool::new(false) };
    let (clock, coverage) = (Arc::new(clock), Arc::new(Coverage::new()));
    let builder = Throttled::builder(WINDOW).name("fragile").clock(Arc::clone(&clock));
    let read = Arc::clone(&coverage);
    let throttled = builder.spawn(move || read.read_words()).expect("shuttle can start a thread");
    throttled.trigger().expect("it goes on").wait().expect("it runs");
    coverage.leave_word(0);
    let call = throttled.trigger().expect("the window is not over");
    clock.broken.store(true, SeqCst);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| match call.wait() {
                Ok(()) => assert!(coverage.covers(0), "G3: the run missed a call"),
                Err(why) => assert_eq!(why, WaitError::Owed, "G3: nobody cancelled"),
            });
        }
        scope.spawn(|| match throttled.flush() {
            Ok(_) => owed_after_a_flush.count_if(throttled.snapshot().is_owed()),
            Err(why) => assert_eq!(why, NotFlushed::Ended),
        });
    });
    assert_eq!(throttled.shutdown(Pending::Finish).wait(), Ok(Shutdown::Panicked));
    let seen = throttled.snapshot();
    let has_owner = matches!(seen.deferral, DeferralStatus::Pending | DeferralStatus::Cancelled);
    assert!(!seen.running && !has_owner, "G6: it is wedged");
    assert!(seen.is_owed() != coverage.covers(0), "G3: a call is covered, or else it is owed");
}
