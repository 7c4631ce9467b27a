//! [`Snapshot`]: the state of a throttle at one moment, for a person to read.

use crate::state::{DeferralStatus, Epoch, State};
use crate::time::{Threshold, Timestamp};

/// The state of a throttle at one moment, as a value with a readable `Debug`.
///
/// Another thread may have moved it on before you look. Its times are readings of the throttle's clock: compare
/// them with `clock().now()` of the front end that gave the snapshot.
///
/// ```
/// use atomic_throttle::{Manual, Throttle, Timestamp};
/// use std::time::Duration;
///
/// let throttle = Throttle::with_clock(Duration::from_millis(200), Manual::new(Timestamp::from_nanos(5)));
/// assert!(throttle.try_run(|| ()).is_ok());
/// assert_eq!(
///     format!("{:?}", throttle.snapshot()),
///     "Snapshot { running: false, deferral: None, last_run_at: Some(5ns), window_end: 200.000005ms, \
///      threshold: 200ms, next_run_at: None, failures: 0 }"
/// );
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Snapshot {
    /// Whether a run is in progress.
    pub running: bool,
    /// Whether a run is pending, cancelled or owed.
    pub deferral: DeferralStatus,
    /// The stamp of the latest run, on the throttle's clock.
    pub last_run_at: Option<Timestamp>,
    /// When the window of the latest run ends. A rest of a `Throttled` may last longer.
    pub window_end: Timestamp,
    /// The shortest time between the starts of two runs.
    pub threshold: Threshold,
    /// When the pending run is due: at the end of the window, or later where something else holds it, a back-off for
    /// example. `None` if none is pending.
    pub next_run_at: Option<Timestamp>,
    /// How many runs in a row have failed, and are tried again.
    pub failures: u32,
}

impl Snapshot {
    pub(crate) fn new(state: State, threshold: Threshold) -> Self {
        let epoch = state.epoch();
        Self {
            running: state.is_running(),
            deferral: state.deferral(),
            last_run_at: (epoch != Epoch::NEVER_RAN).then(|| epoch.started_at()),
            window_end: epoch.window_end(threshold),
            threshold,
            next_run_at: state.is_pending().then(|| epoch.window_end(threshold)),
            failures: 0,
        }
    }

    pub(crate) fn with(self, next_run_at: Option<Timestamp>, failures: u32) -> Self {
        Self { next_run_at, failures, ..self }
    }
}
