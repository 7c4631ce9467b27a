#![warn(missing_docs, missing_debug_implementations, unreachable_pub)]
// As in `atomic-throttle`: pages say which feature an item needs, and nothing about the randomized scheduler.
#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(docsrs, doc(auto_cfg(hide(atomic_throttle_shuttle))))]
//! One throttle for many processes and machines: run this at most once per threshold, and never lose the last
//! request, though any of the processes may die.
//!
//! ```
//! use atomic_throttle_cluster::{ClusterThrottled, Drivers};
//! use std::time::Duration;
//!
//! // From the configuration. For many machines: `redis://HOST/reload?lease=30s`.
//! let location = "shm:/run/agent/reload?lease=30s";
//! # let location = "memory:?lease=30s";
//!
//! let reload = ClusterThrottled::builder(Duration::from_secs(2))
//!     .at(Drivers::standard().open(location)?)
//!     .spawn(|run| println!("reloads the daemon, as number {}", run.token()))?;
//!
//! // In each process, from any thread, as often as you like: it never waits.
//! reload.trigger()?;
//! # reload.all().wait_for(Duration::from_secs(5))?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The function is bound once, by `spawn`, and a call carries no data. Write what changed to a place that every
//! process reads, before the call: the run that covers the call reads it there.
//!
//! The state of a throttle is one word, and its transitions are pure ([`atomic_throttle::state`]). The same
//! transitions therefore decide among processes: the word is kept in a [`Register`](register::Register), a file that
//! the processes of a machine map or a key in Redis, and it is moved by compare-and-swap. The register decides which
//! process performs a run. The [`course`] of each process ensures that no run is performed without need, and that
//! none is missing when processes die.
#![cfg_attr(doc, doc = "The module [`design`] explains how that works, and why.")]
//!
#![doc = include_str!("../PROMISES.md")]
//!
//! A panic of the function is caught. The run has finished all the same, as in one process (G6).
//!
//! # Which throttle
//!
//! | who calls | use |
//! |---|---|
//! | threads of one process | [`Throttled`](atomic_throttle::Throttled) and the others of `atomic-throttle` |
//! | processes of one machine | `ClusterThrottled` at `shm:`; it needs nothing more, and survives all but a restart of the machine |
//! | processes on many machines | `ClusterThrottled` at `redis:`; it needs a server that all of them reach, configured as the README says |
//! | many machines, each with a daemon of its own | one throttle for each machine, at `shm:` |
//!
//! # Features
//!
//! - `redis` (default): the register in a Redis or Valkey server.
//! - `tls`: the same over TLS.
//! - `shm` (default): the register in a file, on Linux.
//!
//! Without these features there is [`register::Memory`], and any type of yours that implements
//! [`Register`](register::Register).

mod cause;
pub mod cell;
pub mod course;
pub mod drivers;
pub mod register;
mod sync;

#[cfg(atomic_throttle_shuttle)]
#[doc(hidden)]
pub use sync::hook;
mod throttled;

pub use self::cell::Cell;
pub use self::drivers::{Drivers, Opened};
pub use self::throttled::{
    ClusterThrottled, ClusterThrottledBuilder, Disagreement, Ended, Left, OwnedTicket, Run, SpawnError,
    Status, Ticket, Trouble, WaitError,
};

#[cfg(doc)]
pub mod design {
    //! [promises]: crate#guarantees
    //! [readme]: https://docs.rs/crate/atomic-throttle-cluster/latest
    //!
    // The text itself defines the same labels, for GitHub. Of two definitions the first counts.
    #![doc = include_str!("../DESIGN.md")]
}

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}
