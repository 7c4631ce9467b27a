//! A `KeyedThrottled`, whatever its calls bring.

use crate::record::{Brought, Carried, Spans};
use atomic_throttle::{
    AllKeys, Collect, Count, KeyTicket, KeyedThrottled, Latest, Merge, Pending, Shutdown, Snapshot,
    WaitError, WeakKeyedThrottled,
};
use std::time::Duration;

pub enum Any {
    Nothing(KeyedThrottled<usize>),
    Count(KeyedThrottled<usize, Count>),
    Latest(KeyedThrottled<usize, Latest<Brought>>),
    Merge(KeyedThrottled<usize, Merge<Spans>>),
    Collect(KeyedThrottled<usize, Collect<Brought>>),
}

pub enum AnyWeak {
    Nothing(WeakKeyedThrottled<usize>),
    Count(WeakKeyedThrottled<usize, Count>),
    Latest(WeakKeyedThrottled<usize, Latest<Brought>>),
    Merge(WeakKeyedThrottled<usize, Merge<Spans>>),
    Collect(WeakKeyedThrottled<usize, Collect<Brought>>),
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
    pub fn trigger<'t>(&'t self, key: &'t usize, value: Brought) -> Option<KeyTicket<'t, usize>> {
        match self {
            Self::Nothing(throttled) => throttled.trigger(key).ok(),
            Self::Count(throttled) => throttled.trigger(key).ok(),
            Self::Latest(throttled) => throttled.trigger(key, value).ok(),
            Self::Merge(throttled) => throttled.trigger(key, Spans::of([value])).ok(),
            Self::Collect(throttled) => throttled.trigger(key, value).ok(),
        }
    }

    /// Where calls are only counted: one that nobody has made.
    pub fn call_unseen(&self, key: usize) {
        if let Self::Count(throttled) = self {
            let _ = throttled.trigger(&key);
        }
    }

    /// What no run of the key was given.
    pub fn take(&self, key: usize) -> Option<Carried> {
        match self {
            Self::Nothing(_) => None,
            Self::Count(throttled) => Some(Carried::Count(throttled.take(&key))),
            Self::Latest(throttled) => Some(Carried::Newest(throttled.take(&key))),
            Self::Merge(throttled) => Some(Carried::All(throttled.take(&key).unwrap_or_default())),
            Self::Collect(throttled) => Some(Carried::All(Spans::of(throttled.take(&key)))),
        }
    }

    /// How many calls it counts as given up or owed, if it counts calls.
    pub fn uncovered(&self) -> Option<u64> {
        matches!(self, Self::Count(_)).then(|| each!(self, throttled => throttled.uncovered()))
    }

    pub fn cancel(&self, key: usize) -> bool {
        each!(self, throttled => throttled.cancel(&key))
    }

    pub fn flush(&self, key: usize) -> bool {
        each!(self, throttled => throttled.flush(&key).is_ok())
    }

    pub fn all(&self) -> AllKeys<'_> {
        each!(self, throttled => throttled.all())
    }

    pub fn pending(&self) -> usize {
        each!(self, throttled => throttled.pending())
    }

    pub fn set_threshold(&self, threshold: Duration) {
        each!(self, throttled => throttled.set_threshold(threshold));
    }

    pub fn snapshot(&self, key: usize) -> Option<Snapshot> {
        each!(self, throttled => throttled.snapshot(&key))
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
