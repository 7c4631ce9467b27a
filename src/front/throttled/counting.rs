//! [`Throttled`] of [`Count`]: a run is given the number of calls that it stands for.

use super::{Throttled, ThrottledBuilder, Ticket, WeakThrottled};
use crate::front::failure::RunResult;
use crate::front::owner::Ended;
use crate::front::payload::Count;
use crate::state::Epoch;
use std::io;

impl ThrottledBuilder {
    /// Counts the calls: a run is given the number of those since the run before.
    ///
    /// ```
    /// use atomic_throttle::Throttled;
    /// use std::time::Duration;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let failed = Throttled::builder(Duration::from_millis(10))
    ///     .counting()
    ///     .spawn(|calls| println!("failed, {calls} times"))?;
    /// for _ in 0..1000 {
    ///     failed.trigger()?;
    /// }
    /// // Nobody has to call once more for the last ones to be reported.
    /// failed.all().wait()?;
    /// assert_eq!(failed.take(), 0);
    /// # Ok(())
    /// # }
    /// ```
    pub fn counting(self) -> ThrottledBuilder<Count> {
        self.carrying(Count::striped())
    }
}

impl ThrottledBuilder<Count> {
    /// Ends a [delay](ThrottledBuilder::delay) or a quiet time early when so many calls are counted; never
    /// the window. 0 counts as 1. All callers share one number then.
    pub fn enough(mut self, calls: u64) -> Self {
        *self.payload_mut() = Count::new();
        self.enough_calls(calls)
    }

    /// Starts the thread. The function is given the number of calls since the run before, never 0.
    ///
    /// # Errors
    ///
    /// What the system says if it cannot start a thread, or if the name contains a zero byte.
    pub fn spawn<R: RunResult>(
        self,
        mut f: impl FnMut(u64) -> R + Send + 'static,
    ) -> io::Result<Throttled<Count>> {
        self.start(move |calls| f(*calls).into_result())
    }
}

impl Throttled<Count> {
    /// Counts the call and asks for a run, as [`trigger`](Throttled::trigger) of a throttle that counts nothing.
    ///
    /// # Errors
    ///
    /// [`Ended`]: no run is promised. The call stays counted, for [`take`](Self::take).
    #[inline]
    pub fn trigger(&self) -> Result<Ticket<'_>, Ended> {
        let shared = &*self.shared;
        if shared.paced.is_debounced {
            return self.trigger_paced();
        }
        if shared.payload.count() == shared.paced.enough {
            return self.trigger_enough();
        }
        match shared.frame.gate.coalesce_unfenced() {
            Some(epoch) => Ok(Ticket::new(&shared.frame, epoch)),
            None => self.trigger_uncoalesced(),
        }
    }

    // Apart, as `trigger_uncoalesced`.
    #[cold]
    #[inline(never)]
    fn trigger_paced(&self) -> Result<Ticket<'_>, Ended> {
        self.decided(self.shared.count_paced())
    }

    /// The call is counted.
    #[cold]
    #[inline(never)]
    fn trigger_enough(&self) -> Result<Ticket<'_>, Ended> {
        self.decided(self.shared.coalesce_counted(true))
    }

    fn decided(&self, coalesced: Option<Epoch>) -> Result<Ticket<'_>, Ended> {
        match coalesced {
            Some(epoch) => Ok(Ticket::new(&self.shared.frame, epoch)),
            None => self.trigger_uncoalesced(),
        }
    }

    /// Takes the calls that no run was given, and gives up the pending run, as [`cancel`](Throttled::cancel).
    #[must_use = "these calls are not counted any more"]
    pub fn take(&self) -> u64 {
        self.take_given().unwrap_or(0)
    }

    /// How many calls no run was given yet, at this moment. While others call or run, it is about that
    /// many: there are several numbers, and they are read one after the other.
    #[must_use]
    pub fn outstanding(&self) -> u64 {
        self.shared.payload.outstanding()
    }
}

impl WeakThrottled<Count> {
    /// As [`Throttled::trigger`], also after the last handle was dropped while the thread goes on. It does not
    /// make this a handle, so it never is the last one.
    ///
    /// # Errors
    ///
    /// [`Ended`]: no run is promised.
    pub fn trigger(&self) -> Result<(), Ended> {
        let shared = self.shared().ok_or(Ended::ShutDown)?;
        match shared.count_paced() {
            Some(_) => Ok(()),
            None => shared.request().map(drop),
        }
    }
}
