//! What all callers and runs of a storm share, on any front end.

use crate::front::Which;
use crate::options::Options;
use crate::record::{Cancel, Change, Run, RunLog, Testimony};
use crate::running::Running;
use crate::watch::Doing;
use atomic_throttle::Clock;
use measure_options::soak::Plant;
use std::any::Any;
use std::panic;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// The clock of a front end, of any type.
pub type AnyClock = Arc<dyn Clock + Send + Sync>;

/// The most changes of the threshold in a storm.
const CHANGES: usize = 4096;

pub fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// The payload of a panic that `--panic-every` asked for.
pub(crate) struct Asked;

/// What one caller shows, alone on its cache lines: a neighbour's store would slow the call down and so
/// hide a lost update.
#[repr(align(128))]
#[derive(Default)]
struct Published {
    /// The number that it published last.
    number: AtomicU64,
    doing: AtomicU8,
}

/// What all threads of a storm share, beside the front end. Everything but the logs is relaxed: it must not
/// make up for a fence that the throttle lacks.
pub struct Recorder {
    /// The clock of the throttles, so that all times are comparable.
    clock: AnyClock,
    pub(crate) front: Which,
    /// Of each thread, and last of the calls from inside runs.
    published: Vec<Published>,
    pub(crate) keys: Vec<Key>,
    changes: Mutex<Vec<Change>>,
    changed: AtomicUsize,
    stop: AtomicBool,
    pub(crate) hurry: AtomicBool,
    pub(crate) run_time: u64,
    pub(crate) vary_run_time: bool,
    pub(crate) panic_every: Option<usize>,
    pub(crate) nest_every: Option<usize>,
    pub(crate) fail_every: Option<usize>,
    cancels: bool,
    pub(crate) plant: Option<Plant>,
    waits: usize,
}

/// What is recorded of one throttle.
pub(crate) struct Key {
    /// Runs never overlap (G2), so this lock is never contended; if they do, that is seen elsewhere.
    /// `None` when it was taken out: what comes then is too late to be judged.
    pub(crate) log: Mutex<Option<RunLog>>,
    /// What nobody of the callers can report: the calls from inside runs, and the release at the end.
    pub(crate) inside: Mutex<Testimony>,
    runs: AtomicUsize,
    /// The stamp of the latest run that has begun.
    latest: AtomicU64,
    /// The stamp that the latest run left at its end.
    pub(crate) finished: AtomicU64,
    pub(crate) running: AtomicUsize,
    overlaps: AtomicU64,
    pub(crate) panics: AtomicU64,
    caught: AtomicU64,
    flushes: Mutex<Vec<(u64, u64)>>,
}

/// What was recorded of one throttle, when the storm is over.
pub struct Recorded {
    pub log: RunLog,
    /// The calls from inside runs, and the release at the end.
    pub inside: Testimony,
    /// Runs that began inside another one.
    pub overlaps: u64,
    /// Runs that panicked.
    pub panics: u64,
    /// Those of them whose panic arrived at a flush.
    pub caught: u64,
}

impl Recorder {
    /// `before` is the latest run of a throttle that was used before.
    pub fn new(options: &Options, clock: AnyClock, before: Option<Run>) -> Self {
        let (threads, keys) = (options.threads(), options.keys());
        let before = before.map_or(0, |run| run.stamp);
        let key = |key| Key {
            log: Mutex::new(Some(RunLog::new(threads + 1, key, keys, options.memory()))),
            inside: Mutex::new(Testimony::new(threads)),
            runs: AtomicUsize::new(0),
            latest: AtomicU64::new(before),
            finished: AtomicU64::new(before),
            running: AtomicUsize::new(0),
            overlaps: AtomicU64::new(0),
            panics: AtomicU64::new(0),
            caught: AtomicU64::new(0),
            flushes: Mutex::default(),
        };
        let every = |n: Option<u64>| n.map(|n| usize::try_from(n).unwrap_or(usize::MAX));
        Self {
            clock,
            front: options.front,
            published: (0..=threads).map(|_| Published::default()).collect(),
            keys: (0..keys).map(key).collect(),
            changes: Mutex::default(),
            changed: AtomicUsize::new(0),
            stop: AtomicBool::new(false),
            hurry: AtomicBool::new(false),
            run_time: nanos(options.run_time),
            vary_run_time: options.vary_run_time,
            panic_every: every(options.panic_every),
            nest_every: every(options.nest_every),
            fail_every: every(options.of_throttled.fail_every),
            cancels: options.cancels(),
            plant: options.plant,
            waits: options.memory() / (threads * keys * 128),
        }
    }

    pub fn now(&self) -> u64 {
        self.clock.now().as_nanos()
    }

    pub fn keys(&self) -> usize {
        self.keys.len()
    }

    /// The threads that call.
    pub fn threads(&self) -> usize {
        self.published.len() - 1
    }

    /// Whether runs panic.
    pub fn panics(&self) -> bool {
        self.panic_every.is_some()
    }

    /// Whether a run may be given up.
    pub fn cancels(&self) -> bool {
        self.cancels
    }

    /// The most waits that a caller may report of one key. One with more ends the storm early.
    pub fn waits(&self) -> usize {
        self.waits
    }

    /// Room for the numbers that a run sees.
    pub fn room(&self) -> Vec<u64> {
        Vec::with_capacity(self.published.len())
    }

