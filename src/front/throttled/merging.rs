//! [`Throttled`] of [`Merge`]: a run is given all values, merged into one.

use super::{Throttled, ThrottledBuilder, Ticket, WeakThrottled};
use crate::front::failure::RunResult;
use crate::front::payload::{Merge, Rejected};
use std::io;

impl ThrottledBuilder {
    /// Each call brings a value, `merge` adds it to those before it, and a run is given the result.
    ///
    /// ```
    /// use atomic_throttle::Throttled;
    /// use std::collections::BTreeSet;
    /// use std::time::Duration;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let rebuild = Throttled::builder(Duration::from_millis(10))
    ///     .merging(|all: &mut BTreeSet<&str>, more| all.extend(more))
    ///     .spawn(|changed| println!("rebuilt for {changed:?}"))?;
    /// for path in ["a.rs", "b.rs", "a.rs"] {
    ///     rebuild.trigger([path].into())?;
    /// }
    /// rebuild.all().wait()?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// `merge` captures nothing. Callers call it under a lock that other callers and the thread wait for, so it should be
    /// short. *It must not call this throttle, nor wait for anybody who does*: that hangs, except for a `trigger`, which is
    /// refused with [`Reason::InsideMerge`](crate::Reason::InsideMerge). If it panics, the panic comes out of the call, which
    /// is not taken; the older value stays as `merge` left it.
    pub fn merging<T: Send + 'static>(self, merge: fn(&mut T, T)) -> ThrottledBuilder<Merge<T>> {
        self.carrying(Merge::new(merge))
    }
}

impl<T: Send + 'static> ThrottledBuilder<Merge<T>> {
    /// Starts the thread. The function is given all values since the run before, merged into one.
    ///
    /// # Errors
    ///
    /// What the system says if it cannot start a thread, or if the name contains a zero byte.
    pub fn spawn<R: RunResult>(
        self,
        mut f: impl FnMut(&T) -> R + Send + 'static,
    ) -> io::Result<Throttled<Merge<T>>> {
        self.start(move |value| f(value).into_result())
    }
}

impl<T: Send + 'static> Throttled<Merge<T>> {
    /// Merges `value` with those before it, and asks for a run that is given the result. Never waits for a run.
    ///
    /// # Errors
    ///
    /// [`Rejected`], with the value: no run is promised.
    ///
    /// # Panics
    ///
    /// If the function that merges panics. The value is lost then, and what was merged before stays.
    pub fn trigger(&self, value: T) -> Result<Ticket<'_>, Rejected<T>> {
        let epoch = self.shared.bring(value)?;
        Ok(Ticket::new(&self.shared.frame, epoch))
    }

    /// Takes what no run was given, and gives up the pending run, in one step. `None` if there is nothing.
    ///
    /// Something is left by a [`cancel`](Throttled::cancel) and by an end that discards. If nobody takes it, the next run is
    /// given it, with what comes until then.
    #[must_use = "the value is nowhere else"]
    pub fn take(&self) -> Option<T> {
        self.take_given()
    }
}

impl<T: Send + 'static> WeakThrottled<Merge<T>> {
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
