//! G5: the owner of a deferral that waits in `Throttle::run` is woken by the clock, by a finish, by a
//! cancel, by a flush, by a call that takes over, by a changed threshold and by a `retime`. A lost wake-up is a
//! deadlock, which loom reports.

use atomic_throttle::{Clock, Coalesced, Manual, Moved, NotFlushed, Outcome, Throttle, Timestamp};
use evidence::Guarantee::{G2, G5};
use evidence::depth;
use loom::sync::atomic::{AtomicU64, Ordering};
use loom::thread;
use loom_tests::{Bound, DUE, LEADING, SECOND_DUE, THRESHOLD, Tally, after_a_run, explore};
use std::sync::Arc;
use std::time::Duration;
use watchdog as _;

/// The bound of the models that are too large for all interleavings.
fn bounded() -> Bound {
    depth(Bound::Preemptions(3), Bound::Preemptions(5))
}

/// An owner waits in one thread while `disturb` happens in another. `ended` is how its call ends after the
/// disturbance; if the disturbance comes too soon, the owner runs.
fn owner_and(
    bound: Bound,
    name: &str,
    disturb: fn(&Throttle<Manual>),
    ended: fn(&Outcome<(), Coalesced<'_, Manual>>) -> bool,
) {
    let claim = format!("{name} wakes the owner");
    let disturbed = Tally::new();
    let counted = disturbed.clone();
    explore(bound, &[G5], &claim, move || {
        let throttle = Arc::new(after_a_run());
        let owner = thread::spawn({
            let throttle = Arc::clone(&throttle);
            move || {
                let outcome = throttle.run(|| ());
                assert!(ended(&outcome) || outcome.ran(), "{outcome:?}");
                ended(&outcome)
            }
        });
        disturb(&throttle);
        counted.count_if(owner.join().expect("no panic"));
        let seen = throttle.snapshot();
        assert!(!seen.running && seen.next_run_at.is_none());
    })
    .at_least(500)
    .reached(&disturbed, "the owner waited, and its call ended by that")
    .passed();
}

fn ran_deferred(outcome: &Outcome<(), Coalesced<'_, Manual>>) -> bool {
    matches!(outcome, Outcome::RanDeferred(()))
}

#[test]
fn by_the_clock() {
    owner_and(Bound::Exhaustive, "the clock", |throttle| throttle.clock().set(DUE), ran_deferred);
}

#[test]
fn by_a_shorter_threshold() {
    owner_and(
        Bound::Exhaustive,
        "a shorter threshold",
        |throttle| throttle.set_threshold(Duration::ZERO),
        ran_deferred,
    );
}

#[test]
fn by_a_cancel() {
    owner_and(
        Bound::Exhaustive,
        "a cancel",
        |throttle| {
            // If the cancel came before the call, nothing else would end the window.
            if !throttle.cancel() {
                throttle.clock().set(DUE);
            }
        },
        |outcome| matches!(outcome, Outcome::Cancelled),
    );
}

#[test]
fn by_a_flush() {
    owner_and(
        bounded(),
        "a flush",
        |throttle| {
            if let Err(NotFlushed::NothingPending) = throttle.flush(|| ()) {
                throttle.clock().set(DUE);
            }
        },
        |outcome| matches!(outcome, Outcome::Coalesced(_)),
    );
}

/// `rival` may take over, because the window is over when it comes. An owner that was late learns that another
/// run covers it.
fn owner_released_by(name: &str, rival: fn(&Throttle<Manual>) -> bool) {
    let claim = format!("{name} against an owner that is late");
    let released = Tally::new();
    let counted = released.clone();
    explore(bounded(), &[G5, G2], &claim, move || {
        let throttle = Arc::new(after_a_run());
        let other = thread::spawn({
            let throttle = Arc::clone(&throttle);
            move || {
                throttle.clock().set(DUE);
                let ran = rival(&throttle);
                // If the rival's run was the first of two, the owner's is due in the next window.
                throttle.clock().set(SECOND_DUE);
                ran
            }
        });
        let owner_released = match throttle.run(|| ()) {
            Outcome::RanAtOnce(()) | Outcome::RanDeferred(()) => false,
            Outcome::Coalesced(_) => true,
            outcome => panic!("{outcome:?} where nobody cancels"),
        };
        let rival_ran = other.join().expect("no panic");
        counted.count_if(rival_ran && owner_released);
    })
    .at_least(5000)
    .reached(&released, "the rival took over")
    .passed();
}

#[test]
fn by_a_call_that_only_tries() {
    owner_released_by("a call that only tries", |throttle| throttle.try_run(|| ()).is_ok());
}

/// The call coalesces if it finds the owner. It takes over if the owner came between its first look and its
/// decision.
#[test]
fn by_a_call_that_takes_over() {
    owner_released_by("a call that takes over", |throttle| {
        let outcome = throttle.run_within(Duration::ZERO, || ());
        outcome.is_ok_and(|outcome| outcome.ran())
    });
}

/// The pending run is re-timed: the owner waits for the new end of the window, and not for the old one.
#[test]
fn by_a_longer_threshold() {
    owner_and(
        bounded(),
        "the clock, after a longer threshold,",
        |throttle| {
            throttle.set_threshold(Duration::from_nanos(20));
            throttle.clock().set(SECOND_DUE);
        },
        ran_deferred,
    );
}

/// A clock that jumps, and tells nobody.
struct Jumping {
    now: AtomicU64,
    moved: Moved,
}

impl Clock for Jumping {
    fn now(&self) -> Timestamp {
        Timestamp::from_nanos(self.now.load(Ordering::Relaxed))
    }

    fn moved(&self) -> Option<&Moved> {
        Some(&self.moved)
    }
}

/// After a jump of the clock that the owner cannot hear.
#[test]
fn by_a_retime() {
    let deferred = Tally::new();
    let counted = deferred.clone();
    explore(Bound::Exhaustive, &[G5], "a retime wakes the owner after a jump of the clock", move || {
        let clock = Jumping { now: AtomicU64::new(LEADING.as_nanos()), moved: Moved::new() };
        let throttle = Arc::new(Throttle::with_clock(THRESHOLD.as_duration(), clock));
        assert!(throttle.try_run(|| ()).is_ok());
        let owner = thread::spawn({
            let throttle = Arc::clone(&throttle);
            move || match throttle.run(|| ()) {
                Outcome::RanAtOnce(()) => false,
                Outcome::RanDeferred(()) => true,
                outcome => panic!("{outcome:?} where nobody else calls"),
            }
        });
        throttle.clock().now.store(DUE.as_nanos(), Ordering::Relaxed);
        throttle.retime();
        counted.count_if(owner.join().expect("no panic"));
    })
    .at_least(500)
    .reached(&deferred, "the owner waited")
    .passed();
}

/// The run in progress finishes after the window is over: the owner waits for the finish alone.
#[test]
fn by_a_finish() {
    let deferred = Tally::new();
    let counted = deferred.clone();
    explore(bounded(), &[G5], "a finish wakes the owner", move || {
        let throttle = Arc::new(Throttle::with_clock(Duration::ZERO, Manual::new(LEADING)));
        let other = thread::spawn({
            let throttle = Arc::clone(&throttle);
            move || matches!(throttle.run(|| ()), Outcome::RanDeferred(()))
        });
        let here = matches!(throttle.run(|| ()), Outcome::RanDeferred(()));
        let there = other.join().expect("no panic");
        assert!(!(here && there), "one of two calls runs at once");
        counted.count_if(here || there);
        let seen = throttle.snapshot();
        assert!(!seen.running && seen.next_run_at.is_none());
    })
    .at_least(3000)
    .reached(&deferred, "the owner waited")
    .passed();
}

/// The function of a flush may wait for the call whose run it took: that call is released before.
#[test]
fn before_the_function_of_a_flush() {
    let flushed = Tally::new();
    let counted = flushed.clone();
    explore(Bound::Exhaustive, &[G5], "a flush releases the owner before its function", move || {
        let throttle = Arc::new(after_a_run());
        let mut owner = Some(thread::spawn({
            let throttle = Arc::clone(&throttle);
            move || matches!(throttle.run(|| ()), Outcome::Coalesced(_))
        }));
        let result = throttle.flush(|| owner.take().map(|owner| owner.join().expect("no panic")));
        counted.count_if(result == Ok(Some(true)));
        if let Some(owner) = owner {
            throttle.clock().set(DUE);
            assert!(!owner.join().expect("no panic"));
        }
    })
    .at_least(30_000)
    .reached(&flushed, "the flush came first")
    .passed();
}
