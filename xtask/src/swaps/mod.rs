//! Asks whether a test watches the order of what the code does: swaps two adjacent statements, or moves a reading, one
//! at a time in a copy of the repository, and runs the tests that are about that file.
//!
//! It cannot show anything about orderings: `weaken` does.

mod mutants;
mod programs;
mod suites;
mod together;

use crate::copy;
use crate::lock::alone;
use crate::print::print;
use crate::workers;
use clap::Args;
use evidence::Guarantee::{G3, G5};
use evidence::{Check, Line};
use mutants::Mutant;
use programs::Programs;
use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use suites::{Depth, suites, turn};
use together::{Build, Source};

#[derive(Args)]
pub struct Swaps {
    /// Only the mutants of files whose path begins so
    #[arg(long, value_name = "PATH", num_args = 1..)]
    only: Vec<String>,
    /// Leave out the schedules: seconds for each mutant, and more of them survive
    #[arg(long, conflicts_with = "loom")]
    quick: bool,
    /// A test program that runs for so many seconds longer than it should is one that hangs
    #[arg(long, value_name = "SECONDS", default_value = "30")]
    limit: u32,
    /// Ask the loom models about those that survive the tests and the schedules; minutes for each
    #[arg(long)]
    loom: bool,
    /// Print the mutants, and run nothing
    #[arg(long)]
    list: bool,
}

/// What became of a mutant.
#[derive(Clone, Debug, PartialEq)]
enum Fate {
    DoesNotCompile,
    /// Its function cannot have several blocks.
    NotTried,
    Killed(String),
    /// No test of its suites reaches it.
    NotReached,
    Survived,
}

pub fn swaps(root: &Path, options: &Swaps) -> Result<(), String> {
    alone(root, "swaps", || swaps_alone(root, options))
}

fn swaps_alone(root: &Path, options: &Swaps) -> Result<(), String> {
    let folder = root.join("target/swaps");
    let tree = copy::read(root)?;
    let sources = sources(&tree, options)?;
    if options.list {
        for Source { path, mutants, .. } in &sources {
            for (_, Mutant { line, name, .. }) in mutants {
                print(format_args!("{path}:{line}: {name}"))?;
            }
        }
        return Ok(());
    }
    let check =
        Check::of(&[G3, G5], "swaps: statements swapped and readings moved, one at a time, are noticed");
    let copy = folder.join("copy");
    copy::write(&copy, &tree)?;
    let depth = match (options.quick, options.loom) {
        (true, _) => Depth::Quick,
        (_, true) => Depth::Loom,
        _ => Depth::Schedules,
    };
    let left = together::write(&copy, &sources, &builds(&sources, depth))?;
    let mut programs = Programs::of(&copy, folder.join("build"), options.limit.into());
    programs.prepare(sources.iter().flat_map(|source| suites(&source.path, depth)))?;
    let (fates, known) = (Mutex::new(Fates::default()), known_survivors()?);
    let end = |path: &str, mutant: &Mutant, fate| {
        let mut fates = fates.lock().unwrap_or_else(PoisonError::into_inner);
        log(&folder, &format!("{path}:{}: {}: {fate:?}", mutant.line, mutant.name))?;
        fates.add(format!("{path}: {}", mutant.name), fate, &known)
    };
    // The tests of all mutants before the schedules of any: those take longer.
    let quick = each_mutant(&sources).map(|(path, number, mutant)| {
        let fate = [(&left.broken, Fate::DoesNotCompile), (&left.alone, Fate::NotTried)];
        let fate = fate.into_iter().find(|(numbers, _)| numbers.contains(&number));
        (path, number, mutant, fate.map(|(_, fate)| fate))
    });
    let survivors = workers::each(&quick.collect::<Vec<_>>(), |(path, number, mutant, fate)| {
        if let Some(fate) = fate {
            return end(path, mutant, fate.clone()).map(|()| None);
        }
        let (killed, asked) = programs.ask(&suites(path, Depth::Quick), *number, left.blocks[number])?;
        if let Some(test) = killed {
            return end(path, mutant, Fate::Killed(test)).map(|()| None);
        }
        log(&folder, &format!("{path}:{}: {}: survives {asked} tests", mutant.line, mutant.name))?;
        Ok(Some((*path, *number, *mutant, asked)))
    })?;
    let survivors: Vec<_> = survivors.into_iter().flatten().collect();
    print(format_args!("{} survive the tests", survivors.len()))?;
    workers::each(&survivors, |(path, number, mutant, asked)| {
        let more: Vec<_> = suites(path, depth)
            .into_iter()
            .filter(|suite| !suites(path, Depth::Quick).contains(suite))
            .collect();
        let (killed, more) = programs.ask(&more, *number, left.blocks[number])?;
        let survived = if asked + more == 0 { Fate::NotReached } else { Fate::Survived };
        end(path, mutant, killed.map_or(survived, Fate::Killed))
    })?;
    fates.into_inner().unwrap_or_else(PoisonError::into_inner).report(check)
}

/// The file, the number and the mutant.
fn each_mutant(sources: &[Source]) -> impl Iterator<Item = (&str, usize, &Mutant)> {
    sources.iter().flat_map(|Source { path, mutants, .. }| {
        mutants.iter().map(move |(number, mutant)| (path.as_str(), *number, mutant))
    })
}

