//! Tasks that are dropped, at every await: what the run was given is there, its calls are owed, and the throttle has ended.

use super::by_hand::{ByHand, Driven};
use crate::support::{SECOND, at};
use atomic_throttle::{
    Batch, Carried, Clock, Ended, Moved, NoRuntime, Reason, Runtime, Shutdown, Throttled, Timestamp,
    WaitError,
};
use std::future::pending;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

fn told<T>(ticket: impl IntoFuture<Output = T>) -> Poll<T> {
    pin!(ticket.into_future()).poll(&mut Context::from_waker(Waker::noop()))
}

#[test]
fn before_the_first_poll() {
    let runtime = ByHand::new(at(1));
    let post =
        Throttled::builder(SECOND).latest().spawn_on(runtime.clone(), async |_: Carried<u32>| ()).unwrap();
    let ticket = post.trigger(1).unwrap();
    runtime.drop_task(0);
    assert_eq!(told(ticket), Poll::Ready(Err(WaitError::Owed)));
    assert!(post.snapshot().is_owed());
    let rejected = post.trigger(2).unwrap_err();
    assert_eq!((rejected.reason, rejected.value), (Reason::Ended(Ended::Dropped), 2));
    assert_eq!(post.take(), Some(1), "G10");
    assert_eq!(post.shutdown(atomic_throttle::Pending::Finish).wait(), Ok(Shutdown::Dropped));
}

#[test]
fn while_the_run_is_deferred() {
    let runtime = ByHand::new(at(1));
    let post = Throttled::builder(SECOND)
        .collecting()
        .spawn_on(runtime.clone(), async |_: Carried<Batch<u32>>| ())
        .unwrap();
    let _ = post.trigger(1).unwrap();
    assert!(!runtime.poll(0));
    assert_eq!(post.runs(), 1);
    let ticket = post.trigger(2).unwrap();
    assert!(!runtime.poll(0));
    runtime.drop_task(0);
    assert_eq!(told(ticket), Poll::Ready(Err(WaitError::Owed)));
    assert_eq!(post.take(), [2], "G10");
}

/// In the middle of a run: the guard brings the value home, in front of what has come since.
#[test]
fn in_the_middle_of_a_run() {
    let runtime = ByHand::new(at(1));
    let post = Throttled::builder(SECOND)
        .collecting()
        .spawn_on(runtime.clone(), async |mut rows: Carried<Batch<u32>>| {
            assert_eq!(rows.pop(), Some(1));
            pending::<()>().await;
            drop(rows);
        })
        .unwrap();
    let first = post.trigger(1).unwrap();
    let _ = post.trigger(2).unwrap();
    assert!(!runtime.poll(0));
    let during = post.trigger(3).unwrap();
    assert_eq!(told(first), Poll::Pending);
    runtime.drop_task(0);
    assert_eq!(told(first), Poll::Ready(Err(WaitError::Owed)), "nobody sees its calls as covered");
    assert_eq!(told(during), Poll::Ready(Err(WaitError::Owed)));
    assert!(!post.snapshot().running);
    assert_eq!(post.take(), [2, 3], "G10: but for what was taken out");
}

#[test]
fn a_newer_value_replaces_what_comes_home() {
    for brings in [false, true] {
        let runtime = ByHand::new(at(1));
        let post = Throttled::builder(SECOND)
            .latest()
            .spawn_on(runtime.clone(), async |value: Carried<u32>| {
                pending::<()>().await;
                drop(value);
            })
            .unwrap();
        let _ = post.trigger(1).unwrap();
        assert!(!runtime.poll(0));
        if brings {
            let _ = post.trigger(2).unwrap();
        }
        runtime.drop_task(0);
        assert_eq!(post.take(), Some(if brings { 2 } else { 1 }));
    }
}

#[test]
fn a_count_comes_home() {
    let runtime = ByHand::new(at(1));
    let calls = Throttled::builder(SECOND)
        .counting()
        .spawn_on(runtime.clone(), async |_| pending::<()>().await)
        .unwrap();
    for _ in 0..3 {
        let _ = calls.trigger().unwrap();
    }
    assert!(!runtime.poll(0));
    assert_eq!(calls.outstanding(), 0);
    runtime.drop_task(0);
    assert_eq!(calls.take(), 3, "G10");
}

/// A run that a flush has started, and that no task performs.
#[test]
fn a_flushed_run_that_is_never_performed() {
    let runtime = ByHand::new(at(1));
    let post =
        Throttled::builder(SECOND).latest().spawn_on(runtime.clone(), async |_: Carried<u32>| ()).unwrap();
    let ticket = post.trigger(1).unwrap();
    let flushed = post.flush().unwrap();
    assert!(post.snapshot().running);
    runtime.drop_task(0);
    assert_eq!(told(ticket), Poll::Ready(Err(WaitError::Owed)));
    assert_eq!(told(flushed), Poll::Ready(Err(WaitError::Owed)));
    assert!(!post.snapshot().running);
    assert_eq!(post.take(), Some(1), "G10");
}

