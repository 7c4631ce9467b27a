//! Forked children: what they have from before the fork does not make them wait for threads that they do not have,
//! and says so.
//!
//! A child that hangs is killed: it has no watchdog.

#![cfg(all(unix, feature = "std"))]

use atomic_throttle::state::Finish;
use atomic_throttle::{
    CountedThrottled, Ended, Gate, Manual, NotFlushed, Outcome, Pending, Refused, Site, Threshold, Throttle,
    Throttled, WaitError,
};
use evidence::Check;
use fork::{Fork, fork, waitpid_nohang};
use rustix::process::{Pid, Signal, getpid, kill_process};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::SeqCst};
use std::sync::mpsc::{self, Sender};
use std::thread;
use std::time::{Duration, Instant};
use support::{SECOND, at, until};
use watchdog as _;

mod support;

/// A child that takes this long hangs.
const LIMIT: Duration = Duration::from_secs(30);

/// Ends this child by a signal that says how it went. `exit` would take locks of the standard library, which a thread
/// of the parent may have held at the fork.
fn end(is_right: bool) -> ! {
    loop {
        let _ = kill_process(getpid(), if is_right { RIGHT } else { Signal::TERM });
    }
}

const RIGHT: Signal = Signal::KILL;

/// Does this in a child, and waits for its end.
fn in_child(what: impl FnOnce()) {
    let child = match fork().expect("a child") {
        Fork::Child => {
            // A panic would end only this thread, and the process has no other one that could fail.
            end(catch_unwind(AssertUnwindSafe(what)).is_ok());
        }
        Fork::Parent(child) => child,
    };
    let began = Instant::now();
    let status = loop {
        if let Some(status) = waitpid_nohang(child).expect("the child can be waited for") {
            break status;
        }
        if began.elapsed() > LIMIT {
            let child = Pid::from_raw(child).expect("a child has a number");
            kill_process(child, Signal::KILL).expect("it is there");
            panic!("the child does not end");
        }
        thread::yield_now();
    };
    assert_eq!(status, RIGHT.as_raw(), "the child has panicked");
}

/// Lets another thread go on, also when an assertion fails: its scope waits for it.
struct Finally<F: Fn()>(F);

impl<F: Fn()> Drop for Finally<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

/// A throttle on a clock that stands still, the end of whose run the test decides.
fn held<H>(start: impl FnOnce(Arc<Manual>, Box<dyn FnMut() + Send>) -> H) -> (H, Sender<()>) {
    let (let_go, held) = mpsc::channel();
    let f = move || {
        let _ = held.recv();
    };
    (start(Arc::new(Manual::new(at(1))), Box::new(f)), let_go)
}

fn throttled() -> (Throttled, Sender<()>) {
    held(|clock, f| Throttled::builder(SECOND).clock(clock).spawn(f).expect("a thread"))
}

/// Nothing is pending: the first call of the child says that no run comes.
#[test]
fn a_child_s_first_call_is_refused() {
    let check = Check::of("G3", "tests: in a forked child no call on a Throttled is taken and lost");
    let (throttled, let_go) = throttled();
    let weak = throttled.downgrade();
    let mut own = Some(throttled.clone());
    in_child(|| {
        let throttled = own.take().unwrap();
        assert_eq!(throttled.trigger().err(), Some(Ended::Forked));
        assert_eq!(weak.trigger(), Err(Ended::Forked));
        assert_eq!(throttled.wait(), Ok(()), "nothing was requested");
        assert_eq!(throttled.flush(), Err(NotFlushed::Ended));
        assert!(!throttled.cancel());
        throttled.set_threshold(Duration::ZERO);
    });
    // In the parent nothing has changed.
    let_go.send(()).unwrap();
    assert_eq!(throttled.trigger().unwrap().wait(), Ok(()));
    check.passed(1, "child");
}

