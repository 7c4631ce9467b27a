//! An agent that runs on each of many hosts. When its configuration changes, it reloads a daemon that all agents share:
//! at most once per threshold, however many agents ask.
//!
//! A line on its standard input is a change. Start two, on one machine or on several, and type into both:
//!
//! ```text
//! cargo run -p atomic-throttle-cluster --example agents -- --driver 'shm:/dev/shm/reload?lease=10s' -- sh -c 'echo reload $FENCING_TOKEN'
//! cargo run -p atomic-throttle-cluster --example agents -- --driver redis://127.0.0.1/reload -- systemctl reload keepalived
//! ```
//!
//! The command gets the token of its run as `FENCING_TOKEN`: the daemon can refuse a smaller one.

use atomic_throttle_cluster::{ClusterThrottled, Drivers, Opened, Run};
use clap::Parser;
use std::error::Error;
use std::io::{self, BufRead};
use std::process::{Command, ExitCode, Stdio};
use std::time::Duration;

/// Reloads a daemon that many agents share, at most once per threshold among all of them.
#[derive(Parser)]
struct Args {
    /// Where the agents meet: `redis://HOST/NAME`, `shm:PATH`, or `memory:` for this one alone.
    #[arg(long, default_value = "memory:")]
    driver: String,

    /// The shortest time between two reloads.
    #[arg(long, default_value = "2s", value_parser = humantime::parse_duration)]
    threshold: Duration,

    /// Go on without the others if the driver cannot be opened or does not answer at first.
    #[arg(long)]
    alone: bool,

    /// What reloads the daemon.
    #[arg(trailing_var_arg = true, required = true)]
    command: Vec<String>,
}

fn main() -> ExitCode {
    match agent(&Args::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            report("ends", &*error);
            ExitCode::FAILURE
        }
    }
}

fn agent(args: &Args) -> Result<(), Box<dyn Error>> {
    let command = args.command.clone();
    let reload = ClusterThrottled::builder(args.threshold)
        .at(open(args)?)
        .on_error(|error| report("goes on asking, its changes stay owed", error))
        .spawn(move |run| reload_daemon(&command, run))?;
    for change in io::stdin().lock().lines() {
        change?;
        reload.trigger()?;
    }
    // The last change is not lost when the agent ends: this agent reloads for it, or another one does.
    Ok(reload.shutdown(args.threshold + Duration::from_secs(30))?)
}

/// Which register to use is configuration; what to do without it is the program's own choice.
fn open(args: &Args) -> Result<Opened, Box<dyn Error>> {
    let drivers = Drivers::standard();
    if !args.alone {
        return Ok(drivers.open(&args.driver)?);
    }
    open_and_read(&drivers, &args.driver).or_else(|error| {
        report("goes on alone", &*error);
        Ok(drivers.open("memory:")?)
    })
}

/// Opening a register connects to nothing, as a rule: only a read shows that it answers.
fn open_and_read(drivers: &Drivers, driver: &str) -> Result<Opened, Box<dyn Error>> {
    let opened = drivers.open(driver)?;
    opened.register.read()?;
    Ok(opened)
}

fn reload_daemon(command: &[String], run: &Run<'_>) {
    let ended = Command::new(&command[0])
        .args(&command[1..])
        .env("FENCING_TOKEN", run.token().to_string())
        // The changes come on standard input: a command that reads it would take them away.
        .stdin(Stdio::null())
        .status();
    match ended {
        Ok(status) if status.success() => return,
        Ok(status) => eprintln!("{command:?}: {status}"),
        Err(error) => report(&format!("cannot start {command:?}"), &error),
    }
    // The changes are not lost. This run was to cover those of other agents too, so this agent asks for another run.
    if let Err(error) = run.again() {
        report("the changes wait for the next one", &error);
    }
}

/// An error with all its causes.
fn report(what: &str, error: &dyn Error) {
    eprint!("{what}: {error}");
    let mut cause = error.source();
    while let Some(error) = cause {
        eprint!(": {error}");
        cause = error.source();
    }
    eprintln!();
}
