//! What every run does, on any front end: it records what it sees.

use super::options::Options;
use super::record::{Run, RunLog};
use atomic_throttle::Clock;
use std::panic;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

/// The clock of a front end, of any type.
pub type AnyClock = Arc<dyn Clock + Send + Sync>;

pub fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// The number that a thread published last, alone on its cache lines: a neighbour's store would slow
/// the call down and so hide a lost update.
#[repr(align(128))]
struct Published(AtomicU64);

/// What all threads of a storm share, beside the front end.
pub struct Recorder {
    /// The clock of the throttles, so that all times are comparable.
    clock: AnyClock,
    published: Vec<Published>,
    keys: Vec<Key>,
    stop: AtomicBool,
    hurry: AtomicBool,
    run_time: u64,
    panic_every: Option<usize>,
}

/// What is recorded of one throttle.
struct Key {
    /// Runs never overlap (G2), so this lock is never contended; if they do, that is seen elsewhere.
    /// `None` when it was taken out: what comes then is too late to be judged.
    log: Mutex<Option<RunLog>>,
    runs: AtomicUsize,
    /// The stamp of the latest run that has begun.
    latest: AtomicU64,
    running: AtomicUsize,
    overlaps: AtomicU64,
    panics: AtomicU64,
    flushes: Mutex<Vec<(u64, u64)>>,
}

/// What was recorded of one throttle, when the storm is over.
pub struct Recorded {
    pub log: RunLog,
    /// Runs that began inside another one.
    pub overlaps: u64,
    /// Runs that panicked.
    pub panics: u64,
}

impl Recorder {
    pub fn new(options: &Options, clock: AnyClock) -> Self {
        let (threads, keys) = (options.threads(), options.keys());
        let key = |key| Key {
            log: Mutex::new(Some(RunLog::new(threads, key, keys, options.memory()))),
            runs: AtomicUsize::new(0),
            latest: AtomicU64::new(0),
            running: AtomicUsize::new(0),
            overlaps: AtomicU64::new(0),
            panics: AtomicU64::new(0),
            flushes: Mutex::default(),
        };
        Self {
            clock,
            published: (0..threads).map(|_| Published(AtomicU64::new(0))).collect(),
            keys: (0..keys).map(key).collect(),
            stop: AtomicBool::new(false),
            hurry: AtomicBool::new(false),
            run_time: nanos(options.run_time),
            panic_every: options.panic_every.map(|n| usize::try_from(n).unwrap_or(usize::MAX)),
        }
    }

    pub fn now(&self) -> u64 {
        self.clock.now().as_nanos()
    }

    pub fn keys(&self) -> usize {
        self.keys.len()
    }

    /// Room for the numbers that a run sees.
    pub fn room(&self) -> Vec<u64> {
        Vec::with_capacity(self.published.len())
    }

    /// Before each call its thread publishes the number of the call.
    #[inline]
    pub fn publish(&self, thread: usize, number: u64) {
        self.published[thread].0.store(number, Relaxed);
    }

    /// The stamp of the latest run of `key` that is known to have begun.
    pub fn latest(&self, key: usize) -> u64 {
        self.keys[key].latest.load(Relaxed)
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
        seen.extend(self.published.iter().map(|number| number.0.load(Relaxed)));
        let of_key = &self.keys[key];
        if of_key.running.fetch_add(1, Relaxed) > 0 {
            of_key.overlaps.fetch_add(1, Relaxed);
        }
        let number = of_key.runs.fetch_add(1, Relaxed) + 1;
        let stamp = stamp();
        of_key.latest.store(stamp, Relaxed);
        Running { recorder: self, key: of_key, seen, number, stamp, inside, calls: None }
    }

    /// Requests a flush, and records the span in which it took place.
    pub fn flush(&self, key: usize, flush: impl FnOnce() -> bool) {
        let before = self.now();
        if flush() {
            locked(&self.keys[key].flushes).push((before, self.now()));
        }
    }

    /// Takes out what was recorded.
    pub fn take(&self) -> Vec<Recorded> {
        let take = |key: &Key| {
            let mut log = locked(&key.log).take().unwrap_or_default();
            log.flushed(&locked(&key.flushes));
            Recorded { log, overlaps: key.overlaps.load(Relaxed), panics: key.panics.load(Relaxed) }
        };
        self.keys.iter().map(take).collect()
    }
}

/// A run in progress. It is recorded when it ends, however it ends.
pub struct Running<'r> {
    recorder: &'r Recorder,
    key: &'r Key,
    seen: &'r [u64],
    number: usize,
    pub stamp: u64,
    inside: u64,
    calls: Option<u64>,
}

impl Running<'_> {
    /// The front end says how many calls this run covers.
    pub fn covering(mut self, calls: u64) -> Self {
        self.calls = Some(calls);
        self
    }

    /// The number of `thread` that this run saw.
    pub fn saw(&self, thread: usize) -> u64 {
        self.seen[thread]
    }

    /// How much longer it takes.
    pub fn left(&self) -> u64 {
        if self.recorder.hurry.load(Relaxed) {
            return 0;
        }
        self.recorder.run_time.saturating_sub(self.recorder.now().saturating_sub(self.inside))
    }

    /// Lets the run take its time, and ends it.
    pub fn run(self) {
        loop {
            match self.left() {
                0 => return self.end(),
                left => pause(left),
            }
        }
    }

    /// Ends the run and records it. Every Nth run then panics.
    pub fn end(self) {
        let (key, number, every) = (self.key, self.number, self.recorder.panic_every);
        drop(self);
        if every.is_some_and(|n| number % n == 0) {
            key.panics.fetch_add(1, Relaxed);
            // A silent panic: it bypasses the panic hook.
            panic::resume_unwind(Box::new("asked for by --panic-every"));
        }
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        let &mut Self { stamp, inside, calls, .. } = self;
        let run = Run { stamp, inside, end: self.recorder.now(), flushed: false, calls };
        if let Some(log) = &mut *locked(&self.key.log) {
            log.push(run, self.seen);
            if log.is_full() {
                self.recorder.stop();
            }
        }
        self.key.running.fetch_sub(1, Relaxed);
    }
}

/// Waits a part of `left`: asleep while much is left, since a sleep ends late, then awake.
pub fn pause(left: u64) {
    const LATE: u64 = 60_000;
    const LONGEST: u64 = 20_000_000;
    if left > 2 * LATE {
        thread::sleep(Duration::from_nanos((left - LATE).min(LONGEST)));
    } else {
        std::hint::spin_loop();
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
