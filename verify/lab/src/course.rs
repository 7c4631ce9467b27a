//! The course of a storm: all callers start together, and are watched and joined; then what is still pending
//! gets its time.

use crate::caller::Caller;
use crate::front::{Front, Start};
use crate::judge::Broken;
use crate::options::{Options, Release};
use crate::record::Testimony;
use crate::recorder::Recorder;
use crate::slice::{self, Slice};
use crate::watch::Watch;
use atomic_throttle::state::DeferralStatus;
use crossbeam_channel::{Receiver, RecvTimeoutError, unbounded};
use evidence::Guarantee::{G5, G6, G9};
use indicatif::ProgressBar;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

/// How often the main thread looks at the callers.
const TICK: Duration = Duration::from_millis(20);

/// Windows that end within this are waited for; others are released after it.
const SHORT: Duration = Duration::from_secs(1);

/// Longer windows are released as soon as the callers had time to fall asleep in them.
const LONG: Duration = Duration::from_secs(10);
const ASLEEP: Duration = Duration::from_millis(50);

/// How a storm went.
pub struct Gathered {
    /// By thread, and in each thread by key.
    pub testimonies: Vec<Vec<Testimony>>,
    pub lasted: Duration,
    pub slice: Slice,
    /// What was left of each key when they had come back: the deferral, and whether a run was in progress.
    pub left: Vec<(DeferralStatus, bool)>,
    /// Something that should have ended and did not.
    pub stuck: Option<Broken>,
    /// What an owed run at the end showed.
    pub broken: Vec<Broken>,
}

/// A storm that has begun.
struct Course<'c, F> {
    front: &'c Arc<F>,
    recorder: &'c Arc<Recorder>,
    options: &'c Options,
    began: Instant,
    watch: Watch,
}

/// Starts the callers together, and returns when all have come back and nothing is left to run. `bar` shows
/// the time that has passed, in milliseconds.
pub fn rage<F: Front>(
    front: &Arc<F>,
    recorder: &Arc<Recorder>,
    options: &Options,
    bar: &ProgressBar,
) -> Result<Gathered, String> {
    let threads = options.threads();
    let seed = options.seed.unwrap_or_else(rand::random);
    let (ready, is_ready) = unbounded();
    let (go, gate) = unbounded();
    let (done, is_done) = unbounded();
    for thread in 0..threads {
        let (of_caller, recorder) = (options.clone(), Arc::clone(recorder));
        let caller = Box::new(move |slice| Caller::new(thread, of_caller, seed, &recorder, slice));
        let (ready, go, done) = (ready.clone(), gate.clone(), done.clone());
        // On an error the gate is dropped, and those that wait there leave.
        front.start(Start { thread, caller, ready, go, done })?;
    }
    // From here on only a caller's own end keeps this from being disconnected.
    drop(done);
    is_ready.iter().take(threads).for_each(drop);

    let slice = slice::choose(options, recorder.now());
    for _ in 0..threads {
        let _ = go.send(slice);
    }
    let watch = Watch::new(threads + 1, longest(options).saturating_add(options.patience));
    let mut course = Course { front, recorder, options, began: Instant::now(), watch };
    let lasted = course.watch(bar);
    let (testimonies, mut stuck) = course.gather(&is_done);
    let keys = 0..recorder.keys();
    let left: Vec<_> = keys.clone().map(|key| front.left(key)).collect();
    let mut broken = Vec::new();
    if stuck.is_none() {
        recorder.hurry();
        broken.extend(keys.filter_map(|key| course.flush_alone(key, left[key].0)));
        stuck = course.gather(&is_done).1;
    }
    Ok(Gathered { testimonies, lasted, slice, left, stuck, broken })
}

/// The longest that a call has to wait: for two windows, and for the runs in between.
fn longest(options: &Options) -> Duration {
    options.longest_window().saturating_mul(2).saturating_add(runs(options))
}

/// The run in progress, and the pending run; for each key, if one thread serves them all.
fn runs(options: &Options) -> Duration {
    let keys = u32::try_from(options.keys()).unwrap_or(u32::MAX);
    options.run_time.saturating_mul(2).saturating_mul(keys)
}

