//! [`Course`] and [`Cell::join`] over the whole range of times: clocks that jump anywhere, thresholds and
//! leases from one end to the other. These tests show that nothing panics or overflows, and that nothing
//! remembered goes back. They cannot show how several processes act together: the exploration of the protocol
//! does, with small times.

use atomic_throttle::lease::{self, Lease, Policy};
use atomic_throttle::state::Finish;
use atomic_throttle::{Epoch, State, Threshold, Timestamp};
use atomic_throttle_cluster::Cell;
use atomic_throttle_cluster::course::{Act, Course, Move, Pace, Until};
use atomic_throttle_cluster::register::{Mark, Reading};
use evidence::{Check, depth};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use rand::SeedableRng;
use rand::rngs::StdRng;
use watchdog as _;

const LAST: u64 = Timestamp::MAX.as_nanos();

/// Times near every end of the range, and anywhere in it.
fn time() -> impl Strategy<Value = u64> {
    prop_oneof![0..40_u64, LAST - 40..=LAST, (0..61_u32).prop_map(|bit| (1 << bit).min(LAST)), 0..=LAST]
}

fn policy() -> impl Strategy<Value = Policy> {
    (time(), prop::option::of(time())).prop_map(|(threshold, lease)| {
        let policy = Policy::new(Threshold::from_nanos(threshold));
        lease.map_or(policy, |lease| policy.with_lease(Lease::from_nanos(lease)))
    })
}

/// Any bytes are a cell; most of these have a word and a finished epoch near each other.
fn cell() -> impl Strategy<Value = Cell> {
    let near = (time(), 0..8_u64, 0..3_u64).prop_map(|(last, flags, before)| {
        let word = last << 3 | flags;
        Cell::new(State::from_word(word), lease::epoch(last.saturating_sub(before)))
    });
    prop_oneof![near, any::<[u8; 16]>().prop_map(Cell::from_bytes)]
}

#[derive(Clone, Copy, Debug)]
enum Step {
    /// Looks; the register may hold another cell than the one that was put there.
    Look { now: u64, local: u64, takes: bool, instead: Option<Cell>, marked: bool },
    /// The requested move is done, if the register holds the cell that it must.
    Swap { now: u64, local: u64, instead: Option<Cell> },
    /// The run that was won ends, and the move for it is done.
    Finish { now: u64, local: u64, instead: Option<Cell> },
}

fn step() -> impl Strategy<Value = Step> {
    let instead = || prop_oneof![4 => Just(None), 1 => cell().prop_map(Some)];
    prop_oneof![
        (time(), time(), any::<bool>(), instead(), any::<bool>()).prop_map(
            |(now, local, takes, instead, marked)| Step::Look { now, local, takes, instead, marked }
        ),
        (time(), time(), instead()).prop_map(|(now, local, instead)| Step::Swap { now, local, instead }),
        (time(), time(), instead()).prop_map(|(now, local, instead)| Step::Finish { now, local, instead }),
    ]
}

/// A process at a register that behaves arbitrarily.
struct Follower {
    course: Course,
    pace: Pace,
    held: Cell,
    swap: Option<Move>,
    run: Option<Epoch>,
    taken: u64,
    /// Whether the latest step may have let a run of the far future be forgotten.
    may_forget: bool,
    rng: StdRng,
}

impl Follower {
    fn new(policy: Policy) -> Self {
        Self {
            course: Course::new(policy, Mark::from_u64(1), Timestamp::ZERO),
            pace: Pace::new(policy.threshold),
            held: Cell::NEW,
            swap: None,
            run: None,
            taken: 0,
            may_forget: false,
            rng: StdRng::seed_from_u64(1),
        }
    }

    fn reading(&mut self, now: u64, instead: Option<Cell>, marked: bool) -> Reading {
        self.held = instead.unwrap_or(self.held);
        let mark = marked.then(|| self.course.mark());
        let reading = Reading { cell: self.held, now: Timestamp::from_nanos(now), mark };
        let remembered = Reading { cell: self.course.cell(), ..reading };
        self.may_forget = Course::is_far_ahead(remembered) && !Course::is_far_ahead(reading);
        reading
    }

