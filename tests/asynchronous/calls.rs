//! What each operation does, on tokio with its clock paused: instants are exact.

use super::{elsewhere, paused};
use atomic_throttle::Outcome;
use atomic_throttle::state::DeferralStatus;
use atomic_throttle::{AsyncThrottle, Clock, NoRuntime, NotFlushed, Threshold, Timestamp, Tokio, WaitError};
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;
use tokio::time::{Instant, advance, sleep};

pub const WINDOW: Duration = Duration::from_millis(100);

pub const fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// When runs started, since it was built.
#[derive(Clone)]
pub struct Starts(Instant, Arc<Mutex<Vec<Duration>>>);

impl Starts {
    pub fn new() -> Self {
        Self(Instant::now(), Arc::default())
    }

    pub fn note(&self) {
        self.1.lock().unwrap().push(self.0.elapsed());
    }

    pub fn all(&self) -> Vec<Duration> {
        self.1.lock().unwrap().clone()
    }

    /// A function that notes its start.
    pub fn noting(&self) -> impl FnOnce() -> std::future::Ready<()> + Send + 'static {
        let starts = self.clone();
        move || {
            starts.note();
            std::future::ready(())
        }
    }
}

#[test]
fn the_first_call_runs_at_once_and_the_next_when_the_window_ends() {
    paused(async {
        let (throttle, starts) = (AsyncThrottle::new(WINDOW), Starts::new());
        let first = throttle.run(starts.noting()).await;
        assert!(matches!(first, Ok(Outcome::RanAtOnce(()))));
        advance(millis(30)).await;
        let second = throttle.run(starts.noting()).await;
        assert!(matches!(second, Ok(Outcome::RanDeferred(()))));
        assert_eq!(starts.all(), [Duration::ZERO, WINDOW]);
    });
}

#[test]
fn both_kinds_of_function_are_taken_and_their_values_returned() {
    paused(async {
        let throttle = AsyncThrottle::new(Duration::ZERO);
        assert_eq!(throttle.run(async || 1).await.unwrap().into_value(), Some(1));
        assert_eq!(throttle.run(|| async { 2 }).await.unwrap().into_value(), Some(2));
        let owned = String::from("3");
        assert_eq!(throttle.run(async move || owned).await.unwrap().into_value(), Some("3".to_owned()));
        // One that returns something is as good for a trigger.
        assert_eq!(throttle.trigger(async || 4).unwrap().await, Ok(()));
    });
}

#[test]
fn calls_in_a_window_coalesce_into_one_run() {
    paused(async {
        let (throttle, starts) = (AsyncThrottle::new(WINDOW), Starts::new());
        for _ in 0..5 {
            throttle.trigger(starts.noting()).unwrap();
        }
        let covered = throttle.run(starts.noting()).await.unwrap();
        let Outcome::Coalesced(ticket) = covered else { panic!("{covered:?}") };
        assert_eq!(ticket.await, Ok(()));
        assert_eq!(starts.all(), [Duration::ZERO, WINDOW]);
        sleep(WINDOW * 5).await;
        assert_eq!(starts.all().len(), 2);
    });
}

#[test]
fn what_there_is_to_see() {
    paused(async {
        let throttle = AsyncThrottle::new(WINDOW);
        let clock = throttle.runtime();
        let seen = throttle.snapshot();
        assert_eq!((seen.last_run_at, seen.next_run_at), (None, None));
        let start = clock.now();
        throttle.trigger(async || sleep(WINDOW / 2).await).unwrap();
        assert!(throttle.snapshot().running);
        throttle.trigger(async || ()).unwrap();
        assert!(throttle.is_pending());
        let seen = throttle.snapshot();
        assert_eq!(seen.deferral, DeferralStatus::Pending);
        assert_eq!(seen.last_run_at, Some(start));
        assert_eq!(seen.next_run_at, Some(start.saturating_add(WINDOW)));
        assert_eq!(throttle.threshold(), Threshold::new(WINDOW));
        let snapshot = throttle.clone().snapshot();
        assert!(snapshot.running);
        assert_eq!(snapshot.last_run_at, Some(start));
        assert!(format!("{throttle:?}").contains("Pending"), "{throttle:?}");
        assert_eq!(throttle.all().await, Ok(()));
        let seen = throttle.snapshot();
        assert!(!seen.running && seen.next_run_at.is_none());
    });
}

#[test]
fn a_sleeping_owner_notices_a_changed_threshold() {
    paused(async {
        let (throttle, starts) = (AsyncThrottle::new(WINDOW), Starts::new());
        throttle.trigger(starts.noting()).unwrap();
        throttle.trigger(starts.noting()).unwrap();
        sleep(millis(10)).await;
        throttle.set_threshold(WINDOW / 4);
        assert_eq!(throttle.all().await, Ok(()));
        // A longer one, too.
        throttle.trigger(starts.noting()).unwrap();
        sleep(millis(5)).await;
        throttle.set_threshold(Threshold::new(WINDOW * 2));
        assert_eq!(throttle.all().await, Ok(()));
        assert_eq!(starts.all(), [Duration::ZERO, WINDOW / 4, WINDOW / 4 + WINDOW * 2]);
    });
}

