//! The background front end: each operation, on a clock that the test moves.

mod support;

use atomic_throttle::{
    Builder, Clock, Ended, Manual, Moved, NotFlushed, Pending, Shutdown, Throttled, Timestamp, WaitError,
};
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::Duration;
use support::{SECOND, at, panic_quietly, until};

/// A throttle that tells each run to the test.
struct Subject {
    throttled: Throttled,
    clock: Arc<Manual>,
    runs: Receiver<u64>,
    /// What the callers wrote.
    written: Arc<AtomicU64>,
}

impl Subject {
    fn new() -> Self {
        Self::with(|builder| builder)
    }

    fn with(set_up: impl FnOnce(Builder) -> Builder) -> Self {
        Self::running(set_up, |_| ())
    }

    /// `inside` is called in each run, after that was told.
    fn running(
        set_up: impl FnOnce(Builder) -> Builder,
        mut inside: impl FnMut(u64) + Send + 'static,
    ) -> Self {
        let clock = Arc::new(Manual::new(at(1)));
        let written = Arc::new(AtomicU64::new(0));
        let (sender, runs) = mpsc::channel();
        let read = Arc::clone(&written);
        let builder = set_up(Throttled::builder(SECOND).clock(Arc::clone(&clock)).on_drop(Pending::Discard));
        let f = move || {
            let seen = read.load(SeqCst);
            let _ = sender.send(seen);
            inside(seen);
        };
        let throttled = builder.spawn(f).expect("a thread");
        Self { throttled, clock, runs, written }
    }

    /// Writes a number, and triggers.
    fn call(&self, number: u64) -> atomic_throttle::Triggered<'_> {
        self.written.store(number, SeqCst);
        self.throttled.trigger().expect("it goes on")
    }

    /// The leading run, so that the window is closed.
    fn lead(&self) {
        self.call(1).wait().expect("it completes");
        assert_eq!(self.runs.recv(), Ok(1));
    }

    fn assert_no_run(&self) {
        assert!(self.runs.try_recv().is_err());
    }
}

