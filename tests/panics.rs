//! G6: a panic or a dropped guard at any point wedges nothing and loses nothing.

mod support;

use atomic_throttle::gate::{Arrival, Fired, Flushed, Gate};
use atomic_throttle::state::DeferralStatus;
use atomic_throttle::{Clock, Manual, Outcome, Threshold, Throttle, Timestamp, WaitError};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::sync::{Mutex, mpsc};
use std::thread;
use support::{SECOND, after_a_run, at, panic_quietly, panics, until};
use watchdog as _;

#[test]
fn a_panic_on_the_leading_edge_counts_as_a_run() {
    let throttle = Throttle::with_clock(SECOND, Manual::new(at(1)));
    assert!(panics(|| throttle.run(|| panic_quietly())));
    assert!(!throttle.snapshot().running);
    assert!(throttle.try_run(|| ()).is_err(), "G1: its window counts");
    throttle.clock().set(at(2));
    assert!(throttle.run(|| ()).ran(), "and it is alive");
}

#[test]
fn a_panic_on_the_trailing_edge_counts_as_a_run() {
    let throttle = after_a_run(SECOND);
    thread::scope(|scope| {
        let owner = scope.spawn(|| panics(|| throttle.run(|| panic_quietly())));
        until(|| throttle.is_pending());
        let Outcome::Coalesced(handle) = throttle.run(|| ()) else { panic!("one is pending") };
        throttle.clock().set(at(2));
        assert!(owner.join().expect("caught inside"));
        assert_eq!(handle.wait(), Ok(()), "whoever waits is not left waiting");
    });
    assert!(throttle.try_run(|| ()).is_err());
    throttle.clock().set(at(3));
    assert!(throttle.run(|| ()).ran());
}

#[test]
fn a_panic_leaves_what_is_pending() {
    let throttle = Throttle::with_clock(SECOND, Manual::new(at(1)));
    thread::scope(|scope| {
        let mut owner = None;
        assert!(panics(|| {
            let _ = throttle.run(|| {
                owner = Some(scope.spawn(|| throttle.run(|| ()).ran()));
                until(|| throttle.is_pending());
                panic_quietly()
            });
        }));
        assert!(throttle.is_pending());
        throttle.clock().set(at(2));
        assert!(owner.expect("it was spawned").join().expect("no panic"));
    });
}

#[test]
fn a_panic_in_try_run_or_flush_finishes_the_run() {
    let throttle = Throttle::with_clock(SECOND, Manual::new(at(1)));
    assert!(panics(|| throttle.try_run(|| panic_quietly())));
    assert!(!throttle.snapshot().running);
    thread::scope(|scope| {
        let owner = scope.spawn(|| matches!(throttle.run(|| ()), Outcome::Coalesced(_)));
        until(|| throttle.is_pending());
        assert!(panics(|| throttle.flush(|| panic_quietly())));
        assert!(owner.join().expect("no panic"));
    });
    let seen = throttle.snapshot();
    assert!(!seen.running && seen.deferral == DeferralStatus::None);
    throttle.clock().set(at(9));
    assert!(throttle.run(|| ()).ran());
}

/// A clock that panics when told to.
struct Fragile {
    clock: Manual,
    broken: AtomicBool,
}

impl Clock for Fragile {
    fn now(&self) -> Timestamp {
        if self.broken.swap(false, Relaxed) {
            panic_quietly();
        }
        self.clock.now()
    }

    fn moved(&self) -> Option<&atomic_throttle::Moved> {
        self.clock.moved()
    }
}

#[test]
fn a_panic_of_the_clock_leaves_the_run_owed() {
    let clock = Fragile { clock: Manual::new(at(1)), broken: AtomicBool::new(false) };
    let throttle = Throttle::with_clock(SECOND, clock);
    assert!(throttle.run(|| ()).ran());
    thread::scope(|scope| {
        let owner = scope.spawn(|| panics(|| throttle.run(|| ())));
        until(|| throttle.is_pending());
        let Outcome::Coalesced(handle) = throttle.run(|| ()) else { panic!("one is pending") };
        let waiter = scope.spawn(move || handle.wait());
        // Only the owner reads the clock now, each time that it is moved.
        throttle.clock().broken.store(true, Relaxed);
        until(|| {
            throttle.clock().clock.set(at(1));
            !throttle.is_pending()
        });
        assert!(owner.join().expect("caught inside"));
        assert_eq!(waiter.join().expect("no panic"), Err(WaitError::Owed));
    });
    assert!(throttle.snapshot().is_owed());
    throttle.clock().clock.set(at(2));
    assert!(throttle.run(|| ()).ran());
}

/// A clock that runs. The owner's second reading waits for a signal, and then panics.
struct Held {
    word: Mutex<mpsc::Receiver<()>>,
    readings: AtomicUsize,
}

