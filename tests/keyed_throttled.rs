//! `KeyedThrottled`: each operation, on a clock that the test moves.

#![cfg(feature = "keyed")]

mod support;

use atomic_throttle::state::DeferralStatus;
use atomic_throttle::{
    Clock, Ended, KeyedThrottled, KeyedThrottledBuilder, Manual, Moved, NotFlushed, NotTaken, Pending,
    Shutdown, Timestamp, WaitError,
};
use evidence::Check;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::sync::mpsc::{self, Receiver, Sender, TryRecvError};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::Duration;
use support::{SECOND, at, panic_quietly, until};

type Throttle = KeyedThrottled<String>;
type Builder = KeyedThrottledBuilder<String>;

/// A throttle that tells each run to the test.
struct Subject {
    throttled: Throttle,
    clock: Arc<Manual>,
    /// Of which key, and for how many calls.
    runs: Receiver<(String, u64)>,
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
        mut inside: impl FnMut(&str) + Send + 'static,
    ) -> Self {
        let clock = Arc::new(Manual::new(at(1)));
        let (sender, runs) = mpsc::channel();
        let builder = KeyedThrottled::builder(SECOND).clock(Arc::clone(&clock)).on_drop(Pending::Discard);
        let f = move |key: &String, calls| {
            let _ = sender.send((key.clone(), calls));
            inside(key);
        };
        let throttled = set_up(builder).spawn_counted(f).expect("a thread");
        Self { throttled, clock, runs }
    }

    /// The leading run of a key, so that its window is closed.
    fn lead(&self, key: &str) {
        assert_eq!(self.throttled.trigger(key), Ok(()));
        assert_eq!(self.throttled.wait(), Ok(()));
        self.assert_run(key, 1);
    }

    fn call(&self, key: &str) {
        assert_eq!(self.throttled.trigger(key), Ok(()));
    }

    fn assert_run(&self, key: &str, calls: u64) {
        assert_eq!(self.runs.recv(), Ok((key.to_owned(), calls)));
    }

    fn assert_no_run(&self) {
        assert_eq!(self.runs.try_recv(), Err(TryRecvError::Empty));
    }
}

const ENDED: NotTaken = NotTaken::Ended(Ended::ShutDown);

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
    assert_eq!(subject.throttled.wait(), Ok(()));
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
    assert_eq!(subject.throttled.wait(), Ok(()));
}

#[test]
fn a_cancel_keeps_the_window() {
    let subject = Subject::new();
    subject.lead("a");
    subject.call("a");
    subject.call("a");
    assert!(subject.throttled.cancel("a"));
    assert_eq!((subject.throttled.uncovered(), subject.throttled.pending()), (2, 0));
    assert_eq!(subject.throttled.wait(), Ok(()), "nothing is left to wait for");
    assert!(!subject.throttled.cancel("a") && !subject.throttled.cancel("unknown"));
    // Anew, before the thread has acknowledged it and after.
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

/// `Manual`, and how often it is read by whoever waits: once for the limit, and then when it is listed.
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
            assert_eq!((throttled.trigger(&key), throttled.wait()), (Ok(()), Ok(())));
        }
        for key in [what, "other"] {
            assert_eq!(throttled.trigger(&key), Ok(()));
        }
        PANICS_NOW.store(true, SeqCst);
        let waiting = throttled.clone();
        let waiter = thread::Builder::new().name("waiter".to_owned());
        let waiter = waiter.spawn(move || waiting.wait_for(SECOND * 100)).expect("a thread");
        until(|| clock.readings.load(SeqCst) >= 2);
        if what == "cancel" {
            assert!(throttled.cancel(&what));
        }
        // Requested later, and so nothing to wait for.
        assert_eq!(throttled.trigger(&"later"), Ok(()));
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
    assert_eq!(subject.throttled.flush("a"), Err(NotFlushed::NothingPending));
    subject.lead("a");
    subject.call("a");
    subject.call("a");
    assert_eq!(subject.throttled.flush("a"), Ok(()));
    assert_eq!(subject.throttled.wait(), Ok(()));
    subject.assert_run("a", 2);
    subject.call("a");
    subject.clock.set(at(2));
    // The stamp of the flush was one nanosecond later.
    assert_eq!(subject.throttled.wait_for(Duration::ZERO), Err(WaitError::TimedOut));
    subject.assert_no_run();
    subject.clock.advance(Duration::from_nanos(1));
    subject.assert_run("a", 1);
}

