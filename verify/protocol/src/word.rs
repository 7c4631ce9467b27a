//! The word without its numbers.

use crate::lease::{LeasePhase, World};
use crate::window::Window;
use atomic_throttle::State;
use atomic_throttle::lease::Policy;
use atomic_throttle::state::DeferralStatus;

/// The field `d`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Deferred {
    None,
    Pending,
    Cancelled,
    Owed,
}

impl Deferred {
    pub const ALL: [Self; 4] = [Self::None, Self::Pending, Self::Cancelled, Self::Owed];

    #[must_use]
    pub fn of(state: State) -> Self {
        match state.deferral() {
            DeferralStatus::None => Self::None,
            DeferralStatus::Pending => Self::Pending,
            DeferralStatus::Cancelled => Self::Cancelled,
            DeferralStatus::Owed => Self::Owed,
        }
    }

    /// Whether a living owner must hold it.
    #[must_use]
    pub fn has_owner(self) -> bool {
        matches!(self, Self::Pending | Self::Cancelled)
    }

    /// Whether a run is due.
    #[must_use]
    pub fn is_due(self) -> bool {
        matches!(self, Self::Pending | Self::Owed)
    }
}

/// `r`, `d`, and how the time stands to the window and to the lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Word {
    pub window: Window,
    pub lease: LeasePhase,
    pub running: bool,
    pub deferred: Deferred,
}

impl Word {
    #[must_use]
    pub fn of(state: State, policy: Policy, now: u64) -> Self {
        let last = state.epoch().as_u64();
        Self {
            window: Window::of(last, policy.threshold.as_nanos(), now),
            lease: LeasePhase::of(last, policy.lease.map(atomic_throttle::lease::Lease::as_nanos), now),
            running: state.is_running(),
            deferred: Deferred::of(state),
        }
    }

    /// All 24 without a lease, all 48 with one.
    pub fn all(world: World) -> impl Iterator<Item = Self> {
        let times = Window::ALL
            .into_iter()
            .flat_map(move |window| world.leases().iter().map(move |lease| (window, *lease)));
        times.flat_map(|(window, lease)| {
            [false, true].into_iter().flat_map(move |running| {
                Deferred::ALL.into_iter().map(move |deferred| Self { window, lease, running, deferred })
            })
        })
    }

    /// The bits of `d` and `r`.
    #[must_use]
    pub fn flags(self) -> u64 {
        let deferred = match self.deferred {
            Deferred::None => 0b00,
            Deferred::Pending => 0b01,
            Deferred::Cancelled => 0b10,
            Deferred::Owed => 0b11,
        };
        deferred << 1 | u64::from(self.running)
    }
}
