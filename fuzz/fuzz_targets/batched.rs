//! Sequences of operations on a `Batched`, with its thread, against a queue.

#![no_main]

#[path = "../../tests/fronts/mod.rs"]
mod fronts;
#[path = "../../tests/reference/mod.rs"]
mod reference;

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let _ = fronts::batched(None, input);
});
