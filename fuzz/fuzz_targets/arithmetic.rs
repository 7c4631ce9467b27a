//! Times and thresholds at full width against wider arithmetic.

#![no_main]

#[path = "../../tests/reference/mod.rs"]
mod reference;

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let _ = reference::input::arithmetic(reference::arithmetic::window_end, input);
});
