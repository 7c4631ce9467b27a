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
use std::io::Write;
use std::process::ExitCode;
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
    Ok(())
}

/// One line, even if a file name has several.
fn refuse(reason: &str, code: u8) -> ExitCode {
    eprintln!("{}", reason.replace('\n', " "));
    ExitCode::from(code)
}

/// Prints a line now and not when some buffer is full, so that a log can be followed. A reader that has
/// gone away is no reason to stop reloading.
fn say(line: impl Display) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}
