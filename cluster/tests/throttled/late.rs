//! Answers that come late: after another process has gone on, or after the end.

use crate::failing::Slow;
use crate::{LIMIT, THRESHOLD};
use atomic_throttle_cluster::register::{Mark, Memory, Reading, Register, RegisterError, Swap};
use atomic_throttle_cluster::{Cell, ClusterThrottled};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel, sync_channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

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

/// A function that announces its begin, and ends when it may.
fn held() -> (impl FnMut(&atomic_throttle_cluster::Run<'_>) + Send, Receiver<()>, Sender<()>) {
    let ((begun, has_begun), (lets_go, goes_on)) = (channel(), channel::<()>());
    let function = move |_: &atomic_throttle_cluster::Run<'_>| {
        let _ = begun.send(());
        let _ = goes_on.recv();
    };
    (function, has_begun, lets_go)
}

/// The start of one process is done, and another process supersedes it before the answer arrives. The run of
/// that other process does not cover a call made in between, because it began before.
#[test]
fn a_run_that_was_superseded_before_its_answer_covers_no_later_call() {
    let memory = Arc::new(Memory::new());
    let ((done, is_done), (answer, goes_on)) = (channel(), channel());
    let late = LateAnswer { memory: Arc::clone(&memory), done, goes_on: Mutex::new(goes_on) };
    let builder = || ClusterThrottled::builder(Duration::from_millis(1)).lease(Duration::from_millis(50));
    let (function, has_begun, lets_go) = held();
    let superseded = builder().register(Arc::new(late)).spawn(function).unwrap();
    let (function, other_has_begun, lets_other_go) = held();
    let other = builder().register(memory).spawn(function).unwrap();
    superseded.trigger().unwrap();
    is_done.recv_timeout(LIMIT).unwrap();
    other.trigger().unwrap();
    other_has_begun.recv_timeout(LIMIT).unwrap();
    let ticket = superseded.trigger().unwrap();
    drop(answer);
    has_begun.recv_timeout(LIMIT).unwrap();
    drop(lets_other_go);
    other.wait_for(LIMIT).unwrap();
    assert_eq!((superseded.status().runs, other.status().runs), (1, 1));
    drop(lets_go);
    ticket.wait_for(LIMIT).unwrap();
    assert_eq!(superseded.status().runs + other.status().runs, 3, "one that began after the call");
    assert_eq!((superseded.status().superseded, other.status().superseded), (1, 0));
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
