//! Answers that come late: after another process has gone on, or after the end.

use crate::failing::Slow;
use crate::{LIMIT, THRESHOLD};
use atomic_throttle_cluster::register::{Mark, Memory, Reading, Register, RegisterError, Swap};
use atomic_throttle_cluster::{Cell, ClusterThrottled};
use evidence::Guarantee::{C1, C2, C3};
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel, sync_channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Swaps at once, announces that, and answers when it may.
#[derive(Debug)]
struct LateAnswer {
    memory: Arc<Memory>,
    done: Sender<()>,
    goes_on: Mutex<Receiver<()>>,
}

impl Register for LateAnswer {
    fn read(&self) -> Result<Reading, RegisterError> {
        self.memory.read()
    }

    fn compare_and_swap(&self, old: Cell, new: Cell, mark: Mark) -> Result<Swap, RegisterError> {
        let answer = self.memory.compare_and_swap(old, new, mark);
        let _ = self.done.send(());
        let _ = self.goes_on.lock().unwrap().recv();
        answer
    }
}

/// The start of one process is done, and its answer comes when the lease is over and another process has
/// superseded it. The function does not begin for that run: the process looks again. The run of the other
/// process covers no call that was made after it had begun.
#[test]
fn a_run_whose_lease_is_over_when_its_answer_comes_does_not_begin() {
    let check =
        evidence::Check::of(&[C2, C3], "tests: a start that is answered after its lease is not performed");
    let memory = Arc::new(Memory::new());
    let ((done, is_done), (answer, goes_on)) = (channel(), channel());
    let late = LateAnswer { memory: Arc::clone(&memory), done, goes_on: Mutex::new(goes_on) };
    let builder = || ClusterThrottled::builder(Duration::from_millis(1)).lease(Duration::from_millis(50));
    let (begins, begun) = channel();
    let superseded = builder()
        .register(Arc::new(late))
        .spawn(move |run| begins.send((run.token(), run.lease_left())).unwrap())
        .unwrap();
    let ((other_begins, other_begun), (lets_go, goes_on)) = (channel(), channel::<()>());
    let other = builder()
        .register(memory)
        .spawn(move |run| {
            let _ = other_begins.send(run.token());
            let _ = goes_on.recv();
        })
        .unwrap();
    superseded.trigger().unwrap();
    is_done.recv_timeout(LIMIT).unwrap();
    other.trigger().unwrap();
    let superseding = other_begun.recv_timeout(LIMIT).unwrap();
    let ticket = superseded.trigger().unwrap();
    drop(answer);
    ticket.wait_for(LIMIT).unwrap();
    drop(lets_go);
    superseded.shutdown(LIMIT).unwrap();
    let begun: Vec<_> = begun.try_iter().collect();
    assert!(!begun.is_empty(), "the call came after the other run had begun");
    assert!(begun.iter().all(|(token, left)| *token > superseding && !left.is_zero()), "{begun:?}");
    check.passed(1, "runs");
}

/// Answers so long after it has done what it was asked.
#[derive(Debug)]
struct Delayed {
    memory: Memory,
    swaps: AtomicU32,
    by: Duration,
    /// Only the answer to this swap is late. `None`: all answers are.
    only: Option<u32>,
}

impl Delayed {
    fn answer<T>(&self, number: Option<u32>, answer: T) -> T {
        if self.only.is_none() || self.only == number {
            std::thread::sleep(self.by);
        }
        answer
    }
}

impl Register for Delayed {
    fn read(&self) -> Result<Reading, RegisterError> {
        self.answer(None, self.memory.read())
    }

    fn compare_and_swap(&self, old: Cell, new: Cell, mark: Mark) -> Result<Swap, RegisterError> {
        let swap = self.memory.compare_and_swap(old, new, mark);
        self.answer(Some(self.swaps.fetch_add(1, Relaxed)), swap)
    }
}

/// The lease counts from the moment in which the register was asked: the start may be as old as that.
#[test]
fn what_is_left_of_a_lease_is_counted_from_the_question_not_from_the_answer() {
    let check =
        evidence::Check::of(&[C2], "tests: the time on the way to the register is not left of a lease");
    let (lease, by) = (Duration::from_secs(10), Duration::from_millis(300));
    let register = Delayed { memory: Memory::new(), swaps: AtomicU32::new(0), by, only: None };
    let (told, left) = channel();
    let throttled = ClusterThrottled::builder(THRESHOLD)
        .register(Arc::new(register))
        .lease(lease)
        .spawn(move |run| told.send(run.lease_left()).unwrap())
        .unwrap();
    throttled.trigger().unwrap();
    let left = left.recv_timeout(LIMIT).unwrap();
    assert!(left + by <= lease, "{left:?}");
    check.passed(1, "runs");
}

