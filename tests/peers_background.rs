//! Faults that were seen in other throttles with a thread, a task or a timer of their own, replayed on
//! `Throttled`. Each test is named after the right behaviour.

mod support;

use atomic_throttle::{
    Clock, Manual, Moved, NotFlushed, Pending, Shutdown, Throttled, ThrottledBuilder, Timestamp, WaitError,
    WeakThrottled,
};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::Duration;
use support::{SECOND, at, panic_quietly, until};
use watchdog as _;

/// The throttle, for calls inside a run.
type Itself = Arc<OnceLock<WeakThrottled>>;

/// A throttle whose function sends its stamp, and then does what the test wants.
struct Peer {
    throttled: Throttled,
    clock: Arc<Manual>,
    starts: Receiver<Timestamp>,
}

impl Peer {
    fn new() -> Self {
        Self::running(|_| ())
    }

    fn running(inside: impl FnMut(&Throttled) + Send + 'static) -> Self {
        Self::with(|builder| builder, inside)
    }

    fn with(
        set_up: impl FnOnce(ThrottledBuilder) -> ThrottledBuilder,
        mut inside: impl FnMut(&Throttled) + Send + 'static,
    ) -> Self {
        let clock = Arc::new(Manual::new(at(1)));
        let (told, starts) = mpsc::channel();
        let itself = Itself::default();
        let own = Arc::clone(&itself);
        let builder = Throttled::builder(SECOND).clock(Arc::clone(&clock)).pending_on_drop(Pending::Discard);
        let f = move || {
            let throttled = own.get().and_then(WeakThrottled::upgrade).expect("a handle lives");
            let _ = told.send(throttled.snapshot().epoch.started_at());
            inside(&throttled);
        };
        let throttled = set_up(builder).spawn(f).expect("a thread");
        itself.set(throttled.downgrade()).expect("once");
        Self { throttled, clock, starts }
    }

    fn call(&self) -> atomic_throttle::Ticket<'_> {
        self.throttled.trigger().expect("it goes on")
    }

    /// The next run, by its stamp.
    fn start(&self) -> Timestamp {
        self.starts.recv_timeout(SECOND * 60).expect("a run starts")
    }
}

/// lodash ran 19 ms after a trailing run, at a threshold of 200 ms and these calls; fns 30 ms after one.
#[test]
fn a_leading_run_keeps_its_distance_from_a_trailing_one() {
    let milliseconds = |count| Timestamp::ZERO.saturating_add(Duration::from_millis(count));
    let peer = Peer::new();
    peer.throttled.set_threshold(Duration::from_millis(200));
    let mut starts = Vec::new();
    for call in [1, 140, 240, 460] {
        // What is due before the call runs first, at its own time.
        while let Some(due) = peer.throttled.snapshot().next_run_at.filter(|due| *due <= milliseconds(call)) {
            peer.clock.set(due);
            starts.push(peer.start());
            peer.throttled.all().wait().expect("no panic");
        }
        peer.clock.set(milliseconds(call));
        let _ = peer.call();
        if call == 1 {
            starts.push(peer.start());
        }
    }
    peer.clock.set(milliseconds(660));
    starts.push(peer.start());
    assert_eq!(starts, [1, 201, 401, 660].map(milliseconds), "what lodash ran at 461 runs at 660");
}

/// tokio-debouncer lost an event that came during the run, hewimetall/vmcp#1 one that came just before.
#[test]
fn a_call_during_a_run_is_not_lost() {
    let (go, held_up) = mpsc::channel::<()>();
    let peer = Peer::running(move |_| held_up.recv().unwrap_or(()));
    let mut covering = peer.call();
    for second in 1..10 {
        peer.clock.set(at(second));
        assert_eq!(peer.start(), at(second));
        assert_eq!(covering.wait_for(Duration::ZERO), Err(WaitError::TimedOut));
        let during = peer.call();
        go.send(()).expect("it is in a run");
        assert_eq!(covering.wait(), Ok(()));
        covering = during;
    }
    drop(go);
    peer.clock.set(at(10));
    assert_eq!(covering.wait(), Ok(()));
}

/// lodash forgets its window when it is cancelled: two runs at the same time.
#[test]
fn a_cancel_does_not_open_the_window() {
    let peer = Peer::new();
    peer.call().wait().expect("no panic");
    let cancelled = peer.call();
    assert!(peer.throttled.cancel());
    assert_eq!(cancelled.wait(), Err(WaitError::Cancelled));
    let next = peer.call();
    assert_eq!(peer.throttled.snapshot().next_run_at, Some(at(2)));
    peer.clock.set(at(2));
    next.wait().expect("no panic");
    assert_eq!((peer.start(), peer.start()), (at(1), at(2)));
}

