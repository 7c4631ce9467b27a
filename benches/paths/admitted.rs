//! A call that runs: an exclusive run of an empty function starts and finishes.
//!
//! The yardstick is `Instant::now`, for a start needs its time. The nearest peers are the two mutexes,
//! each named after what it promises: like `try_run` (exclusion, no trailing edge) and like `run` (both).
//! governor only decides; it promises no exclusion, and has no end of a run to publish or to announce.

use crate::peers::{BothEdges, Leading, governor_quanta, governor_std};
use crate::rows::{Padded, rounds};
use atomic_throttle::{Clock, Monotonic, Throttle};
use criterion::Criterion;
use governor::Quota;
use std::hint::black_box;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU64, Ordering, fence};
use std::time::Duration;

pub fn bench(criterion: &mut Criterion) {
    let throttle = Padded(Throttle::new(Duration::ZERO));
    let throttle = &black_box(&throttle).0;
    let leading = Padded(Leading::new(Duration::ZERO));
    let leading = &black_box(&leading).0;
    let both_edges = Padded(BothEdges::new(Duration::ZERO));
    let both_edges = &black_box(&both_edges).0;
    // Four cells a nanosecond, and four thousand million in reserve: every check passes.
    let quota = Quota::per_second(NonZeroU32::MAX);
    let std_clock = Padded(governor_std(quota));
    let std_clock = &black_box(&std_clock).0;
    let quanta_clock = Padded(governor_quanta(quota));
    let quanta_clock = &black_box(&quanta_clock).0;
    let word = Padded(AtomicU64::new(0));
    let word = &black_box(&word).0;

    rounds(criterion, "admitted", |rows| {
        rows.references();
        rows.row("its parts", move || parts(word));
        rows.row("Throttle::try_run", move || throttle.try_run(|| ()).is_ok());
        rows.row("Throttle::run", move || throttle.run(|| ()).ran());
        rows.row("Mutex, exclusion", move || leading.try_run(|| ()).is_some());
        rows.row("Mutex, exclusion and trailing edge", move || both_edges.run(|| ()));
        rows.row("governor, std clock", move || std_clock.check().is_ok());
        rows.row("governor, quanta clock", move || quanta_clock.check().is_ok());
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
