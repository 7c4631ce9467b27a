//! A run that takes so long that a newer call comes: it may ask, or be dropped for its successor.

use crate::by_hand::{ByHand, Driven};
use crate::support::{SECOND, at};
use atomic_throttle::{Batch, Carried, Pending, Shutdown, Throttled, ThrottledBuilder, Tokio, WaitError};
use std::io;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;
use tokio::time::sleep;

const MS: Duration = Duration::from_millis(1);

#[tokio::test(start_paused = true)]
async fn a_function_learns_of_a_newer_call() {
    let ended = Arc::new(Mutex::new(Vec::new()));
    let inside = Arc::clone(&ended);
    let search = Throttled::builder(SECOND)
        .latest()
        .spawn_on(Tokio::current(), async move |text: Carried<u32>| {
            let how = tokio::select! {
                () = sleep(10 * SECOND) => "found",
                () = text.superseded() => "superseded",
            };
            inside.lock().unwrap().push((*text, how));
        })
        .unwrap();
    let first = search.trigger(1).unwrap();
    sleep(MS).await;
    let second = search.trigger(2).unwrap();
    assert_eq!(first.await, Ok(()), "it has returned, so it has run");
    assert_eq!(second.await, Ok(()));
    assert_eq!(*ended.lock().unwrap(), [(1, "superseded"), (2, "found")]);
}

/// A throttle whose runs take for ever while `stuck`, and drop what they are given to nobody.
fn stuck(
    builder: ThrottledBuilder,
    runs: &Arc<Mutex<Vec<Vec<u32>>>>,
) -> (ByHand, Throttled<atomic_throttle::Collect<u32>>) {
    let runtime = ByHand::new(at(1));
    let runs = Arc::clone(runs);
    let throttled = builder
        .collecting()
        .spawn_on(runtime.clone(), async move |mut rows: Carried<Batch<u32>>| {
            runs.lock().unwrap().push(rows.iter().copied().collect());
            if rows.len() < 5 {
                std::future::pending::<()>().await;
            }
            rows.drain().for_each(drop);
        })
        .unwrap();
    (runtime, throttled)
}

#[test]
fn a_run_gives_way_when_its_successor_may_start() {
    let runs = Arc::default();
    let (runtime, rows) = stuck(Throttled::builder(SECOND).superseding(2), &runs);
    let first = rows.trigger(1).unwrap();
    runtime.settle();
    let _ = rows.trigger(2).unwrap();
    runtime.settle();
    assert_eq!(*runs.lock().unwrap(), [[1]], "not before the window is over");
    let seen = rows.snapshot();
    assert!(seen.running && seen.next_run_at.is_some());
    runtime.clock().advance(SECOND);
    runtime.settle();
    assert_eq!(*runs.lock().unwrap(), [vec![1], vec![1, 2]], "G10: what it had comes first");
    assert_eq!(first.wait_for(Duration::ZERO), Err(WaitError::TimedOut), "the next run covers its call");
    let _ = rows.trigger(3).unwrap();
    runtime.clock().advance(SECOND);
    runtime.settle();
    // Twice in a row is enough: this one is left to end.
    let _ = rows.trigger(4).unwrap();
    let _ = rows.trigger(5).unwrap();
    runtime.clock().advance(SECOND);
    runtime.settle();
    assert_eq!(*runs.lock().unwrap(), [vec![1], vec![1, 2], vec![1, 2, 3]]);
    let seen = rows.snapshot();
    assert!(seen.running && seen.next_run_at.is_some());
    assert_eq!(rows.runs(), 3);
}

/// A rest counts from the end of a function, and one that was dropped has ended.
#[test]
fn a_rest_follows_a_run_that_gave_way() {
    let runs = Arc::default();
    let (runtime, rows) = stuck(Throttled::builder(SECOND).superseding(1).rest(SECOND), &runs);
    let _ = rows.trigger(1).unwrap();
    runtime.settle();
    let _ = rows.trigger(2).unwrap();
    runtime.settle();
    runtime.clock().advance(SECOND);
    runtime.settle();
    assert_eq!(*runs.lock().unwrap(), [[1]]);
    let seen = rows.snapshot();
    assert!(!seen.running, "it has given way, and rests");
    assert_eq!(seen.next_run_at, Some(at(3)));
    runtime.clock().advance(SECOND);
    runtime.settle();
    assert_eq!(*runs.lock().unwrap(), [vec![1], vec![1, 2]]);
}

