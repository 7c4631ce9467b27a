//! Thresholds and leases at the ends of their range, panics, and many threads.

use crate::{LIMIT, THRESHOLD};
use atomic_throttle::Threshold;
use atomic_throttle::lease::Policy;
use atomic_throttle_cluster::register::{Mark, Memory, Reading, Register, RegisterError, Swap};
use atomic_throttle_cluster::{Cell, ClusterThrottled, Drivers, SpawnError, WaitError};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

#[test]
fn any_threshold_runs_and_one_out_of_range_is_clamped() {
    for threshold in [Duration::ZERO, Duration::from_nanos(1), Duration::from_micros(1)] {
        let throttled = ClusterThrottled::in_memory(threshold).spawn(|_| ()).unwrap();
        for _ in 0..100 {
            throttled.trigger().unwrap().wait_for(LIMIT).unwrap();
        }
        assert!(throttled.status().runs >= 2, "{threshold:?}");
    }
    for forever in [Duration::from_secs(60 * 365 * 86400), Duration::MAX] {
        let builder = ClusterThrottled::in_memory(forever).drop_limit(Duration::ZERO);
        let clamped = format!("threshold: {:?}", Threshold::new(forever));
        assert!(format!("{builder:?}").contains(&clamped), "{builder:?}");
        let forever = builder.spawn(|_| ()).unwrap();
        forever.trigger().unwrap().wait_for(LIMIT).unwrap();
        let never = forever.trigger().unwrap();
        let waited = never.wait_for(Duration::from_millis(1));
        assert!(matches!(waited, Err(WaitError::TimedOut { register: None })));
    }
    for lease in [Duration::ZERO, Duration::MAX] {
        let error = ClusterThrottled::in_memory(THRESHOLD).lease(lease).spawn(|_| ()).unwrap_err();
        assert!(matches!(error, SpawnError::Lease(_)), "{error}");
    }
}

#[test]
fn a_name_that_no_thread_can_have_is_refused() {
    let error = ClusterThrottled::in_memory(THRESHOLD).name("a\0b").spawn(|_| ()).unwrap_err();
    assert!(
        matches!(&error, SpawnError::Thread(cause) if cause.to_string().contains("zero byte")),
        "{error}"
    );
}

#[test]
fn a_run_that_panics_has_run_and_the_throttle_goes_on() {
    let (told, tells) = mpsc::channel();
    let throttled = ClusterThrottled::in_memory(THRESHOLD)
        .on_panic(move |panic| {
            let _ = told.send((panic.epoch(), *panic.payload().downcast_ref::<&str>().unwrap()));
            panic!("a hook that panics");
        })
        .spawn(|_| panic!("a function that panics"))
        .unwrap();
    let mut last = None;
    for runs in 1..=3 {
        throttled.trigger().unwrap().wait_for(LIMIT).unwrap();
        let (epoch, payload) = tells.recv_timeout(LIMIT).unwrap();
        assert_eq!(payload, "a function that panics");
        assert!(Some(epoch) > last);
        last = Some(epoch);
        assert_eq!(throttled.status().panics, runs);
    }
}

/// Two front ends stand for two processes, and the lease is short: a call of the second supersedes.
#[test]
fn a_run_that_was_superseded_is_told_so_and_covers_nobody() {
    let register: Arc<dyn Register> = Arc::new(Memory::new());
    let (entered, is_in) = mpsc::channel();
    let (lets_go, go_on) = mpsc::channel::<()>();
    let (told, tells) = mpsc::channel();
    let first = AtomicBool::new(true);
    let slow = ClusterThrottled::builder(Duration::ZERO)
        .register(Arc::clone(&register))
        .lease(Duration::from_millis(20))
        .spawn(move |run| {
            if first.swap(false, Relaxed) {
                entered.send(run.token()).unwrap();
                go_on.recv().unwrap();
            }
            told.send((run.token(), run.is_current().unwrap(), run.lease_left())).unwrap();
        })
        .unwrap();
    let quick = ClusterThrottled::builder(Duration::ZERO)
        .register(Arc::clone(&register))
        .lease(Duration::from_millis(20))
        .spawn(|run| assert!(run.is_current().unwrap()))
        .unwrap();
    let ticket = slow.trigger().unwrap();
    let stale = is_in.recv_timeout(LIMIT).unwrap();
    quick.trigger().unwrap().wait_for(LIMIT).unwrap();
    assert_eq!(quick.status().panics, 0);
    assert!(quick.status().cell.finished().as_u64() > stale, "the token of the later run is greater");
    assert!(!ticket.is_covered());
    lets_go.send(()).unwrap();
    assert_eq!(tells.recv_timeout(LIMIT), Ok((stale, false, Duration::ZERO)));
    // The run of the other one covers it, because it started after the call.
    ticket.wait_for(LIMIT).unwrap();
    assert_eq!(slow.status().runs, 1, "and not by another one of its own");
}

