//! Sequences of operations on a `Throttled` with each payload, with its thread, against plain values.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| sequences::fuzz::<sequences::Payloads>(input));
