//! [`Course`] and [`Cell::join`] over the whole range of times: clocks that jump anywhere, thresholds and
//! leases from one end to the other. These tests show that nothing panics or overflows, and that nothing
//! remembered goes back. They cannot show how several processes act together: the exploration of the protocol
//! does, with small times.

mod follower;
mod inputs;
mod joins;
mod lost_runs;

use atomic_throttle::lease::{self, Lease, Policy};
use atomic_throttle::{State, Threshold, Timestamp};
use atomic_throttle_cluster::Cell;
use atomic_throttle_cluster::course::{Act, Course, Move, Until};
use atomic_throttle_cluster::register::{Mark, Reading};
use evidence::Guarantee::{C3, C5, C6, C8};
use evidence::{Check, depth};
use follower::{Follower, Step, step};
use inputs::{LAST, policy};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use watchdog as _;

#[test]
fn no_time_is_too_wide() {
    let check =
        Check::of(&[C8], "sequences: across processes, any clocks and cells: nothing panics or goes back");
    let cases = depth(1_000, 300_000);
    let mut runner =
        TestRunner::new(ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() });
    let strategy = (policy(), prop::collection::vec(step(), 1..40));
    let forgotten = core::cell::Cell::new(0);
    let run = |(policy, steps): (Policy, Vec<Step>)| {
        let mut follower = Follower::new(policy);
        let mut before = (follower.course.cell().epoch(), follower.course.covered());
        for step in steps {
            follower.take(step);
            let after = (follower.course.cell().epoch(), follower.course.covered());
            prop_assert!(after.0 >= before.0 || follower.may_forget, "{before:?}, then {after:?}");
            prop_assert!(after.1 >= before.1, "{before:?}, then {after:?}");
            forgotten.set(forgotten.get() + u32::from(after.0 < before.0));
            let is_covered = after.1.unwrap_or(0) == follower.taken;
            prop_assert_eq!(follower.course.is_owed(), !is_covered, "{:?}", follower.course);
            before = after;
        }
        Ok(())
    };
    runner.run(&strategy, run).unwrap_or_else(|failed| panic!("{failed}"));
    assert!(forgotten.get() > 0, "no run of the far future was forgotten");
    check.passed(cases as usize, "sequences");
}

/// A run of the far future: the clock was set back by years, or a bit has flipped. While the register holds it,
/// runs go on after it. Once somebody has removed it, it is forgotten, and calls that are owed are covered by
/// the next run.
#[test]
fn a_run_of_the_far_future_is_forgotten_when_the_register_has_forgotten_it() {
    const HOUR: u64 = 60 * 60 * 1_000_000_000;
    let check = Check::of(&[C8], "tests: a cell of the far future that was removed is not put back");
    let policy = Policy::new(Threshold::from_nanos(10)).with_lease(Lease::from_nanos(20));
    let at = Timestamp::from_nanos;
    let reading = |cell, now| Reading { cell, now: at(now), mark: None };
    for (ahead, is_far) in [(HOUR, false), (HOUR + 1, true), (LAST - 1_000, true)] {
        let mut course = Course::new(policy, Mark::from_u64(1), at(0));
        let future = Cell::new(State::from_word((1_000 + ahead) << 3), lease::epoch(0));
        assert_eq!(Course::is_far_ahead(reading(future, 1_000)), is_far);
        assert_eq!(course.is_blocked(reading(future, 1_000)), ahead == LAST - 1_000);
        let act = course.look(reading(future, 1_000), at(0), Some(1));
        assert!(matches!(act, Act::Swap(Move { starts: false, .. })), "the window holds: {act:?}");
        let Act::Swap(step) = course.look(reading(Cell::NEW, 1_000), at(1), None) else {
            panic!("a run is owed")
        };
        assert_eq!((step.starts, step.new.is_put_back()), (is_far, !is_far));
        if is_far {
            assert_eq!(course.moved(step, at(1_001), at(1)), Act::Perform(step.new.epoch()));
            let end = course.finish(step.new.epoch(), reading(step.new, 1_002), at(2)).expect("it ends");
            course.finished(end, at(2));
            assert_eq!((course.covered(), course.is_owed()), (Some(1), false));
        }
    }
    check.passed(3, "cases");
}

