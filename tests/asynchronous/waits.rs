//! Waiting for a covering run: by a ticket, and for all requests.

use super::by_hand::{ByHand, Driven};
use super::calls::{Starts, WINDOW, millis};
use super::data::{SECOND, at, yield_once};
use super::{on_threads, paused};
use atomic_throttle::asynchronous::stream::throttle as throttle_stream;
use atomic_throttle::{AsyncThrottle, Clock, NoRuntime, Runtime, Timestamp, WaitError};
use smol::stream::{StreamExt, repeat};
use std::future::pending;
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::thread;
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout};

#[test]
fn a_wait_ends_with_the_covering_run() {
    paused(async {
        let throttle = AsyncThrottle::new(WINDOW);
        let start = Instant::now();
        assert_eq!(throttle.all().await, Ok(()), "nothing was requested");
        let leading = throttle.trigger(async || sleep(millis(10)).await).unwrap();
        // The run in progress does not cover this one.
        let trailing = throttle.trigger(async || sleep(millis(10)).await).unwrap();
        assert_eq!((leading.await, start.elapsed()), (Ok(()), millis(10)));
        assert_eq!((trailing.await, start.elapsed()), (Ok(()), millis(110)));
        assert_eq!((leading.await, trailing.await, start.elapsed()), (Ok(()), Ok(()), millis(110)));
    });
}

#[test]
fn a_wait_for_everything_includes_the_run_in_progress() {
    paused(async {
        let throttle = AsyncThrottle::new(WINDOW);
        let start = Instant::now();
        throttle.trigger(async || sleep(millis(10)).await).unwrap();
        assert_eq!((throttle.all().await, start.elapsed()), (Ok(()), millis(10)));
        throttle.trigger(async || sleep(millis(10)).await).unwrap();
        assert_eq!((throttle.all().await, start.elapsed()), (Ok(()), millis(110)));
    });
}

#[test]
fn a_wait_ends_at_its_limit_and_may_be_repeated() {
    paused(async {
        let throttle = AsyncThrottle::new(WINDOW);
        let start = Instant::now();
        assert_eq!(timeout(WINDOW, throttle.trigger(async || ()).unwrap()).await, Ok(Ok(())));
        let ticket = throttle.trigger(async || ()).unwrap();
        assert!(timeout(millis(40), ticket).await.is_err());
        assert_eq!(start.elapsed(), millis(40));
        assert!(timeout(millis(40), throttle.all()).await.is_err());
        assert_eq!(start.elapsed(), millis(80));
        assert_eq!((timeout(millis(40), ticket).await, start.elapsed()), (Ok(Ok(())), WINDOW));
    });
}

#[test]
fn a_thread_waits_by_a_ticket_that_lives_on_its_own() {
    on_threads(2, async {
        let throttle = AsyncThrottle::new(Duration::from_millis(5));
        let (first, second) =
            (throttle.trigger(async || ()).unwrap(), throttle.trigger(async || ()).unwrap());
        let (owned, all) = (second.into_owned(), throttle.all().into_owned());
        let epoch = (owned.epoch(), all.epoch());
        assert_eq!(epoch, (second.epoch(), second.epoch()));
        let waited = thread::spawn(move || (owned.wait(), all.wait_for(Duration::from_secs(30))));
        assert_eq!((first.await, second.await), (Ok(()), Ok(())));
        assert_eq!(waited.join().unwrap(), (Ok(()), Ok(())));
    });
}

#[test]
fn a_wait_for_everything_is_told_of_what_was_cancelled_only_while_it_waits() {
    paused(async {
        let throttle = AsyncThrottle::new(WINDOW);
        throttle.trigger(async || ()).unwrap();
        throttle.trigger(async || ()).unwrap();
        let pending = throttle.all();
        assert!(throttle.cancel());
        assert_eq!(pending.await, Err(WaitError::Cancelled));
        assert_eq!(throttle.all().await, Ok(()), "the latest run has succeeded");
    });
}

#[test]
fn a_run_longer_than_the_window_is_followed_at_once() {
    paused(async {
        let (throttle, starts) = (AsyncThrottle::new(WINDOW), Starts::new());
        let noting = starts.noting();
        throttle.trigger(async move || (noting().await, sleep(WINDOW * 3).await)).unwrap();
        throttle.trigger(starts.noting()).unwrap();
        assert_eq!(throttle.all().await, Ok(()));
        assert_eq!(starts.all(), [millis(0), WINDOW * 3]);
    });
}

