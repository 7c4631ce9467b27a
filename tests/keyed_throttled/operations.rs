//! Each operation, on a clock that the test moves.

use super::subject::{Builder, Subject, Throttle};
use super::support::{SECOND, at, panic_quietly, until};
use atomic_throttle::{
    Clock, KeyedThrottled, Manual, Moved, NotFlushed, NotTaken, Pending, Shutdown, Timestamp, WaitError,
    WeakKeyedThrottled,
};
use evidence::Check;
use evidence::Guarantee::G9;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::sync::mpsc;
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::Duration;

#[test]
fn each_key_has_a_leading_and_a_trailing_edge_of_its_own() {
    let subject = Subject::new();
    subject.lead("a");
    subject.clock.advance(SECOND / 2);
    subject.lead("b");
    for _ in 0..3 {
        subject.call("a");
    }
    subject.call("b");
    assert_eq!((subject.throttled.pending(), subject.throttled.len()), (2, 2));
    assert!(subject.throttled.is_pending("a") && !subject.throttled.is_pending("c"));
    subject.assert_no_run();
    subject.clock.set(at(2));
    subject.assert_run("a", 3);
    until(|| subject.throttled.pending() == 1);
    subject.clock.advance(SECOND / 2);
    assert_eq!(subject.throttled.all().wait(), Ok(()));
    subject.assert_run("b", 1);
    assert_eq!((subject.throttled.runs(), subject.throttled.pending()), (4, 0));
}

#[test]
fn a_call_during_the_run_of_its_key_is_not_lost() {
    let (go, gate) = mpsc::channel::<()>();
    let subject = Subject::running(|builder| builder, move |_| gate.recv().unwrap_or(()));
    subject.call("a");
    subject.assert_run("a", 1);
    subject.call("a");
    assert!(subject.throttled.snapshot("a").expect("it runs").running && subject.throttled.is_pending("a"));
    go.send(()).unwrap();
    subject.assert_no_run();
    subject.clock.set(at(2));
    subject.assert_run("a", 1);
    go.send(()).unwrap();
    assert_eq!(subject.throttled.all().wait(), Ok(()));
}

#[test]
fn a_cancel_keeps_the_window() {
    let subject = Subject::new();
    subject.lead("a");
    subject.call("a");
    subject.call("a");
    assert!(subject.throttled.cancel("a"));
    assert_eq!((subject.throttled.uncovered(), subject.throttled.pending()), (2, 0));
    assert_eq!(subject.throttled.all().wait(), Ok(()), "nothing is left to wait for");
    assert!(!subject.throttled.cancel("a") && !subject.throttled.cancel("unknown"));
    // It is called again, before the thread has acknowledged the cancel and after.
    for _ in 0..3 {
        subject.call("a");
        assert!(subject.throttled.cancel("a"));
    }
    subject.call("a");
    assert_eq!(subject.throttled.pending(), 1);
    subject.assert_no_run();
    subject.clock.set(at(2));
    subject.assert_run("a", 1);
    assert_eq!((subject.throttled.runs(), subject.throttled.uncovered()), (2, 5));
}

/// `Manual`, with a count of the readings of waiting threads: one for the limit, and one when it is listed.
struct Watched {
    time: Manual,
    readings: AtomicU64,
}

impl Clock for Watched {
    fn now(&self) -> Timestamp {
        if thread::current().name() == Some("waiter") {
            self.readings.fetch_add(1, SeqCst);
        }
        self.time.now()
    }

    fn moved(&self) -> Option<&Moved> {
        self.time.moved()
    }
}

