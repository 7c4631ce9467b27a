//! [`Keeper`]: ends a thread of a front end when its last handle is dropped.

use crate::clock::Clock;
use crate::front::owner::on_drop::OnDrop;
use crate::front::owner::{AnyClock, Pending, Shutdown, discard};
use crate::front::wait::{WaitError, Waiting};
use crate::sync::{AtomicU32, JoinHandle, Mutex, Ordering, ThreadBuilder, lock, wake_on_time};
use crate::time::Timestamp;
use core::pin::Pin;
use core::time::Duration;
use core::{fmt, mem};
use std::boxed::Box;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::string::String;
use std::sync::Arc;
use std::{format, io};

/// What can be asked to end.
pub(crate) trait Ends {
    /// Asks for the end.
    fn end(&self, pending: Pending);

    /// How it has ended, if it has.
    fn ended(&self) -> Option<Shutdown>;

    /// Whether this thread performs the runs, or polls their function at the moment.
    fn is_worker(&self) -> bool;

    /// Whether this is a forked child, which does not have the thread. A thread that it does not have may hold
    /// any lock.
    fn is_forked(&self) -> bool;

    fn waiting(&self) -> Waiting<'_, AnyClock>;
}

/// What the drop of the last handle does.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct DropPolicy {
    pub(crate) pending: Pending,
    pub(crate) on_drop: OnDrop,
}

pub(crate) struct Keeper<S: Ends> {
    shared: Arc<S>,
    thread: Mutex<Option<JoinHandle<()>>>,
    policy: DropPolicy,
    /// 1 after a wait for the end has passed its limit: that caller has stopped waiting for the thread.
    stopped_waiting: AtomicU32,
}

impl<S: Ends> Keeper<S> {
    /// Without a thread, where a task or the user does its work, the drop waits for nobody.
    pub(crate) fn new(shared: Arc<S>, thread: Option<JoinHandle<()>>, policy: DropPolicy) -> Self {
        Self { shared, thread: Mutex::new(thread), policy, stopped_waiting: AtomicU32::new(0) }
    }

    /// Asks for the end.
    pub(crate) fn end(&self, pending: Pending) {
        if !self.shared.is_forked() {
            self.shared.end(pending);
        }
    }

    fn wait(&self, limit: Option<Duration>) -> Result<Shutdown, WaitError> {
        if self.shared.is_forked() {
            return Err(WaitError::Forked);
        }
        let Some(limit) = limit else {
            let shutdown = self.wait_until(None)?;
            // The worker itself gets here in a hook, and must not wait for itself.
            if !self.shared.is_worker() {
                self.join();
            }
            return Ok(shutdown);
        };
        // There is no join, because what the thread does after announcing its end obeys no limit.
        let limit = self.shared.waiting().clock.now().saturating_add(limit);
        let waited = self.wait_until(Some(limit));
        if waited == Err(WaitError::TimedOut) {
            // ORDERING: Relaxed. Only the drop reads it, and that comes after every use of a handle.
            self.stopped_waiting.store(1, Ordering::Relaxed);
        }
        waited
    }

    fn wait_until(&self, limit: Option<Timestamp>) -> Result<Shutdown, WaitError> {
        if let Some(result) = self.look() {
            return result;
        }
        let waiting = self.shared.waiting();
        waiting.until(|| match self.shared.ended() {
            Some(shutdown) => Ok(Ok(shutdown)),
            None if limit.is_some_and(|limit| waiting.clock.now() >= limit) => Ok(Err(WaitError::TimedOut)),
            None => Err(limit),
        })
    }

    /// How a wait would end at once, if it would.
    fn look(&self) -> Option<Result<Shutdown, WaitError>> {
        match self.shared.ended() {
            Some(shutdown) => Some(Ok(shutdown)),
            None if self.shared.is_worker() => Some(Err(WaitError::InsideRun)),
            None => None,
        }
    }

    fn join(&self) {
        // Hold the lock while joining, so that every caller that asked for the end returns after it.
        let mut thread = lock(&self.thread);
        if let Some(thread) = thread.take() {
            // The thread catches every panic itself.
            let _ = thread.join();
        }
    }

    /// Who has stopped waiting for the thread does not begin again.
    fn on_drop(&self) -> OnDrop {
        // ORDERING: Relaxed; see `wait`.
        let has_stopped_waiting = self.stopped_waiting.load(Ordering::Relaxed) != 0;
        match self.policy.on_drop {
            OnDrop::Wait if has_stopped_waiting => OnDrop::Detach,
            on_drop => on_drop,
        }
    }
}

