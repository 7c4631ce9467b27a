//! [`AsyncThrottle`] without a payload.

use super::{AsyncThrottle, NoRuntime, Runtime};
use crate::front::outcome::{NotFlushed, Outcome};
use crate::front::owner::ticket::Ticket;
use crate::time::Threshold;
use futures_channel::oneshot;

#[cfg(feature = "tokio")]
impl AsyncThrottle<super::Tokio> {
    /// A throttle on tokio whose runs start at least `threshold` apart. It can be built outside of a runtime;
    /// its tasks are spawned on the one that the call is made in.
    ///
    /// A threshold above [`Threshold::MAX`] (about 70.8 years) is clamped to it.
    #[must_use]
    pub fn new(threshold: impl Into<Threshold>) -> Self {
        Self::with_runtime(threshold, super::Tokio::current())
    }
}

impl<R: Runtime> AsyncThrottle<R> {
    /// A throttle on any runtime, with a threshold clamped to [`Threshold::MAX`].
    #[must_use]
    pub fn with_runtime(threshold: impl Into<Threshold>, runtime: R) -> Self {
        Self::carrying(threshold, runtime, ())
    }
}

impl<R: Runtime> AsyncThrottle<R> {
    /// Asks for a run of `f`: at once if that may be, otherwise when the window is over. Decides now, and does
    /// not wait. The ticket can wait for the run.
    ///
    /// * A run is pending: it covers this call. `f` is dropped, so it must not carry the data.
    /// * No run is in progress and the window is over: a task runs `f` now.
    /// * Else a task waits for the window to end and the run in progress to finish, then runs `f`; unless it
    ///   is cancelled, or a [`flush`](Self::flush) or another call takes its place.
    ///
    /// Inside a run it is the same: the run after this one is asked for.
    ///
    /// Cost: see [`AsyncThrottle`](Self#cost).
    ///
    /// # Errors
    ///
    /// [`NoRuntime`] if no run is pending and there is no runtime to spawn on.
    ///
    /// # Panics
    ///
    /// If the clock does; nothing was recorded then.
    #[inline]
    pub fn trigger<F, Fut>(&self, f: F) -> Result<Ticket<'_>, NoRuntime>
    where
        F: FnOnce() -> Fut + Send + 'static,
        Fut: Future + Send + 'static,
    {
        match self.shared.frame.gate.coalesce() {
            Some(epoch) => Ok(self.ticket(epoch)),
            None => self.trigger_uncoalesced(f),
        }
    }

    // Not inlined: a coalesced call would have a stack frame for it.
    #[inline(never)]
    fn trigger_uncoalesced<F, Fut>(&self, f: F) -> Result<Ticket<'_>, NoRuntime>
    where
        F: FnOnce() -> Fut + Send + 'static,
        Fut: Future + Send + 'static,
    {
        self.decide(|_| async move { f().await }, drop).map(|decided| decided.ticket)
    }

    /// As [`trigger`](Self::trigger), and waits for what becomes of `f`.
    ///
    /// Inside a run of the same throttle this cannot wait for the run after it. It returns
    /// [`Outcome::Coalesced`] then, with the ticket of the run that it asked for. A run that hands the wait
    /// to another task, and awaits that, does deadlock.
    ///
    /// # Errors
    ///
    /// [`NoRuntime`] if no run is pending and there is no runtime to spawn on.
    ///
    /// # Panics
    ///
    /// With the panic of `f`, or if the clock panics. The throttle is usable then (G6).
    ///
    /// # Cancel safety
    ///
    /// Nothing is decided before the first poll. To drop the future after that gives up the value that `f`
    /// returns, or its panic; `f` runs all the same.
    pub async fn run<T, F, Fut>(&self, f: F) -> Result<Outcome<T, Ticket<'_>>, NoRuntime>
    where
        T: Send + 'static,
        F: FnOnce() -> Fut + Send + 'static,
        Fut: Future<Output = T> + Send + 'static,
    {
        if let Some(epoch) = self.shared.frame.gate.coalesce() {
            return Ok(Outcome::Coalesced(self.ticket(epoch)));
        }
        let (sender, receiver) = oneshot::channel();
        let decided = self.decide(|_| async move { f().await }, move |reply| drop(sender.send(reply)))?;
        Ok(self.answer(decided, receiver).await)
    }

    /// Runs `f` now, in a task, if a run is pending or owed, whether the window is over or not. This is the
    /// explicit exception from G1. A new window starts.
    ///
    /// The function of the former owner is dropped.
    ///
    /// # Errors
    ///
    /// [`NotFlushed`]: `f` does not run. What was pending stays pending.
    ///
    /// # Panics
    ///
    /// If the clock does; nothing was recorded then.
    pub fn flush<F, Fut>(&self, f: F) -> Result<Ticket<'_>, NotFlushed>
    where
        F: FnOnce() -> Fut + Send + 'static,
        Fut: Future + Send + 'static,
    {
        self.flush_given(|_| async move { f().await })
    }
}
