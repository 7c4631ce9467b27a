//! Runs that a register has forgotten, or put back.

use atomic_throttle::lease::{self, Lease, Policy};
use atomic_throttle::{Epoch, State, Threshold, Timestamp};
use atomic_throttle_cluster::Cell;
use atomic_throttle_cluster::course::{Act, Course, Move};
use atomic_throttle_cluster::register::{Mark, Reading};

/// The register forgets a run in progress, and a process that does not know the run asks for one. The end of
/// the forgotten run must not cover that call, which came after its start.
#[test]
fn a_run_that_was_forgotten_covers_nobody() {
    let policy = Policy::new(Threshold::from_nanos(10)).with_lease(Lease::from_nanos(20));
    let at = Timestamp::from_nanos;
    let reading = |cell, now, mark| Reading { cell, now: at(now), mark: Some(mark) };
    let [mut runner, mut other] = [1, 2].map(|mark| Course::new(policy, Mark::from_u64(mark), at(0)));

    let Act::Swap(start) = runner.look(reading(Cell::NEW, 50, Mark::NOBODY), at(0), Some(1)) else {
        panic!("the window is open")
    };
    let Act::Perform(epoch) = runner.moved(start, at(50), at(0)) else { panic!("it was started") };

    // The register forgets; the call comes, and is taken before the run ends.
    let Act::Swap(second) = other.look(reading(Cell::NEW, 55, Mark::NOBODY), at(5), Some(1)) else {
        panic!("the other process knows of no run")
    };
    let end = runner.finish(epoch, reading(Cell::NEW, 56, Mark::NOBODY), at(6)).expect("it is put back");
    assert_eq!((end.new.epoch(), end.new.finished()), (epoch, Epoch::NEVER_RAN));
    assert_eq!(end.mark(&runner), Mark::NOBODY);
    runner.finished(end, at(6));
    assert!(runner.is_owed(), "its own call too: the register does not show that it was covered");

    // The start of the other process finds that cell, and waits for the window.
    assert_ne!(second.old, end.new);
    let act = other.look(reading(end.new, 57, Mark::NOBODY), at(7), None);
    assert!(matches!(act, Act::Swap(Move { starts: false, .. })), "{act:?}");
    assert_eq!(other.covered(), None);
    assert!(other.is_owed());
}

/// Another process puts the run back before it ends. The run ends, and covers no calls, even if its own
/// process does not know of this and expects the earlier cell.
#[test]
fn a_run_that_was_put_back_ends() {
    let policy = Policy::new(Threshold::from_nanos(10)).with_lease(Lease::from_nanos(20));
    let at = Timestamp::from_nanos;
    let reading = |cell, now| Reading { cell, now: at(now), mark: None };
    let [mut runner, mut other] = [1, 2].map(|mark| Course::new(policy, Mark::from_u64(mark), at(0)));
    let Act::Swap(start) = runner.look(reading(Cell::NEW, 50), at(0), Some(1)) else {
        panic!("the window is open")
    };
    let Act::Perform(epoch) = runner.moved(start, at(50), at(0)) else { panic!("it was started") };
    let Act::Swap(_) = other.look(reading(start.new, 51), at(1), Some(1)) else {
        panic!("another run is needed")
    };
    let Act::Swap(puts_back) = other.look(reading(Cell::NEW, 52), at(2), None) else {
        panic!("the register has forgotten")
    };
    assert!(puts_back.new.is_put_back() && puts_back.new.state().is_running());

    let unaware = runner.clone().finish(epoch, reading(runner.cell(), 53), at(3)).expect("it would finish");
    assert_eq!(unaware.new.finished(), epoch);
    assert_ne!(unaware.old, puts_back.new);

    let ends = runner.finish(epoch, reading(puts_back.new, 53), at(3)).expect("it ends");
    assert!(!ends.new.state().is_running() && ends.new.is_put_back());
    assert_eq!(ends.new.finished(), Epoch::NEVER_RAN);
}

/// A start whose process got no answer, and that has landed late: the run is performed while its lease holds.
/// Afterwards another one may have begun, or begin at any moment.
#[test]
fn a_run_that_is_found_after_its_lease_is_not_performed() {
    let policy = Policy::new(Threshold::from_nanos(10)).with_lease(Lease::from_nanos(20));
    let at = Timestamp::from_nanos;
    let mut course = Course::new(policy, Mark::from_u64(1), at(0));
    let reading = |cell, now| Reading { cell, now: at(now), mark: Some(Mark::from_u64(1)) };
    let Act::Swap(start) = course.look(reading(Cell::NEW, 50), at(0), Some(1)) else {
        panic!("the window is open")
    };
    let epoch = start.new.epoch();
    assert_eq!(course.clone().look(reading(start.new, 69), at(19), None), Act::Perform(epoch));
    for now in [70, 71, 1_000] {
        let act = course.clone().look(reading(start.new, now), at(20), None);
        assert!(matches!(act, Act::Swap(Move { starts: true, .. })), "at {now}: {act:?}");
    }
}

