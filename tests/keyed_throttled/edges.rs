//! The edges: of time, of thresholds, of hashes, and of how many keys there may be.

use super::support::{SECOND, at, until};
use atomic_throttle::{Clock, KeyedThrottled, Manual, NotTaken, Pending, Threshold, Timestamp};
use std::hash::{BuildHasher, Hasher};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::thread;
use std::time::Duration;

#[test]
fn keys_without_a_size() {
    let throttled = KeyedThrottled::<()>::builder(Duration::ZERO)
        .counting()
        .spawn(|(), calls| assert!(calls > 0))
        .expect("a thread");
    for _ in 0..1000 {
        assert_eq!(throttled.trigger(&()).map(drop), Ok(()));
    }
    assert_eq!((throttled.all().wait(), throttled.panics()), (Ok(()), 0));
    assert!(throttled.len() <= 1);
}

/// All keys have one hash.
#[derive(Clone)]
struct Same;

struct Zero;

impl BuildHasher for Same {
    type Hasher = Zero;

    fn build_hasher(&self) -> Zero {
        Zero
    }
}

impl Hasher for Zero {
    fn finish(&self) -> u64 {
        0
    }

    fn write(&mut self, _: &[u8]) {}
}

#[test]
fn one_hash_for_all_keys_and_every_edge_of_time() {
    for threshold in [Duration::ZERO, Duration::from_nanos(1), Duration::MAX] {
        for start in
            [Timestamp::ZERO, at(1), Timestamp::MAX.saturating_sub(Duration::from_nanos(3)), Timestamp::MAX]
        {
            let clock = Arc::new(Manual::new(start));
            let covered = Arc::new(AtomicU64::new(0));
            let counted = Arc::clone(&covered);
            let throttled = KeyedThrottled::<String>::builder(threshold)
                .hasher(Same)
                .clock(Arc::clone(&clock))
                .counting()
                .spawn(move |_, calls| {
                    counted.fetch_add(calls, SeqCst);
                })
                .unwrap();
            for round in 0..5 {
                for key in ["a", "b", "c"] {
                    assert_eq!(throttled.trigger(key).map(drop), Ok(()));
                    if round % 2 == 0 {
                        let _ = throttled.flush(key);
                    }
                    if round == 3 {
                        throttled.cancel(key);
                    }
                }
                clock.set([Timestamp::ZERO, Timestamp::MAX, start][round % 3]);
                throttled.set_threshold([Duration::MAX, Duration::ZERO, threshold][round % 3]);
                throttled.evict();
            }
            assert!(throttled.shutdown(Pending::Flush).wait().is_ok());
            assert_eq!(covered.load(SeqCst) + throttled.uncovered(), 15);
            assert_eq!((throttled.pending(), throttled.all().wait()), (0, Ok(())));
        }
    }
}

#[test]
fn a_lowered_threshold_is_noticed_and_a_raised_one_does_not_spin() {
    let clock = Arc::new(Manual::new(at(1)));
    let throttled =
        KeyedThrottled::<u64>::builder(SECOND * 3600).clock(Arc::clone(&clock)).spawn(|_| ()).unwrap();
    for _ in 0..2 {
        for key in 0..10_000 {
            assert_eq!(throttled.trigger(&key).map(drop), Ok(()));
        }
        until(|| throttled.runs() == 10_000);
    }
    clock.advance(SECOND);
    throttled.set_threshold(Duration::from_nanos(1));
    assert_eq!(throttled.all().wait(), Ok(()));
    assert_eq!(throttled.threshold(), Threshold::new(Duration::from_nanos(1)));
    assert_eq!(throttled.runs(), 20_000);
}

#[test]
fn limits_of_no_key_and_of_one() {
    let refused = KeyedThrottled::<u8>::builder(SECOND).max_keys(0).spawn(|_| ()).unwrap();
    assert_eq!(refused.trigger(&1).map(drop), Err(NotTaken::Full { max_keys: 0 }));
    let one = KeyedThrottled::<u8>::builder(Duration::ZERO).max_keys(1).spawn(|_| ()).unwrap();
    for key in 0..100 {
        until(|| one.trigger(&key).map(drop) == Ok(()));
        assert!(one.len() <= 1);
    }
}

/// A clock that reads `NEVER`, which is not a time and counts as the last one.
struct Never(AtomicU64);

impl Clock for Never {
    fn now(&self) -> Timestamp {
        if thread::current().name() == Some("never") {
            self.0.fetch_add(1, SeqCst);
        }
        Timestamp::NEVER
    }
}

#[test]
fn a_clock_that_reads_never_makes_nobody_spin() {
    let clock = Arc::new(Never(AtomicU64::new(0)));
    let throttled = KeyedThrottled::<u8>::builder(SECOND)
        .name("never")
        .clock(Arc::clone(&clock))
        .pending_on_drop(Pending::Discard)
        .spawn(|_| ())
        .expect("a thread");
    assert_eq!((throttled.trigger(&1).map(drop), throttled.all().wait()), (Ok(()), Ok(())));
    let before = clock.0.load(SeqCst);
    // The window never ends.
    assert_eq!(throttled.trigger(&1).map(drop), Ok(()));
    until(|| clock.0.load(SeqCst) > before);
    // The yields give a thread that spins its chance, and decide nothing.
    (0..10_000).for_each(|_| thread::yield_now());
    assert!(clock.0.load(SeqCst) < before + 20);
    assert!(throttled.is_pending(&1));
}