/// A run is in progress, and another one pending. All that waits returns, and what is pending is owed.
#[test]
fn a_child_waits_for_no_thread_of_its_parent() {
    let check = Check::of("G3", "tests: in a forked child what a Throttled had pending is owed");
    let (throttled, let_go) = throttled();
    let before = throttled.trigger().unwrap();
    until(|| throttled.is_running() && !throttled.is_pending());
    let coalesced = throttled.trigger().unwrap();
    in_child(|| {
        assert!(throttled.is_pending() && throttled.trigger().is_ok(), "it does not look");
        for handle in [before, coalesced] {
            assert_eq!(handle.wait(), Err(WaitError::Forked));
            assert_eq!(handle.wait_for(Duration::MAX), Err(WaitError::Forked));
        }
        assert!(throttled.is_owed(), "now it has looked");
        assert_eq!(throttled.trigger().err(), Some(Ended::Forked));
        assert_eq!(throttled.wait(), Err(WaitError::Forked));
        assert_eq!(throttled.wait_for(Duration::MAX), Err(WaitError::Forked));
        assert_eq!(throttled.flush(), Err(NotFlushed::Ended));
        assert_eq!(throttled.shutdown(Pending::Finish), Err(WaitError::Forked));
        assert_eq!(throttled.shutdown_within(Pending::Discard, Duration::MAX), Err(WaitError::Forked));
        assert!(throttled.cancel(), "what is owed");
    });
    assert!(throttled.is_pending());
    let_go.send(()).unwrap();
    assert_eq!(before.wait(), Ok(()));
    assert!(throttled.shutdown(Pending::Discard).is_ok());
    check.passed(1, "child");
}

fn dropped_in_child<H>(handle: H) {
    let mut handle = Some(handle);
    in_child(|| drop(handle.take()));
    drop(handle);
}

/// The drop of the last handle, of each front end that has a thread, in a child whose parent goes on.
#[test]
fn a_child_drops_what_it_has_at_once() {
    let check = Check::of("G6", "tests: in a forked child every drop of a last handle returns");
    let counted = |clock, f: Box<dyn FnMut() + Send>| -> CountedThrottled {
        let mut f = f;
        Throttled::builder(SECOND).clock(clock).spawn_counted(move |_| f()).expect("a thread")
    };
    let (throttled, let_go) = throttled();
    drop(let_go);
    throttled.trigger().unwrap();
    dropped_in_child(throttled);
    let (counted, let_go) = held(counted);
    drop(let_go);
    counted.trigger().unwrap();
    dropped_in_child(counted);
    check.passed(2, "drops");
}

/// What a child starts itself is as ever.
#[test]
fn a_throttle_that_is_started_in_a_child_works() {
    let (inherited, _let_go) = throttled();
    let _ = inherited.trigger();
    in_child(|| {
        let (own, let_go) = throttled();
        let_go.send(()).unwrap();
        assert_eq!(own.trigger().unwrap().wait(), Ok(()));
        assert!(own.shutdown(Pending::Finish).is_ok());
        drop(own);
    });
}

#[cfg(feature = "batch")]
#[test]
fn a_child_gets_back_what_it_pushes() {
    use atomic_throttle::Batched;
    let (sender, received) = mpsc::channel();
    let builder = Throttled::builder(SECOND).clock(Arc::new(Manual::new(at(1))));
    let batched: Batched<u32> = builder
        .spawn_batched(move |batch| batch.for_each(|item| sender.send(item).unwrap()))
        .expect("a thread");
    batched.trigger(1).unwrap().wait().unwrap();
    let mut own = Some(batched.clone());
    in_child(|| {
        let batched = own.take().unwrap();
        let rejected = batched.trigger(2).expect_err("there is no thread");
        assert_eq!((rejected.item, rejected.ended), (Some(2), Ended::Forked));
        assert_eq!(batched.take_remaining(), []);
    });
    assert_eq!(received.try_iter().collect::<Vec<_>>(), [1]);
    // Pending: the item is in the queue, and the child can take it.
    batched.trigger(3).unwrap();
    let mut last = Some(batched);
    drop(own);
    in_child(|| {
        let batched = last.take().unwrap();
        assert_eq!(batched.throttled().wait(), Err(WaitError::Forked));
        let rejected = batched.trigger(4).expect_err("there is no thread");
        assert_eq!((rejected.item, batched.take_remaining()), (Some(4), vec![3]));
    });
    let batched = last.unwrap();
    assert!(batched.throttled().shutdown(Pending::Discard).is_ok());
    assert_eq!(batched.take_remaining(), [3]);
}

