//! [`AsyncThrottle`]: the asynchronous front end. A spawned task owns the deferral and performs the run.
//! Callers never block, and dropping any future of theirs loses nothing.
//!
//! ```
//! # #[cfg(feature = "tokio")] {
//! use atomic_throttle::AsyncThrottle;
//! use std::time::Duration;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let save = AsyncThrottle::new(Duration::from_millis(10));
//!
//! // The first call runs at once, in a task; the second one is deferred, and covers all that follow.
//! save.trigger(async || println!("saved"))?;
//! save.trigger(async || println!("saved"))?;
//! save.trigger(async || println!("never: the second call covers this one"))?;
//! save.all().await?;
//! # Ok(())
//! # }
//! # main().unwrap();
//! # }
//! ```
//!
//! `Tokio` (feature `tokio`) runs it on tokio; any other runtime is a [`Runtime`] of your own.
//! [`stream::throttle`] thins out a stream.
//!
//! # Who owns what
//!
//! Runs and deferrals belong to spawned tasks, and so does the leading run. The future of a caller holds
//! nothing that could be lost with it.
//!
//! Between the decision and the end of the task, an owned guard holds the epoch. If the guard is dropped, it
//! leaves the run owed and wakes those who wait. A run whose task is dropped in the middle is first owed once
//! more, and then finishes, so nobody sees its calls as covered.
//!
//! What a run is given is held by the same guard until the function is called, and comes back to it from a function
//! that is dropped. Then it is put back and the run left owed in one step.
//!
//! The thread that polls the function is marked while it polls, so a wait inside the run is recognized.
//! [`Runtime`] is all that is asked of an executor: a clock, a sleep and a spawn.

// In the order of the page, which follows that of the modules: what most users call first stands first.
mod plain;

mod collecting;
mod counting;
mod latest;
mod merging;

mod throttle;

mod body;
mod bringing;
mod decide;
mod giving;
mod guard;
#[cfg(feature = "precise")]
mod precise;
mod runtime;
mod shared;
pub mod stream;
#[cfg(feature = "tokio")]
mod tokio;
pub(crate) mod until;

#[cfg(feature = "tokio")]
pub use self::tokio::Tokio;
pub use self::{
    runtime::{NoRuntime, Runtime},
    throttle::AsyncThrottle,
};
