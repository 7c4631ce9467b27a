//! Runs a model under many schedules of shuttle, and says what was shown.
//!
//! Shuttle runs all threads of a model on one thread of the system and decides before each atomic operation,
//! each lock and each wait which of them goes on. A lost wake-up leaves threads that wait for ever, which
//! shuttle reports as a deadlock. It tries schedules at random, so it can miss some; it reaches what loom
//! cannot: four threads and more, with panics, cancels and nested calls among them.
//!
//! It is sequentially consistent, so it shows nothing about orderings and fences: without any of them every
//! model here would pass. Loom has those.
//!
//! # What is where
//!
//! `tests/properties/` has one property a file. `tests/shipped.rs` checks all of them on the library.
//! `tests/planted.rs` plants faults by the hook of the library, and shows that the properties find them, and that a
//! failing schedule can be replayed. The other files do the same, each
//! pair for one front end: `async_…`, `keyed`, `keyed_throttled`, and `cluster` for that of `atomic-throttle-cluster`.
//! `…_forked` has what holds in a forked child, with the faults.
//!
//! # A failing schedule
//!
//! On a failure shuttle prints the schedule between two quotation marks: a few lines of digits, which
//! hold the seed of the model's own random choices as well. The test that failed replays it:
//!
//! ```text
//! ATOMIC_THROTTLE_SCHEDULE='910343a8dac1eda7838af66400000000000020022022002222222222
//! 6844688466444404' cargo test --release --test shipped every_call_returns_by_a_cancel
//! ```
//!
//! A replay always fails: in the way that the schedule did, or because it has led elsewhere (`schedule ended
//! early`), or because it passes. [`replay`] does it in code.
//!
//! At the usual depth the schedules are the same each time, unless shuttle's own `SHUTTLE_RANDOM_SEED` says
//! otherwise. With `ATOMIC_THROTTLE_DEEP` there are many more schedules, and others each time.

#[cfg(not(atomic_throttle_shuttle))]
compile_error!(
    "run these tests with `cargo test --release` inside `verify/schedules`, where .cargo/config.toml sets \
     the flag"
);

pub mod child;
mod explore;
mod report;
mod tally;

pub use explore::{Failure, Scheduler, Seed, explore, first_failure, replay};
pub use report::{Model, find, hold};
pub use tally::Tally;
