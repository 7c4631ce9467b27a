//! What all threads of a soak share, in the same memory from its beginning to its end.

use crate::plan::Plan;
use crate::record::{CHANGES, Change, Run, RunLog};
use atomic_throttle::{Clock, Monotonic, Throttle, Timestamp};
use measure_options::soak::Options;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, AtomicUsize};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// The clock of the throttle, so that all times are comparable.
pub fn now() -> u64 {
    Monotonic.now().as_nanos()
}

/// What a thread is doing, for the report on one that is stuck.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Doing {
    Nothing,
    Run,
    RunWithin,
    TryRun,
    Wait,
    Flush,
    Cancel,
    SetThreshold,
    Function,
    NestedCall,
}

impl Doing {
    const ALL: [Self; 10] = [
        Self::Nothing,
        Self::Run,
        Self::RunWithin,
        Self::TryRun,
        Self::Wait,
        Self::Flush,
        Self::Cancel,
        Self::SetThreshold,
        Self::Function,
        Self::NestedCall,
    ];
}

/// What one thread shows, alone on its cache lines: a neighbour's store would slow the call down and so
/// hide a lost update.
#[repr(align(128))]
struct Slot {
    /// The number that it published last.
    number: AtomicU64,
    doing: AtomicU8,
}

/// The throttle and all that is known of it. Everything but the log and the changes is relaxed: it must
/// not make up for a fence that the throttle lacks.
pub struct Soak {
    pub throttle: Throttle,
    slots: Vec<Slot>,
    /// How many of them the runs of this round look at.
    width: AtomicUsize,
    /// The stamp that the latest run left at its end.
    finished: AtomicU64,
    /// Runs never overlap (G2), so this lock is never contended; if they do, that is seen elsewhere.
    log: Mutex<RunLog>,
    changes: Mutex<Vec<Change>>,
    changed: AtomicUsize,
    running: AtomicUsize,
    overlaps: AtomicU64,
    stop: AtomicBool,
}

impl Soak {
    pub fn new(options: &Options) -> Self {
        // One more for the calls before and after the rounds.
        let width = options.most_threads() + 1;
        let slot = || Slot { number: AtomicU64::new(0), doing: AtomicU8::new(Doing::Nothing as u8) };
        Self {
            throttle: Throttle::new(Duration::ZERO),
            slots: (0..width).map(|_| slot()).collect(),
            width: AtomicUsize::new(width),
            finished: AtomicU64::new(0),
            log: Mutex::new(RunLog::new(width)),
            changes: Mutex::new(Vec::with_capacity(3 * CHANGES)),
            changed: AtomicUsize::new(0),
            running: AtomicUsize::new(0),
            overlaps: AtomicU64::new(0),
            stop: AtomicBool::new(false),
        }
    }

    /// Begins a round. Forgets the last one, except for the throttle and the numbers.
    pub fn begin(&self, plan: &Plan) {
        self.width.store(plan.threads + 1, Relaxed);
        self.log().clear(plan.threads + 1);
        self.changes().clear();
        self.changed.store(0, Relaxed);
        self.overlaps.store(0, Relaxed);
        self.stop.store(false, Relaxed);
        self.set_threshold(plan.threshold);
    }

    pub fn log(&self) -> MutexGuard<'_, RunLog> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn changes(&self) -> MutexGuard<'_, Vec<Change>> {
        self.changes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many runs of this round began inside another one.
    pub fn overlaps(&self) -> u64 {
        self.overlaps.load(Relaxed)
    }

    /// No calls begin after this.
    pub fn stop(&self) {
        self.stop.store(true, Relaxed);
    }

    pub fn is_stopped(&self) -> bool {
        self.stop.load(Relaxed)
    }

    /// The epoch at this moment.
    pub fn epoch(&self) -> u64 {
        self.throttle.last_run_at().map_or(0, Timestamp::as_nanos)
    }

    /// The stamp that the latest run known here left at its end.
    pub fn finished(&self) -> u64 {
        self.finished.load(Relaxed)
    }

    #[inline]
    pub fn publish(&self, thread: usize, number: u64) {
        self.slots[thread].number.store(number, Relaxed);
    }

    #[inline]
    pub fn published(&self, thread: usize) -> u64 {
        self.slots[thread].number.load(Relaxed)
    }

    #[inline]
    pub fn shows(&self, thread: usize, doing: Doing) {
        self.slots[thread].doing.store(doing as u8, Relaxed);
    }

    /// What the thread does, and the number of its call.
    pub fn shown(&self, thread: usize) -> (Doing, u64) {
        let code = self.slots[thread].doing.load(Relaxed);
        (Doing::ALL[usize::from(code)], self.published(thread))
    }

    /// Changes the threshold, unless there is no memory left to record it.
    pub fn change(&self, threshold: u64) -> bool {
        let left = self.changed.fetch_add(1, Relaxed) < CHANGES;
        if left {
            self.set_threshold(threshold);
        }
        left
    }

    pub fn set_threshold(&self, threshold: u64) {
        let begun = now();
        self.throttle.set_threshold(Duration::from_nanos(threshold));
        let change = Change { threshold, begun, returned: now() };
        self.changes().push(change);
    }

    /// The beginning and the end of the function that every call passes. `seen` becomes the numbers that
    /// the run sees; `work` is what it does in between, and gets the stamp.
    ///
    /// Nothing that orders memory may stand before the loads: it could make up for a fence that the
    /// throttle lacks.
    pub fn perform(&self, seen: &mut Vec<u64>, flushed: bool, work: impl FnOnce(u64)) {
        let inside = now();
        seen.clear();
        let width = self.width.load(Relaxed);
        seen.extend(self.slots[..width].iter().map(|slot| slot.number.load(Relaxed)));
        let before = self.finished.load(Relaxed);
        let _entered = Entered::new(self);
        let stamp = self.epoch();
        work(stamp);
        let end = now();
        self.finished.store(stamp, Relaxed);
        if self.log().push(Run { stamp, inside, end, before, flushed }, seen) {
            self.stop();
        }
    }
}

/// Counts who is inside a run, on unwinding as well.
struct Entered<'s>(&'s Soak);

impl<'s> Entered<'s> {
    fn new(soak: &'s Soak) -> Self {
        if soak.running.fetch_add(1, Relaxed) > 0 {
            soak.overlaps.fetch_add(1, Relaxed);
        }
        Self(soak)
    }
}

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Relaxed);
    }
}
