//! Asserts that a call took the path that it is counted for, by what it returned. Nothing here is counted.

#![allow(clippy::needless_pass_by_value, reason = "the bench gives its results away")]

use atomic_throttle::{Coalesced, Outcome};

pub fn some<T>(result: Option<T>) {
    assert!(result.is_some());
}

pub fn none<T>(result: Option<T>) {
    assert!(result.is_none());
}

pub fn taken<T, E>(result: Result<T, E>) {
    assert!(result.is_ok());
}

pub fn refused<T, E>(result: Result<T, E>) {
    assert!(result.is_err());
}

pub fn coalesced(outcome: Outcome<(), Coalesced<'_>>) {
    assert!(matches!(outcome, Outcome::Coalesced(_)));
}

pub fn ran(outcome: Outcome<(), Coalesced<'_>>) {
    assert!(outcome.ran());
}
