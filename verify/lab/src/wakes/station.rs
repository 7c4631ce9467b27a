//! A throttle at which the waiters of a ring wait, once in each round.

use super::meeting::{Meeting, spin_while};
use atomic_throttle::WaitError;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::time::Duration;

/// The window of a run that no timer ends while anybody looks.
pub(super) const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// What ends the waits of a round. Nothing else happens to the throttle until all have returned, so no later notification
/// makes up for one that is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Release {
    /// The run in progress finishes, and the pending one follows at once, or after a window of some microseconds.
    Finish(Duration),
    /// The pending run is flushed, out of a window of a day.
    Flush,
    /// The pending run is cancelled.
    Cancel,
    /// The threshold becomes 0, and the pending run is due.
    Threshold,
}

impl Release {
    /// All of them, in the order of their rounds.
    pub const ALL: [Self; 5] = [
        Self::Finish(Duration::ZERO),
        Self::Flush,
        Self::Cancel,
        Self::Threshold,
        Self::Finish(Duration::from_micros(5)),
    ];

    pub(super) fn of(round: u64) -> Self {
        Self::ALL[usize::try_from(round % Self::ALL.len() as u64).unwrap_or(0)]
    }

    /// The threshold during the round.
    pub(super) fn threshold(self) -> Duration {
        if let Self::Finish(window) = self { window } else { DAY }
    }

    /// How a wait for the run ends.
    pub(super) fn ends(self) -> Result<(), WaitError> {
        if self == Self::Cancel { Err(WaitError::Cancelled) } else { Ok(()) }
    }
}

/// A throttle, seen from the ring.
pub(super) trait Station: Send + Sync {
    fn name(&self) -> &'static str;

    /// Calls, says so as soon as the call is known to wait for a run, and waits for that run.
    ///
    /// # Errors
    ///
    /// If the wait ended in another way than by `release`.
    fn wait(&self, round: u64, release: Release) -> Result<(), String>;

    /// Opens a round, and releases those who wait in it as soon as all do.
    fn conduct(&self, round: u64, release: Release) -> Result<(), String>;

    fn platform(&self) -> &Platform;

    /// Notifies all who wait, by hand.
    fn retime(&self);

    /// No run waits for a window any more.
    fn free(&self);

    /// What the throttle is doing, and the state of its word.
    fn state(&self) -> String;
}

/// How far a round is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Stage {
    /// Those of the round before are on their way.
    Closed,
    /// The waiters call, and begin to wait.
    Open,
    /// All wait, and are being released.
    Released,
}

const STAGES: [Stage; 3] = [Stage::Closed, Stage::Open, Stage::Released];

/// Where the rounds of one station meet.
pub(super) struct Platform {
    /// How many rounds were opened.
    opened: AtomicU64,
    stage: AtomicU8,
    waiting: Meeting,
    pub(super) returned: Meeting,
    pub(super) stop: Arc<AtomicBool>,
}

impl Platform {
    /// For so many waiters, of which `heard` can say that they wait.
    pub(super) fn new(waiters: usize, heard: usize, stop: &Arc<AtomicBool>) -> Self {
        Self {
            opened: AtomicU64::new(0),
            stage: AtomicU8::new(Stage::Closed as u8),
            waiting: Meeting::awaiting_the_last(heard),
            returned: Meeting::of(waiters),
            stop: Arc::clone(stop),
        }
    }

    pub(super) fn stage(&self) -> Stage {
        STAGES[usize::from(self.stage.load(Ordering::Relaxed))]
    }

    fn set(&self, stage: Stage) {
        self.stage.store(stage as u8, Ordering::Relaxed);
    }

    /// A waiter: comes in when the round is open. `false`: everything is to stop.
    pub(super) fn enter(&self, round: u64) -> bool {
        let is_to_stop = || self.stop.load(Ordering::Relaxed);
        spin_while(|| self.opened.load(Ordering::Acquire) <= round && !is_to_stop());
        !is_to_stop()
    }

    /// A waiter: it is certain that it waits for a run.
    pub(super) fn waits(&self) {
        self.waiting.come();
    }

    /// The conductor: opens the round, and returns when all wait and `is_ready`.
    pub(super) fn gather(&self, is_ready: impl Fn() -> bool) {
        self.waiting.host();
        self.set(Stage::Open);
        self.opened.fetch_add(1, Ordering::Release);
        self.waiting.wait(&self.stop, is_ready);
        self.set(Stage::Released);
    }

    /// The conductor: all have returned.
    pub(super) fn close(&self) {
        self.returned.wait(&self.stop, || true);
        self.set(Stage::Closed);
    }
}

/// What a throttle with a thread of its own runs: nothing, unless the round is to open inside of the run.
pub(super) struct Held {
    pub(super) platform: Platform,
    is_held: AtomicBool,
}

impl Held {
    pub(super) fn new(platform: Platform) -> Self {
        Self { platform, is_held: AtomicBool::new(false) }
    }

    /// The next run does not finish before all wait.
    pub(super) fn hold(&self) {
        self.is_held.store(true, Ordering::Release);
    }

    /// The function.
    pub(super) fn perform(&self) {
        if self.is_held.swap(false, Ordering::AcqRel) {
            self.platform.gather(|| true);
        }
    }
}

pub(super) fn unlike<T: std::fmt::Debug>(release: Release, found: T) -> String {
    format!("a wait that {release:?} was to end ended by {found:?}")
}
