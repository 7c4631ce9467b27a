//! What a call on a key costs: refused and admitted, beside other limiters on the same keys; while a run of its key
//! is pending, beside what one would write instead; and while strangers call for whom there is no room.
//!
//! `Keyed` and governor decide on an atomic under a read lock, in a hash table divided into shards. governor hashes
//! by `SipHash`, and comes with a clock that is not ordered across cores (`quanta`); it promises spacing, but neither
//! exclusion nor that it forgets anything by itself. It takes any hash, so it is also measured with that of `Keyed`.
//! The keys are drawn at random, which is part of each row, and stands as a row of its own.
//!
//! The map of last times is what a program would write by hand: one map under one mutex, with the same hash and the
//! clock of `Instant`. It promises spacing, as governor does, and forgets nothing.
//!
//! tracing-throttle limits log events. Its limiter is called below its layer, which makes a signature of an event:
//! here the signatures are ready, in a list that the call reads. It does more than `Keyed`, because it counts what it
//! refuses and what it admits, and keeps a policy for each event. It excludes nothing.
//!
//! A call on a pending key of a `KeyedThrottled` finds it in the same table. Its references have less to do:
//! `fence + load` knows one word and no key, `Throttled` has one run pending and no keys, and the map under a
//! mutex only remembers the key, so that another thread can run it.
//!
//! ```text
//! cargo bench --bench keyed
//! cargo xtask ratios
//! ```

#[cfg(target_os = "linux")]
use atomic_throttle::clock::CoarseFirst;
use atomic_throttle::clock::Tsc;
use atomic_throttle::{KeyHash, Keyed, KeyedError, KeyedThrottled, Pending, Throttled};
use benches::peers::{LastTimes, tracing_throttle};
use benches::rows::{self, rounds};
use criterion::Criterion;
use governor::clock::{Clock, MonotonicClock, QuantaClock};
use governor::middleware::NoOpMiddleware;
use governor::state::keyed::DashMapStateStore;
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use std::cell::Cell;
use std::collections::HashMap;
use std::hint::black_box;
use std::num::NonZeroU32;
use std::sync::Mutex;
use std::time::Duration;

/// A threshold that is longer than any measurement.
const HOUR: Duration = Duration::from_secs(3600);

fn main() {
    let mut criterion = rows::criterion();
    for keys in [1, 1_000, 1_000_000] {
        refused(&mut criterion, keys);
    }
    for keys in [1, 1_000] {
        admitted(&mut criterion, keys);
    }
    for keys in [1, 1_000] {
        pending(&mut criterion, keys);
    }
    for keys in [1_000, 100_000, 1_000_000] {
        full(&mut criterion, keys);
    }
    criterion.final_summary();
}

/// A key below `keys`, at random.
fn key(keys: u64) -> u64 {
    thread_local!(static STATE: Cell<u64> = const { Cell::new(1) });
    STATE.with(|state| {
        state
            .set(state.get().wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407));
        black_box((state.get() >> 33) % keys)
    })
}

fn number(key: u64) -> usize {
    usize::try_from(key).expect("at most a million")
}

/// governor's keyed limiter with the hash of `Keyed`.
type OurHash<C> = RateLimiter<u64, DashMapStateStore<u64, KeyHash>, C, NoOpMiddleware<<C as Clock>::Instant>>;

fn quanta_with_our_hash(quota: Quota) -> OurHash<QuantaClock> {
    RateLimiter::dashmap_with_clock_and_hasher(quota, QuantaClock::default(), KeyHash::default())
}

fn std_with_our_hash(quota: Quota) -> OurHash<MonotonicClock> {
    RateLimiter::dashmap_with_clock_and_hasher(quota, MonotonicClock, KeyHash::default())
}

/// Every key is inside its window.
fn refused(criterion: &mut Criterion, keys: u64) {
    let keyed = &Keyed::new(HOUR);
    #[cfg(target_os = "linux")]
    let coarse_first = &Keyed::with_clock(HOUR, CoarseFirst::new());
    let tsc = &Keyed::with_clock(HOUR, Tsc);
    let quota = Quota::with_period(HOUR).expect("an hour is not zero");
    let quanta_clock: &DefaultKeyedRateLimiter<u64> = &RateLimiter::keyed(quota);
    let std_clock = &RateLimiter::dashmap_with_clock(quota, MonotonicClock);
    let (quanta_same_hash, std_same_hash) = (&quanta_with_our_hash(quota), &std_with_our_hash(quota));
    let map: &LastTimes = &LastTimes::new();
    for key in 0..keys {
        assert!(keyed.try_run(&key, || ()).is_ok());
        #[cfg(target_os = "linux")]
        assert!(coarse_first.try_run(&key, || ()).is_ok());
        assert!(tsc.try_run(&key, || ()).is_ok());
        assert!(quanta_clock.check_key(&key).is_ok() && std_clock.check_key(&key).is_ok());
        assert!(quanta_same_hash.check_key(&key).is_ok() && std_same_hash.check_key(&key).is_ok());
        assert!(map.may_run(key, HOUR));
    }
    let events = &tracing_throttle(HOUR, number(keys));
    assert!((0..number(keys)).all(|event| events.check(event)));
    rounds(criterion, &format!("keyed, refused, {keys} keys"), |rows| {
        rows.references();
        rows.row("the keys alone", move || key(keys));
        rows.row_and_contended("Keyed::try_run", move || keyed.try_run(&key(keys), || ()).is_ok());
        #[cfg(target_os = "linux")]
        rows.row_and_contended("Keyed::try_run, coarse first", move || {
            coarse_first.try_run(&key(keys), || ()).is_ok()
        });
        rows.row_and_contended("Keyed::try_run, time-stamp counter", move || {
            tsc.try_run(&key(keys), || ()).is_ok()
        });
        rows.row_and_contended("governor, std clock", move || std_clock.check_key(&key(keys)).is_ok());
        rows.row_and_contended("governor, quanta clock", move || quanta_clock.check_key(&key(keys)).is_ok());
        rows.row_and_contended("governor, std clock, same hash", move || {
            std_same_hash.check_key(&key(keys)).is_ok()
        });
        rows.row_and_contended("governor, quanta clock, same hash", move || {
            quanta_same_hash.check_key(&key(keys)).is_ok()
        });
        rows.row_and_contended("Mutex<HashMap>, last times", move || map.may_run(key(keys), HOUR));
        rows.row_and_contended("tracing-throttle", move || events.check(number(key(keys))));
    });
}

