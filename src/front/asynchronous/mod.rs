//! [`AsyncThrottle`]: the asynchronous front end. A spawned task owns the deferral and performs the run;
//! callers never block, and whatever future of theirs is dropped takes nothing along.
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
//! save.wait().await?;
//! # Ok(())
//! # }
//! # main().unwrap();
//! # }
//! ```
//!
//! `Tokio` (feature `tokio`) runs it on tokio; any other runtime is a [`Runtime`] of your own.
//! [`stream::throttle`] thins out a stream.

mod body;
mod decide;
mod guard;
mod outcome;
mod runtime;
mod shared;
pub mod stream;
mod throttle;
#[cfg(feature = "tokio")]
mod tokio;
mod until;

#[cfg(feature = "tokio")]
pub use self::tokio::Tokio;
pub use self::{
    outcome::{Outcome, Ticket},
    runtime::{NoRuntime, Runtime},
    throttle::AsyncThrottle,
};