#[test]
fn a_wait_is_told_what_became_of_what_it_waits_for() {
    for (what, told) in [("cancel", WaitError::Cancelled), ("panic", WaitError::Panicked)] {
        let clock = Arc::new(Watched { time: Manual::new(at(1)), readings: AtomicU64::new(0) });
        let throttled = KeyedThrottled::<&str>::builder(SECOND)
            .clock(Arc::clone(&clock))
            .spawn(|key| {
                if *key == "panic" && panics_now() {
                    panic_quietly()
                }
            })
            .expect("a thread");
        for key in ["cancel", "panic", "other"] {
            assert_eq!((throttled.trigger(&key).map(drop), throttled.all().wait()), (Ok(()), Ok(())));
        }
        for key in [what, "other"] {
            assert_eq!(throttled.trigger(&key).map(drop), Ok(()));
        }
        PANICS_NOW.store(true, SeqCst);
        let waiting = throttled.clone();
        let waiter = thread::Builder::new().name("waiter".to_owned());
        let waiter = waiter.spawn(move || waiting.all().wait_for(SECOND * 100)).expect("a thread");
        until(|| clock.readings.load(SeqCst) >= 2);
        if what == "cancel" {
            assert!(throttled.cancel(&what));
        }
        // It is requested later, so this wait does not cover it.
        assert_eq!(throttled.trigger(&"later").map(drop), Ok(()));
        clock.time.set(at(2));
        assert_eq!(waiter.join().expect("no panic"), Err(told));
        PANICS_NOW.store(false, SeqCst);
    }
}

static PANICS_NOW: AtomicBool = AtomicBool::new(false);

fn panics_now() -> bool {
    PANICS_NOW.load(SeqCst)
}

#[test]
fn a_flush_runs_now_and_starts_a_window() {
    let subject = Subject::new();
    assert_eq!(subject.throttled.flush("a").map(drop), Err(NotFlushed::NothingPending));
    subject.lead("a");
    subject.call("a");
    subject.call("a");
    assert_eq!(subject.throttled.flush("a").map(drop), Ok(()));
    assert_eq!(subject.throttled.all().wait(), Ok(()));
    subject.assert_run("a", 2);
    subject.call("a");
    subject.clock.set(at(2));
    // The stamp of the flush was one nanosecond later.
    assert_eq!(subject.throttled.all().wait_for(Duration::ZERO), Err(WaitError::TimedOut));
    subject.assert_no_run();
    subject.clock.advance(Duration::from_nanos(1));
    subject.assert_run("a", 1);
}

/// Entries that a flush leaves with the thread are not kept until they would have been due.
#[test]
fn many_flushes_in_one_window_pile_up_nothing() {
    let subject = Subject::with(|builder| builder.shards(1));
    subject.lead("a");
    let before = subject.throttled.allocated_bytes();
    for _ in 0..10_000 {
        subject.call("a");
        assert_eq!(subject.throttled.flush("a").map(drop), Ok(()));
        assert_eq!(subject.throttled.all().wait(), Ok(()));
    }
    let after = subject.throttled.allocated_bytes();
    assert!(after < before + 20_000, "{before} bytes, then {after}");
}

#[test]
fn a_changed_threshold_retimes_all_pending_runs() {
    let subject = Subject::new();
    for key in ["a", "b"] {
        subject.lead(key);
    }
    subject.call("a");
    subject.call("b");
    subject.throttled.set_threshold(SECOND * 5);
    subject.clock.set(at(2));
    assert_eq!(subject.throttled.all().wait_for(Duration::ZERO), Err(WaitError::TimedOut));
    subject.assert_no_run();
    subject.throttled.set_threshold(SECOND / 2);
    assert_eq!(subject.throttled.all().wait(), Ok(()));
    assert_eq!(subject.throttled.runs(), 4);
    assert_eq!(subject.throttled.threshold().as_duration(), SECOND / 2);
}