/// What flushes leave behind with the thread is not kept until it would have been due.
#[test]
fn many_flushes_in_one_window_pile_up_nothing() {
    let subject = Subject::with(|builder| builder.shards(1));
    subject.lead("a");
    let before = subject.throttled.allocated_bytes();
    for _ in 0..10_000 {
        subject.call("a");
        assert_eq!(subject.throttled.flush("a"), Ok(()));
        assert_eq!(subject.throttled.wait(), Ok(()));
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
    assert_eq!(subject.throttled.wait_for(Duration::ZERO), Err(WaitError::TimedOut));
    subject.assert_no_run();
    assert!(subject.throttled.try_set_threshold(Duration::MAX).is_err());
    subject.throttled.set_threshold(SECOND / 2);
    assert_eq!(subject.throttled.wait(), Ok(()));
    assert_eq!(subject.throttled.runs(), 4);
    assert_eq!(subject.throttled.threshold().as_duration(), SECOND / 2);
}

#[test]
fn a_panic_is_caught_counted_and_told_and_loses_nothing() {
    let check = Check::of("G6", "tests: a panic in a run of a KeyedThrottled; the other keys go on");
    let (told, panics) = mpsc::channel();
    let subject = Subject::running(
        |builder| {
            builder.on_panic(move |key, panic| {
                let _ = told.send(format!("{key}: {}", panic.message()));
                panic_quietly();
            })
        },
        |key| {
            if key == "bad" {
                panic_quietly();
            }
        },
    );
    subject.lead("good");
    subject.call("bad");
    subject.call("good");
    assert_eq!(panics.recv().as_deref(), Ok("bad: on purpose"));
    subject.assert_run("bad", 1);
    // Its window counts, and what is pending stays so.
    subject.call("bad");
    subject.assert_no_run();
    subject.clock.set(at(2));
    let waited = subject.throttled.wait();
    assert!(matches!(waited, Ok(()) | Err(WaitError::Panicked)), "{waited:?}");
    assert_eq!((subject.throttled.panics(), subject.throttled.runs()), (2, 4));
    check.passed(2, "cases");
}

#[test]
fn a_fatal_panic_ends_it_and_leaves_what_was_pending_owed() {
    let (go, gate) = mpsc::channel::<()>();
    let subject = Subject::running(Builder::fatal_panics, move |_| {
        gate.recv().unwrap_or(());
        panic_quietly();
    });
    subject.call("a");
    subject.assert_run("a", 1);
    // During, another key, and one that was flushed before.
    for key in ["a", "b", "b", "c", "d"] {
        subject.call(key);
    }
    assert_eq!(subject.throttled.flush("c"), Ok(()));
    subject.call("c");
    assert!(subject.throttled.cancel("d"));
    go.send(()).unwrap();
    until(|| subject.throttled.wait() == Err(WaitError::Owed));
    assert_eq!(subject.throttled.trigger("new"), Err(NotTaken::Ended(Ended::Panicked)));
    assert_eq!(subject.throttled.shutdown(Pending::Finish), Ok(Shutdown::Panicked));
    for key in ["a", "b", "c"] {
        let seen = subject.throttled.snapshot(key).expect("an owed key is never evicted");
        assert_eq!((seen.deferral, seen.running), (DeferralStatus::Owed, false), "{key}");
        assert_eq!(subject.throttled.flush(key), Err(NotFlushed::Ended));
    }
    assert_eq!(subject.throttled.trigger("a"), Err(NotTaken::Ended(Ended::Panicked)));
    assert_eq!((subject.throttled.pending(), subject.throttled.runs()), (0, 1));
    // Of a, b twice, c twice, d.
    assert_eq!(subject.throttled.uncovered(), 6);
    assert_eq!(subject.throttled.wait(), Err(WaitError::Owed));
    subject.clock.set(at(100));
    assert_eq!(subject.throttled.evict(), 1);
    for key in ["a", "b", "c"] {
        assert!(subject.throttled.cancel(key));
    }
    assert_eq!((subject.throttled.wait(), subject.throttled.evict()), (Ok(()), 3));
}

/// A clock that panics on the thread, from the moment that it is told to.
struct Failing(AtomicBool);

impl Clock for Failing {
    fn now(&self) -> Timestamp {
        if self.0.load(SeqCst) && thread::current().name() == Some("failing") {
            panic_quietly();
        }
        at(1)
    }
}

#[test]
fn a_clock_that_panics_ends_it_and_leaves_what_was_pending_owed() {
    let clock = Arc::new(Failing(AtomicBool::new(false)));
    let builder: Builder = KeyedThrottled::builder(SECOND).name("failing").clock(Arc::clone(&clock));
    let throttled = builder.spawn(|_| ()).expect("a thread");
    assert_eq!((throttled.trigger("a"), throttled.wait()), (Ok(()), Ok(())));
    clock.0.store(true, SeqCst);
    assert_eq!(throttled.trigger("a"), Ok(()));
    until(|| throttled.wait() == Err(WaitError::Owed));
    assert_eq!(throttled.shutdown(Pending::Finish), Ok(Shutdown::Panicked));
    assert_eq!(throttled.trigger("b"), Err(NotTaken::Ended(Ended::Panicked)));
}

#[test]
fn a_shutdown_says_what_became_of_the_pending_runs() {
    let check = Check::of("G3", "tests: the end of a KeyedThrottled performs, flushes or discards each key");
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
        // One that was cancelled does not hold up the end.
        subject.clock.set(at(2).saturating_sub(Duration::from_nanos(1)));
        subject.call("c");
        subject.assert_run("c", 1);
        subject.call("c");
        assert!(subject.throttled.cancel("c"));
        if pending == Pending::Finish {
            let limit = subject.throttled.shutdown_within(pending, Duration::ZERO);
            assert_eq!(limit, Err(WaitError::TimedOut));
            assert_eq!(subject.throttled.trigger("a"), Ok(()), "the pending run covers it");
            assert_eq!(subject.throttled.trigger("c"), Err(ENDED), "it was cancelled");
            assert_eq!(subject.throttled.flush("a"), Err(NotFlushed::Ended));
            subject.clock.set(at(2));
        }
        assert_eq!(subject.throttled.shutdown(pending), Ok(shutdown), "{pending:?}");
        assert_eq!((subject.throttled.runs(), subject.throttled.uncovered()), (runs + 1, uncovered));
        assert_eq!(subject.throttled.trigger("a"), Err(ENDED));
        assert_eq!(subject.throttled.trigger("new"), Err(ENDED));
        assert_eq!(subject.throttled.shutdown(Pending::Discard), Ok(shutdown), "it is told again");
        assert_eq!((subject.throttled.pending(), subject.throttled.wait()), (0, Ok(())));
    }
    assert_eq!(Subject::new().throttled.shutdown(Pending::Finish), Ok(Shutdown::Idle));
    check.passed(3, "cases");
}

