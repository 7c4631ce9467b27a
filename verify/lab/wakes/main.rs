//! Real threads wait and are woken, very often: every wake-up must arrive.
//!
//! ```text
//! cargo xtask wakes --waits 100000000
//! cargo run --release --package lab --example wakes -- --waiters 1
//! ```
//!
//! The module [`lab::wakes`] says how: what is waited for, what releases the waiters, and why no other wake-up can make
//! up for one that is lost.

use clap::Parser;
use evidence::Check;
use evidence::Guarantee::G5;
use indicatif::{ProgressBar, ProgressStyle};
use lab::print::print;
use lab::table::{self, figures_in, plain};
use lab::wakes::{self, Release, Shape, Tally};
use measure_options::wakes::Options;
use std::process::ExitCode;
use std::sync::Arc;

#[cfg(test)]
use watchdog as _;

fn main() -> ExitCode {
    let options = Options::parse();
    let check = Check::of(&[G5], "wakes: every wait of a real thread returned, and no wake-up was lost");
    let bar = ProgressBar::new(options.waits).with_style(
        ProgressStyle::with_template("{spinner} {wide_bar} {eta}").expect("the template is valid"),
    );
    let performed =
        wakes::perform(&shape(&options), &(Arc::new(|| ()) as _), |waits| bar.set_position(waits));
    bar.finish_and_clear();
    match performed {
        Err(broken) => {
            eprintln!("G5 broken: {broken}");
            ExitCode::from(1)
        }
        Ok(tally) => {
            let waits = usize::try_from(tally.waits).unwrap_or(usize::MAX);
            match print(&check.line(waits, "waits").to_string()).and_then(|()| print(&table(&tally))) {
                Ok(()) => ExitCode::SUCCESS,
                Err(why) => {
                    eprintln!("wakes: {why}");
                    ExitCode::from(2)
                }
            }
        }
    }
}

fn shape(options: &Options) -> Shape {
    Shape {
        waits: options.waits,
        waiters: options.waiters.into(),
        rings: options.rings.into(),
        patience: options.patience,
    }
}

fn table(tally: &Tally) -> String {
    let sleeps = |slept: Option<u64>| slept.map_or_else(|| table::NONE.to_owned(), table::count);
    let mut table = plain();
    table.set_header(["", "number"]);
    table.add_row(["waits that returned".to_owned(), table::count(tally.waits)]);
    table.add_row(["sleeps of the waiters".to_owned(), sleeps(tally.slept)]);
    table.add_row(["sleeps of the throttles' threads".to_owned(), sleeps(tally.owners_slept)]);
    table.add_row(["lost wake-ups".to_owned(), table::count(0_u64)]);
    for (release, rounds) in &tally.by {
        table.add_row([format!("rounds that {} ended", what(*release)), table::count(*rounds)]);
    }
    table.add_row(["seconds".to_owned(), table::count(tally.time.as_secs())]);
    figures_in(1, table).to_string()
}

fn what(release: Release) -> String {
    match release {
        Release::Finish(window) if window.is_zero() => "the end of a run".to_owned(),
        Release::Finish(window) => format!("the end of a run and a window of {window:?}"),
        Release::Flush => "a flush".to_owned(),
        Release::Cancel => "a cancel".to_owned(),
        Release::Threshold => "a changed threshold".to_owned(),
    }
}
