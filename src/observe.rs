//! What a front end tells those who watch it: one event for each run, deferral, cancel, takeover,
//! abandonment and caught panic, with the feature `tracing`. Without it every function here is empty.
//!
//! Nothing is told on the coalesced path, nor while a lock is held. Whoever is told may call the throttle,
//! or panic, so a front end tells only what it can be interrupted at: its guards are in place.

#![cfg_attr(not(feature = "tracing"), allow(unused_variables, clippy::inline_always))]

use crate::gate::Gate;
use crate::state::Epoch;
use crate::time::Timestamp;

/// Which throttle an event is about.
#[derive(Clone, Copy)]
pub(crate) struct Source<'g> {
    /// The name of the front end's type.
    pub(crate) front: &'static str,
    /// Whose address tells the throttles of a program apart.
    pub(crate) gate: &'g Gate,
}

/// How a run came about.
#[derive(Clone, Copy, Debug)]
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
        pub(crate) fn $name($source: Source<'_>, $($argument: $type),*) $body

        $(#[$meta])*
        #[cfg(not(feature = "tracing"))]
        #[inline(always)]
        pub(crate) fn $name($source: Source<'_>, $($argument: $type),*) {}
    )*};
}

observed! {
    /// A run has started, and its function is next.
    fn run_started(source, epoch: Epoch, edge: Edge) {
        tracing::debug!(
            front = source.front, throttle = ?source.id(), started_at = ?epoch.started_at(), edge = ?edge,
            "a run starts"
        );
    }

    /// A call was deferred to the end of the window.
    fn deferred(source, due: Timestamp) {
        tracing::trace!(front = source.front, throttle = ?source.id(), ?due, "a run is deferred");
    }

    /// A pending or owed run was cancelled.
    fn cancelled(source, epoch: Epoch) {
        tracing::debug!(
            front = source.front, throttle = ?source.id(), after = ?epoch.started_at(),
            "the pending run is cancelled"
        );
    }

    /// A call took over a run that was pending with another owner, or owed.
    fn taken_over(source, epoch: Epoch) {
        tracing::debug!(
            front = source.front, throttle = ?source.id(), started_at = ?epoch.started_at(),
            "a run takes over the pending one"
        );
    }

    /// An owner left; the run is owed.
    fn abandoned(source, epoch: Epoch) {
        tracing::warn!(
            front = source.front, throttle = ?source.id(), after = ?epoch.started_at(),
            "the owner left: a run is owed"
        );
    }

    /// A panic of the function was caught.
    fn panicked(source, epoch: Epoch, message: &str) {
        tracing::error!(
            front = source.front, throttle = ?source.id(), started_at = ?epoch.started_at(), panic = message,
            "a run panicked"
        );
    }
}

#[cfg(feature = "tracing")]
impl Source<'_> {
    fn id(self) -> *const Gate {
        self.gate
    }
}
