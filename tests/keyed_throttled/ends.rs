//! The end: the fate of the pending runs, and who waits for it.

use super::subject::{Builder, ENDED, Subject, Throttle};
use super::support::{SECOND, at, panic_quietly, until};
use atomic_throttle::{
    Count, Ended, KeyedThrottled, NotFlushed, NotTaken, OnDrop, Pending, Shutdown, WaitError,
    WeakKeyedThrottled,
};
use evidence::Check;
use evidence::Guarantee::G3;
use std::cell::RefCell;
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::Duration;

#[test]
fn a_shutdown_says_what_became_of_the_pending_runs() {
    let check = Check::of(&[G3], "tests: the end of a KeyedThrottled performs, flushes or discards each key");
    for (pending, shutdown, runs, uncovered) in [
        (Pending::Finish, Shutdown::Ran, 4, 1),
        (Pending::Flush, Shutdown::Ran, 4, 1),
        (Pending::Discard, Shutdown::Discarded, 2, 4),
    ] {
        let subject = Subject::new();
        for key in ["a", "b"] {
            subject.lead(key);
        }
        for key in ["a", "b", "b"] {
            subject.call(key);
        }
        // A cancelled key does not hold up the end.
        subject.clock.set(at(2).saturating_sub(Duration::from_nanos(1)));
        subject.call("c");
        subject.assert_run("c", 1);
        subject.call("c");
        assert!(subject.throttled.cancel("c"));
        if pending == Pending::Finish {
            let limit = subject.throttled.shutdown(pending).wait_for(Duration::ZERO);
            assert_eq!(limit, Err(WaitError::TimedOut));
            assert_eq!(subject.throttled.trigger("a").map(drop), Ok(()), "the pending run covers it");
            assert_eq!(subject.throttled.trigger("c").map(drop), Err(ENDED), "it was cancelled");
            assert_eq!(subject.throttled.flush("a").map(drop), Err(NotFlushed::Ended));
            subject.clock.set(at(2));
        }
        assert_eq!(subject.throttled.shutdown(pending).wait(), Ok(shutdown), "{pending:?}");
        assert_eq!((subject.throttled.runs(), subject.throttled.uncovered()), (runs + 1, uncovered));
        assert_eq!(subject.throttled.trigger("a").map(drop), Err(ENDED));
        assert_eq!(subject.throttled.trigger("new").map(drop), Err(ENDED));
        assert_eq!(subject.throttled.shutdown(Pending::Discard).wait(), Ok(shutdown), "it is told again");
        assert_eq!((subject.throttled.pending(), subject.throttled.all().wait()), (0, Ok(())));
    }
    assert_eq!(Subject::new().throttled.shutdown(Pending::Finish).wait(), Ok(Shutdown::Idle));
    check.passed(3, "cases");
}

#[test]
fn the_last_handle_finishes_the_pending_runs() {
    let subject = Subject::with(|builder| builder.pending_on_drop(Pending::Finish));
    subject.lead("a");
    subject.call("a");
    subject.call("a");
    let Subject { throttled, clock, runs } = subject;
    let another = throttled.clone();
    drop(throttled);
    assert!(another.is_pending("a"));
    let dropping = thread::spawn(move || drop(another));
    clock.set(at(2));
    assert_eq!(runs.recv(), Ok(("a".to_owned(), 2)));
    dropping.join().expect("no panic");
    assert!(runs.recv().is_err(), "the function was dropped");
}

#[test]
fn the_last_handle_may_be_dropped_inside_the_run() {
    let (sender, handle): (Sender<Throttle>, _) = mpsc::channel();
    let subject = Subject::running(|builder| builder, move |_| drop(handle.recv()));
    subject.call("a");
    let Subject { throttled, runs, .. } = subject;
    let weak = throttled.downgrade();
    sender.send(throttled).unwrap();
    assert_eq!(runs.recv(), Ok(("a".to_owned(), 1)));
    assert!(runs.recv().is_err(), "the thread has ended, and dropped the function");
    assert!(weak.upgrade().is_none());
}

