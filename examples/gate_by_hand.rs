//! An event loop that drives a `Gate` by hand, with `Manual` time: no thread waits, and the only clock is the loop's
//! own. The same works without `std`, on every processor with 64-bit atomics.
//!
//! Prints what happens at each tick of one second, in which five requests arrive.

use atomic_throttle::gate::{Arrival, Deferral, Fired, Gate};
use atomic_throttle::{Clock, Manual, Threshold, Timestamp};
use main_error::MainResult;
use std::io::{self, Write};
use std::time::Duration;

static GATE: Gate = Gate::new(Threshold::new(Duration::from_millis(300)));
static CLOCK: Manual = Manual::new(Timestamp::from_nanos(1));

const TICK: Duration = Duration::from_millis(100);
const REQUESTED: [bool; 10] = [true, true, true, false, false, true, false, false, false, true];

fn main() -> MainResult {
    let mut out = io::stdout().lock();
    let mut runs = 0;
    // The loop is the owner of every deferral that it makes.
    let mut pending: Option<Deferral<'_>> = None;

    for tick in 0.. {
        let now = CLOCK.now();
        if let Some(deferral) = pending.take() {
            pending = match deferral.fire(now) {
                Fired::Run(run) => {
                    runs += 1;
                    writeln!(out, "{now:>12?}  run {runs} (trailing edge)")?;
                    run.finish();
                    None
                }
                Fired::Early { deferral, .. } | Fired::Busy(deferral) => Some(deferral),
                Fired::Gone | Fired::Cancelled => None,
            };
        }
        if REQUESTED.get(tick) == Some(&true) {
            match GATE.arrive(now) {
                Arrival::Run(run) => {
                    runs += 1;
                    writeln!(out, "{now:>12?}  run {runs} (leading edge)")?;
                    run.finish();
                }
                Arrival::Defer(deferral) => {
                    writeln!(out, "{now:>12?}  deferred until {:?}", deferral.due())?;
                    pending = Some(deferral);
                }
                Arrival::Coalesced(_) => writeln!(out, "{now:>12?}  coalesced")?,
            }
        }
        if tick >= REQUESTED.len() && pending.is_none() {
            break;
        }
        CLOCK.advance(TICK);
    }
    assert!(!GATE.state().is_pending(), "the last request is never lost");
    let requests = REQUESTED.iter().filter(|requested| **requested).count();
    writeln!(out, "{runs} runs for {requests} requests")?;
    Ok(())
}
