//! A threshold that a call on a key names: what it decides, and how long keys are kept for it.

#![cfg(feature = "keyed")]

use atomic_throttle::{Clock, Keyed, KeyedBuilder, KeyedError, Manual, Refused, Threshold, Timestamp};
use evidence::Check;
use evidence::Guarantee::G1;
use std::sync::LazyLock;
use std::time::Duration;
use watchdog as _;

const SHORT: Duration = Duration::from_secs(10);
const LONG: Duration = Duration::from_secs(100);
/// The last instant of a window of `LONG`.
const EARLY: Duration = Duration::new(99, 999_999_999);
const START: Timestamp = Timestamp::from_nanos(100);

type Subject = Keyed<u32, Manual>;

fn one_shard(threshold: Duration) -> KeyedBuilder<u32, Manual> {
    Keyed::builder(threshold).clock(Manual::new(START)).shards(1)
}

fn after(time: Duration) -> Timestamp {
    START.saturating_add(time)
}

fn closed(until: Duration, at: Duration) -> KeyedError {
    Refused::Closed { retry_at: after(until), refused_at: after(at) }.into()
}

/// Every pair of thresholds, of the throttle and of two calls: the second call alone says how far its run is from the
/// first.
#[test]
fn the_threshold_of_a_call_is_its_distance_from_the_run_before() {
    let check =
        Check::of(&[G1], "a call on a key that names a threshold is decided by that, whatever others are");
    let lengths = [0, 1, 10, 100].map(Duration::from_nanos);
    let mut cases = 0;
    for common in lengths {
        for first in lengths {
            for second in lengths {
                let keyed = one_shard(common).build();
                assert_eq!(keyed.try_run_with_threshold(first, &1, || "first"), Ok("first"));
                let call = || keyed.try_run_with_threshold(second, &1, || "second");
                if let Some(early) = second.checked_sub(Duration::from_nanos(1)) {
                    keyed.clock().set(after(early));
                    assert_eq!(call(), Err(closed(second, early)), "{common:?} {first:?} {second:?}");
                }
                keyed.clock().set(after(second));
                assert_eq!(call(), Ok("second"), "{common:?} {first:?} {second:?}");
                cases += 1;
            }
        }
    }
    check.passed(cases, "thresholds");
}

#[test]
fn calls_that_name_none_are_decided_by_the_common_one() {
    let keyed = one_shard(SHORT).build();
    let run = keyed.try_enter_with_threshold(LONG, &1).expect("the first call runs");
    assert_eq!(keyed.try_run_with_threshold(Duration::ZERO, &1, || ()), Err(Refused::Running.into()));
    drop(run);
    assert_eq!(keyed.try_run(&1, || ()), Err(closed(SHORT, Duration::ZERO)));
    keyed.clock().set(after(SHORT));
    assert_eq!(keyed.try_run(&1, || ()), Ok(()));
    assert_eq!(
        (keyed.threshold(), keyed.snapshot(&1).expect("it is known").window_end),
        (SHORT.into(), after(2 * SHORT))
    );
}

#[test]
fn a_threshold_of_any_length_can_be_named() {
    let keyed = one_shard(SHORT).build();
    assert_eq!(keyed.try_run(&1, || ()), Ok(()));
    let refused = keyed.try_run_with_threshold(Duration::MAX, &1, || ()).expect_err("its window never ends");
    assert_eq!(refused.retry_at(), Some(Timestamp::NEVER));
    assert_eq!(keyed.try_run_with_threshold(Threshold::ZERO, &1, || ()), Ok(()));
}

/// What `ask` does, with keys from a number on, evicts key 1 only when a window is over that another call has named.
fn is_kept_for_the_longest(ask: fn(&Subject, u32)) {
    let keyed = one_shard(SHORT).max_keys(20).build();
    assert_eq!(keyed.try_run(&1, || ()), Ok(()));
    // Also a call that is refused, and one that names less afterwards.
    assert_eq!(keyed.try_run_with_threshold(LONG, &1, || ()), Err(closed(LONG, Duration::ZERO)));
    assert_eq!(keyed.try_run_with_threshold(Duration::ZERO, &2, || ()), Ok(()));
    keyed.clock().set(after(EARLY));
    ask(&keyed, 100);
    assert!(keyed.contains(&1), "it is evicted in a window");
    assert_eq!(keyed.try_run_with_threshold(LONG, &1, || ()), Err(closed(LONG, EARLY)));
    keyed.clock().set(after(LONG));
    ask(&keyed, 200);
    assert!(!keyed.contains(&1), "it is not evicted");
}

fn come_in(keyed: &Subject, from: u32, keys: u32) {
    for key in from..from + keys {
        let _ = keyed.try_run(&key, || ());
    }
}

