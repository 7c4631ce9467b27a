//! How many instructions a call takes on each path: counted by valgrind, one call on prepared state. The
//! numbers are exact: a build gives the same each time.
//!
//! Each function here stands alone and is not inlined. So each count holds its call and return (the row
//! `empty`), and beyond that only what the library does. A count is not a time: a fence is one instruction, and
//! takes as long as ten others. Nor does it show what a processor does where the clock is read: valgrind has no
//! vDSO, so there a reading is a call of the system, whose own instructions are not counted.
//!
//! ```text
//! cargo xtask instructions
//! cargo bench --package benches --features instructions --bench instructions
//! ```

// The attributes generate qualified names of the functions.
#![allow(unused_qualifications)]

mod path;
mod prepared;

use self::prepared::{HOUR, KEY, KeyedByU64, NOW};
use atomic_throttle::gate::{Gate, Run};
use atomic_throttle::state::{Epoch, Refused, State};
use atomic_throttle::{
    AsyncThrottle, Coalesced, Collect, Count, Ended, KeyedError, KeyedThrottled, Latest, NoRuntime, NotTaken,
    Outcome, Rejected, Throttle, Throttled, Tokio, every,
};
use foldhash::quality::FixedState;
use gungraun::prelude::*;
use std::hint::black_box;
use std::sync::atomic::{AtomicU64, Ordering, fence};
use std::time::{Duration, Instant};

library_benchmark_group!(name = references, benchmarks = [empty, fence_and_load, instant_now]);

#[library_benchmark]
#[bench::reference(())]
fn empty((): ()) {
    // Otherwise the compiler would leave the call out.
    black_box(());
}

#[library_benchmark]
#[bench::reference(prepared::word())]
fn fence_and_load(word: &'static AtomicU64) -> u64 {
    fence(Ordering::SeqCst);
    word.load(Ordering::Relaxed)
}

#[library_benchmark]
#[bench::reference(prepared::read_clock())]
fn instant_now((): ()) -> Instant {
    Instant::now()
}

library_benchmark_group!(
    name = paths,
    benchmarks = [
        gate_coalesce,
        gate_try_start,
        throttle_run,
        throttle_run_within_zero,
        throttle_try_run,
        throttled_trigger,
        counting_trigger,
        latest_trigger,
        collecting_trigger,
        async_throttle_trigger,
        every_hour,
        keyed_try_run,
        keyed_throttled_trigger
    ]
);

#[library_benchmark]
#[bench::pending(args = (prepared::pending_gate()), teardown = path::some)]
fn gate_coalesce(gate: &'static Gate) -> Option<Epoch> {
    gate.coalesce()
}

#[library_benchmark]
#[bench::refused(args = (prepared::closed_gate()), teardown = path::refused)]
#[bench::admitted(args = (prepared::open_gate()), teardown = path::taken)]
fn gate_try_start(gate: &'static Gate) -> Result<State, Refused> {
    gate.try_start(NOW).map(Run::finish)
}

#[library_benchmark]
#[bench::coalesced(args = (prepared::pending_throttle()), teardown = path::coalesced)]
#[bench::admitted(args = (prepared::open_throttle()), teardown = path::ran)]
fn throttle_run(throttle: &'static Throttle) -> Outcome<(), Coalesced<'static>> {
    throttle.run(|| ())
}

#[library_benchmark]
#[bench::refused(args = (prepared::closed_throttle()), teardown = path::refused)]
fn throttle_run_within_zero(throttle: &'static Throttle) -> Result<Outcome<(), Coalesced<'static>>, Refused> {
    throttle.run_within(Duration::ZERO, || ())
}

#[library_benchmark]
#[bench::refused(args = (prepared::closed_throttle()), teardown = path::refused)]
#[bench::admitted(args = (prepared::open_throttle()), teardown = path::taken)]
fn throttle_try_run(throttle: &'static Throttle) -> Result<(), Refused> {
    throttle.try_run(|| ())
}

#[library_benchmark]
#[bench::coalesced(args = (prepared::pending_throttled()), teardown = path::taken)]
fn throttled_trigger(throttled: &'static Throttled) -> Result<atomic_throttle::Ticket<'static>, Ended> {
    throttled.trigger()
}

#[library_benchmark]
#[bench::coalesced(args = (prepared::pending_counting()), teardown = path::taken)]
fn counting_trigger(counting: &'static Throttled<Count>) -> Result<atomic_throttle::Ticket<'static>, Ended> {
    counting.trigger()
}

#[library_benchmark]
#[bench::coalesced(args = (prepared::pending_latest()), teardown = path::taken)]
fn latest_trigger(
    latest: &'static Throttled<Latest<u64>>,
) -> Result<atomic_throttle::Ticket<'static>, Rejected<u64>> {
    latest.trigger(KEY)
}

#[library_benchmark]
#[bench::coalesced(args = (prepared::pending_collecting()), teardown = path::taken)]
fn collecting_trigger(
    collecting: &'static Throttled<Collect<u64>>,
) -> Result<atomic_throttle::Ticket<'static>, Rejected<u64>> {
    collecting.trigger(KEY)
}

#[library_benchmark]
#[bench::coalesced(args = (prepared::pending_async()), teardown = path::taken)]
fn async_throttle_trigger(
    throttle: &'static AsyncThrottle<Tokio>,
) -> Result<atomic_throttle::Ticket<'static>, NoRuntime> {
    throttle.trigger(async || ())
}

/// One call site, which is entered at most once.
#[inline]
fn site() -> Option<()> {
    every!(HOUR, ())
}

#[library_benchmark]
#[bench::suppressed(args = (site().expect("nothing ran yet")), teardown = path::none)]
fn every_hour((): ()) -> Option<()> {
    site()
}

#[library_benchmark]
#[bench::refused(args = (prepared::closed_keyed()), teardown = path::refused)]
#[bench::admitted(args = (prepared::open_keyed()), teardown = path::taken)]
fn keyed_try_run(keyed: &'static KeyedByU64) -> Result<(), KeyedError> {
    keyed.try_run(&KEY, || ())
}

#[library_benchmark]
#[bench::coalesced(args = (prepared::pending_keyed()), teardown = path::taken)]
fn keyed_throttled_trigger(keyed: &'static KeyedThrottled<u64, (), FixedState>) -> Result<(), NotTaken> {
    keyed.trigger(&KEY).map(drop)
}

// Faults, to show that they are found: `cargo xtask instructions` compares them with `gate_coalesce`.
library_benchmark_group!(name = planted, benchmarks = [gate_coalesce_and_a_fence, gate_coalesce_twice]);

#[library_benchmark]
#[bench::pending(args = (prepared::pending_gate()), teardown = path::some)]
fn gate_coalesce_and_a_fence(gate: &'static Gate) -> Option<Epoch> {
    let epoch = gate.coalesce();
    // The second fence stands after the load: two fences side by side become one.
    fence(Ordering::SeqCst);
    epoch
}

#[library_benchmark]
#[bench::pending(args = (prepared::pending_gate()), teardown = path::some)]
fn gate_coalesce_twice(gate: &'static Gate) -> Option<Epoch> {
    gate.coalesce().and(gate.coalesce())
}

main!(library_benchmark_groups = references, paths, planted);
