//! Runs of several keys at once.

use super::by_hand::Driven;
use super::given::async_gate;
use super::subject::{Seen, runtime, told};
use super::support::SECOND;
use atomic_throttle::{KeyedThrottled, Pending, Shutdown, Tokio, WaitError};
use evidence::Check;
use evidence::Guarantee::G5;
use std::collections::HashMap;
use std::future::pending;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

#[test]
fn a_slow_key_holds_up_no_other() {
    let (runtime, seen) = (runtime(), Seen::new());
    let inside = seen.clone();
    let (go, gate) = async_gate();
    let post = KeyedThrottled::<&str>::builder(Duration::ZERO)
        .spawn_on(runtime.clone(), async move |key: &'static str| {
            inside.add(key, ());
            if key == "slow" {
                gate.recv().await.unwrap();
            }
        })
        .unwrap();
    let slow = post.trigger(&"slow").unwrap();
    runtime.poll(0);
    let other = post.trigger(&"other").unwrap();
    let again = post.trigger(&"slow").unwrap();
    runtime.poll(0);
    assert_eq!(seen.take(), [("slow", ()), ("other", ())]);
    assert_eq!((told(slow), told(other), told(again)), (Poll::Pending, Poll::Ready(Ok(())), Poll::Pending));
    assert!(runtime.woken().is_none(), "it waits, and does not spin");
    go.try_send(()).unwrap();
    runtime.settle();
    assert_eq!(seen.take(), [("slow", ())], "G2: one after the other");
    assert_eq!(told(slow), Poll::Ready(Ok(())));
    go.try_send(()).unwrap();
    runtime.settle();
    assert_eq!(told(again), Poll::Ready(Ok(())));
}

#[test]
fn at_most_so_many_at_once() {
    let (runtime, seen) = (runtime(), Seen::new());
    let inside = seen.clone();
    let (go, gate) = async_gate();
    let post = KeyedThrottled::<&str>::builder(SECOND)
        .max_concurrent(2)
        .spawn_on(runtime.clone(), async move |key: &'static str| {
            inside.add(key, ());
            gate.recv().await.unwrap();
        })
        .unwrap();
    for key in [&"a", &"b", &"c"] {
        post.trigger(key).unwrap();
    }
    runtime.poll(0);
    assert_eq!(seen.take(), [("a", ()), ("b", ())]);
    // An end that discards does not wait for a place.
    let c = post.all_of(&"c");
    go.try_send(()).unwrap();
    runtime.settle();
    assert_eq!((seen.take(), told(c)), (vec![("c", ())], Poll::Pending));
    let d = post.trigger(&"d").unwrap();
    let ending = post.shutdown(Pending::Discard);
    runtime.settle();
    assert_eq!(told(d), Poll::Ready(Err(WaitError::Cancelled)));
    for _ in 0..2 {
        go.try_send(()).unwrap();
    }
    runtime.settle();
    assert_eq!(ending.wait(), Ok(Shutdown::Discarded));
}

/// On a runtime of several threads: no key has two runs at once, no more than so many run, and each call is counted once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_callers_on_tokio() {
    const AT_ONCE: usize = 3;
    let (now, most, counts) = (
        Arc::new(AtomicUsize::new(0)),
        Arc::new(AtomicUsize::new(0)),
        Arc::new(Mutex::new(HashMap::<u64, (bool, u64)>::new())),
    );
    let inside = (Arc::clone(&now), Arc::clone(&most), Arc::clone(&counts));
    let post = KeyedThrottled::<u64>::builder(Duration::from_micros(100))
        .max_concurrent(AT_ONCE)
        .counting()
        .spawn_on(Tokio::current(), async move |key: u64, calls: u64| {
            let (now, most, counts) = &inside;
            most.fetch_max(now.fetch_add(1, SeqCst) + 1, SeqCst);
            let before = counts.lock().unwrap().entry(key).or_default().0;
            assert!(!before, "G2");
            counts.lock().unwrap().entry(key).or_default().0 = true;
            tokio::task::yield_now().await;
            let mut counts = counts.lock().unwrap();
            let entry = counts.entry(key).or_default();
            *entry = (false, entry.1 + calls);
            now.fetch_sub(1, SeqCst);
        })
        .unwrap();
    let mut callers = Vec::new();
    for caller in 0..4_u64 {
        let post = post.clone();
        callers.push(tokio::spawn(async move {
            for call in 0..5000_u64 {
                post.trigger(&((call * 7 + caller) % 10)).unwrap();
                if call % 50 == 0 {
                    tokio::task::yield_now().await;
                }
            }
        }));
    }
    for caller in callers {
        caller.await.unwrap();
    }
    assert_eq!(post.all().await, Ok(()));
    assert_eq!(post.panics(), 0);
    let covered: u64 = counts.lock().unwrap().values().map(|entry| entry.1).sum();
    assert_eq!((covered, post.uncovered()), (20_000, 0), "G3, G10");
    assert!(most.load(SeqCst) <= AT_ONCE);
    assert_eq!(post.shutdown(Pending::Finish).await.map(|_| ()), Ok(()));
}

/// The window of each key on tokio's paused clock.
#[tokio::test(start_paused = true)]
async fn windows_on_tokio() {
    let (started, seen) = (tokio::time::Instant::now(), Arc::new(Mutex::new(Vec::new())));
    let inside = Arc::clone(&seen);
    let post = KeyedThrottled::<&str>::builder(SECOND)
        .spawn_on(Tokio::current(), async move |key: &'static str| {
            inside.lock().unwrap().push((key, started.elapsed().as_millis() / 100));
        })
        .unwrap();
    post.trigger(&"a").unwrap().await.unwrap();
    tokio::time::sleep(SECOND / 2).await;
    post.trigger(&"b").unwrap().await.unwrap();
    post.trigger(&"b").unwrap();
    post.trigger(&"a").unwrap().await.unwrap();
    post.all().await.unwrap();
    assert_eq!(*seen.lock().unwrap(), [("a", 0), ("b", 5), ("a", 10), ("b", 15)]);
}

#[test]
fn without_a_runtime_nothing_starts() {
    let refused = KeyedThrottled::<u8>::builder(SECOND).spawn_on(Tokio::current(), async |_: u8| ());
    assert!(refused.is_err());
}

/// A run of another key may go on for ever. What is discarded meanwhile is told at once.
#[test]
fn a_discard_wakes_those_who_wait_while_another_key_runs() {
    let check = Check::of(&[G5], "tests: an end that discards while the run of another key goes on");
    let runtime = runtime();
    let post = KeyedThrottled::<&str>::builder(SECOND)
        .spawn_on(runtime.clone(), async |key: &str| {
            if key == "long" {
                pending::<()>().await;
            }
        })
        .unwrap();
    post.trigger(&"a").unwrap();
    post.trigger(&"long").unwrap();
    runtime.settle();
    assert_eq!(post.runs(), 2);
    let ticket = post.trigger(&"a").unwrap().into_owned();
    let mut waits = Driven::new(async move { ticket.await });
    let _ending = post.shutdown(Pending::Discard);
    assert!(waits.poll().is_pending(), "the task has not heard of it");
    runtime.settle();
    assert!(waits.is_woken());
    assert_eq!(waits.poll(), Poll::Ready(Err(WaitError::Cancelled)));
    check.passed(1, "case");
}