#[test]
fn a_hundred_threads_are_covered_by_a_few_runs() {
    let asked = Arc::new(AtomicU64::new(0));
    let (seen, counter) = (Arc::new(AtomicU64::new(0)), Arc::clone(&asked));
    let stored = Arc::clone(&seen);
    let throttled = ClusterThrottled::in_memory(Duration::from_millis(200))
        .spawn(move |_| {
            stored.store(counter.load(Relaxed), Relaxed);
        })
        .unwrap();
    thread::scope(|scope| {
        for _ in 0..100 {
            scope.spawn(|| {
                for _ in 0..100 {
                    asked.fetch_add(1, Relaxed);
                    throttled.trigger().unwrap();
                }
            });
        }
    });
    throttled.all().wait_for(LIMIT).unwrap();
    assert_eq!(seen.load(Relaxed), 10_000);
    assert!(throttled.status().runs <= 10_000 / 10, "{} runs", throttled.status().runs);
}

#[test]
fn a_run_may_ask_for_another_one() {
    let left = AtomicU64::new(3);
    let (told, tells) = mpsc::channel();
    let throttled = ClusterThrottled::in_memory(THRESHOLD)
        .spawn(move |run| {
            told.send(run.token()).unwrap();
            if left.fetch_sub(1, Relaxed) > 1 {
                run.again().unwrap();
            }
        })
        .unwrap();
    throttled.trigger().unwrap();
    let tokens: Vec<u64> = (0..3).map(|_| tells.recv_timeout(LIMIT).unwrap()).collect();
    throttled.shutdown(LIMIT).unwrap();
    assert_eq!(tells.try_iter().count(), 0, "it has asked twice");
    let apart = |pair: &[u64]| u128::from(pair[1] - pair[0]) >= THRESHOLD.as_nanos();
    assert!(tokens.windows(2).all(apart), "{tokens:?}");
}

/// A register that forgets after a short time.
#[derive(Debug, Default)]
struct Forgetful(Memory);

impl Register for Forgetful {
    fn read(&self) -> Result<Reading, RegisterError> {
        self.0.read()
    }

    fn compare_and_swap(&self, old: Cell, new: Cell, mark: Mark) -> Result<Swap, RegisterError> {
        self.0.compare_and_swap(old, new, mark)
    }

    fn forgets_after(&self) -> Option<Duration> {
        Some(Duration::from_secs(60))
    }
}

#[test]
fn what_the_register_would_forget_is_refused() {
    let spawn = |threshold, lease| {
        let builder = ClusterThrottled::builder(Duration::from_secs(threshold));
        builder.register(Arc::new(Forgetful::default())).lease(Duration::from_secs(lease)).spawn(|_| ())
    };
    assert!(spawn(59, 59).is_ok());
    for (threshold, lease) in [(60, 1), (1, 60), (61, 61)] {
        let error = spawn(threshold, lease).unwrap_err();
        assert!(matches!(error, SpawnError::Forgets { .. }), "{error}");
    }
}

/// A call counts as owed even before the thread has taken it.
#[test]
fn a_wait_for_all_calls_is_for_the_latest_one_too() {
    for _ in 0..20 {
        let throttled = ClusterThrottled::in_memory(Duration::from_secs(3600))
            .drop_limit(Duration::ZERO)
            .spawn(|_| ())
            .unwrap();
        throttled.trigger().unwrap().wait_for(LIMIT).unwrap();
        // The window is an hour, so nothing covers this call.
        throttled.trigger().unwrap();
        let waited = throttled.all().wait_for(Duration::ZERO);
        assert!(matches!(waited, Err(WaitError::TimedOut { register: None })), "{waited:?}");
    }
}

#[test]
fn a_location_says_where_and_with_which_lease() {
    let opened = Drivers::standard().open("memory:?lease=1h").unwrap();
    let register = Arc::clone(&opened.register);
    let (told, left) = mpsc::channel();
    let throttled = ClusterThrottled::builder(THRESHOLD)
        .lease(LIMIT)
        .at(opened)
        .spawn(move |run| told.send(run.lease_left()).unwrap())
        .unwrap();
    assert!(Arc::ptr_eq(throttled.register(), &register));
    throttled.trigger().unwrap().wait_for(LIMIT).unwrap();
    assert!(left.recv_timeout(LIMIT).unwrap() > LIMIT);
}

#[test]
fn a_register_in_memory_swaps_only_what_is_expected() {
    let memory = Memory::new();
    let now = memory.read().unwrap().now;
    let (other, _) = Cell::NEW.arrive(now, Policy::new(Threshold::ZERO));
    let swap = memory.compare_and_swap(other, Cell::NEW, Mark::from_u64(1)).unwrap();
    assert!(matches!(swap, Swap::Differs(reading) if reading.cell == Cell::NEW && reading.mark.is_none()));
    assert!(matches!(memory.compare_and_swap(Cell::NEW, other, Mark::from_u64(1)), Ok(Swap::Done(_))));
    // Neither the epoch nor the mark changes.
    let (ended, _) = other.finish(other.epoch());
    assert!(matches!(memory.compare_and_swap(other, ended, Mark::from_u64(2)), Ok(Swap::Done(_))));
    let reading = memory.read().unwrap();
    assert_eq!((reading.cell, reading.mark), (ended, Some(Mark::from_u64(1))));
}