#[test]
fn the_first_call_runs_at_once_and_later_ones_when_the_window_is_over() {
    let subject = Subject::new();
    subject.lead();
    let first = subject.call(2);
    let second = subject.call(3);
    assert_eq!(first.epoch(), second.epoch());
    assert!(subject.throttled.is_pending());
    assert_eq!(subject.throttled.next_run_at(), Some(at(2)));
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
    assert_eq!(subject.throttled.flush(), Err(NotFlushed::NothingPending));
    subject.lead();
    let flushed = subject.call(2);
    assert_eq!(subject.throttled.flush(), Ok(()));
    assert_eq!(flushed.wait(), Ok(()));
    assert_eq!(subject.runs.recv(), Ok(2));
    let _ = subject.call(3);
    assert_eq!(subject.throttled.next_run_at(), Some(at(2).saturating_add(Duration::from_nanos(1))));
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

#[test]
fn a_panic_is_caught_counted_and_told_and_loses_nothing() {
    let (told, panics) = mpsc::channel();
    let subject = Subject::running(
        |builder| {
            builder.on_panic(move |panic| {
                let _ = told.send(panic.message().to_owned());
                panic_quietly();
            })
        },
        |number| {
            if number == 2 {
                panic_quietly();
            }
        },
    );
    subject.lead();
    let panicking = subject.call(2);
    subject.clock.set(at(2));
    assert_eq!(panicking.wait(), Err(WaitError::Panicked));
    assert_eq!(subject.throttled.wait(), Err(WaitError::Panicked));
    assert_eq!(panics.recv().as_deref(), Ok("on purpose"));
    assert_eq!((subject.throttled.panics(), subject.throttled.runs()), (1, 2));
    // Its window counts, and the next call runs.
    let next = subject.call(3);
    assert_eq!(subject.throttled.next_run_at(), Some(at(3)));
    subject.clock.set(at(3));
    assert_eq!((next.wait(), panicking.wait(), subject.throttled.wait()), (Ok(()), Ok(()), Ok(())));
}

#[test]
fn a_fatal_panic_ends_it_and_leaves_what_was_pending_owed() {
    let (go, gate) = mpsc::channel::<()>();
    let subject = Subject::running(Builder::fatal_panics, move |_| {
        gate.recv().unwrap_or(());
        panic_quietly();
    });
    let first = subject.call(1);
    assert_eq!(subject.runs.recv(), Ok(1));
    let during = subject.call(2);
    go.send(()).unwrap();
    assert_eq!(during.wait(), Err(WaitError::Owed));
    assert_eq!(first.wait(), Err(WaitError::Panicked));
    assert!(subject.throttled.is_owed());
    until(|| subject.throttled.trigger().is_err());
    assert_eq!(subject.throttled.trigger().err(), Some(Ended::Panicked));
    assert_eq!(subject.throttled.flush(), Err(NotFlushed::Ended));
    assert_eq!(subject.throttled.shutdown(Pending::Finish), Ok(Shutdown::Panicked));
}

#[test]
fn a_shutdown_says_what_became_of_the_pending_run() {
    for (pending, shutdown, runs) in [
        (Pending::Finish, Shutdown::Ran, 2),
        (Pending::Flush, Shutdown::Ran, 2),
        (Pending::Discard, Shutdown::Discarded, 1),
    ] {
        let subject = Subject::new();
        subject.lead();
        let _ = subject.call(2);
        if pending == Pending::Finish {
            let limit = subject.throttled.shutdown_within(pending, Duration::ZERO);
            assert_eq!(limit, Err(WaitError::TimedOut));
            assert!(subject.throttled.trigger().is_ok(), "the pending run covers it");
            subject.clock.set(at(2));
        }
        assert_eq!(subject.throttled.shutdown(pending), Ok(shutdown), "{pending:?}");
        assert_eq!(subject.throttled.runs(), runs);
        assert_eq!(subject.throttled.trigger().err(), Some(Ended::ShutDown));
        assert_eq!(subject.throttled.shutdown(Pending::Discard), Ok(shutdown), "it is told again");
    }
    assert_eq!(Subject::new().throttled.shutdown(Pending::Finish), Ok(Shutdown::Idle));
}

#[test]
fn the_last_handle_finishes_the_pending_run() {
    let subject = Subject::with(|builder| builder.on_drop(Pending::Finish));
    subject.lead();
    let _ = subject.call(2);
    let Subject { throttled, clock, runs, .. } = subject;
    let another = throttled.clone();
    drop(throttled);
    assert!(another.is_pending());
    let dropping = thread::spawn(move || drop(another));
    clock.set(at(2));
    assert_eq!(runs.recv(), Ok(2));
    dropping.join().expect("no panic");
    assert!(runs.recv().is_err(), "the function was dropped");
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
            assert_eq!(throttled.flush(), Err(NotFlushed::Running));
            assert_eq!(throttled.wait(), Err(WaitError::InsideRun));
            let nested = throttled.trigger().expect("it goes on");
            assert_eq!(nested.wait(), Err(WaitError::InsideRun));
            assert!(throttled.cancel());
            throttled.set_threshold(SECOND);
            assert_eq!(throttled.shutdown_within(Pending::Finish, SECOND), Err(WaitError::InsideRun));
            let _ = sender.send(());
        },
    );
    assert!(slot.set(subject.throttled.clone()).is_ok());
    let _ = subject.call(1);
    assert_eq!(told.recv(), Ok(()));
    assert_eq!(subject.throttled.shutdown(Pending::Finish), Ok(Shutdown::Idle));
    assert_eq!(subject.throttled.panics(), 0);
}

#[test]
fn the_last_handle_may_be_dropped_inside_the_run() {
    let (sender, handle): (Sender<Throttled>, _) = mpsc::channel();
    let subject = Subject::running(|builder| builder, move |_| drop(handle.recv()));
    let _ = subject.call(1);
    let Subject { throttled, runs, .. } = subject;
    let weak = throttled.downgrade();
    sender.send(throttled).unwrap();
    assert_eq!(runs.recv(), Ok(1));
    assert!(runs.recv().is_err(), "the thread has ended, and dropped the function");
    assert!(weak.upgrade().is_none());
}

/// `Manual`, and how often it was read by the thread.
struct Watched {
    time: Manual,
    readings: AtomicU64,
}

impl Watched {
    /// Sees the thread look once more than may have begun before.
    fn seen_again(&self) {
        for _ in 0..2 {
            let known = self.readings.load(SeqCst);
            self.time.advance(Duration::ZERO);
            until(|| self.readings.load(SeqCst) > known);
        }
    }
}

impl Clock for Watched {
    fn now(&self) -> Timestamp {
        if thread::current().name() == Some("resting") {
            self.readings.fetch_add(1, SeqCst);
        }
        self.time.now()
    }

    fn moved(&self) -> Option<&Moved> {
        self.time.moved()
    }
}

