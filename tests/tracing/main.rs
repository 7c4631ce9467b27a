//! The events of a throttle with the feature `tracing`: one for each occurrence, with its fields, and none
//! for a call that is coalesced or refused; and that a subscriber can break nothing, by calls or by panics.

#[cfg(feature = "async")]
#[allow(dead_code, reason = "these tests use a part of it")]
#[path = "../../verify/sequences/src/by_hand.rs"]
mod by_hand;
mod fronts;
#[cfg(feature = "keyed")]
mod keyed_throttled;
#[path = "../support/mod.rs"]
mod support;
mod watcher;

use atomic_throttle::{Clock, Manual, Moved, Outcome, Site, Throttle, Timestamp};
use evidence::Check;
use evidence::Guarantee::{G3, G6, G7, G9};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;
use support::{SECOND, at, panic_quietly, panics, until};
use watchdog as _;
use watcher::Watched;

const LEADING: &str = "DEBUG run: (a run starts) front=Throttle started_at=1s edge=Leading";

/// A throttle on which nothing has happened, at second 1.
fn new() -> Watched<Throttle<Manual>> {
    Watched::new(Throttle::with_clock(SECOND, Manual::new(at(1))))
}

fn after_a_run() -> Watched<Throttle<Manual>> {
    let throttle = new();
    assert!(throttle.run(|| ()).ran());
    assert_eq!(throttle.told(), [LEADING]);
    throttle
}

/// A second call, by another thread, owns the deferral, and has reported it. Then `meanwhile` is called.
/// Returns whether the second call ran.
fn with_an_owner<C: Clock + Sync>(throttle: Watched<Throttle<C>>, meanwhile: impl FnOnce()) -> bool {
    let told = throttle.number_told();
    thread::scope(|scope| {
        let owner = scope.spawn(|| throttle.run(|| ()).ran());
        until(|| throttle.number_told() > told);
        meanwhile();
        owner.join().expect("no panic")
    })
}

#[test]
fn a_run_on_the_leading_edge() {
    let throttle = new();
    let told = throttle.run(|| throttle.told()).into_value();
    assert_eq!(told.expect("it ran"), [LEADING], "before the function");
    throttle.clock().set(at(3));
    assert!(throttle.try_run(|| ()).is_ok());
    assert_eq!(throttle.told(), ["DEBUG run: (a run starts) front=Throttle started_at=3s edge=Leading"]);
}

#[test]
fn a_deferral_and_its_run() {
    let throttle = after_a_run();
    assert!(with_an_owner(throttle, || throttle.clock().set(at(2))));
    assert_eq!(
        throttle.told(),
        [
            "TRACE deferral: (a run is deferred) front=Throttle due=2s",
            "DEBUG run: (a run starts) front=Throttle started_at=2s edge=Trailing",
        ]
    );
}

#[test]
fn a_flush() {
    let throttle = after_a_run();
    assert!(!with_an_owner(throttle, || assert!(throttle.flush(|| ()).is_ok())));
    assert_eq!(
        throttle.told(),
        [
            "TRACE deferral: (a run is deferred) front=Throttle due=2s",
            "DEBUG run: (a run starts) front=Throttle started_at=1.000000001s edge=Flushed",
        ]
    );
}

#[test]
fn a_cancel() {
    let throttle = after_a_run();
    assert!(!with_an_owner(throttle, || assert!(throttle.cancel())));
    assert!(!throttle.cancel(), "nothing to tell");
    assert_eq!(
        throttle.told(),
        [
            "TRACE deferral: (a run is deferred) front=Throttle due=2s",
            "DEBUG cancel: (the pending run is cancelled) front=Throttle after=1s",
        ]
    );
}

/// An owner gives up, and has reported it: the window became longer than its limit after it had reported its
/// deferral.
fn an_owner_leaves(throttle: Watched<Throttle<Manual>>) {
    let told = throttle.number_told();
    thread::scope(|scope| {
        let owner = scope.spawn(|| throttle.run_within(SECOND, || ()));
        until(|| throttle.number_told() > told);
        throttle.set_threshold(4 * SECOND);
        throttle.clock().advance(SECOND);
        assert!(matches!(owner.join().expect("no panic"), Ok(Outcome::Owed)));
    });
}

