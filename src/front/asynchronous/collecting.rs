//! [`AsyncThrottle`] of [`Collect`]: a run is given all values.

use super::guard::OwnedRun;
use super::shared::Shared;
use super::{AsyncThrottle, Runtime};
use crate::front::outcome::{NotFlushed, Outcome};
use crate::front::owner::ticket::Ticket;
use crate::front::payload::{Batch, Carried, Collect, Rejected};
use crate::state::State;
use crate::time::Threshold;
use std::sync::Arc;
use std::vec::Vec;

#[cfg(feature = "tokio")]
impl<T: Send + 'static> AsyncThrottle<super::Tokio, Collect<T>> {
    /// A throttle on tokio whose calls bring a value: a run is given all of them, in a [`Batch`].
    ///
    /// ```
    /// use atomic_throttle::{AsyncThrottle, Batch, Carried};
    /// use std::time::Duration;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let log = AsyncThrottle::collecting(Duration::from_millis(10)).capacity(10_000);
    /// for line in ["one", "two", "three"] {
    ///     log.trigger(line, async |lines: Carried<Batch<_>>| println!("one write of {} lines", lines.len()))?;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// Without a [`capacity`](AsyncThrottle::capacity) it holds whatever is brought within a window.
    #[must_use]
    pub fn collecting(threshold: impl Into<Threshold>) -> Self {
        Self::collecting_with_runtime(threshold, super::Tokio::current())
    }
}

impl<R: Runtime, T: Send + 'static> AsyncThrottle<R, Collect<T>> {
    /// As `collecting`, on any runtime: a throttle whose runs are given all values, in a [`Batch`].
    #[must_use]
    pub fn collecting_with_runtime(threshold: impl Into<Threshold>, runtime: R) -> Self {
        Self::carrying(threshold, runtime, Collect::new(usize::MAX))
    }

    /// Keeps at most `values` values for one run: a call that finds so many and does not run at once is refused, and has its
    /// value back. 0 counts as 1.
    ///
    /// # Panics
    ///
    /// If there is another handle of the throttle, or if it was called before. Say it where the throttle is made.
    #[must_use]
    pub fn capacity(self, values: usize) -> Self {
        let (frame, runtime, mut payload) = match Arc::try_unwrap(self.shared) {
            Ok(Shared { frame, runtime, payload }) if frame.gate.state() == State::NEW => {
                (frame, runtime, payload)
            }
            _ => panic!("the throttle is in use: set its capacity where it is made"),
        };
        payload.set_capacity(values);
        Self { shared: Shared::new(frame.gate.threshold(), runtime, payload) }
    }
}

impl<R: Runtime, T: Send + 'static> AsyncThrottle<R, Collect<T>> {
    /// As [`trigger`](AsyncThrottle#method.trigger) without a payload; the run is given all values since the run before,
    /// and those that a run has left, in a [`Carried`].
    ///
    /// If the run is cancelled or left owed, the value is kept, for the next run or for [`take`](Self::take).
    ///
    /// What `f` has not taken out of the batch when it panics comes first in the next one, and so does what it
    /// [keeps](Batch::keep_rest). A run for that is *owed*, unless one is pending.
    ///
    /// # Errors
    ///
    /// [`Rejected`], with the value: where the [capacity](Self::capacity) is reached, if no run is pending and there is no
    /// runtime to spawn on, and in a forked child. Nothing was recorded. If the runtime goes away while the call is decided,
    /// the call was taken, and its run is owed: the ticket says so.
    ///
    /// # Panics
    ///
    /// If the clock does; nothing was recorded then.
    #[inline]
    pub fn trigger<F, Fut>(&self, value: T, f: F) -> Result<Ticket<'_>, Rejected<T>>
    where
        F: FnOnce(Carried<Batch<T>>) -> Fut + Send + 'static,
        Fut: Future + Send + 'static,
    {
        self.bring(value, |run| {
            let batch = run.carry();
            async move { f(batch).await }
        })
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
    /// With the panic of `f`, or if the clock panics.
    ///
    /// # Cancel safety
    ///
    /// Nothing is decided before the first poll; to drop the future before drops the value. To drop it after that gives up
    /// the value that `f` returns, or its panic; `f` runs all the same.
    pub async fn run<Q, F, Fut>(&self, value: T, f: F) -> Result<Outcome<Q, Ticket<'_>>, Rejected<T>>
    where
        Q: Send + 'static,
        F: FnOnce(Carried<Batch<T>>) -> Fut + Send + 'static,
        Fut: Future<Output = Q> + Send + 'static,
    {
        let f = |run: &mut OwnedRun<R, Collect<T>>| {
            let batch = run.carry();
            async move { f(batch).await }
        };
        self.bring_and_hear(value, f).await
    }

    /// Runs `f` now, in a task, if a run is pending or owed, even inside the window, with all values.
    ///
    /// # Errors
    ///
    /// [`NotFlushed`]: `f` does not run.
    ///
    /// # Panics
    ///
    /// If the clock does; nothing was recorded then.
    pub fn flush<F, Fut>(&self, f: F) -> Result<Ticket<'_>, NotFlushed>
    where
        F: FnOnce(Carried<Batch<T>>) -> Fut + Send + 'static,
        Fut: Future + Send + 'static,
    {
        self.flush_given(|run| {
            let batch = run.carry();
            async move { f(batch).await }
        })
    }

    /// Takes the values that no run was given, and gives up the pending run, in one step.
    ///
    /// Values are left by a [`cancel`](AsyncThrottle::cancel), by a task that was dropped, and by a run that keeps some. If
    /// nobody takes them, they come first in the next batch.
    #[must_use = "the values are nowhere else"]
    pub fn take(&self) -> Vec<T> {
        self.take_given().map(|batch| batch.into_values().into()).unwrap_or_default()
    }
}
