//! `cargo xtask cluster`: what a throttle of several processes costs its register, and how soon it acts. Real
//! processes call at a file in shared memory, and at a real Redis server if one is installed.

mod measure;
use clap::Parser;
use lab::table::{Table, digits};
use main_error::MainError;
use measure::{Measured, Scale};
use measure_options::cluster::Options;
use processes::participant;
use processes::scene::DRIFT;
use server::{Options as ServerOptions, Server};
use std::env;
use std::ffi::OsString;
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

/// How this program calls itself as one of the processes.
const PARTICIPANT: &str = "participant";

fn main() -> Result<ExitCode, MainError> {
    let mut args: Vec<OsString> = env::args_os().collect();
    if args.get(1).is_some_and(|first| first == PARTICIPANT) {
        args.remove(0);
        return Ok(participant::main(args));
    }
    figures(&Options::parse())?;
    Ok(ExitCode::SUCCESS)
}

fn figures(options: &Options) -> io::Result<()> {
    let folder = tempfile::tempdir()?;
    let own = env::current_exe()?;
    let command: [&Path; 2] = [&own, Path::new(PARTICIPANT)];
    writeln!(
        io::stdout(),
        "{} processes at most, threshold {}. A window is the time between two runs.",
        options.processes,
        humantime::format_duration(options.threshold())
    )?;
    let server = Server::start(ServerOptions::default());
    let shared = format!("shm:{}", folder.path().join("register").display());
    let mut places = vec![("shm", shared, "")];
    // An answer takes less time than the shortest lease.
    places
        .extend(server.iter().map(|server| ("redis", format!("{}/figures", server.url()), "?timeout=200ms")));
    for (name, driver, parameters) in places {
        let mut measured = Measured {
            command: &command,
            folder: folder.path(),
            driver: &driver,
            parameters,
            options,
            scenes: 0,
        };
        writeln!(io::stdout(), "\n## {name}\n")?;
        for measure in [calls, processes, deaths] {
            let table = measure(&mut measured);
            writeln!(io::stdout(), "{table}\n")?;
        }
    }
    Ok(())
}

fn table(heads: &[&str]) -> Table {
    let mut table = lab::table::markdown();
    table.set_header(heads);
    table
}

const HEADS: [&str; 7] = [
    "",
    "calls",
    "calls per window",
    "commands per window",
    "per process",
    "needless runs",
    "late by: p50, p99, max",
];

fn row(table: &mut Table, name: String, scale: &Scale) {
    let figures = &scale.figures;
    #[allow(clippy::cast_precision_loss, reason = "small numbers")]
    let per_window = |count: u64| count as f64 / figures.runs.max(1) as f64;
    let commands = per_window(figures.commands);
    let late: Vec<_> = figures.to_start.iter().map(|late| late.saturating_sub(DRIFT)).collect();
    table.add_row([
        name,
        figures.calls.to_string(),
        digits(per_window(figures.calls as u64)),
        digits(commands),
        digits(commands / f64::from(scale.processes)),
        figures.needless.to_string(),
        measure::percentiles(&late),
    ]);
}

/// Commands against calls: four processes that call more and more often.
fn calls(measured: &mut Measured<'_>) -> String {
    let mut table = table(&HEADS);
    for (name, every) in [
        ("a call each 100 ms", Duration::from_millis(100)),
        ("10 ms", Duration::from_millis(10)),
        ("1 ms", Duration::from_millis(1)),
        ("100 us", Duration::from_micros(100)),
    ] {
        row(&mut table, format!("4 processes, {name}"), &measured.scale(4, every));
    }
    table.to_string()
}

/// Commands against processes.
fn processes(measured: &mut Measured<'_>) -> String {
    let mut table = table(&HEADS);
    let mut processes = 1;
    while processes <= measured.options.processes {
        row(
            &mut table,
            format!("{processes} processes"),
            &measured.scale(processes, Duration::from_millis(10)),
        );
        processes *= 2;
    }
    table.to_string()
}

/// How soon another process takes over.
fn deaths(measured: &mut Measured<'_>) -> String {
    let mut table = table(&["killed", "times", "the next run starts after: p50, p99, max"]);
    let owners = measured.owners_killed();
    table.add_row([
        "the owner of the pending run",
        &owners.len().to_string(),
        &measure::percentiles(&owners),
    ]);
    let runners = measured.runners_killed();
    table.add_row([
        "the process that is running",
        &runners.len().to_string(),
        &measure::percentiles(&runners),
    ]);
    format!("After the end of the window, and after the end of the lease:\n\n{table}")
}