impl<S: Ends> Drop for Keeper<S> {
    fn drop(&mut self) {
        if self.shared.is_forked() {
            // To detach a thread that is not there could detach another one, which has its place.
            mem::forget(self.thread.get_mut().map(Option::take));
            return;
        }
        self.shared.end(self.policy.pending);
        if matches!(self.thread.get_mut(), Ok(None)) {
            return;
        }
        let limit = match self.on_drop() {
            OnDrop::Wait => None,
            OnDrop::WaitFor(limit) => Some(limit),
            OnDrop::Detach => return,
        };
        // A clock that panics ends the wait. While this thread unwinds, its panic would abort the process.
        if let Err(payload) = catch_unwind(AssertUnwindSafe(|| self.wait(limit))) {
            discard(payload);
        }
    }
}

/// A throttle that was asked to end: waits for that, in a thread or in a task.
///
/// ```
/// use atomic_throttle::{Pending, Shutdown, Throttled};
/// use std::time::Duration;
///
/// let save = Throttled::spawn(Duration::from_secs(1), || println!("saved"));
/// let end = save.shutdown(Pending::Finish); // It returns at once; later calls are refused.
/// assert_eq!(end.wait(), Ok(Shutdown::Idle)); // In a task: `end.await`.
/// ```
///
/// Dropping it changes nothing: the throttle goes on ending.
#[must_use = "the throttle was asked to end, and this waits for it: `wait()` or `.await`"]
#[derive(Clone, Copy)]
pub struct Ending<'t> {
    keeper: &'t dyn WaitsForEnd,
}

/// A keeper, whatever it keeps.
trait WaitsForEnd: Send + Sync {
    fn wait(&self, limit: Option<Duration>) -> Result<Shutdown, WaitError>;
    fn wait_in_task(&self) -> EndFuture<'_>;
}

type EndFuture<'k> = Pin<Box<dyn Future<Output = Result<Shutdown, WaitError>> + Send + 'k>>;

impl<S: Ends + Send + Sync> WaitsForEnd for Keeper<S> {
    fn wait(&self, limit: Option<Duration>) -> Result<Shutdown, WaitError> {
        Self::wait(self, limit)
    }

    fn wait_in_task(&self) -> EndFuture<'_> {
        Box::pin(async {
            if self.shared.is_forked() {
                return Err(WaitError::Forked);
            }
            self.shared.waiting().notified_until(|| self.look()).await
        })
    }
}

impl<'t> Ending<'t> {
    pub(crate) fn new<S: Ends + Send + Sync>(keeper: &'t Keeper<S>) -> Self {
        Self { keeper }
    }

    /// Waits until the throttle has ended, and joins its thread. Returns how it ended.
    ///
    /// # Errors
    ///
    /// [`WaitError::InsideRun`] if called from inside the run: it ends after that. [`WaitError::Forked`] in a forked
    /// child.
    pub fn wait(&self) -> Result<Shutdown, WaitError> {
        self.keeper.wait(None)
    }

    /// As [`wait`](Self::wait), at most for `limit` on the throttle's clock; and it does not join the thread.
    ///
    /// # Errors
    ///
    /// [`WaitError::TimedOut`] when the limit has passed: it goes on ending. Ask again, perhaps to discard.
    /// From then on the drop of the last handle does not wait without a limit either.
    pub fn wait_for(&self, limit: Duration) -> Result<Shutdown, WaitError> {
        self.keeper.wait(Some(limit))
    }
}

/// Waits in a task, without joining a thread. For a limit use the runtime's own timeout.
///
/// Cancel safety: dropping the future changes nothing.
impl<'t> IntoFuture for Ending<'t> {
    type Output = Result<Shutdown, WaitError>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send + 't>>;

    fn into_future(self) -> Self::IntoFuture {
        self.keeper.wait_in_task()
    }
}

impl fmt::Debug for Ending<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ending")
    }
}

/// Starts a thread of a front end.
pub(crate) fn start(name: String, work: impl FnOnce() + Send + 'static) -> io::Result<JoinHandle<()>> {
    if name.contains('\0') {
        let what = format!("the thread name {name:?} contains a zero byte: leave it out");
        return Err(io::Error::new(io::ErrorKind::InvalidInput, what));
    }
    ThreadBuilder::new().name(name).spawn(|| {
        wake_on_time();
        work();
    })
}
