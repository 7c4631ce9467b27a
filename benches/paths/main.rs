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
mod refused;
mod woken;

use benches::rows;

fn main() {
    let mut criterion = rows::criterion();
    coalesced::bench(&mut criterion);
    refused::bench(&mut criterion);
    admitted::bench(&mut criterion);
    woken::bench(&mut criterion);
    criterion.final_summary();
}
