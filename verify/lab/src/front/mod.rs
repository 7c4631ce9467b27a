//! The front ends that a storm can call, each in a file of its own. The storm and the judge are the same
//! for all of them.

mod asynchronous;
mod background;
mod blocking;
mod home;
mod keyed;
mod keyed_leading;
mod threads;

pub use asynchronous::Asynchronous;
pub use background::Background;
pub use blocking::Blocking;
pub use keyed::KeyedTrailing;
pub use keyed_leading::KeyedLeading;

use crate::caller::Caller;
use crate::options::Options;
use crate::record::{Carried, Kind, Testimony};
use crate::recorder::{AnyClock, Recorder};
use crate::slice::Slice;
use atomic_throttle::state::DeferralStatus;
use atomic_throttle::{Monotonic, Snapshot, Timestamp};
use clap::ValueEnum;
use crossbeam_channel::{Receiver, Sender};
use std::sync::Arc;
use std::time::Duration;

/// What a storm needs of a front end. It has one throttle for each key.
pub trait Front: Send + Sync + Sized + 'static {
    /// The clock that it uses.
    fn clock() -> AnyClock {
        Arc::new(Monotonic)
    }

    fn new(options: &Options, recorder: &Arc<Recorder>) -> Result<Self, String>;

    /// Starts a caller.
    fn start(self: &Arc<Self>, start: Start) -> Result<(), String>;

    /// Gives up the pending run, and returns whether there was one.
    fn cancel(&self, key: usize) -> bool;

    /// Starts the pending or owed run, and returns whether there was one.
    fn flush(&self, key: usize) -> bool;

    /// For all keys.
    fn set_threshold(&self, threshold: Duration);

    /// What is known of a key; `None` if it was evicted.
    fn look(&self, key: usize) -> Option<Snapshot>;

    /// The epoch of a key, or one that is later than any.
    fn epoch(&self, key: usize) -> u64 {
        self.look(key).and_then(|seen| seen.last_run_at).map_or(0, Timestamp::as_nanos)
    }

    /// The deferral of a key, and whether a run of it is in progress.
    fn left(&self, key: usize) -> (DeferralStatus, bool) {
        self.look(key).map_or((DeferralStatus::None, false), |seen| (seen.deferral, seen.running))
    }

    /// Whether a run is pending or in progress, or a cancel has not been noticed.
    fn is_busy(&self, key: usize) -> bool {
        let (deferral, is_running) = self.left(key);
        is_running || matches!(deferral, DeferralStatus::Pending | DeferralStatus::Cancelled)
    }

    /// In nanoseconds.
    fn threshold(&self) -> u64;

    /// Ends a front end that has nothing left to do, and says what it counted.
    fn end(&self) -> Result<OwnCounts, String>;
}

/// What a front end has counted, if it counts.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct OwnCounts {
    pub runs: Option<u64>,
    pub panics: Option<u64>,
    /// Calls that were taken and whose run was given up.
    pub uncovered: Option<u64>,
    /// Runs that took place in the end itself. They are the last ones.
    pub in_the_end: u64,
    /// What was left of what calls brought, by key; nothing if they bring nothing.
    pub remaining: Vec<Carried>,
}

/// How a caller starts, together with the others, and where it sends its report.
pub struct Start {
    pub thread: usize,
    /// Makes the caller, as soon as the slice is known.
    pub caller: Box<dyn FnOnce(Slice) -> Caller + Send>,
    pub ready: Sender<()>,
    /// Disconnected if the storm does not take place.
    pub go: Receiver<Slice>,
    pub done: Sender<Vec<Testimony>>,
}

/// The front ends by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Which {
    /// `Throttle`: the caller that owns the deferral waits
    Blocking,
    /// `Throttled`: a thread of its own waits
    Background,
    /// `AsyncThrottle`: a task waits, and callers are tasks (feature `tokio`)
    Async,
    /// `KeyedThrottled`: a throttle for each key, and one thread that waits for all (feature `keyed`)
    Keyed,
    /// `Keyed`: a throttle for each key, that runs at once or not at all (feature `keyed`)
    KeyedLeading,
}

