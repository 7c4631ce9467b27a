//! A storm of calls on one throttle, and a check that the guarantees held.
//!
//! ```text
//! cargo run --release --example storm
//! cargo run --release --example storm -- --threads 6 --rate 300 --run-time 5ms --svg storm.svg
//! ```
//!
//! Many threads call `run` of one throttle. Before each call a thread publishes the number of the call
//! in a relaxed atomic; each run records the numbers that it sees. So every promise can be checked
//! afterwards, without a lock or a fence that could make up for one that the throttle lacks.

mod judge;
mod options;
mod picture;
mod record;
mod report;
mod worker;

use clap::Parser;
use crossbeam_channel::{Receiver, RecvTimeoutError, unbounded};
use indicatif::{ProgressBar, ProgressStyle};
use judge::{End, judge};
use options::Options;
use record::{RunLog, Slice, Testimony};
use report::Report;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;
use std::thread;
use std::time::{Duration, Instant};
use worker::{Storm, now};

/// How often the main thread looks up.
const TICK: Duration = Duration::from_millis(20);

fn main() -> ExitCode {
    let options = Options::parse();
    match storm(&options) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(why) => {
            eprintln!("storm: {why}");
            ExitCode::from(2)
        }
    }
}

/// Whether the guarantees held.
fn storm(options: &Options) -> Result<bool, String> {
    // First, so that a path that cannot be written is known before the storm.
    let svg = options.svg.as_deref().map(|path| open(path).map(|file| (path, file))).transpose()?;
    let storm = Storm::new(options, RunLog::new(options.threads()));
    let measuring = report::measure_measuring();
    let course = rage(&storm, options)?;

    let still_owed = storm.throttle.is_pending() || storm.throttle.is_owed();
    let threshold = storm.throttle.threshold().as_nanos();
    let (log, overlaps) = storm.into_log();
    let verdict = judge(&log, &course.testimonies, threshold, &End { still_owed, overlaps });
    let report = Report {
        options,
        verdict: &verdict,
        testimonies: &course.testimonies,
        measuring,
        lasted: course.lasted,
        full: log.is_full(),
    };
    print(&if options.json { report.as_json() } else { report.as_table() })?;
    for broken in &verdict.broken {
        eprintln!("{} broken: {}", broken.guarantee, broken.how);
    }
    if let Some((path, file)) = svg {
        let picture = picture::draw(options, threshold, course.slice, &log, &course.testimonies)?;
        write(file, &picture).map_err(|e| format!("cannot write {}: {e}", path.display()))?;
    }
    Ok(verdict.broken.is_empty())
}

/// How a storm went.
struct Course {
    testimonies: Vec<Testimony>,
    lasted: Duration,
    slice: Slice,
}

/// Lets the threads loose together, and returns when all have come back.
fn rage(storm: &Storm, options: &Options) -> Result<Course, String> {
    let threads = options.threads();
    thread::scope(|scope| {
        let (ready, is_ready) = unbounded();
        let (go, gate) = unbounded();
        let (done, is_done) = unbounded();
        for thread in 0..threads {
            let (ready, gate, done) = (ready.clone(), gate.clone(), done.clone());
            let calls = move || {
                let _ = ready.send(());
                if let Ok(slice) = gate.recv() {
                    let _ = done.send(storm.calls_of(thread, slice));
                }
            };
            // On an error the gate is dropped, and the threads that wait there leave.
            thread::Builder::new()
                .spawn_scoped(scope, calls)
                .map_err(|e| format!("cannot start thread {thread} of {threads}: {e}"))?;
        }
        // From here on only a thread's own end keeps this from being disconnected.
        drop(done);
        is_ready.iter().take(threads).for_each(drop);

        let slice = picture::choose_slice(options, now());
        for _ in 0..threads {
            let _ = go.send(slice);
        }
        let lasted = watch(storm, options);
        let testimonies = gather(storm, options, &is_done);
        Ok(Course { testimonies, lasted, slice })
    })
}

/// Waits for the end of the storm and returns how long it lasted.
fn watch(storm: &Storm, options: &Options) -> Duration {
    let began = Instant::now();
    let whole = u64::try_from(options.seconds.as_millis()).unwrap_or(u64::MAX);
    let style = ProgressStyle::with_template("{spinner} {wide_bar} {eta}").expect("the template is valid");
    let bar = ProgressBar::new(whole).with_style(style);
    loop {
        let passed = began.elapsed();
        let left = options.seconds.saturating_sub(passed);
        if left.is_zero() || storm.is_stopped() {
            storm.stop();
            bar.finish_and_clear();
            return passed;
        }
        bar.set_position(u64::try_from(passed.as_millis()).unwrap_or(u64::MAX));
        thread::sleep(left.min(TICK));
    }
}

/// Waits for the threads. An owner waits for the end of its window, which may be far: after a while the
/// pending run is flushed, so that its coverage can be judged, too.
fn gather(storm: &Storm, options: &Options, done: &Receiver<Testimony>) -> Vec<Testimony> {
    let stopped = Instant::now();
    let one_window = options.threshold.saturating_add(options.run_time);
    let grace = one_window.saturating_add(Duration::from_millis(250)).min(Duration::from_secs(1));
    let mut testimonies = Vec::new();
    loop {
        match done.recv_timeout(Duration::from_millis(10)) {
            Ok(testimony) => testimonies.push(testimony),
            Err(RecvTimeoutError::Timeout) if stopped.elapsed() >= grace => storm.flush(),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    testimonies.sort_by_key(|testimony| testimony.thread);
    testimonies
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
