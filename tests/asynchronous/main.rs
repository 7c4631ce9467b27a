//! `AsyncThrottle` and its stream adaptor: on tokio with its clock paused, and on a runtime that the tests
//! drive by hand, poll by poll.

#[path = "../reference/mod.rs"]
mod reference;

mod by_hand;
mod calls;
mod dropping;
mod nested;
mod panics;
mod peers;
mod play;
mod sequences;
mod shutdown;
mod stream;
mod threads;
mod waits;
