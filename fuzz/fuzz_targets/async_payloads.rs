//! Sequences of operations on an `AsyncThrottle` with each payload, polled by hand, against the reference model and plain values.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| sequences::fuzz::<sequences::AsyncPayloads>(input));
