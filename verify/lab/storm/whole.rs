//! A whole storm: from the start of a front end to its end, and the verdict.

use super::course;
use super::front::{Front, OwnCounts};
use super::judge::{self, Broken, StormEnd, Verdict, judge};
use super::options::Options;
use super::record::{Kind, Testimony};
use super::recorder::{Recorded, Recorder};
use super::slice::Slice;
use indicatif::ProgressBar;
use std::mem;
use std::sync::Arc;
use std::time::Duration;

/// The result of a storm.
pub struct Whole {
    pub verdict: Verdict,
    /// By key, and for each key by thread.
    pub testimonies: Vec<Vec<Testimony>>,
    /// By key.
    pub records: Vec<Recorded>,
    /// In nanoseconds.
    pub threshold: u64,
    pub lasted: Duration,
    pub slice: Slice,
}

/// A storm on a front end of its own.
pub fn perform<F: Front>(options: &Options, bar: &ProgressBar) -> Result<Whole, String> {
    let recorder = Arc::new(Recorder::new(options, F::clock()));
    let front = Arc::new(F::new(options, &recorder)?);
    let course = course::rage(&front, &recorder, options, bar)?;

    let threshold = front.threshold();
    let testimonies = by_key(course.testimonies, recorder.keys());
    let still_owed: Vec<bool> =
        (0..recorder.keys()).map(|key| front.is_busy(key) || front.is_owed(key)).collect();
    let ended = if course.stuck.is_none() { Some(front.end()) } else { None };
    if !matches!(ended, Some(Ok(_))) {
        // What is stuck is not dropped: that might wait for ever.
        mem::forget(front);
    }
    let records = recorder.take();
    let judged =
        records.iter().zip(&testimonies).zip(still_owed).map(|((record, testimonies), still_owed)| {
            judge(&record.log, testimonies, threshold, &StormEnd { still_owed, overlaps: record.overlaps })
        });
    let mut verdict = Verdict::of_all(judged);
    verdict.broken.extend(course.stuck);
    let taken = testimonies.iter().map(|of_key| judge::count(of_key, Kind::Taken)).sum();
    verdict.broken.extend(ended.and_then(|ended| miscounted(ended, &records, taken)));
    Ok(Whole { verdict, testimonies, records, threshold, lasted: course.lasted, slice: course.slice })
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
fn miscounted(ended: Result<OwnCounts, String>, records: &[Recorded], taken: u64) -> Option<Broken> {
    let counted = match ended {
        Ok(counted) => counted,
        Err(how) => return Some(Broken { guarantee: "G6", how }),
    };
    let runs: u64 = records.iter().map(|record| record.log.runs().len() as u64).sum();
    let panics: u64 = records.iter().map(|record| record.panics).sum();
    let covered: u64 = records.iter().flat_map(|record| record.log.runs()).filter_map(|run| run.calls).sum();
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
        Broken { guarantee: "G6", how }
    })
}