#[test]
fn a_wait_hears_of_a_clock_that_is_moved_by_hand() {
    let runtime = ByHand::new(at(1));
    let throttle = runtime.throttle(SECOND);
    throttle.trigger(yield_once).unwrap();
    runtime.settle();
    throttle.trigger(yield_once).unwrap();
    let waiting = throttle.clone();
    let mut wait = Driven::new(async move { waiting.all().await });
    assert!(wait.poll().is_pending());
    runtime.settle();
    assert!(!wait.is_woken());

    runtime.clock().advance(SECOND / 2);
    assert!(wait.poll().is_pending());
    runtime.clock().advance(SECOND / 2);
    runtime.settle();
    assert!(wait.is_woken());
    assert_eq!(wait.poll(), Poll::Ready(Ok(())));
}

/// A runtime whose timer does not go by its clock: its sleeps never end.
#[derive(Clone)]
struct Asleep {
    by_hand: ByHand,
    longest_wait: Option<Duration>,
    /// Until when it was to sleep.
    sleeps: Arc<Mutex<Vec<Timestamp>>>,
}

impl Asleep {
    fn new(longest_wait: Option<Duration>) -> Self {
        Self { by_hand: ByHand::new(at(1)), longest_wait, sleeps: Arc::default() }
    }

    fn take_sleeps(&self) -> Vec<Timestamp> {
        std::mem::take(&mut self.sleeps.lock().unwrap())
    }
}

impl Clock for Asleep {
    fn now(&self) -> Timestamp {
        self.by_hand.now()
    }

    fn longest_wait(&self) -> Option<Duration> {
        self.longest_wait
    }
}

impl Runtime for Asleep {
    fn sleep_until(&self, deadline: Timestamp) -> impl Future<Output = ()> + Send + 'static {
        self.sleeps.lock().unwrap().push(deadline);
        pending()
    }

    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) -> Result<(), NoRuntime> {
        self.by_hand.spawn(task)
    }
}

#[test]
fn a_sleep_is_as_short_as_the_clock_asks_for() {
    for (longest_wait, until) in [(None, at(11)), (Some(4 * SECOND), at(5)), (Some(40 * SECOND), at(11))] {
        let runtime = Asleep::new(longest_wait);
        let throttle = AsyncThrottle::with_runtime(10 * SECOND, runtime.clone());
        for _ in 0..2 {
            throttle.trigger(async || ()).unwrap();
            runtime.by_hand.settle();
        }
        assert_eq!(runtime.take_sleeps(), [until]);

        let mut items = throttle_stream(repeat(()), 10 * SECOND, runtime.clone());
        let mut first = Driven::new(async move { (items.next().await, items.next().await) });
        assert!(first.poll().is_pending());
        assert_eq!(runtime.take_sleeps(), [until], "in a stream");
    }
}

#[test]
fn a_task_notices_a_jump_of_the_clock_when_it_is_asked_to_look() {
    let runtime = Asleep::new(None);
    let throttle = AsyncThrottle::with_runtime(10 * SECOND, runtime.clone());
    for _ in 0..2 {
        throttle.trigger(async || ()).unwrap();
        runtime.by_hand.settle();
    }
    runtime.by_hand.clock().set(at(12));
    assert_eq!((runtime.by_hand.woken(), throttle.is_pending()), (None, true), "it sleeps by the timer");
    throttle.retime();
    runtime.by_hand.settle();
    let seen = throttle.snapshot();
    assert_eq!((seen.last_run_at, seen.next_run_at), (Some(at(12)), None));
}

#[test]
fn a_task_behind_a_run_in_progress_sleeps_until_that_ends() {
    let runtime = Asleep::new(None);
    let throttle = AsyncThrottle::with_runtime(SECOND, runtime.clone());
    throttle.trigger(yield_once).unwrap();
    assert!(!runtime.by_hand.poll(0), "the run is in progress");
    throttle.trigger(async || ()).unwrap();
    for now in [at(1), at(9)] {
        runtime.by_hand.clock().set(now);
        throttle.retime();
        assert!(!runtime.by_hand.poll(1), "it is held up");
        assert!(runtime.take_sleeps().is_empty(), "it is woken by the end of the run, and by no deadline");
    }
    runtime.by_hand.settle();
    let seen = throttle.snapshot();
    assert_eq!((seen.last_run_at, seen.next_run_at), (Some(at(9)), None));
}
