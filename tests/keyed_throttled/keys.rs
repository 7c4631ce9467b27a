//! Many keys: which ones are forgotten, and how many there may be.

use super::subject::Subject;
use super::support::{SECOND, at, until};
use atomic_throttle::{KeyedThrottled, Manual, NotTaken, Pending, WaitError};
use evidence::Check;
use evidence::Guarantee::{G3, G5, G8};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

#[test]
fn the_limit_of_keys_counts_those_that_are_pending() {
    let subject = Subject::with(|builder| builder.max_keys(2));
    subject.lead("a");
    subject.lead("b");
    let full = subject.throttled.trigger("c").expect_err("there is no room");
    assert_eq!(full, NotTaken::Full { max_keys: 2 });
    assert!(full.to_string().contains("max_keys"), "{full}");
    subject.call("a");
    subject.call("b");
    subject.clock.set(at(2));
    assert_eq!(subject.throttled.all().wait(), Ok(()));
    subject.clock.set(at(3));
    subject.call("c");
    assert!(subject.throttled.len() <= 2);
}

/// The clock goes back after the key was evicted.
#[test]
fn an_evicted_key_keeps_its_distance() {
    let subject = Subject::with(|builder| builder.shards(1));
    subject.lead("a");
    subject.clock.set(at(2));
    until(|| subject.throttled.is_empty());
    subject.clock.set(at(1));
    subject.call("a");
    assert_eq!(subject.throttled.all().wait_for(Duration::ZERO), Err(WaitError::TimedOut));
    subject.assert_no_run();
    subject.clock.set(at(2));
    subject.assert_run("a", 1);
}

#[test]
fn many_threads_lose_no_call_and_no_count() {
    let check =
        Check::of(&[G3, G5], "tests: 4 threads, 100 keys, on the real clock: each call is in one count");
    let covered = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&covered);
    let throttled = KeyedThrottled::<u64>::builder(Duration::from_micros(200))
        .counting()
        .spawn(move |_, calls| {
            counted.fetch_add(calls, SeqCst);
        })
        .expect("a thread");
    let calls = 20_000;
    thread::scope(|scope| {
        for thread in 0..4 {
            let throttled = &throttled;
            scope.spawn(move || {
                for call in 0..calls {
                    assert_eq!(throttled.trigger(&((call * 7 + thread) % 100)).map(drop), Ok(()));
                    if call % 1000 == 999 {
                        throttled.cancel(&(call % 100));
                        let _ = throttled.flush(&(call % 99));
                    }
                }
            });
        }
    });
    assert!(throttled.shutdown(Pending::Finish).wait().is_ok());
    assert_eq!(covered.load(SeqCst) + throttled.uncovered(), 4 * calls);
    check.passed(80_000, "calls");
}

#[test]
fn memory_returns_after_a_burst_without_a_further_call() {
    let check = Check::of(&[G8], "tests: a burst of 10^5 keys is forgotten by the thread alone");
    let clock = Arc::new(Manual::new(at(1)));
    let throttled = KeyedThrottled::<u64>::builder(SECOND)
        .clock(Arc::clone(&clock))
        .pending_on_drop(Pending::Discard)
        .spawn(|_| ())
        .expect("a thread");
    let empty = throttled.allocated_bytes();
    for _ in 0..2 {
        for key in 0..100_000 {
            assert_eq!(throttled.trigger(&key).map(drop), Ok(()));
        }
        until(|| throttled.runs() == 100_000);
    }
    assert_eq!((throttled.len(), throttled.pending()), (100_000, 100_000));
    until(|| throttled.allocated_bytes() > empty + 26 * 100_000);
    clock.set(at(2));
    assert_eq!(throttled.all().wait(), Ok(()));
    clock.set(at(3));
    until(|| throttled.is_empty());
    // The thread may have to look once more to free its own memory.
    until(|| {
        clock.advance(Duration::ZERO);
        throttled.allocated_bytes() <= empty + 300_000
    });
    check.passed(100_000, "keys");
}

#[test]
fn memory_returns_after_a_burst_of_flushes() {
    let (go, gate) = mpsc::channel::<()>();
    let throttled = KeyedThrottled::<u64>::builder(SECOND)
        .clock(Arc::new(Manual::new(at(1))))
        .pending_on_drop(Pending::Discard)
        .spawn(move |key| {
            if *key == u64::MAX {
                gate.recv().unwrap_or(());
            }
        })
        .expect("a thread");
    let empty = throttled.allocated_bytes();
    assert_eq!(throttled.trigger(&u64::MAX).map(drop), Ok(()));
    until(|| throttled.runs() == 1);
    for key in 0..10_000 {
        assert_eq!((throttled.trigger(&key).map(drop), throttled.flush(&key).map(drop)), (Ok(()), Ok(())));
    }
    assert!(throttled.allocated_bytes() > empty + 500_000);
    drop(go);
    assert_eq!(throttled.all().wait(), Ok(()));
    // Their windows are not over, so their entries stay: 9 bytes more than a key.
    until(|| throttled.allocated_bytes() < empty + 27 * 20_000);
}

#[test]
fn waits_leave_nothing_behind() {
    let subject = Subject::new();
    subject.lead("a");
    subject.call("a");
    let wait = || assert_eq!(subject.throttled.all().wait_for(Duration::ZERO), Err(WaitError::TimedOut));
    wait();
    let one = subject.throttled.allocated_bytes();
    (0..1_000).for_each(|_| wait());
    // The thread may have taken up the call since.
    let many = subject.throttled.allocated_bytes();
    assert!(many < one + 10_000, "{one} bytes, then {many}");
}
