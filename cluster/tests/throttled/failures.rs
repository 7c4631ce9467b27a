//! A register that does not answer: nothing is lost, nothing is done twice, and callers that wait learn the
//! reason.

use crate::failing::{Failing, Fault, Slow};
use crate::{LIMIT, THRESHOLD};
use atomic_throttle_cluster::register::{
    Mark, Memory, Reading, Register, RegisterError, RegisterErrorKind, Swap,
};
use atomic_throttle_cluster::{Cell, ClusterThrottled, Ended, Trouble, WaitError};
use evidence::Check;
use evidence::Guarantee::{C3, C8};
use std::error::Error;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, OnceLock, mpsc};
use std::time::{Duration, Instant};

/// A throttle at a register that fails, and a count of the runs of its function.
fn at(register: &Arc<Failing>, lease: Duration) -> (ClusterThrottled, Arc<AtomicU64>) {
    let runs = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&runs);
    let throttled = ClusterThrottled::builder(THRESHOLD)
        .register(Arc::clone(register) as Arc<dyn Register>)
        .lease(lease)
        .spawn(move |_| {
            counted.fetch_add(1, Relaxed);
        })
        .unwrap();
    (throttled, runs)
}

#[test]
fn calls_stay_owed_while_nothing_answers_and_are_covered_when_it_does() {
    let check = Check::of(&[C3, C8], "tests: calls at a register that does not answer are covered later");
    let register = Arc::new(Failing::default());
    register.set(Some(Fault::Unreachable));
    let (throttled, runs) = at(&register, LIMIT);
    let ticket = throttled.trigger().unwrap();
    let error = loop {
        match ticket.wait_for(Duration::from_millis(10)) {
            Err(error @ WaitError::TimedOut { register: Some(_) }) => break error,
            // The thread has not asked the register yet.
            Err(WaitError::TimedOut { register: None }) => {}
            other => panic!("{other:?}"),
        }
    };
    assert!(error.to_string().contains("does not answer"), "it ends with its cause: {error}");
    let status = throttled.status();
    assert!(status.is_owed);
    assert_eq!(status.error.map(|error| error.kind()), Some(RegisterErrorKind::Unreachable));
    assert_eq!(runs.load(Relaxed), 0);

    register.set(None);
    ticket.wait_for(LIMIT).unwrap();
    assert_eq!(runs.load(Relaxed), 1);
    let status = throttled.status();
    assert!(!status.is_owed && status.error.is_none());
    check.passed(1, "calls");
}

#[test]
fn a_call_is_owed_while_the_register_is_asked_for_it() {
    let (reads, asked) = mpsc::sync_channel(100);
    let (answer, goes_on) = mpsc::channel();
    let register = Slow { memory: Memory::new(), reads, goes_on: Mutex::new(goes_on) };
    let throttled = ClusterThrottled::builder(THRESHOLD).register(Arc::new(register)).spawn(|_| ()).unwrap();
    let ticket = throttled.trigger().unwrap();
    asked.recv_timeout(LIMIT).unwrap();
    assert!(throttled.status().is_owed && !ticket.is_covered());
    drop(answer);
    ticket.wait_for(LIMIT).unwrap();
    assert!(!throttled.status().is_owed);
}

/// The lease is so long that a test would exceed its limit if a run were left to it.
#[test]
fn a_swap_that_is_not_answered_loses_no_run_and_makes_no_second_one() {
    let check = Check::of(
        &[C3, C8],
        "tests: the first, or the first two swaps, happen or not and are not answered: one run, at once",
    );
    let mut faults = 0;
    for fault in [
        Fault::SwapsUnanswered(1),
        Fault::SwapsUnanswered(2),
        Fault::SwapsUnanswered(5),
        Fault::SwapsLost(1),
        Fault::SwapsLost(2),
        Fault::SwapsLost(5),
    ] {
        let register = Arc::new(Failing::default());
        register.set(Some(fault));
        let (throttled, runs) = at(&register, 100 * LIMIT);
        throttled.trigger().unwrap().wait_for(LIMIT).unwrap_or_else(|error| panic!("{fault:?}: {error}"));
        assert_eq!(runs.load(Relaxed), 1, "{fault:?}");
        faults += 1;
    }
    check.passed(faults, "faults");
}

/// The second call is deferred, so its swaps are a deferral, a start and a finish.
#[test]
fn each_swap_of_a_deferred_run_may_go_unanswered() {
    for unanswered in 1..=4 {
        let register = Arc::new(Failing::default());
        let (throttled, runs) = at(&register, 100 * LIMIT);
        throttled.trigger().unwrap().wait_for(LIMIT).unwrap();
        register.set(Some(Fault::SwapsUnanswered(unanswered)));
        throttled.trigger().unwrap().wait_for(LIMIT).unwrap();
        assert_eq!(runs.load(Relaxed), 2, "{unanswered} unanswered");
    }
}

