//! Sequences of operations on a `KeyedThrottled` with each payload, polled by hand, against a plain model for each key.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| sequences::fuzz::<sequences::KeyedPayloads>(input));
