//! A call inside the window that does not wait: it learns that it may not run.
//!
//! Nothing is promised to it, so the yardstick is the clock reading alone, `Instant::now`. What the peers promise
//! is not the same: the mutexes, the stamp and governor space their grants, ratelimit and leaky-bucket keep a rate.
//! The processor's counter, of `quanta` and of `Tsc`, is not ordered across cores; governor's upkeep clock lags.

use atomic_throttle::clock::Tsc;
#[cfg(target_os = "linux")]
use atomic_throttle::clock::{Coarse, CoarseFirst};
use atomic_throttle::gate::Gate;
use atomic_throttle::{Clock, Monotonic, Threshold, Throttle, Timestamp};
use benches::Padded;
use benches::peers::{
    Leading, Stamp, governor_quanta, governor_std, governor_upkeep, leaky_bucket, ratelimit,
};
use benches::rows::rounds;
use criterion::Criterion;
use std::hint::black_box;
use std::time::Duration;

/// A threshold that is longer than any measurement.
const HOUR: Duration = Duration::from_secs(3600);

pub fn bench(criterion: &mut Criterion) {
    let gate = Padded(Gate::new(Threshold::new(HOUR)));
    let gate = &black_box(&gate).0;
    assert!(gate.try_start(Timestamp::from_nanos(1)).is_ok());
    let now = black_box(Timestamp::from_nanos(2));

    let throttle = Padded(Throttle::new(HOUR));
    let throttle = &black_box(&throttle).0;
    assert!(throttle.try_run(|| ()).is_ok());

    #[cfg(target_os = "linux")]
    let coarse_first = Padded(Throttle::with_clock(HOUR, CoarseFirst::new()));
    #[cfg(target_os = "linux")]
    let coarse_first = &black_box(&coarse_first).0;
    #[cfg(target_os = "linux")]
    assert!(coarse_first.try_run(|| ()).is_ok());
    let tsc = Padded(Throttle::with_clock(HOUR, Tsc));
    let tsc = &black_box(&tsc).0;
    assert!(tsc.try_run(|| ()).is_ok());

    let std_mutex: Padded<Leading> = Padded(Leading::new(HOUR));
    let std_mutex = &black_box(&std_mutex).0;
    let parking_lot: Padded<Leading<parking_lot::Mutex<_>>> = Padded(Leading::new(HOUR));
    let parking_lot = &black_box(&parking_lot).0;
    assert!(std_mutex.try_run(|| ()).is_some() && parking_lot.try_run(|| ()).is_some());

    let std_clock = Padded(governor_std(HOUR));
    let std_clock = &black_box(&std_clock).0;
    let quanta_clock = Padded(governor_quanta(HOUR));
    let quanta_clock = &black_box(&quanta_clock).0;
    assert!(std_clock.check().is_ok() && quanta_clock.check().is_ok());
    let upkeep_clock = Padded(governor_upkeep(HOUR));
    let upkeep_clock = &black_box(&upkeep_clock).0;
    let ratelimit = Padded(ratelimit(HOUR));
    let ratelimit = &black_box(&ratelimit).0;
    let leaky_bucket = Padded(leaky_bucket(HOUR));
    let leaky_bucket = &black_box(&leaky_bucket).0;
    assert!(upkeep_clock.check().is_ok());
    assert!(ratelimit.try_wait().is_ok() && leaky_bucket.try_acquire(1));
    let stamp = Padded(Stamp::new(HOUR));
    let stamp = &black_box(&stamp).0;
    assert!(stamp.check(Monotonic.now().as_nanos()));

    rounds(criterion, "refused", |rows| {
        rows.references();
        rows.row_and_contended("Gate::try_start, time given", move || gate.try_start(now).is_ok());
        rows.row_and_contended("Throttle::try_run", move || throttle.try_run(|| ()).is_ok());
        #[cfg(target_os = "linux")]
        rows.row_and_contended("Throttle::try_run, coarse first", move || {
            coarse_first.try_run(|| ()).is_ok()
        });
        rows.row_and_contended("Throttle::try_run, time-stamp counter", move || tsc.try_run(|| ()).is_ok());
        #[cfg(target_os = "linux")]
        rows.row("Coarse::now", || Coarse.now());
        rows.row("Tsc::now", || Tsc.now());
        rows.row("Throttle::run_within zero", move || throttle.run_within(Duration::ZERO, || ()).is_ok());
        rows.row_and_contended("std Mutex", move || std_mutex.try_run(|| ()).is_some());
        rows.row_and_contended("parking_lot Mutex", move || parking_lot.try_run(|| ()).is_some());
        rows.row_and_contended("governor, std clock", move || std_clock.check().is_ok());
        rows.row_and_contended("governor, quanta clock", move || quanta_clock.check().is_ok());
        rows.row_and_contended("governor, upkeep clock", move || upkeep_clock.check().is_ok());
        rows.row_and_contended("ratelimit", move || ratelimit.try_wait().is_ok());
        rows.row_and_contended("leaky-bucket", move || leaky_bucket.try_acquire(1));
        rows.row_and_contended("abseil-style stamp", move || stamp.check(Monotonic.now().as_nanos()));
    });
}