#[test]
fn a_cancel_saves_the_run() {
    let runs = Arc::default();
    let (runtime, rows) = stuck(Throttled::builder(SECOND).superseding(1), &runs);
    let _ = rows.trigger(1).unwrap();
    runtime.settle();
    let _ = rows.trigger(2).unwrap();
    assert!(rows.cancel());
    runtime.clock().advance(SECOND);
    runtime.settle();
    assert_eq!(runs.lock().unwrap().len(), 1);
    assert!(rows.snapshot().running);
}

/// A run that was dropped for its successor is not one of its failures, and the row of drops ends with a run that ends.
#[tokio::test(start_paused = true)]
async fn calls_that_never_stop_do_not_keep_every_run_from_ending() {
    let ended = Arc::new(Mutex::new(0));
    let inside = Arc::clone(&ended);
    let save = Throttled::builder(Duration::from_millis(10))
        .superseding(3)
        .counting()
        .spawn_on(Tokio::current(), async move |calls| {
            sleep(Duration::from_millis(35)).await;
            *inside.lock().unwrap() += calls;
        })
        .unwrap();
    for _ in 0..1000 {
        let _ = save.trigger().unwrap();
        sleep(MS).await;
    }
    assert!(*ended.lock().unwrap() > 500, "runs end while calls go on: {}", ended.lock().unwrap());
    assert_eq!(save.shutdown(Pending::Finish).await, Ok(Shutdown::Ran));
    assert_eq!(*ended.lock().unwrap(), 1000, "G10");
}

#[test]
fn a_thread_refuses() {
    let refused = Throttled::builder(SECOND).superseding(1).spawn(|| ()).err();
    let refused = refused.expect("a thread cannot drop what it runs");
    assert_eq!(refused.kind(), io::ErrorKind::InvalidInput);
    assert!(refused.to_string().contains("task"), "{refused}");
}

/// What is dropped for the next run asks its throttle, and is answered as inside of the run.
struct Asks(Arc<Mutex<Vec<Result<(), WaitError>>>>, Throttled);

impl Drop for Asks {
    fn drop(&mut self) {
        let answer = self.1.all().wait_for(Duration::ZERO);
        self.0.lock().unwrap().push(answer);
    }
}

/// While a function waits, its thread does other things: they are no part of the run. A call wakes what drives it.
#[test]
fn a_function_that_waits_leaves_its_thread_outside_of_the_run() {
    let runtime = ByHand::new(at(1));
    let (answers, handle) = (Arc::default(), Arc::new(OnceLock::<Throttled>::new()));
    let (inside, asked) = (Arc::clone(&handle), Arc::clone(&answers));
    let mut runs = 0;
    let builder = Throttled::builder(SECOND).superseding(1);
    let (throttled, driver) = builder.driver(runtime.clone(), async move || {
        runs += 1;
        if runs == 1 {
            let _asks = Asks(Arc::clone(&asked), inside.get().expect("it is there").clone());
            std::future::pending::<()>().await;
        }
    });
    assert!(handle.set(throttled.clone()).is_ok());
    let mut driver = Driven::new(driver);
    let _ = throttled.trigger().unwrap();
    assert!(driver.poll().is_pending());
    assert_eq!(throttled.all().wait_for(Duration::ZERO), Err(WaitError::TimedOut), "outside of the run");
    let _ = throttled.trigger().unwrap();
    assert!(driver.is_woken(), "it looks whether the successor may start");
    assert!(driver.poll().is_pending());
    runtime.clock().advance(SECOND);
    assert!(driver.poll().is_pending());
    assert_eq!(*answers.lock().unwrap(), [Err(WaitError::InsideRun)]);
    assert_eq!(throttled.all().wait_for(Duration::ZERO), Ok(()));
}