/// Windows Terminal's must not be flushed while it runs; others deadlock. And wp-calypso#26243: a cancel
/// inside the function disabled the throttle for good.
#[test]
fn a_flush_and_a_cancel_inside_the_run_leave_it_alive() {
    let (told, flushed) = mpsc::channel();
    let peer = Peer::running(move |throttled| {
        let _ = told.send(throttled.flush().map(drop));
        let _ = throttled.trigger();
        let _ = told.send(throttled.flush().map(drop));
        assert!(throttled.cancel());
    });
    for second in 1..5 {
        peer.clock.set(at(second));
        assert_eq!(peer.call().wait(), Ok(()));
        assert_eq!([flushed.recv(), flushed.recv()], [Ok(Err(NotFlushed::Running)); 2]);
        assert_eq!(peer.start(), at(second));
    }
}

/// Windows Terminal's was dead for ever after a panic of the leading run. fns' panic ended its thread, and
/// each later call panicked in the caller. Kubernetes' runner never started its timer again.
#[test]
fn a_panic_leaves_it_alive_on_both_edges() {
    let (go, held_up) = mpsc::channel::<()>();
    let peer = Peer::running(move |_| {
        let _ = held_up.recv();
        panic_quietly();
    });
    let leading = peer.call();
    assert_eq!(peer.start(), at(1));
    for second in 2..10 {
        // What is pending stays so, and the window of a run that panicked counts.
        let trailing = peer.call();
        go.send(()).expect("it is in a run");
        until(|| !peer.throttled.snapshot().running);
        assert_eq!(peer.throttled.snapshot().next_run_at, Some(at(second)));
        peer.clock.set(at(second));
        assert_eq!(peer.start(), at(second));
        assert_eq!(trailing.wait_for(Duration::ZERO), Err(WaitError::TimedOut));
    }
    drop(go);
    assert_eq!(
        (leading.wait(), peer.throttled.all().wait()),
        (Err(WaitError::Panicked), Err(WaitError::Panicked))
    );
    assert_eq!((peer.throttled.runs(), peer.throttled.panics()), (9, 9));
    peer.clock.set(at(10));
    assert_eq!(peer.call().wait(), Err(WaitError::Panicked));
    assert_eq!(peer.start(), at(10), "and the next leading run comes, too");
}

/// Go's `rate.Sometimes` deadlocks when it is called inside itself.
#[test]
fn a_call_inside_a_run_does_not_deadlock() {
    let peer = Peer::running(|throttled| {
        let nested = throttled.trigger().expect("it goes on");
        assert_eq!(nested.wait(), Err(WaitError::InsideRun));
    });
    for second in 1..5 {
        peer.clock.set(at(second));
        let _ = peer.call();
        assert_eq!(peer.start(), at(second), "the call inside is the next run");
    }
    until(|| {
        let seen = peer.throttled.snapshot();
        seen.next_run_at.is_some() && !seen.running
    });
    assert_eq!(peer.throttled.panics(), 0);
}

/// microsoft/terminal#10403: what the function uses went before it. leptos-use#181: what was pending went
/// with the handle.
#[test]
fn a_handle_dropped_during_a_run_loses_nothing() {
    let clock = Arc::new(Manual::new(at(1)));
    let (go, held_up) = mpsc::channel::<()>();
    let (told, runs) = mpsc::channel();
    let throttled = Throttled::builder(SECOND).clock(Arc::clone(&clock)).spawn(move || {
        let _ = told.send(());
        let _ = held_up.recv();
    });
    let throttled = throttled.expect("a thread");
    throttled.trigger().expect("it goes on");
    assert_eq!(runs.recv(), Ok(()));
    throttled.trigger().expect("it goes on");
    let dropping = thread::spawn(move || drop(throttled));
    go.send(()).expect("it is in a run");
    clock.set(at(2));
    assert_eq!(runs.recv(), Ok(()), "the pending run is performed");
    assert!(!dropping.is_finished(), "the drop waits for it");
    go.send(()).expect("it is in a run");
    dropping.join().expect("no panic");
    assert!(runs.recv().is_err(), "the function went after its last run");
}

/// Guava's sleepers do not see a new rate, and governor's quota cannot be changed (governor#39).
#[test]
fn a_changed_threshold_retimes_a_sleeper_in_both_directions() {
    let peer = Peer::new();
    peer.call().wait().expect("no panic");
    assert_eq!(peer.start(), at(1));
    let pending = peer.call();
    peer.throttled.set_threshold(SECOND * 10);
    peer.clock.set(at(10));
    assert_eq!(pending.wait_for(Duration::ZERO), Err(WaitError::TimedOut), "later");
    assert_eq!(peer.throttled.snapshot().next_run_at, Some(at(11)));
    peer.throttled.set_threshold(SECOND * 9);
    assert_eq!((pending.wait(), peer.start()), (Ok(()), at(10)), "and sooner");
}