#[cfg(feature = "keyed")]
#[test]
fn a_child_waits_for_no_key() {
    use atomic_throttle::{KeyedThrottled, NotTaken};
    const FORKED: Result<(), NotTaken> = Err(NotTaken::Ended(Ended::Forked));
    let check =
        Check::of("G3", "tests: in a forked child no call on a key that is not pending is taken and lost");
    let (keyed, let_go): (KeyedThrottled<String>, _) = held(|clock, mut f| {
        KeyedThrottled::builder(SECOND).clock(clock).spawn(move |_: &String| f()).expect("a thread")
    });
    let weak = keyed.downgrade();
    let mut own = Some(keyed.clone());
    keyed.trigger("a").unwrap();
    until(|| keyed.runs() == 1);
    keyed.trigger("a").unwrap();
    in_child(|| {
        let keyed = own.take().unwrap();
        assert_eq!(keyed.trigger("a"), Ok(()), "it does not look");
        assert_eq!((keyed.trigger("b"), weak.trigger("b")), (FORKED, FORKED));
        assert_eq!((keyed.flush("a"), keyed.cancel("a")), (Err(NotFlushed::Ended), false));
        assert_eq!(
            (keyed.wait(), keyed.wait_for(Duration::MAX)),
            (Err(WaitError::Forked), Err(WaitError::Forked))
        );
        assert_eq!(keyed.shutdown(Pending::Discard), Err(WaitError::Forked));
        assert_eq!(keyed.shutdown_within(Pending::Discard, Duration::MAX), Err(WaitError::Forked));
        assert_eq!((keyed.evict(), keyed.allocated_bytes(), keyed.contains("a")), (0, 0, false));
        keyed.set_threshold(Duration::ZERO);
        drop(weak.upgrade());
    });
    drop(own);
    let mut last = Some(keyed);
    in_child(|| drop(last.take()));
    drop(let_go);
    assert!(last.unwrap().shutdown(Pending::Discard).is_ok());
    check.passed(1, "child");
}

/// A key whose comparison the test can hold up, under the lock of its shard.
#[cfg(feature = "keyed")]
#[derive(Clone, Eq)]
struct Slow;

/// The comparison that is held up, counted down to 1.
#[cfg(feature = "keyed")]
static COMPARISONS: AtomicU32 = AtomicU32::new(u32::MAX);
#[cfg(feature = "keyed")]
static IS_HELD_UP: AtomicBool = AtomicBool::new(false);
#[cfg(feature = "keyed")]
static GOES_ON: AtomicBool = AtomicBool::new(false);

#[cfg(feature = "keyed")]
impl PartialEq for Slow {
    fn eq(&self, _: &Self) -> bool {
        if COMPARISONS.fetch_sub(1, SeqCst) == 1 {
            IS_HELD_UP.store(true, SeqCst);
            until(|| GOES_ON.load(SeqCst));
        }
        true
    }
}

#[cfg(feature = "keyed")]
impl std::hash::Hash for Slow {
    fn hash<H: std::hash::Hasher>(&self, _: &mut H) {}
}

