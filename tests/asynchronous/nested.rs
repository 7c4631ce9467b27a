//! Every operation from inside a run: none deadlocks.

use super::calls::{Starts, WINDOW};
use super::paused;
use atomic_throttle::Outcome;
use atomic_throttle::state::DeferralStatus;
use atomic_throttle::{AsyncThrottle, NotFlushed, WaitError};
use std::time::Duration;
use tokio::time::{sleep, timeout};

#[test]
fn a_trigger_inside_a_run_asks_for_the_next_one() {
    paused(async {
        let (throttle, starts) = (AsyncThrottle::new(WINDOW), Starts::new());
        let (inside, noting) = (throttle.clone(), starts.noting());
        let starts_inside = starts.clone();
        let outer = throttle.run(async move || {
            starts_inside.note();
            inside.trigger(noting).map(drop)
        });
        assert!(matches!(outer.await, Ok(Outcome::RanAtOnce(Ok(())))));
        assert_eq!(throttle.all().await, Ok(()));
        assert_eq!(starts.all(), [Duration::ZERO, WINDOW]);
    });
}

#[test]
fn a_run_inside_a_run_does_not_wait_for_it() {
    paused(async {
        for is_pending in [false, true] {
            let (throttle, starts) = (AsyncThrottle::new(WINDOW), Starts::new());
            let (inside, noting) = (throttle.clone(), starts.noting());
            let pending = starts.noting();
            let outer = throttle.run(async move || {
                // After an await, the task is the same.
                sleep(WINDOW / 2).await;
                if is_pending {
                    inside.trigger(pending).unwrap();
                }
                let nested = inside.run(noting).await.unwrap();
                let Outcome::Coalesced(ticket) = nested else { panic!("{nested:?}") };
                assert_eq!(ticket.await, Err(WaitError::InsideRun));
                assert_eq!(ticket.wait_for(WINDOW * 9), Err(WaitError::InsideRun));
            });
            assert!(outer.await.unwrap().ran());
            assert_eq!(throttle.all().await, Ok(()));
            assert_eq!(starts.all(), [WINDOW]);
        }
    });
}

#[test]
fn a_run_that_was_asked_for_outside_and_is_awaited_inside_does_not_wait() {
    paused(async {
        let throttle = AsyncThrottle::new(WINDOW);
        let outer = throttle.clone();
        let mut asked = Box::pin(async move { outer.run(async || 1).await.map(|outcome| outcome.ran()) });
        let (send, receive) = tokio::sync::oneshot::channel();
        let inside = throttle.run(async move || {
            let asked: std::pin::Pin<Box<dyn Future<Output = _> + Send>> = receive.await.unwrap();
            asked.await
        });
        let (ran, ()) = tokio::join!(biased; inside, async {
            // It is deferred behind the run above.
            assert!(timeout(Duration::ZERO, &mut asked).await.is_err());
            assert!(throttle.is_pending());
            assert!(send.send(asked as _).is_ok());
        });
        assert!(matches!(ran, Ok(Outcome::RanAtOnce(Ok(false)))));
    });
}

#[test]
fn every_other_operation_inside_a_run() {
    paused(async {
        let throttle = AsyncThrottle::new(WINDOW);
        let inside = throttle.clone();
        let outer = throttle.run(async move || {
            assert_eq!(inside.all().await, Err(WaitError::InsideRun));
            assert_eq!(inside.all().wait_for(WINDOW), Err(WaitError::InsideRun));
            assert_eq!(inside.flush(async || ()).err(), Some(NotFlushed::Running));
            assert!(!inside.cancel());
            inside.trigger(async || panic!("it is cancelled")).unwrap();
            assert!(inside.cancel());
            inside.set_threshold(WINDOW * 2);
            let seen = inside.snapshot();
            assert!(seen.running && seen.next_run_at.is_none() && seen.last_run_at.is_some());
        });
        assert!(outer.await.unwrap().ran());
        assert_eq!(throttle.threshold().as_duration(), WINDOW * 2);
        sleep(WINDOW * 3).await;
        assert_eq!(throttle.snapshot().deferral, DeferralStatus::None);
    });
}

/// Only what the function itself polls is inside the run.
#[test]
fn another_task_is_not_taken_for_a_nested_call() {
    paused(async {
        let throttle = AsyncThrottle::new(WINDOW);
        throttle.trigger(async || sleep(WINDOW * 3).await).unwrap();
        sleep(WINDOW).await;
        let other = throttle.run(async || 2).await.unwrap();
        assert!(matches!(other, Outcome::RanDeferred(2)));
    });
}
