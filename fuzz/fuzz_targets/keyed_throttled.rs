//! Sequences of operations on a `KeyedThrottled`, with its thread, against a reference model for each key.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| sequences::fuzz::<sequences::KeyedThrottled>(input));
