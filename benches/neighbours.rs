//! What a call costs while another core uses the throttle beside it in an array: with both on one cache line,
//! and with each on lines of its own.
//!
//! A call that coalesces or is refused writes nothing, so only a neighbour that runs can disturb it; the
//! neighbour here does nothing but run.
//!
//! ```text
//! cargo bench --bench neighbours
//! cargo xtask ratios
//! ```

use atomic_throttle::gate::{Arrival, Gate};
use atomic_throttle::{Threshold, Throttle, Timestamp};
use benches::rows::{self, rounds};
use criterion::Criterion;
use crossbeam_utils::CachePadded;
use std::hint::black_box;
use std::time::Duration;

/// A threshold that is longer than any measurement.
const HOUR: Duration = Duration::from_secs(3600);

fn main() {
    let mut criterion = rows::criterion();
    coalesced(&mut criterion);
    refused(&mut criterion);
    admitted(&mut criterion);
    criterion.final_summary();
}

/// The first of them has a run pending; the second has no window.
fn gates() -> [Gate; 2] {
    let gates = [Gate::new(Threshold::new(HOUR)), Gate::new(Threshold::ZERO)];
    let Arrival::Run(run) = gates[0].arrive(Timestamp::from_nanos(1)) else { panic!("nothing ran yet") };
    run.finish();
    _ = gates[0].request();
    gates
}

/// A call of a neighbour that runs.
fn starts(gate: &Gate) -> bool {
    gate.try_start(Timestamp::from_nanos(1)).is_ok()
}

fn coalesced(criterion: &mut Criterion) {
    // The array begins at a cache line, so its first two elements share one.
    let adjacent = CachePadded::new(gates());
    let [one, other] = &**black_box(&adjacent);
    let padded = gates().map(CachePadded::new);
    let [padded_one, padded_other] = black_box(&padded);
    rounds(criterion, "neighbours, coalesced", |rows| {
        rows.references();
        rows.row("alone", || one.coalesce().is_some());
        rows.row_beside("beside one that runs", || one.coalesce().is_some(), || starts(other));
        rows.row_beside("padded", || padded_one.coalesce().is_some(), || starts(padded_other));
    });
}

/// The first of them has run; the second has no window.
fn refused(criterion: &mut Criterion) {
    let throttles = || {
        let throttles = [Throttle::new(HOUR), Throttle::new(Duration::ZERO)];
        assert!(throttles[0].try_run(|| ()).is_ok());
        throttles
    };
    beside_each_other(criterion, "neighbours, refused", throttles);
}

fn admitted(criterion: &mut Criterion) {
    let throttles = || [Throttle::new(Duration::ZERO), Throttle::new(Duration::ZERO)];
    beside_each_other(criterion, "neighbours, admitted", throttles);
}

/// The first throttle is measured, the second runs.
fn beside_each_other(criterion: &mut Criterion, group: &str, throttles: impl Fn() -> [Throttle; 2]) {
    let adjacent = CachePadded::new(throttles());
    let [one, other] = &**black_box(&adjacent);
    let padded = throttles().map(CachePadded::new);
    let [padded_one, padded_other] = black_box(&padded);
    let tries = |throttle: &Throttle| throttle.try_run(|| ()).is_ok();
    rounds(criterion, group, |rows| {
        rows.references();
        rows.row("alone", || tries(one));
        rows.row_beside("beside one that runs", || tries(one), || tries(other));
        rows.row_beside("padded", || tries(padded_one), || tries(padded_other));
    });
}
