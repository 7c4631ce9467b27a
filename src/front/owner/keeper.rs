//! [`Keeper`]: ends a thread of a front end when its last handle is dropped.

use crate::front::owner::{Pending, Shutdown};
use crate::front::wait::WaitError;
use crate::sync::{JoinHandle, Mutex, ThreadBuilder, lock, wake_on_time};
use crate::time::Timestamp;
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
}

pub(crate) struct Keeper<S: Ending> {
    shared: Arc<S>,
    thread: Mutex<Option<JoinHandle<()>>>,
    on_drop: Pending,
}

impl<S: Ending> Keeper<S> {
    pub(crate) fn new(shared: Arc<S>, thread: JoinHandle<()>, on_drop: Pending) -> Self {
        Self { shared, thread: Mutex::new(Some(thread)), on_drop }
    }

    pub(crate) fn end(&self, pending: Pending, limit: Option<Timestamp>) -> Result<Shutdown, WaitError> {
        self.shared.end(pending);
        let shutdown = self.shared.wait_for_end(limit)?;
        // The worker itself gets here in a hook, and must not wait for itself. With a limit there is no join,
        // because what the thread does after announcing its end obeys no limit.
        if limit.is_none() && !self.shared.is_worker() {
            self.join();
        }
        Ok(shutdown)
    }

    fn join(&self) {
        // Hold the lock while joining, so that every caller that asked for the end returns after it.
        let mut thread = lock(&self.thread);
        if let Some(thread) = thread.take() {
            // The thread catches every panic itself.
            let _ = thread.join();
        }
    }
}

impl<S: Ending> Drop for Keeper<S> {
    fn drop(&mut self) {
        let _ = self.end(self.on_drop, None);
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