#[test]
fn the_last_handle_finishes_the_pending_runs() {
    let subject = Subject::with(|builder| builder.on_drop(Pending::Finish));
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
fn every_operation_may_be_called_from_inside_the_run() {
    let check = Check::of("G9", "tests: every operation of a KeyedThrottled inside a run, keys of one shard");
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
            assert_eq!(throttled.flush("a"), Err(NotFlushed::Running));
            assert_eq!(throttled.wait(), Err(WaitError::InsideRun));
            assert_eq!(throttled.wait_for(SECOND), Err(WaitError::InsideRun));
            assert_eq!((throttled.trigger("a"), throttled.trigger("b")), (Ok(()), Ok(())));
            assert_eq!(throttled.trigger("c"), Err(NotTaken::Full { max_keys: 2 }));
            assert!(
                throttled.is_pending("a") && throttled.contains("b") && throttled.snapshot("b").is_some()
            );
            assert_eq!(throttled.flush("b"), Ok(()));
            assert!(throttled.cancel("a"));
            throttled.set_threshold(SECOND);
            assert_eq!((throttled.evict(), throttled.len(), throttled.pending()), (0, 2, 0));
            assert!(throttled.allocated_bytes() > 0 && !format!("{throttled:?}").is_empty());
            assert_eq!(throttled.shutdown_within(Pending::Finish, SECOND), Err(WaitError::InsideRun));
            let _ = sender.send(());
        },
    );
    assert!(slot.set(subject.throttled.clone()).is_ok());
    subject.call("a");
    assert_eq!(told.recv(), Ok(()));
    assert_eq!(subject.throttled.shutdown(Pending::Finish), Ok(Shutdown::Ran));
    assert_eq!((subject.throttled.panics(), subject.throttled.runs()), (0, 2));
    check.passed(15, "operations");
}

