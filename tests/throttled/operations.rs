//! Each operation.

use crate::subject::Subject;
use crate::support::{SECOND, at};
use atomic_throttle::{NotFlushed, Pending, Shutdown, Throttled, WaitError};
use std::sync::mpsc;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

#[test]
fn the_first_call_runs_at_once_and_later_ones_when_the_window_is_over() {
    let subject = Subject::new();
    subject.lead();
    let first = subject.call(2);
    let second = subject.call(3);
    assert_eq!(first.epoch(), second.epoch());
    assert!(subject.throttled.is_pending());
    assert_eq!(subject.throttled.snapshot().next_run_at, Some(at(2)));
    subject.assert_no_run();
    subject.clock.set(at(2));
    assert_eq!((first.wait(), second.wait()), (Ok(()), Ok(())));
    assert_eq!(subject.runs.recv(), Ok(3));
    assert_eq!(subject.throttled.runs(), 2);
}

#[test]
fn a_call_during_a_run_is_not_lost() {
    let (go, gate) = mpsc::channel::<()>();
    let subject = Subject::running(|builder| builder, move |_| gate.recv().unwrap_or(()));
    let leading = subject.call(1);
    assert_eq!(subject.runs.recv(), Ok(1));
    let during = subject.call(2);
    assert!(during.epoch() > leading.epoch());
    go.send(()).unwrap();
    go.send(()).unwrap();
    assert_eq!(leading.wait(), Ok(()));
    subject.clock.set(at(2));
    assert_eq!(during.wait(), Ok(()));
    assert_eq!(subject.runs.recv(), Ok(2));
}

#[test]
fn a_cancel_keeps_the_window() {
    let subject = Subject::new();
    subject.lead();
    let cancelled = subject.call(2);
    assert!(subject.throttled.cancel());
    assert!(!subject.throttled.cancel());
    assert_eq!(cancelled.wait(), Err(WaitError::Cancelled));
    let next = subject.call(3);
    subject.assert_no_run();
    subject.clock.set(at(2));
    assert_eq!(next.wait(), Ok(()));
    assert_eq!(subject.runs.recv(), Ok(3));
    assert_eq!(subject.throttled.runs(), 2);
}

#[test]
fn a_flush_runs_now_and_starts_a_window() {
    let subject = Subject::new();
    assert_eq!(subject.throttled.flush().map(drop), Err(NotFlushed::NothingPending));
    subject.lead();
    let flushed = subject.call(2);
    assert_eq!(subject.throttled.flush().map(drop), Ok(()));
    assert_eq!(flushed.wait(), Ok(()));
    assert_eq!(subject.runs.recv(), Ok(2));
    let _ = subject.call(3);
    assert_eq!(subject.throttled.snapshot().next_run_at, Some(at(2).saturating_add(Duration::from_nanos(1))));
}

#[test]
fn a_changed_threshold_retimes_the_pending_run() {
    let subject = Subject::new();
    subject.lead();
    let pending = subject.call(2);
    subject.throttled.set_threshold(SECOND * 5);
    subject.clock.set(at(2));
    assert_eq!(pending.wait_for(Duration::ZERO), Err(WaitError::TimedOut));
    subject.throttled.set_threshold(SECOND / 2);
    assert_eq!(pending.wait(), Ok(()));
}

/// A run that holds the last handle, and calls everything.
#[test]
fn every_operation_may_be_called_from_inside_the_run() {
    let slot: Arc<OnceLock<Throttled>> = Arc::default();
    let inside = Arc::clone(&slot);
    let (sender, told) = mpsc::channel();
    let subject = Subject::running(
        |builder| builder,
        move |number| {
            let Some(throttled) = inside.get() else { return };
            if number != 1 {
                return;
            }
            assert_eq!(throttled.flush().map(drop), Err(NotFlushed::Running));
            assert_eq!(throttled.all().wait(), Err(WaitError::InsideRun));
            let nested = throttled.trigger().expect("it goes on");
            assert_eq!(nested.wait(), Err(WaitError::InsideRun));
            assert!(throttled.cancel());
            throttled.set_threshold(SECOND);
            assert_eq!(throttled.shutdown(Pending::Finish).wait_for(SECOND), Err(WaitError::InsideRun));
            let _ = sender.send(());
        },
    );
    assert!(slot.set(subject.throttled.clone()).is_ok());
    let _ = subject.call(1);
    assert_eq!(told.recv(), Ok(()));
    assert_eq!(subject.throttled.shutdown(Pending::Finish).wait(), Ok(Shutdown::Idle));
    assert_eq!(subject.throttled.panics(), 0);
}

#[test]
fn a_thread_that_cannot_be_started_is_an_error() {
    let error = Throttled::builder(SECOND).name("a\0b").spawn(|| ()).expect_err("a bad name");
    assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput);
    assert!(error.to_string().contains("leave it out"), "{error}");
}

/// The system adds nothing to the time that its thread sleeps for.
#[cfg(target_os = "linux")]
#[test]
fn the_thread_has_no_timer_slack() {
    let (sender, slack) = mpsc::channel();
    let throttled = Throttled::spawn(SECOND, move || {
        let _ = sender.send(rustix::thread::current_timer_slack());
    });
    assert!(throttled.trigger().is_ok());
    assert_eq!(slack.recv(), Ok(Ok(1)), "in nanoseconds");
    assert!(rustix::thread::current_timer_slack().is_ok_and(|nanos| nanos > 1), "this thread's is as it was");
}

/// On the real clock: the limit passes while the thread waits.
#[test]
fn a_wait_ends_at_its_limit() {
    let throttled = Throttled::builder(3600 * SECOND).spawn(|| ()).expect("a thread");
    throttled.trigger().expect("it goes on").wait().expect("it completes");
    let pending = throttled.trigger().expect("it goes on");
    assert_eq!(pending.wait_for(Duration::from_millis(1)), Err(WaitError::TimedOut));
    assert_eq!(throttled.shutdown(Pending::Discard).wait(), Ok(Shutdown::Discarded));
}