#[test]
fn an_owner_at_its_limit_and_the_run_that_adopts() {
    let throttle = after_a_run();
    an_owner_leaves(throttle);
    throttle.clock().set(at(9));
    assert!(throttle.run(|| ()).ran());
    assert_eq!(
        throttle.told(),
        [
            "TRACE deferral: (a run is deferred) front=Throttle due=2s",
            "WARN abandonment: (the owner left: a run is owed) front=Throttle after=1s",
            "DEBUG takeover: (a run takes the place of the pending one) front=Throttle started_at=9s",
            "DEBUG run: (a run starts) front=Throttle started_at=9s edge=Leading",
        ]
    );
}

/// A clock that wakes nobody when it is moved, and that panics on demand.
#[derive(Default)]
struct Unheard {
    seconds: AtomicU64,
    /// In so many readings from now, from 1.
    breaks_in: AtomicU64,
}

impl Clock for Unheard {
    fn now(&self) -> Timestamp {
        let left = self.breaks_in.load(Relaxed);
        self.breaks_in.store(left.saturating_sub(1), Relaxed);
        if left == 1 {
            panic_quietly();
        }
        at(self.seconds.load(Relaxed))
    }

    fn moved(&self) -> Option<&Moved> {
        None
    }
}

/// At second 1, with a window of an hour.
fn on_an_unheard_clock() -> Watched<Throttle<Unheard>> {
    let clock = Unheard::default();
    clock.seconds.store(1, Relaxed);
    let throttle = Watched::new(Throttle::with_clock(3600 * SECOND, clock));
    assert!(throttle.run(|| ()).ran());
    assert_eq!(throttle.told(), [LEADING]);
    throttle
}

/// The owner sleeps through the end of the window.
#[test]
fn a_run_that_takes_over_an_overdue_one() {
    let throttle = on_an_unheard_clock();
    let ran = with_an_owner(throttle, || {
        throttle.clock().seconds.store(3601, Relaxed);
        assert!(throttle.try_run(|| ()).is_ok());
    });
    assert!(!ran);
    assert_eq!(
        throttle.told(),
        [
            "TRACE deferral: (a run is deferred) front=Throttle due=3601s",
            "DEBUG takeover: (a run takes the place of the pending one) front=Throttle started_at=3601s",
            "DEBUG run: (a run starts) front=Throttle started_at=3601s edge=Leading",
        ]
    );
}

fn an_owner_unwinds(throttle: Watched<Throttle<Unheard>>) {
    // The first reading is for the decision.
    throttle.clock().breaks_in.store(2, Relaxed);
    assert!(panics(|| throttle.run(|| ())));
    assert!(throttle.snapshot().is_owed());
    assert_eq!(
        throttle.told(),
        [
            "TRACE deferral: (a run is deferred) front=Throttle due=3601s",
            "WARN abandonment: (the owner left: a run is owed) front=Throttle after=1s",
        ]
    );
}

#[test]
fn an_owner_that_unwinds() {
    an_owner_unwinds(on_an_unheard_clock());
}

#[test]
fn a_call_inside_a_run() {
    let throttle = new();
    let nested = throttle.run(|| {
        assert!(matches!(throttle.run(|| ()), Outcome::Owed));
        throttle.cancel()
    });
    assert_eq!(nested.into_value(), Some(true));
    assert_eq!(
        throttle.told(),
        [
            LEADING,
            "DEBUG owed: (a call inside a run: a run is owed) front=Throttle after=1s",
            "DEBUG cancel: (the pending run is cancelled) front=Throttle after=1s",
        ]
    );
}

#[test]
fn an_entry_of_a_site() {
    let site = Watched::new(Site::with_clock(SECOND, Manual::new(at(1))));
    assert!(site.enter().is_some());
    for _ in 0..1000 {
        assert!(site.enter().is_none());
    }
    assert_eq!(site.told(), ["DEBUG run: (a run starts) front=Site started_at=1s edge=Leading"]);
}

#[test]
fn of_coalesced_and_refused_calls_nothing_is_told() {
    const CALLS: usize = 1000;
    let check = Check::of(&[G7], "events: none of calls that are coalesced or refused");
    let throttle = after_a_run();
    let ran = with_an_owner(throttle, || {
        assert_eq!(throttle.told().len(), 1, "the deferral");
        for _ in 0..CALLS {
            assert!(matches!(throttle.run(|| ()), Outcome::Coalesced(_)));
            assert!(matches!(throttle.run_within(SECOND, || ()), Ok(Outcome::Coalesced(_))));
            assert!(throttle.try_run(|| ()).is_err());
        }
        throttle.clock().set(at(2));
    });
    assert!(ran);
    assert_eq!(throttle.told().len(), 1, "the run");
    for _ in 0..CALLS {
        assert!(throttle.try_run(|| ()).is_err());
        assert!(throttle.run_within(Duration::ZERO, || ()).is_err());
        assert!(throttle.flush(|| ()).is_err());
        assert!(!throttle.cancel());
    }
    assert_eq!(throttle.told(), [""; 0]);
    check.passed(7 * CALLS, "calls");
}