    fn take(&mut self, step: Step) {
        // A further look, or the finish of a run, gives up the move that was planned.
        let swap = self.swap.take();
        match step {
            Step::Look { now, local, takes, instead, marked } => {
                self.taken += u64::from(takes);
                let reading = self.reading(now, instead, marked);
                let taken = takes.then_some(self.taken);
                let act = self.course.look(reading, Timestamp::from_nanos(local), taken);
                self.follow(act, local);
            }
            Step::Swap { now, local, instead } => {
                let Some(step) = swap else { return };
                let reading = self.reading(now, instead, false);
                let local_time = Timestamp::from_nanos(local);
                let act = if reading.cell == step.old {
                    self.held = step.new;
                    self.course.moved(step, reading.now, local_time)
                } else {
                    self.course.look(reading, local_time, None)
                };
                self.follow(act, local);
            }
            Step::Finish { now, local, instead } => {
                let Some(epoch) = self.run.take() else { return };
                let (reading, local) = (self.reading(now, instead, false), Timestamp::from_nanos(local));
                if let Some(step) = self.course.finish(epoch, reading, local) {
                    assert_eq!(step.old, self.held);
                    self.held = step.new;
                    self.course.finished(step, local);
                }
            }
        }
    }

    fn follow(&mut self, act: Act, local: u64) {
        match act {
            Act::Rest => assert!(!self.course.is_owed() || self.run.is_some()),
            Act::Swap(step) => self.swap = Some(step),
            Act::Perform(epoch) => {
                self.taken += 1;
                self.course.cover(self.taken);
                self.run = Some(epoch);
            }
            Act::Wait(wait) => {
                let local = Timestamp::from_nanos(local);
                let plan = self.pace.plan(wait, local, &mut self.rng);
                let at = plan.at.unwrap_or(Timestamp::NEVER);
                assert!(at >= local);
                let is_for_ever = match wait.until {
                    Until::Due(due) | Until::Overdue(due) => due == Timestamp::NEVER,
                    Until::Finished { .. } => false,
                };
                assert_eq!(plan.at.is_none(), is_for_ever);
            }
        }
    }
}

#[test]
fn no_time_is_too_wide() {
    let check =
        Check::of("C8", "sequences: across processes, any clocks and cells: nothing panics or goes back");
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
    let check = Check::of("C8", "tests: a cell of the far future that was removed is not put back");
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
        Check::of("C3 C6", "tests: an idle process starts a run for the calls of others, if they are due");
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

/// What a cell means apart from the finished epoch, which is only what the register says.
fn word(cell: Cell) -> State {
    cell.state()
}

#[test]
fn what_is_remembered_is_a_join() {
    let check = Check::of("C3 C8", "sequences: the words of cells join, whatever order they are seen in");
    let cases = depth(5_000, 1_000_000);
    let mut runner =
        TestRunner::new(ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() });
    let strategy = (cell(), cell(), cell(), 0..4_u8);
    runner
        .run(&strategy, |(a, b, c, same)| {
            // Often both are of one epoch.
            let beside = |other: Cell| {
                let word = a.epoch().as_u64() << 3 | other.state().to_word() & 7;
                Cell::new(State::from_word(word), other.finished())
            };
            let b = if same > 0 { beside(b) } else { b };
            let c = if same > 1 { beside(c) } else { c };
            prop_assert_eq!(word(a.join(b)), word(b.join(a)));
            prop_assert_eq!(word(a.join(b).join(c)), word(a.join(b.join(c))));
            prop_assert_eq!(a.join(a), a);
            prop_assert_eq!(a.join(b).join(b), a.join(b));
            prop_assert!(a.join(b).epoch() == a.epoch().max(b.epoch()));
            prop_assert_eq!(a.join(b).finished(), a.finished());
            prop_assert_eq!(Cell::from_bytes(a.to_bytes()), a);
            // It may have been put back.
            prop_assert_eq!(Cell::from_bytes(a.join(b).to_bytes()), a.join(b));
            Ok(())
        })
        .unwrap_or_else(|failed| panic!("{failed}"));
    check.passed(cases as usize, "cases");
}

/// A run that has ended stays ended, and a run that is pending stays pending, whichever of the two cells is
/// read.
#[test]
fn within_an_epoch_nothing_goes_back() {
    let policy = Policy::new(Threshold::from_nanos(10)).with_lease(Lease::from_nanos(5));
    let (running, _) = Cell::NEW.arrive(Timestamp::from_nanos(50), policy);
    let (pending, _) = running.arrive(Timestamp::from_nanos(51), policy);
    let (ended, outcome) = running.finish(running.epoch());
    assert_eq!(outcome, Finish::Finished);
    assert!(pending.is_pending() && !ended.is_pending() && !Cell::NEW.is_pending());
    for both in [pending.join(ended), ended.join(pending)] {
        assert!(both.is_pending() && !both.state().is_running());
    }
    assert_eq!(pending.join(ended).finished(), Epoch::NEVER_RAN);
    assert_eq!(ended.join(pending).finished(), running.epoch());
}

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
