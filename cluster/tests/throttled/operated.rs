//! What a person who operates the processes meets: calls that a dead process has left, processes that disagree,
//! a clock or a cell that cannot be right, and a register that is away when a handle is dropped.

use crate::failing::{Failing, Fault};
use crate::{LIMIT, THRESHOLD};
use atomic_throttle::lease::{Lease, Policy, epoch};
use atomic_throttle::{OnDrop, State, Threshold, Timestamp};
use atomic_throttle_cluster::register::{
    Mark, Memory, Reading, Register, RegisterError, RegisterErrorKind, Swap,
};
use atomic_throttle_cluster::{Cell, ClusterThrottled, SpawnError, Trouble, WaitError};
use evidence::Check;
use evidence::Guarantee::{C1, C2, C3, C6, C8};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A register that holds `cell`.
fn holding(cell: Cell) -> Arc<Memory> {
    let memory = Arc::new(Memory::new());
    let swap = memory.compare_and_swap(Cell::NEW, cell, Mark::random()).unwrap();
    assert!(matches!(swap, Swap::Done(_)) || cell == Cell::NEW);
    memory
}

/// What processes leave that die: a run that is pending, one that is in progress, and both.
fn left_by_the_dead() -> [(&'static str, Cell); 3] {
    let policy = Policy::new(Threshold::new(THRESHOLD)).with_lease(Lease::from_nanos(1));
    let now = Memory::new().read().unwrap().now;
    let (running, _) = Cell::NEW.arrive(now, policy);
    let (finished, _) = running.finish(running.epoch());
    let pending = |cell: Cell| cell.arrive(now, policy).0;
    [("pending", pending(finished)), ("in progress", running), ("both", pending(running))]
}

#[test]
fn the_calls_of_the_dead_are_covered_by_a_process_without_calls() {
    let check = Check::of(&[C3, C6], "tests: what dead processes left is run by one that only starts");
    for (what, cell) in left_by_the_dead() {
        let memory = holding(cell);
        let (told, begun) = channel();
        let throttled = ClusterThrottled::builder(THRESHOLD)
            .register(Arc::clone(&memory) as Arc<dyn Register>)
            .lease(10 * THRESHOLD)
            .spawn(move |run| told.send(run.token()).unwrap())
            .unwrap();
        assert!(begun.recv_timeout(LIMIT).unwrap() > cell.epoch().as_u64(), "{what}");
        throttled.shutdown(LIMIT).unwrap();
        assert!(!memory.read().unwrap().cell.is_open(), "{what}: it has finished");
        assert_eq!(begun.try_iter().count(), 0, "{what}: one run is enough");
    }
    check.passed(3, "cases");
}

/// The process was there before, and has looked.
#[test]
fn an_idle_process_looks_again_and_finds_what_was_left_since() {
    let check = Check::of(&[C3, C6], "tests: what dead processes left is run by one that is idle");
    for (what, cell) in left_by_the_dead() {
        let memory = Arc::new(Memory::new());
        let (told, begun) = channel();
        let (reads, is_read) = channel();
        let idle = ClusterThrottled::builder(THRESHOLD)
            .register(Arc::new(Announced { memory: Arc::clone(&memory), reads: Mutex::new(reads) }))
            .lease(10 * THRESHOLD)
            .idle_look(Duration::from_millis(10))
            .spawn(move |run| told.send(run.token()).unwrap())
            .unwrap();
        for _ in 0..3 {
            is_read.recv_timeout(LIMIT).unwrap();
        }
        assert!(matches!(memory.compare_and_swap(Cell::NEW, cell, Mark::random()), Ok(Swap::Done(_))));
        assert!(begun.recv_timeout(LIMIT).unwrap() > cell.epoch().as_u64(), "{what}");
        assert!(!idle.status().is_owed);
    }
    check.passed(3, "cases");
}

/// Nothing is owed here, and yet the process must find out what became of its start: nobody else knows whose
/// it is. The next idle look would come too late.
#[test]
fn a_start_for_the_dead_that_is_not_answered_is_performed_all_the_same() {
    for fault in [Fault::SwapsUnanswered(1), Fault::SwapsLost(1), Fault::SwapsUnanswered(3)] {
        let register = Arc::new(Failing::default());
        let cell = left_by_the_dead()[0].1;
        assert!(matches!(register.compare_and_swap(Cell::NEW, cell, Mark::random()), Ok(Swap::Done(_))));
        register.set(Some(fault));
        let (told, begun) = channel();
        let throttled = ClusterThrottled::builder(THRESHOLD)
            .register(Arc::clone(&register) as Arc<dyn Register>)
            .lease(100 * LIMIT)
            .idle_look(100 * LIMIT)
            .spawn(move |run| told.send(run.token()).unwrap())
            .unwrap();
        begun.recv_timeout(LIMIT).unwrap_or_else(|error| panic!("{fault:?}: {error}"));
        throttled.shutdown(LIMIT).unwrap();
        assert_eq!(begun.try_iter().count(), 0, "{fault:?}: one run");
    }
}

/// Announces each reading.
#[derive(Debug)]
struct Announced {
    memory: Arc<Memory>,
    reads: Mutex<Sender<()>>,
}

impl Register for Announced {
    fn read(&self) -> Result<Reading, RegisterError> {
        let _ = self.reads.lock().unwrap().send(());
        self.memory.read()
    }

    fn compare_and_swap(&self, old: Cell, new: Cell, mark: Mark) -> Result<Swap, RegisterError> {
        self.memory.compare_and_swap(old, new, mark)
    }
}

#[test]
fn a_process_that_does_not_look_asks_nothing_before_its_first_call() {
    let spawn = |idle_look: Option<Duration>| {
        let (reads, is_read) = channel();
        let register = Announced { memory: holding(left_by_the_dead()[0].1), reads: Mutex::new(reads) };
        let builder = ClusterThrottled::builder(THRESHOLD).register(Arc::new(register));
        (builder.idle_look(idle_look).spawn(|_| ()).unwrap(), is_read)
    };
    let (quiet, is_read) = spawn(None);
    quiet.shutdown(LIMIT).unwrap();
    assert_eq!(is_read.try_iter().count(), 0);
    for mean in [LIMIT, Duration::MAX] {
        let (looks, is_read) = spawn(Some(mean));
        is_read.recv_timeout(LIMIT).unwrap();
        looks.trigger().unwrap().wait_for(LIMIT).unwrap();
        looks.shutdown(LIMIT).unwrap();
    }
}

#[test]
fn what_cannot_work_is_refused_with_a_word_what_to_do() {
    let refused =
        |builder: atomic_throttle_cluster::ClusterThrottledBuilder| builder.spawn(|_| ()).unwrap_err();
    let error = refused(ClusterThrottled::builder(THRESHOLD));
    assert!(matches!(error, SpawnError::NoRegister), "{error}");
    assert!(error.to_string().contains("in_memory"), "{error}");
    let error = refused(ClusterThrottled::in_memory(THRESHOLD).idle_look(Duration::ZERO));
    assert!(matches!(error, SpawnError::IdleLook { .. }), "{error}");
    let slow = |lease| ClusterThrottled::builder(THRESHOLD).register(Arc::new(Slow)).lease(lease);
    assert!(slow(Duration::from_millis(2_001)).spawn(|_| ()).is_ok());
    for lease in [2_000, 1_000, 1] {
        let error = refused(slow(Duration::from_millis(lease)));
        assert!(matches!(error, SpawnError::Slow { .. }), "{error}");
        assert!(error.to_string().contains("may take 2s"), "{error}");
    }
    let error = refused(ClusterThrottled::in_memory(THRESHOLD).lease(Duration::from_millis(1)));
    assert!(matches!(error, SpawnError::Slow { .. }), "{error}");
}

/// May take two seconds for an answer.
#[derive(Debug)]
struct Slow;

impl Register for Slow {
    fn read(&self) -> Result<Reading, RegisterError> {
        Err(RegisterError::new(RegisterErrorKind::Unreachable, &"slow".into()))
    }

    fn compare_and_swap(&self, _: Cell, _: Cell, _: Mark) -> Result<Swap, RegisterError> {
        Err(RegisterError::new(RegisterErrorKind::Unreachable, &"slow".into()))
    }

    fn answers_within(&self) -> Option<Duration> {
        Some(Duration::from_secs(2))
    }
}

/// A front end that tells its troubles.
fn tells(builder: atomic_throttle_cluster::ClusterThrottledBuilder) -> (ClusterThrottled, Receiver<Trouble>) {
    let (told, troubles) = channel();
    let throttled =
        builder.on_error(move |trouble| told.send(trouble.clone()).unwrap()).spawn(|_| ()).unwrap();
    (throttled, troubles)
}

#[test]
fn another_threshold_lease_or_tag_is_noticed_and_the_same_ones_are_not() {
    let check = Check::of(&[C1, C2], "tests: processes that disagree notice it");
    let (threshold, lease) = (Duration::from_millis(30), Duration::from_secs(3));
    for (theirs, differs) in [
        ((threshold, lease, "reload"), false),
        ((threshold, lease, ""), false),
        ((2 * threshold, lease, "reload"), true),
        ((threshold, 2 * lease, "reload"), true),
        ((threshold, lease, "restart"), true),
    ] {
        let memory: Arc<dyn Register> = Arc::new(Memory::new());
        let builder = |(threshold, lease, tag): (_, _, &str)| {
            ClusterThrottled::builder(threshold).register(Arc::clone(&memory)).lease(lease).tag(tag)
        };
        let (other, troubles_there) = tells(builder(theirs));
        other.trigger().unwrap().wait_for(LIMIT).unwrap();
        let (here, troubles) = tells(builder((threshold, lease, "reload")));
        here.trigger().unwrap().wait_for(LIMIT).unwrap();
        // What was there before it began may be its own.
        assert!(here.status().disagreement.is_none());
        // Each of them meets a run that the other one has started since.
        other.trigger().unwrap().wait_for(LIMIT).unwrap();
        here.trigger().unwrap().wait_for(LIMIT).unwrap();
        for (throttled, troubles) in [(here, troubles), (other, troubles_there)] {
            let seen = throttled.status().disagreement;
            assert_eq!(seen.is_some(), differs, "{theirs:?}: {seen:?}");
            throttled.shutdown(LIMIT).unwrap();
            let reported: Vec<_> = troubles.try_iter().collect();
            assert_eq!(reported.len(), usize::from(differs), "{theirs:?}: {reported:?}");
            assert!(reported.iter().all(|trouble| matches!(trouble, Trouble::Disagreement { .. })));
        }
    }
    check.passed(5, "cases");
}

/// A run that ended, so many nanoseconds after the origin of the clock.
fn ended_at(nanos: u64) -> Cell {
    Cell::new(State::from_word(nanos << 3), epoch(nanos))
}

/// Two hours ahead of the clock: the clock was set back. Runs go on, and a person hears of it.
#[test]
fn a_cell_that_is_ahead_of_the_clock_is_reported_and_calls_are_covered() {
    let ahead = Memory::new().read().unwrap().now.saturating_add(Duration::from_secs(2 * 60 * 60));
    let memory = holding(ended_at(ahead.as_nanos()));
    let builder = ClusterThrottled::builder(THRESHOLD).register(memory);
    let (throttled, troubles) = tells(builder);
    for _ in 0..3 {
        throttled.trigger().unwrap().wait_for(LIMIT).unwrap();
    }
    let error = throttled.status().error.expect("it is still ahead");
    assert_eq!(error.kind(), RegisterErrorKind::Ahead);
    assert!(error.to_string().contains("set that clock right"), "{error}");
    throttled.shutdown(LIMIT).unwrap();
    assert!(matches!(troubles.try_iter().collect::<Vec<_>>().as_slice(), [Trouble::Register(_)]));
}

/// At the end of the clock's range no window ends. Nothing is decided by such a cell, so removing it helps.
#[test]
fn a_cell_at_the_end_of_the_clock_is_reported_and_removing_it_helps() {
    let check = Check::of(&[C8], "tests: a cell that blocks the register is an error, and removing it helps");
    let last = ended_at(Timestamp::MAX.as_nanos());
    let memory = holding(last);
    let builder = ClusterThrottled::builder(THRESHOLD).register(Arc::clone(&memory) as Arc<dyn Register>);
    let (throttled, troubles) = tells(builder);
    let ticket = throttled.trigger().unwrap();
    let Trouble::Register(error) = troubles.recv_timeout(LIMIT).unwrap() else { panic!("it blocks") };
    assert_eq!(error.kind(), RegisterErrorKind::Ahead);
    let waited = ticket.wait_for(Duration::ZERO);
    assert!(matches!(waited, Err(WaitError::TimedOut { register: Some(_) })), "{waited:?}");
    assert!(matches!(memory.compare_and_swap(last, Cell::NEW, Mark::NOBODY), Ok(Swap::Done(_))));
    ticket.wait_for(LIMIT).unwrap();
    assert!(throttled.status().error.is_none());
    assert!(matches!(troubles.recv_timeout(LIMIT), Ok(Trouble::Over { .. })));
    check.passed(1, "cases");
}

/// The function waits until the drop has returned.
#[test]
fn a_drop_may_wait_for_a_limit_or_not_at_all() {
    let check =
        Check::of(&[C8], "tests: the drop of the last handle waits at most as long as it was told to");
    for on_drop in [OnDrop::Detach, OnDrop::WaitFor(Duration::ZERO), OnDrop::WaitFor(THRESHOLD)] {
        let ((dropped, goes_on), (told, begun)) = (channel::<()>(), channel());
        let throttled = ClusterThrottled::in_memory(THRESHOLD)
            .on_drop(on_drop)
            .drop_limit(1000 * LIMIT)
            .spawn(move |_| {
                told.send(()).unwrap();
                let _ = goes_on.recv();
            })
            .unwrap();
        throttled.trigger().unwrap();
        begun.recv_timeout(LIMIT).unwrap();
        throttled.trigger().unwrap();
        drop(throttled);
        drop(dropped);
        // The thread goes on, and covers the call that was made meanwhile.
        begun.recv_timeout(LIMIT).unwrap();
    }
    check.passed(3, "ends");
}

/// The limit is longer than the test may take.
#[test]
fn a_drop_does_not_wait_for_a_register_that_is_away() {
    let check =
        Check::of(&[C8], "tests: the drop of the last handle does not wait for a register that is away");
    let register = Arc::new(Failing::default());
    register.set(Some(Fault::Unreachable));
    let (function, ended) = channel::<()>();
    let throttled = ClusterThrottled::builder(THRESHOLD)
        .register(Arc::clone(&register) as Arc<dyn Register>)
        .drop_limit(1000 * LIMIT)
        .spawn(move |_| {
            let _ = &function;
        })
        .unwrap();
    throttled.trigger().unwrap();
    drop(throttled);
    // The thread goes on: the calls are covered when the register is back, and then it ends.
    assert!(ended.try_recv().is_err_and(|error| error == std::sync::mpsc::TryRecvError::Empty));
    register.set(None);
    assert!(
        ended
            .recv_timeout(LIMIT)
            .is_err_and(|error| error == std::sync::mpsc::RecvTimeoutError::Disconnected)
    );
    check.passed(1, "ends");
}
