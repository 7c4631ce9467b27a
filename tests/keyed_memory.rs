//! How much memory a key takes, and that it is given back, measured by a counting allocator.

#![cfg(feature = "keyed")]

use allocation_counter::{AllocationInfo, measure};
use atomic_throttle::{Keyed, Manual, Timestamp};
use evidence::Check;
use evidence::Guarantee::G8;
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use std::time::Duration;
use watchdog as _;

const BURST: u64 = 1_000_000;
const WINDOW: Duration = Duration::from_secs(1);
const START: Timestamp = Timestamp::from_nanos(1);
/// How many shards a `Keyed` has by default.
const SHARDS: usize = 64;
/// The most looks that empty the greatest shard of a burst, at 2048 places each. Its table has 65536 places and
/// takes 32, and one more as the first may begin anywhere and ends where the table does. When an eighth is left
/// the table is made smaller, to a fourth at most, and is looked through from its beginning: 2. And one look may
/// end early, at a key that is called again and again.
const LOOKS: usize = 32 + 1 + 8 + 1;
/// Of how many runs on known keys one looks, and after how many it does so at the latest.
const RUNS_FOR_A_LOOK: usize = 32;
const LATEST: usize = 55;

fn keyed() -> Keyed<u64, Manual> {
    Keyed::with_clock(WINDOW, Manual::new(START))
}

fn burst(keyed: &Keyed<u64, Manual>, keys: u64) {
    for key in 0..keys {
        assert!(keyed.try_run(&key, || ()).is_ok());
    }
}

/// Bytes for each of `keys` keys, at rest and at most.
#[allow(clippy::cast_precision_loss, reason = "a ratio for people")]
fn per_key(info: &AllocationInfo, keys: u64) -> (f64, f64) {
    (info.bytes_current as f64 / keys as f64, info.bytes_max as f64 / keys as f64)
}

fn ours(keys: u64) -> (f64, f64) {
    let mut kept = None;
    // The first call of a thread on any `Keyed` allocates for the thread.
    assert!(keyed().try_run(&0, || ()).is_ok());
    let info = measure(|| {
        let keyed = keyed();
        burst(&keyed, keys);
        kept = Some(keyed);
    });
    let counted = kept.expect("it was built").allocated_bytes();
    assert_eq!(i64::try_from(counted).ok(), Some(info.bytes_current), "it knows what it has allocated");
    per_key(&info, keys)
}

fn governors(keys: u64) -> (f64, f64) {
    let mut kept: Option<DefaultKeyedRateLimiter<u64>> = None;
    let info = measure(|| {
        let limiter = RateLimiter::keyed(Quota::with_period(WINDOW).expect("not zero"));
        for key in 0..keys {
            assert!(limiter.check_key(&key).is_ok());
        }
        kept = Some(limiter);
    });
    per_key(&info, keys)
}

fn compare(keys: u64) -> ((f64, f64), (f64, f64)) {
    let ((rest, most), (governors_rest, governors_most)) = (ours(keys), governors(keys));
    println!(
        "{keys} keys: {rest:.2} bytes a key, at most {most:.2}; governor {governors_rest:.2}, at most \
         {governors_most:.2}"
    );
    ((rest, most), (governors_rest, governors_most))
}

#[test]
fn a_key_takes_what_the_docs_say_and_no_more_than_governors() {
    let check = Check::of(&[G8], "counting: bytes a u64 key in a Keyed, at numbers of keys over an octave");
    let (mut worst, mut governors_worst) = (0_f64, 0_f64);
    // An octave in steps of an eighth.
    for keys in (8..16).map(|eighths| BURST / 256 * eighths) {
        let ((rest, most), (governors_rest, governors_most)) = compare(keys);
        assert!((26.0..33.0).contains(&rest), "{keys} keys: {rest} bytes a key");
        worst = worst.max(rest).max(most);
        governors_worst = governors_worst.max(governors_rest).max(governors_most);
    }
    assert!(worst <= governors_worst, "at its worst number of keys");
    let ((rest, most), (governors_rest, governors_most)) = compare(BURST);
    assert!(rest <= governors_rest && most <= governors_most, "{rest} {most}");
    check.passed(9, "cases");
}

#[test]
fn memory_returns_after_a_burst_while_a_few_keys_are_called() {
    let check = Check::of(&[G8], "counting: after a burst of 10^6 keys, runs of 5 keys give the memory back");
    let keyed = keyed();
    let empty = keyed.allocated_bytes();
    burst(&keyed, BURST);
    assert_eq!(keyed.len() as u64, BURST);
    let full = keyed.allocated_bytes();
    let mut runs = 0;
    while keyed.len() > 5 || keyed.allocated_bytes() > empty + 2048 {
        keyed.clock().advance(WINDOW);
        for key in 0..5 {
            assert!(keyed.try_run(&key, || ()).is_ok());
            runs += 1;
        }
        let (keys, bytes) = (keyed.len(), keyed.allocated_bytes());
        assert!(
            runs < RUNS_FOR_A_LOOK * LOOKS * SHARDS + LATEST + 5,
            "{keys} keys, {bytes} bytes after {runs} runs"
        );
    }
    println!("{full} bytes were given back in {runs} runs");
    check.passed(runs, "runs");
}

#[test]
fn memory_returns_at_once_when_asked() {
    let keyed = keyed();
    let empty = keyed.allocated_bytes();
    burst(&keyed, BURST / 10);
    assert_eq!(keyed.evict(), 0, "all are in their windows");
    keyed.clock().advance(WINDOW);
    assert_eq!(keyed.evict() as u64, BURST / 10);
    assert_eq!((keyed.len(), keyed.allocated_bytes()), (0, empty));
}

/// Keys that come once and never again: what is known stays near what is in its window.
#[test]
fn keys_that_never_return_do_not_pile_up() {
    let check =
        Check::of(&[G8], "counting: of keys that come once, those in their windows and few more are kept");
    let keyed = keyed();
    let active = 10_000;
    let step = WINDOW / active;
    let mut most = 0;
    for key in 0..200_000 {
        assert!(keyed.try_run(&key, || ()).is_ok());
        keyed.clock().advance(step);
        most = most.max(keyed.len());
    }
    println!("at most {most} keys were known, of which {active} in their windows");
    assert!(most < 12_000, "{most}");
    assert!(keyed.allocated_bytes() < 2_000_000, "{}", keyed.allocated_bytes());
    check.passed(200_000, "runs");
}

#[test]
fn a_refused_call_allocates_nothing() {
    let keyed: Keyed<String, Manual> = Keyed::with_clock(WINDOW, Manual::new(START));
    assert!(keyed.try_run("a", || ()).is_ok());
    let info = measure(|| assert!(keyed.try_run("a", || ()).is_err()));
    assert_eq!(info.count_total, 0);
    keyed.clock().advance(WINDOW);
    let info = measure(|| assert!(keyed.try_run("a", || ()).is_ok()));
    assert_eq!(info.count_total, 0, "nor does a run of a known key");
}

#[test]
fn a_full_table_is_looked_through_before_it_grows() {
    let clock = Manual::new(START);
    let keyed: Keyed<u64, Manual> = Keyed::builder(WINDOW).clock(clock).shards(1).build();
    // As many as 512 places take.
    let full = 448;
    burst(&keyed, full);
    let table = keyed.allocated_bytes();
    keyed.clock().advance(WINDOW);
    let info = measure(|| assert!(keyed.try_run(&full, || ()).is_ok()));
    assert!(info.bytes_max < table as u64, "{} bytes: it grew", info.bytes_max);
}