impl<F: Front> Course<'_, F> {
    /// Waits for the end of the storm and returns how long it lasted.
    fn watch(&mut self, bar: &ProgressBar) -> Duration {
        loop {
            let passed = self.began.elapsed();
            let left = self.options.seconds.saturating_sub(passed);
            if left.is_zero() || self.recorder.is_stopped() || self.look() {
                self.recorder.stop();
                bar.finish_and_clear();
                return passed;
            }
            bar.set_position(u64::try_from(passed.as_millis()).unwrap_or(u64::MAX));
            thread::sleep(left.min(TICK));
        }
    }

    /// Whether a caller is stuck.
    fn look(&mut self) -> bool {
        let recorder = self.recorder;
        self.watch.look(self.began.elapsed(), |caller| recorder.shown(caller)).is_some()
    }

    /// Waits for the callers, and for what is still to run. If a window lasts long, the pending run is
    /// released after a while, so that its coverage can be judged, too. Nothing else here may wake anybody.
    fn gather(&mut self, done: &Receiver<Vec<Testimony>>) -> (Vec<Vec<Testimony>>, Option<Broken>) {
        let stopped = Instant::now();
        let grace = Grace::of(self.options);
        let mut testimonies = Vec::new();
        let stuck = loop {
            match done.recv_timeout(Duration::from_millis(10)) {
                Ok(testimony) => {
                    testimonies.push(testimony);
                    continue;
                }
                Err(RecvTimeoutError::Disconnected) if self.busy().next().is_none() => break None,
                Err(RecvTimeoutError::Disconnected) => thread::sleep(Duration::from_millis(1)),
                Err(RecvTimeoutError::Timeout) => {}
            }
            let is_stuck = self.look();
            match grace.look(stopped.elapsed()) {
                Remedy::Stuck => break Some(self.stuck(stopped)),
                _ if is_stuck => break Some(self.stuck(stopped)),
                Remedy::Wait => {}
                Remedy::Release => {
                    self.recorder.hurry();
                    (0..self.recorder.keys()).for_each(|key| self.release(key));
                }
            }
        };
        testimonies.sort_by_key(|of_thread: &Vec<Testimony>| of_thread.first().map(|of_key| of_key.thread));
        (testimonies, stuck)
    }

    fn busy(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.recorder.keys()).filter(|&key| self.front.is_busy(key))
    }

    /// Each owner is released only once, so that a lost wake-up shows. A call that was still under way may
    /// become the next owner, and is released, too.
    fn release(&self, key: usize) {
        let (front, recorder) = (self.front, self.recorder);
        match self.options.release {
            // A run may have begun in between.
            Release::Flush => drop(front.flush(key)),
            Release::Cancel if front.cancel(key) => recorder.was_released(key, || front.epoch(key)),
            Release::SetThreshold if front.threshold() > 0 => {
                recorder.set_threshold(Duration::ZERO, |threshold| front.set_threshold(threshold));
            }
            Release::Cancel | Release::SetThreshold => {}
        }
    }

    /// When nobody calls any more, a flush starts what is owed, and nothing else.
    fn flush_alone(&self, key: usize, left: DeferralStatus) -> Option<Broken> {
        let (is_owed, has_started) = (left == DeferralStatus::Owed, self.front.flush(key));
        (is_owed != has_started).then(|| {
            let did = if has_started { "started a run" } else { "started nothing" };
            Broken { guarantee: G6, how: format!("a flush that was alone, with a deferral {left:?}, {did}") }
        })
    }

    /// Says what did not end.
    fn stuck(&self, stopped: Instant) -> Broken {
        let busy: Vec<usize> = self.busy().map(|key| key + 1).collect();
        let how = format!(
            "{:.0?} after the last call, of {} throttles these have a run pending or in progress: {busy:?}; of \
             {} callers these have not returned:{}",
            stopped.elapsed(),
            self.recorder.keys(),
            self.options.threads(),
            self.watch.report(self.began.elapsed()),
        );
        Broken { guarantee: if self.watch.is_nested() { G9 } else { G5 }, how }
    }
}

/// What to do about something that has not ended.
#[derive(Debug, PartialEq, Eq)]
enum Remedy {
    Wait,
    Release,
    Stuck,
}

/// How long to wait.
struct Grace {
    release: Duration,
    stuck: Duration,
}

impl Grace {
    fn of(options: &Options) -> Self {
        let patience = SHORT.saturating_add(options.patience);
        // The run in progress, the window, and the pending run.
        let whole = options.longest_window().saturating_add(runs(options));
        let release = match options.longest_window() {
            // It ends by itself. A flush would wake a thread that missed a wake-up, and so hide the fault.
            _ if whole <= SHORT => Duration::MAX,
            window if window <= LONG => SHORT,
            _ => ASLEEP,
        };
        Self { release, stuck: patience }
    }

    fn look(&self, passed: Duration) -> Remedy {
        if passed >= self.stuck {
            Remedy::Stuck
        } else if passed >= self.release {
            Remedy::Release
        } else {
            Remedy::Wait
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{ASLEEP, Grace, Options, Remedy, SHORT};
    use clap::Parser;
    use std::time::Duration;

    /// Unless another one is asked for.
    const PATIENCE: Duration = Duration::from_secs(30);

    fn grace(arguments: &str) -> Grace {
        Grace::of(&Options::parse_from(std::iter::once("storm").chain(arguments.split_whitespace())))
    }

    #[test]
    fn what_ends_by_itself_is_never_released() {
        let grace = grace("--threshold 1s");
        assert_eq!(grace.look((SHORT + PATIENCE).saturating_sub(Duration::from_nanos(1))), Remedy::Wait);
        assert_eq!(grace.look(SHORT + PATIENCE), Remedy::Stuck);
    }

    #[test]
    fn what_would_last_is_released_and_then_has_to_end() {
        for long in [
            "--threshold 1001ms",
            "--threshold 10s",
            "--run-time 501ms --threshold 0",
            "--threshold 334ms --change-every 10",
        ] {
            let grace = grace(long);
            assert_eq!(grace.look(SHORT.saturating_sub(Duration::from_nanos(1))), Remedy::Wait, "{long}");
            assert_eq!(grace.look(SHORT), Remedy::Release, "{long}");
            assert_eq!(grace.look(SHORT + PATIENCE), Remedy::Stuck, "{long}");
        }
        let endless = grace("--threshold 10000years");
        assert_eq!([Duration::ZERO, ASLEEP].map(|at| endless.look(at)), [Remedy::Wait, Remedy::Release]);
        assert_eq!(endless.look(SHORT + PATIENCE), Remedy::Stuck);
    }
}
