//! [`Snapshot`]: the state of a throttle at one moment, as a value.

use crate::state::{DeferralStatus, Epoch, State};
use crate::time::{Threshold, Timestamp};

/// The state of a throttle at one moment, as a value with a readable `Debug`.
///
/// ```
/// use atomic_throttle::{Manual, Throttle, Timestamp};
/// use std::time::Duration;
///
/// let throttle = Throttle::with_clock(Duration::from_millis(200), Manual::new(Timestamp::from_nanos(5)));
/// assert!(throttle.try_run(|| ()).is_ok());
/// assert_eq!(
///     format!("{:?}", throttle.snapshot()),
///     "Snapshot { running: false, deferral: None, epoch: Epoch(5), last_run_at: Some(5ns), \
///      window_end: 200.000005ms, threshold: 200ms, next_run_at: None, failures: 0 }"
/// );
/// ```
///
/// Another thread may have moved it on before you look. Its times are readings of the throttle's clock: compare
/// them with `clock().now()` of the front end that gave the snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Snapshot {
    /// Whether a run is in progress.
    pub running: bool,
    /// Whether a run is pending, cancelled or owed.
    pub deferral: DeferralStatus,
    /// The epoch of the latest run: it names that run in a log. [`Epoch::NEVER_RAN`] before the first.
    pub epoch: Epoch,
    /// The stamp of the latest run, `None` before the first. Inside a run it is the stamp of that run.
    pub last_run_at: Option<Timestamp>,
    /// When the window of the latest run ends; [`Timestamp::NEVER`] if the clock cannot reach that. A rest of a
    /// `Throttled` may last longer.
    pub window_end: Timestamp,
    /// The shortest time between the starts of two runs.
    pub threshold: Threshold,
    /// When the pending run is due: at the end of the window, or later where a delay, a rest or a back-off of a
    /// `Throttled` holds it, as far as its thread has seen that. `None` if none is pending.
    pub next_run_at: Option<Timestamp>,
    /// How many runs in a row have failed, and are tried again.
    pub failures: u32,
}

impl Snapshot {
    pub(crate) fn new(state: State, threshold: Threshold) -> Self {
        let epoch = state.epoch();
        let window_end = epoch.window_end(threshold);
        Self {
            running: state.is_running(),
            deferral: state.deferral(),
            epoch,
            last_run_at: (epoch != Epoch::NEVER_RAN).then(|| epoch.started_at()),
            window_end,
            threshold,
            next_run_at: state.is_pending().then_some(window_end),
            failures: 0,
        }
    }

    /// As the owner of a [`Throttled`](crate::Throttled) has it: held until then, beside its window.
    pub(crate) fn held(self, until: Timestamp, failures: u32) -> Self {
        Self { next_run_at: self.next_run_at.map(|at| at.max(until)), failures, ..self }
    }

    /// Whether a run is owed: its owner left, and the next call adopts it. Of a `Throttled`: a panic that was to be
    /// fatal ended its thread, or its task was dropped, while a run was pending.
    #[must_use]
    pub fn is_owed(&self) -> bool {
        self.deferral == DeferralStatus::Owed
    }
}
