//! Sequences of operations on a `Gate` against the reference model.

#![no_main]

#[path = "../../tests/reference/mod.rs"]
mod reference;

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    reference::input::sequence(None, input);
});
