//! [`Throttled`] whose calls bring nothing.

use super::{Throttled, ThrottledBuilder};
use crate::front::failure::RunResult;
use crate::front::owner::Ended;
use crate::front::owner::ticket::Ticket;
use crate::time::Threshold;

impl Throttled {
    /// Starts a thread that runs `f` at most once per `threshold`, clamped to [`Threshold::MAX`], on the
    /// [`Monotonic`](crate::Monotonic) clock. It runs nothing until the first [`trigger`](Self::trigger).
    ///
    /// # Panics
    ///
    /// If the system cannot start a thread; [`ThrottledBuilder::spawn`] returns an error instead.
    #[must_use = "dropping the last handle ends the thread"]
    pub fn spawn<R: RunResult>(
        threshold: impl Into<Threshold>,
        f: impl FnMut() -> R + Send + 'static,
    ) -> Self {
        Self::builder(threshold).spawn(f).expect("the system can start a thread")
    }

    /// Sets up a throttle: what calls bring, when a run starts, what happens after a failure and at the end, and who runs
    /// the function.
    pub fn builder(threshold: impl Into<Threshold>) -> ThrottledBuilder {
        ThrottledBuilder::new(threshold)
    }

    /// Asks for a run, and returns at once with a handle to wait for it. Never waits for a run, and never
    /// runs the function itself.
    ///
    /// Cost: one fence and one load while a run is pending; otherwise see [`Throttled`](Self#cost).
    ///
    /// # Errors
    ///
    /// [`Ended`]: no run is promised.
    #[inline]
    pub fn trigger(&self) -> Result<Ticket<'_>, Ended> {
        if self.shared.paced.is_debounced {
            return self.trigger_debounced();
        }
        match self.shared.frame.gate.coalesce() {
            Some(epoch) => Ok(Ticket::new(&self.shared.frame, epoch)),
            None => self.trigger_uncoalesced(),
        }
    }

    // Apart, as `trigger_uncoalesced`.
    #[cold]
    fn trigger_debounced(&self) -> Result<Ticket<'_>, Ended> {
        self.shared.paced.tell_time(&self.shared.frame.clock);
        match self.shared.frame.gate.coalesce() {
            Some(epoch) => Ok(Ticket::new(&self.shared.frame, epoch)),
            None => self.trigger_uncoalesced(),
        }
    }
}