/// Each operation that emits an event, while time passes. Returns how many functions were performed.
fn each_operation(throttle: Watched<Throttle<Manual>>) -> usize {
    let performed = AtomicUsize::new(0);
    let f = || _ = performed.fetch_add(1, Relaxed);
    let ended = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !ended.load(Relaxed) {
                throttle.clock().advance(SECOND / 4);
                thread::yield_now();
            }
        });
        for _ in 0..10 {
            let other = scope.spawn(|| _ = throttle.run(f));
            let _ = throttle.run(f);
            let _ = throttle.run(|| {
                f();
                let _ = throttle.run(f);
            });
            let _ = throttle.flush(f);
            let _ = throttle.try_run(f);
            let _ = throttle.run_within(SECOND, f);
            let _ = throttle.cancel();
            other.join().expect("no panic");
        }
        ended.store(true, Relaxed);
    });
    performed.into_inner()
}

/// Fails if `f` does not return.
fn ends(f: impl FnOnce() + Send + 'static) {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        f();
        let _ = sender.send(());
    });
    assert!(receiver.recv_timeout(Duration::from_secs(60)).is_ok(), "it deadlocks, or it failed");
}

#[test]
fn a_subscriber_may_call_the_throttle() {
    let check = Check::of(&[G9], "events: a subscriber that calls the throttle at each of them");
    let reactions: [fn(&Throttle<Manual>); 7] = [
        |throttle| _ = throttle.cancel(),
        |throttle| _ = throttle.run(|| ()),
        |throttle| _ = throttle.try_run(|| ()),
        |throttle| _ = throttle.run_within(Duration::ZERO, || ()),
        |throttle| _ = throttle.flush(|| ()),
        |throttle| throttle.set_threshold(SECOND),
        |throttle| {
            // Each of these would emit an event: the second time for ever.
            let _ = throttle.run(|| ());
            let _ = throttle.cancel();
            let _ = throttle.flush(|| ());
        },
    ];
    let mut events = 0;
    for reaction in reactions {
        let throttle = new();
        throttle.react(move || reaction(throttle.0));
        ends(move || assert!(each_operation(throttle) > 0));
        events += throttle.told().len();
        throttle.react(|| ());
        throttle.clock().advance(9 * SECOND);
        assert!(throttle.run(|| ()).ran(), "usable");
    }
    check.passed(events, "events");
}

/// Events that the reaction causes are suppressed, and nothing is lost.
#[test]
fn a_subscriber_is_not_told_of_itself() {
    let throttle = new();
    throttle.react(move || {
        let _ = throttle.run(|| ());
    });
    assert!(throttle.run(|| ()).ran());
    assert!(throttle.snapshot().is_owed());
    assert_eq!(throttle.told(), [LEADING]);
}

#[test]
fn a_subscriber_that_panics_loses_no_call() {
    let check = Check::of(&[G6, G3], "events: a subscriber that panics at each of them");
    let throttle = new();
    let reactions = Box::leak(Box::new(AtomicUsize::new(0)));
    throttle.react(|| {
        reactions.fetch_add(1, Relaxed);
        panic_quietly()
    });
    assert_eq!(throttle.run(|| 7).into_value(), Some(7));
    thread::scope(|scope| {
        let owner = scope.spawn(|| throttle.run(|| 8).into_value());
        until(|| throttle.is_pending());
        let Outcome::Coalesced(handle) = throttle.run(|| 9) else { panic!("one is pending") };
        throttle.clock().set(at(2));
        assert_eq!(handle.wait(), Ok(()));
        assert_eq!(owner.join().expect("no panic"), Some(8), "what covers the coalesced call");
    });
    an_owner_leaves(throttle);
    assert_eq!(throttle.flush(|| 10), Ok(10));
    assert!(!with_an_owner(throttle, || assert!(throttle.cancel())));
    // Run, deferral, run, deferral, abandonment, run, deferral, cancel.
    assert_eq!(reactions.load(Relaxed), 8);
    assert_eq!(throttle.told().len(), 8);
    check.passed(8, "events");
}

/// Were the panic not caught, the process would abort.
#[test]
fn a_subscriber_that_panics_while_its_thread_unwinds() {
    let throttle = on_an_unheard_clock();
    throttle.react(|| panic_quietly());
    an_owner_unwinds(throttle);
}
