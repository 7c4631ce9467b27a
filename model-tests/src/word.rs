//! The word without its numbers.

use crate::window::Window;
use atomic_throttle::state::DeferralStatus;
use atomic_throttle::{State, Threshold};

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

/// `r`, `d`, and how the time stands to `last`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Word {
    pub window: Window,
    pub running: bool,
    pub deferred: Deferred,
}

impl Word {
    #[must_use]
    pub fn of(state: State, threshold: Threshold, now: u64) -> Self {
        Self {
            window: Window::of(state.epoch().as_u64(), threshold.as_nanos(), now),
            running: state.is_running(),
            deferred: Deferred::of(state),
        }
    }

    /// All 24.
    pub fn all() -> impl Iterator<Item = Self> {
        Window::ALL.into_iter().flat_map(|window| {
            [false, true].into_iter().flat_map(move |running| {
                Deferred::ALL.into_iter().map(move |deferred| Self { window, running, deferred })
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
