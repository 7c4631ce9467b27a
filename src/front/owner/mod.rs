//! What is common to the front ends that perform runs themselves, on a thread or in tasks.
//!
//! * [`Stage`], [`Pending`], [`Shutdown`], [`Ended`]: how far a thread has come on the way to its end
//! * [`Panic`]: a panic that was caught
//! * [`record`]: how runs ended, for those who wait for the one that covered their call
//! * [`frame`]: the gate, and who waits for its runs
//! * [`ticket`]: the handle of one call
//! * [`keeper`]: starts a thread, and ends it when its last handle is dropped
//! * [`on_drop`]: how long that drop waits

pub(crate) mod frame;
pub(crate) mod keeper;
pub(crate) mod on_drop;
pub(crate) mod record;
pub(crate) mod ticket;

use crate::clock::Clock;
use crate::state::Epoch;
use crate::sync::takes;
use core::any::Any;
use core::fmt;
use std::boxed::Box;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::string::String;
use std::sync::Arc;

/// A clock of any type: only the thread reads it often.
pub(crate) type AnyClock = Arc<dyn Clock + Send + Sync>;

/// What becomes of the pending run when the throttle ends.
///
/// ```
/// use atomic_throttle::{Pending, Shutdown, Throttled};
/// use std::time::Duration;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let hour = Duration::from_secs(3600);
/// let save = Throttled::builder(hour).delay(hour).spawn(|| println!("saved"))?;
/// save.trigger()?; // Pending for an hour,
/// assert_eq!(save.shutdown(Pending::Flush).wait()?, Shutdown::Ran); // but not at the end.
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Pending {
    /// It is performed when the window is over (G1 holds), and the end waits for it. The default.
    #[default]
    Finish,
    /// It is performed at once, like a flush: the exception from G1.
    Flush,
    /// It is cancelled.
    Discard,
}

/// How a throttle ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Shutdown {
    /// Nothing was pending.
    Idle,
    /// The pending run was performed first.
    Ran,
    /// The pending run was cancelled.
    Discarded,
    /// A panic ended it earlier: a panic of the clock, or one of the function where these are fatal. What was
    /// pending then is owed.
    Panicked,
    /// Its task was dropped, by a runtime that has shut down, or what drove it by hand was. What was pending then is owed.
    Dropped,
}

/// Why a call was not taken: no run is promised to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Ended {
    /// The throttle was shut down, or is about to end.
    ShutDown,
    /// A panic ended the throttle.
    Panicked,
    /// The task of the throttle was dropped, by a runtime that has shut down, or what drove it by hand was.
    Dropped,
    /// This process is a forked child. The throttle's thread is in the parent, where the throttle goes on: start
    /// another one here.
    Forked,
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ShutDown => "the throttle was shut down: start another one",
            Self::Panicked => "a panic ended the throttle: start another one",
            Self::Dropped => "what ran the throttle was dropped: start another one",
            Self::Forked => {
                "the throttle's thread is in the parent of this forked child: start another one here"
            }
        })
    }
}

impl core::error::Error for Ended {}

/// How far a background thread is through its life. It is read and changed under one lock, together with the
/// calls that depend on it, so that each call comes before the end or after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    Going,
    /// No further calls are taken.
    Ending(Pending),
    /// A panic ends it: it takes no further calls, and performs nothing more.
    Failing,
    /// What performs the runs is being dropped. No further calls are taken.
    #[cfg_attr(not(feature = "keyed"), allow(dead_code, reason = "elsewhere that is one step with the end"))]
    Leaving,
    Ended(Shutdown),
}

impl Stage {
    pub(crate) fn check(self) -> Result<(), Ended> {
        let answer = match self {
            Self::Going => Ok(()),
            Self::Failing | Self::Ended(Shutdown::Panicked) => Err(Ended::Panicked),
            Self::Leaving | Self::Ended(Shutdown::Dropped) => Err(Ended::Dropped),
            Self::Ending(_) | Self::Ended(_) => Err(Ended::ShutDown),
        };
        if takes(answer.is_ok(), self == Self::Failing) { Ok(()) } else { answer }
    }

    /// Asks for the end. Of two requests, the one that ends sooner counts.
    pub(crate) fn end(&mut self, pending: Pending) {
        match self {
            Self::Going => *self = Self::Ending(pending),
            Self::Ending(asked) => *asked = pending.max(*asked),
            Self::Failing | Self::Leaving | Self::Ended(_) => {}
        }
    }

    /// What becomes of the pending run, if the end was requested.
    pub(crate) fn asked(self) -> Option<Pending> {
        match self {
            Self::Ending(pending) => Some(pending),
            Self::Going | Self::Failing | Self::Leaving | Self::Ended(_) => None,
        }
    }

    pub(crate) fn ended(self) -> Option<Shutdown> {
        match self {
            Self::Ended(shutdown) => Some(shutdown),
            Self::Going | Self::Ending(_) | Self::Failing | Self::Leaving => None,
        }
    }
}

/// A panic that was caught in a run.
///
/// ```
/// use atomic_throttle::Throttled;
/// use std::time::Duration;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let save = Throttled::builder(Duration::from_millis(1))
///     .on_panic(|panic| eprintln!("not saved: {}", panic.message()))
///     .spawn(|| panic!("the disk is gone"))?;
/// assert!(save.trigger()?.wait().is_err());
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Panic<'p> {
    epoch: Epoch,
    payload: &'p (dyn Any + Send),
}

impl<'p> Panic<'p> {
    /// The message of the panic; `no message` if the payload is not a string.
    #[must_use]
    pub fn message(&self) -> &str {
        message(self.payload)
    }

    /// The epoch of the run that panicked.
    #[must_use]
    pub fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// The payload of the panic.
    #[must_use]
    pub fn payload(&self) -> &(dyn Any + Send) {
        self.payload
    }

    /// A panic of the run of this epoch: for a test of your hook, and for a front end of yours.
    #[must_use]
    pub fn new(epoch: Epoch, payload: &'p (dyn Any + Send)) -> Self {
        Self { epoch, payload }
    }
}

/// The message of a panic; `no message` if the payload is not a string.
pub(crate) fn message(payload: &(dyn Any + Send)) -> &str {
    let text = payload.downcast_ref::<&str>().copied();
    text.or_else(|| payload.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message")
}

/// The hook that is called after a panic.
pub(crate) type PanicHook = Box<dyn FnMut(&Panic<'_>) + Send>;

/// Drops the payload of a panic; that drop may panic itself.
pub(crate) fn discard(payload: Box<dyn Any + Send>) {
    if let Err(another) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
        core::mem::forget(another);
    }
}

/// What the user wrote may panic; what is done then does not depend on it.
pub(crate) fn discard_panics(f: impl FnOnce()) {
    if let Err(payload) = catch_unwind(AssertUnwindSafe(f)) {
        discard(payload);
    }
}
