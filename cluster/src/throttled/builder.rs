//! [`ClusterThrottledBuilder`]: a throttle with choices.

use super::keeper::Keeper;
use super::progress::Progress;
use super::run::Run;
use super::shared::Shared;
use super::trouble::Trouble;
use super::worker::{OnError, OnPanic, Worker};
use super::{ClusterThrottled, SpawnError};
use crate::course::{Course, Pace};
use crate::drivers::Opened;
use crate::register::{Mark, Register, Terms};
use crate::sync::{self, ThreadBuilder};
use atomic_throttle::lease::{Lease, Policy};
use atomic_throttle::{OnDrop, Panic, Threshold};
use core::fmt;
use core::time::Duration;
use std::io;
use std::sync::Arc;

/// A throttle at a register of your choice; see [`ClusterThrottled::builder`].
///
/// ```
/// use atomic_throttle_cluster::{ClusterThrottled, Drivers};
/// use std::time::Duration;
///
/// let reload = ClusterThrottled::builder(Duration::from_secs(2))
///     .at(Drivers::standard().open("memory:?lease=30s")?)
///     .tag("reload")
///     .on_error(|trouble| eprintln!("{trouble}"))
///     .spawn(|run| println!("reloads, as number {}", run.token()))?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use = "a builder does nothing until `spawn`"]
pub struct ClusterThrottledBuilder {
    threshold: Threshold,
    lease: Duration,
    register: Option<Arc<dyn Register>>,
    tag: String,
    idle_look: Option<Duration>,
    name: String,
    drop_limit: Option<Duration>,
    on_drop: OnDrop,
    on_error: Option<OnError>,
    on_panic: Option<OnPanic>,
}

const SHORTEST_IDLE_LOOK: Duration = Duration::from_millis(10);

impl ClusterThrottledBuilder {
    pub(super) fn new(threshold: impl Into<Threshold>) -> Self {
        Self {
            threshold: threshold.into(),
            lease: Duration::from_secs(30),
            register: None,
            tag: String::new(),
            idle_look: Some(Duration::from_secs(30)),
            name: String::from("cluster-throttled"),
            drop_limit: None,
            on_drop: OnDrop::Wait,
            on_error: None,
            on_panic: None,
        }
    }

    /// The register of the throttle.
    pub fn register(mut self, register: Arc<dyn Register>) -> Self {
        self.register = Some(register);
        self
    }

    /// The register of the throttle, and its lease if the location gives one. If [`lease`](Self::lease) is
    /// called as well, the later call counts.
    pub fn at(mut self, opened: Opened) -> Self {
        self.register = Some(opened.register);
        self.lease = opened.lease.unwrap_or(self.lease);
        self
    }

    /// How long a run in progress keeps other runs out. Default: 30 s. It must be the same in all processes:
    /// [`Status::disagreement`](super::Status::disagreement) shows when it is not.
    ///
    /// Choose it longer than the longest run: a run that takes longer may be superseded by another one, and
    /// then it covers no calls. A shorter lease has an advantage too: the calls of a process that dies in a
    /// run wait less for another run.
    ///
    /// If runs take longer than the lease as a rule, the processes supersede each other for ever, those without
    /// calls too, and no call is covered: [`Status::superseded`](super::Status::superseded) counts this.
    /// If a run may hang, give it a time limit inside the function.
    pub fn lease(mut self, lease: Duration) -> Self {
        self.lease = lease;
        self
    }

    /// A tag of the function: the same text in all processes that run the same function, for example
    /// `"reload nginx"`. Default: none.
    ///
    /// Two functions at one register take each other's turns: where both have a tag,
    /// [`Status::disagreement`](super::Status::disagreement) shows it. The register keeps a hash of the tag.
    pub fn tag(mut self, tag: impl Into<String>) -> Self {
        self.tag = tag.into();
        self
    }

    /// How often a process looks at the register while nothing is owed here, as a mean. Default: every 30 s,
    /// that is 2 commands a minute and process. At least 10 ms. `None`: never.
    ///
    /// The thread also looks once when it starts. By these looks the calls of processes that have died are
    /// found, even if no living process makes calls of its own (C6). Each time is random, between half the
    /// mean and one and a half.
    pub fn idle_look(mut self, mean: impl Into<Option<Duration>>) -> Self {
        // Random times around the mean must be durations, too.
        self.idle_look = mean.into().map(|mean| mean.min(Duration::from_secs(u32::MAX.into())));
        self
    }

