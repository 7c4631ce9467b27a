//! `AsyncThrottle`: the tasks that a child does not have.

use super::Finally;
use super::support::until;
use atomic_throttle::{AsyncThrottle, NotFlushed, Reason, Tokio, WaitError};
use evidence::Check;
use evidence::Guarantee::{G2, G3, G5, G10};
use forked::in_child;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;
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

/// The thread that drives the precise timer is in the parent.
#[cfg(feature = "precise")]
#[test]
fn a_child_does_not_need_the_precise_timer_of_its_parent() {
    use atomic_throttle::{Clock, Runtime as _};

    let check =
        Check::of(&[G5], "tests: a pending run with the precise timer, before a fork and in the child");
    let runs = || {
        runtime().block_on(async {
            let throttle = AsyncThrottle::with_runtime(Duration::from_millis(5), Tokio::current().precise());
            for _ in 0..3 {
                throttle.trigger(async || ()).unwrap();
                throttle.trigger(async || ()).unwrap();
                assert_eq!(throttle.all().await, Ok(()));
            }
            let soon = throttle.runtime().now().saturating_add(Duration::from_millis(1));
            throttle.runtime().sleep_until(soon).await;
        });
    };
    runs();
    in_child(runs);
    check.passed(3, "deferred runs in the child");
}

/// The task that is to perform the pending run is in the parent.
#[test]
fn a_child_does_not_wait_for_a_task_of_its_parent() {
    let check = Check::of(&[G3], "tests: in a forked child what tasks of the parent were to perform is owed");
    let throttle = AsyncThrottle::new(HOUR);
    let defer = async || {
        let _ = throttle.run(async || ()).await.unwrap();
        throttle.trigger(async || ()).unwrap();
    };
    beside_tasks(defer, || {
        in_child(|| {
            runtime().block_on(async {
                let ticket = throttle.trigger(async || ()).unwrap();
                assert_eq!(ticket.await, Err(WaitError::Owed));
                assert_eq!(throttle.all().wait_for(HOUR), Err(WaitError::Owed));
                throttle.flush(async || ()).unwrap().await.unwrap();
                assert_eq!(ticket.await, Ok(()));
            });
        });
        assert!(throttle.is_pending(), "in the parent nothing has changed");
    });
    check.passed(1, "child");
}

/// The task of the run in progress is in the parent.
#[test]
fn a_child_does_not_wait_for_a_run_in_a_task_of_its_parent() {
    let check = Check::of(&[G5], "tests: in a forked child no call waits for a run in a task of the parent");
    let throttle = AsyncThrottle::new(Duration::ZERO);
    let run = async || {
        throttle.trigger(std::future::pending::<()>).unwrap();
    };
    beside_tasks(run, || {
        until(|| throttle.snapshot().running);
        in_child(|| {
            runtime().block_on(async {
                assert_eq!(throttle.trigger(async || ()).unwrap().await, Ok(()));
                assert_eq!(throttle.trigger(async || ()).unwrap().await, Ok(()));
            });
            assert!(!throttle.snapshot().running);
        });
        assert!(throttle.snapshot().running, "in the parent nothing has changed");
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
            runtime().block_on(async { assert_eq!(throttle.all().await, Err(WaitError::Owed)) });
        });
    });
}

/// Whether a run is in progress, and another one pending.
fn goes_on(throttle: &AsyncThrottle<Tokio>) -> bool {
    throttle.snapshot().running && throttle.is_pending()
}

/// Nothing is in progress when the parent forks. So what the child finds in progress is its own.
#[test]
fn a_child_does_not_take_its_own_run_for_one_of_its_parent() {
    let check = Check::of(
        &[G2, G3],
        "tests: in a forked child the first run and the first deferral of the child are its own",
    );
    let [called, flushed] = [(); 2].map(|()| AsyncThrottle::new(Duration::ZERO));
    let deferred = AsyncThrottle::new(HOUR);
    // Its task is dropped with its runtime: it is owed.
    runtime().block_on(async { _ = flushed.trigger(std::future::pending::<()>).unwrap() });
    in_child(|| {
        runtime().block_on(async {
            let (end, ends) = tokio::sync::oneshot::channel::<()>();
            let first = called.trigger(async || _ = ends.await).unwrap();
            let second = called.trigger(async || ()).unwrap();
            assert!(goes_on(&called));
            end.send(()).unwrap();
            assert_eq!((first.await, second.await), (Ok(()), Ok(())));

            let (end, ends) = tokio::sync::oneshot::channel::<()>();
            let first = flushed.flush(async || _ = ends.await).unwrap();
            let second = flushed.trigger(async || ()).unwrap();
            assert!(goes_on(&flushed));
            end.send(()).unwrap();
            assert_eq!((first.await, second.await), (Ok(()), Ok(())));

            let _ = deferred.run(async || ()).await.unwrap();
            let first = deferred.trigger(async || ()).unwrap();
            assert!(deferred.all().wait_for(Duration::ZERO).is_err() && deferred.is_pending());
            deferred.flush(async || ()).unwrap().await.unwrap();
            assert_eq!(first.await, Ok(()));
        });
    });
    check.passed(3, "throttles");
}

/// The function forks. Its run is in the child, too.
#[test]
fn a_child_that_is_forked_inside_of_a_run_is_inside_of_it() {
    let throttle = AsyncThrottle::new(Duration::ZERO);
    let inside = throttle.clone();
    let ran = runtime().block_on(throttle.run(async move || {
        in_child(|| {
            assert_eq!(inside.trigger(async || ()).unwrap().wait(), Err(WaitError::InsideRun));
            assert!(goes_on(&inside));
        });
    }));
    assert!(ran.unwrap().ran() && !throttle.is_pending(), "in the parent nothing has changed");
}

/// Another thread merges, and so has the lock of the payload, while this process forks.
#[test]
fn a_child_does_not_wait_for_the_lock_of_the_payload_of_its_tasks() {
    static MERGES: AtomicBool = AtomicBool::new(false);
    static GOES_ON: AtomicBool = AtomicBool::new(false);
    fn merge(older: &mut u32, newer: u32) {
        MERGES.store(true, Relaxed);
        until(|| GOES_ON.load(Relaxed));
        *older += newer;
    }
    let check =
        Check::of(&[G10], "tests: in a forked child nothing waits for the lock of a payload of tasks");
    let throttle = AsyncThrottle::merging(HOUR, merge);
    let (end, ends) = tokio::sync::oneshot::channel::<()>();
    thread::scope(|scope| {
        let _goes_on = Finally(|| GOES_ON.store(true, Relaxed));
        scope.spawn(|| {
            runtime().block_on(async {
                for value in 1..=3 {
                    let _ = throttle.trigger(value, async |_| ()).unwrap();
                }
                let _ = ends.await;
            });
        });
        until(|| MERGES.load(Relaxed));
        in_child(|| {
            runtime().block_on(async {
                assert_eq!(throttle.flush(async |_| ()).err(), Some(NotFlushed::Ended));
                let rejected = throttle.trigger(4, async |_| ()).expect_err("the lock is in the parent");
                assert_eq!((rejected.value, rejected.reason), (4, Reason::Forked));
                assert_eq!(throttle.take(), None);
            });
        });
        drop(end);
    });
    assert_eq!(throttle.take(), Some(6), "in the parent nothing has changed, and no task was polled");
    check.passed(1, "child");
}
