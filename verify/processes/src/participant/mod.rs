//! A process of a trial: it calls, runs when it is its turn, and writes a [log](crate::log).
//!
//! It goes on until its standard input ends, so it does not outlive the program that started it. Each line
//! there is a command: `call` makes one call, `wait 500ms` waits at most that long for the latest one, `end`
//! ends.

mod calls;
mod fault;
mod function;
mod observed;
mod options;
mod receiver;

pub use self::fault::Fault;
pub use self::options::{Options, Span};
pub use self::receiver::Receiver;

use self::calls::Caller;
use self::function::Function;
use self::observed::Observed;
use crate::log::{Event, Log};
use atomic_throttle_cluster::register::Register;
use atomic_throttle_cluster::{ClusterThrottled, Drivers, Trouble};
use clap::Parser;
use std::error::Error;
use std::ffi::OsString;
use std::io::{self, BufRead};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

type Failure = Box<dyn Error + Send + Sync>;

/// Runs a process of a trial from start to end. The first of `args` is the name of the program.
pub fn main(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let options = match Options::try_parse_from(args) {
        Ok(options) => options,
        Err(error) => error.exit(),
    };
    match live(&options) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(2),
        Err(error) => {
            eprintln!("participant: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Returns whether all calls were covered.
fn live(options: &Options) -> Result<bool, Failure> {
    let log = Arc::new(Log::create(&options.log)?);
    log.write(Event::Opened { pid: std::process::id() });
    let register = Arc::new(Observed::new(open(options, &log)?, Arc::clone(&log), options.fault));
    let function = Function::new(options, Arc::clone(&log))?;
    let errors = Arc::clone(&log);
    let throttled = ClusterThrottled::builder(options.threshold)
        .register(Arc::clone(&register) as Arc<dyn Register>)
        .lease(options.lease)
        .idle_look(options.idle_look)
        .on_error(move |trouble| {
            if matches!(trouble, Trouble::Register(_)) {
                errors.write(Event::Failed);
            }
        })
        .spawn(function.into_run())?;
    let caller = &Caller::new(&throttled, &log, options.fault);
    thread::scope(|scope| {
        let (hand, tickets) = mpsc::sync_channel(1);
        scope.spawn(move || caller.watch(&tickets));
        let (end, ends) = mpsc::channel();
        if let Some(every) = options.calls_every {
            let hand = hand.clone();
            scope.spawn(move || caller.call_in_bursts(every, options.seed, &hand, &ends));
        }
        let obeyed = obey(io::stdin().lock(), caller);
        drop((end, hand));
        obeyed
    })?;
    let covered = caller.wait(options.limit) && throttled.shutdown(options.limit).is_ok();
    log.write(Event::Closed { covered, commands: register.commands() });
    Ok(covered)
}

/// A register that does not answer when the process begins may come back.
fn open(options: &Options, log: &Log) -> Result<Arc<dyn Register>, Failure> {
    let within = Instant::now() + options.limit;
    loop {
        match Drivers::standard().open(&options.driver) {
            Ok(opened) => return Ok(opened.register),
            Err(error) if Instant::now() >= within => return Err(error.into()),
            Err(_) => log.write(Event::Failed),
        };
        thread::sleep(Duration::from_millis(50));
    }
}

fn obey(input: impl BufRead, caller: &Caller<'_>) -> Result<(), Failure> {
    for line in input.lines() {
        let line = line?;
        match line.split_once(' ').unwrap_or((&line, "")) {
            ("call", "") => {
                caller.call();
            }
            ("wait", limit) => {
                caller.wait(humantime::parse_duration(limit)?);
            }
            ("end", "") => break,
            _ => return Err(format!("unknown command {line:?}: use call, wait TIME or end").into()),
        }
    }
    Ok(())
}
