//! [`Throttled`] of [`Latest`]: a run is given the newest value.

use super::{Throttled, ThrottledBuilder, Ticket, WeakThrottled};
use crate::front::failure::RunResult;
use crate::front::payload::{Latest, Rejected};
use std::io;

impl ThrottledBuilder {
    /// Each call brings a value, and a run is given the newest one.
    ///
    /// ```
    /// use atomic_throttle::Throttled;
    /// use std::time::Duration;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let paint = Throttled::builder(Duration::from_millis(16))
    ///     .latest()
    ///     .spawn(|frame: &String| println!("painted {frame}"))?;
    /// for number in 0..1000 {
    ///     paint.trigger(format!("frame {number}"))?; // It never waits, and never paints here.
    /// }
    /// // "frame 999" is painted, whatever comes between: the drop of the last handle waits for it.
    /// # Ok(())
    /// # }
    /// ```
    pub fn latest<T: Send + 'static>(self) -> ThrottledBuilder<Latest<T>> {
        self.carrying(Latest::new())
    }
}

impl<T: Send + 'static> ThrottledBuilder<Latest<T>> {
    /// Starts the thread. The function is given the newest value.
    ///
    /// # Errors
    ///
    /// What the system says if it cannot start a thread, or if the name contains a zero byte.
    pub fn spawn<R: RunResult>(
        self,
        mut f: impl FnMut(&T) -> R + Send + 'static,
    ) -> io::Result<Throttled<Latest<T>>> {
        self.start(move |value| f(value).into_result())
    }
}

impl<T: Send + 'static> Throttled<Latest<T>> {
    /// Leaves `value` in place of an older one, and asks for a run that is given it, or a newer one.
    ///
    /// The value that it replaces is dropped here. Never waits for a run.
    ///
    /// # Errors
    ///
    /// [`Rejected`], with the value: no run is promised.
    ///
    /// # Panics
    ///
    /// If the drop of the value that it replaces does. This one is kept then, and its run comes.
    #[inline]
    pub fn trigger(&self, value: T) -> Result<Ticket<'_>, Rejected<T>> {
        let epoch = self.shared.bring(value)?;
        Ok(Ticket::new(&self.shared.frame, epoch))
    }

    /// Takes the value that no run was given, and gives up the pending run, in one step. `None` if there is none.
    ///
    /// A value is left by a [`cancel`](Throttled::cancel) and by an end that discards. If nobody takes it, the next run is
    /// given it, unless a newer one replaces it.
    #[must_use = "the value is nowhere else"]
    pub fn take(&self) -> Option<T> {
        self.take_given()
    }
}

impl<T: Send + 'static> WeakThrottled<Latest<T>> {
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
