//! Sequences of operations on an `AsyncThrottle`, polled by hand, against the reference model.

#![no_main]

#[path = "../../tests/fronts/mod.rs"]
mod fronts;
#[path = "../../tests/reference/mod.rs"]
mod reference;

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let _ = fronts::asynchronous(None, input);
});
