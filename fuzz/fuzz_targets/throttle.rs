//! Sequences of operations on a `Throttle`, with threads that wait, against the reference model.

#![no_main]

#[path = "../../tests/reference/mod.rs"]
mod reference;

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let _ = reference::input::throttle(None, input);
});
