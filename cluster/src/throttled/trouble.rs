//! [`Trouble`]: what a person who operates the processes should know, and [`Troubles`]: so that it is said
//! once.

use crate::register::{RegisterError, RegisterErrorKind, Terms};
use atomic_throttle::Timestamp;
use core::error::Error;
use core::fmt;
use core::time::Duration;

/// What [`on_error`](super::ClusterThrottledBuilder::on_error) is called for. As text it says what happened and what to do.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Trouble {
    /// The register does not do what it is asked to do. Calls stay owed, and it is asked again.
    ///
    /// Reported once in an outage for each [kind](RegisterError::kind) of error.
    Register(RegisterError),
    /// The outage is over: the register does what it is asked to do.
    Over {
        /// How long it lasted, as this process has seen it.
        lasted: Duration,
    },
    /// Another process runs this throttle under other terms: another threshold, another lease, or another
    /// function. Nothing is lost by that, but the smaller threshold and the smaller lease decide for all.
    ///
    /// Reported once for each terms.
    Disagreement {
        /// The terms of the other process.
        theirs: Terms,
        /// The terms of this process.
        ours: Terms,
    },
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Register(error) => write!(f, "{error}"),
            Self::Over { lasted } => write!(f, "the register answers again, after {lasted:.1?}"),
            Self::Disagreement { theirs, ours } => write!(
                f,
                "another process runs this throttle with {theirs}; this one has {ours}: give all of them the \
                 same, or another name"
            ),
        }
    }
}

impl Error for Trouble {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Register(error) => error.source(),
            Self::Over { .. } | Self::Disagreement { .. } => None,
        }
    }
}

/// Another process runs the same throttle under other terms.
///
/// ```
/// use atomic_throttle_cluster::ClusterThrottled;
/// use std::time::Duration;
///
/// let save = ClusterThrottled::in_memory(Duration::from_millis(1)).spawn(|_| println!("saved"))?;
/// if let Some(disagreement) = save.status().disagreement {
///     println!("another process has {}", disagreement.theirs);
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Disagreement {
    /// The terms of the other process.
    pub theirs: Terms,
    /// How long ago this process saw, the latest time, that a run was started under them.
    pub ago: Duration,
}

/// What has been reported. It decides whether something is new.
#[derive(Debug, Default)]
pub(super) struct Troubles {
    outage: Option<Outage>,
    disagreements: Vec<Terms>,
}

#[derive(Debug)]
struct Outage {
    since: Timestamp,
    kinds: Vec<RegisterErrorKind>,
}

/// More processes with terms of their own are not reported one by one.
const DISAGREEMENTS: usize = 8;

impl Troubles {
    /// The register has failed.
    pub(super) fn failed(&mut self, error: &RegisterError, now: Timestamp) -> Option<Trouble> {
        let outage = self.outage.get_or_insert_with(|| Outage { since: now, kinds: Vec::new() });
        if outage.kinds.contains(&error.kind()) {
            return None;
        }
        outage.kinds.push(error.kind());
        Some(Trouble::Register(error.clone()))
    }

    /// The register has done what it was asked to do.
    pub(super) fn answered(&mut self, now: Timestamp) -> Option<Trouble> {
        let Outage { since, .. } = self.outage.take()?;
        Some(Trouble::Over { lasted: now.saturating_since(since) })
    }

    /// The latest run was started by a process with the terms `theirs`.
    pub(super) fn met(&mut self, theirs: Terms, ours: Terms) -> Option<Trouble> {
        let is_new = ours.differs_from(theirs) && !self.disagreements.contains(&theirs);
        if !is_new || self.disagreements.len() == DISAGREEMENTS {
            return None;
        }
        self.disagreements.push(theirs);
        Some(Trouble::Disagreement { theirs, ours })
    }
}

#[cfg(all(test, not(atomic_throttle_shuttle)))]
mod tests {
    use super::*;
    use RegisterErrorKind::{Refused, Unreachable};

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_nanos(seconds * 1_000_000_000)
    }

    #[test]
    fn each_kind_of_error_is_reported_once_in_an_outage_and_its_end_once() {
        let mut troubles = Troubles::default();
        let error = |kind| RegisterError::new(kind, &"r".into());
        assert!(troubles.answered(at(1)).is_none(), "there was none");
        for outage in [10, 100] {
            for (second, kind, is_new) in
                [(0, Unreachable, true), (1, Unreachable, false), (2, Refused, true), (3, Unreachable, false)]
            {
                let trouble = troubles.failed(&error(kind), at(outage + second));
                assert_eq!(trouble.is_some(), is_new, "{outage} + {second}: {trouble:?}");
            }
            let over = troubles.answered(at(outage + 60)).expect("it is over");
            assert_eq!(over.to_string(), "the register answers again, after 60.0s");
            assert!(troubles.answered(at(outage + 61)).is_none(), "once");
        }
    }

    #[test]
    fn each_disagreement_is_reported_once() {
        let mut troubles = Troubles::default();
        let ours = Terms::from_numbers([2_000_000_000, 30_000_000_000, 0]);
        let theirs = |lease| Terms::from_numbers([2_000_000_000, lease, 0]);
        assert!(troubles.met(ours, ours).is_none());
        let trouble = troubles.met(theirs(5_000_000_000), ours).expect("another lease").to_string();
        let both = "with threshold 2s, lease 5s; this one has threshold 2s, lease 30s: give";
        assert!(trouble.contains(both), "{trouble}");
        assert!(troubles.met(theirs(5_000_000_000), ours).is_none(), "once");
        let new = (1..100).filter(|&lease| troubles.met(theirs(lease), ours).is_some()).count();
        assert_eq!(new, DISAGREEMENTS - 1);
    }
}
