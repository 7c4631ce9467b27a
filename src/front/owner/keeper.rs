//! [`Keeper`]: ends a thread of a front end when its last handle is dropped.

use crate::clock::Clock;
use crate::front::owner::on_drop::OnDrop;
use crate::front::owner::{AnyClock, Pending, Shutdown, discard};
use crate::front::wait::WaitError;
use crate::sync::{AtomicU32, JoinHandle, Mutex, Ordering, ThreadBuilder, lock, wake_on_time};
use crate::time::Timestamp;
use core::mem;
use core::time::Duration;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::string::String;
use std::sync::Arc;
use std::{format, io};

/// What can be asked to end.
pub(crate) trait Ending {
    /// Asks for the end.
    fn end(&self, pending: Pending);

    /// Waits until the thread has ended, at most until the clock reads `limit`.
    fn wait_for_end(&self, limit: Option<Timestamp>) -> Result<Shutdown, WaitError>;

    /// Whether this is the thread itself.
    fn is_worker(&self) -> bool;

    /// Whether this is a forked child, which does not have the thread. A thread that it does not have may hold
    /// any lock.
    fn is_forked(&self) -> bool;

    /// The clock that limits are on.
    fn clock(&self) -> &AnyClock;
}

/// What the drop of the last handle does.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct DropPolicy {
    pub(crate) pending: Pending,
    pub(crate) on_drop: OnDrop,
}

pub(crate) struct Keeper<S: Ending> {
    shared: Arc<S>,
    thread: Mutex<Option<JoinHandle<()>>>,
    policy: DropPolicy,
    /// 1 after a wait for the end has passed its limit: that caller has stopped waiting for the thread.
    stopped_waiting: AtomicU32,
}

impl<S: Ending> Keeper<S> {
    /// Without a thread, where a task or the user does its work, the drop waits for nobody.
    pub(crate) fn new(shared: Arc<S>, thread: Option<JoinHandle<()>>, policy: DropPolicy) -> Self {
        Self { shared, thread: Mutex::new(thread), policy, stopped_waiting: AtomicU32::new(0) }
    }

    pub(crate) fn end(&self, pending: Pending, limit: Option<Duration>) -> Result<Shutdown, WaitError> {
        if self.shared.is_forked() {
            return Err(WaitError::Forked);
        }
        self.shared.end(pending);
        self.wait(limit)
    }

    fn wait(&self, limit: Option<Duration>) -> Result<Shutdown, WaitError> {
        let Some(limit) = limit else {
            let shutdown = self.shared.wait_for_end(None)?;
            // The worker itself gets here in a hook, and must not wait for itself.
            if !self.shared.is_worker() {
                self.join();
            }
            return Ok(shutdown);
        };
        // There is no join, because what the thread does after announcing its end obeys no limit.
        let limit = self.shared.clock().now().saturating_add(limit);
        let waited = self.shared.wait_for_end(Some(limit));
        if waited == Err(WaitError::TimedOut) {
            // ORDERING: Relaxed. Only the drop reads it, and that comes after every use of a handle.
            self.stopped_waiting.store(1, Ordering::Relaxed);
        }
        waited
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

impl<S: Ending> Drop for Keeper<S> {
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
