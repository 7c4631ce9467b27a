//! Calls on keys that are drawn at random, each key from what the call before it returned: as in a program that has
//! only one key at a time.

use crate::axis::Sample;
use crate::memory::in_use;
use crate::timing::nanos;
use std::hint::black_box;
use std::time::Instant;

/// The number of calls in each measurement.
const CALLS: u32 = 100_000;

/// Times calls on random keys below `keys`. What `call` returns must always be 0, which the compiler does not
/// know.
#[inline]
pub fn calls(keys: u64, seed: u64, call: impl Fn(u64) -> u64) -> Sample {
    let mut state = seed;
    let before = in_use();
    let start = Instant::now();
    for _ in 0..CALLS {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        // The upper bits are random. A multiplication and a shift take the place of a division.
        let key = ((state >> 33) * keys) >> 31;
        state ^= black_box(call(key));
    }
    let time = start.elapsed();
    let added = in_use() - before;
    assert_eq!(black_box(call(0)), 0, "it would change which keys are drawn");
    Sample { nanos: Some(nanos(time) / f64::from(CALLS)), added: Some(added), ..Sample::default() }
}

#[cfg(test)]
mod tests {
    use super::{CALLS, calls};
    use std::cell::RefCell;
    use std::collections::HashMap;

    #[test]
    fn every_key_is_drawn_about_as_often() {
        let drawn: RefCell<HashMap<u64, u32>> = RefCell::default();
        calls(100, 1, |key| {
            *drawn.borrow_mut().entry(key).or_default() += 1;
            0
        });
        let drawn = drawn.into_inner();
        assert_eq!((drawn.len(), drawn.values().sum::<u32>()), (100, CALLS + 1));
        assert!(drawn.keys().all(|key| *key < 100));
        assert!(drawn.values().all(|times| (800..1200).contains(times)), "{drawn:?}");
    }
}
