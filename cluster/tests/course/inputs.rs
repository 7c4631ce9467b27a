//! Times, policies and cells, over the whole range.

use atomic_throttle::lease::{self, Lease, Policy};
use atomic_throttle::{State, Threshold, Timestamp};
use atomic_throttle_cluster::Cell;
use proptest::prelude::*;

pub const LAST: u64 = Timestamp::MAX.as_nanos();

/// Times near every end of the range, and anywhere in it.
pub fn time() -> impl Strategy<Value = u64> {
    prop_oneof![0..40_u64, LAST - 40..=LAST, (0..61_u32).prop_map(|bit| (1 << bit).min(LAST)), 0..=LAST]
}

pub fn policy() -> impl Strategy<Value = Policy> {
    (time(), prop::option::of(time())).prop_map(|(threshold, lease)| {
        let policy = Policy::new(Threshold::from_nanos(threshold));
        lease.map_or(policy, |lease| policy.with_lease(Lease::from_nanos(lease)))
    })
}

/// Any bytes are a cell; most of these have a word and a finished epoch near each other.
pub fn cell() -> impl Strategy<Value = Cell> {
    let near = (time(), 0..8_u64, 0..3_u64).prop_map(|(last, flags, before)| {
        let word = last << 3 | flags;
        Cell::new(State::from_word(word), lease::epoch(last.saturating_sub(before)))
    });
    prop_oneof![near, any::<[u8; 16]>().prop_map(Cell::from_bytes)]
}