#[test]
fn keys_are_kept_for_the_longest_threshold_that_was_named() {
    let check =
        Check::of(&[G1], "a key is kept for the longest threshold that any call has named, and no longer");
    let asks: [fn(&Subject, u32); 4] = [
        |keyed, _| _ = keyed.evict(),
        // A key that comes in looks.
        |keyed, from| come_in(keyed, from, 1),
        // The table is full before it grows.
        |keyed, from| come_in(keyed, from, 4),
        // There is no room for another key.
        |keyed, from| come_in(keyed, from, 40),
    ];
    asks.into_iter().for_each(is_kept_for_the_longest);
    check.passed(asks.len(), "ways to evict");
}

#[test]
fn a_run_of_a_known_key_evicts_by_the_longest_threshold_that_was_named() {
    let keyed = one_shard(SHORT).build();
    assert_eq!(keyed.try_run(&1, || ()), Ok(()));
    // Some of these look for keys to evict.
    let runs =
        || (0..100).for_each(|_| assert_eq!(keyed.try_run_with_threshold(Duration::ZERO, &2, || ()), Ok(())));
    assert_eq!(keyed.try_run_with_threshold(LONG, &3, || ()), Ok(()));
    keyed.clock().set(after(EARLY));
    runs();
    assert!(keyed.contains(&1), "it is evicted in a window");
    keyed.clock().set(after(LONG));
    runs();
    assert!(!keyed.contains(&1), "it is not evicted");
}

#[test]
fn where_all_are_kept_there_is_no_room() {
    let keyed = one_shard(SHORT).max_keys(1).build();
    assert_eq!(keyed.try_run_with_threshold(LONG, &1, || ()), Ok(()));
    keyed.clock().set(after(SHORT));
    assert_eq!(keyed.try_run(&2, || ()), Err(KeyedError::Full { max_keys: 1 }));
    keyed.clock().set(after(LONG));
    assert_eq!(keyed.try_run(&2, || ()), Ok(()));
}

/// What was evicted before is remembered by its latest start alone, so every unknown key is taken for that one.
#[test]
fn a_longer_threshold_than_any_before_is_judged_by_what_was_forgotten() {
    let keyed = one_shard(SHORT).build();
    assert_eq!(keyed.try_run(&1, || ()), Ok(()));
    keyed.clock().set(after(SHORT));
    assert_eq!(keyed.evict(), 1);
    let call = |key| keyed.try_run_with_threshold(LONG, &key, || ());
    assert_eq!([call(1), call(2)], [Err(closed(LONG, SHORT)); 2]);
    assert_eq!(keyed.try_run(&2, || ()), Ok(()), "by the common threshold that window is over");
    // From now on nothing is forgotten so early, so the first call on a key is not refused for its neighbours.
    keyed.clock().set(after(LONG));
    assert_eq!(keyed.evict(), 0);
    assert_eq!(call(3), Ok(()));
}

/// Reads the lower bound of a manual clock that never needs more.
struct Estimated(Manual);

impl Clock for Estimated {
    fn now(&self) -> Timestamp {
        self.0.now()
    }

    fn estimate(&self) -> Option<Timestamp> {
        Some(self.0.now())
    }
}

#[test]
fn an_estimate_refuses_by_the_threshold_of_the_call() {
    let clock = Estimated(Manual::new(START));
    let keyed: Keyed<u32, Estimated> = Keyed::builder(SHORT).clock(clock).shards(1).build();
    assert_eq!(keyed.try_run(&1, || ()), Ok(()));
    keyed.clock().0.set(after(SHORT));
    assert_eq!(keyed.try_run_with_threshold(LONG, &1, || ()), Err(closed(LONG, SHORT)));
    assert_eq!(keyed.evict(), 0, "a call that was refused by an estimate has named its threshold");
    assert_eq!(keyed.try_run_with_threshold(SHORT, &1, || ()), Ok(()));
}

/// A key that makes the threshold longer when it is cloned: another thread may do so at that moment.
#[derive(PartialEq, Eq, Hash)]
struct Lengthens(u32);

static LENGTHENED: LazyLock<Keyed<Lengthens, Manual>> =
    LazyLock::new(|| Keyed::builder(SHORT).clock(Manual::new(START)).shards(1).build());

impl Clone for Lengthens {
    fn clone(&self) -> Self {
        if self.0 == 4 {
            LENGTHENED.set_threshold(LONG);
        }
        Self(self.0)
    }
}

/// The smallest table is full, so a key that comes in looks for others to evict. It clones the key before.
#[test]
fn a_key_that_comes_in_evicts_by_the_threshold_of_then() {
    let check = Check::of(&[G1], "a key that comes in evicts others by the threshold of that moment");
    let keyed = &*LENGTHENED;
    assert_eq!([1, 2, 3].map(|key| keyed.try_run(&Lengthens(key), || ())), [Ok(()); 3]);
    keyed.clock().set(after(SHORT));
    assert_eq!(keyed.try_run_with_threshold(Duration::ZERO, &Lengthens(4), || ()), Ok(()));
    assert_eq!([1, 2, 3].map(|key| keyed.contains(&Lengthens(key))), [true; 3]);
    assert_eq!(
        keyed.try_run(&Lengthens(5), || ()),
        Ok(()),
        "it is taken for a key that was evicted too early"
    );
    check.passed(1, "case");
}
