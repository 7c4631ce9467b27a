//! How late a deferred run starts after the end of its window, beside a peer and the bare timers.
//!
//! ```text
//! cargo run --release --example lateness
//! cargo run --release --example lateness -- --rounds 1000 --svg lateness.svg
//! ```
//!
//! Each round measures every row once, one after the other, so that whatever slows the machine down slows all of
//! them. No run ever starts early: a row that did would be an error. An idle machine shows the throttle, a busy one
//! its scheduler.

mod options;
mod picture;
mod rows;

use clap::Parser;
use hdrhistogram::Histogram;
use indicatif::ProgressIterator;
use main_error::MainResult;
use options::Options;
use rand::RngExt;
use std::fs;
use std::io::{self, Write};
use std::thread;
use std::time::Duration;

#[cfg(test)]
use watchdog as _;

/// One way to run something after a time, and how late it was.
struct Row {
    name: &'static str,
    /// Defers something once, and returns how long after its time it began.
    measure: Box<dyn FnMut() -> Duration>,
    lateness: Histogram<u64>,
}

fn main() -> MainResult {
    let options = Options::parse();
    if let Err(error) = options.check() {
        error.exit();
    }
    let mut rows = rows::all(options.threshold)?;
    for _ in (0..options.rounds).progress() {
        for row in &mut rows {
            // The timers of a runtime have a grain: begin anywhere in it.
            thread::sleep(Duration::from_micros(rand::rng().random_range(0..1000)));
            let lateness = (row.measure)();
            row.lateness.record(u64::try_from(lateness.as_nanos())?)?;
        }
    }
    if let Some(path) = options.svg {
        let picture = picture::draw(&rows, options.threshold)?;
        fs::write(&path, picture).map_err(|error| format!("cannot write {}: {error}", path.display()))?;
    }
    writeln!(io::stdout(), "{}", table(&rows))?;
    Ok(())
}

/// In microseconds past the deadline.
fn table(rows: &[Row]) -> comfy_table::Table {
    let mut table = comfy_table::Table::new();
    table.load_preset(comfy_table::presets::ASCII_MARKDOWN);
    table.set_header(["us past the deadline", "median", "90 %", "99 %", "greatest"]);
    for row in rows {
        let at = |quantile| picture::micros(row.lateness.value_at_quantile(quantile));
        let cells = [at(0.5), at(0.9), at(0.99), at(1.0)].map(|micros| format!("{micros:.0}"));
        table.add_row(std::iter::once(row.name.to_owned()).chain(cells));
    }
    table
}