#[cfg(feature = "keyed")]
#[test]
fn a_child_does_not_wait_for_the_lock_of_a_key() {
    use atomic_throttle::{KeyedThrottled, NotTaken};
    let keyed =
        KeyedThrottled::builder(SECOND).clock(Manual::new(at(1))).spawn(|_: &Slow| ()).expect("a thread");
    keyed.trigger(&Slow).unwrap();
    keyed.wait().unwrap();
    thread::scope(|scope| {
        // The second comparison of a call that is not coalesced is under the lock of a writer.
        COMPARISONS.store(2, SeqCst);
        scope.spawn(|| keyed.trigger(&Slow));
        let _go_on = Finally(|| GOES_ON.store(true, SeqCst));
        until(|| IS_HELD_UP.load(SeqCst));
        in_child(|| {
            assert_eq!(keyed.trigger(&Slow), Err(NotTaken::Ended(Ended::Forked)));
            assert!(!keyed.contains(&Slow));
        });
    });
    assert!(keyed.shutdown(Pending::Discard).is_ok());
}

/// Forks are made while another thread decides, most of the time under the lock.
#[test]
fn a_child_does_not_wait_for_a_lock() {
    let throttled = Throttled::builder(SECOND).clock(Manual::new(at(1))).spawn(|| ()).expect("a thread");
    throttled.trigger().unwrap().wait().unwrap();
    let ends = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !ends.load(SeqCst) {
                let _ = (throttled.trigger(), throttled.flush(), throttled.cancel());
            }
        });
        let _end = Finally(|| ends.store(true, SeqCst));
        for _ in 0..100 {
            in_child(|| {
                assert_eq!(throttled.flush(), Err(NotFlushed::Ended));
                assert_eq!(throttled.trigger().err(), Some(Ended::Forked));
                assert_eq!(throttled.shutdown(Pending::Discard), Err(WaitError::Forked));
                throttled.cancel();
            });
        }
    });
    assert!(throttled.shutdown(Pending::Discard).is_ok());
}

/// Holds a run of `throttle` in another thread while `what` is done.
fn during_a_run(throttle: &Throttle<Manual>, what: impl FnOnce()) {
    let (let_go, held) = mpsc::channel::<()>();
    thread::scope(|scope| {
        scope.spawn(|| throttle.try_run(move || held.recv()).expect("it is open"));
        until(|| throttle.is_running());
        what();
        drop(let_go);
    });
}

/// The run of a thread that the child does not have: the first call that would wait for it ends it.
#[test]
fn a_child_does_not_wait_for_a_run_of_its_parent() {
    let check = Check::of("G5", "tests: in a forked child a Throttle waits for no run of its parent");
    if !cfg!(any(target_os = "android", target_os = "linux")) {
        // Elsewhere the thread that forks is recognized only if it has used a throttle before.
        let _ = Throttle::new(SECOND).try_run(|| ());
    }
    let throttle = Throttle::with_clock(SECOND, Manual::new(at(1)));
    during_a_run(&throttle, || {
        in_child(|| {
            throttle.clock().set(at(2));
            assert_eq!(throttle.try_run(|| ()), Err(Refused::Running), "it does not look");
            let outcome = throttle.run(|| "here");
            assert!(matches!(outcome, Outcome::RanDeferred("here")), "{outcome:?}");
            throttle.clock().set(at(3));
            assert_eq!(throttle.try_run(|| ()), Ok(()));
        });
        assert!(throttle.is_running(), "in the parent nothing has changed");
    });
    check.passed(1, "child");
}

/// The same, with the handle of a call that waits for the run.
#[test]
fn a_child_does_not_wait_for_an_owner_in_its_parent() {
    let check =
        Check::of("G3", "tests: in a forked child what the owner in the parent was to perform is owed");
    let throttle = Throttle::with_clock(SECOND, Manual::new(at(1)));
    assert_eq!(throttle.try_run(|| ()), Ok(()));
    thread::scope(|scope| {
        scope.spawn(|| throttle.run(|| ()));
        let _end_of_window = Finally(|| throttle.clock().set(at(2)));
        until(|| throttle.is_pending());
        in_child(|| {
            let Outcome::Coalesced(handle) = throttle.run(|| ()) else { panic!("it is pending") };
            assert_eq!(handle.wait(), Err(WaitError::Owed));
            assert_eq!(handle.wait_for(Duration::MAX), Err(WaitError::Owed));
            throttle.clock().set(at(2));
            assert!(matches!(throttle.run(|| "adopted"), Outcome::RanAtOnce("adopted")));
            assert_eq!(handle.wait(), Ok(()));
        });
    });
    check.passed(1, "child");
}

