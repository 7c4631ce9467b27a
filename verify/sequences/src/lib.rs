//! The drivers of the front ends that need a feature, and how a fuzzer's bytes drive them: shared by the fuzz
//! targets and by the replay of their corpora.
//!
//! `reference` has the drivers that need no feature.

#![allow(dead_code, reason = "each user plays a part of it")]

pub mod batched;
#[path = "../asynchronous/by_hand.rs"]
mod by_hand;
pub mod keyed;
#[path = "../keyed_throttled_model/mod.rs"]
pub mod keyed_throttled_model;
#[path = "../asynchronous/play/mod.rs"]
pub mod play;

use crate::reference;
use reference::reached::Reached;

/// The longest sequence that is played: without a limit a fuzzer would make them as long as it can.
const OPERATIONS: usize = 200;

/// The longest sequence with a thread, which costs wake-ups.
const WITH_A_THREAD: usize = 60;

/// A threshold, then two bytes for each operation on an `AsyncThrottle`.
pub fn asynchronous(wrong: Option<play::Wrong>, input: &[u8]) -> Reached {
    let Some((&threshold, operations)) = input.split_first() else { return Reached::default() };
    let operations = operations.chunks_exact(2).map(|pair| play::Op::from_bytes(pair[0], pair[1]));
    play::check(wrong, u64::from(threshold), operations.take(OPERATIONS))
}

/// How the throttle ends, then one byte for each operation on a `Batched`.
pub fn batched(wrong: Option<batched::Wrong>, input: &[u8]) -> Reached {
    let Some((&end, operations)) = input.split_first() else { return Reached::default() };
    let operations = operations.iter().map(|&byte| batched::Op::from_byte(byte));
    batched::check(wrong, batched::end(end), operations.take(WITH_A_THREAD))
}

/// A threshold and a set-up, then two bytes for each operation on a `Keyed`.
pub fn keyed(fault: Option<keyed::Fault>, input: &[u8]) -> Reached {
    let Some((&[threshold, setup], operations)) = input.split_first_chunk::<2>() else {
        return Reached::default();
    };
    let setup = keyed::Setup::from_bytes(threshold, setup);
    let operations = operations.chunks_exact(2).map(|pair| keyed::Op::from_bytes(pair[0], pair[1]));
    keyed::check_with(fault, setup, operations.take(OPERATIONS))
}

/// A threshold, then two bytes for each operation on a `KeyedThrottled`.
pub fn keyed_throttled(fault: Option<keyed_throttled_model::Fault>, input: &[u8]) -> Reached {
    use keyed_throttled_model::{Op, check_with};
    let Some((&threshold, operations)) = input.split_first() else { return Reached::default() };
    let operations = operations.chunks_exact(2).map(|pair| Op::from_bytes(pair[0], pair[1]));
    check_with(fault, u64::from(threshold), operations.take(WITH_A_THREAD))
}