/// A run that was put back stays marked as such, whichever process moves the cell next.
#[test]
fn whoever_moves_a_run_that_was_put_back_says_so() {
    let policy = Policy::new(Threshold::from_nanos(10)).with_lease(Lease::from_nanos(20));
    let at = Timestamp::from_nanos;
    let reading = |cell, now| Reading { cell, now: at(now), mark: None };
    let (running, _) = Cell::NEW.arrive(at(50), policy);
    let put_back = Cell::NEW.join(running);
    assert!(put_back.is_put_back() && put_back.state().is_running());

    // One process sees it for the first time; the other has seen it before it was put back.
    for seen in [Cell::NEW, running] {
        let mut course = Course::new(policy, Mark::from_u64(2), at(0));
        let _ = course.look(reading(seen, 51), at(0), None);
        let Act::Swap(defers) = course.look(reading(put_back, 52), at(1), Some(1)) else {
            panic!("another run is needed")
        };
        assert!(defers.new.is_pending() && defers.new.is_put_back());
        assert_eq!(defers.new.finish(running.epoch()).0.finished(), Epoch::NEVER_RAN);
        // Also if its mark has been lost again.
        let lost_again = Cell::new(running.state(), Epoch::NEVER_RAN);
        assert!(lost_again.join(defers.new).is_put_back());
    }
    // The next run is another one.
    let (next, _) = put_back.arrive(at(100), policy);
    assert!(!next.is_put_back());
    assert_eq!(next.finish(next.epoch()).0.finished(), next.epoch());
}

/// The answer to a start comes when its lease is over. That run covers the calls that were made by then, if
/// it is the run that finishes. If another run has superseded it, this process does not know when that one
/// began.
#[test]
fn calls_before_a_run_are_covered_by_no_other_one() {
    let policy = Policy::new(Threshold::from_nanos(10)).with_lease(Lease::from_nanos(30));
    let at = Timestamp::from_nanos;
    let reading = |cell, now| Reading { cell, now: at(now), mark: None };
    let mut course = Course::new(policy, Mark::from_u64(1), at(0));
    let Act::Swap(start) = course.look(reading(Cell::NEW, 100), at(0), Some(1)) else {
        panic!("the window is open")
    };
    let (superseding, _) = start.new.arrive(at(150), policy);
    let Act::Perform(epoch) = course.moved(start, at(100), at(100)) else { panic!("it was started") };
    course.cover(2);

    let mut alone = course.clone();
    let end = alone.finish(epoch, reading(start.new, 210), at(110)).expect("nobody has superseded it");
    assert!(alone.is_owed() && alone.covered().is_none());
    alone.finished(end, at(111));
    assert_eq!((alone.covered(), alone.is_owed()), (Some(2), false));
    // Or the swap is done without an answer.
    let mut unanswered = course.clone();
    assert_eq!(unanswered.finish(epoch, reading(end.new, 210), at(110)), None);
    assert_eq!((unanswered.covered(), unanswered.is_owed()), (Some(2), false));

    let (finished, _) = superseding.finish(superseding.epoch());
    assert_eq!(course.finish(epoch, reading(finished, 210), at(110)), None);
    assert_eq!((course.covered(), course.is_owed()), (Some(1), true), "the other one may have begun before");
    let Act::Swap(again) = course.look(reading(finished, 211), at(111), None) else { panic!("one is owed") };
    let Act::Perform(epoch) = course.moved(again, at(211), at(111)) else { panic!("it was started") };
    let end = course.finish(epoch, reading(again.new, 212), at(112)).expect("nobody has superseded it");
    course.finished(end, at(113));
    assert_eq!((course.covered(), course.is_owed()), (Some(2), false));
}

/// Bytes that no process that follows a course has written.
#[test]
fn a_run_that_never_was_covers_nobody() {
    let policy = Policy::new(Threshold::from_nanos(10)).with_lease(Lease::from_nanos(20));
    let at = Timestamp::from_nanos;
    for word in [State::NEW, State::from_word(40 << 3)] {
        let never_was = Cell::new(word, lease::epoch(u64::MAX));
        let mut course = Course::new(policy, Mark::from_u64(1), at(0));
        let reading = |cell| Reading { cell, now: at(100), mark: None };
        let Act::Swap(start) = course.look(reading(never_was), at(0), Some(1)) else { panic!("one is owed") };
        let Act::Perform(epoch) = course.moved(start, at(100), at(0)) else { panic!("it was started") };
        assert_eq!(course.covered(), None);
        let end = course.finish(epoch, reading(start.new), at(1)).expect("nobody has superseded it");
        course.finished(end, at(2));
        assert_eq!(course.covered(), Some(1));
    }
}
