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
use lab::chart::Pen;
use lab::table::{self, Table};
use main_error::MainResult;
use options::Options;
use rand::RngExt;
use std::io::{self, Write};
use std::thread;
use std::time::Duration;

#[cfg(test)]
use watchdog as _;

/// One way to run something after a time, and how late it was.
struct Row {
    name: &'static str,
    pen: Pen,
    /// Defers something once, and returns how long after its time it began.
    measure: Box<dyn FnMut() -> Duration>,
    lateness: Histogram<u64>,
}

impl Row {
    fn at(&self, share: f64) -> Duration {
        Duration::from_nanos(self.lateness.value_at_quantile(share))
    }

    fn median(&self) -> Duration {
        self.at(0.5)
    }
}

fn main() -> MainResult {
    let options = Options::parse();
    let sheet = options.check().unwrap_or_else(|error| error.exit());
    let mut rows = rows::all(options.threshold())?;
    for _ in (0..options.rounds()).progress() {
        for row in &mut rows {
            // The timers of a runtime have a grain: begin anywhere in it.
            thread::sleep(Duration::from_micros(rand::rng().random_range(0..1000)));
            let lateness = (row.measure)();
            row.lateness.record(u64::try_from(lateness.as_nanos())?)?;
        }
    }
    if let Some(sheet) = sheet {
        sheet.write(&picture::draw(&rows, options.threshold())?)?;
    }
    writeln!(io::stdout(), "{}", table(&rows))?;
    Ok(())
}

fn table(rows: &[Row]) -> Table {
    let mut table = table::markdown();
    table.set_header(["past the deadline", "median", "90 %", "99 %", "greatest"]);
    for row in rows {
        let cells = [row.median(), row.at(0.9), row.at(0.99), row.at(1.0)].map(table::time);
        table.add_row(std::iter::once(row.name.to_owned()).chain(cells));
    }
    table::figures_from(1, table)
}
