//! A panic of the function, of a clock, and a fatal one.

use crate::subject::Subject;
use crate::support::{SECOND, at, panic_quietly, until};
use atomic_throttle::{
    Clock, Ended, NotFlushed, Pending, Shutdown, Throttled, ThrottledBuilder, Timestamp, WaitError,
};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

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
    assert_eq!(subject.throttled.all().wait(), Err(WaitError::Panicked));
    assert_eq!(panics.recv().as_deref(), Ok("on purpose"));
    assert_eq!((subject.throttled.panics(), subject.throttled.runs()), (1, 2));
    // Its window counts, and the next call runs.
    let next = subject.call(3);
    assert_eq!(subject.throttled.snapshot().next_run_at, Some(at(3)));
    subject.clock.set(at(3));
    assert_eq!((next.wait(), subject.throttled.all().wait()), (Ok(()), Ok(())));
    // What the call is told does not depend on when it looks.
    assert_eq!(panicking.wait(), Err(WaitError::Panicked));
}

#[test]
fn a_fatal_panic_ends_it_and_leaves_what_was_pending_owed() {
    let (go, gate) = mpsc::channel::<()>();
    let subject = Subject::running(ThrottledBuilder::fatal_panics, move |_| {
        gate.recv().unwrap_or(());
        panic_quietly();
    });
    let first = subject.call(1);
    assert_eq!(subject.runs.recv(), Ok(1));
    let during = subject.call(2);
    go.send(()).unwrap();
    assert_eq!(during.wait(), Err(WaitError::Owed));
    assert_eq!(first.wait(), Err(WaitError::Panicked));
    assert!(subject.throttled.snapshot().is_owed());
    until(|| subject.throttled.trigger().is_err());
    assert_eq!(subject.throttled.trigger().err(), Some(Ended::Panicked));
    assert_eq!(subject.throttled.flush().map(drop), Err(NotFlushed::Ended));
    assert_eq!(subject.throttled.shutdown(Pending::Finish).wait(), Ok(Shutdown::Panicked));
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
    assert_eq!(throttled.shutdown(Pending::Finish).wait(), Ok(Shutdown::Panicked));
    assert_eq!(throttled.trigger().err(), Some(Ended::Panicked));
}

#[test]
fn a_run_counts_as_completed_where_the_clock_panics_right_after_it() {
    let clock = Arc::new(Failing(AtomicU64::new(0)));
    let builder = Throttled::builder(SECOND).name("failing").rest(SECOND).clock(Arc::clone(&clock));
    // The thread reads the clock next to know until when it rests.
    let throttled = builder.spawn(move || clock.0.store(1, SeqCst)).expect("a thread");
    let call = throttled.trigger().expect("it goes on");
    assert_eq!(call.wait(), Ok(()), "G3: the run has covered it");
    assert_eq!(throttled.shutdown(Pending::Finish).wait(), Ok(Shutdown::Panicked));
    assert_eq!(call.wait(), Ok(()));
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
    until(|| throttled.snapshot().running);
    let pending = throttled.trigger().expect("it goes on");
    sender.send(()).unwrap();
    assert_eq!(first.wait(), Err(WaitError::Panicked));
    // The thread has not ended: it is about to drop the function.
    assert_eq!(throttled.trigger().err(), Some(Ended::Panicked));
    assert_eq!(pending.wait(), Err(WaitError::Owed));
    assert_eq!(throttled.shutdown(Pending::Finish).wait_for(Duration::ZERO), Err(WaitError::TimedOut));
    go.send(()).unwrap();
    assert_eq!(throttled.shutdown(Pending::Finish).wait(), Ok(Shutdown::Panicked));
}
