//! A call that runs: an exclusive run of an empty function starts and finishes.
//!
//! The yardstick is `Instant::now`, because a start needs its time. The nearest peers are the two mutexes, each
//! named after what it promises: like `try_run` (exclusion, no trailing edge) and like `run` (both). governor
//! only decides; it promises no exclusion, and has no end of a run to publish or to announce.

use atomic_throttle::clock::Tsc;
use atomic_throttle::{Clock, Monotonic, Throttle};
use benches::Padded;
use benches::peers::{
    BothEdges, Leading, Stamp, governor_quanta, governor_std, governor_upkeep, leaky_bucket, ratelimit,
};
use benches::rows::rounds;
use criterion::Criterion;
use std::hint::black_box;
use std::sync::atomic::{AtomicU64, Ordering, fence};
use std::time::Duration;

pub fn bench(criterion: &mut Criterion) {
    let throttle = Padded(Throttle::new(Duration::ZERO));
    let throttle = &black_box(&throttle).0;
    let tsc = Padded(Throttle::with_clock(Duration::ZERO, Tsc));
    let tsc = &black_box(&tsc).0;
    let std_leading: Padded<Leading> = Padded(Leading::new(Duration::ZERO));
    let std_leading = &black_box(&std_leading).0;
    let lot_leading: Padded<Leading<parking_lot::Mutex<_>>> = Padded(Leading::new(Duration::ZERO));
    let lot_leading = &black_box(&lot_leading).0;
    let std_both: Padded<BothEdges> = Padded(BothEdges::new(Duration::ZERO));
    let std_both = &black_box(&std_both).0;
    let lot_both: Padded<BothEdges<parking_lot::Mutex<_>>> = Padded(BothEdges::new(Duration::ZERO));
    let lot_both = &black_box(&lot_both).0;
    let std_clock = Padded(governor_std(Duration::ZERO));
    let std_clock = &black_box(&std_clock).0;
    let quanta_clock = Padded(governor_quanta(Duration::ZERO));
    let quanta_clock = &black_box(&quanta_clock).0;
    let upkeep_clock = Padded(governor_upkeep(Duration::ZERO));
    let upkeep_clock = &black_box(&upkeep_clock).0;
    let ratelimit = Padded(ratelimit(Duration::ZERO));
    let ratelimit = &black_box(&ratelimit).0;
    let leaky_bucket = Padded(leaky_bucket(Duration::ZERO));
    let leaky_bucket = &black_box(&leaky_bucket).0;
    let stamp = Padded(Stamp::new(Duration::ZERO));
    let stamp = &black_box(&stamp).0;
    let word = Padded(AtomicU64::new(0));
    let word = &black_box(&word).0;

    rounds(criterion, "admitted", |rows| {
        rows.references();
        rows.row("its parts", move || parts(word));
        rows.row_and_contended("Throttle::try_run", move || throttle.try_run(|| ()).is_ok());
        rows.row_and_contended("Throttle::run", move || throttle.run(|| ()).ran());
        rows.row_and_contended("Throttle::try_run, time-stamp counter", move || tsc.try_run(|| ()).is_ok());
        rows.row_and_contended("std Mutex, leading", move || std_leading.try_run(|| ()).is_some());
        rows.row_and_contended("parking_lot Mutex, leading", move || lot_leading.try_run(|| ()).is_some());
        rows.row_and_contended("std Mutex, both edges", move || std_both.run(|| ()));
        rows.row_and_contended("parking_lot Mutex, both edges", move || lot_both.run(|| ()));
        rows.row_and_contended("governor, std clock", move || std_clock.check().is_ok());
        rows.row_and_contended("governor, quanta clock", move || quanta_clock.check().is_ok());
        rows.row_and_contended("governor, upkeep clock", move || upkeep_clock.check().is_ok());
        rows.row_and_contended("ratelimit", move || ratelimit.try_wait().is_ok());
        rows.row_and_contended("leaky-bucket", move || leaky_bucket.try_acquire(1));
        rows.row_and_contended("abseil-style stamp", move || stamp.check(Monotonic.now().as_nanos()));
    });
}

/// The least that an exclusive run that others can coalesce into is made of: the clock, a
/// compare-and-swap to start, the fence after it, and a compare-and-swap that publishes the end.
fn parts(word: &AtomicU64) -> bool {
    let running = Monotonic.now().as_nanos() << 1 | 1;
    let before = word.load(Ordering::Relaxed);
    let started = word.compare_exchange_weak(before, running, Ordering::Relaxed, Ordering::Relaxed).is_ok();
    fence(Ordering::SeqCst);
    let finished = running & !1;
    started && word.compare_exchange_weak(running, finished, Ordering::Release, Ordering::Relaxed).is_ok()
}
