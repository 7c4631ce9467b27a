//! One transition at full width against the reference model.

#![no_main]

#[path = "../../tests/reference/mod.rs"]
mod reference;

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let _ = reference::input::transition(None, input);
});
