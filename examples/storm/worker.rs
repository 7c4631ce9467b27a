//! The storm itself: what a calling thread does, and what the function does that it passes.

use crate::options::Options;
use crate::record::{self, Kind, Mark, Run, RunLog, Slice, Testimony};
use atomic_throttle::{Clock, Monotonic, Outcome, Throttle, Timestamp};
use rand::SeedableRng;
use rand::rngs::SmallRng;
use rand_distr::{Distribution, Exp};
use std::panic::{self, AssertUnwindSafe};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use std::{hint, thread};

/// The clock of the throttle, so that all times are comparable.
pub fn now() -> u64 {
    Monotonic.now().as_nanos()
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// The number that a thread published last, alone on its cache lines: a neighbour's store would slow
/// the call down and so hide a lost update.
#[repr(align(128))]
struct Published(AtomicU64);

/// What all threads of a storm share.
pub struct Storm {
    pub throttle: Throttle,
    published: Vec<Published>,
    /// Runs never overlap (G2), so this lock is never contended; if they do, that is seen elsewhere.
    log: Mutex<RunLog>,
    running: AtomicUsize,
    overlaps: AtomicU64,
    stop: AtomicBool,
    hurry: AtomicBool,
    run_time: u64,
    panic_every: Option<usize>,
    cancel_every: Option<u64>,
    rate: Option<f64>,
}

impl Storm {
    pub fn new(options: &Options, log: RunLog) -> Self {
        Self {
            throttle: Throttle::new(options.threshold),
            published: (0..options.threads()).map(|_| Published(AtomicU64::new(0))).collect(),
            log: Mutex::new(log),
            running: AtomicUsize::new(0),
            overlaps: AtomicU64::new(0),
            stop: AtomicBool::new(false),
            hurry: AtomicBool::new(false),
            run_time: nanos(options.run_time),
            panic_every: options.panic_every.map(|n| usize::try_from(n).unwrap_or(usize::MAX)),
            cancel_every: options.cancel_every,
            rate: options.rate,
        }
    }

    /// No calls begin after this.
    pub fn stop(&self) {
        self.stop.store(true, Relaxed);
    }

    pub fn is_stopped(&self) -> bool {
        self.stop.load(Relaxed)
    }

    /// Performs the pending run now, and cuts short the one in progress.
    pub fn flush(&self) {
        self.hurry.store(true, Relaxed);
        let mut seen = Vec::with_capacity(self.published.len());
        let _ = self.throttle.flush(|| self.perform(&mut seen, true));
    }

    /// The log, and how many runs began inside another one.
    pub fn into_log(self) -> (RunLog, u64) {
        let log = self.log.into_inner().unwrap_or_else(PoisonError::into_inner);
        (log, self.overlaps.into_inner())
    }

    /// The function that every call passes. Returns how many runs there were, this one included, and its stamp.
    ///
    /// Nothing that orders memory may stand before the loads: it could make up for a fence that the
    /// throttle lacks.
    fn perform(&self, seen: &mut Vec<u64>, flushed: bool) -> (usize, u64) {
        let inside = now();
        seen.clear();
        seen.extend(self.published.iter().map(|number| number.0.load(Relaxed)));
        let entered = Entered::new(self);
        let stamp = self.throttle.last_run_at().map_or(0, Timestamp::as_nanos);
        let end = self.work(inside);
        let mut log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        let index = log.push(Run { stamp, inside, end, flushed }, seen);
        if log.is_full() {
            self.stop();
        }
        drop(log);
        drop(entered);
        (index, stamp)
    }

    /// Takes as long as a run is to take, and returns the end.
    fn work(&self, begin: u64) -> u64 {
        loop {
            let now = now();
            let left = self.run_time.saturating_sub(now.saturating_sub(begin));
            if left == 0 || self.hurry.load(Relaxed) {
                return now;
            }
            pause(left);
        }
    }

    /// Calls until the storm is stopped. What happens in `slice` is kept for the picture.
    pub fn calls_of(&self, thread: usize, slice: Slice) -> Testimony {
        let mut testimony = Testimony::new(thread);
        let mut last_cells = [None; Kind::ALL.len()];
        let mut seen = Vec::with_capacity(self.published.len());
        let mut pace = self.rate.map(Pace::new);
        let mut number = 0;
        loop {
            if let Some(pace) = &mut pace {
                pace.wait(&self.stop);
            }
            if self.is_stopped() {
                return testimony;
            }
            number += 1;
            // The clock is read before the number is published: between that and the call there must be
            // nothing that gives the store time to arrive.
            let called = now();
            self.published[thread].0.store(number, Relaxed);
            let mut started = None;
            let (kind, epoch) = self.call(&mut seen, &mut started);
            let returned = now();

            record::add(&mut testimony.times[kind as usize], returned - called);
            if let Some(stamp) = started {
                testimony.longest_delay = testimony.longest_delay.max(stamp.saturating_sub(called));
                testimony.blind += u64::from(seen[thread] < number);
            }
            if let Some(epoch) = epoch {
                testimony.promised(epoch, number, called);
            }
            if let Some(cell) = slice.cell(called) {
                if last_cells[kind as usize] != Some(cell) {
                    last_cells[kind as usize] = Some(cell);
                    testimony.marks.push(Mark { kind, called, until: started.unwrap_or(returned) });
                }
            }
            if self.cancel_every.is_some_and(|n| number % n == 0) && self.throttle.cancel() {
                testimony.cancels += 1;
                testimony.cancelled_at = now();
            }
            if let Some(pace) = &mut pace {
                pace.called(returned - called);
            }
        }
    }

    /// One call. `started` is the stamp of the run in it, if there was one.
    #[inline]
    fn call(&self, seen: &mut Vec<u64>, started: &mut Option<u64>) -> (Kind, Option<u64>) {
        let run = || {
            let (index, stamp) = self.perform(seen, false);
            *started = Some(stamp);
            if self.panic_every.is_some_and(|n| index % n == 0) {
                // A panic that says nothing: it goes round the panic hook.
                panic::resume_unwind(Box::new("asked for by --panic-every"));
            }
        };
        match panic::catch_unwind(AssertUnwindSafe(|| self.throttle.run(run))) {
            Ok(Outcome::RanAtOnce(())) => (Kind::RanAtOnce, None),
            Ok(Outcome::RanDeferred(())) => (Kind::Deferred, None),
            Ok(Outcome::Coalesced(covered)) => (Kind::Coalesced, Some(covered.epoch().as_u64())),
            Ok(Outcome::Cancelled) => (Kind::Cancelled, None),
            Ok(Outcome::Owed) => (Kind::Owed, None),
            Err(_) => (Kind::Panicked, None),
        }
    }
}

/// Counts who is inside a run, on unwinding as well.
struct Entered<'s>(&'s Storm);

