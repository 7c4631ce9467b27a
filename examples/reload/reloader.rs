//! The throttle, and the workers that call it once for every event.

use crate::job::Job;
use crate::say;
use atomic_throttle::{Threshold, Throttle};
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender};
use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

/// With three workers there is always one that is free to coalesce, so that calls never pile up: at most
/// one performs the run in progress (G2), at most one owns the deferral and waits (G4), and every other
/// call returns at once.
const WORKERS: usize = 3;

/// How often to ask again, at the end, whether the run in progress has finished.
const ASK_EVERY: Duration = Duration::from_millis(20);

enum Call {
    Changed,
    End,
}

/// Where events are counted. Counting never blocks, so that it may be done in a callback that the
/// kernel's queue must not wait for.
#[derive(Clone)]
pub struct Changes {
    /// Events that no run has taken yet.
    uncovered: Arc<AtomicU64>,
    calls: Sender<Call>,
}

impl Changes {
    pub fn count(&self) {
        // Relaxed: the channel orders the count before the call, and the throttle shows to the run that
        // covers the call what was written before it (G3).
        self.uncovered.fetch_add(1, Ordering::Relaxed);
        let _ = self.calls.send(Call::Changed);
    }
}

pub struct Reloader {
    throttle: Throttle,
    job: Job,
    changes: Changes,
    calls: Receiver<Call>,
    /// Written inside runs only, which never overlap (G2).
    runs: AtomicU64,
    covered: AtomicU64,
}

impl Reloader {
    pub fn new(threshold: Threshold, job: Job) -> Self {
        let (sender, calls) = crossbeam_channel::unbounded();
        Self {
            throttle: Throttle::new(threshold.as_duration()),
            job,
            changes: Changes { uncovered: Arc::default(), calls: sender },
            calls,
            runs: AtomicU64::new(0),
            covered: AtomicU64::new(0),
        }
    }

    pub fn changes(&self) -> Changes {
        self.changes.clone()
    }

    /// Serves calls until `watching` returns and every event counted by then is covered.
    pub fn serve_while(&self, watching: impl FnOnce()) {
        thread::scope(|scope| {
            let (working, ended) = crossbeam_channel::bounded::<Infallible>(0);
            for _ in 0..WORKERS {
                let working = working.clone();
                scope.spawn(move || {
                    self.serve();
                    drop(working);
                });
            }
            drop(working);
            watching();
            // Behind all the calls that were sent until now.
            for _ in 0..WORKERS {
                let _ = self.changes.calls.send(Call::End);
            }
            self.flush_until(&ended);
        });
    }

    pub fn summary(&self) -> String {
        let runs = self.runs.load(Ordering::Relaxed);
        let covered = self.covered.load(Ordering::Relaxed);
        format!("{} covered {}", counted(runs, "run"), counted(covered, "event"))
    }

    fn serve(&self) {
        while let Ok(Call::Changed) = self.calls.recv() {
            // A run that started since the event was counted may have taken it. A call would then only
            // put off the next run, which could otherwise start at once.
            if self.changes.uncovered.load(Ordering::Relaxed) == 0 {
                continue;
            }
            // Nobody cancels, and this is outside of any run: the call has run, or is covered.
            let _covered = self.throttle.run(|| self.reload());
        }
    }

    /// Performs what is pending without waiting for the end of the window, until all workers have ended:
    /// the owner of the deferral among them, whose call returns when its run was flushed.
    fn flush_until(&self, ended: &Receiver<Infallible>) {
        loop {
            // Not flushed: a run is in progress, and the pending one, if any, is flushed after it; or nothing
            // is pending: all is done, or a worker is about to call. Either way, again in a moment.
            let _ = self.throttle.flush(|| self.reload());
            if let Err(RecvTimeoutError::Disconnected) = ended.recv_timeout(ASK_EVERY) {
                return;
            }
        }
    }

    /// One run. It takes the count first: an event counted later belongs to the next run, since the
    /// command may have looked already.
    fn reload(&self) {
        let events = self.changes.uncovered.swap(0, Ordering::Relaxed);
        if events == 0 {
            // The events of the calls that this run covers were counted before an earlier run took the
            // count, and so before that run's command, which has seen those changes.
            return;
        }
        let run = self.runs.fetch_add(1, Ordering::Relaxed) + 1;
        self.covered.fetch_add(events, Ordering::Relaxed);
        let result = self.job.perform();
        say(format_args!("run {run}: covers {}, {result}", counted(events, "event")));
    }
}

fn counted(number: u64, of: &str) -> String {
    format!("{number} {of}{}", if number == 1 { "" } else { "s" })
}
