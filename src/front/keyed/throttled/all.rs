//! [`AllKeys`]: waits for all that was called for before, of all keys.

use super::control::Ledger;
use super::shared::Shared;
use crate::clock::Clock;
use crate::front::owner::{AnyClock, discard_panics};
use crate::front::payload::Payload;
use crate::front::wait::{WaitError, Waiting};
use crate::sync::lock;
use core::fmt;
use core::pin::Pin;
use core::time::Duration;
use std::boxed::Box;

/// All calls on all keys until it was made: waits for the runs that cover them, in a thread or in a task.
///
/// ```
/// use atomic_throttle::KeyedThrottled;
/// use std::time::Duration;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let save = KeyedThrottled::spawn(Duration::from_millis(1), |file: &String| println!("{file} is saved"));
/// save.trigger("a.txt")?;
/// save.trigger("b.txt")?;
/// save.all().wait()?; // In a task: `save.all().await?`.
/// # Ok(())
/// # }
/// ```
///
/// Where runs have failed or were cancelled, the wait returns the first of these errors, when the others are over.
#[must_use = "it waits for nothing by itself: `wait()` or `.await`"]
pub struct AllKeys<'t> {
    throttle: &'t dyn HasLedger,
    /// The number of the wait, or how it ends at once.
    wait: Result<u64, Result<(), WaitError>>,
}

/// What has the promises of all keys.
pub(super) trait HasLedger: Send + Sync {
    /// Begins a wait, and names it. `Err`: it is over.
    fn begin_wait(&self) -> Result<u64, Result<(), WaitError>>;
    fn look(&self, wait: u64) -> Option<Result<(), WaitError>>;
    fn end_wait(&self, wait: u64);
    fn waiting(&self) -> Waiting<'_, AnyClock>;
    fn is_runner(&self) -> bool;
    fn is_forked(&self) -> bool;
}

impl<K: Send + Sync, P: Payload, S: Send + Sync> HasLedger for Shared<K, P, S> {
    fn begin_wait(&self) -> Result<u64, Result<(), WaitError>> {
        if self.is_forked() {
            return Err(Err(WaitError::Forked));
        }
        let Ledger { control, .. } = &self.ledger;
        let mut control = lock(control);
        if control.owed > 0 {
            return Err(Err(WaitError::Owed));
        }
        if control.promises.are_redeemed() {
            return Err(Ok(()));
        }
        Ok(control.promises.begin_wait())
    }

    fn look(&self, wait: u64) -> Option<Result<(), WaitError>> {
        lock(&self.ledger.control).promises.look(wait)
    }

    fn end_wait(&self, wait: u64) {
        let failed = lock(&self.ledger.control).promises.end_wait(wait);
        discard_panics(|| drop(failed));
    }

    fn waiting(&self) -> Waiting<'_, AnyClock> {
        self.waiting()
    }

    fn is_runner(&self) -> bool {
        self.is_runner()
    }

    fn is_forked(&self) -> bool {
        self.is_forked()
    }
}

impl<'t> AllKeys<'t> {
    pub(super) fn new(throttle: &'t dyn HasLedger) -> Self {
        Self { throttle, wait: throttle.begin_wait() }
    }

    /// Waits until all of these runs are over.
    ///
    /// # Errors
    ///
    /// [`WaitError`], of the first of these runs that failed or was cancelled, when the others have been run;
    /// [`Owed`](WaitError::Owed) if a key was owed a run; [`InsideRun`](WaitError::InsideRun) inside a run. Never `TimedOut`.
    pub fn wait(&self) -> Result<(), WaitError> {
        self.wait_until(None)
    }

    /// As [`wait`](Self::wait), at most for `limit` on the throttle's clock. May be called again.
    ///
    /// # Errors
    ///
    /// [`WaitError`], with [`TimedOut`](WaitError::TimedOut) when the limit has passed.
    pub fn wait_for(&self, limit: Duration) -> Result<(), WaitError> {
        self.wait_until(Some(limit))
    }

    fn wait_until(&self, limit: Option<Duration>) -> Result<(), WaitError> {
        if let Some(result) = self.look() {
            return result;
        }
        let waiting = self.throttle.waiting();
        let limit = limit.map(|limit| waiting.clock.now().saturating_add(limit));
        // Not in the `match`: there the lock would be held while the clock is read.
        let look = || self.look();
        waiting.until(|| match look() {
            Some(result) => Ok(result),
            None if limit.is_some_and(|limit| waiting.clock.now() >= limit) => Ok(Err(WaitError::TimedOut)),
            None => Err(limit),
        })
    }

    fn look(&self) -> Option<Result<(), WaitError>> {
        let wait = match &self.wait {
            Ok(wait) => *wait,
            Err(told) => return Some(told.clone()),
        };
        if self.throttle.is_forked() {
            return Some(Err(WaitError::Forked));
        }
        let looked = self.throttle.look(wait);
        if looked.is_none() && self.throttle.is_runner() {
            return Some(Err(WaitError::InsideRun));
        }
        looked
    }
}

impl Drop for AllKeys<'_> {
    fn drop(&mut self) {
        if let (Ok(wait), false) = (&self.wait, self.throttle.is_forked()) {
            self.throttle.end_wait(*wait);
        }
    }
}

/// Waits in a task. For a limit use the runtime's own timeout.
///
/// Cancel safety: dropping the future changes nothing.
impl<'t> IntoFuture for AllKeys<'t> {
    type Output = Result<(), WaitError>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send + 't>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            if let Some(result) = self.look() {
                return result;
            }
            self.throttle.waiting().notified_until(|| self.look()).await
        })
    }
}

impl fmt::Debug for AllKeys<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AllKeys")
    }
}
