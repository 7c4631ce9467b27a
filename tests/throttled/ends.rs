//! The fate of the pending run when the throttle is shut down, or its last handle dropped.

use crate::subject::Subject;
use crate::support::{at, until};
use atomic_throttle::{Ended, Pending, Shutdown, Throttled, WaitError, WeakThrottled};
use std::sync::atomic::Ordering::SeqCst;
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::Duration;

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

#[test]
fn the_function_may_trigger_without_being_a_handle() {
    let itself: Arc<OnceLock<WeakThrottled>> = Arc::default();
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

/// Says that it is dropped, and blocks until the test lets it go.
struct HeldUp(Sender<()>, Receiver<()>);

impl Drop for HeldUp {
    fn drop(&mut self) {
        let _ = self.0.send(());
        let _ = self.1.recv();
    }
}

/// One that is held up, what tells that it is dropped, and what lets it go.
fn held_up() -> (HeldUp, Receiver<()>, Sender<()>) {
    let ((dropped, is_dropped), (go, gate)) = (mpsc::channel(), mpsc::channel());
    (HeldUp(dropped, gate), is_dropped, go)
}

#[test]
fn what_the_function_and_the_hook_hold_is_dropped_before_the_end() {
    let (of_function, function_is_dropped, drop_function) = held_up();
    let (of_hook, hook_is_dropped, drop_hook) = held_up();
    let subject = Subject::running(
        |builder| builder.on_panic(move |_| _ = of_hook.0.send(())),
        move |_| _ = of_function.0.send(()),
    );
    let end = || subject.throttled.shutdown_within(Pending::Finish, Duration::ZERO);
    assert_eq!(end(), Err(WaitError::TimedOut));
    for (is_dropped, go) in [(function_is_dropped, drop_function), (hook_is_dropped, drop_hook)] {
        is_dropped.recv().expect("it is dropped");
        assert_eq!(end(), Err(WaitError::TimedOut), "the end is announced after that");
        go.send(()).expect("it waits");
    }
    assert_eq!(subject.throttled.shutdown(Pending::Finish), Ok(Shutdown::Idle));
}