/// The covering run is in progress in the parent.
#[test]
fn a_child_does_not_take_a_run_of_its_parent_for_done() {
    let throttle = Throttle::with_clock(SECOND, Manual::new(at(1)));
    assert_eq!(throttle.try_run(|| ()), Ok(()));
    let (let_go, held) = mpsc::channel::<()>();
    thread::scope(|scope| {
        scope.spawn(|| throttle.run(move || held.recv()));
        until(|| throttle.is_pending());
        let Outcome::Coalesced(handle) = throttle.run(|| ()) else { panic!("it is pending") };
        throttle.clock().set(at(2));
        until(|| throttle.is_running());
        in_child(|| assert_eq!(handle.wait(), Err(WaitError::Forked)));
        drop(let_go);
        assert_eq!(handle.wait(), Ok(()));
    });
}

/// Its own threads it does wait for.
#[test]
fn a_child_waits_for_its_own_threads() {
    let throttle = Throttle::with_clock(SECOND, Manual::new(at(1)));
    // The parent has used it.
    assert_eq!(throttle.try_run(|| ()), Ok(()));
    in_child(|| {
        throttle.clock().set(at(2));
        during_a_run(&throttle, || {
            thread::scope(|scope| {
                let waiting = scope.spawn(|| throttle.run(|| "after it").into_value());
                until(|| throttle.is_pending());
                throttle.clock().set(at(3));
                let Outcome::Coalesced(handle) = throttle.run(|| ()) else { panic!("it is pending") };
                assert_eq!(handle.wait_for(Duration::ZERO), Err(WaitError::TimedOut));
                assert!(throttle.is_running() && throttle.is_pending() && !waiting.is_finished());
                throttle.cancel();
            });
        });
        // The thread that forked is inside of a run, and another one waits for it up to its limit.
        throttle.clock().set(at(9));
        let ran = throttle.try_run(|| {
            thread::scope(|scope| {
                let waiting =
                    scope.spawn(|| throttle.run_within(SECOND, || "overlaps").map(Outcome::into_value));
                until(|| throttle.is_pending());
                throttle.clock().set(at(10));
                assert_eq!(waiting.join().unwrap(), Ok(None));
            });
            assert!(throttle.is_owed());
        });
        assert_eq!(ran, Ok(()));
    });
}

/// What never waits goes on in a child from where it was. A run that was in progress at the fork stays so: that is
/// written down.
#[test]
fn what_never_waits_goes_on_in_a_child() {
    let (site, gate) = (Site::with_clock(SECOND, Manual::new(at(1))), Gate::new(Threshold::new(SECOND)));
    drop(site.enter());
    let run = gate.try_start(at(1)).expect("it is open");
    in_child(|| {
        assert!(site.enter().is_none());
        assert_eq!(site.suppressed(), 1);
        assert!(gate.try_start(at(2)).is_err());
        // This process has no thread that is inside of the run.
        assert_eq!(gate.finish_lost(gate.state().epoch()), Finish::Finished);
        assert!(gate.try_start(at(2)).is_ok());
    });
    assert!(gate.state().is_running());
    drop(run);
    let entry = Site::with_clock(SECOND, Manual::new(at(1)));
    let inside = entry.enter().expect("it is open");
    in_child(|| assert!(entry.enter().is_none()));
    drop(inside);
    #[cfg(feature = "keyed")]
    {
        let keyed = atomic_throttle::Keyed::<u32, _>::with_clock(SECOND, Manual::new(at(1)));
        assert_eq!(keyed.try_run(&1, || ()), Ok(()));
        in_child(|| {
            assert!(keyed.try_run(&1, || ()).is_err());
            assert_eq!(keyed.try_run(&2, || ()), Ok(()));
        });
    }
}

