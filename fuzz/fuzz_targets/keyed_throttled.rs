//! Sequences of operations on a `KeyedThrottled`, with its thread, against a reference model for each key.

#![no_main]

#[path = "../../tests/fronts/mod.rs"]
mod fronts;
#[path = "../../tests/reference/mod.rs"]
mod reference;

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let _ = fronts::keyed_throttled(None, input);
});
