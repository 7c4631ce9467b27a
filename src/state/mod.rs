//! The word: one `u64` that is the whole state of a throttle, and its transitions.
//!
//! ```text
//! 63                                     3 2   1 0
//! +---------------------------------------+-----+-+
//! |  last: start of the latest run, ns    |  d  |r|
//! +---------------------------------------+-----+-+
//! last  61 bits, ns on the throttle's clock; 0 = never ran
//! d     deferral: 00 none  01 pending  10 cancelled  11 owed
//! r     a run is in progress
//! ```
//!
//! `last` grows strictly from run to run (`max(now, last + 1)`), so it is also the [`Epoch`]: it names
//! the window, the run that opened it and the deferral that was made in it.
//!
//! Everything here is pure: a [`State`] is a plain value, and a transition is a total function from one value
//! to the next and an outcome. There are no atomics and no clock. [`Gate`](crate::Gate) moves an atomic word
//! by these functions and by nothing else, so every proof about them holds for every front end.
//!
//! The documentation of each transition is its rows of the transition table. The same rows stand in
//! `docs/word.md`; a test executes them and compares the two. In the table *open* means that `now` has
//! reached [`State::window_end`], *closed* that it has not. `start` is `last = max(now, last + 1)`, `d =
//! none`, `r = 1`.
//!
//! Two transitions have a second form, *under* a [`Policy`](crate::lease::Policy), which may have a lease. In
//! their rows *lease over* means that there is a lease and `now` has reached [`State::lease_end`]; *lease
//! holds* means that there is none, or that `now` has not reached it. A run whose lease is over no longer
//! excludes others. `r` stays 1 until another run starts, or until that run finishes late. Without a lease
//! both forms are the same.

mod outcome;
pub(crate) mod policy;
mod transition;

pub use self::outcome::{Abandon, Arrive, Finish, Fire, Flush, Owe, Refused, Request, TryStart};

use self::policy::Lease;
use crate::time::{START_MAX, Threshold, Timestamp};
use core::fmt;

const RUNNING: u64 = 0b001;
const NONE: u64 = 0b000;
const PENDING: u64 = 0b010;
const CANCELLED: u64 = 0b100;
const OWED: u64 = 0b110;

const DEFERRAL: u64 = 0b110;
const LAST: u64 = !0b111;
const LAST_SHIFT: u32 = LAST.trailing_zeros();

const _: () = {
    assert!(RUNNING ^ DEFERRAL ^ LAST == u64::MAX, "the fields tile the word");
    assert!(LAST >> LAST_SHIFT == START_MAX, "the time range is the width of `last`");
    assert!(LAST.count_ones() + LAST_SHIFT == 64, "`last` is the upper end of the word");
};

/// Names one window, the run that opened it, and the deferral that was made in it.
///
/// ```
/// use atomic_throttle::{Epoch, Gate, Threshold, Timestamp};
///
/// static GATE: Gate = Gate::new(Threshold::from_nanos(10));
/// assert_eq!(GATE.state().epoch(), Epoch::NEVER_RAN);
/// let run = GATE.try_start(Timestamp::from_nanos(5)).unwrap();
/// assert_eq!(run.epoch().started_at(), Timestamp::from_nanos(5));
/// ```
///
/// Epochs of one throttle are ordered: a run has a greater epoch than every earlier run. `NEVER_RAN` is the
/// epoch before the first run.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Epoch(u64);

impl Epoch {
    /// The epoch before the first run.
    pub const NEVER_RAN: Self = Self(0);

    /// Stands where there was no call. No run and no call has it: stamps end long before.
    #[cfg(feature = "std")]
    pub(crate) const NO_CALL: Self = Self(u64::MAX);

    /// The stamp of the run that opened this epoch: the time that was passed to its start. If the clock had
    /// not moved since the run before, the stamp is one nanosecond more than that run's.
    #[must_use]
    pub const fn started_at(self) -> Timestamp {
        Timestamp::from_nanos(self.0)
    }

    /// When the window of this epoch ends: `last + threshold`.
    ///
    /// [`Timestamp::ZERO`] (no window) if nothing ever ran or the threshold is 0;
    /// [`Timestamp::NEVER`] if the sum is after the clock's last reading.
    #[must_use]
    #[inline]
    pub const fn window_end(self, threshold: Threshold) -> Timestamp {
        if self.0 == 0 || threshold.as_nanos() == 0 {
            return Timestamp::ZERO;
        }
        Timestamp::window_end(self.0, threshold)
    }

    /// When the lease of the run that opened this epoch ends: `last + lease`.
    ///
    /// [`Timestamp::NEVER`] if the sum is after the clock's last reading.
    #[must_use]
    #[inline]
    pub const fn lease_end(self, lease: Lease) -> Timestamp {
        Timestamp::end(self.0, lease.as_nanos())
    }

