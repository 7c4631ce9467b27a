//! What a call costs on each of its paths: coalesced, refused, admitted, and one that wakes the
//! background thread.
//!
//! Absolute figures vary from machine to machine, and on a busy machine from second to second. So each
//! group measures its own references (the atomic operations and clock readings that a call is made of)
//! and its peers, in rounds of short measurements: whatever slows a row down slows its neighbours of the
//! same round too, and only ratios within a round count. `cargo xtask ratios` prints those.
//!
//! ```text
//! cargo bench --bench paths
//! cargo bench --bench paths -- refused
//! ```

mod admitted;
mod coalesced;
mod peers;
mod refused;
mod rows;
mod woken;

use criterion::Criterion;
use std::time::Duration;

fn main() {
    let mut criterion = Criterion::default()
        .warm_up_time(Duration::from_millis(150))
        .measurement_time(Duration::from_millis(500))
        .sample_size(40)
        // Confidence intervals are not what this is for, and the default number takes longer than the
        // measurement.
        .nresamples(2_000)
        .configure_from_args();
    coalesced::bench(&mut criterion);
    refused::bench(&mut criterion);
    admitted::bench(&mut criterion);
    woken::bench(&mut criterion);
    criterion.final_summary();
}
