//! Sequences of all operations of each front end, played on the shipped code and on a model of it, one operation
//! after another.
//!
//! Any bytes are an input: first those of the set-up, then some for each operation. So a property test, a fuzzer
//! and the replay of its corpus play the same inputs, and each of them is written once, for every [`Subject`].

mod arithmetic;
mod async_payloads;
mod asynchronous;
#[allow(dead_code, reason = "`tests/asynchronous` includes it, and uses all of it")]
mod by_hand;
mod bytes;
mod gate;
mod keyed;
mod keyed_payloads;
mod keyed_throttled;
mod patience;
mod payloads;
mod seen;
mod settled;
mod subject;
mod threads;
mod throttle;
mod throttle_payloads;
mod throttled;
mod transitions;
mod watched;

pub use arithmetic::Arithmetic;
pub use async_payloads::subject::AsyncPayloads;
pub use asynchronous::subject::Asynchronous;
pub use bytes::Byte;
pub use gate::subject::Gate;
pub use keyed::subject::Keyed;
pub use keyed_payloads::subject::KeyedPayloads;
pub use keyed_throttled::subject::KeyedThrottled;
pub use payloads::subject::Payloads;
pub use subject::{Sequence, Subject};
pub use threads::subject::Threads;
pub use throttle::subject::Throttle;
pub use throttle_payloads::subject::ThrottlePayloads;
pub use throttled::subject::Throttled;
pub use transitions::Transitions;

/// What a fuzz target does with an input.
///
/// # Panics
///
/// If the shipped code and the model differ.
pub fn fuzz<S: Subject>(input: &[u8]) {
    S::check(None, input);
}
