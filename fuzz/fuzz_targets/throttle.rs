//! Sequences of operations on a `Throttle`, with threads that wait, against the reference model.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| sequences::fuzz::<sequences::Throttle>(input));
