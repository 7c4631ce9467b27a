//! One transition at full width against the reference model.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| sequences::fuzz::<sequences::Transitions>(input));
