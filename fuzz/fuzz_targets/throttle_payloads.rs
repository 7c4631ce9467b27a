//! Sequences of operations on a `Throttle` with each payload, with a thread for the owner, against plain values.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| sequences::fuzz::<sequences::ThrottlePayloads>(input));
