//! The events of a front end: one for each run, deferral, cancel, takeover,
//! abandonment and caught panic, with the feature `tracing`. Without it every function here is empty.
//!
//! No event is emitted on the coalesced path, nor while a lock is held. A subscriber may call the throttle, so a
//! front end emits only where it can be interrupted: its guards are in place. A subscriber's panic ends here, so
//! nothing is lost by it, and a thread may emit while it unwinds. Events that a subscriber causes are suppressed:
//! otherwise a subscriber that calls a throttle would never come to an end.
//!
//! The events do not say what only a caller sees: which of its calls were coalesced or refused.

#![cfg_attr(not(feature = "tracing"), allow(unused_variables, dead_code, clippy::inline_always))]

use crate::gate::Gate;
use crate::state::Epoch;
use crate::time::Timestamp;

/// Whether events are emitted. Ask it where an argument would cost something.
pub(crate) const ENABLED: bool = cfg!(feature = "tracing");

/// Which throttle an event is about.
#[derive(Clone, Copy)]
pub(crate) struct Source<'g> {
    /// The name of the front end's type.
    pub(crate) front: &'static str,
    /// Whose address tells the throttles of a program apart. It is that of the throttle itself where the
    /// gate is its first field.
    pub(crate) gate: &'g Gate,
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
        pub(crate) fn $name($source: Source<'_>, $($argument: $type),*) {
            tell(|| $body);
        }

        $(#[$meta])*
        #[cfg(not(feature = "tracing"))]
        #[inline(always)]
        pub(crate) fn $name($source: Source<'_>, $($argument: $type),*) {}
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
            throttle = ?core::ptr::from_ref($source.gate),
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

    /// A run that nobody asked to come early took the place of one that was pending with another owner, or
    /// owed. The run has an event of its own.
    fn taken_over(source, epoch: Epoch) {
        event!(
            DEBUG, "takeover", source, started_at = ?epoch.started_at(), "a run takes the place of the pending one"
        );
    }

    /// An owner left; the run is owed.
    fn abandoned(source, epoch: Epoch) {
        event!(WARN, "abandonment", source, after = ?epoch.started_at(), "the owner left: a run is owed");
    }

    /// A call inside a run can wait for none; a run is owed.
    fn left_owed(source, epoch: Epoch) {
        event!(DEBUG, "owed", source, after = ?epoch.started_at(), "a call inside a run: a run is owed");
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
        // The panic hook has reported it. To drop what was thrown could panic once more.
        core::mem::forget(panic);
    }
}
