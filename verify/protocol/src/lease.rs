//! How the time stands to the lease, and whether there is one. Written in unbounded numbers, like `window`.

use crate::transitions::{MAX, NEVER};

/// Without a lease no thread dies: its guard is dropped whatever happens to it. With one, a thread may vanish
/// at any step with the guard that it holds, and a run may be superseded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum World {
    WithoutLease,
    WithLease,
}

impl World {
    #[must_use]
    pub fn leases(self) -> &'static [LeasePhase] {
        match self {
            Self::WithoutLease => &[LeasePhase::Without],
            Self::WithLease => &[LeasePhase::Holds, LeasePhase::Over],
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LeasePhase {
    /// There is none.
    Without,
    /// A run that started at `last` keeps others out.
    Holds,
    Over,
}

impl LeasePhase {
    #[must_use]
    pub fn of(last: u64, lease: Option<u64>, now: u64) -> Self {
        match lease {
            None => Self::Without,
            Some(lease) if u128::from(now) >= u128::from(last) + u128::from(lease) => Self::Over,
            Some(_) => Self::Holds,
        }
    }
}

/// When it is over: `NEVER` if there is none, or if no reading reaches it.
#[must_use]
pub fn end(last: u64, lease: Option<u64>) -> u64 {
    let end = lease.and_then(|lease| last.checked_add(lease));
    end.filter(|end| *end <= MAX).unwrap_or(NEVER)
}
