//! The front ends, each named after who waits, and what they share. All of them need `std`, and none
//! touches the word: every decision is a call of `gate`. Keys and streams have no gate: they move a plain `state`, under
//! a lock or by one poll at a time.

#[cfg(feature = "async")]
pub mod asynchronous;
pub(crate) mod every;
pub(crate) mod failure;
#[cfg(feature = "keyed")]
pub(crate) mod keyed;
pub(crate) mod pace;
pub(crate) mod payload;
pub(crate) mod throttle;
pub(crate) mod throttled;

pub(crate) mod observe;
pub(crate) mod outcome;
pub(crate) mod owner;
pub(crate) mod snapshot;
pub(crate) mod wait;
