//! What a run that fails is: [`Failure`], and what a function may return: [`RunResult`]. [`Retry`] says when to try again.

mod result;
mod retry;
#[cfg(feature = "async")]
mod task;

pub use self::result::RunResult;
#[cfg(feature = "async")]
pub(crate) use self::result::into_result;
pub use self::retry::Retry;
#[cfg(feature = "async")]
pub(crate) use self::task::caught_in_task;

use crate::front::owner::message;
use crate::state::Epoch;
use core::any::Any;
use core::error::Error;
use core::fmt;
use std::borrow::ToOwned;
use std::boxed::Box;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::string::String;

/// Any error, as a run returns it.
pub(crate) type AnyError = Box<dyn Error + Send + Sync>;

/// How the function of a run ended other than well.
pub(crate) enum Thrown {
    Error(AnyError),
    Panic(Box<dyn Any + Send>),
}

/// Calls what the user wrote, and returns what it threw.
pub(crate) fn caught(f: impl FnOnce() -> Result<(), AnyError>) -> Result<(), Thrown> {
    // A panic may leave the state of the function broken. That is up to the function: it is called again.
    match catch_unwind(AssertUnwindSafe(f)) {
        Ok(result) => result.map_err(Thrown::Error),
        Err(payload) => Err(Thrown::Panic(payload)),
    }
}

/// A run that failed: its function returned an error, or panicked.
///
/// ```
/// use atomic_throttle::Throttled;
/// use std::time::Duration;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let save = Throttled::builder(Duration::from_millis(1))
///     .on_error(|failure| eprintln!("failure {}: {failure}", failure.attempt()))
///     .spawn(|| Err("the disk is full"))?;
/// assert!(save.trigger()?.wait().is_err());
/// # Ok(())
/// # }
/// ```
///
/// A wait for the run returns it ([`WaitError::Failed`](crate::WaitError::Failed)).
/// [`ThrottledBuilder::on_error`](crate::ThrottledBuilder::on_error) and the policy of [`Retry::by`] receive it.
pub struct Failure {
    epoch: Epoch,
    attempt: u32,
    cause: Cause,
}

enum Cause {
    Error(AnyError),
    Panic(String),
}

impl Cause {
    fn panic(payload: &(dyn Any + Send)) -> Self {
        Self::Panic(message(payload).to_owned())
    }
}

impl Failure {
    /// `thrown` itself is kept if it is an error; of a panic its message is.
    pub(crate) fn new(epoch: Epoch, attempt: u32, thrown: Thrown) -> (Self, Option<Box<dyn Any + Send>>) {
        let (cause, panic) = match thrown {
            Thrown::Error(error) => (Cause::Error(error), None),
            Thrown::Panic(payload) => (Cause::panic(&*payload), Some(payload)),
        };
        (Self { epoch, attempt, cause }, panic)
    }

    /// A panic of a function that is not tried again.
    #[cfg(feature = "async")]
    pub(crate) fn of_panic(epoch: Epoch, payload: &(dyn Any + Send)) -> Self {
        Self { epoch, attempt: 1, cause: Cause::panic(payload) }
    }

    /// The epoch of the run that failed.
    #[must_use]
    pub fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// Which failure in a row it is, from 1. A run that succeeds, a cancel, and a failure that is not tried again start a
    /// new row.
    #[must_use]
    pub fn attempt(&self) -> u32 {
        self.attempt
    }

    /// Whether the function panicked.
    #[must_use]
    pub fn is_panic(&self) -> bool {
        matches!(self.cause, Cause::Panic(_))
    }

    /// The error that the function returned, if it is an `E`. `None` for a panic.
    #[must_use]
    pub fn downcast_ref<E: Error + 'static>(&self) -> Option<&E> {
        match &self.cause {
            Cause::Error(error) => error.downcast_ref(),
            Cause::Panic(_) => None,
        }
    }
}

impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Failure");
        shown.field("epoch", &self.epoch).field("attempt", &self.attempt);
        match &self.cause {
            Cause::Error(error) => shown.field("error", error),
            Cause::Panic(message) => shown.field("panic", message),
        };
        shown.finish()
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.cause {
            Cause::Error(error) => error.fmt(f),
            Cause::Panic(message) => write!(f, "the function panicked: {message}"),
        }
    }
}

impl Error for Failure {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.cause {
            // The error itself is what this displays.
            Cause::Error(error) => error.source(),
            Cause::Panic(_) => None,
        }
    }
}