/// Like a replica, or a server that is full.
#[test]
fn a_register_that_is_read_and_takes_no_swap_is_asked_less_and_less_often() {
    let check =
        Check::of(&[C8], "tests: a register that is read and takes no swap is asked less and less often");
    let register = Arc::new(Failing::default());
    register.set(Some(Fault::SwapsLost(u32::MAX)));
    let failures = register.failures();
    let throttled = ClusterThrottled::builder(THRESHOLD)
        .register(Arc::clone(&register) as Arc<dyn Register>)
        .spawn(|_| ())
        .unwrap();
    let began = Instant::now();
    let ticket = throttled.trigger().unwrap();
    let errors = 8;
    for _ in 0..errors {
        failures.recv_timeout(LIMIT).unwrap();
    }
    // The delays double from 20 ms on; a thread may sleep longer, never shorter.
    let least = Duration::from_millis(20 * ((1 << (errors - 1)) - 1));
    assert!(began.elapsed() >= least, "{errors} errors in {:?}", began.elapsed());
    assert!(throttled.status().error.is_some());

    register.set(None);
    ticket.wait_for(LIMIT).unwrap();
    assert!(throttled.status().error.is_none());
    check.passed(errors, "cases");
}

/// One outage is one report, and one more when it is over, however often the register was tried. The hook
/// panics each time.
#[test]
fn an_outage_is_reported_once_and_its_end_once() {
    let register = Arc::new(Failing::default());
    let failures = register.failures();
    let (told, tells) = mpsc::channel();
    let throttled = ClusterThrottled::builder(THRESHOLD)
        .register(Arc::clone(&register) as Arc<dyn Register>)
        .on_error(move |trouble| {
            let _ = told.send(trouble.clone());
            panic!("a hook that panics");
        })
        .spawn(|_| ())
        .unwrap();
    throttled.trigger().unwrap().wait_for(LIMIT).unwrap();
    for _ in 0..2 {
        register.set(Some(Fault::Unreachable));
        let ticket = throttled.trigger().unwrap();
        for _ in 0..4 {
            failures.recv_timeout(LIMIT).unwrap();
        }
        register.set(None);
        ticket.wait_for(LIMIT).unwrap();
    }
    throttled.shutdown(LIMIT).unwrap();
    let troubles: Vec<_> = tells.try_iter().collect();
    assert!(
        matches!(
            troubles.as_slice(),
            [Trouble::Register(_), Trouble::Over { .. }, Trouble::Register(_), Trouble::Over { .. }]
        ),
        "{troubles:?}"
    );
}

#[test]
fn a_register_that_panics_leaves_nobody_waiting() {
    let register = Arc::new(Failing::default());
    let (throttled, runs) = at(&register, LIMIT);
    // The look of the start is over, and the next one is not due.
    throttled.trigger().unwrap().wait_for(LIMIT).unwrap();
    register.set(Some(Fault::Panics));
    let ticket = throttled.trigger().unwrap();
    assert!(matches!(ticket.wait_for(LIMIT), Err(WaitError::Ended)));
    assert_eq!(throttled.trigger().err(), Some(Ended));
    assert!(throttled.shutdown(LIMIT).is_err(), "a call was not covered");
    assert_eq!(runs.load(Relaxed), 1);
}

/// The cause of an error; its drop asks the throttle for something.
#[derive(Debug)]
struct Cause(Arc<OnceLock<ClusterThrottled>>);

impl std::fmt::Display for Cause {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the cause")
    }
}

impl Error for Cause {}

impl Drop for Cause {
    fn drop(&mut self) {
        if let Some(throttled) = self.0.get() {
            let _ = throttled.status();
        }
    }
}

/// Fails this many times, each time with another cause.
#[derive(Debug)]
struct FailsFor {
    memory: Memory,
    throttled: Arc<OnceLock<ClusterThrottled>>,
    left: AtomicU64,
}

impl Register for FailsFor {
    fn read(&self) -> Result<Reading, RegisterError> {
        if self.left.load(Relaxed) == 0 {
            return self.memory.read();
        }
        self.left.fetch_sub(1, Relaxed);
        let error = RegisterError::new(RegisterErrorKind::Unreachable, &"for a cause".into());
        Err(error.with_source(Cause(Arc::clone(&self.throttled))))
    }

    fn compare_and_swap(&self, old: Cell, new: Cell, mark: Mark) -> Result<Swap, RegisterError> {
        self.memory.compare_and_swap(old, new, mark)
    }
}

#[test]
fn the_cause_of_an_error_may_use_the_throttle_when_it_is_dropped() {
    let throttled: Arc<OnceLock<ClusterThrottled>> = Arc::default();
    let register =
        FailsFor { memory: Memory::new(), throttled: Arc::clone(&throttled), left: AtomicU64::new(3) };
    let fails = ClusterThrottled::builder(THRESHOLD).register(Arc::new(register)).spawn(|_| ()).unwrap();
    throttled.set(fails.clone()).unwrap();
    let (told, tells) = mpsc::channel();
    // On another thread: a thread that waits for a lock which is never released waits for ever.
    std::thread::spawn(move || told.send(fails.trigger().unwrap().wait_for(LIMIT).is_ok()));
    assert_eq!(tells.recv_timeout(LIMIT), Ok(true));
}
