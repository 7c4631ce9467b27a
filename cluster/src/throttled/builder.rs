//! [`Builder`]: a throttle with choices.

use super::run::Run;
use super::shared::{Keeper, Shared};
use super::worker::{OnError, OnPanic, Worker};
use super::{ClusterThrottled, SpawnError};
use crate::course::{Course, Pace};
use crate::drivers::Opened;
use crate::register::{Mark, Memory, Register, RegisterError};
use crate::sync::{self, ThreadBuilder};
use atomic_throttle::lease::{Lease, Policy};
use atomic_throttle::{Epoch, Threshold};
use core::any::Any;
use core::fmt;
use core::time::Duration;
use std::io;
use std::sync::Arc;

/// A throttle at a register of your choice; see [`ClusterThrottled::builder`].
#[must_use = "a builder does nothing until `spawn`"]
pub struct Builder {
    threshold: Duration,
    lease: Duration,
    register: Option<Arc<dyn Register>>,
    name: String,
    drop_limit: Option<Duration>,
    on_error: Option<OnError>,
    on_panic: Option<OnPanic>,
}

impl Builder {
    pub(super) fn new(threshold: Duration) -> Self {
        Self {
            threshold,
            lease: Duration::from_secs(30),
            register: None,
            name: String::from("cluster-throttled"),
            drop_limit: None,
            on_error: None,
            on_panic: None,
        }
    }

    /// Where the throttle lies. [In memory](Memory) if nothing is said.
    pub fn register(mut self, register: Arc<dyn Register>) -> Self {
        self.register = Some(register);
        self
    }

    /// Where the throttle lies, with the lease if the location said one. Of this and [`lease`](Self::lease) the later
    /// one counts.
    pub fn at(mut self, opened: Opened) -> Self {
        self.register = Some(opened.register);
        self.lease = opened.lease.unwrap_or(self.lease);
        self
    }

    /// For how long a run in progress keeps others out, 30 s if nothing is said. Longer than the longest run: one
    /// that takes longer may be superseded by another one, and then covers nobody. Shorter, and the calls of a
    /// process that dies in a run wait less for another one. The same in all processes.
    ///
    /// Where runs take longer as a rule, and several processes have calls, they supersede each other for ever, and
    /// nobody is covered: [`Status::superseded`](super::Status::superseded) counts. A run that may hang is given a limit of its own.
    pub fn lease(mut self, lease: Duration) -> Self {
        self.lease = lease;
        self
    }

    /// The name of the thread.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// How long the drop of the last handle waits until all calls are covered, 10 s longer than the threshold if
    /// nothing is said. What is not covered then is owed by nobody in this process.
    pub fn drop_limit(mut self, limit: Duration) -> Self {
        self.drop_limit = Some(limit);
        self
    }

    /// Is told, on the thread, each time the register does not answer the thread; [`Run::is_current`] tells by
    /// itself. Nothing is done at the register while it waits. If it panics, that ends there.
    pub fn on_error(mut self, hook: impl FnMut(&RegisterError) + Send + 'static) -> Self {
        self.on_error = Some(Box::new(hook));
        self
    }

    /// Is told, on the thread, of each panic of the function, with what it carried.
    pub fn on_panic(mut self, hook: impl FnMut(Epoch, &(dyn Any + Send)) + Send + 'static) -> Self {
        self.on_panic = Some(Box::new(hook));
        self
    }

    /// Starts the thread. It asks nothing of the register until the first call.
    ///
    /// # Errors
    ///
    /// [`SpawnError`] if the threshold or the lease is out of range or longer than the register remembers, or the
    /// system cannot start a thread.
    ///
    /// # Panics
    ///
    /// If the system has no random numbers, as [`Mark::random`].
    pub fn spawn(self, f: impl FnMut(&Run<'_>) + Send + 'static) -> Result<ClusterThrottled, SpawnError> {
        let threshold = Threshold::try_from(self.threshold).map_err(SpawnError::Threshold)?;
        let lease = Lease::try_from(self.lease).map_err(SpawnError::Lease)?;
        if self.name.contains('\0') {
            let what = format!("the thread name {:?} contains a zero byte: leave it out", self.name);
            return Err(SpawnError::Thread(io::Error::new(io::ErrorKind::InvalidInput, what)));
        }
        let register = self.register.unwrap_or_else(|| Arc::new(Memory::new()));
        if let Some(retention) = register.forgets_after() {
            if retention <= threshold.as_duration().max(lease.as_duration()) {
                return Err(SpawnError::Forgets { retention });
            }
        }
        let shared = Arc::new(Shared::new(register));
        let worker = Worker {
            shared: Arc::clone(&shared),
            course: Course::new(Policy::new(threshold).with_lease(lease), Mark::random(), sync::now()),
            pace: Pace::new(threshold),
            f,
            on_error: self.on_error,
            on_panic: self.on_panic,
            taken: None,
            retry: None,
        };
        let thread =
            ThreadBuilder::new().name(self.name).spawn(move || worker.work()).map_err(SpawnError::Thread)?;
        shared.set_thread(thread.thread().clone());
        let drop_limit =
            self.drop_limit.unwrap_or_else(|| self.threshold.saturating_add(Duration::from_secs(10)));
        let keeper = Arc::new(Keeper::new(Arc::clone(&shared), drop_limit));
        Ok(ClusterThrottled { shared, keeper })
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("threshold", &self.threshold)
            .field("lease", &self.lease)
            .field("register", &self.register)
            .finish_non_exhaustive()
    }
}