impl Which {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Blocking => "blocking",
            Self::Background => "background",
            Self::Async => "async",
            Self::Keyed => "keyed",
            Self::KeyedLeading => "keyed-leading",
        }
    }

    pub const fn is_keyed(self) -> bool {
        matches!(self, Self::Keyed | Self::KeyedLeading)
    }

    /// Whether a run can be pending.
    pub const fn defers(self) -> bool {
        !matches!(self, Self::KeyedLeading)
    }

    /// Whether runs take place in the calls of threads, so that their panics arrive there.
    pub const fn runs_in_calls(self) -> bool {
        matches!(self, Self::Blocking | Self::KeyedLeading)
    }

    /// Whether a cancel drops what no run was given.
    pub const fn cancels_drop(self) -> bool {
        matches!(self, Self::Keyed)
    }

    /// Whether a wait for a run can have a limit.
    pub const fn limits_waits(self) -> bool {
        matches!(self, Self::Blocking | Self::Background | Self::Keyed)
    }

    /// Why it has no limits.
    pub(crate) const fn on_limits(self) -> &'static str {
        match self {
            Self::Async => "ends a wait by dropping its future, and does so anyway",
            _ => "has no pending run to wait for",
        }
    }

    /// Why no call of it is told to run now or not at all.
    pub(crate) const fn on_tries(self) -> &'static str {
        match self {
            Self::KeyedLeading => "runs now or not at all at every call",
            _ => "takes every call, and so refuses none",
        }
    }

    /// What may become of a call.
    pub const fn kinds(self) -> &'static [Kind] {
        match self {
            Self::Blocking => &[
                Kind::RanAtOnce,
                Kind::Deferred,
                Kind::Coalesced,
                Kind::Cancelled,
                Kind::Owed,
                Kind::Refused,
                Kind::Panicked,
            ],
            Self::Background | Self::Keyed => &[Kind::Taken, Kind::NotTaken],
            Self::Async => &[
                Kind::RanAtOnce,
                Kind::Deferred,
                Kind::Coalesced,
                Kind::Taken,
                Kind::Dropped,
                Kind::Cancelled,
                Kind::Owed,
                Kind::NotTaken,
                Kind::Panicked,
            ],
            Self::KeyedLeading => &[Kind::RanAtOnce, Kind::Refused, Kind::NotTaken, Kind::Panicked],
        }
    }

    /// How it works, in two lines.
    pub const fn story(self) -> [&'static str; 2] {
        match self {
            Self::Blocking => [
                "A call runs at once if the window is over and no run is in progress. Otherwise one call becomes the \
                 owner of the deferral: it waits, and runs as soon as it may.",
                "All other calls meanwhile coalesce into that run and return at once. So runs start at least \
                 one threshold apart, and no call is lost.",
            ],
            Self::Background => [
                "No call waits: it is taken and returns at once. A thread of the throttle runs, at once if the \
                 window is over and no run is in progress, else as soon as it may.",
                "One run covers all calls that were taken before it. So runs start at least one threshold apart, \
                 and no call is lost.",
            ],
            Self::Async => [
                "A task runs, at once if the window is over and no run is in progress, otherwise as soon as it may. \
                 Some calls wait for that, some drop their future midway.",
                "One run covers all calls that were made before it. So runs start at least one threshold apart, \
                 and no call is lost, nor is one with its future.",
            ],
            Self::Keyed => [
                "Each key has a throttle of its own: what is drawn is the first. No call waits: one thread runs \
                 for all keys, each as soon as it may.",
                "One run covers all calls on its key that were taken before it. Keys that are idle are forgotten, \
                 and still the runs of a key start at least one threshold apart.",
            ],
            Self::KeyedLeading => [
                "Each key has a throttle of its own: what is drawn is the first. A call runs at once if the \
                 window of its key is over and no run of it is in progress.",
                "Otherwise it is refused. Keys that are idle are forgotten meanwhile, and still the runs \
                 of a key start at least one threshold apart.",
            ],
        }
    }
}
