//! Sequences of operations on a `Batched`, with its thread, against a queue.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| sequences::fuzz::<sequences::Batched>(input));
