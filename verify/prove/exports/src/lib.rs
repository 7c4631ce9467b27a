//! What the prover reads: each transition, each value and each cell over plain integers, with nothing else in it.
//!
//! The prover builds this crate by the compiler alone, as LLVM IR. The tests of the prover link it, and compare
//! what runs with what the prover makes of the IR.
//!
//! No function may be inlined away, so each says `inline(never)`. A timestamp comes as a number: `u64::MAX` is
//! `NEVER`, and everything else goes through the public constructor, so its clamping is part of what is proved.

#![no_std]
#![allow(clippy::must_use_candidate, clippy::similar_names)]

pub mod cells;
pub mod transitions;
pub mod values;

use atomic_throttle::lease::{Lease, Policy};
use atomic_throttle::{Threshold, Timestamp};

// The outcomes. The prover has their names in the same order (`OUTCOMES` in `src/table.rs`).
const FALSE: u64 = 0;
const TRUE: u64 = 1;
const RUN: u64 = 2;
const DEFER: u64 = 3;
const COALESCED: u64 = 4;
const CLOSED: u64 = 5;
const RUNNING: u64 = 6;
const GONE: u64 = 7;
const CANCELLED: u64 = 8;
const BUSY: u64 = 9;
const EARLY: u64 = 10;
const NOTHING: u64 = 11;
const REQUESTED: u64 = 12;
const OWED: u64 = 13;
const FINISHED: u64 = 14;
const IGNORED: u64 = 15;

const fn time(nanos: u64) -> Timestamp {
    if nanos == u64::MAX { Timestamp::NEVER } else { Timestamp::from_nanos(nanos) }
}

const fn threshold(nanos: u64) -> Threshold {
    Threshold::from_nanos(nanos)
}

/// There is a lease unless `has_lease` is 0.
const fn policy(nanos: u64, has_lease: u64, lease: u64) -> Policy {
    let policy = Policy::new(threshold(nanos));
    if has_lease == 0 { policy } else { policy.with_lease(Lease::from_nanos(lease)) }
}
