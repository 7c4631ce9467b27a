//! What a call costs on a throttle that several processes share, while one is pending in its process; beside the
//! front end for one process, which does the same.
//!
//! It does not measure what the register costs: only the thread asks the register, a few times per window.
//! `cargo xtask cluster` measures how often, and how long it takes.
//!
//! ```text
//! cargo bench --bench cluster
//! cargo xtask ratios
//! ```

use atomic_throttle::{Pending, Throttled};
use atomic_throttle_cluster::ClusterThrottled;
use benches::rows::{self, rounds};
use std::error::Error;
use std::hint::black_box;
use std::thread;
use std::time::Duration;

/// A threshold that is longer than any measurement.
const HOUR: Duration = Duration::from_secs(3600);

fn main() -> Result<(), Box<dyn Error>> {
    let mut criterion = rows::criterion();
    let one_process = Throttled::builder(HOUR).pending_on_drop(Pending::Discard).spawn(|| ())?;
    one_process.trigger()?.wait()?;
    one_process.trigger()?;

    let shared = ClusterThrottled::in_memory(HOUR).drop_limit(Duration::ZERO).spawn(|_| ())?;
    shared.trigger()?.wait_for(HOUR)?;
    shared.trigger()?;
    // The thread has taken that call, and waits for the end of the window: the next one stays pending here.
    while !shared.status().cell.is_pending() {
        thread::yield_now();
    }
    shared.trigger()?;

    let (one_process, shared) = (black_box(&one_process), black_box(&shared));
    rounds(&mut criterion, "coalesced, cluster", |rows| {
        rows.references();
        rows.row_and_contended("Throttled::trigger", move || one_process.trigger().is_ok());
        rows.row_and_contended("ClusterThrottled::trigger", move || shared.trigger().is_ok());
    });
    assert_eq!(shared.status().runs, 1, "the calls were pending");
    criterion.final_summary();
    Ok(())
}
