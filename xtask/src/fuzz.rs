//! Looks for new inputs: runs every fuzz target, one after the other, for the same time each.
//!
//! This is no part of `verify`, which replays what was found. It needs `cargo-fuzz`, and stops at the first
//! input that breaks a target.
//!
//! The packed inputs of a target are unpacked into the folder in which cargo-fuzz looks for them, minimised
//! there afterwards, and packed again. Then the folder is removed. If the folder exists already, a fuzzer was
//! stopped or was started by hand, and its findings are taken in.

use crate::cargo::{cargo, command, lines};
use crate::corpus;
use crate::print::print;
use clap::Args;
use serde_json::Value;
use std::ffi::OsString;
use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::slice;

#[cfg(test)]
mod tests;

/// The package of the targets, below the root.
const FOLDER: &str = "fuzz";

/// No sanitizer: the code is safe, and without one a stable toolchain is enough.
const RUN: [&str; 4] = ["fuzz", "run", "-s", "none"];

/// Keeps only inputs that reach something which no smaller one reaches.
const MINIMISE: [&str; 4] = ["fuzz", "cmin", "-s", "none"];

#[derive(Args)]
pub struct Arguments {
    /// How long to fuzz each target.
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..))]
    seconds: u32,
    /// Do not fuzz: write each input into a file of its own, in DIR/TARGET.
    #[arg(long, value_name = "DIR", conflicts_with_all = ["seconds", "pack"])]
    unpack: Option<PathBuf>,
    /// Do not fuzz: make the files in DIR/TARGET the inputs of each target, in place of those it has.
    #[arg(long, value_name = "DIR", conflicts_with = "seconds")]
    pack: Option<PathBuf>,
    /// All of them if none is named.
    targets: Vec<String>,
}

/// Why there was no fuzzing, or why it stopped.
#[derive(Debug)]
pub enum FuzzError {
    NotInstalled,
    /// The targets could not be read.
    NoTargets(String),
    NoSuchTarget {
        asked: String,
        there_are: Vec<String>,
    },
    /// This input broke a target.
    Crashed {
        target: String,
        input: String,
    },
    /// The output could not be printed.
    CannotPrint(String),
    /// It failed without an input: for example, it did not build.
    Failed {
        target: String,
        why: io::Error,
    },
    /// Inputs could not be read or written.
    Corpus(io::Error),
}

impl From<io::Error> for FuzzError {
    fn from(why: io::Error) -> Self {
        Self::Corpus(why)
    }
}

impl fmt::Display for FuzzError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotInstalled => f.write_str(
                "cargo-fuzz is not installed: `cargo install cargo-fuzz`. It needs a C++ compiler and, run \
                 as it is here, no nightly toolchain. `cargo test -p sequences` replays what was \
                 found before without it.",
            ),
            Self::NoTargets(why) => write!(f, "cannot read the targets of {FOLDER}/Cargo.toml: {why}"),
            Self::NoSuchTarget { asked, there_are } => {
                write!(f, "there is no fuzz target {asked}: there are {}", there_are.join(", "))
            }
            Self::Crashed { target, input } => write!(
                f,
                "\nfuzz: {target} FAILED on {input}\n  again:   cargo {} {target} {input}\n  smaller: cargo fuzz \
                 tmin -s none {target} {input}\n  {}",
                RUN.join(" "),
                kept(target)
            ),
            Self::CannotPrint(why) => f.write_str(why),
            Self::Failed { target, why } => {
                write!(f, "\nfuzz: {target} FAILED without an input: {why}\n  {}", kept(target))
            }
            Self::Corpus(why) => why.fmt(f),
        }
    }
}

/// Where the inputs of a target are that were not packed.
fn kept(target: &str) -> String {
    format!("its other inputs are in {FOLDER}/corpus/{target}, and the next run goes on with them")
}

/// The result of fuzzing one target.
#[derive(Debug, PartialEq)]
struct Done {
    target: String,
    executions: u64,
    /// Inputs that the corpus did not have before, those that replace a longer one included.
    added: usize,
    inputs: usize,
}

/// Fuzzes each target, or only those asked for. Or, as asked, unpacks or packs their inputs.
pub fn fuzz(root: &Path, arguments: &Arguments) -> Result<(), FuzzError> {
    Fuzzer { cargo: vec![cargo()], root, seconds: arguments.seconds }.serve(arguments)
}

fn table(done: &[Done]) -> String {
    let rows = done.iter().map(|Done { target, executions, added, inputs }| {
        format!(
            "{target:<15} {executions:>12} executions, {added:>5} new of {inputs:>5} inputs in \
             {FOLDER}/corpus/{target}.corpus"
        )
    });
    format!("\n{}", rows.collect::<Vec<_>>().join("\n"))
}

struct Fuzzer<'r> {
    /// How to call cargo: a program and its first arguments.
    cargo: Vec<OsString>,
    root: &'r Path,
    seconds: u32,
}

