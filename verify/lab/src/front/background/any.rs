//! A `Throttled`, whatever its calls bring.

use crate::record::{Brought, Carried, Spans};
use atomic_throttle::{
    Collect, Count, Latest, Merge, Pending, Shutdown, Snapshot, Throttled, Ticket, WaitError, WeakThrottled,
};
use std::time::Duration;

pub enum Any {
    Nothing(Throttled),
    Count(Throttled<Count>),
    Latest(Throttled<Latest<Brought>>),
    Merge(Throttled<Merge<Spans>>),
    Collect(Throttled<Collect<Brought>>),
}

pub enum AnyWeak {
    Nothing(WeakThrottled),
    Count(WeakThrottled<Count>),
    Latest(WeakThrottled<Latest<Brought>>),
    Merge(WeakThrottled<Merge<Spans>>),
    Collect(WeakThrottled<Collect<Brought>>),
}

/// Does the same with the throttle, whatever its calls bring.
macro_rules! each {
    ($any:expr, $throttled:ident => $does:expr) => {
        match $any {
            Any::Nothing($throttled) => $does,
            Any::Count($throttled) => $does,
            Any::Latest($throttled) => $does,
            Any::Merge($throttled) => $does,
            Any::Collect($throttled) => $does,
        }
    };
}

impl Any {
    #[inline]
    pub fn trigger(&self, value: Brought) -> Option<Ticket<'_>> {
        match self {
            Self::Nothing(throttled) => throttled.trigger().ok(),
            Self::Count(throttled) => throttled.trigger().ok(),
            Self::Latest(throttled) => throttled.trigger(value).ok(),
            Self::Merge(throttled) => throttled.trigger(Spans::of([value])).ok(),
            Self::Collect(throttled) => throttled.trigger(value).ok(),
        }
    }

    /// Where calls are only counted: one that nobody has made.
    pub fn call_unseen(&self) {
        if let Self::Count(throttled) = self {
            let _ = throttled.trigger();
        }
    }

    /// Whether a run may be told of a call that the run after it covers.
    pub fn counts_before_it_decides(&self) -> bool {
        matches!(self, Self::Count(_))
    }

    /// What no run was given.
    pub fn take(&self) -> Option<Carried> {
        match self {
            Self::Nothing(_) => None,
            Self::Count(throttled) => Some(Carried::Count(throttled.take())),
            Self::Latest(throttled) => Some(Carried::Newest(throttled.take())),
            Self::Merge(throttled) => Some(Carried::All(throttled.take().unwrap_or_default())),
            Self::Collect(throttled) => Some(Carried::All(Spans::of(throttled.take()))),
        }
    }

    pub fn cancel(&self) -> bool {
        each!(self, throttled => throttled.cancel())
    }

    pub fn flush(&self) -> bool {
        each!(self, throttled => throttled.flush().is_ok())
    }

    pub fn set_threshold(&self, threshold: Duration) {
        each!(self, throttled => throttled.set_threshold(threshold));
    }

    pub fn snapshot(&self) -> Snapshot {
        each!(self, throttled => throttled.snapshot())
    }

    pub fn epoch(&self) -> u64 {
        each!(self, throttled => throttled.snapshot().epoch.as_u64())
    }

    pub fn threshold(&self) -> u64 {
        each!(self, throttled => throttled.threshold().as_nanos())
    }

    pub fn shutdown(&self, pending: Pending, limit: Duration) -> Result<Shutdown, WaitError> {
        each!(self, throttled => throttled.shutdown(pending).wait_for(limit))
    }

    /// Its runs and its panics.
    pub fn counts(&self) -> (u64, u64) {
        each!(self, throttled => (throttled.runs(), throttled.panics()))
    }

    pub fn downgrade(&self) -> AnyWeak {
        match self {
            Self::Nothing(throttled) => AnyWeak::Nothing(throttled.downgrade()),
            Self::Count(throttled) => AnyWeak::Count(throttled.downgrade()),
            Self::Latest(throttled) => AnyWeak::Latest(throttled.downgrade()),
            Self::Merge(throttled) => AnyWeak::Merge(throttled.downgrade()),
            Self::Collect(throttled) => AnyWeak::Collect(throttled.downgrade()),
        }
    }
}

impl AnyWeak {
    pub fn upgrade(&self) -> Option<Any> {
        Some(match self {
            Self::Nothing(weak) => Any::Nothing(weak.upgrade()?),
            Self::Count(weak) => Any::Count(weak.upgrade()?),
            Self::Latest(weak) => Any::Latest(weak.upgrade()?),
            Self::Merge(weak) => Any::Merge(weak.upgrade()?),
            Self::Collect(weak) => Any::Collect(weak.upgrade()?),
        })
    }
}
