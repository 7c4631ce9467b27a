//! A whole storm: from the start of a front end to its end, and the verdict.

use crate::course;
use crate::front::{Front, OwnCounts};
use crate::judge::{Broken, History, StormEnd, Verdict, judge};
use crate::options::Options;
use crate::record::{Change, Kind, Run, RunLog, Tally, Testimony, count};
use crate::recorder::{Recorded, Recorder, nanos};
use crate::slice::Slice;
use evidence::Guarantee::G6;
use indicatif::ProgressBar;
use std::mem;
use std::sync::Arc;
use std::time::Duration;

/// The result of a storm.
pub struct Whole {
    pub verdict: Verdict,
    /// By key, and for each key by thread. Last come the calls from inside runs.
    pub testimonies: Vec<Vec<Testimony>>,
    /// By key.
    pub logs: Vec<RunLog>,
    /// How many of the last runs took place when the storm was over.
    pub in_the_end: u64,
    /// In nanoseconds.
    pub threshold: u64,
    pub lasted: Duration,
    pub slice: Slice,
}

impl Whole {
    /// The latest run of the first key.
    pub fn last_run(&self) -> Option<Run> {
        self.logs.first()?.runs().iter().max_by_key(|run| run.stamp).copied()
    }
}

/// A storm on a front end of its own.
pub fn perform<F: Front>(options: &Options, bar: &ProgressBar) -> Result<Whole, String> {
    perform_on(options, bar, None, |recorder| F::new(options, recorder))
}

/// A storm on a front end that is made as `front` says. Its latest run so far is `before`.
pub fn perform_on<F: Front>(
    options: &Options,
    bar: &ProgressBar,
    before: Option<Run>,
    front: impl FnOnce(&Arc<Recorder>) -> Result<F, String>,
) -> Result<Whole, String> {
    let recorder = Arc::new(Recorder::new(options, F::clock(), before));
    let front = Arc::new(front(&recorder)?);
    let course = course::rage(&front, &recorder, options, bar)?;

    let mut ended = if course.stuck.is_none() { Some(front.end()) } else { None };
    if !matches!(ended, Some(Ok(_))) {
        // What is stuck is not dropped: that might wait for ever.
        mem::forget(front);
    }
    let remaining = ended.as_mut().and_then(|ended| Some(mem::take(&mut ended.as_mut().ok()?.remaining)));
    let mut remaining = remaining.into_iter().flatten();
    let (records, mut changes) = recorder.take();
    changes.push(Change { threshold: nanos(options.threshold), begun: 0, returned: 0 });
    let mut testimonies = by_key(course.testimonies, recorder.keys());
    let mut logs = Vec::new();
    let mut ends = Vec::new();
    for ((record, testimonies), (left, is_running)) in
        records.into_iter().zip(&mut testimonies).zip(course.left)
    {
        let Recorded { log, inside, overlaps, panics, caught } = record;
        testimonies.push(inside);
        let arrived = count(testimonies, Kind::Panicked) + caught;
        let arrived = options.front.runs_in_calls().then_some(arrived);
        let remaining = remaining.next();
        ends.push(StormEnd { left, is_running, overlaps, panics, arrived, remaining });
        logs.push(log);
    }
    let tallies: Vec<Tally> = testimonies.iter().map(|of_key| Tally::of_all(of_key)).collect();
    let (paced, cancels_drop) = (options.paced(), options.front.cancels_drop());
    let judged =
        logs.iter().zip(&testimonies).zip(ends).enumerate().map(|(key, ((log, testimonies), end))| {
            let mut elsewhere = Tally::default();
            tallies
                .iter()
                .enumerate()
                .filter(|&(other, _)| other != key)
                .for_each(|(_, &tally)| elsewhere += tally);
            let changes = &changes;
            judge(&History { before, log, changes, testimonies, elsewhere, paced, cancels_drop, end })
        });
    let mut verdict = Verdict::of_all(judged);
    verdict.broken.extend(course.broken);
    verdict.broken.extend(course.stuck);
    let in_the_end = ended.as_ref().map_or(0, |ended| ended.as_ref().map_or(0, |counts| counts.in_the_end));
    let miscounted = ended.and_then(|ended| miscounted(ended, &verdict));
    verdict.broken.extend(miscounted);
    let (threshold, lasted, slice) = (nanos(options.threshold), course.lasted, course.slice);
    Ok(Whole { verdict, testimonies, logs, in_the_end, threshold, lasted, slice })
}

/// The reports of the threads, key by key.
fn by_key(of_threads: Vec<Vec<Testimony>>, keys: usize) -> Vec<Vec<Testimony>> {
    let mut testimonies: Vec<Vec<Testimony>> = (0..keys).map(|_| Vec::new()).collect();
    for of_thread in of_threads {
        testimonies.iter_mut().zip(of_thread).for_each(|(of_key, testimony)| of_key.push(testimony));
    }
    testimonies
}

/// Compares what the front end counted itself with what took place, and with the calls that were taken.
fn miscounted(ended: Result<OwnCounts, String>, verdict: &Verdict) -> Option<Broken> {
    let counted = match ended {
        Ok(counted) => counted,
        Err(how) => return Some(Broken { guarantee: G6, how }),
    };
    let (runs, panics, covered) = (verdict.runs, verdict.panics, verdict.counted);
    let taken = verdict.count(Kind::Taken);
    let differs =
        |counted: Option<u64>, took_place: u64| counted.is_some_and(|counted| counted != took_place);
    let is_wrong = differs(counted.runs, runs)
        || differs(counted.panics, panics)
        || differs(counted.uncovered.map(|uncovered| uncovered + covered), taken);
    is_wrong.then(|| {
        let how = format!(
            "{runs} runs and {panics} panics took place, {taken} calls were taken and {covered} covered, and \
             it says {counted:?}"
        );
        Broken { guarantee: G6, how }
    })
}
