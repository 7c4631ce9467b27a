//! How the cost of a call changes as work grows: calls in a window, keys, threads.
//!
//! ```text
//! cargo xtask growth
//! cargo xtask growth --quick --only calls
//! ```
//!
//! Every row is measured once in each round, one after the other, beside a reference that shows what cannot be
//! avoided: where cost grows because memory does, or because a clock has a grain, the reference grows, too.
//! Runs and bytes are counted, and a wrong count is an error. Times are never judged; look at them, on an idle
//! machine.

mod axis;
mod calls;
mod drawn;
mod front;
mod judge;
mod keys;
mod memory;
mod page;
mod picture;
mod references;
mod runs;
mod storm;
mod table;
mod threads;
mod timing;
mod together;
mod window;

use self::axis::Axis;
use benches::machine::Machine;
use benches::notice;
use clap::Parser;
use indicatif::{ProgressBar, ProgressStyle};
use measure_options::growth::{Along, Options};
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

#[cfg(test)]
use watchdog as _;

fn main() -> ExitCode {
    match all(&Options::parse()) {
        Ok(faults) if faults.is_empty() => ExitCode::SUCCESS,
        Ok(faults) => {
            for fault in faults {
                notice(format_args!("wrong: {fault}"));
            }
            ExitCode::FAILURE
        }
        Err(why) => {
            notice(why);
            ExitCode::FAILURE
        }
    }
}

/// Measures, writes, prints, and returns what is wrong.
fn all(options: &Options) -> Result<Vec<String>, String> {
    // Before the minutes of measuring.
    let folder = options.folder();
    fs::create_dir_all(&folder).map_err(|why| format!("{}: {why}", folder.display()))?;
    let machine = Machine::here();
    if let Some(warning) = machine.warning() {
        notice(warning);
    }
    let axes: Vec<Axis> =
        options.axes().into_iter().map(|along| measure(along, options)).collect::<Result<_, _>>()?;
    let faults: Vec<String> = axes.iter().flat_map(judge::faults).collect();
    let page = write(&axes, &faults, &machine, &folder)?;
    print(&axes, &machine, &page).map_err(|why| format!("cannot print the tables: {why}"))?;
    Ok(faults)
}

fn print(axes: &[Axis], machine: &Machine, page: &Path) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{machine}")?;
    for axis in axes {
        writeln!(out, "\n{}\n\n{}", table::table(axis), table::flat_heading(axis))?;
        for line in table::flat(axis) {
            writeln!(out, "- {line}")?;
        }
    }
    writeln!(out, "\nwritten: {}", page.display())
}

/// Writes a picture and a table for each axis, and the page, whose path it returns.
fn write(axes: &[Axis], faults: &[String], machine: &Machine, out: &Path) -> Result<PathBuf, String> {
    let save = |name: String, text: &str| {
        let path = out.join(name);
        let saved = fs::write(&path, text);
        saved.map(|()| path.clone()).map_err(|why| format!("cannot write {}: {why}", path.display()))
    };
    let mut pictures = Vec::new();
    for axis in axes {
        let picture = picture::draw(axis, machine)?;
        save(format!("{}.svg", axis.text.file), &picture)?;
        save(format!("{}.md", axis.text.file), &table::markdown(axis, machine))?;
        pictures.push(picture);
    }
    save("index.html".to_owned(), &page::page(axes, &pictures, faults, machine))
}

fn measure(along: Along, options: &Options) -> Result<Axis, String> {
    let (text, contestants) = match along {
        Along::Calls => (calls::text(), calls::contestants()),
        Along::Keys => (keys::text(), keys::contestants()),
        Along::Threads => (threads::text(), threads::contestants(threads::Length::of(options.is_quick()))),
    };
    let sizes = along.sizes(options.is_quick());
    let all = u64::from(options.rounds()) * (sizes.len() * contestants.len()) as u64;
    let style = "{prefix:8} {bar:40} {pos}/{len}, {eta} left";
    let bar = ProgressBar::new(all).with_prefix(along.name());
    bar.set_style(ProgressStyle::with_template(style).map_err(|why| why.to_string())?);
    let axis = Axis::measure(text, sizes, contestants, options.rounds(), &bar)?;
    bar.finish();
    Ok(axis)
}