#[test]
fn every_operation_may_be_called_from_inside_the_run() {
    let check =
        Check::of(&[G9], "tests: every operation of a KeyedThrottled inside a run, keys of one shard");
    let slot: Arc<OnceLock<Throttle>> = Arc::default();
    let inside = Arc::clone(&slot);
    let (sender, told) = mpsc::channel();
    let subject = Subject::running(
        |builder| builder.shards(1).max_keys(2),
        move |key| {
            let Some(throttled) = inside.get() else { return };
            if key != "a" {
                return;
            }
            assert_eq!(throttled.flush("a").map(drop), Err(NotFlushed::Running));
            assert_eq!(throttled.all().wait(), Err(WaitError::InsideRun));
            assert_eq!(throttled.all().wait_for(SECOND), Err(WaitError::InsideRun));
            assert_eq!(
                (throttled.trigger("a").map(drop), throttled.trigger("b").map(drop)),
                (Ok(()), Ok(()))
            );
            assert_eq!(throttled.trigger("c").map(drop), Err(NotTaken::Full { max_keys: 2 }));
            assert!(
                throttled.is_pending("a") && throttled.contains("b") && throttled.snapshot("b").is_some()
            );
            assert_eq!(throttled.flush("b").map(drop), Ok(()));
            assert!(throttled.cancel("a"));
            throttled.set_threshold(SECOND);
            assert_eq!((throttled.evict(), throttled.len(), throttled.pending()), (0, 2, 0));
            assert!(throttled.allocated_bytes() > 0 && !format!("{throttled:?}").is_empty());
            assert_eq!(throttled.shutdown(Pending::Finish).wait_for(SECOND), Err(WaitError::InsideRun));
            let _ = sender.send(());
        },
    );
    assert!(slot.set(subject.throttled.clone()).is_ok());
    subject.call("a");
    assert_eq!(told.recv(), Ok(()));
    assert_eq!(subject.throttled.shutdown(Pending::Finish).wait(), Ok(Shutdown::Ran));
    assert_eq!((subject.throttled.panics(), subject.throttled.runs()), (0, 2));
    check.passed(15, "operations");
}

/// New keys, which are due at once, do not delay one that was due before them.
#[test]
fn keys_are_served_in_the_order_in_which_they_are_due() {
    let (go, gate) = mpsc::channel::<()>();
    let subject = Subject::running(|builder| builder, move |_| gate.recv().unwrap_or(()));
    subject.call("a");
    subject.assert_run("a", 1);
    subject.call("a");
    go.send(()).unwrap();
    until(|| subject.throttled.runs() == 1 && !subject.throttled.snapshot("a").expect("known").running);
    subject.call("b");
    subject.assert_run("b", 1);
    // When this run ends, both are due: one for a second already, the others since now.
    subject.clock.set(at(2));
    go.send(()).unwrap();
    subject.assert_run("a", 1);
    for new in ["c", "d"] {
        subject.call(new);
    }
    for _ in 0..3 {
        go.send(()).unwrap();
    }
    subject.assert_run("c", 1);
    subject.assert_run("d", 1);
    assert_eq!(subject.throttled.all().wait(), Ok(()));
}

#[test]
fn it_can_be_shared_and_shown() {
    fn is_shared<T: Send + Sync + Clone>(_: &T) {}
    let subject = Subject::new();
    is_shared(&subject.throttled);
    is_shared(&subject.throttled.downgrade());
    subject.lead("a");
    assert_eq!(
        format!("{:?}", subject.throttled),
        "KeyedThrottled { keys: 1, pending: 0, threshold: 1s, .. }"
    );
    assert_eq!(format!("{:?}", subject.throttled.downgrade()), "WeakKeyedThrottled");
    assert!(
        format!("{:?}", Builder::pending_on_drop(KeyedThrottled::builder(SECOND), Pending::Flush))
            .contains("Flush")
    );
}

/// A clock that calls the throttle the second time that the thread of that name reads it: first for the limit of
/// its wait, then in the wait.
struct Calling {
    time: Manual,
    readings: AtomicU64,
    throttled: OnceLock<WeakKeyedThrottled<&'static str>>,
}

impl Clock for Calling {
    fn now(&self) -> Timestamp {
        if thread::current().name() == Some("waiter") && self.readings.fetch_add(1, SeqCst) == 1 {
            let throttled = self.throttled.get().expect("it is set");
            assert_eq!(throttled.trigger(&"from the clock").map(drop), Ok(()));
        }
        self.time.now()
    }

    fn moved(&self) -> Option<&Moved> {
        self.time.moved()
    }
}

#[test]
fn a_wait_reads_the_clock_when_no_lock_is_held() {
    let (time, readings) = (Manual::new(at(1)), AtomicU64::new(0));
    let clock = Arc::new(Calling { time, readings, throttled: OnceLock::new() });
    let (go, gate) = mpsc::channel::<()>();
    let throttled = KeyedThrottled::<&str>::builder(SECOND)
        .clock(Arc::clone(&clock))
        .spawn(move |_| gate.recv().unwrap_or(()))
        .expect("a thread");
    assert!(clock.throttled.set(throttled.downgrade()).is_ok());
    assert_eq!(throttled.trigger(&"a").map(drop), Ok(()));
    until(|| throttled.runs() == 1);
    let waiting = throttled.clone();
    let waiter = thread::Builder::new().name("waiter".to_owned());
    let waiter = waiter.spawn(move || waiting.all().wait_for(Duration::ZERO)).expect("a thread");
    until(|| waiter.is_finished());
    assert_eq!(waiter.join().expect("no panic"), Err(WaitError::TimedOut));
    drop(go);
}