#[cfg(feature = "tokio")]
mod tasks {
    use super::{Duration, WaitError, in_child, mpsc, thread, until};
    use atomic_throttle::AsyncThrottle;
    use evidence::Check;
    use tokio::runtime::{Builder, Runtime};

    const HOUR: Duration = Duration::from_secs(60 * 60);

    fn runtime() -> Runtime {
        Builder::new_current_thread().enable_time().build().expect("a runtime")
    }

    /// Polls the tasks of the parent in another thread, while `what` is done.
    fn beside_tasks(start: impl AsyncFnOnce() + Send, what: impl FnOnce()) {
        let (ready, is_ready) = mpsc::channel();
        let (end, ends) = tokio::sync::oneshot::channel::<()>();
        thread::scope(|scope| {
            scope.spawn(move || {
                runtime().block_on(async {
                    start().await;
                    // The tasks come to their waits. A fork while one begins would keep the lock of the event: that
                    // is written down.
                    for _ in 0..10 {
                        tokio::task::yield_now().await;
                    }
                    ready.send(()).unwrap();
                    let _ = ends.await;
                });
            });
            is_ready.recv().unwrap();
            what();
            drop(end);
        });
    }

    /// The task that is to perform the pending run is in the parent.
    #[test]
    fn a_child_does_not_wait_for_a_task_of_its_parent() {
        let check =
            Check::of("G3", "tests: in a forked child what tasks of the parent were to perform is owed");
        let throttle = AsyncThrottle::new(HOUR);
        let defer = async || {
            let _ = throttle.run(async || ()).await.unwrap();
            throttle.trigger(async || ()).unwrap();
        };
        beside_tasks(defer, || {
            in_child(|| {
                runtime().block_on(async {
                    let ticket = throttle.trigger(async || ()).unwrap();
                    assert_eq!(ticket.wait().await, Err(WaitError::Owed));
                    assert_eq!(throttle.wait_for(HOUR).await, Err(WaitError::Owed));
                    throttle.flush(async || ()).unwrap().wait().await.unwrap();
                    assert_eq!(ticket.wait().await, Ok(()));
                });
            });
            assert!(throttle.is_pending(), "in the parent nothing has changed");
        });
        check.passed(1, "child");
    }

    /// The task of the run in progress is in the parent.
    #[test]
    fn a_child_does_not_wait_for_a_run_in_a_task_of_its_parent() {
        let check =
            Check::of("G5", "tests: in a forked child no call waits for a run in a task of the parent");
        let throttle = AsyncThrottle::new(Duration::ZERO);
        let run = async || {
            throttle.trigger(std::future::pending::<()>).unwrap();
        };
        beside_tasks(run, || {
            until(|| throttle.is_running());
            in_child(|| {
                runtime().block_on(async {
                    assert_eq!(throttle.trigger(async || ()).unwrap().wait().await, Ok(()));
                    assert_eq!(throttle.trigger(async || ()).unwrap().wait().await, Ok(()));
                });
                assert!(!throttle.is_running());
            });
            assert!(throttle.is_running(), "in the parent nothing has changed");
        });
        check.passed(1, "child");
    }

    /// The child waits, and calls nothing.
    #[test]
    fn a_child_that_waits_for_a_run_in_a_task_of_its_parent_is_told() {
        let throttle = AsyncThrottle::new(Duration::ZERO);
        let run = async || {
            throttle.trigger(std::future::pending::<()>).unwrap();
        };
        beside_tasks(run, || {
            in_child(|| {
                runtime().block_on(async { assert_eq!(throttle.wait().await, Err(WaitError::Owed)) });
            });
        });
    }
}
