//! Sequences of operations on a `Throttled`, with its thread, against the reference model.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| sequences::fuzz::<sequences::Throttled>(input));