#[test]
fn the_function_may_trigger_without_being_a_handle() {
    let itself: Arc<OnceLock<WeakKeyedThrottled<String, Count>>> = Arc::default();
    let inside = Arc::clone(&itself);
    let (sender, handle): (Sender<Throttle>, _) = mpsc::channel();
    let (tell, told) = mpsc::channel();
    let subject = Subject::running(
        |builder| builder.pending_on_drop(Pending::Flush),
        move |_| {
            let weak = inside.get().expect("it is set");
            let Ok(last) = handle.recv() else { return };
            let before = (weak.trigger("a"), weak.trigger("b"));
            drop(last);
            let is_gone = weak.upgrade().is_none();
            let _ = tell.send((before, is_gone, weak.trigger("a"), weak.trigger("new")));
        },
    );
    let weak = subject.throttled.downgrade();
    assert!(itself.set(weak.clone()).is_ok());
    subject.call("a");
    let Subject { throttled, runs, .. } = subject;
    sender.send(throttled).unwrap();
    drop(sender);
    // Pending runs are performed, and cover a call even after the last handle was dropped.
    assert_eq!(told.recv(), Ok(((Ok(()), Ok(())), true, Ok(()), Err(ENDED))));
    let mut runs: Vec<_> = runs.iter().collect();
    runs[1..].sort();
    assert_eq!(runs, [("a".to_owned(), 1), ("a".to_owned(), 2), ("b".to_owned(), 1)]);
    assert_eq!(weak.trigger("a").map(drop), Err(ENDED));
}

#[test]
fn a_thread_that_cannot_be_started_is_an_error() {
    let builder: Builder = KeyedThrottled::builder(SECOND).name("a\0b");
    let error = builder.spawn(|_| ()).expect_err("a bad name");
    assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput);
}

#[test]
fn the_last_handle_in_strange_places() {
    // Dropped in the hook, in a thread-local destructor of another thread, and in one of the thread itself.
    thread_local!(static KEPT: RefCell<Option<KeyedThrottled<u8>>> = const { RefCell::new(None) });
    let (sender, handle) = mpsc::channel::<KeyedThrottled<u8>>();
    let (told, ended) = mpsc::channel::<()>();
    let throttled = KeyedThrottled::<u8>::builder(SECOND)
        .on_panic(move |_, _| drop(handle.recv()))
        .spawn(move |_| {
            let _ = &told;
            panic_quietly()
        })
        .unwrap();
    assert_eq!(throttled.trigger(&1).map(drop), Ok(()));
    let weak = throttled.downgrade();
    sender.send(throttled).unwrap();
    assert!(ended.recv().is_err());
    assert!(weak.upgrade().is_none());
    until(|| weak.trigger(&1) == Err(NotTaken::Ended(Ended::ShutDown)));

    let (told, ended) = mpsc::channel::<()>();
    let throttled = KeyedThrottled::<u8>::spawn(Duration::from_millis(5), move |_| drop(told.clone()));
    for _ in 0..2 {
        assert_eq!(throttled.trigger(&1).map(drop), Ok(()));
    }
    thread::spawn(move || KEPT.with(|kept| *kept.borrow_mut() = Some(throttled))).join().unwrap();
    assert!(ended.recv().is_err());

    let (sender, handle) = mpsc::channel::<KeyedThrottled<u8>>();
    let throttled = KeyedThrottled::<u8>::spawn(SECOND, move |_| {
        if let Ok(handle) = handle.recv() {
            KEPT.with(|kept| *kept.borrow_mut() = Some(handle));
        }
    });
    assert_eq!(throttled.trigger(&1).map(drop), Ok(()));
    sender.send(throttled.clone()).unwrap();
    assert_eq!(throttled.all().wait(), Ok(()));
    assert_eq!(throttled.shutdown(Pending::Finish).wait(), Ok(Shutdown::Idle));
}

/// With a drop that waits this hangs: the run is held until the drop has returned.
#[test]
fn a_drop_that_does_not_wait_leaves_the_rest_to_the_thread() {
    let check =
        Check::of(&[G3], "tests: after a drop of a KeyedThrottled that does not wait the thread goes on");
    let ways = [(OnDrop::Detach, false), (OnDrop::WaitFor(Duration::ZERO), false), (OnDrop::Wait, true)];
    for (on_drop, gives_up) in ways {
        let (let_go, held) = mpsc::channel();
        let set_up = |builder: Builder| builder.pending_on_drop(Pending::Finish).on_drop(on_drop);
        let subject = Subject::running(set_up, move |_| held.recv().expect("it is let go"));
        subject.call("a");
        subject.assert_run("a", 1);
        subject.call("a");
        subject.call("b");
        let Subject { throttled, clock, runs } = subject;
        if gives_up {
            let waited = throttled.shutdown(Pending::Finish).wait_for(Duration::ZERO);
            assert_eq!(waited, Err(WaitError::TimedOut));
        }
        drop(throttled);
        clock.set(at(2));
        for _ in 0..3 {
            let_go.send(()).expect("the function is still there");
        }
        let mut rest: Vec<_> = runs.iter().collect();
        rest.sort();
        assert_eq!(rest, [("a".to_owned(), 1), ("b".to_owned(), 1)], "{on_drop:?}");
    }
    check.passed(3, "drops");
}