impl Clock for Held {
    fn now(&self) -> Timestamp {
        // The leading run, then the owner: to arrive, and to look.
        if self.readings.fetch_add(1, Relaxed) == 2 {
            let _ = self.word.lock().map(|word| word.recv());
            panic_quietly();
        }
        at(1)
    }
}

#[test]
fn an_owner_that_unwinds_tells_those_who_wait_for_its_run() {
    let (say, word) = mpsc::channel();
    let clock = Held { word: Mutex::new(word), readings: AtomicUsize::new(0) };
    let throttle = Throttle::with_clock(SECOND, clock);
    assert!(throttle.run(|| ()).ran());
    thread::scope(|scope| {
        let owner = scope.spawn(|| panics(|| throttle.run(|| ())));
        until(|| throttle.is_pending());
        let Outcome::Coalesced(handle) = throttle.run(|| ()) else { panic!("one is pending") };
        let waiter = scope.spawn(move || handle.wait());
        // Lets it fall asleep. If it is never woken, it never returns.
        (0..10_000).for_each(|_| thread::yield_now());
        say.send(()).expect("the owner listens");
        assert!(owner.join().expect("caught inside"));
        assert_eq!(waiter.join().expect("no panic"), Err(WaitError::Owed));
    });
}

#[test]
fn a_panic_of_the_clock_before_a_decision_changes_nothing() {
    let clock = Fragile { clock: Manual::new(at(1)), broken: AtomicBool::new(false) };
    let throttle = Throttle::with_clock(SECOND, clock);
    let before = throttle.snapshot();
    let operations: [fn(&Throttle<Fragile>); 4] = [
        |throttle| {
            let _ = throttle.run(|| ());
        },
        |throttle| {
            let _ = throttle.run_within(SECOND, || ());
        },
        |throttle| {
            let _ = throttle.try_run(|| ());
        },
        |throttle| {
            let _ = throttle.flush(|| ());
        },
    ];
    for operation in operations {
        throttle.clock().broken.store(true, Relaxed);
        assert!(panics(|| operation(&throttle)));
        assert_eq!(throttle.snapshot(), before);
    }
}

/// Drops `guard` normally, or while a panic unwinds over it.
fn drop_it<G>(guard: G, unwinding: bool) {
    let unwound = panics(move || {
        let _guard = guard;
        if unwinding {
            panic_quietly();
        }
    });
    assert_eq!(unwound, unwinding);
}

#[test]
fn guards_dropped_at_every_step() {
    let now = Timestamp::from_nanos;
    for unwinding in [false, true] {
        let gate = Gate::new(Threshold::from_nanos(10));

        let Arrival::Run(run) = gate.arrive(now(1)) else { panic!("open") };
        drop_it(run, unwinding);
        assert!(!gate.state().is_running());

        // An owner that leaves.
        let Arrival::Defer(deferral) = gate.arrive(now(2)) else { panic!("closed") };
        drop_it(deferral, unwinding);
        assert!(gate.state().is_owed());

        // One that adopts it, is cancelled, and leaves without having noticed.
        let Arrival::Defer(deferral) = gate.arrive(now(3)) else { panic!("owed") };
        assert!(gate.cancel());
        drop_it(deferral, unwinding);
        assert!(!gate.state().has_owner() && !gate.state().is_owed());

        // One that fires too early, and leaves.
        let Arrival::Defer(deferral) = gate.arrive(now(4)) else { panic!("closed") };
        let Fired::Early { deferral, due } = deferral.fire(now(5)) else { panic!("closed") };
        assert_eq!(due, now(11));
        drop_it(deferral, unwinding);
        assert!(gate.state().is_owed());

        // One that has been replaced, and leaves while the other run is in progress.
        let Arrival::Defer(deferral) = gate.arrive(now(6)) else { panic!("owed") };
        let Flushed::Run(run) = gate.flush(now(7)) else { panic!("one is pending") };
        assert!(run.released_owner());
        drop_it(deferral, unwinding);
        assert!(gate.state().is_running());
        assert!(!gate.state().is_owed(), "a former owner leaves nothing behind");

        // One that waits for a run in progress, and leaves.
        let Arrival::Defer(deferral) = gate.arrive(now(8)) else { panic!("in progress") };
        let Fired::Busy(deferral) = deferral.fire(now(30)) else { panic!("in progress") };
        drop_it(deferral, unwinding);
        assert!(gate.state().is_owed());
        drop_it(run, unwinding);
        assert!(gate.state().is_owed() && !gate.state().is_running());

        // The run of an owner.
        let Arrival::Defer(deferral) = gate.arrive(now(9)) else { panic!("owed") };
        let Fired::Run(run) = deferral.fire(now(17)) else { panic!("due") };
        drop_it(run, unwinding);
        assert!(!gate.state().is_running() && !gate.state().has_owner());
    }
}