    /// An earlier epoch: the run that opened this one covers its calls.
    #[cfg(feature = "std")]
    #[must_use]
    pub(crate) const fn previous(self) -> Self {
        Self(self.0.saturating_sub(1))
    }

    /// The epoch as a number, for logs and fencing tokens.
    ///
    /// A run has a greater number than every earlier run. So a receiver can refuse a run that was superseded:
    /// it keeps the greatest number that it has seen, and refuses smaller ones.
    #[must_use]
    pub const fn as_u64(self) -> u64 {
        self.0
    }
}

impl fmt::Debug for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Epoch({})", self.0)
    }
}

/// The field `d` of the word: the status of the one deferral.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeferralStatus {
    /// No deferral.
    None,
    /// A run is due when the window ends, and a live owner will perform it.
    Pending,
    /// The deferral was cancelled, and its owner has not acknowledged that yet.
    Cancelled,
    /// A run is due, and its owner left. The next call adopts it.
    Owed,
}

/// The whole state of a throttle: a plain value.
///
/// ```
/// use atomic_throttle::state::{Arrive, DeferralStatus, State};
/// use atomic_throttle::{Threshold, Timestamp};
///
/// let threshold = Threshold::from_nanos(10);
/// let (state, outcome) = State::NEW.arrive(Timestamp::from_nanos(5), threshold);
/// assert_eq!(outcome, Arrive::Run);
///
/// let (state, outcome) = state.arrive(Timestamp::from_nanos(6), threshold);
/// assert_eq!(outcome, Arrive::Defer { due: Timestamp::from_nanos(15) });
/// assert_eq!(state.deferral(), DeferralStatus::Pending);
/// assert_eq!(format!("{state:?}"), "State { last: 5ns, deferral: Pending, running: true }");
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct State(u64);

impl State {
    /// Never ran, nothing pending, nothing running.
    pub const NEW: Self = Self(0);

    /// The state that `word` encodes. Every `u64` is a state.
    #[must_use]
    #[inline]
    pub const fn from_word(word: u64) -> Self {
        Self(word)
    }

    /// The word that encodes this state.
    #[must_use]
    #[inline]
    pub const fn to_word(self) -> u64 {
        self.0
    }

    /// The epoch of the latest run.
    #[must_use]
    #[inline]
    pub const fn epoch(self) -> Epoch {
        Epoch(self.last())
    }

    /// The status of the deferral.
    #[must_use]
    #[inline]
    pub const fn deferral(self) -> DeferralStatus {
        match self.0 & DEFERRAL {
            PENDING => DeferralStatus::Pending,
            CANCELLED => DeferralStatus::Cancelled,
            OWED => DeferralStatus::Owed,
            _ => DeferralStatus::None,
        }
    }

    /// Whether a run is in progress.
    #[must_use]
    #[inline]
    pub const fn is_running(self) -> bool {
        self.0 & RUNNING != 0
    }

    /// Whether a run is pending: due, and owned.
    #[must_use]
    #[inline]
    pub const fn is_pending(self) -> bool {
        self.0 & DEFERRAL == PENDING
    }

    /// Whether a run is owed: due, and its owner left.
    #[must_use]
    #[inline]
    pub const fn is_owed(self) -> bool {
        self.0 & DEFERRAL == OWED
    }

    /// Whether a live owner holds the deferral of this epoch: it is pending or cancelled.
    #[must_use]
    #[inline]
    pub const fn has_owner(self) -> bool {
        matches!(self.deferral(), DeferralStatus::Pending | DeferralStatus::Cancelled)
    }

    /// When the window of the latest run ends; see [`Epoch::window_end`].
    #[must_use]
    #[inline]
    pub const fn window_end(self, threshold: Threshold) -> Timestamp {
        self.epoch().window_end(threshold)
    }

    /// Whether `now` is outside the window of the latest run.
    #[must_use]
    #[inline]
    pub const fn is_open(self, now: Timestamp, threshold: Threshold) -> bool {
        now.as_reading() >= self.window_end(threshold).as_nanos()
    }

    /// When the lease of the latest run ends, whether that run is in progress or not; see
    /// [`Epoch::lease_end`].
    #[must_use]
    #[inline]
    pub const fn lease_end(self, lease: Lease) -> Timestamp {
        self.epoch().lease_end(lease)
    }

    #[inline]
    const fn last(self) -> u64 {
        self.0 >> LAST_SHIFT
    }
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("State")
            .field("last", &self.epoch().started_at())
            .field("deferral", &self.deferral())
            .field("running", &self.is_running())
            .finish()
    }
}