    /// The name of the thread. Default: "cluster-throttled".
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// How long the thread goes on after the drop of the last handle, to cover the calls that were made here.
    /// Default: the threshold and 10 s. After that, no run of this process will cover them; those that have
    /// reached the register are covered by other processes.
    pub fn drop_limit(mut self, limit: Duration) -> Self {
        self.drop_limit = Some(limit);
        self
    }

    /// How long the drop of the last handle waits for the thread, which goes on within its
    /// [limit](Self::drop_limit) in any case. Default: [`OnDrop::Wait`], as long as the thread may go on.
    ///
    /// No drop waits for a register that does not answer: then it returns when the operation in progress has
    /// failed, at the latest after the [time](Register::answers_within) that one operation takes. To wait for
    /// such a register, call [`shutdown`](ClusterThrottled::shutdown) before the drop.
    ///
    /// In an async task choose [`OnDrop::Detach`], and wait by a shutdown on a thread that may block.
    pub fn on_drop(mut self, on_drop: OnDrop) -> Self {
        self.on_drop = on_drop;
        self
    }

    /// Called on the thread for each [`Trouble`] that a person should know of: once when the register stops
    /// doing what it is asked to do, once when that is over, and once when a process with other terms is
    /// noticed. (An error of [`Run::is_current`] is only returned to its caller.) The thread does nothing at
    /// the register until the hook returns. If the hook itself panics, that panic is discarded.
    pub fn on_error(mut self, hook: impl FnMut(&Trouble) + Send + 'static) -> Self {
        self.on_error = Some(Box::new(hook));
        self
    }

    /// Called on the thread after each panic of the function.
    pub fn on_panic(mut self, hook: impl FnMut(&Panic<'_>) + Send + 'static) -> Self {
        self.on_panic = Some(Box::new(hook));
        self
    }

    /// Starts the thread. It looks at the register once, and then when there are calls, or
    /// [now and then](Self::idle_look). It does not wait for that: while the register does not answer, calls
    /// are taken all the same.
    ///
    /// # Errors
    ///
    /// [`SpawnError`] if the lease is out of range; if the threshold or the lease is longer than the register
    /// remembers; if the lease is not longer than an operation of the register may take; if no register was chosen; or if
    /// the system cannot start a thread.
    ///
    /// # Panics
    ///
    /// If the system has no random numbers; see [`Mark::random`].
    pub fn spawn(self, f: impl FnMut(&Run<'_>) + Send + 'static) -> Result<ClusterThrottled, SpawnError> {
        let lease = Lease::try_from(self.lease).map_err(SpawnError::Lease)?;
        if self.name.contains('\0') {
            let what = format!("the thread name {:?} contains a zero byte: remove it", self.name);
            return Err(SpawnError::Thread(io::Error::new(io::ErrorKind::InvalidInput, what)));
        }
        if let Some(asked) = self.idle_look.filter(|mean| *mean < SHORTEST_IDLE_LOOK) {
            return Err(SpawnError::IdleLook { asked });
        }
        let register = self.register.ok_or(SpawnError::NoRegister)?;
        let lease_time = lease.as_duration();
        // A register that does not wait still takes some time.
        let answers_within = register.answers_within().unwrap_or(Duration::from_millis(1));
        if answers_within >= lease_time {
            return Err(SpawnError::Slow { answers_within, lease: lease_time });
        }
        if let Some(retention) = register.forgets_after() {
            if retention <= self.threshold.as_duration().max(lease_time) {
                return Err(SpawnError::Forgets { retention });
            }
        }
        let shared = Arc::new(Shared::new(register));
        let policy = Policy::new(self.threshold).with_lease(lease);
        let mark = Mark::random().with_terms(Terms::new(policy).with_tag(&self.tag));
        let worker = Worker {
            shared: Arc::clone(&shared),
            course: Course::new(policy, mark, sync::now()),
            pace: Pace::new(self.threshold),
            f,
            on_error: self.on_error,
            on_panic: self.on_panic,
            idle_look: self.idle_look,
            state: Progress::new(self.idle_look),
        };
        let thread =
            ThreadBuilder::new().name(self.name).spawn(move || worker.work()).map_err(SpawnError::Thread)?;
        shared.set_thread(thread.thread().clone());
        let drop_limit =
            self.drop_limit.unwrap_or_else(|| self.threshold.as_duration() + Duration::from_secs(10));
        let keeper = Arc::new(Keeper::new(Arc::clone(&shared), drop_limit, self.on_drop));
        Ok(ClusterThrottled { shared, keeper })
    }
}

impl fmt::Debug for ClusterThrottledBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClusterThrottledBuilder")
            .field("threshold", &self.threshold)
            .field("lease", &self.lease)
            .field("register", &self.register)
            .finish_non_exhaustive()
    }
}
