//! Exercises the built library from outside, on the real clock, under contention: `cargo run --release
//! --example storm` for some seconds, `cargo xtask soak` for as long as you like. README.md says what they
//! show.

#[cfg(test)]
use watchdog as _;