impl<'s> Entered<'s> {
    fn new(storm: &'s Storm) -> Self {
        if storm.running.fetch_add(1, Relaxed) > 0 {
            storm.overlaps.fetch_add(1, Relaxed);
        }
        Self(storm)
    }
}

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Relaxed);
    }
}

/// Calls at random moments, so many per second on average. The time inside calls does not count: a
/// thread that was an owner has nothing to catch up with.
struct Pace {
    gaps: Exp<f64>,
    random: SmallRng,
    due: u64,
}

impl Pace {
    fn new(rate: f64) -> Self {
        let gaps = Exp::new(rate).expect("the rate is greater than 0");
        Self { gaps, random: SmallRng::from_rng(&mut rand::rng()), due: now() }
    }

    /// Waits for the next moment, or the end of the storm.
    fn wait(&mut self, stop: &AtomicBool) {
        let gap = Duration::try_from_secs_f64(self.gaps.sample(&mut self.random));
        self.due = self.due.saturating_add(gap.map_or(u64::MAX, nanos));
        loop {
            let left = self.due.saturating_sub(now());
            if left == 0 || stop.load(Relaxed) {
                return;
            }
            pause(left);
        }
    }

    fn called(&mut self, took: u64) {
        self.due = self.due.saturating_add(took);
    }
}

/// Waits a part of `left`: asleep while much is left, since a sleep ends late, then awake.
fn pause(left: u64) {
    const LATE: u64 = 60_000;
    const LONGEST: u64 = 20_000_000;
    if left > 2 * LATE {
        thread::sleep(Duration::from_nanos((left - LATE).min(LONGEST)));
    } else {
        hint::spin_loop();
    }
}
