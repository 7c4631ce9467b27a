//! Why a throttle does not do what it was asked to do.

use crate::cause::behind;
use crate::register::RegisterError;
use atomic_throttle::lease::LeaseOutOfRange;
use core::error::Error;
use core::fmt;
use core::time::Duration;
use std::io;

/// The call was not taken, and no run is promised to it: the throttle was shut down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ended;

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the throttle was shut down: start another one")
    }
}

impl Error for Ended {}

/// Why a wait ended before the call was covered.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum WaitError {
    /// The limit has passed. The call stays owed: wait again, or go on.
    TimedOut {
        /// The latest error of the register, unless it has answered since.
        register: Option<RegisterError>,
    },
    /// The throttle was shut down before the call was covered.
    Ended,
    /// The wait was on the thread that performs the runs: inside a run, in a hook, or in the register.
    InsideRun,
}

impl fmt::Display for WaitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TimedOut { register } => {
                f.write_str(
                    "the limit has passed before a run that covers the call had finished; the call stays owed",
                )?;
                register.as_ref().map_or(Ok(()), |error| write!(f, ": {error}"))
            }
            Self::Ended => {
                f.write_str("the throttle was shut down before a run that covers the call had finished")
            }
            Self::InsideRun => {
                f.write_str("the thread that performs the runs cannot wait for one: wait on another thread")
            }
        }
    }
}

impl Error for WaitError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::TimedOut { register: Some(error) } => behind(error),
            Self::TimedOut { register: None } | Self::Ended | Self::InsideRun => None,
        }
    }
}

/// A throttle ended with calls that are not covered.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Left {
    /// The latest error of the register, unless it has answered since.
    pub register: Option<RegisterError>,
}

impl fmt::Display for Left {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "the throttle ended before its calls were covered; give it a longer limit, or make the calls again",
        )?;
        self.register.as_ref().map_or(Ok(()), |error| write!(f, ": {error}"))
    }
}

impl Error for Left {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.register.as_ref().and_then(|error| behind(error))
    }
}

/// Why a throttle could not be started.
#[derive(Debug)]
#[non_exhaustive]
pub enum SpawnError {
    /// The lease is out of range.
    Lease(LeaseOutOfRange),
    /// No register was chosen.
    NoRegister,
    /// An operation of the register may take as long as the lease, or longer. A run whose start is answered so
    /// late could not be performed.
    Slow {
        /// The longest time that one operation takes.
        answers_within: Duration,
        /// The lease.
        lease: Duration,
    },
    /// The time between two looks of an idle process is too short.
    IdleLook {
        /// The time that was asked for.
        asked: Duration,
    },
    /// The register forgets a throttle that is not used for some time, and that time is not longer than the
    /// threshold and the lease.
    Forgets {
        /// The time after which it forgets.
        retention: Duration,
    },
    /// The system could not start a thread.
    Thread(io::Error),
}

impl fmt::Display for SpawnError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lease(cause) => write!(f, "the throttle cannot start: {cause}"),
            Self::Forgets { retention } => write!(
                f,
                "the register forgets a throttle that is not used for {}: choose a retention that is longer \
                 than the threshold and the lease",
                humantime::format_duration(*retention)
            ),
            Self::NoRegister => f.write_str(
                "the throttle has no register: choose one by `at`, or begin with `ClusterThrottled::in_memory`",
            ),
            Self::Slow { answers_within, lease } => write!(
                f,
                "the register may take {answers_within:?} for an answer, and the lease is {lease:?}: choose a \
                 longer lease, or a shorter timeout of the register"
            ),
            Self::IdleLook { asked } => write!(
                f,
                "an idle process cannot look every {asked:?}: choose at least 10ms, or `None` for no such looks"
            ),
            Self::Thread(cause) => write!(f, "the system cannot start the thread of the throttle: {cause}"),
        }
    }
}

impl Error for SpawnError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Lease(cause) => behind(cause),
            Self::Thread(cause) => behind(cause),
            Self::NoRegister | Self::Slow { .. } | Self::IdleLook { .. } | Self::Forgets { .. } => None,
        }
    }
}
