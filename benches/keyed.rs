//! What a call on a key costs, refused and admitted, beside governor's keyed limiter on the same keys.
//!
//! Both decide in a hash table divided into shards. governor decides on an atomic under a read lock, hashes
//! by `SipHash`, and comes with a clock that is not ordered across cores (`quanta`); it promises spacing, but
//! neither exclusion nor that it forgets anything by itself. The keys are drawn at random, which is part of
//! each row, and stands as a row of its own.
//!
//! ```text
//! cargo bench --features keyed --bench keyed
//! cargo xtask ratios
//! ```

#[path = "paths/rows.rs"]
#[allow(dead_code, reason = "this bench needs no references and no padding")]
mod rows;

use atomic_throttle::Keyed;
use criterion::Criterion;
use governor::clock::MonotonicClock;
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use rows::rounds;
use std::cell::Cell;
use std::hint::black_box;
use std::num::NonZeroU32;
use std::time::Duration;

/// Longer than any measurement.
const HOUR: Duration = Duration::from_secs(3600);

fn main() {
    let mut criterion = Criterion::default()
        .warm_up_time(Duration::from_millis(150))
        .measurement_time(Duration::from_millis(500))
        .sample_size(40)
        .nresamples(2_000)
        .configure_from_args();
    for keys in [1, 1_000, 1_000_000] {
        refused(&mut criterion, keys);
    }
    for keys in [1, 1_000] {
        admitted(&mut criterion, keys);
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

/// Every key is inside its window.
fn refused(criterion: &mut Criterion, keys: u64) {
    let keyed = &Keyed::new(HOUR);
    let quota = Quota::with_period(HOUR).expect("an hour is not zero");
    let quanta_clock: &DefaultKeyedRateLimiter<u64> = &RateLimiter::keyed(quota);
    let std_clock = &RateLimiter::dashmap_with_clock(quota, MonotonicClock);
    for key in 0..keys {
        assert!(keyed.try_run(&key, || ()).is_ok());
        assert!(quanta_clock.check_key(&key).is_ok() && std_clock.check_key(&key).is_ok());
    }
    rounds(criterion, &format!("keyed, refused, {keys} keys"), |rows| {
        rows.row("the keys alone", move || key(keys));
        rows.row_and_contended("Keyed::try_run", move || keyed.try_run(&key(keys), || ()).is_ok());
        rows.row_and_contended("governor, std clock", move || std_clock.check_key(&key(keys)).is_ok());
        rows.row_and_contended("governor, quanta clock", move || quanta_clock.check_key(&key(keys)).is_ok());
    });
}

/// Every call runs. Without a window a key is evicted as soon as it is looked at: one of many comes in anew
/// each time, a single one nearly never.
fn admitted(criterion: &mut Criterion, keys: u64) {
    let keyed = &Keyed::new(Duration::ZERO);
    let quota = Quota::per_second(NonZeroU32::MAX);
    let quanta_clock: &DefaultKeyedRateLimiter<u64> = &RateLimiter::keyed(quota);
    let std_clock = &RateLimiter::dashmap_with_clock(quota, MonotonicClock);
    rounds(criterion, &format!("keyed, admitted, {keys} keys"), |rows| {
        rows.row("the keys alone", move || key(keys));
        rows.row_and_contended("Keyed::try_run", move || keyed.try_run(&key(keys), || ()).is_ok());
        rows.row_and_contended("governor, std clock", move || std_clock.check_key(&key(keys)).is_ok());
        rows.row_and_contended("governor, quanta clock", move || quanta_clock.check_key(&key(keys)).is_ok());
    });
}