/// The stamps are a threshold apart at the register. The function begins after the answer, so a late answer
/// followed by a prompt one would bring two functions of one process close together.
#[test]
fn the_functions_of_one_process_begin_a_threshold_apart() {
    let check = evidence::Check::of(&[C1], "tests: one process begins its functions a threshold apart");
    let (threshold, by) = (Duration::from_millis(400), Duration::from_millis(350));
    let register = Delayed { memory: Memory::new(), swaps: AtomicU32::new(0), by, only: Some(0) };
    let (told, begun) = channel();
    let throttled = ClusterThrottled::builder(threshold)
        .register(Arc::new(register))
        .spawn(move |_| told.send(Instant::now()).unwrap())
        .unwrap();
    throttled.trigger().unwrap();
    let first = begun.recv_timeout(LIMIT).unwrap();
    throttled.trigger().unwrap();
    let second = begun.recv_timeout(LIMIT).unwrap();
    assert!(second - first >= threshold, "{:?}", second - first);
    check.passed(2, "runs");
}

/// The thread waits for an answer as long as a register may take; the shutdown does not.
#[test]
fn no_run_begins_after_a_shutdown_has_returned() {
    let ((reads, is_read), (answer, goes_on)) = (sync_channel(0), channel());
    let (begun, ended) = channel();
    let throttled = ClusterThrottled::builder(THRESHOLD)
        .register(Arc::new(Slow { memory: Memory::new(), reads, goes_on: Mutex::new(goes_on) }))
        .spawn(move |_| begun.send(()).unwrap())
        .unwrap();
    throttled.trigger().unwrap();
    is_read.recv_timeout(LIMIT).unwrap();
    assert!(throttled.shutdown(Duration::ZERO).is_err());
    drop((answer, is_read));
    assert_eq!(ended.recv_timeout(LIMIT), Err(RecvTimeoutError::Disconnected), "dropped, and never called");
    assert_eq!(throttled.status().runs, 0);
    assert_eq!(throttled.register().read().unwrap().cell, Cell::NEW, "nor is one won that is not performed");
}

/// The same for a run that was won at the register.
#[test]
fn no_run_begins_that_was_won_when_the_end_had_come() {
    let memory = Arc::new(Memory::new());
    let ((done, is_done), (answer, goes_on)) = (channel(), channel());
    let (begun, ended) = channel();
    let throttled = ClusterThrottled::builder(THRESHOLD)
        .register(Arc::new(LateAnswer { memory: Arc::clone(&memory), done, goes_on: Mutex::new(goes_on) }))
        .spawn(move |_| begun.send(()).unwrap())
        .unwrap();
    throttled.trigger().unwrap();
    is_done.recv_timeout(LIMIT).unwrap();
    assert!(throttled.shutdown(Duration::ZERO).is_err());
    drop(answer);
    assert_eq!(ended.recv_timeout(LIMIT), Err(RecvTimeoutError::Disconnected), "dropped, and never called");
    assert!(memory.read().unwrap().cell.state().is_running(), "as after a death");
}

/// The end of the run is late: by then the register has forgotten it.
#[test]
fn a_run_that_the_register_forgets_covers_nobody_and_is_counted() {
    let memory = Arc::new(Memory::new());
    let (forgets, mut is_first) = (Arc::clone(&memory), true);
    let throttled = ClusterThrottled::builder(THRESHOLD)
        .register(memory)
        .spawn(move |_| {
            if std::mem::take(&mut is_first) {
                let cell = forgets.read().unwrap().cell;
                let forgotten = forgets.compare_and_swap(cell, Cell::NEW, Mark::NOBODY).unwrap();
                assert!(matches!(forgotten, Swap::Done(_)));
            }
        })
        .unwrap();
    throttled.trigger().unwrap().wait_for(LIMIT).unwrap();
    let status = throttled.status();
    assert_eq!((status.runs, status.superseded, status.panics), (2, 1, 0));
}