/// The future of the user's is dropped with what it lends.
#[test]
fn a_driver() {
    let runtime = ByHand::new(at(1));
    let (post, driver) = Throttled::builder(SECOND).latest().driver(runtime, async |value: &u32| {
        assert_eq!(*value, 1);
        pending::<()>().await;
    });
    let mut driver = Driven::new(driver);
    let ticket = post.trigger(1).unwrap();
    assert!(driver.poll().is_pending());
    assert_eq!(told(ticket), Poll::Pending);
    drop(driver);
    assert_eq!(told(ticket), Poll::Ready(Err(WaitError::Owed)));
    assert_eq!(post.take(), Some(1), "G10");
    assert_eq!(post.trigger(2).unwrap_err().value, 2);
}

/// The future of a ticket: dropped at any poll it changes nothing.
#[test]
fn the_future_of_a_ticket() {
    let runtime = ByHand::new(at(1));
    let save = Throttled::builder(SECOND).spawn_on(runtime.clone(), async || ()).unwrap();
    let ticket = save.trigger().unwrap();
    assert_eq!(told(ticket), Poll::Pending);
    assert_eq!(told(ticket.into_owned()), Poll::Pending);
    assert!(!runtime.poll(0));
    assert_eq!(told(ticket), Poll::Ready(Ok(())));
    // And a task that waits is woken.
    let ticket = save.trigger().unwrap().into_owned();
    let mut waits = Driven::new(ticket.into_future());
    assert!(waits.poll().is_pending());
    runtime.clock().advance(SECOND);
    runtime.settle();
    assert!(waits.is_woken());
    assert_eq!(waits.poll(), Poll::Ready(Ok(())));
}

#[test]
fn no_runtime_is_said_before_anything_is_started() {
    #[derive(Clone)]
    struct Nowhere(ByHand);
    impl Clock for Nowhere {
        fn now(&self) -> Timestamp {
            self.0.now()
        }
    }
    impl Runtime for Nowhere {
        fn sleep_until(&self, _: Timestamp) -> impl Future<Output = ()> + Send + 'static {
            pending()
        }
        fn ready(&self) -> Result<(), NoRuntime> {
            Err(NoRuntime)
        }
        fn spawn(&self, _: impl Future<Output = ()> + Send + 'static) -> Result<(), NoRuntime> {
            unreachable!("it is not ready")
        }
    }
    let refused = Throttled::builder(SECOND).spawn_on(Nowhere(ByHand::new(at(1))), async || ());
    assert_eq!(refused.err(), Some(NoRuntime));
}

/// It ends the throttle as it does on a thread, not the task by a panic.
#[test]
fn a_clock_that_panics() {
    for (superseding, rest) in [(0, Duration::ZERO), (1, Duration::ZERO), (0, SECOND)] {
        let (by_hand, broken) = (ByHand::new(at(1)), Arc::new(AtomicBool::new(false)));
        let runtime = Broken(by_hand.clone(), Arc::clone(&broken));
        let post = Throttled::builder(SECOND)
            .superseding(superseding)
            .rest(rest)
            .latest()
            .spawn_on(runtime, async move |_: Carried<u32>| broken.store(true, SeqCst))
            .unwrap();
        let first = post.trigger(1).unwrap();
        by_hand.settle();
        assert_eq!(told(first), Poll::Ready(Ok(())), "it had run when the clock broke");
        let rejected = post.trigger(2).err();
        by_hand.settle();
        let last = post.trigger(3).unwrap_err();
        assert_eq!(last.reason, Reason::Ended(Ended::Panicked), "{superseding} {rest:?} {rejected:?}");
        assert_eq!(by_hand.panics(), 0);
        assert_eq!(
            told(post.shutdown(atomic_throttle::Pending::Finish)),
            Poll::Ready(Ok(Shutdown::Panicked))
        );
    }
}

#[derive(Clone)]
struct Broken(ByHand, Arc<AtomicBool>);

impl Clock for Broken {
    fn now(&self) -> Timestamp {
        assert!(!self.1.load(SeqCst), "planted: the clock");
        self.0.now()
    }

    fn moved(&self) -> Option<&Moved> {
        self.0.moved()
    }
}

impl Runtime for Broken {
    fn sleep_until(&self, deadline: Timestamp) -> impl Future<Output = ()> + Send + 'static {
        self.0.sleep_until(deadline)
    }

    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) -> Result<(), NoRuntime> {
        self.0.spawn(task)
    }
}