#[test]
fn a_rest_counts_from_the_end_of_a_run() {
    let clock = Arc::new(Watched { time: Manual::new(at(1)), readings: AtomicU64::new(0) });
    let slow = Arc::clone(&clock);
    let (sender, starts) = mpsc::channel();
    let throttled = Throttled::builder(SECOND)
        .name("resting")
        .clock(Arc::clone(&clock))
        .rest(SECOND * 3)
        .on_drop(Pending::Discard)
        .spawn(move || {
            let _ = sender.send(slow.time.now());
            slow.time.advance(SECOND * 10);
        })
        .expect("a thread");
    throttled.trigger().expect("it goes on").wait().expect("it completes");
    let next = throttled.trigger().expect("it goes on");
    for second in [11, 13] {
        clock.time.set(at(second));
        clock.seen_again();
        assert_eq!(next.wait_for(Duration::ZERO), Err(WaitError::TimedOut));
    }
    clock.time.set(at(14));
    assert_eq!(next.wait(), Ok(()));
    // A flush does not keep to it.
    let flushed = throttled.trigger().expect("it goes on");
    assert_eq!(throttled.flush(), Ok(()));
    assert_eq!(flushed.wait(), Ok(()));
    assert_eq!(starts.try_iter().collect::<Vec<_>>(), [at(1), at(14), at(24)]);
}

/// A clock that panics from the moment that it is told to.
struct Failing(AtomicU64);

impl Clock for Failing {
    fn now(&self) -> Timestamp {
        if self.0.load(SeqCst) > 0 && thread::current().name() == Some("failing") {
            panic_quietly();
        }
        at(1)
    }
}

#[test]
fn a_clock_that_panics_ends_it_and_leaves_what_was_pending_owed() {
    let clock = Arc::new(Failing(AtomicU64::new(0)));
    let builder = Throttled::builder(SECOND).name("failing").clock(Arc::clone(&clock));
    let throttled = builder.spawn(|| ()).expect("a thread");
    throttled.trigger().expect("it goes on").wait().expect("it completes");
    clock.0.store(1, SeqCst);
    let pending = throttled.trigger().expect("it goes on");
    assert_eq!(pending.wait(), Err(WaitError::Owed));
    assert_eq!(throttled.shutdown(Pending::Finish), Ok(Shutdown::Panicked));
    assert_eq!(throttled.trigger().err(), Some(Ended::Panicked));
}

#[test]
fn a_thread_that_cannot_be_started_is_an_error() {
    let error = Throttled::builder(SECOND).name("a\0b").spawn(|| ()).expect_err("a bad name");
    assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput);
    assert!(error.to_string().contains("leave it out"), "{error}");
}

/// Blocks when it is dropped, until the test lets it go.
struct HeldUp(Receiver<()>);

impl Drop for HeldUp {
    fn drop(&mut self) {
        let _ = self.0.recv();
    }
}

#[test]
fn whoever_knows_of_a_fatal_panic_is_refused() {
    let (go, gate) = mpsc::channel();
    let held = HeldUp(gate);
    let (sender, begin) = mpsc::channel::<()>();
    let throttled = Throttled::builder(SECOND)
        .fatal_panics()
        .spawn(move || {
            assert!(held.0.try_recv().is_err());
            begin.recv().unwrap_or(());
            panic_quietly();
        })
        .expect("a thread");
    let first = throttled.trigger().expect("it goes on");
    until(|| throttled.is_running());
    let pending = throttled.trigger().expect("it goes on");
    sender.send(()).unwrap();
    assert_eq!(first.wait(), Err(WaitError::Panicked));
    // The thread has not ended: it is about to drop the function.
    assert_eq!(throttled.trigger().err(), Some(Ended::Panicked));
    assert_eq!(pending.wait(), Err(WaitError::Owed));
    assert_eq!(throttled.shutdown_within(Pending::Finish, Duration::ZERO), Err(WaitError::TimedOut));
    go.send(()).unwrap();
    assert_eq!(throttled.shutdown(Pending::Finish), Ok(Shutdown::Panicked));
}

#[test]
fn the_function_may_trigger_without_being_a_handle() {
    let itself: Arc<OnceLock<atomic_throttle::WeakThrottled>> = Arc::default();
    let inside = Arc::clone(&itself);
    let subject = Subject::running(
        |builder| builder.on_drop(Pending::Flush),
        move |number| {
            if number == 1 {
                assert_eq!(inside.get().expect("it is set").trigger(), Ok(()));
            }
        },
    );
    let weak = subject.throttled.downgrade();
    assert!(itself.set(weak.clone()).is_ok());
    let _ = subject.call(1);
    assert_eq!(subject.runs.recv(), Ok(1));
    until(|| subject.throttled.is_pending() && !subject.throttled.is_running());
    subject.written.store(2, SeqCst);
    let Subject { throttled, runs, .. } = subject;
    drop(throttled);
    assert_eq!(runs.recv(), Ok(2), "what the function asked for");
    assert_eq!(weak.trigger(), Err(Ended::ShutDown));
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
