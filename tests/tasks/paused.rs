//! On tokio's paused clock, where every instant is exact but for the millisecond of tokio's timer.

use crate::support::panic_quietly;
use atomic_throttle::{Batch, Carried, Pending, Retry, Shutdown, Throttled, Tokio, WaitError};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::time::{Instant, sleep};

const SECOND: Duration = Duration::from_secs(1);
/// Tokio's timer rounds up to it.
const MS: Duration = Duration::from_millis(1);

fn ms(count: u64) -> Duration {
    Duration::from_millis(count)
}

/// When runs came, since the beginning, with what they were given.
#[derive(Clone)]
struct Seen<T>(Arc<Mutex<Vec<(Duration, T)>>>, Instant);

impl<T: Clone> Seen<T> {
    fn new() -> Self {
        Self(Arc::default(), Instant::now())
    }

    fn add(&self, value: T) {
        self.0.lock().unwrap().push((self.1.elapsed(), value));
    }

    fn runs(&self) -> Vec<(Duration, T)> {
        self.0.lock().unwrap().clone()
    }
}

fn is_about(time: Duration, expected: Duration) -> bool {
    time >= expected && time <= expected + MS
}

#[tokio::test(start_paused = true)]
async fn runs_start_at_once_and_at_the_end_of_the_window() {
    let seen = Seen::new();
    let inside = seen.clone();
    let post = Throttled::builder(SECOND)
        .latest()
        .spawn_on(Tokio::current(), async move |value: Carried<u32>| inside.add(*value))
        .unwrap();
    let first = post.trigger(1).unwrap();
    assert_eq!(first.await, Ok(()));
    let _ = post.trigger(2).unwrap();
    assert_eq!(post.trigger(3).unwrap().await, Ok(()));
    let runs = seen.runs();
    assert_eq!(runs[0], (Duration::ZERO, 1));
    assert!(is_about(runs[1].0, SECOND) && runs[1].1 == 3, "{runs:?}");
    assert_eq!(runs.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_pace_holds_in_tasks_too() {
    let seen = Seen::new();
    let inside = seen.clone();
    let search = Throttled::builder(Duration::ZERO)
        .debounce(ms(100), ms(250))
        .counting()
        .spawn_on(Tokio::current(), async move |calls| inside.add(calls))
        .unwrap();
    for _ in 0..10 {
        let _ = search.trigger().unwrap();
        sleep(ms(50)).await;
    }
    assert_eq!(search.shutdown(Pending::Finish).await, Ok(Shutdown::Ran));
    let runs = seen.runs();
    assert!(is_about(runs[0].0, ms(250)), "the bound holds while calls never stop: {runs:?}");
    assert_eq!(runs.iter().map(|run| run.1).sum::<u64>(), 10);
}

#[tokio::test(start_paused = true)]
async fn a_run_that_fails_is_tried_again_with_its_value() {
    let seen = Seen::new();
    let inside = seen.clone();
    let post = Throttled::builder(ms(10))
        .retry(Retry::by(|attempt, _| Some(ms(100 * u64::from(attempt)))))
        .latest()
        .spawn_on(Tokio::current(), async move |value: Carried<String>| {
            sleep(ms(1)).await;
            inside.add(value.clone());
            match inside.runs().len() {
                1 => Err("refused"),
                2 => panic_quietly(),
                _ => Ok(()),
            }
        })
        .unwrap();
    let ticket = post.trigger(String::from("a")).unwrap();
    assert_eq!(ticket.await, Ok(()));
    let runs = seen.runs();
    assert_eq!(runs.iter().map(|run| run.1.as_str()).collect::<Vec<_>>(), ["a"; 3]);
    let apart = |which: usize| runs[which].0.saturating_sub(runs[which - 1].0);
    assert!(apart(1) >= ms(100) && apart(2) >= ms(200), "{runs:?}");
    assert_eq!(post.panics(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_value_that_was_taken_out_cannot_be_tried_again() {
    let post = Throttled::builder(ms(10))
        .retry(Retry::exponential(ms(10), ms(100)))
        .latest()
        .spawn_on(Tokio::current(), async |value: Carried<u32>| {
            assert_eq!(value.into_inner(), 1);
            Err("refused")
        })
        .unwrap();
    let told = post.trigger(1).unwrap().await;
    assert!(matches!(told, Err(WaitError::Failed(_))), "{told:?}");
    assert_eq!((post.runs(), post.take()), (1, None));
}

#[tokio::test(start_paused = true)]
async fn a_batch_that_fails_comes_again_in_front() {
    let seen = Seen::new();
    let inside = seen.clone();
    let insert = Throttled::builder(ms(10))
        .retry(Retry::exponential(ms(10), ms(100)))
        .collecting()
        .spawn_on(Tokio::current(), async move |mut rows: Carried<Batch<u32>>| {
            let all: Vec<u32> = rows.iter().copied().collect();
            inside.add(all);
            if inside.runs().len() == 1 {
                assert_eq!(rows.pop(), Some(1));
                return Err("half");
            }
            Ok(())
        })
        .unwrap();
    for row in 1..=3 {
        let _ = insert.trigger(row).unwrap();
    }
    assert_eq!(insert.trigger(4).unwrap().await, Ok(()));
    let runs: Vec<_> = seen.runs().into_iter().map(|run| run.1).collect();
    assert_eq!(runs, [vec![1, 2, 3, 4], vec![2, 3, 4]]);
}

/// The drop of the last handle never waits, and what is pending still runs.
#[tokio::test(start_paused = true)]
async fn the_last_drop_waits_for_nobody_and_loses_nothing() {
    let seen = Seen::new();
    let inside = seen.clone();
    let post = Throttled::builder(SECOND)
        .latest()
        .spawn_on(Tokio::current(), async move |value: Carried<u32>| inside.add(*value))
        .unwrap();
    assert_eq!(post.trigger(1).unwrap().await, Ok(()));
    let last = post.trigger(2).unwrap().into_owned();
    drop(post);
    assert_eq!(seen.runs().len(), 1, "the drop did not wait");
    assert_eq!(last.await, Ok(()));
    assert!(is_about(seen.runs()[1].0, SECOND));
}

#[tokio::test(start_paused = true)]
async fn a_wait_inside_the_run_is_refused() {
    let told = Arc::new(Mutex::new(None));
    let inside = Arc::clone(&told);
    let itself: Arc<std::sync::OnceLock<Throttled>> = Arc::default();
    let handle = Arc::clone(&itself);
    let post = Throttled::builder(SECOND)
        .spawn_on(Tokio::current(), async move || {
            if let Some(itself) = handle.get() {
                let result = itself.trigger().unwrap().await;
                *inside.lock().unwrap() = Some(result);
            }
        })
        .unwrap();
    itself.set(post.clone()).unwrap();
    assert_eq!(post.trigger().unwrap().await, Ok(()));
    assert_eq!(*told.lock().unwrap(), Some(Err(WaitError::InsideRun)));
    assert_eq!(post.shutdown(Pending::Discard).wait_for(Duration::ZERO), Err(WaitError::TimedOut));
}
