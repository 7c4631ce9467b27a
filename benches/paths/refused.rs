//! A call inside the window that does not wait: it learns that it may not run.
//!
//! Nothing is promised to it, so the yardstick is the clock reading alone, `Instant::now`. All peers
//! promise spacing; governor's clock `quanta` is not ordered across cores, every other one here is.

use crate::peers::{Leading, governor_quanta, governor_std};
use crate::rows::{Padded, rounds};
use atomic_throttle::gate::Gate;
use atomic_throttle::{Threshold, Throttle, Timestamp};
use criterion::Criterion;
use governor::Quota;
use std::hint::black_box;
use std::time::Duration;

/// Longer than any measurement.
const HOUR: Duration = Duration::from_secs(3600);

pub fn bench(criterion: &mut Criterion) {
    let gate = Padded(Gate::new(Threshold::new(HOUR)));
    let gate = &black_box(&gate).0;
    assert!(gate.try_start(Timestamp::from_nanos(1)).is_ok());
    let now = black_box(Timestamp::from_nanos(2));

    let throttle = Padded(Throttle::new(HOUR));
    let throttle = &black_box(&throttle).0;
    assert!(throttle.try_run(|| ()).is_ok());

    let mutex = Padded(Leading::new(HOUR));
    let mutex = &black_box(&mutex).0;
    assert!(mutex.try_run(|| ()).is_some());

    let quota = Quota::with_period(HOUR).expect("an hour is not zero");
    let std_clock = Padded(governor_std(quota));
    let std_clock = &black_box(&std_clock).0;
    assert!(std_clock.check().is_ok());
    let quanta_clock = Padded(governor_quanta(quota));
    let quanta_clock = &black_box(&quanta_clock).0;
    assert!(quanta_clock.check().is_ok());

    rounds(criterion, "refused", |rows| {
        rows.references();
        rows.row_and_contended("Gate::try_start, time given", move || gate.try_start(now).is_ok());
        rows.row_and_contended("Throttle::try_run", move || throttle.try_run(|| ()).is_ok());
        rows.row("Throttle::run_within zero", move || throttle.run_within(Duration::ZERO, || ()).is_ok());
        rows.row_and_contended("Mutex", move || mutex.try_run(|| ()).is_some());
        rows.row_and_contended("governor, std clock", move || std_clock.check().is_ok());
        rows.row_and_contended("governor, quanta clock", move || quanta_clock.check().is_ok());
    });
}