/// A run that was cancelled and requested again is a new promise.
#[test]
fn a_wait_between_a_cancel_and_another_call_waits_for_neither() {
    let clock = Arc::new(Watched { time: Manual::new(at(1)), readings: AtomicU64::new(0) });
    let (go, gate) = mpsc::channel::<()>();
    let throttled = KeyedThrottled::<&str>::builder(SECOND)
        .clock(Arc::clone(&clock))
        .spawn(move |_| gate.recv().unwrap_or(()))
        .expect("a thread");
    assert_eq!(throttled.trigger(&"in progress").map(drop), Ok(()));
    until(|| throttled.runs() == 1);
    assert_eq!(throttled.trigger(&"a").map(drop), Ok(()));
    assert!(throttled.cancel(&"a"));
    let waiting = throttled.clone();
    let waiter = thread::Builder::new().name("waiter".to_owned());
    let waiter = waiter.spawn(move || waiting.all().wait_for(SECOND * 100)).expect("a thread");
    until(|| clock.readings.load(SeqCst) >= 2);
    assert_eq!(throttled.trigger(&"a").map(drop), Ok(()));
    assert!(throttled.cancel(&"a"));
    drop(go);
    assert_eq!(waiter.join().expect("no panic"), Ok(()));
    assert_eq!(throttled.uncovered(), 0, "it was not to count");
}

/// On the real clock: the limit passes while the thread waits.
#[test]
fn a_wait_ends_at_its_limit() {
    let throttled = KeyedThrottled::<&str>::builder(3600 * SECOND).spawn(|_| ()).expect("a thread");
    throttled.trigger(&"a").expect("it goes on").wait().expect("it completes");
    let pending = throttled.trigger(&"a").expect("it goes on");
    let limit = Duration::from_millis(1);
    assert_eq!(pending.wait_for(limit), Err(WaitError::TimedOut));
    assert_eq!(throttled.all().wait_for(limit), Err(WaitError::TimedOut));
    assert_eq!(throttled.shutdown(Pending::Discard).wait(), Ok(Shutdown::Discarded));
}

/// `Manual`, with a count of the readings of waiting threads, and whether one is listed.
struct Listed {
    time: Manual,
    readings: AtomicU64,
    has_a_waiter: AtomicBool,
}

impl Clock for Listed {
    fn now(&self) -> Timestamp {
        self.readings.fetch_add(u64::from(thread::current().name() == Some("waiter")), SeqCst);
        self.time.now()
    }

    fn moved(&self) -> Option<&Moved> {
        self.has_a_waiter.fetch_or(thread::current().name() == Some("waiter"), SeqCst);
        self.time.moved()
    }
}

#[test]
fn a_wait_without_a_limit_reads_no_clock() {
    for waits_for_all in [false, true] {
        let (readings, has_a_waiter) = (AtomicU64::new(0), AtomicBool::new(false));
        let clock = Arc::new(Listed { time: Manual::new(at(1)), readings, has_a_waiter });
        let throttled = KeyedThrottled::<&str>::builder(SECOND)
            .clock(Arc::clone(&clock))
            .spawn(|_| ())
            .expect("a thread");
        throttled.trigger(&"a").expect("it goes on").wait().expect("it completes");
        let ticket = throttled.trigger(&"a").expect("it goes on").into_owned();
        let waiting = throttled.clone();
        let wait = move || if waits_for_all { waiting.all().wait() } else { ticket.wait() };
        let waiter = thread::Builder::new().name("waiter".to_owned()).spawn(wait).expect("a thread");
        until(|| clock.has_a_waiter.load(SeqCst));
        assert!(throttled.cancel(&"a"));
        assert_eq!(waiter.join().expect("no panic"), Err(WaitError::Cancelled));
        assert_eq!(clock.readings.load(SeqCst), 0, "all: {waits_for_all}");
    }
}