    /// Before each call its thread publishes the number of the call.
    #[inline]
    pub fn publish(&self, caller: usize, number: u64) {
        self.published[caller].number.store(number, Relaxed);
    }

    #[inline]
    pub fn shows(&self, caller: usize, doing: Doing) {
        self.published[caller].doing.store(doing as u8, Relaxed);
    }

    /// The number that the caller published last.
    pub fn number(&self, caller: usize) -> u64 {
        self.published[caller].number.load(Relaxed)
    }

    /// What the caller does, and the number of its call. That of the function grows with each run.
    pub fn shown(&self, caller: usize) -> (Doing, u64) {
        let doing = Doing::ALL[usize::from(self.published[caller].doing.load(Relaxed))];
        let runs = || self.keys.iter().map(|key| key.runs.load(Relaxed) as u64).sum();
        let runs = if caller == self.threads() { runs() } else { 0 };
        (doing, self.number(caller) + runs)
    }

    /// The stamp of the latest run of `key` that is known to have begun.
    pub fn latest(&self, key: usize) -> u64 {
        self.keys[key].latest.load(Relaxed)
    }

    /// The stamp that the latest run of `key` known here left at its end.
    pub fn finished(&self, key: usize) -> u64 {
        self.keys[key].finished.load(Relaxed)
    }

    /// No calls begin after this.
    pub fn stop(&self) {
        self.stop.store(true, Relaxed);
    }

    pub fn is_stopped(&self) -> bool {
        self.stop.load(Relaxed)
    }

    /// Cuts short the runs from now on, and the one in progress.
    pub fn hurry(&self) {
        self.hurry.store(true, Relaxed);
    }

    /// Begins a run. `stamp` reads its stamp from the front end.
    ///
    /// Nothing that orders memory may stand before the loads: it could make up for a fence that the
    /// throttle lacks.
    pub fn begin<'r>(
        &'r self,
        key: usize,
        seen: &'r mut Vec<u64>,
        stamp: impl FnOnce() -> u64,
    ) -> Running<'r> {
        let inside = self.now();
        seen.clear();
        seen.extend(self.published.iter().map(|caller| caller.number.load(Relaxed)));
        let of_key = &self.keys[key];
        let before = of_key.finished.load(Relaxed);
        if of_key.running.fetch_add(1, Relaxed) > 0 {
            of_key.overlaps.fetch_add(1, Relaxed);
        }
        let number = of_key.runs.fetch_add(1, Relaxed) + 1;
        let stamp = stamp();
        of_key.latest.store(stamp, Relaxed);
        self.shows(self.threads(), Doing::Function);
        let run = Run { stamp, inside, end: 0, before, flushed: false, calls: None, has_failed: false };
        Running::new(self, key, seen, number, run)
    }

    /// Requests a flush whose run is not known by its function: records the span in which it took place.
    pub fn flush(&self, key: usize, flush: impl FnOnce() -> bool) -> bool {
        let before = self.now();
        let has_started = flush();
        if has_started && self.plant != Some(Plant::Early) {
            locked(&self.keys[key].flushes).push((before, self.now()));
        }
        has_started
    }

    /// Changes the threshold, unless there is no room left to record it.
    pub fn change(&self, threshold: Duration, set: impl FnOnce(Duration)) -> bool {
        let is_room = self.changed.fetch_add(1, Relaxed) < CHANGES;
        if is_room {
            self.set_threshold(threshold, set);
        }
        is_room
    }

    /// Changes the threshold.
    pub fn set_threshold(&self, threshold: Duration, set: impl FnOnce(Duration)) {
        let begun = self.now();
        set(threshold);
        locked(&self.changes).push(Change { threshold: nanos(threshold), begun, returned: self.now() });
    }

    /// A cancel that gave up a run, when it has returned: `epoch` reads the epoch.
    pub fn cancelled(&self, epoch: impl FnOnce() -> u64) -> Cancel {
        Cancel { epoch: epoch(), at: self.now() }
    }

    /// The pending run was given up when the storm was over.
    pub fn was_released(&self, key: usize, epoch: impl FnOnce() -> u64) {
        let cancel = self.cancelled(epoch);
        locked(&self.keys[key].inside).cancelled(cancel);
    }

    /// A panic has arrived at a flush.
    pub fn caught(&self, key: usize, payload: Box<dyn Any + Send>) {
        asked_for(payload);
        self.keys[key].caught.fetch_add(1, Relaxed);
    }

    /// Takes out what was recorded.
    pub fn take(&self) -> (Vec<Recorded>, Vec<Change>) {
        let take = |key: &Key| {
            let mut log = locked(&key.log).take().unwrap_or_default();
            log.flushed(&mut locked(&key.flushes));
            Recorded {
                log,
                inside: std::mem::replace(&mut locked(&key.inside), Testimony::new(self.threads())),
                overlaps: key.overlaps.load(Relaxed),
                panics: key.panics.load(Relaxed),
                caught: key.caught.load(Relaxed),
            }
        };
        (self.keys.iter().map(take).collect(), std::mem::take(&mut locked(&self.changes)))
    }
}

/// Goes on with a panic that nobody has asked for.
pub fn asked_for(payload: Box<dyn Any + Send>) {
    if !payload.is::<Asked>() {
        panic::resume_unwind(payload);
    }
}

pub(crate) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
