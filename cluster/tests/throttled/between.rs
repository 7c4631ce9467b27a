//! What can happen between two steps of the thread: other calls, calls of other processes, a failing
//! register.

use crate::failing::{Failing, Fault};
use crate::{LIMIT, THRESHOLD};
use atomic_throttle_cluster::register::{Mark, Memory, Reading, Register, RegisterError, Swap};
use atomic_throttle_cluster::{Cell, ClusterThrottled};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// So long that a test exceeds its limit if anything is left to the end of a lease or of a window.
const LONG: Duration = Duration::from_secs(3600);

/// A register that announces each swap, and waits until it may continue.
#[derive(Debug)]
struct Held {
    memory: Memory,
    asked: Sender<()>,
    go_on: Mutex<Receiver<()>>,
}

impl Register for Held {
    fn read(&self) -> Result<Reading, RegisterError> {
        self.memory.read()
    }

    fn compare_and_swap(&self, old: Cell, new: Cell, mark: Mark) -> Result<Swap, RegisterError> {
        let _ = self.asked.send(());
        let _ = self.go_on.lock().unwrap().recv();
        self.memory.compare_and_swap(old, new, mark)
    }
}

#[test]
fn calls_that_come_while_a_run_is_started_are_covered_by_it() {
    let ((asked, is_asked), (go_on, waits)) = (channel(), channel());
    let register = Arc::new(Held { memory: Memory::new(), asked, go_on: Mutex::new(waits) });
    let throttled = ClusterThrottled::builder(LONG).register(register).spawn(|_| ()).unwrap();
    let first = throttled.trigger().unwrap();
    is_asked.recv_timeout(LIMIT).unwrap();
    let second = throttled.trigger().unwrap();
    drop(go_on);
    first.wait_for(LIMIT).unwrap();
    second.wait_for(LIMIT).unwrap();
    assert_eq!(throttled.status().runs, 1);
}

#[test]
fn calls_that_come_while_nothing_answers_are_covered_with_those_before() {
    let register = Arc::new(Failing::default());
    register.set(Some(Fault::Unreachable));
    let failures = register.failures();
    let throttled = ClusterThrottled::builder(THRESHOLD)
        .register(Arc::clone(&register) as Arc<dyn Register>)
        .spawn(|_| ())
        .unwrap();
    let first = throttled.trigger().unwrap();
    failures.recv_timeout(LIMIT).unwrap();
    let second = throttled.trigger().unwrap();
    // Both calls were taken, and neither has an answer.
    for _ in 0..2 {
        failures.recv_timeout(LIMIT).unwrap();
    }
    register.set(None);
    first.wait_for(LIMIT).unwrap();
    second.wait_for(LIMIT).unwrap();
}

#[test]
fn a_finish_that_is_lost_is_done_again() {
    for fault in [Fault::SwapsLost(1), Fault::SwapsLost(3), Fault::SwapsUnanswered(1)] {
        let register = Arc::new(Failing::default());
        let inside = Arc::clone(&register);
        let throttled = ClusterThrottled::builder(THRESHOLD)
            .register(Arc::clone(&register) as Arc<dyn Register>)
            .lease(LONG)
            .spawn(move |_| inside.set(Some(fault)))
            .unwrap();
        throttled.trigger().unwrap().wait_for(LIMIT).unwrap_or_else(|error| panic!("{fault:?}: {error}"));
        assert_eq!(throttled.status().runs, 1, "{fault:?}");
    }
}

#[test]
fn a_finish_that_is_never_answered_does_not_outlast_a_shutdown() {
    let register = Arc::new(Failing::default());
    let inside = Arc::clone(&register);
    let ((entered, is_in), (function, ended)) = (channel(), channel::<()>());
    let throttled = ClusterThrottled::builder(THRESHOLD)
        .register(Arc::clone(&register) as Arc<dyn Register>)
        .lease(LONG)
        .spawn(move |_| {
            let _ = &function;
            inside.set(Some(Fault::Unreachable));
            entered.send(()).unwrap();
        })
        .unwrap();
    throttled.trigger().unwrap();
    is_in.recv_timeout(LIMIT).unwrap();
    assert!(throttled.shutdown(Duration::from_millis(1)).is_err());
    assert!(matches!(ended.recv_timeout(LIMIT), Err(std::sync::mpsc::RecvTimeoutError::Disconnected)));
}

#[test]
fn a_run_that_another_process_has_called_in_is_finished() {
    let register: Arc<dyn Register> = Arc::new(Memory::new());
    let ((entered, is_in), (lets_go, go_on)) = (channel(), channel::<()>());
    let builder = || ClusterThrottled::builder(THRESHOLD).register(Arc::clone(&register)).lease(LONG);
    let runs = builder()
        .spawn(move |run| {
            entered.send((run.token(), run.epoch(), run.lease_left())).unwrap();
            let _ = go_on.recv();
        })
        .unwrap();
    let count = Arc::new(AtomicU64::new(0));
    let tokens = Arc::clone(&count);
    let other = builder().spawn(move |run| tokens.store(run.token(), Relaxed)).unwrap();
    let first = runs.trigger().unwrap();
    let (token, epoch, left) = is_in.recv_timeout(LIMIT).unwrap();
    assert_eq!(token, epoch.as_u64());
    assert!(left > LIMIT && left <= LONG, "{left:?} of the lease");
    let second = other.trigger().unwrap();
    while !register.read().unwrap().cell.is_pending() {
        std::thread::yield_now();
    }
    drop(lets_go);
    first.wait_for(LIMIT).unwrap();
    second.wait_for(LIMIT).unwrap();
    assert!(count.load(Relaxed) > token, "the token grows");
}
