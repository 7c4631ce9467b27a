//! An agent, as it runs on each of many hosts. All agents share a daemon. Whenever the configuration of an
//! agent has changed, the daemon must be reloaded, but never more often than once per threshold, however many
//! agents ask.
//!
//! Each line on its standard input is a change. Start two agents, on one machine or on several, and type into
//! both:
//!
//! ```text
//! cargo run -p atomic-throttle-cluster --example agents -- --driver 'shm:/dev/shm/reload?lease=10s' -- sh -c 'echo reload $FENCING_TOKEN'
//! cargo run -p atomic-throttle-cluster --example agents -- --driver redis://127.0.0.1/reload -- systemctl reload keepalived
//! ```
//!
//! The command gets the token of its run as `FENCING_TOKEN`. What it talks to can refuse a smaller token.

use atomic_throttle_cluster::{ClusterThrottled, Drivers, Opened, Run};
use clap::Parser;
use std::error::Error;
use std::io::{self, BufRead};
use std::process::{Command, ExitCode, Stdio};
use std::time::Duration;

/// Reloads a daemon that many agents share, at most once per threshold among all of them.
#[derive(Parser)]
struct Args {
    /// The register of the agents: `redis://HOST/NAME`, `shm:PATH`, or `memory:` for this one alone.
    #[arg(long)]
    driver: String,

    /// The shortest time between the starts of two reloads.
    #[arg(long, default_value = "2s", value_parser = humantime::parse_duration)]
    threshold: Duration,

    /// Go on without the others if the driver cannot be opened or does not answer at first.
    #[arg(long)]
    alone: bool,

    /// The command that reloads the daemon.
    #[arg(trailing_var_arg = true, required = true)]
    command: Vec<String>,
}

fn main() -> ExitCode {
    match agent(&Args::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            report("the agent ends", &*error);
            ExitCode::FAILURE
        }
    }
}

fn agent(args: &Args) -> Result<(), Box<dyn Error>> {
    let command = args.command.clone();
    let reload = ClusterThrottled::builder(args.threshold)
        .at(open(args)?)
        // Agents that run another command under the same name notice it.
        .tag(command.join(" "))
        // The changes stay owed meanwhile.
        .on_error(|trouble| report("register", trouble))
        .spawn(move |run| reload_daemon(&command, run))?;
    for change in io::stdin().lock().lines() {
        change?;
        reload.trigger()?;
    }
    // The last change is not lost when the agent ends: a run here, or in another agent, covers it.
    Ok(reload.shutdown(args.threshold + Duration::from_secs(30))?)
}

/// The register is configuration; what to do without it is the choice of the program.
fn open(args: &Args) -> Result<Opened, Box<dyn Error>> {
    let drivers = Drivers::standard();
    if !args.alone {
        return Ok(drivers.open(&args.driver)?);
    }
    open_and_read(&drivers, &args.driver).or_else(|error| {
        report("going on alone", &*error);
        Ok(drivers.open("memory:")?)
    })
}

/// As a rule, opening a register does not connect. Only a read shows that it answers.
fn open_and_read(drivers: &Drivers, driver: &str) -> Result<Opened, Box<dyn Error>> {
    let opened = drivers.open(driver)?;
    opened.register.read()?;
    Ok(opened)
}

fn reload_daemon(command: &[String], run: &Run<'_>) {
    let ended = Command::new(&command[0])
        .args(&command[1..])
        .env("FENCING_TOKEN", run.token().to_string())
        // The changes come from the standard input: a command that reads it would take them away.
        .stdin(Stdio::null())
        .status();
    match ended {
        Ok(status) if status.success() => return,
        Ok(status) => eprintln!("{command:?}: {status}"),
        Err(error) => report(&format!("cannot start {command:?}"), &error),
    }
    // The changes are not lost. This run also covers the changes of other agents, so this agent asks for
    // another run.
    if let Err(error) = run.again() {
        report("the changes wait for the next agent", &error);
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
