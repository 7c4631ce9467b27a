//! Futures of the user's: on a `LocalSet`, on smol, with functions that keep state and are not `Send`.

use atomic_throttle::{Clock, Manual, NoRuntime, Pending, Runtime, Throttled, Timestamp, Tokio};
use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::time::{Duration, Instant};

const MS: Duration = Duration::from_millis(1);

#[tokio::test]
async fn a_function_that_is_not_send_on_a_local_set() {
    let seen = Rc::new(Cell::new(0));
    let inside = Rc::clone(&seen);
    let (post, driver) =
        Throttled::builder(MS).latest().driver(Tokio::current(), async move |value: &u32| {
            tokio::task::yield_now().await;
            inside.set(inside.get() + *value);
        });
    tokio::task::LocalSet::new()
        .run_until(async {
            let driver = tokio::task::spawn_local(driver);
            for value in [1, 10, 100] {
                assert_eq!(post.trigger(value).unwrap().await, Ok(()));
            }
            drop(post);
            driver.await.expect("it ends with the last handle");
        })
        .await;
    assert_eq!(seen.get(), 111);
}

/// What it captures is `Send`, so it may be spawned, and it keeps its state from one run to the next.
#[tokio::test(flavor = "multi_thread")]
async fn state_is_kept_and_the_future_is_send() {
    let total = Arc::new(AtomicU64::new(0));
    let seen = Arc::clone(&total);
    let mut runs = 0;
    let (calls, driver) = Throttled::builder(MS).counting().driver(Tokio::current(), async move |calls| {
        runs += 1;
        tokio::task::yield_now().await;
        seen.fetch_add(calls, SeqCst);
        if runs % 2 == 0 { Err("planted") } else { Ok(()) }
    });
    let driver = tokio::spawn(driver);
    let callers: Vec<_> = (0..4)
        .map(|_| {
            let calls = calls.clone();
            tokio::spawn(async move {
                for _ in 0..1000 {
                    let _ = calls.trigger().unwrap();
                }
            })
        })
        .collect();
    for caller in callers {
        caller.await.unwrap();
    }
    drop(calls);
    driver.await.unwrap();
    assert_eq!(total.load(SeqCst), 4000, "G10");
}

/// A runtime of smol, and a thread that only waits.
#[derive(Clone)]
struct Smol(Instant);

impl Clock for Smol {
    fn now(&self) -> Timestamp {
        Timestamp::from_nanos(1).saturating_add(self.0.elapsed())
    }
}

impl Runtime for Smol {
    fn sleep_until(&self, deadline: Timestamp) -> impl Future<Output = ()> + Send + 'static {
        let left = deadline.saturating_since(self.now());
        async move {
            smol::Timer::after(left).await;
        }
    }

    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) -> Result<(), NoRuntime> {
        smol::spawn(task).detach();
        Ok(())
    }
}

#[test]
fn on_smol() {
    let seen = Arc::new(AtomicU64::new(0));
    let inside = Arc::clone(&seen);
    let sum = Throttled::builder(MS)
        .merging(|older: &mut u64, newer| *older += newer)
        .spawn_on(Smol(Instant::now()), async move |sum: atomic_throttle::Carried<u64>| {
            inside.fetch_add(*sum, SeqCst);
        })
        .unwrap();
    for _ in 0..1000 {
        let _ = sum.trigger(1).unwrap();
    }
    // A thread may wait for a task on another one.
    assert_eq!(sum.all().wait(), Ok(()));
    assert_eq!(seen.load(SeqCst), 1000, "G10");
    assert_eq!(smol::block_on(async { sum.trigger(1).unwrap().await }), Ok(()));
    assert!(sum.shutdown(Pending::Finish).wait().is_ok());
    assert_eq!(seen.load(SeqCst), 1001);
}

/// A driver asks the runtime for the time, and nothing else: on a clock that is moved by hand it sleeps until that moves.
#[test]
fn a_driver_on_a_clock_that_is_moved() {
    let runtime = super::by_hand::ByHand::new(crate::support::at(1));
    let clock: &Manual = runtime.clock();
    let mut runs = 0;
    let (save, driver) =
        Throttled::builder(crate::support::SECOND).driver(runtime.clone(), async move || {
            runs += 1;
            assert!(runs < 3);
        });
    let mut driver = super::by_hand::Driven::new(driver);
    let _ = save.trigger().unwrap();
    assert!(driver.poll().is_pending());
    let _ = save.trigger().unwrap();
    assert!(driver.is_woken());
    assert!(driver.poll().is_pending());
    assert_eq!(save.runs(), 1);
    clock.advance(crate::support::SECOND);
    assert!(driver.is_woken());
    assert!(driver.poll().is_pending());
    assert_eq!(save.runs(), 2);
    drop(save);
    assert!(driver.is_woken());
    assert!(driver.poll().is_ready());
}