/// lodash#5633: pending with nothing to invoke.
#[test]
fn it_is_pending_only_while_a_run_is_due() {
    let peer = Peer::new();
    assert!(!peer.throttled.is_pending());
    peer.call().wait().expect("no panic");
    assert!(!peer.throttled.is_pending() && peer.throttled.snapshot().next_run_at.is_none());
    let _ = peer.call();
    assert!(peer.throttled.is_pending() && peer.throttled.snapshot().next_run_at.is_some());
}

/// notify#169 and cilium#35541 hung when they were to end: asleep without a deadline, asleep with one that
/// is far off, inside a run, and asked by several at once.
#[test]
fn a_shutdown_does_not_hang() {
    for (calls, pending, ended) in [
        (0, Pending::Finish, Shutdown::Idle),
        (1, Pending::Finish, Shutdown::Idle),
        (2, Pending::Flush, Shutdown::Ran),
        (2, Pending::Discard, Shutdown::Discarded),
    ] {
        let peer = Peer::new();
        for _ in 0..calls {
            let call = peer.call();
            let _ = call.wait_for(Duration::ZERO);
            until(|| peer.throttled.runs() == 1 && !peer.throttled.snapshot().running);
        }
        let results = thread::scope(|scope| {
            let ends: Vec<_> =
                (0..4).map(|_| scope.spawn(|| peer.throttled.shutdown(pending).wait())).collect();
            until(|| ends.iter().all(thread::ScopedJoinHandle::is_finished));
            ends.into_iter().map(|end| end.join().expect("no panic")).collect::<Vec<_>>()
        });
        assert_eq!(results, vec![Ok(ended); 4], "{calls} calls, {pending:?}");
    }
    let (go, held_up) = mpsc::channel::<()>();
    let peer = Peer::running(move |_| held_up.recv().unwrap_or(()));
    let _ = peer.call();
    let _ = peer.start();
    let limit = peer.throttled.shutdown(Pending::Discard).wait_for(Duration::ZERO);
    assert_eq!(limit, Err(WaitError::TimedOut));
    go.send(()).expect("it is in a run");
    assert_eq!(peer.throttled.shutdown(Pending::Discard).wait(), Ok(Shutdown::Idle));
}

/// A clock that does something on the thread between its look and its sleep.
struct Between {
    time: Manual,
    armed: AtomicU64,
    act: OnceLock<Box<dyn Fn() + Send + Sync>>,
}

const BETWEEN: &str = "between";

impl Between {
    fn is_on_the_thread() -> bool {
        thread::current().name() == Some(BETWEEN)
    }
}

impl Clock for Between {
    fn now(&self) -> Timestamp {
        if Self::is_on_the_thread() {
            // The next reading is by the thread that goes to sleep until a deadline.
            let _ = self.armed.compare_exchange(1, 2, Relaxed, Relaxed);
        }
        self.time.now()
    }

    fn moved(&self) -> Option<&Moved> {
        if Self::is_on_the_thread() && self.armed.compare_exchange(2, 0, Relaxed, Relaxed).is_ok() {
            self.act.get().expect("it is set before it is armed")();
        }
        self.time.moved()
    }
}

/// notify#933: a notification between the look and the sleep was lost.
#[test]
fn a_wake_up_between_the_look_and_the_sleep_is_not_lost() {
    type Act = fn(&Between, &Throttled);
    let acts: [(&str, Act); 4] = [
        ("the clock moves", |clock, _| clock.time.set(at(2))),
        ("the threshold shrinks", |_, throttled| throttled.set_threshold(Duration::ZERO)),
        ("a flush", |_, throttled| {
            let _ = throttled.flush().expect("a run is pending");
        }),
        ("the end", |_, throttled| {
            assert_eq!(throttled.shutdown(Pending::Flush).wait(), Err(WaitError::InsideRun));
        }),
    ];
    for (what, act) in acts {
        let time = Manual::new(at(1));
        let clock = Arc::new(Between { time, armed: AtomicU64::new(0), act: OnceLock::new() });
        let builder = Throttled::builder(SECOND).name(BETWEEN).clock(Arc::clone(&clock));
        let throttled = builder.spawn(|| ()).expect("a thread");
        let (weak, own) = (throttled.downgrade(), Arc::downgrade(&clock));
        let act = move || act(&own.upgrade().expect("it lives"), &weak.upgrade().expect("it lives"));
        assert!(clock.act.set(Box::new(act)).is_ok());
        throttled.trigger().expect("it goes on").wait().expect("no panic");
        clock.armed.store(1, Relaxed);
        throttled.trigger().expect("it goes on");
        until(|| clock.armed.load(Relaxed) == 0);
        println!("{what} is told to the thread, or is lost");
        until(|| throttled.runs() == 2);
    }
}
