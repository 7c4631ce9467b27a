//! Times and thresholds at full width against wider arithmetic.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| sequences::fuzz::<sequences::Arithmetic>(input));
