//! Sequences of operations on a `Gate` against the reference model.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| sequences::fuzz::<sequences::Gate>(input));
