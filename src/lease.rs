//! Words that outlive the processes that move them; only the package `atomic-throttle-cluster` needs this.
//!
//! In one process every run ends: its guard is dropped, whatever happens to its thread. A process can die
//! without dropping anything, and leave a run in progress in a file or on a server. So the [`Policy`] of
//! such a word has a [`Lease`]: once it is over, the next start takes the place of that run. Two transitions
//! look at it, [`State::arrive_under`](crate::State::arrive_under) and
//! [`State::flush_under`](crate::State::flush_under).
//!
//! ```
//! use atomic_throttle::lease::{self, Lease, Policy};
//! use atomic_throttle::state::{Arrive, Finish, State};
//! use atomic_throttle::{Threshold, Timestamp};
//!
//! let policy = Policy::new(Threshold::from_nanos(10)).with_lease(Lease::from_nanos(30));
//! let (word, _) = State::NEW.arrive_under(Timestamp::from_nanos(5), policy);
//! let token = word.epoch().as_u64();
//!
//! // That process dies. Another one arrives when the lease is over:
//! let (next, outcome) = word.arrive_under(Timestamp::from_nanos(35), policy);
//! assert_eq!(outcome, Arrive::Run);
//! assert!(next.epoch().as_u64() > token);
//!
//! // If the first one was only slow, its late finish does not disturb the run after it.
//! assert_eq!(next.finish(lease::epoch(token)), (next, Finish::Ignored));
//! ```
//!
//! # What it is not
//!
//! It does not share a word among processes: it has no file, no server and no clock. It stops no run: one
//! that outlives its lease goes on, beside the run that superseded it, and only what both write to can refuse
//! the older one, by its [number](crate::Epoch::as_u64). And it is nothing for one process: [`Gate`] and the
//! front ends have no lease.
//!
//! [`Gate`]: crate::Gate

pub use crate::state::policy::{Lease, LeaseOutOfRange, Policy, epoch};