#[test]
fn a_cancelled_run_does_not_come_and_its_owner_is_told() {
    paused(async {
        let (throttle, starts) = (AsyncThrottle::new(WINDOW), Starts::new());
        assert!(!throttle.cancel());
        throttle.trigger(starts.noting()).unwrap();
        let (owner, ticket, cancelled) = tokio::join!(
            biased;
            throttle.run(starts.noting()),
            async { throttle.trigger(starts.noting()).unwrap().await },
            async { throttle.cancel() },
        );
        assert!(cancelled && !throttle.cancel());
        assert!(matches!(owner, Ok(Outcome::Cancelled)));
        assert_eq!(ticket, Err(WaitError::Cancelled));
        sleep(WINDOW * 3).await;
        assert_eq!(starts.all(), [Duration::ZERO]);
    });
}

#[test]
fn a_flush_runs_the_pending_run_now_and_the_window_starts_anew() {
    paused(async {
        let (throttle, starts) = (AsyncThrottle::new(WINDOW), Starts::new());
        assert_eq!(throttle.flush(starts.noting()).err(), Some(NotFlushed::NothingPending));
        throttle.trigger(starts.noting()).unwrap();
        let (owner, flushed) = tokio::join!(biased; throttle.run(async || panic!("it is released")), async {
            sleep(millis(30)).await;
            throttle.flush(starts.noting()).unwrap().await
        });
        assert_eq!(flushed, Ok(()));
        let Ok(Outcome::Coalesced(ticket)) = owner else { panic!("{owner:?}") };
        assert_eq!(ticket.await, Ok(()));
        assert!(throttle.run(starts.noting()).await.unwrap().ran());
        assert_eq!(starts.all(), [millis(0), millis(30), millis(130)]);
    });
}

#[test]
fn nothing_is_flushed_during_a_run() {
    paused(async {
        let throttle = AsyncThrottle::new(WINDOW);
        throttle.trigger(async || sleep(WINDOW).await).unwrap();
        throttle.trigger(async || ()).unwrap();
        assert_eq!(throttle.flush(async || ()).err(), Some(NotFlushed::Running));
        assert!(throttle.is_pending());
    });
}

#[test]
fn a_window_that_never_ends_is_slept_through() {
    paused(async {
        let (throttle, starts) = (AsyncThrottle::new(Duration::MAX), Starts::new());
        throttle.trigger(starts.noting()).unwrap();
        throttle.trigger(starts.noting()).unwrap();
        assert_eq!(throttle.snapshot().next_run_at, Some(Timestamp::NEVER));
        sleep(WINDOW).await;
        assert_eq!(starts.all().len(), 1);
        throttle.set_threshold(WINDOW);
        assert_eq!(throttle.all().await, Ok(()));
        assert_eq!(starts.all(), [Duration::ZERO, WINDOW]);
    });
}

#[test]
fn it_can_be_built_outside_of_a_runtime_and_refuses_calls_there() {
    // Longer than any machine takes from the first run to the last call: this clock is not paused.
    let throttle = AsyncThrottle::new(Duration::from_secs(3600));
    let fresh = throttle.snapshot();
    assert_eq!(throttle.trigger(async || ()).err(), Some(NoRuntime));
    assert_eq!(throttle.flush(async || ()).err(), Some(NotFlushed::NoRuntime));
    let refused = elsewhere(throttle.run(async || ()));
    assert!(matches!(refused, Err(NoRuntime)));
    assert_eq!(throttle.snapshot(), fresh, "nothing was recorded");

    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    assert!(runtime.block_on(throttle.run(async || ())).unwrap().ran());
    // One that is pending there covers a call from outside.
    runtime.block_on(async { throttle.trigger(async || ()).map(drop) }).unwrap();
    assert!(throttle.trigger(async || ()).is_ok());
}

#[test]
fn a_named_runtime_is_reached_from_any_thread() {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    let throttle = AsyncThrottle::with_runtime(WINDOW, Tokio::on(runtime.handle().clone()));
    let starts = runtime.block_on(async { Starts::new() });
    throttle.trigger(starts.noting()).unwrap();
    throttle.trigger(starts.noting()).unwrap();
    let before = throttle.runtime().now();
    // Its clock is the runtime's, which stands still as long as nobody drives it.
    assert_eq!(throttle.runtime().now(), before);
    assert_eq!(runtime.block_on(throttle.all().into_future()), Ok(()));
    assert_eq!(starts.all(), [Duration::ZERO, WINDOW]);
    assert_eq!(throttle.clock().now().saturating_since(before), WINDOW);
}

/// G7. Its fence and its load are counted with those of the gate, which decides.
#[test]
fn a_coalesced_call_allocates_nothing() {
    paused(async {
        let throttle = AsyncThrottle::new(WINDOW);
        throttle.trigger(async || ()).unwrap();
        throttle.trigger(async || ()).unwrap();
        let measured = allocation_counter::measure(|| {
            assert!(throttle.trigger(async || ()).is_ok());
            let mut run = pin!(throttle.run(async || ()));
            let coalesced = run.as_mut().poll(&mut Context::from_waker(Waker::noop()));
            assert!(matches!(coalesced, Poll::Ready(Ok(Outcome::Coalesced(_)))));
        });
        assert_eq!(measured.count_total, 0);
    });
}
