//! The course of a storm: all callers start together, and are watched and joined; then what is still pending
//! gets its time.

use super::caller::Caller;
use super::front::{Front, Start};
use super::judge::Broken;
use super::options::Options;
use super::record::Testimony;
use super::recorder::Recorder;
use super::slice::{self, Slice};
use crossbeam_channel::{Receiver, RecvTimeoutError, unbounded};
use indicatif::ProgressBar;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

/// How often the main thread looks at the callers.
const TICK: Duration = Duration::from_millis(20);

/// How much longer than two windows anything may take before it counts as stuck.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// Windows that end within this are waited for; others are flushed after it.
const SHORT: Duration = Duration::from_secs(1);

/// How a storm went.
pub struct Gathered {
    /// By thread, and in each thread by key.
    pub testimonies: Vec<Vec<Testimony>>,
    pub lasted: Duration,
    pub slice: Slice,
    /// Something that should have ended and did not.
    pub stuck: Option<Broken>,
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
    let (ready, is_ready) = unbounded();
    let (go, gate) = unbounded();
    let (done, is_done) = unbounded();
    for thread in 0..threads {
        let (of_caller, recorder) = (options.clone(), Arc::clone(recorder));
        let caller = Box::new(move |slice| Caller::new(thread, &of_caller, &recorder, slice));
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
    let lasted = watch(recorder, options, bar);
    let (testimonies, stuck) = gather(&**front, recorder, options, &is_done);
    Ok(Gathered { testimonies, lasted, slice, stuck })
}

/// Waits for the end of the storm and returns how long it lasted.
fn watch(recorder: &Recorder, options: &Options, bar: &ProgressBar) -> Duration {
    let began = Instant::now();
    loop {
        let passed = began.elapsed();
        let left = options.seconds.saturating_sub(passed);
        if left.is_zero() || recorder.is_stopped() {
            recorder.stop();
            bar.finish_and_clear();
            return passed;
        }
        bar.set_position(u64::try_from(passed.as_millis()).unwrap_or(u64::MAX));
        thread::sleep(left.min(TICK));
    }
}

/// Waits for the callers, and for what is still to run. If a window lasts long, the pending run is flushed
/// after a while, so that its coverage can be judged, too.
fn gather<F: Front>(
    front: &F,
    recorder: &Recorder,
    options: &Options,
    done: &Receiver<Vec<Testimony>>,
) -> (Vec<Vec<Testimony>>, Option<Broken>) {
    let stopped = Instant::now();
    let grace = Grace::of(options);
    let keys = 0..recorder.keys();
    let mut testimonies = Vec::new();
    let stuck = loop {
        match done.recv_timeout(Duration::from_millis(10)) {
            Ok(testimony) => {
                testimonies.push(testimony);
                continue;
            }
            Err(RecvTimeoutError::Disconnected) if !keys.clone().any(|key| front.is_busy(key)) => break None,
            Err(RecvTimeoutError::Disconnected) => thread::sleep(Duration::from_millis(1)),
            Err(RecvTimeoutError::Timeout) => {}
        }
        match grace.look(stopped.elapsed()) {
            Remedy::Wait => {}
            Remedy::Flush => {
                recorder.hurry();
                keys.clone().for_each(|key| recorder.flush(key, || front.flush(key)));
            }
            Remedy::Stuck => break Some(stuck(front, recorder, options, testimonies.len(), stopped)),
        }
    };
    testimonies.sort_by_key(|of_thread: &Vec<Testimony>| of_thread.first().map(|of_key| of_key.thread));
    (testimonies, stuck)
}

/// What to do about something that has not ended.
#[derive(Debug, PartialEq, Eq)]
enum Remedy {
    Wait,
    Flush,
    Stuck,
}

/// How long to wait.
struct Grace {
    flush: Duration,
    stuck: Duration,
}

impl Grace {
    fn of(options: &Options) -> Self {
        // The run in progress, the window, and the pending run; for each key, if one thread serves them all.
        let keys = u32::try_from(options.keys()).unwrap_or(u32::MAX);
        let runs = options.run_time.saturating_mul(2).saturating_mul(keys);
        if options.threshold.saturating_add(runs) <= SHORT {
            // It ends by itself. A flush would wake a thread that missed a wake-up, and so hide the fault.
            Self { flush: Duration::MAX, stuck: SHORT + PATIENCE }
        } else {
            Self { flush: SHORT, stuck: SHORT + PATIENCE }
        }
    }

    fn look(&self, passed: Duration) -> Remedy {
        if passed >= self.stuck {
            Remedy::Stuck
        } else if passed >= self.flush {
            Remedy::Flush
        } else {
            Remedy::Wait
        }
    }
}

/// Says what did not end, and hurries it so that as much as possible can be judged.
fn stuck<F: Front>(
    front: &F,
    recorder: &Recorder,
    options: &Options,
    returned: usize,
    stopped: Instant,
) -> Broken {
    let busy: Vec<usize> =
        (0..recorder.keys()).filter(|&key| front.is_busy(key)).map(|key| key + 1).collect();
    let how = format!(
        "{:.0?} after the last call {} of {} callers have not returned, and of {} throttles these have a run \
         pending or in progress: {busy:?}",
        stopped.elapsed(),
        options.threads() - returned,
        options.threads(),
        recorder.keys(),
    );
    Broken { guarantee: "G5", how }
}

#[cfg(test)]
mod tests {
    use super::{Grace, Options, PATIENCE, Remedy, SHORT};
    use clap::Parser;
    use std::time::Duration;

    fn grace(arguments: &str) -> Grace {
        Grace::of(&Options::parse_from(std::iter::once("storm").chain(arguments.split_whitespace())))
    }

    #[test]
    fn what_ends_by_itself_is_never_flushed() {
        let grace = grace("--threshold 1s");
        assert_eq!(grace.look(SHORT + PATIENCE - Duration::from_nanos(1)), Remedy::Wait);
        assert_eq!(grace.look(SHORT + PATIENCE), Remedy::Stuck);
    }

    #[test]
    fn what_would_last_is_flushed_and_then_has_to_end() {
        for long in ["--threshold 1001ms", "--threshold 10000years", "--run-time 501ms --threshold 0"] {
            let grace = grace(long);
            assert_eq!(grace.look(SHORT - Duration::from_nanos(1)), Remedy::Wait, "{long}");
            assert_eq!(grace.look(SHORT), Remedy::Flush, "{long}");
            assert_eq!(grace.look(SHORT + PATIENCE), Remedy::Stuck, "{long}");
        }
    }
}
