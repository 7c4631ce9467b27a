//! One round: its threads are started together, watched, joined and judged.

use crate::judge::{Broken, Round, Verdict, judge};
use crate::plan::{FAR, Plan, Release};
use crate::record::{Event, Run, Testimony};
use crate::soak::{Soak, now};
use crate::watch::Watch;
use crate::worker::Worker;
use atomic_throttle::NotFlushed;
use measure_options::soak::Options;
use std::panic;
use std::thread::{self, ScopedJoinHandle};
use std::time::{Duration, Instant};

/// How often the main thread looks at the others.
const TICK: Duration = Duration::from_millis(2);

/// Why a round has no verdict.
#[derive(Debug)]
pub enum NoVerdict {
    /// A thread could not be started.
    NoThread(String),
}

/// A series of rounds with one throttle.
pub struct Rounds<'o> {
    options: &'o Options,
    seed: u64,
    soak: Soak,
    testimonies: Vec<Testimony>,
    before: Option<Run>,
    count: u64,
}

impl<'o> Rounds<'o> {
    pub fn new(options: &'o Options, seed: u64) -> Self {
        let width = options.most_threads() + 1;
        Self {
            options,
            seed,
            soak: Soak::new(options),
            testimonies: (0..width).map(|place| Testimony::new(place, width)).collect(),
            before: None,
            count: 0,
        }
    }

    /// One more round. It is drawn at random, except for the first, which has a bit of everything.
    pub fn next(&mut self) -> Result<(Plan, Verdict), NoVerdict> {
        let crowd = self.options.most_threads();
        let plan = match self.count {
            0 => Plan::everything(crowd),
            count => Plan::draw(self.seed, count, self.options.threads(), crowd),
        };
        self.count += 1;
        self.perform(&plan).map(|verdict| (plan, verdict))
    }

    pub fn perform(&mut self, plan: &Plan) -> Result<Verdict, NoVerdict> {
        self.testimonies.iter_mut().for_each(Testimony::clear);
        self.soak.begin(plan);
        // The last round left nothing stuck: a call alone runs (G6).
        let still_works = self.call_alone(plan);
        if plan.far.is_some() {
            self.soak.set_threshold(FAR);
        }
        self.rage(plan)?;

        let left = self.soak.throttle.state();
        let flushed = self.flush_alone(plan);
        let log = self.soak.log();
        let mut verdict = judge(&Round {
            before: self.before,
            log: &log,
            changes: &self.soak.changes(),
            testimonies: &self.testimonies[..=plan.threads],
            overlaps: self.soak.overlaps(),
            left,
        });
        let mut wedged = |how: &str| verdict.broken.push(Broken { guarantee: "G6", how: how.to_owned() });
        if !still_works {
            wedged("a call that was alone did not run");
        }
        let expected =
            if left.is_owed() || left.is_pending() { Ok(()) } else { Err(NotFlushed::NothingPending) };
        if flushed != expected {
            wedged(&format!("a flush that was alone in {left:?} returned {flushed:?}"));
        }
        self.before = log.runs().iter().max_by_key(|run| run.stamp).copied().or(self.before);
        Ok(verdict)
    }

    /// Calls while no other thread does, and returns whether the call ran.
    fn call_alone(&mut self, plan: &Plan) -> bool {
        self.alone(plan, |worker| worker.run(None));
        let tally = &self.testimonies[plan.threads].tally;
        tally[Event::RanAtOnce] + tally[Event::RanDeferred] == 1
    }

    fn flush_alone(&mut self, plan: &Plan) -> Result<(), NotFlushed> {
        let mut flushed = Err(NotFlushed::NothingPending);
        self.alone(plan, |worker| flushed = worker.flush());
        flushed
    }

    fn alone<T>(&mut self, plan: &Plan, act: impl FnOnce(&mut Worker<'_>) -> T) -> T {
        let testimony = &mut self.testimonies[plan.threads];
        act(&mut Worker::new(&self.soak, &plan.quiet(), plan.threads, testimony, 0, None))
    }

    /// Starts the threads together, and returns when all have come back.
    fn rage(&mut self, plan: &Plan) -> Result<(), NoVerdict> {
        let (soak, plant) = (&self.soak, self.options.plant);
        let seed = self.seed.wrapping_add(self.count << 32);
        let patience = self.options.patience.saturating_add(Duration::from_nanos(plan.longest()));
        let quiet = plan.quiet();
        let (theirs, own) = self.testimonies.split_at_mut(plan.threads);
        let mut worker = Worker::new(soak, &quiet, plan.threads, &mut own[0], 0, None);
        thread::scope(|scope| {
            let mut threads = Vec::with_capacity(plan.threads);
            for (place, testimony) in theirs.iter_mut().enumerate() {
                let worker = Worker::new(soak, plan, place, testimony, seed, plant);
                match thread::Builder::new().spawn_scoped(scope, || worker.storm()) {
                    Ok(thread) => threads.push(thread),
                    Err(why) => {
                        soak.stop();
                        let what = format!("cannot start thread {place} of {}: {why}", plan.threads);
                        return Err(NoVerdict::NoThread(what));
                    }
                }
            }
            gather(soak, plan, &threads, &mut worker, Watch::new(plan.threads, patience));
            for thread in threads {
                if let Err(payload) = thread.join() {
                    panic::resume_unwind(payload);
                }
            }
            Ok(())
        })
    }
}

/// Waits until all threads have left. Nothing here may wake one of them, with one exception: an owner whose
/// window does not end is released.
fn gather(
    soak: &Soak,
    plan: &Plan,
    threads: &[ScopedJoinHandle<'_, ()>],
    worker: &mut Worker<'_>,
    mut watch: Watch,
) {
    let (began, end) = (Instant::now(), now().saturating_add(plan.lasts));
    while !threads.iter().all(ScopedJoinHandle::is_finished) {
        if now() >= end {
            soak.stop();
        }
        if soak.is_stopped() {
            release(soak, plan, worker);
        }
        if let Some(thread) = watch.look(began.elapsed(), |thread| soak.shown(thread)) {
            stuck(soak, plan, thread, &watch.report(began.elapsed()));
        }
        thread::sleep(TICK);
    }
}

/// Releases the owner that waits for a far window. Each owner is released only once, so that a lost wake-up
/// shows. A call that was still under way may become the next owner, and is released, too.
fn release(soak: &Soak, plan: &Plan, worker: &mut Worker<'_>) {
    let far = soak.throttle.threshold().as_nanos() == FAR;
    match plan.far.filter(|_| far) {
        Some(Release::SetThreshold) => soak.set_threshold(0),
        Some(Release::Cancel) if soak.throttle.is_pending() => worker.cancel(),
        Some(Release::Flush) if soak.throttle.is_pending() => {
            // A run may have begun in between.
            let _ = worker.flush();
        }
        _ => {}
    }
}

/// A call that does not return cannot be taken back, so the program ends here.
fn stuck(soak: &Soak, plan: &Plan, thread: usize, report: &str) -> ! {
    eprintln!("G5 broken: thread {thread} is stuck\n{:?}\n{plan:?}\n{report}", soak.throttle);
    std::process::exit(1)
}

#[cfg(test)]
#[path = "round_tests.rs"]
mod tests;
