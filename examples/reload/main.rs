//! `reload --threshold 2s --watch PATH... -- COMMAND...` runs a command when files change: at once on the
//! first change, at most once per threshold after it, and always once after the last change.
//!
//! * `args`: the command line, and one clear line for what is wrong with it
//! * `watch`: what changes, also when a watched path is deleted, re-created or replaced
//! * `reloader`: the throttle, and the workers that call it
//! * `job`: the command

mod args;
mod job;
mod reloader;
mod watch;

use args::Args;
use clap::Parser;
use job::Job;
use reloader::Reloader;
use std::fmt::Display;
use std::io::{self, Write};
use std::process::ExitCode;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use watch::{Message, Watch};

fn main() -> ExitCode {
    let args = match Args::try_parse() {
        Ok(args) => args,
        // `--help`.
        Err(error) if !error.use_stderr() => {
            let _ = error.print();
            return ExitCode::SUCCESS;
        }
        Err(error) => {
            return refuse(&args::one_line(&error), 2);
        }
    };
    match reload(args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => refuse(&format!("error: {reason}"), 1),
    }
}

fn reload(args: Args) -> Result<(), String> {
    let (stop, messages) = crossbeam_channel::unbounded();
    let job = Job::new(args.command)?;
    let reloader = Reloader::new(args.threshold, job);
    let mut watch = Watch::new(&args.watch, reloader.changes(), stop.clone(), messages)?;

    let asked = AtomicBool::new(false);
    let on_ctrl_c = move || {
        if asked.swap(true, Ordering::Relaxed) {
            // The second time. 130 is what shells report for an end by Ctrl-C.
            std::process::exit(130);
        }
        let _ = stop.send(Message::Stop);
    };
    ctrlc::set_handler(on_ctrl_c).map_err(|error| format!("cannot listen for Ctrl-C: {error}"))?;

    reloader.serve_while(|| {
        say(format_args!("watching {:?}; Ctrl-C ends", args.watch));
        watch.supervise();
        say("ending: what is not yet covered runs now");
        watch.finish();
    });
    say(reloader.summary());
    LOST.get().map_or(Ok(()), |error| Err(format!("the log is not complete: {error}")))
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
