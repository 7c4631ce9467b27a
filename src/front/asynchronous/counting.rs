//! [`AsyncThrottle`] of [`Count`]: a run is given the number of calls that it stands for.

use super::{AsyncThrottle, NoRuntime, Runtime};
use crate::front::outcome::{NotFlushed, Outcome};
use crate::front::owner::ticket::Ticket;
use crate::front::payload::Count;
use crate::time::Threshold;
use futures_channel::oneshot;

#[cfg(feature = "tokio")]
impl AsyncThrottle<super::Tokio, Count> {
    /// A throttle on tokio that counts its calls: a run is given the number of those since the run before, never 0.
    ///
    /// ```
    /// use atomic_throttle::AsyncThrottle;
    /// use std::time::Duration;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let failed = AsyncThrottle::counting(Duration::from_millis(10));
    /// for _ in 0..3 {
    ///     failed.trigger(async |calls| println!("failed, {calls} times"))?;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// Every call is counted, whatever becomes of it: one that is refused, cancelled or left owed stays counted until the
    /// next run, or until somebody [takes](Self::take) it. [`flush`](Self::flush) and [`cancel`](AsyncThrottle::cancel) are
    /// no calls.
    #[must_use]
    pub fn counting(threshold: impl Into<Threshold>) -> Self {
        Self::counting_with_runtime(threshold, super::Tokio::current())
    }
}

impl<R: Runtime> AsyncThrottle<R, Count> {
    /// As `counting`, on any runtime: a throttle that counts its calls.
    #[must_use]
    pub fn counting_with_runtime(threshold: impl Into<Threshold>, runtime: R) -> Self {
        Self::carrying(threshold, runtime, Count::new())
    }

    /// How many calls no run was given yet, at this moment.
    #[must_use]
    pub fn outstanding(&self) -> u64 {
        self.shared.payload.outstanding()
    }
}

impl<R: Runtime> AsyncThrottle<R, Count> {
    /// As [`trigger`](AsyncThrottle#method.trigger) without a payload; `f` is given the number of calls since the run
    /// before, among them this one.
    ///
    /// A run that started just before this call decided may have counted it already. If then no call is left to count,
    /// `f` is not called, and the call is covered.
    ///
    /// # Errors
    ///
    /// [`NoRuntime`] if no run is pending and there is no runtime to spawn on. The call stays counted.
    ///
    /// # Panics
    ///
    /// If the clock does; the call stays counted then.
    #[inline]
    pub fn trigger<F, Fut>(&self, f: F) -> Result<Ticket<'_>, NoRuntime>
    where
        F: FnOnce(u64) -> Fut + Send + 'static,
        Fut: Future + Send + 'static,
    {
        self.shared.payload.count();
        match self.shared.frame.gate.coalesce_unfenced() {
            Some(epoch) => Ok(self.ticket(epoch)),
            None => self.count_uncoalesced(f),
        }
    }

    #[inline(never)]
    fn count_uncoalesced<F, Fut>(&self, f: F) -> Result<Ticket<'_>, NoRuntime>
    where
        F: FnOnce(u64) -> Fut + Send + 'static,
        Fut: Future + Send + 'static,
    {
        let decided = self.decide(
            |run| {
                let calls = run.calls();
                async move { f(calls).await }
            },
            drop,
        );
        decided.map(|decided| decided.ticket)
    }

    /// As [`trigger`](Self::trigger), and waits for what becomes of `f`. For the rest see
    /// [`run`](AsyncThrottle#method.run) without a payload.
    ///
    /// # Errors
    ///
    /// As [`trigger`](Self::trigger).
    ///
    /// # Panics
    ///
    /// With the panic of `f`, or if the clock panics. The calls that `f` was given are not given again.
    ///
    /// # Cancel safety
    ///
    /// Nothing is decided or counted before the first poll. To drop the future after that gives up the value that `f`
    /// returns, or its panic; `f` runs all the same.
    pub async fn run<Q, F, Fut>(&self, f: F) -> Result<Outcome<Q, Ticket<'_>>, NoRuntime>
    where
        Q: Send + 'static,
        F: FnOnce(u64) -> Fut + Send + 'static,
        Fut: Future<Output = Q> + Send + 'static,
    {
        self.shared.payload.count();
        if let Some(epoch) = self.shared.frame.gate.coalesce_unfenced() {
            return Ok(Outcome::Coalesced(self.ticket(epoch)));
        }
        let (sender, receiver) = oneshot::channel();
        let decided = self.decide(
            |run| {
                let calls = run.calls();
                async move { f(calls).await }
            },
            move |reply| drop(sender.send(reply)),
        )?;
        Ok(self.answer(decided, receiver).await)
    }

    /// Runs `f` now, in a task, if a run is pending or owed, even inside the window, with the number of calls so far. It is
    /// no call itself.
    ///
    /// # Errors
    ///
    /// [`NotFlushed`]: `f` does not run. It is [`NothingPending`](NotFlushed::NothingPending) also where the run before has
    /// counted every call.
    ///
    /// # Panics
    ///
    /// If the clock does; nothing was recorded then.
    pub fn flush<F, Fut>(&self, f: F) -> Result<Ticket<'_>, NotFlushed>
    where
        F: FnOnce(u64) -> Fut + Send + 'static,
        Fut: Future + Send + 'static,
    {
        self.flush_given(|run| {
            let calls = run.calls();
            async move { f(calls).await }
        })
    }

    /// Takes the calls that no run was given, and gives up the pending run, as [`cancel`](AsyncThrottle::cancel).
    #[must_use = "these calls are not counted any more"]
    pub fn take(&self) -> u64 {
        self.take_given().unwrap_or(0)
    }
}
