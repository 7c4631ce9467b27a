//! Sequences of operations on an `AsyncThrottle`, polled by hand, against the reference model.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| sequences::fuzz::<sequences::Asynchronous>(input));
