#![warn(missing_docs, missing_debug_implementations, unreachable_pub)]
// As in `atomic-throttle`: pages say which feature an item needs, and nothing about the randomized scheduler.
#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(docsrs, doc(auto_cfg(hide(atomic_throttle_shuttle))))]
//! One throttle for many processes and machines: run this at most once per threshold, and never lose the last
//! request, though any of them may die.
//!
//! ```
//! use atomic_throttle_cluster::{ClusterThrottled, Drivers};
//! use std::time::Duration;
//!
//! // In a configuration: `redis://HOST/reload?lease=30s`, `shm:/run/agent/reload`, or for one process alone:
//! let location = "memory:?lease=30s";
//!
//! let reload = ClusterThrottled::builder(Duration::from_millis(10))
//!     .at(Drivers::standard().open(location)?)
//!     .spawn(|run| println!("reloads the daemon, as number {}", run.token()))?;
//!
//! // In each process, from any thread, as often as you like: it never waits.
//! reload.trigger()?;
//! # reload.wait_for(Duration::from_secs(5))?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The state of a throttle is one word, and its transitions are pure ([`atomic_throttle::state`]). So they decide
//! among processes as well: the word lies in a [`Register`](register::Register), a file that the processes of a
//! machine map or a key in Redis, and is moved by compare-and-swap. Which process performs a run is decided there;
//! that none is needed twice, and that none is missing when processes die, is the [`course`] of each process.
//!
//! # Guarantees
//!
//! Among all processes that use one register with one threshold and one lease, whatever of them die, stop and come
//! back. (Where thresholds or leases differ, nothing is lost, and the smallest decides.) They are numbered as those of
//! one process, [G1 to G9](atomic_throttle::Throttle#guarantees), and say what is weaker.
//!
//! * **C1 spacing among processes.** Two runs start at least one threshold apart, by their stamps, on the register's clock. Where
//!   that is stepped forward, or the register has lost its data and a process looks that does not remember, one run
//!   may come early; and one more if its start was under way when the data were lost. As with G1 a process can be held up between its stamp and the first instruction of the function.
//! * **C2 exclusion within the lease.** While the lease of a run holds, no other one starts. After it, another one may,
//!   while the first still runs without knowing: no register can stop a process that was suspended. `Run::is_current`
//!   asks; the token (C9) keeps it out where it does something. A clock that is stepped forward ends leases early. Where
//!   the register has lost its data, runs may start beside the one that was in progress, a threshold apart, as long as
//!   that lasts; unless a process that has seen it moves first, which puts it back.
//! * **C3 coverage by finished runs.** A call is covered by a run that starts after it, in whatever process, **and finishes**. One that
//!   is cut short by the death of its process, superseded, or forgotten by the register while it goes on, covers
//!   nobody. What the caller wrote before the call, where the run's process can read it, that run sees.
//! * **C4 one deferral among processes.** At most one run is pending among all processes.
//! * **C5 liveness and takeover.** A run that is pending starts when the window is over: by its owner at once, and if that has
//!   died, by the first other process that looks. Each looks at a random time, a sixth of the threshold later at the
//!   latest (5 ms if that is more, a good second if it is less). The end of a run that is longer than the threshold is
//!   noticed by the others within half of it (0.1 s to 2 s). One in progress whose process has died is superseded
//!   when its lease is over. So a living process is covered as long as the register answers and living runners
//!   finish within the lease.
//! * **C6 death.** A process that dies at any point wedges nothing. A call is lost only with every process that made
//!   one and was not covered.
//! * **C7 cost.** [`trigger`](ClusterThrottled::trigger) never waits for the register, and while a call is pending in
//!   its process it is one fence and one load. A process that has calls asks the register a few times per window,
//!   however many calls it has; one that has none asks nothing.
//! * **C8 time and loss.** Where the clock of the register goes back, stands still or jumps, and where it loses its
//!   data, stops answering or answers to nobody, nothing panics and no call is lost: it stays owed in its process,
//!   which asks again, less and less often, in the end every 5 to 10 s. A clock that goes back delays no run by more
//!   than a threshold; or a lease, where a process has died in a run. Where it was at the end of its range, 70
//!   years after its origin (2090 for Redis), the window of a run from there never ends: then only another register helps.
//! * **C9 fencing.** The token of a run is greater than that of each run that started before it. Where the register has
//!   lost its data, two things may break that once: a start that was under way then, and a clock that has gone back as
//!   well, as on a replica that was behind. A token is a time of the register's clock: those of a file or a memory
//!   begin anew with the machine.
//!
//! A panic of the function is caught; the run has finished all the same, as in one process (G6).
//!
//! # Which throttle
//!
//! | who calls | use |
//! |---|---|
//! | threads of one process | [`Throttled`](atomic_throttle::Throttled) and the others of `atomic-throttle` |
//! | processes of one machine | `ClusterThrottled` at `shm:`: nothing else is needed, and it survives all but a restart of the machine |
//! | machines | `ClusterThrottled` at `redis:`: a server that all reach, configured as the README says |
//! | machines, each with a daemon of its own | not this: one throttle for each machine, at `shm:` |
//!
//! # Features
//!
//! `redis` (default): the register in a Redis or Valkey server. `tls`: by TLS. `shm` (default): the register in a file,
//! on Linux. Without any: [`register::Memory`], and whatever implements [`Register`](register::Register).

pub mod cell;
pub mod course;
pub mod drivers;
pub mod register;
mod sync;
mod throttled;

pub use self::cell::Cell;
pub use self::drivers::{Drivers, Opened};
pub use self::throttled::{
    Builder, ClusterThrottled, Ended, Left, Run, SpawnError, Status, Ticket, WaitError,
};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}
