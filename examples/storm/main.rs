//! A storm of calls on a front end, and a check that the guarantees held.
//!
//! ```text
//! cargo run --release --example storm
//! cargo run --release --example storm -- --threads 6 --rate 300 --run-time 5ms --svg storm.svg
//! cargo run --release --example storm -- --front background
//! cargo run --release --example storm --features tokio,keyed -- --front async
//! cargo run --release --example storm --features tokio,keyed -- --front keyed --keys 40
//! ```
//!
//! Many threads, or tasks, call one throttle, or one for each key. Before each call a caller publishes the
//! number of the call in a relaxed atomic; each run records the numbers that it sees. So every promise can be
//! checked afterwards, without a lock or a fence that could make up for one that the throttle lacks.
//!
//! The callers, what a run records and the judge are the same for all front ends; each of those is a file
//! in `front/`.

mod caller;
mod course;
mod front;
mod judge;
mod options;
mod picture;
mod record;
mod recorder;
mod report;
mod slice;
mod turns;

use clap::Parser;
use front::{Background, Blocking, Front, Which};
use judge::{Broken, End, Verdict, judge};
use options::Options;
use record::{Kind, Testimony};
use recorder::{Recorded, Recorder};
use report::Report;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::mem;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

fn main() -> ExitCode {
    let options = Options::parse();
    let held = options.check().and_then(|()| match options.front {
        Which::Blocking => storm::<Blocking>(&options),
        Which::Background => storm::<Background>(&options),
        #[cfg(feature = "tokio")]
        Which::Async => storm::<front::Asynchronous>(&options),
        #[cfg(not(feature = "tokio"))]
        Which::Async => Err(without("tokio")),
        #[cfg(feature = "keyed")]
        Which::Keyed => storm::<front::Keyed>(&options),
        #[cfg(feature = "keyed")]
        Which::KeyedLeading => storm::<front::KeyedLeading>(&options),
        #[cfg(not(feature = "keyed"))]
        Which::Keyed | Which::KeyedLeading => Err(without("keyed")),
    });
    match held {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(why) => {
            eprintln!("storm: {why}");
            ExitCode::from(2)
        }
    }
}

/// A front end that was not built.
#[cfg(not(all(feature = "tokio", feature = "keyed")))]
fn without(feature: &str) -> String {
    format!("this front end needs a feature: cargo run --release --features {feature} --example storm")
}

/// Whether the guarantees held.
fn storm<F: Front>(options: &Options) -> Result<bool, String> {
    // First, so that a path that cannot be written is known before the storm.
    let svg = options.svg.as_deref().map(|path| open(path).map(|file| (path, file))).transpose()?;
    let recorder = Arc::new(Recorder::new(options, F::clock()));
    let front = Arc::new(F::new(options, &recorder)?);
    let measuring = report::measure_measuring(&recorder);
    let course = course::rage(&front, &recorder, options)?;

    let threshold = front.threshold();
    let testimonies = by_key(course.testimonies, recorder.keys());
    let still_owed: Vec<bool> =
        (0..recorder.keys()).map(|key| front.is_busy(key) || front.is_owed(key)).collect();
    // What is stuck is not ended, nor dropped: that might wait for ever.
    let ended = if course.stuck.is_none() { Some(front.end()) } else { None };
    mem::forget(front);
    let records = recorder.take();
    let judged =
        records.iter().zip(&testimonies).zip(still_owed).map(|((record, testimonies), still_owed)| {
            judge(&record.log, testimonies, threshold, &End { still_owed, overlaps: record.overlaps })
        });
    let mut verdict = Verdict::of_all(judged);
    verdict.broken.extend(course.stuck);
    let taken = testimonies.iter().map(|of_key| judge::count(of_key, Kind::Taken)).sum();
    verdict.broken.extend(ended.and_then(|ended| miscounted(ended, &records, taken)));

    let report = Report {
        options,
        verdict: &verdict,
        testimonies: &testimonies,
        measuring,
        lasted: course.lasted,
        full: records.iter().any(|record| record.log.is_full()),
    };
    print(&if options.json { report.as_json() } else { report.as_table() })?;
    for broken in &verdict.broken {
        eprintln!("{} broken: {}", broken.guarantee, broken.how);
    }
    if let Some((path, file)) = svg {
        let picture = picture::draw(options, threshold, course.slice, &records[0].log, &testimonies[0])?;
        write(file, &picture).map_err(|e| format!("cannot write {}: {e}", path.display()))?;
    }
    Ok(verdict.broken.is_empty())
}

/// What the threads tell, key by key.
fn by_key(of_threads: Vec<Vec<Testimony>>, keys: usize) -> Vec<Vec<Testimony>> {
    let mut testimonies: Vec<Vec<Testimony>> = (0..keys).map(|_| Vec::new()).collect();
    for of_thread in of_threads {
        testimonies.iter_mut().zip(of_thread).for_each(|(of_key, testimony)| of_key.push(testimony));
    }
    testimonies
}

/// Compares what the front end counted itself with what took place, and with the calls that were taken.
fn miscounted(ended: Result<front::Counted, String>, records: &[Recorded], taken: u64) -> Option<Broken> {
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

fn open(path: &Path) -> Result<File, String> {
    // Not truncated: what is there stays until there is something better.
    OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .open(path)
        .map_err(|e| format!("cannot write {}: {e}", path.display()))
}

fn write(mut file: File, text: &str) -> io::Result<()> {
    file.write_all(text.as_bytes())?;
    if file.metadata()?.is_file() {
        file.set_len(text.len() as u64)?;
    }
    Ok(())
}

fn print(text: &str) -> Result<(), String> {
    match writeln!(io::stdout(), "{text}") {
        // Whoever reads has read enough.
        Err(e) if e.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => result.map_err(|e| format!("cannot print the result: {e}")),
    }
}
