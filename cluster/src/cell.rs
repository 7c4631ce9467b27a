//! [`Cell`]: what a register holds. It is the word of the throttle, and the epoch of the last run that has
//! finished. Both move in the same step.

use atomic_throttle::lease::{self, Policy};
use atomic_throttle::state::{Arrive, DeferralStatus, Finish};
use atomic_throttle::{Epoch, State, Timestamp};
use core::cmp::Ordering;
use core::fmt;

/// The whole state of a throttle that several processes share: a plain value of 16 bytes.
///
/// ```
/// use atomic_throttle::lease::{Lease, Policy};
/// use atomic_throttle::state::{Arrive, Finish};
/// use atomic_throttle::{Threshold, Timestamp};
/// use atomic_throttle_cluster::Cell;
///
/// let policy = Policy::new(Threshold::from_nanos(10)).with_lease(Lease::from_nanos(30));
/// let (running, outcome) = Cell::NEW.arrive(Timestamp::from_nanos(5), policy);
/// assert_eq!(outcome, Arrive::Run);
/// let (finished, outcome) = running.finish(running.epoch());
/// assert_eq!(outcome, Finish::Finished);
/// assert_eq!(finished.finished(), running.epoch());
/// ```
///
/// In one process a run in progress cannot vanish, so its start is enough to cover a call. A process can
/// vanish, so among processes a call is covered only by a run that [finished](Self::finished).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Cell {
    word: u64,
    /// The epoch is in the low 61 bits; the highest bit says that the epoch of the word was put back.
    finished: u64,
}

const PUT_BACK: u64 = 1 << 63;

impl Cell {
    /// Never ran, nothing pending, nothing running.
    pub const NEW: Self = Self { word: 0, finished: 0 };

    /// The cell with this word, in which the run of epoch `finished` is the latest that has finished.
    #[must_use]
    pub const fn new(state: State, finished: Epoch) -> Self {
        Self { word: state.to_word(), finished: finished.as_u64() }
    }

    /// The word.
    #[must_use]
    pub const fn state(self) -> State {
        State::from_word(self.word)
    }

    /// The epoch of the latest run.
    #[must_use]
    pub const fn epoch(self) -> Epoch {
        self.state().epoch()
    }

    /// The epoch of the latest run that has finished. A run never shows here if its process did not live to
    /// finish it, or if it was superseded before.
    #[must_use]
    pub const fn finished(self) -> Epoch {
        lease::epoch(self.finished & !PUT_BACK)
    }

    /// Whether a register had forgotten this epoch, and a process put it back. The run of that epoch no
    /// longer counts.
    #[must_use]
    pub const fn is_put_back(self) -> bool {
        self.finished & PUT_BACK != 0
    }

    const fn with_state(self, state: State) -> Self {
        Self { word: state.to_word(), ..self }
    }

    /// The cell in 16 bytes: the word, then the finished epoch with the bit for *put back*, both
    /// little-endian. The same on every machine.
    #[must_use]
    pub const fn to_bytes(self) -> [u8; 16] {
        ((self.finished as u128) << 64 | self.word as u128).to_le_bytes()
    }

    /// The cell that these bytes encode. Every 16 bytes encode a cell.
    #[must_use]
    #[allow(clippy::cast_possible_truncation, reason = "its two halves")]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        let both = u128::from_le_bytes(bytes);
        let (word, finished) = (both as u64, (both >> 64) as u64);
        let epoch = lease::epoch(finished & !PUT_BACK).as_u64();
        Self { word, finished: epoch | finished & PUT_BACK }
    }

    /// [`State::arrive_under`].
    pub const fn arrive(self, now: Timestamp, policy: Policy) -> (Self, Arrive) {
        let (state, outcome) = self.state().arrive_under(now, policy);
        match outcome {
            Arrive::Run => (Self::new(state, self.finished()), outcome),
            _ => (self.with_state(state), outcome),
        }
    }

    /// [`State::finish`]. If the run was still the latest, it becomes the latest that has finished, unless
    /// its epoch was put back.
    pub const fn finish(self, epoch: Epoch) -> (Self, Finish) {
        let (state, outcome) = self.state().finish(epoch);
        match outcome {
            Finish::Finished if !self.is_put_back() => (Self::new(state, epoch), outcome),
            _ => (self.with_state(state), outcome),
        }
    }

    /// What a process knows when it reads this cell and has `seen` another one there before. The greater
    /// epoch wins; of two cells of one epoch, whatever either has reached counts.
    ///
    /// A register that lost its data, or a replica that was promoted behind, shows an older cell than one
    /// seen before. With this join nothing goes back: no epoch is used twice, and no window is forgotten.
    ///
    /// The finished epoch is not joined: it is what this cell says, and a run that the register has forgotten
    /// no longer finishes. The reason is a process that first reads the register after the loss. It is owed a
    /// run after the epoch that the register holds then. A run from before the loss has a greater epoch, and
    /// would seem to cover calls that were made after it had started.
    #[must_use]
    pub fn join(self, seen: Self) -> Self {
        let (state, is_put_back) = match self.epoch().cmp(&seen.epoch()) {
            Ordering::Less => (seen.state(), true),
            Ordering::Greater => (self.state(), self.is_put_back()),
            Ordering::Equal => (joined(self.state(), seen.state()), self.is_put_back() || seen.is_put_back()),
        };
        let flag = if is_put_back { PUT_BACK } else { 0 };
        Self { word: state.to_word(), finished: self.finished().as_u64() | flag }
    }

    /// Whether calls may wait for a run: one is pending, or the latest has not finished.
    #[must_use]
    pub const fn is_open(self) -> bool {
        self.is_pending() || self.finished().as_u64() < self.epoch().as_u64()
    }

    /// Whether a run is pending.
    #[must_use]
    pub const fn is_pending(self) -> bool {
        !matches!(self.state().deferral(), DeferralStatus::None | DeferralStatus::Cancelled)
    }
}

/// Joins two states of one epoch. Within an epoch a deferral can only be made, and a run can only end.
fn joined(one: State, other: State) -> State {
    let key = |state: &State| (state.is_pending(), state.to_word());
    let further = if key(&one) < key(&other) { other } else { one };
    let both_run = one.is_running() && other.is_running();
    if both_run { further } else { further.finish(further.epoch()).0 }
}

impl Default for Cell {
    fn default() -> Self {
        Self::NEW
    }
}

impl fmt::Debug for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cell")
            .field("state", &self.state())
            .field("finished", &self.finished())
            .field("put_back", &self.is_put_back())
            .finish()
    }
}
