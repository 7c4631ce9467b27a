//! Counts the instructions of each path under valgrind, and compares them with those that are recorded in
//! `benches/instructions.json`.
//!
//! The counts are exact, so one more instruction shows where no clock could show it. They are not time: `cargo
//! bench` measures what a fence, a cache miss, or a second thread costs.

mod compare;
mod count;
mod record;

use self::compare::{Comparison, Slack};
use self::count::Counts;
use self::record::Record;
use crate::print::print;
use clap::Args;
use evidence::Line;
use std::path::Path;

#[derive(Args)]
pub struct Instructions {
    /// Write what is counted into the record, to be committed, instead of comparing it
    #[arg(long)]
    record: bool,
}

/// The path that is counted again with a fault planted in it.
const SPOILT: &str = "gate_coalesce.pending";

/// The rows with a fault, and what it is.
const PLANTED: [(&str, &str); 2] = [
    ("gate_coalesce_and_a_fence.pending", "a fence more in a coalesced call"),
    ("gate_coalesce_twice.pending", "a coalesced call that looks twice"),
];

/// Counts and compares. If that is not possible, it says so and succeeds: nobody should need valgrind to work
/// on the library.
pub fn instructions(root: &Path, arguments: &Instructions) -> Result<(), String> {
    let file = root.join("benches/instructions.json");
    let here = format!("{}-{}", std::env::consts::ARCH, std::env::consts::OS);
    let record = if arguments.record { None } else { Some(Record::read(&file)?) };
    if let Some(why) = obstacle(count::has_valgrind(root), record.as_ref(), &here) {
        return print(format_args!("instructions: SKIPPED, nothing was counted: {why}"));
    }
    let (rustc, counts) = (count::rustc(root)?, count::count(root)?);
    let Some(record) = record else {
        find_planted(&counts)?;
        Record { target: here, rustc, paths: counts.paths }.write(&file)?;
        return print(format_args!("written: {}", file.display()));
    };
    let comparison = Comparison::new(&record, &counts.paths, &rustc);
    print(comparison.table(&counts.references))?;
    if let Some(faults) = comparison.faults() {
        return Err(faults);
    }
    if let Some(advice) = comparison.advice() {
        print(advice)?;
    }
    find_planted(&counts)
}

/// The reason why nothing can be counted, or compared, `here`.
fn obstacle(has_valgrind: bool, record: Option<&Record>, here: &str) -> Option<String> {
    if !has_valgrind {
        return Some("valgrind is not installed (on Debian and Ubuntu: apt-get install valgrind)".to_owned());
    }
    let other = record.filter(|record| record.target != here)?;
    Some(format!("the record is of {}, and this is {here}", other.target))
}

/// Checks that a planted fault would have been found: it adds at least one instruction.
fn find_planted(counts: &Counts) -> Result<(), String> {
    let of = |counted: &record::Paths, name| {
        counted.get(name).copied().ok_or_else(|| format!("the bench has no row {name}"))
    };
    let right = of(&counts.paths, SPOILT)?;
    for (name, fault) in PLANTED {
        let spoilt = of(&counts.planted, name)?;
        if spoilt <= Slack::SAME_COMPILER.limit(right) {
            return Err(format!("{fault} is not found: {spoilt} instructions, and {right} without it"));
        }
        let how = format!("callgrind: {spoilt} instructions, and {right} without it");
        print(format_args!("\n{}", Line::Caught { fault: fault.to_owned(), how }))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::instructions::record::Paths;

    fn counts(right: u64, fence: u64, twice: u64) -> Counts {
        let planted = [(PLANTED[0].0, fence), (PLANTED[1].0, twice)];
        Counts {
            paths: Paths::from([(SPOILT.to_owned(), right)]),
            planted: planted.map(|(name, count)| (name.to_owned(), count)).into(),
            references: Paths::new(),
        }
    }

    #[test]
    fn where_nothing_can_be_compared_it_says_why() {
        let of = |target: &str| Record {
            target: target.to_owned(),
            rustc: "rustc 1".to_owned(),
            paths: Paths::new(),
        };
        let obstacle =
            |has_valgrind, record: Option<Record>| obstacle(has_valgrind, record.as_ref(), "x86_64-linux");
        assert_eq!(obstacle(true, Some(of("x86_64-linux"))), None);
        assert_eq!(obstacle(true, None), None, "a new record is of this target");
        for record in [Some(of("x86_64-linux")), None] {
            assert!(obstacle(false, record).is_some_and(|why| why.contains("install valgrind")));
        }
        let why = obstacle(true, Some(of("aarch64-linux"))).expect("another processor");
        assert_eq!(why, "the record is of aarch64-linux, and this is x86_64-linux");
    }

    #[test]
    fn a_planted_fault_that_costs_nothing_is_an_error() {
        assert_eq!(find_planted(&counts(9, 10, 18)), Ok(()));
        assert!(find_planted(&counts(9, 9, 18)).unwrap_err().contains("a fence more"));
        assert!(find_planted(&counts(9, 10, 9)).unwrap_err().contains("looks twice"));
    }

    #[test]
    fn a_planted_fault_that_was_not_counted_is_an_error() {
        for lost in [SPOILT, PLANTED[0].0, PLANTED[1].0] {
            let mut counts = counts(9, 10, 18);
            counts.paths.remove(lost);
            counts.planted.remove(lost);
            assert_eq!(find_planted(&counts), Err(format!("the bench has no row {lost}")));
        }
    }
}
