//! An event without its numbers: an epoch is the word's or another one, a deadline is met or missed.

use crate::lease::World;
use crate::transitions::{Event, MAX, NEVER};
use crate::window;
use atomic_throttle::State;
use atomic_throttle::lease::Policy;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Act {
    /// The fast path.
    Coalesce,
    Arrive,
    /// `in_time`: due <= latest.
    ArriveBy {
        in_time: bool,
    },
    /// The background owner holds what was requested from then on: `claim` moves nothing.
    Request,
    Owe,
    TryStart,
    Cancel,
    Flush,
    /// `current`: the guard is of the epoch of the word.
    Fire {
        current: bool,
    },
    /// An owner looks again, and arrives if the epoch is still its own.
    Look {
        current: bool,
    },
    /// Also a guard that is dropped, by a panic or not.
    Abandon {
        current: bool,
    },
    /// Also a guard that is dropped, by a panic or not.
    Finish {
        current: bool,
    },
    /// A thread vanishes, and the guard that it held is not dropped.
    Die {
        runs: bool,
        current: bool,
    },
    /// The clock moves, forwards or backwards, or the threshold or the lease changes.
    Surroundings,
}

impl Act {
    pub const ALL: [Self; 22] = [
        Self::Coalesce,
        Self::Arrive,
        Self::ArriveBy { in_time: true },
        Self::ArriveBy { in_time: false },
        Self::Request,
        Self::Owe,
        Self::TryStart,
        Self::Cancel,
        Self::Flush,
        Self::Fire { current: true },
        Self::Fire { current: false },
        Self::Look { current: true },
        Self::Look { current: false },
        Self::Abandon { current: true },
        Self::Abandon { current: false },
        Self::Finish { current: true },
        Self::Finish { current: false },
        Self::Die { runs: true, current: true },
        Self::Die { runs: true, current: false },
        Self::Die { runs: false, current: true },
        Self::Die { runs: false, current: false },
        Self::Surroundings,
    ];

    /// Whether a thread can do it in this world. A gate fires; under a lease nothing asks whether it is its
    /// turn, and owners look again as processes do.
    #[must_use]
    pub fn is_of(self, world: World) -> bool {
        match self {
            Self::ArriveBy { .. } | Self::TryStart | Self::Fire { .. } => world == World::WithoutLease,
            Self::Look { .. } | Self::Die { .. } | Self::Finish { current: false } => {
                world == World::WithLease
            }
            _ => true,
        }
    }

    /// What `event` is in `state`.
    #[must_use]
    pub fn of(event: Event, state: State, policy: Policy) -> Self {
        let last = state.epoch().as_u64();
        match event {
            Event::Arrive { .. } => Self::Arrive,
            Event::ArriveBy { latest, .. } => {
                let latest = if latest == NEVER { NEVER } else { latest.min(MAX) };
                Self::ArriveBy { in_time: window::end(last, policy.threshold.as_nanos()) <= latest }
            }
            Event::Request => Self::Request,
            Event::Owe => Self::Owe,
            Event::TryStart { .. } => Self::TryStart,
            Event::Cancel => Self::Cancel,
            Event::Flush { .. } => Self::Flush,
            Event::Fire { epoch, .. } => Self::Fire { current: epoch == last },
            Event::Abandon { epoch } => Self::Abandon { current: epoch == last },
            Event::Finish { epoch } => Self::Finish { current: epoch == last },
        }
    }
}