#[test]
fn the_limit_of_keys_counts_those_that_are_pending() {
    let subject = Subject::with(|builder| builder.max_keys(2));
    subject.lead("a");
    subject.lead("b");
    let full = subject.throttled.trigger("c").expect_err("there is no room");
    assert_eq!(full, NotTaken::Full { max_keys: 2 });
    assert!(full.to_string().contains("max_keys"), "{full}");
    subject.call("a");
    subject.call("b");
    subject.clock.set(at(2));
    assert_eq!(subject.throttled.wait(), Ok(()));
    subject.clock.set(at(3));
    subject.call("c");
    assert!(subject.throttled.len() <= 2);
}

/// A clock that goes back, after the key was evicted.
#[test]
fn an_evicted_key_keeps_its_distance() {
    let subject = Subject::with(|builder| builder.shards(1));
    subject.lead("a");
    subject.clock.set(at(2));
    until(|| subject.throttled.is_empty());
    subject.clock.set(at(1));
    subject.call("a");
    assert_eq!(subject.throttled.wait_for(Duration::ZERO), Err(WaitError::TimedOut));
    subject.assert_no_run();
    subject.clock.set(at(2));
    subject.assert_run("a", 1);
}

/// New keys, which are due at once, do not keep one waiting that is due before they come.
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
    // When this run ends, both are due: one since a second, the others since now.
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
    assert_eq!(subject.throttled.wait(), Ok(()));
}

#[test]
fn many_threads_lose_no_call_and_no_count() {
    let check =
        Check::of("G3 G5", "tests: 4 threads, 100 keys, on the real clock: each call is in one count");
    let covered = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&covered);
    let throttled = KeyedThrottled::<u64>::spawn_counted(Duration::from_micros(200), move |_, calls| {
        counted.fetch_add(calls, SeqCst);
    });
    let calls = 20_000;
    thread::scope(|scope| {
        for thread in 0..4 {
            let throttled = &throttled;
            scope.spawn(move || {
                for call in 0..calls {
                    assert_eq!(throttled.trigger(&((call * 7 + thread) % 100)), Ok(()));
                    if call % 1000 == 999 {
                        throttled.cancel(&(call % 100));
                        let _ = throttled.flush(&(call % 99));
                    }
                }
            });
        }
    });
    assert!(throttled.shutdown(Pending::Finish).is_ok());
    assert_eq!(covered.load(SeqCst) + throttled.uncovered(), 4 * calls);
    check.passed(80_000, "calls");
}

#[test]
fn memory_returns_after_a_burst_without_a_further_call() {
    let check = Check::of("G8", "tests: a burst of 10^5 keys is forgotten by the thread alone");
    let clock = Arc::new(Manual::new(at(1)));
    let throttled = KeyedThrottled::<u64>::builder(SECOND)
        .clock(Arc::clone(&clock))
        .on_drop(Pending::Discard)
        .spawn(|_| ())
        .expect("a thread");
    let empty = throttled.allocated_bytes();
    for _ in 0..2 {
        for key in 0..100_000 {
            assert_eq!(throttled.trigger(&key), Ok(()));
        }
        until(|| throttled.runs() == 100_000);
    }
    assert_eq!((throttled.len(), throttled.pending()), (100_000, 100_000));
    until(|| throttled.allocated_bytes() > empty + 26 * 100_000);
    clock.set(at(2));
    assert_eq!(throttled.wait(), Ok(()));
    clock.set(at(3));
    until(|| throttled.is_empty());
    // The thread may have to look once more to give back its own.
    until(|| {
        clock.advance(Duration::ZERO);
        throttled.allocated_bytes() <= empty + 300_000
    });
    check.passed(100_000, "keys");
}

#[test]
fn a_thread_that_cannot_be_started_is_an_error() {
    let builder: Builder = KeyedThrottled::builder(SECOND).name("a\0b");
    let error = builder.spawn(|_| ()).expect_err("a bad name");
    assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput);
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
        format!("{:?}", Builder::on_drop(KeyedThrottled::builder(SECOND), Pending::Flush)).contains("Flush")
    );
}
