//! `reload --threshold 2s --watch PATH... -- COMMAND...` runs a command when files change: at most once per threshold, and
//! always once after the last change.
//!
//! * `args`: the command line, and one clear line for what is wrong with it
//! * `look`: what is in the watched paths
//! * `job`: the command
//! * `signals`: the end

mod args;
mod job;
mod look;
mod signals;

use args::Args;
use atomic_throttle::{Merge, Pending, Throttled};
use clap::Parser;
use job::Job;
use look::{Look, TICK};
use std::collections::BTreeSet;
use std::error::Error;
use std::fmt::Display;
use std::io::{self, Write};
use std::path::{self, PathBuf};
use std::process::ExitCode;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use std::{env, thread};

/// How often to look; and so how long after a change the command may start.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// A look may take a tenth of the time, however many files there are.
const REST_FOR_A_LOOK: u32 = 9;
/// How many complaints to print of one look.
const COMPLAINTS: usize = 5;

/// The names that have changed.
type Names = BTreeSet<PathBuf>;

fn main() -> ExitCode {
    let args = match Args::try_parse() {
        Ok(args) => args,
        // `--help`.
        Err(error) if !error.use_stderr() => {
            let _ = error.print();
            return ExitCode::SUCCESS;
        }
        Err(error) => return refuse(&args::one_line(&error), 2),
    };
    match reload(args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => refuse(&format!("error: {reason}"), 1),
    }
}

fn reload(args: Args) -> Result<(), Box<dyn Error>> {
    let ending = signals::ending()?;
    // A path means the same also when the current directory has gone.
    let paths = args.watch.iter().map(path::absolute).collect::<Result<Vec<_>, _>>()?;
    let job = Job::new(args.command, env::current_dir()?)?;
    thread::sleep(TICK);
    let mut seen = Look::at(&paths);
    if let Some((absent, _)) = args.watch.iter().zip(&paths).find(|(_, path)| !seen.finds(path)) {
        return Err(format!("cannot watch {}: there is nothing", absent.display()).into());
    }
    complain(&seen, &Look::default());

    let mut number = 0;
    let runs = Throttled::builder(args.threshold)
        .merging(|names: &mut Names, more| names.extend(more))
        .spawn(move |names: &Names| {
            number += 1;
            say(format_args!("run {number}: {}: {}", summary(names), job.perform()));
        })
        .map_err(|error| format!("cannot start a thread: {error}"))?;

    say(format_args!("watching {:?}; Ctrl-C ends", args.watch));
    while !ending.load(Ordering::Relaxed) {
        let start = Instant::now();
        look(&paths, &mut seen, &runs)?;
        rest(LOOK_EVERY.max(start.elapsed() * REST_FOR_A_LOOK), &ending);
    }
    say("ending: what is not yet covered runs now");
    look(&paths, &mut seen, &runs)?;
    runs.shutdown(Pending::Flush).wait()?;
    say(format_args!("{} run{}", runs.runs(), if runs.runs() == 1 { "" } else { "s" }));
    LOST.get().map_or(Ok(()), |error| Err(format!("the log is not complete: {error}").into()))
}

/// Looks, and calls for what has changed. The call comes after the look, so that a change that the look is too early for
/// is found by the next one.
fn look(paths: &[PathBuf], seen: &mut Look, runs: &Throttled<Merge<Names>>) -> Result<(), Box<dyn Error>> {
    let mut now = Look::at(paths);
    if now.changes_since(seen).next().is_some() {
        // Until what has changed is no longer fresh, unless it goes on changing.
        thread::sleep(TICK);
        now = Look::at(paths);
        runs.trigger(now.changes_since(seen).cloned().collect()).map_err(|error| error.to_string())?;
    }
    complain(&now, seen);
    *seen = now;
    Ok(())
}

/// In small steps, so that a signal ends it.
fn rest(time: Duration, ending: &AtomicBool) {
    let start = Instant::now();
    while start.elapsed() < time && !ending.load(Ordering::Relaxed) {
        thread::sleep(LOOK_EVERY);
    }
}

fn complain(now: &Look, before: &Look) {
    let new: Vec<_> = now.complaints.difference(&before.complaints).collect();
    new.iter().take(COMPLAINTS).for_each(say);
    if new.len() > COMPLAINTS {
        say(format_args!("and {} more", new.len() - COMPLAINTS));
    }
}

fn summary(names: &Names) -> String {
    let first = names.first().map(|name| name.display().to_string()).unwrap_or_default();
    if names.len() > 1 { format!("{first} and {} more", names.len() - 1) } else { first }
}

/// One line, even if a file name has several.
fn refuse(reason: &str, code: u8) -> ExitCode {
    eprintln!("{}", reason.replace('\n', " "));
    ExitCode::from(code)
}

/// Why a line of the log was lost, the first time.
static LOST: OnceLock<io::Error> = OnceLock::new();

/// Prints a line at once, not when a buffer is full, so that a log can be followed. Neither a full disk nor a reader
/// that has gone away is a reason to stop reloading; a full disk is reported at the end.
fn say(line: impl Display) {
    let mut out = io::stdout().lock();
    match writeln!(out, "{line}").and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => drop(LOST.set(error)),
        _ => {}
    }
}
