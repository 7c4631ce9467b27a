//! [`Throttled`] of [`Collect`]: a run is given all values.

use super::{Throttled, ThrottledBuilder, Ticket, WeakThrottled};
use crate::front::failure::RunResult;
use crate::front::payload::{Batch, Collect, Rejected};
use std::io;
use std::vec::Vec;

impl ThrottledBuilder {
    /// Each call brings a value, and a run is given all of them, in a [`Batch`].
    ///
    /// ```
    /// use atomic_throttle::{Batch, Throttled};
    /// use std::time::Duration;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let log = Throttled::builder(Duration::from_millis(10))
    ///     .collecting()
    ///     .capacity(10_000)
    ///     .spawn(|lines: &mut Batch<String>| println!("one write of {} lines", lines.len()))?;
    /// for number in 0..1000 {
    ///     log.trigger(format!("line {number}"))?;
    /// }
    /// // Dropping the last handle has the rest written.
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// Without a [`capacity`](ThrottledBuilder::capacity) it holds whatever is brought within a window.
    pub fn collecting<T: Send + 'static>(self) -> ThrottledBuilder<Collect<T>> {
        self.carrying(Collect::new(usize::MAX))
    }
}

impl<T: Send + 'static> ThrottledBuilder<Collect<T>> {
    /// Takes at most `values` values for one run: a call that finds so many is refused, and has its value back. 0 counts
    /// as 1.
    pub fn capacity(mut self, values: usize) -> Self {
        self.payload_mut().set_capacity(values);
        self
    }

    /// Ends a [delay](ThrottledBuilder::delay) or a quiet time early when there are so many values; never the window. 0 counts as 1,
    /// and a full [capacity](Self::capacity) is always enough.
    ///
    /// ```
    /// use atomic_throttle::{Batch, Throttled};
    /// use std::time::Duration;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// // 100 rows or 50 ms, and at most one insert in 10 ms.
    /// let insert = Throttled::builder(Duration::from_millis(10))
    ///     .collecting()
    ///     .delay(Duration::from_millis(50))
    ///     .enough(100)
    ///     .spawn(|rows: &mut Batch<u32>| println!("inserted {}", rows.len()))?;
    /// for row in 0..250 {
    ///     insert.trigger(row)?;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn enough(self, values: usize) -> Self {
        self.enough_calls(values as u64)
    }

    /// Starts the thread. The function is given all values since the run before, and those that a run has left.
    ///
    /// # Errors
    ///
    /// What the system says if it cannot start a thread, or if the name contains a zero byte.
    pub fn spawn<R: RunResult>(
        self,
        mut f: impl FnMut(&mut Batch<T>) -> R + Send + 'static,
    ) -> io::Result<Throttled<Collect<T>>> {
        self.start(move |batch| f(batch).into_result())
    }
}

impl<T: Send + 'static> Throttled<Collect<T>> {
    /// Leaves `value` behind those before it, and asks for a run that is given them. Never waits for a run.
    ///
    /// # Errors
    ///
    /// [`Rejected`], with the value: no run is promised to it. Where the [capacity](ThrottledBuilder::capacity) is reached, a run is
    /// pending that makes room.
    #[inline]
    pub fn trigger(&self, value: T) -> Result<Ticket<'_>, Rejected<T>> {
        let epoch = self.shared.bring(value)?;
        Ok(Ticket::new(&self.shared.frame, epoch))
    }

    /// Takes the values that no run was given, and gives up the pending run, in one step.
    ///
    /// Values are left by a [`cancel`](Throttled::cancel), by an end that discards, and by a run that was the last one. If
    /// nobody takes them, they come first in the next batch.
    #[must_use = "the values are nowhere else"]
    pub fn take(&self) -> Vec<T> {
        self.take_given().map(|batch| batch.into_values().into()).unwrap_or_default()
    }
}

impl<T: Send + 'static> WeakThrottled<Collect<T>> {
    /// As [`Throttled::trigger`], also after the last handle was dropped while the thread goes on. It does not
    /// make this a handle, so it never is the last one.
    ///
    /// # Errors
    ///
    /// [`Rejected`], with the value.
    pub fn trigger(&self, value: T) -> Result<(), Rejected<T>> {
        self.bring(value)
    }
}
