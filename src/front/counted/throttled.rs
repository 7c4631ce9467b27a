//! [`CountedThrottled`]: a [`Throttled`] whose runs receive the number of calls that they stand for.

use crate::front::counted::Calls;
use crate::front::owner::Ended;
use crate::front::throttled::{Builder, Throttled, Triggered};
use core::time::Duration;
use std::io;
use std::sync::Arc;

/// Runs one function on a thread of its own, at most once per threshold. Each run receives the number of calls
/// that it stands for.
///
/// ```
/// use atomic_throttle::CountedThrottled;
/// use std::time::Duration;
///
/// let failed = CountedThrottled::spawn(Duration::from_millis(10), |calls| println!("failed, {calls} times"));
/// for _ in 0..1000 {
///     failed.trigger().unwrap();
/// }
/// // Nobody has to call once more for the last ones to be reported.
/// failed.throttled().wait().unwrap();
/// assert_eq!(failed.outstanding(), 0);
/// ```
///
/// The drop of the last handle waits, and can hang, as that of a [`Throttled`]. If that may happen in an async task,
/// start it by [`Builder::spawn_counted`] with [`OnDrop::Detach`](crate::OnDrop::Detach).
///
/// As for a [`Throttled`](Throttled#signal-handlers-and-forked-children): call nothing of it in a signal handler,
/// and start it after a fork.
///
/// # Guarantees
///
/// Those of [`Throttled`] by numbers, and those of [`Calls`]: exact in total. Calls that were cancelled,
/// refused or left owed stay counted until the next run, or until somebody [takes](Self::take) them.
///
/// # Cost
///
/// That of [`Throttled`], and an increment of a shared number for each call.
#[derive(Clone, Debug)]
pub struct CountedThrottled {
    throttled: Throttled,
    calls: Arc<Calls>,
}

impl CountedThrottled {
    /// As [`Throttled::spawn`]; `f` receives the number of calls since the run before.
    ///
    /// # Panics
    ///
    /// If the system cannot start a thread; [`Builder::spawn_counted`] returns an error instead.
    #[must_use = "dropping the last handle ends the thread"]
    pub fn spawn(threshold: Duration, f: impl FnMut(u64) + Send + 'static) -> Self {
        Throttled::builder(threshold).spawn_counted(f).expect("the system can start a thread")
    }

    /// As [`Throttled::trigger`].
    ///
    /// # Errors
    ///
    /// [`Ended`]: no run is promised, and the call stays counted.
    #[inline]
    pub fn trigger(&self) -> Result<Triggered<'_>, Ended> {
        self.calls.count();
        self.throttled.trigger()
    }

    /// The throttle itself, for every other operation. Calls that are made on it are not counted.
    #[must_use]
    pub fn throttled(&self) -> &Throttled {
        &self.throttled
    }

    /// How many calls no run has received yet, at this moment.
    #[must_use]
    pub fn outstanding(&self) -> u64 {
        self.calls.outstanding()
    }

    /// Takes the calls that no run has received, and returns their number: for the time after the end, where the
    /// last calls were refused, cancelled or left owed.
    #[must_use = "these calls are not counted any more"]
    pub fn take(&self) -> u64 {
        self.calls.take()
    }
}

impl Builder {
    /// Starts a thread whose function is given the number of calls since the run before.
    ///
    /// # Errors
    ///
    /// As [`spawn`](Self::spawn).
    pub fn spawn_counted(self, mut f: impl FnMut(u64) + Send + 'static) -> io::Result<CountedThrottled> {
        let calls = Arc::new(Calls::new());
        let counted = Arc::clone(&calls);
        let throttled = self.spawn(move || f(counted.take()))?;
        Ok(CountedThrottled { throttled, calls })
    }
}
