//! Sequences of operations on a `Throttled`, with its thread, against the reference model.

#![no_main]

#[path = "../../tests/reference/mod.rs"]
mod reference;

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let _ = reference::input::throttled(None, input);
});