/// Nothing is owed here, and others may have died with calls.
#[test]
fn a_process_without_calls_runs_what_is_overdue_and_nothing_else() {
    let check =
        Check::of(&[C3, C6], "tests: an idle process starts a run for the calls of others, if they are due");
    let policy = Policy::new(Threshold::from_nanos(10)).with_lease(Lease::from_nanos(20));
    let at = Timestamp::from_nanos;
    let looks = |cell, now| {
        let mut course = Course::new(policy, Mark::from_u64(1), at(0));
        course.look(Reading { cell, now: at(now), mark: None }, at(0), None)
    };
    let waits = |act, until| matches!(act, Act::Wait(wait) if wait.until == Until::Overdue(at(until)));
    let starts = |act| matches!(act, Act::Swap(Move { starts: true, .. }));
    let (running, _) = Cell::NEW.arrive(at(50), policy);
    let (finished, _) = running.finish(running.epoch());
    let (pending, _) = finished.arrive(at(51), policy);
    let (pending_beside, _) = running.arrive(at(51), policy);
    let put_back = Cell::NEW.join(running);
    let (ended_uncounted, _) = put_back.finish(running.epoch());
    for idle in [Cell::NEW, finished] {
        assert_eq!(looks(idle, 1_000), Act::Rest, "{idle:?}");
    }
    // A pending run is due when the window is over, and a run that is in progress when its lease is over.
    for (cell, due) in
        [(pending, 60), (running, 70), (pending_beside, 70), (put_back, 70), (ended_uncounted, 60)]
    {
        assert!(waits(looks(cell, due - 1), due), "{cell:?}: {:?}", looks(cell, due - 1));
        assert!(starts(looks(cell, due)), "{cell:?}: {:?}", looks(cell, due));
    }
    check.passed(7, "cases");
}

/// The owner looks when it is due. All others look a little later, so a process must know its own deferral.
#[test]
fn the_process_that_made_a_run_pending_waits_as_its_owner() {
    let check = Check::of(&[C5], "tests: the process that made a run pending looks when it is due");
    let policy = Policy::new(Threshold::from_nanos(10)).with_lease(Lease::from_nanos(20));
    let at = Timestamp::from_nanos;
    let [mut owner, mut other] = [1, 2].map(|mark| Course::new(policy, Mark::from_u64(mark), at(0)));
    let (running, _) = Cell::NEW.arrive(at(50), policy);
    let (finished, _) = running.finish(running.epoch());
    let reading = |cell, now| Reading { cell, now: at(now), mark: None };
    let until = |act| if let Act::Wait(wait) = act { wait.until } else { panic!("{act:?}") };
    let Act::Swap(defer) = owner.look(reading(finished, 51), at(1), Some(1)) else {
        panic!("the window is not over")
    };
    assert_eq!(until(owner.moved(defer, at(51), at(1))), Until::Due(at(60)));
    assert_eq!(until(owner.look(reading(defer.new, 52), at(2), None)), Until::Due(at(60)));
    assert_eq!(until(other.look(reading(defer.new, 52), at(2), Some(1))), Until::Overdue(at(60)));
    check.passed(3, "looks");
}

/// The start was done and never answered. Meanwhile another run had covered the calls of before: their callers
/// learn that before the function begins, not after it.
#[test]
fn what_another_run_has_covered_is_known_before_the_own_run() {
    let check =
        Check::of(&[C3, C5], "tests: a covered call is known before a run of unknown start is performed");
    let policy = Policy::new(Threshold::from_nanos(10)).with_lease(Lease::from_nanos(20));
    let at = Timestamp::from_nanos;
    let mark = Mark::from_u64(1);
    let mut course = Course::new(policy, mark, at(0));
    let Act::Swap(_) = course.look(Reading { cell: Cell::NEW, now: at(50), mark: None }, at(0), Some(1))
    else {
        panic!("the window is open")
    };
    let (other, _) = Cell::NEW.arrive(at(50), policy);
    let (finished, _) = other.finish(other.epoch());
    let (own, _) = finished.arrive(at(60), policy);
    let act = course.look(Reading { cell: own, now: at(61), mark: Some(mark) }, at(11), None);
    assert_eq!(act, Act::Perform(own.epoch()));
    assert_eq!((course.covered(), course.is_owed()), (Some(1), false));
    check.passed(1, "looks");
}
