#![forbid(unsafe_code)]
#![warn(missing_docs, missing_debug_implementations, unreachable_pub)]
// Pages say which feature or system an item needs. The cfgs of the model checkers are not for their readers.
#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(docsrs, doc(auto_cfg(hide(atomic_throttle_loom, atomic_throttle_shuttle, loom))))]
// The front ends are documented with `std`.
#![cfg_attr(not(feature = "std"), allow(rustdoc::broken_intra_doc_links))]
#![no_std]
//! Run this at most once per threshold, and never lose the last request: a lock-free, model-checked
//! throttle with a trailing edge.
//!
//! ```
//! use atomic_throttle::Throttle;
//! use std::time::Duration;
//!
//! static SAVE: Throttle = Throttle::new(Duration::from_millis(10));
//!
//! # fn save() {}
//! // From any thread, as often as you like:
//! let _ = SAVE.run(save);
//! ```
//!
//! The first call runs at once. A call inside the window waits for its end and runs then; every other
//! call meanwhile is covered by that run and returns at once, for the cost of a fence and a load.
//!
//! | to | use |
//! |---|---|
//! | run at once, else when the window is over | [`Throttle::run`] |
//! | the same, but wait no longer than a limit | [`Throttle::run_within`] |
//! | run at once or not at all | [`Throttle::try_run`] |
//! | know that the run that covers a call has finished | [`Coalesced::wait`] |
//! | run the pending one now, or never | [`Throttle::flush`], [`Throttle::cancel`] |
//! | have a thread of its own run one function, so that no caller waits | [`Throttled`] |
//! | the same, with what callers push | `Batched` (feature `batch`) |
//! | the same in tasks, on tokio or another runtime | `AsyncThrottle` (feature `async`) |
//! | run at once or not at all, for each of millions of keys | `Keyed` (feature `keyed`) |
//! | have one thread run one function for each of many keys, and lose the last call of none | `KeyedThrottled` (feature `keyed`) |
//! | tell each run how many calls it stands for | [`Counted`], [`CountedThrottled`], [`Calls`] |
//! | log at most once per threshold | [`every!`] |
//! | see what a throttle is about | [`Throttle::snapshot`], and the feature `tracing` |
//! | pay less for a call that is refused | [`clock`]`::CoarseFirst`, or `Tsc` (feature `tsc`) |
//! | decide in an event loop of your own, or without `std` | [`Gate`] |
//! | share one among processes and machines | the package `atomic-throttle-cluster`; [`state::Policy`] has its lease |
//!
//! The guarantees, by their numbers, are at [`Throttle`]; the word and its transitions in [`state`]; the
//! reasons in [`design`].
//!
//! # Features
//!
//! `std` (default): [`Throttle`], [`Throttled`], [`every!`], [`Monotonic`]. Without it the crate is the core, `no_std`
//! and without `alloc`: [`Gate`], [`state`], [`time`](Timestamp), [`Clock`], [`Manual`]. All of it needs
//! 64-bit atomics.
//!
//! `batch`: `Batched`, which gives each run what was pushed before it.
//!
//! `async`: `AsyncThrottle` and a stream adaptor, on any runtime. `tokio`: on tokio.
//!
//! `keyed`: `Keyed` and `KeyedThrottled`, a throttle for each key, which forgets those that are idle.
//!
//! `tsc`: [`clock`] has `Tsc`, the processor's counter.
//!
//! `tracing`: events of the crate `tracing`, with the target `atomic_throttle`.
//!
//! | event | level | when | fields |
//! |---|---|---|---|
//! | `run` | debug | before the function | `started_at`, `edge`: `Leading`, `Trailing` or `Flushed` |
//! | `deferral` | trace | a call owns the pending run | `due` |
//! | `cancel` | debug | a pending or owed run was given up | `after` |
//! | `takeover` | debug | beside its `run`: it came in place of a pending one that is overdue, or of an owed one | `started_at` |
//! | `abandonment` | warn | an owner left, by its limit, by unwinding, with its task or with its thread, and a run is owed | `after` |
//! | `owed` | debug | a call inside a run left a run owed | `after` |
//! | `panic` | error | a panic of the function was caught | `started_at`, `panic` |
//!
//! [`Throttle`], [`Throttled`], `AsyncThrottle`, `KeyedThrottled` and [`every!`] tell them; `Keyed` and the
//! stream adaptor tell nothing. Each has `front`, the type of the throttle, and `throttle`, an address that tells the throttles of
//! a program apart: for [`Throttle`] and [`Site`] their own. What wraps a throttle tells as that. Times are on the clock of the
//! throttle; `after` is the start of the run before. A call that is coalesced or refused tells nothing, and
//! costs nothing. [`Throttle`] catches no panic: it goes on in the thread of the caller, and tells nothing.
//! A thread tells what it decided just after it, so events of two threads may be told in another order than
//! they happened in; their times are right.
//!
//! A subscriber may call the throttle that it is told of, as anybody may; what comes of that is not told. It
//! is told by the thread that is to run next, so it must not wait for that run. If it panics, the panic is
//! reported by the panic hook and ends there: the throttle goes on as if nothing had been told.

#[cfg(feature = "std")]
extern crate std;

#[cfg(not(target_has_atomic = "64"))]
compile_error!("atomic-throttle keeps its state in one 64-bit atomic, which this target does not have");

pub mod clock;
pub mod gate;
pub mod state;

mod sync;
mod time;

#[cfg(feature = "async")]
pub mod asynchronous;
#[cfg(feature = "std")]
mod background;
#[cfg(feature = "std")]
mod calls;
#[cfg(feature = "std")]
mod counted;
#[cfg(feature = "std")]
mod counted_throttled;
#[cfg(feature = "std")]
mod endings;
#[cfg(feature = "std")]
mod every;
#[cfg(feature = "std")]
mod keeper;
#[cfg(feature = "keyed")]
mod keyed;
#[cfg(feature = "std")]
mod observe;
#[cfg(feature = "std")]
mod snapshot;
#[cfg(feature = "std")]
mod throttle;
#[cfg(feature = "std")]
mod throttled;
#[cfg(feature = "std")]
mod wait;

pub use clock::{Clock, Manual};
pub use gate::Gate;
pub use state::{Epoch, Refused, State};
pub use time::{Lease, LeaseOutOfRange, Threshold, ThresholdTooLong, Timestamp};

#[cfg(feature = "std")]
pub use self::{
    background::{Ended, Panic, Pending, Shutdown},
    calls::Calls,
    clock::{Monotonic, Moved},
    counted::Counted,
    counted_throttled::CountedThrottled,
    every::{Entry, Site},
    snapshot::Snapshot,
    throttle::{Coalesced, NotFlushed, Outcome, Throttle},
    throttled::{Builder, Throttled, Triggered, WeakThrottled},
    wait::WaitError,
};

#[cfg(feature = "tokio")]
pub use self::asynchronous::Tokio;
#[cfg(feature = "async")]
pub use self::asynchronous::{AsyncThrottle, NoRuntime, Runtime};
#[cfg(feature = "keyed")]
pub use self::keyed::{
    KeyHash, Keyed, KeyedBuilder, KeyedError, KeyedRun, KeyedThrottled, KeyedThrottledBuilder, NotTaken,
    WeakKeyedThrottled,
};
#[cfg(feature = "batch")]
pub use self::throttled::{Batch, Batched, Rejected};

#[cfg(doc)]
#[doc = include_str!("../DESIGN.md")]
pub mod design {}

#[cfg(all(doctest, feature = "std"))]
#[doc = include_str!("../README.md")]
mod readme {}