/// The files that are asked for, in their order, with their mutants.
fn sources(tree: &copy::Tree, options: &Swaps) -> Result<Vec<Source>, String> {
    let is_asked =
        |file: &str| options.only.is_empty() || options.only.iter().any(|only| file.starts_with(only));
    let files = tree.iter().map(|(path, content)| (path.display().to_string(), content));
    let mut files: Vec<_> = files
        .filter_map(|(file, content)| Some((turn(&file).filter(|_| is_asked(&file))?, file, content)))
        .collect();
    files.sort();
    let mut numbers = 1..;
    let source = |(_, path, content): (usize, String, &Vec<u8>)| {
        let text = String::from_utf8_lossy(content).into_owned();
        let mutants = mutants::of(&text).map_err(|why| format!("{path}: {why}"))?;
        let mutants = numbers.by_ref().zip(mutants).collect();
        Ok(Source { path, text, mutants })
    };
    files.into_iter().map(source).collect()
}

/// What the mutants must compile in: the libraries as they ship, and as the schedules and the models have them.
fn builds(sources: &[Source], depth: Depth) -> Vec<Build> {
    let library = sources.iter().any(|source| source.path.starts_with("src/"));
    let cluster = sources.iter().any(|source| source.path.starts_with("cluster/"));
    let builds = [
        (library, "", "check --package atomic-throttle --all-features"),
        (cluster, "", "check --package atomic-throttle-cluster --all-features"),
        (library, "verify/cost", "check --tests"),
        (depth != Depth::Quick, "verify/schedules", "check --release"),
        (depth == Depth::Loom, "loom-tests", "check --release --tests"),
    ];
    builds
        .into_iter()
        .filter(|(is_asked, ..)| *is_asked)
        .map(|(_, folder, arguments)| Build { folder, arguments })
        .collect()
}

/// How the entry of a survivor begins for which nobody has found a reason yet, nor a test. What may come after that says why.
const OPEN: &str = "Open.";

/// The mutants that are known to survive, and why.
fn known_survivors() -> Result<BTreeMap<String, String>, String> {
    toml::from_str(include_str!("survivors.toml")).map_err(|why| format!("survivors.toml: {why}"))
}

fn log(folder: &Path, line: &str) -> Result<(), String> {
    let path = folder.join("log.txt");
    let mut file = OpenOptions::new().create(true).append(true).open(&path);
    let written = file
        .as_mut()
        .map_err(|why| why.to_string())
        .and_then(|file| writeln!(file, "{line}").map_err(|why| why.to_string()));
    written.map_err(|why| format!("{}: {why}", path.display()))
}

#[derive(Default)]
struct Fates {
    killed: usize,
    not_compiled: usize,
    not_tried: usize,
    known: usize,
    open: usize,
    unknown: Vec<String>,
}

impl Fates {
    fn add(&mut self, name: String, fate: Fate, known: &BTreeMap<String, String>) -> Result<(), String> {
        match (fate, known.get(&name)) {
            (Fate::DoesNotCompile, _) => self.not_compiled += 1,
            (Fate::NotTried, _) => {
                self.not_tried += 1;
                print(format_args!("not tried: {name}"))?;
            }
            (Fate::Killed(how), _) => {
                self.killed += 1;
                print(Line::Caught { fault: name, how })?;
            }
            (Fate::Survived | Fate::NotReached, Some(why)) if why.starts_with(OPEN) => {
                self.open += 1;
                print(format_args!("open: {name}: {why}"))?;
            }
            (Fate::Survived | Fate::NotReached, Some(why)) => {
                self.known += 1;
                print(format_args!("survives: {name}: {why}"))?;
            }
            (Fate::NotReached, None) => {
                print(format_args!("NOT REACHED: {name}"))?;
                self.unknown.push(format!("{name}: no test reaches it"));
            }
            (Fate::Survived, None) => {
                print(format_args!("SURVIVES: {name}"))?;
                self.unknown.push(name);
            }
        }
        Ok(())
    }

    fn report(self, check: Check) -> Result<(), String> {
        let Self { killed, not_compiled, not_tried, known, open, unknown } = self;
        print(format_args!(
            "{killed} killed, {not_compiled} do not compile, {not_tried} not tried, {known} survive as is known, {open} are open"
        ))?;
        if unknown.is_empty() {
            print(check.line(killed, "mutants"))
        } else {
            Err(format!("{} survive, and nobody has said why:\n{}", unknown.len(), unknown.join("\n")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn a_survivor_is_reported_unless_it_is_known() {
        let known = [("known", "the same"), ("open", "Open. Nobody forks there.")]
            .map(|(name, why)| (name.to_owned(), why.to_owned()));
        let known = BTreeMap::from(known);
        let mut fates = Fates::default();
        for (name, fate) in [
            ("known", Fate::Survived),
            ("open", Fate::NotReached),
            ("new", Fate::Survived),
            ("other", Fate::DoesNotCompile),
        ] {
            fates.add(name.to_owned(), fate, &known).unwrap();
        }
        assert_eq!((fates.killed, fates.not_compiled, fates.known, fates.open), (0, 1, 1, 1));
        let why = fates.report(Check::of(&[G3], "a test of the report")).unwrap_err();
        assert_eq!(why, "1 survive, and nobody has said why:\nnew");
    }

    #[test]
    fn each_known_survivor_is_still_a_mutant() {
        let root = crate::root();
        for name in known_survivors().unwrap().keys() {
            let (file, what) = name.split_once(": ").unwrap();
            let text = fs::read_to_string(root.join(file)).unwrap();
            let found = mutants::of(&text).unwrap();
            assert!(found.iter().any(|mutant| mutant.name == what), "no such mutant any more: {name}");
        }
    }
}
