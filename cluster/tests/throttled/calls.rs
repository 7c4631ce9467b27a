//! Calls, and the runs that cover them.

use crate::{LIMIT, THRESHOLD};
use atomic_throttle_cluster::register::{Memory, Register};
use atomic_throttle_cluster::{ClusterThrottled, WaitError};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, mpsc};
use std::time::Duration;

#[test]
fn a_burst_gives_runs_a_threshold_apart_and_the_last_sees_the_last_call() {
    let threshold = Duration::from_millis(50);
    let asked = Arc::new(AtomicU64::new(0));
    let counter = Arc::clone(&asked);
    let (told, tells) = mpsc::channel();
    let throttled = ClusterThrottled::in_memory(threshold)
        .spawn(move |run| {
            let _ = told.send((run.token(), counter.load(Relaxed)));
        })
        .unwrap();
    for _ in 0..10_000 {
        asked.fetch_add(1, Relaxed);
        throttled.trigger().unwrap();
    }
    throttled.all().wait_for(LIMIT).unwrap();
    assert!(!throttled.status().is_owed);
    let runs: Vec<_> = tells.try_iter().collect();
    assert_eq!(runs.last().map(|&(_, seen)| seen), Some(10_000));
    let apart = |pair: &[(u64, u64)]| u128::from(pair[1].0 - pair[0].0) >= threshold.as_nanos();
    assert!(runs.windows(2).all(apart), "{runs:?}");
    // One run for each call would be as many runs as calls.
    assert!(runs.len() < 1_000, "{} runs", runs.len());
}

#[test]
fn front_ends_that_share_a_register_never_run_at_once_and_cover_every_call() {
    let register: Arc<dyn Register> = Arc::new(Memory::new());
    let (inside, runs) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    let asked = Arc::new(AtomicU64::new(0));
    let seen = Arc::new(AtomicU64::new(0));
    let all: Vec<_> = (0..4)
        .map(|_| {
            let (inside, runs) = (Arc::clone(&inside), Arc::clone(&runs));
            let (asked, seen) = (Arc::clone(&asked), Arc::clone(&seen));
            ClusterThrottled::builder(THRESHOLD)
                .register(Arc::clone(&register))
                .lease(LIMIT)
                .spawn(move |run| {
                    assert_eq!(inside.fetch_add(1, Relaxed), 0);
                    seen.store(asked.load(Relaxed), Relaxed);
                    assert!(run.is_current().unwrap());
                    runs.fetch_add(1, Relaxed);
                    inside.fetch_sub(1, Relaxed);
                })
                .unwrap()
        })
        .collect();
    std::thread::scope(|scope| {
        for throttled in &all {
            scope.spawn(|| {
                for _ in 0..200 {
                    let mine = asked.fetch_add(1, Relaxed) + 1;
                    let ticket = throttled.trigger().unwrap();
                    if mine % 64 == 0 {
                        ticket.wait_for(LIMIT).unwrap();
                        assert!(seen.load(Relaxed) >= mine, "a covering run has seen what was asked");
                    }
                }
            });
        }
    });
    for throttled in &all {
        throttled.all().wait_for(LIMIT).unwrap();
    }
    assert_eq!(seen.load(Relaxed), asked.load(Relaxed));
    assert_eq!(all.iter().map(|throttled| throttled.status().panics).sum::<u64>(), 0);
    println!("{} runs", runs.load(Relaxed));
}

#[test]
fn a_wait_inside_the_run_is_refused() {
    let (told, tells) = mpsc::channel();
    let itself: Arc<std::sync::OnceLock<ClusterThrottled>> = Arc::default();
    let inside = Arc::clone(&itself);
    let throttled = ClusterThrottled::in_memory(THRESHOLD)
        .spawn(move |_| {
            let Some(Ok(ticket)) = inside.get().map(ClusterThrottled::trigger) else { return };
            let _ = told.send(ticket.wait_for(LIMIT));
        })
        .unwrap();
    itself.set(throttled.clone()).unwrap();
    throttled.trigger().unwrap();
    assert!(matches!(tells.recv_timeout(LIMIT), Ok(Err(WaitError::InsideRun))));
    let _ = throttled.shutdown(LIMIT);
}