impl Fuzzer<'_> {
    fn serve(&self, Arguments { unpack, pack, targets, .. }: &Arguments) -> Result<(), FuzzError> {
        if let Some(folder) = unpack {
            corpus::unpack(self.root, folder, &self.wanted(targets)?)?;
        } else if let Some(folder) = pack {
            corpus::pack(self.root, folder, &self.wanted(targets)?)?;
        } else {
            print(table(&self.all(targets)?)).map_err(FuzzError::CannotPrint)?;
        }
        Ok(())
    }

    fn all(&self, asked: &[String]) -> Result<Vec<Done>, FuzzError> {
        self.cargo(&["fuzz", "--version"]).stderr_null().read().map_err(|_| FuzzError::NotInstalled)?;
        self.wanted(asked)?.into_iter().map(|target| self.one(target)).collect()
    }

    /// The requested targets, or all if none was requested.
    fn wanted(&self, asked: &[String]) -> Result<Vec<String>, FuzzError> {
        let targets = self.targets()?;
        if let Some(unknown) = asked.iter().find(|name| !targets.contains(name)) {
            return Err(FuzzError::NoSuchTarget { asked: unknown.clone(), there_are: targets });
        }
        Ok(targets.into_iter().filter(|name| asked.is_empty() || asked.contains(name)).collect())
    }

    fn cargo(&self, arguments: &[&str]) -> duct::Expression {
        let (program, first) = self.cargo.split_first().expect("a program");
        let arguments = first.iter().cloned().chain(arguments.iter().map(Into::into));
        command(program, arguments, self.root)
    }

    /// The names of the programs in the package.
    fn targets(&self) -> Result<Vec<String>, FuzzError> {
        let manifest = format!("{FOLDER}/Cargo.toml");
        let ask = ["metadata", "--no-deps", "--format-version=1", "--quiet", "--manifest-path", &manifest];
        let no_targets = |why: &dyn fmt::Display| FuzzError::NoTargets(why.to_string());
        let text = self.cargo(&ask).read().map_err(|why| no_targets(&why))?;
        let metadata: Value = serde_json::from_str(&text).map_err(|why| no_targets(&why))?;
        let targets = metadata["packages"][0]["targets"].as_array().into_iter().flatten();
        let programs = targets.filter(|target| target["kind"][0] == "bin");
        let names: Vec<_> = programs.filter_map(|target| Some(target["name"].as_str()?.to_owned())).collect();
        if names.is_empty() { Err(no_targets(&"there are none")) } else { Ok(names) }
    }

    fn one(&self, target: String) -> Result<Done, FuzzError> {
        let before = corpus::packed(self.root, &target)?;
        let in_use = self.root.join(FOLDER).join("corpus");
        let folder = in_use.join(&target);
        corpus::spread(&before, &folder)?;
        let executions = self.run(&target)?;
        let minimise = [&MINIMISE[..], &[&target]].concat();
        if let Err(why) = self.show(&minimise, |_| ())? {
            return Err(FuzzError::Failed { why: io::Error::other(format!("cmin: {why}")), target });
        }
        let found = corpus::gather(&folder)?;
        if found != before {
            corpus::pack(self.root, &in_use, slice::from_ref(&target))?;
        }
        fs::remove_dir_all(&folder).map_err(|why| corpus::at(&folder, &why))?;
        Ok(Done { added: found.difference(&before).count(), inputs: found.len(), executions, target })
    }

    /// Fuzzes a target in its folder, and returns how many inputs it executed.
    fn run(&self, target: &str) -> Result<u64, FuzzError> {
        let time = format!("-max_total_time={}", self.seconds);
        let arguments = [&RUN[..], &[target, "--", &time, "-print_final_stats=1"]].concat();
        let (mut executions, mut input) = (0, None);
        let ended = self.show(&arguments, |line| {
            executions = executed(line).unwrap_or(executions);
            input = crashed_on(line).or(input.take());
        })?;
        let target = target.to_owned();
        match (input, ended) {
            (Some(input), _) => Err(FuzzError::Crashed { input: self.below_root(&input), target }),
            (None, Err(why)) => Err(FuzzError::Failed { target, why }),
            (None, Ok(())) if executions == 0 => {
                Err(FuzzError::Failed { target, why: io::Error::other("it executed nothing") })
            }
            (None, Ok(())) => Ok(executions),
        }
    }

    /// Calls cargo, shows what it writes, and hands each line to `look`. Returns how the call ended.
    fn show(&self, arguments: &[&str], mut look: impl FnMut(&str)) -> Result<io::Result<()>, FuzzError> {
        print(format_args!("$ cargo {}", arguments.join(" "))).map_err(FuzzError::CannotPrint)?;
        let mut unprinted = Ok(());
        let ended = lines(&self.cargo(arguments), |line| {
            look(line);
            // A line with a number names an input that is worth keeping; the others name words in it.
            if !line.starts_with('#') && !line.contains("\" # Uses: ") {
                unprinted = print(line);
            }
            unprinted.clone()
        });
        unprinted.map_err(FuzzError::CannotPrint)?;
        Ok(ended)
    }

    /// The path as the root sees it, where it lies below.
    fn below_root(&self, path: &str) -> String {
        Path::new(path).strip_prefix(self.root).map_or(path.to_owned(), |path| path.display().to_string())
    }
}

/// The number in `stat::number_of_executed_units: N`.
fn executed(line: &str) -> Option<u64> {
    line.strip_prefix("stat::number_of_executed_units:")?.trim().parse().ok()
}

/// The path in `artifact_prefix='...'; Test unit written to PATH`.
fn crashed_on(line: &str) -> Option<String> {
    line.split_once("Test unit written to ").map(|(_, path)| path.trim().to_owned())
}