/// Every call runs. Without a window a key could be evicted at once, but each recurs within the second for which it is
/// kept.
fn admitted(criterion: &mut Criterion, keys: u64) {
    let keyed = &Keyed::new(Duration::ZERO);
    let quota = Quota::per_second(NonZeroU32::MAX);
    let quanta_clock: &DefaultKeyedRateLimiter<u64> = &RateLimiter::keyed(quota);
    let std_clock = &RateLimiter::dashmap_with_clock(quota, MonotonicClock);
    let (quanta_same_hash, std_same_hash) = (&quanta_with_our_hash(quota), &std_with_our_hash(quota));
    let map: &LastTimes = &LastTimes::new();
    let events = &tracing_throttle(Duration::ZERO, number(keys));
    rounds(criterion, &format!("keyed, admitted, {keys} keys"), |rows| {
        rows.references();
        rows.row("the keys alone", move || key(keys));
        rows.row_and_contended("Keyed::try_run", move || keyed.try_run(&key(keys), || ()).is_ok());
        rows.row_and_contended("governor, std clock", move || std_clock.check_key(&key(keys)).is_ok());
        rows.row_and_contended("governor, quanta clock", move || quanta_clock.check_key(&key(keys)).is_ok());
        rows.row_and_contended("governor, std clock, same hash", move || {
            std_same_hash.check_key(&key(keys)).is_ok()
        });
        rows.row_and_contended("governor, quanta clock, same hash", move || {
            quanta_same_hash.check_key(&key(keys)).is_ok()
        });
        rows.row_and_contended("Mutex<HashMap>, last times", move || map.may_run(key(keys), Duration::ZERO));
        rows.row_and_contended("tracing-throttle", move || events.check(number(key(keys))));
    });
    // What was decided while they were measured is not looked at: so it is, once, here.
    assert!((0..keys).all(|key| keyed.try_run(&key, || ()).is_ok() && events.check(number(key))));
}

/// A run of every key is pending, and the thread that owns them sleeps.
fn pending(criterion: &mut Criterion, keys: u64) {
    let single = Throttled::builder(HOUR).pending_on_drop(Pending::Discard).spawn(|| ()).expect("a thread");
    single.trigger().expect("it goes on").wait().expect("it completes");
    single.trigger().expect("it goes on");

    let builder = || KeyedThrottled::builder(HOUR).pending_on_drop(Pending::Discard);
    let keyed = builder().spawn(|_| ()).expect("a thread");
    let counted = builder().counting().spawn(|_, _| ()).expect("a thread");
    // One run of each key, and then another one for the end of its window.
    let call_all = || (0..keys).all(|key| keyed.trigger(&key).is_ok() && counted.trigger(&key).is_ok());
    assert!(call_all());
    keyed.all().wait().expect("they complete");
    counted.all().wait().expect("they complete");
    assert!(call_all());
    let map: Mutex<HashMap<u64, u64>> = Mutex::default();

    let (single, keyed, counted, map) = black_box((&single, &keyed, &counted, &map));
    rounds(criterion, &format!("keyed, pending, {keys} keys"), |rows| {
        rows.references();
        rows.row("the keys alone", move || key(keys));
        rows.row_and_contended("Throttled::trigger", move || single.trigger().is_ok());
        rows.row_and_contended("KeyedThrottled::trigger", move || keyed.trigger(&key(keys)).is_ok());
        rows.row_and_contended("KeyedThrottled::trigger, counts", move || {
            counted.trigger(&key(keys)).is_ok()
        });
        rows.row_and_contended("Mutex<HashMap>::insert", move || {
            map.lock().expect("no panic").insert(key(keys), 1)
        });
    });
    let still = [keyed.pending(), counted.pending()];
    assert_eq!(still.map(|pending| pending as u64), [keys; 2], "all of it was about pending keys");
}

/// As many keys are known as may be, and each is inside its window: a call on another key is refused, because there
/// is no room for it. Known keys are asked for alone, and while a thread asks for strangers without a pause.
fn full(criterion: &mut Criterion, keys: u64) {
    let keyed = &Keyed::<u64>::builder(HOUR).max_keys(number(keys)).build();
    assert!((0..keys).all(|key| keyed.try_run(&key, || ()).is_ok()));
    let known = move || keyed.try_run(&key(keys), || ()).is_ok();
    let stranger = move || keyed.try_run(&(keys + key(u64::MAX)), || ()).is_ok();
    rounds(criterion, &format!("keyed, full, {keys} keys"), |rows| {
        rows.row("a known key", known);
        rows.row("a stranger", stranger);
        rows.row_beside("a known key, beside strangers", known, stranger);
    });
    let is_full = matches!(keyed.try_run(&keys, || ()), Err(KeyedError::Full { .. }));
    assert!(is_full && keyed.len() == number(keys), "no stranger came in");
}
