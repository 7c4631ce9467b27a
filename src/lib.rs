#![forbid(unsafe_code)]
#![warn(missing_docs, missing_debug_implementations, unreachable_pub)]
// Pages say which feature or system an item needs. The cfgs of the model checkers are not for their readers.
#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(docsrs, doc(auto_cfg(hide(atomic_throttle_loom, atomic_throttle_shuttle, loom))))]
// The front ends are documented with `std`.
#![cfg_attr(not(feature = "std"), allow(rustdoc::broken_intra_doc_links))]
// Where a feature is off, its items are at docs.rs.
#![cfg_attr(
    not(all(feature = "async", feature = "keyed", feature = "precise", feature = "tsc", target_os = "linux")),
    doc = include_str!("design/elsewhere.md")
)]
#![no_std]
//! Run this at most once per threshold, and never lose the last request: a lock-free, model-checked
//! throttle with a trailing edge.
//!
//! ```
//! use atomic_throttle::Throttled;
//! use std::sync::Mutex;
//! use std::time::Duration;
//!
//! static DOCUMENT: Mutex<String> = Mutex::new(String::new());
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let save = Throttled::spawn(Duration::from_millis(500), || {
//!     let text = DOCUMENT.lock().unwrap().clone();
//!     println!("saving {} bytes", text.len());
//! });
//! for key in "Never lose the last request.".chars() {
//!     DOCUMENT.lock().unwrap().push(key); // First write what the function reads,
//!     save.trigger()?; // then ask for a run: from any thread, as often as you like.
//! }
//! // Dropping the last handle performs the pending run, then joins the thread.
//! # Ok(())
//! # }
//! ```
//!
//! ![Calls, runs and windows. The first call runs at once. Six calls within its window share one run at the end of it,
//! which has the newest value. Without calls there is no run.][picture]
//!
//! [`BootTime`]: clock::BootTime
//! [`CoarseFirst`]: clock::CoarseFirst
//! [`Tsc`]: clock::Tsc
//! [picture]: https://docs.rs/crate/atomic-throttle/latest/source/docs/throttle.svg
//!
//! [`Throttled::trigger`] never waits and never runs the function: a thread of its own does. The first call
//! runs at once. A call inside the window makes one run pending, and the thread performs that run when the
//! window is over. Every further call *coalesces*, for the cost of a fence and a load: the pending run covers
//! it. That run starts after the call and sees what the caller wrote before it.
//!
//! [`Throttle`] needs no thread, and a `static` can hold it. In return [`Throttle::run`] **waits in the
//! calling thread**, for up to a whole window, whenever no other call does so already. It blocks an executor,
//! and a loop of calls may take a window for each. [`Throttle::try_run`] and [`Throttle::run_within`] do not
//! wait that long.
//!
//! # Who waits
//!
//! | | who waits for the window to end |
//! |---|---|
//! | [`Throttled`] | a thread of its own, bound to one function; or [a task, or you](Throttled#who-runs-the-function). What calls bring is its [`Payload`] |
//! | [`AsyncThrottle`] (feature `async`) | a task for each run, of the function that the call brings, on tokio or another runtime |
//! | [`every!`] | nobody: at most once per threshold and call site |
//! | [`Keyed`] (feature `keyed`) | nobody: at once or not at all, for each of millions of keys |
//! | [`KeyedThrottled`] (feature `keyed`) | one thread or task for all keys; each key has its own trailing edge |
//! | [`asynchronous::stream::throttle`] (feature `async`) | the stream: the latest item at the end of each window |
//! | [`Throttle`] | the caller: one of the calling threads. What calls bring is its [`Payload`], too |
//! | [`Gate`] | you, in an event loop of your own, without `std` |
//!
//! # Which operation
//!
//! | to | use |
//! |---|---|
//! | have a thread run it, and wait for nothing | [`Throttled::trigger`] |
//! | hand each run the newest value that a call brought | [`ThrottledBuilder::latest`], [`Throttle::latest`], [`AsyncThrottle::latest`] |
//! | hand each run all values, or all merged into one | `collecting`, `merging` of a [`ThrottledBuilder`], [`Throttle`] or [`AsyncThrottle`] |
//! | have a burst share one run, or wait until calls stop | [`ThrottledBuilder::delay`], [`ThrottledBuilder::debounce`] |
//! | have a run that failed tried again, and hear of it | [`ThrottledBuilder::retry`], [`ThrottledBuilder::on_error`] |
//! | have a task run it, or an event loop of your own | [`ThrottledBuilder::spawn_on`], [`ThrottledBuilder::driver`], [`ThrottledBuilder::by_hand`] |
//! | wait until a run that covers the call has finished | [`Throttled::all`], [`Ticket::wait`], [`Coalesced::wait`] |
//! | run the pending one now, or give it up | [`Throttled::flush`], [`Throttled::cancel`] |
//! | end the thread, and learn what became of the pending run | [`Throttled::shutdown`] |
//! | bring the function of a run with the call, in tasks | [`AsyncThrottle::trigger`], [`AsyncThrottle::run`] |
//! | log at most once per threshold | [`every!`] |
//! | run at once or not at all | [`Throttle::try_run`]; once per key [`Keyed::try_run`] |
//! | run one function for each of many keys, and lose the last call of none | [`KeyedThrottled::trigger`] |
//! | run on the calling thread: at once, or wait for at most a limit | [`Throttle::run_within`] |
//! | the same, and wait for up to a whole window | [`Throttle::run`] |
//! | count the calls that a run stands for | [`ThrottledBuilder::counting`], [`Throttle::counting`], [`AsyncThrottle::counting`] |
//! | look | [`Throttled::snapshot`], and [events](design::events) |
//! | learn how long to wait before a retry | [`Refused::retry_after`] |
//! | have a window go on while the machine is suspended | [`BootTime`]; after a jump of a clock [`Throttled::retime`] |
//! | pay less for a call that is refused | [`CoarseFirst`], or [`Tsc`] (feature `tsc`) |
//! | decide without `std` | [`Gate`] |
//! | share one throttle among processes and machines | the package `atomic-throttle-cluster`; [`lease`] has the types that it needs |
//!
//! # The function of a coalesced call is dropped
//!
//! `run`, `run_within` and [`AsyncThrottle::trigger`] receive a function with each call. The pending run
//! performs only the function of its owner. *The function of a coalesced call is dropped, so it must not
//! carry the data*: write the data where the function reads it, before the call.
//! [`Throttle`](Throttle#the-function-must-not-carry-the-data) has an example. Or let each call of a [`Throttle`] or an
//! `AsyncThrottle` [bring a value](Throttle#what-calls-bring). With [`Throttled`] no call has a function to lose.
//!
//! # More
//!
//! The guarantees, by their numbers, are at [`Throttled`](Throttled#guarantees) and
//! [`Throttle`](Throttle#guarantees). [`howto`] has a page for each task. [`design`] has the guarantees in full, says how
//! all this works, and why it is built this way. [`design::coming_from`] translates lines of other
//! throttles; [`design::glossary`] explains the words. The word and its transitions are in [`state`].
//!
//! # Features
//!
//! `std` (default): [`Throttled`], [`Throttle`], [`every!`], [`Monotonic`]. Without it the crate is the core,
//! `no_std` and without `alloc`: [`Gate`], [`state`], [`time`](Timestamp), [`Clock`], [`Manual`]. All of it
//! needs 64-bit atomics.
//!
//! `async`: [`Throttled`] in tasks, [`AsyncThrottle`] and a stream adaptor, on any runtime. `tokio`: on tokio.
//! `precise`: [`Tokio::precise`], a timer that starts deferred runs less than a millisecond late.
//!
//! `keyed`: [`Keyed`] and [`KeyedThrottled`], a throttle for each key, which forgets idle keys.
//!
//! `tsc`: [`Tsc`], the processor's counter.
//!
//! `tracing`: [events](design::events) of the crate `tracing`, with the target `atomic_throttle`.

#[cfg(feature = "std")]
extern crate std;

#[cfg(not(target_has_atomic = "64"))]
compile_error!("atomic-throttle keeps its state in one 64-bit atomic, which this target does not have");

pub mod clock;
pub mod gate;
pub mod lease;
pub mod state;

mod sync;

#[cfg(any(atomic_throttle_hook, atomic_throttle_loom, atomic_throttle_shuttle))]
#[doc(hidden)]
pub use sync::hook;
mod time;

/// The front ends, which need `std`, and what they share.
#[cfg(feature = "std")]
mod front;

pub use clock::{Clock, Manual};
pub use gate::Gate;
pub use state::{Epoch, Refused, State};
pub use time::{Threshold, ThresholdTooLong, Timestamp};

#[cfg(feature = "std")]
pub use self::{
    clock::{Monotonic, Moved},
    front::every::{Entry, Site},
    front::failure::{Failure, Retry, RunResult},
    front::outcome::{NotFlushed, Outcome},
    front::owner::keeper::Ending,
    front::owner::on_drop::OnDrop,
    front::owner::ticket::{OwnedTicket, Ticket},
    front::owner::{Ended, Panic, Pending, Shutdown},
    front::payload::{Batch, Collect, Count, Drain, Latest, Merge, Payload, Reason, Rejected},
    front::snapshot::Snapshot,
    front::throttle::{Coalesced, Throttle},
    front::throttled::{ByHand, Step, Throttled, ThrottledBuilder, WeakThrottled},
    front::wait::WaitError,
};

#[cfg(feature = "tokio")]
pub use self::front::asynchronous::Tokio;
#[cfg(feature = "async")]
pub use self::front::asynchronous::{self, AsyncThrottle, NoRuntime, Runtime};
#[cfg(feature = "keyed")]
pub use self::front::keyed::{
    AllKeys, KeyHash, KeyTicket, Keyed, KeyedBuilder, KeyedError, KeyedRun, KeyedThrottled,
    KeyedThrottledBuilder, NotTaken, OwnedKeyTicket, WeakKeyedThrottled,
};
#[cfg(feature = "async")]
pub use self::front::payload::Carried;

#[cfg(doc)]
pub mod design;
#[cfg(doc)]
pub mod howto;

#[cfg(all(doctest, feature = "std"))]
#[doc = include_str!("../README.md")]
mod readme {}
