//! What a front end reports to subscribers: one event for each run, deferral, cancel, takeover, abandonment
//! and caught panic, with the feature `tracing`. Without it every function here is empty.
//!
//! Nothing is reported on the coalesced path, nor while a lock is held. A subscriber may call the throttle,
//! so a front end reports only where it can be interrupted: its guards are in place. A subscriber's panic
//! ends here, so it loses nothing, and reporting is safe while a thread unwinds. Events that a subscriber
//! causes are suppressed: otherwise a subscriber that calls a throttle would never return.
//!
//! This module cannot report what only a caller sees: which of its calls were coalesced or refused.

#![cfg_attr(not(feature = "tracing"), allow(unused_variables, dead_code, clippy::inline_always))]

use crate::front::failure::Failure;
use crate::state::Epoch;
use crate::time::Timestamp;

/// Whether events are reported. Check it before computing a costly argument.
pub(crate) const ENABLED: bool = cfg!(feature = "tracing");

/// Which throttle an event is about.
#[derive(Clone, Copy)]
pub(crate) struct Source {
    /// The name of the front end's type.
    pub(crate) front: &'static str,
    /// Its address, which tells the throttles of a program apart. Where it has a gate, that is the first field, and its
    /// address the same.
    pub(crate) address: *const (),
}

/// How a run came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Edge {
    Leading,
    Trailing,
    Flushed,
}

macro_rules! observed {
    ($($(#[$meta:meta])* fn $name:ident($source:ident, $($argument:ident: $type:ty),*) $body:block)*) => {$(
        $(#[$meta])*
        #[cfg(feature = "tracing")]
        #[cold]
        pub(crate) fn $name($source: Source, $($argument: $type),*) {
            tell(|| $body);
        }

        $(#[$meta])*
        #[cfg(not(feature = "tracing"))]
        #[inline(always)]
        pub(crate) fn $name($source: Source, $($argument: $type),*) {}
    )*};
}

/// An event of this library, with the fields that all of them have.
#[cfg(feature = "tracing")]
macro_rules! event {
    ($level:ident, $name:literal, $source:ident, $($fields_and_message:tt)+) => {
        tracing::event!(
            name: $name,
            target: "atomic_throttle",
            tracing::Level::$level,
            front = $source.front,
            throttle = ?$source.address,
            $($fields_and_message)+
        )
    };
}

observed! {
    /// A run has started, and its function is next.
    fn run_started(source, epoch: Epoch, edge: Edge) {
        event!(DEBUG, "run", source, started_at = ?epoch.started_at(), edge = ?edge, "a run starts");
    }

    /// A call was deferred to the end of the window.
    fn deferred(source, due: Timestamp) {
        event!(TRACE, "deferral", source, ?due, "a run is deferred");
    }

    /// A pending or owed run was cancelled.
    fn cancelled(source, epoch: Epoch) {
        event!(DEBUG, "cancel", source, after = ?epoch.started_at(), "the pending run is cancelled");
    }

    /// A run that was not flushed took the place of one that was owed, or pending with another owner. The run
    /// has an event of its own.
    fn taken_over(source, epoch: Epoch) {
        event!(
            DEBUG, "takeover", source, started_at = ?epoch.started_at(), "a run takes the place of the pending one"
        );
    }

    /// An owner left; the run is owed.
    fn abandoned(source, epoch: Epoch) {
        event!(WARN, "abandonment", source, after = ?epoch.started_at(), "the owner left: a run is owed");
    }

    /// A call inside a run cannot wait, so it left a run owed.
    fn left_owed(source, epoch: Epoch) {
        event!(DEBUG, "owed", source, after = ?epoch.started_at(), "a call inside a run: a run is owed");
    }

    /// The function returned an error.
    fn failed(source, epoch: Epoch, failure: &Failure) {
        event!(
            ERROR, "failure", source, started_at = ?epoch.started_at(), attempt = failure.attempt(), error = %failure,
            "a run failed"
        );
    }

    /// The function of a run was dropped for the next run.
    #[cfg(feature = "async")]
    fn superseded(source, epoch: Epoch) {
        event!(DEBUG, "superseded", source, started_at = ?epoch.started_at(), "a run gives way to the next one");
    }

    /// A run that failed is tried again.
    fn retried(source, epoch: Epoch, attempt: u32, due: Timestamp) {
        event!(
            WARN, "retry", source, started_at = ?epoch.started_at(), attempt, ?due, "a run that failed is tried again"
        );
    }

    /// A panic of the function was caught.
    fn panicked(source, epoch: Epoch, message: &str) {
        event!(ERROR, "panic", source, started_at = ?epoch.started_at(), panic = message, "a run panicked");
    }
}

#[cfg(feature = "tracing")]
fn tell(event: impl FnOnce()) {
    use core::cell::Cell;
    use std::panic::{AssertUnwindSafe, catch_unwind};

    std::thread_local!(static TELLING: Cell<bool> = const { Cell::new(false) });
    if TELLING.replace(true) {
        return;
    }
    let told = catch_unwind(AssertUnwindSafe(event));
    TELLING.set(false);
    if let Err(panic) = told {
        // The panic hook has reported it. Dropping the payload could panic again.
        core::mem::forget(panic);
    }
}
