//! Looks for new inputs: every fuzz target, one after the other, for the same time each.
//!
//! This is no part of `verify`, which replays what was found. It wants `cargo-fuzz`, and stops at the
//! first input that a target does not survive.

use crate::cargo::{cargo, command, lines};
use crate::print::print;
use serde_json::Value;
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fmt;
use std::fs;
use std::io;
use std::path::Path;

/// The package of the targets, below the root.
const FOLDER: &str = "fuzz";

/// No sanitizer: the code is safe, and with none a stable toolchain will do.
const RUN: [&str; 4] = ["fuzz", "run", "-s", "none"];

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
    /// A target did not survive this input.
    Crashed {
        target: String,
        input: String,
    },
    /// What it says cannot be printed.
    CannotPrint(String),
    /// It failed without an input: it did not build, say.
    Failed {
        target: String,
        why: io::Error,
    },
}

impl fmt::Display for FuzzError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotInstalled => f.write_str(
                "cargo-fuzz is not installed: `cargo install cargo-fuzz`. It needs a C++ compiler and, run \
                 as it is here, no nightly toolchain. `cargo test --all-features --test corpus` \
                 replays what was found before without it.",
            ),
            Self::NoTargets(why) => write!(f, "cannot read the targets of {FOLDER}/Cargo.toml: {why}"),
            Self::NoSuchTarget { asked, there_are } => {
                write!(f, "there is no fuzz target {asked}: there are {}", there_are.join(", "))
            }
            Self::Crashed { target, input } => write!(
                f,
                "\nfuzz: {target} FAILED on {input}\n  again:   cargo {} {target} {input}\n  smaller: cargo fuzz \
                 tmin -s none {target} {input}",
                RUN.join(" ")
            ),
            Self::CannotPrint(why) => f.write_str(why),
            Self::Failed { target, why } => write!(f, "\nfuzz: {target} FAILED without an input: {why}"),
        }
    }
}

/// What fuzzing one target came to.
#[derive(Debug, PartialEq)]
struct Done {
    target: String,
    executions: u64,
    /// Files that the corpus did not have before, those that replace a longer one included.
    added: usize,
}

/// Fuzzes each target, or only those `asked` for, `seconds` long.
pub fn fuzz(root: &Path, seconds: u32, asked: &[String]) -> Result<(), FuzzError> {
    Fuzzer { cargo: vec![cargo()], root, seconds }
        .all(asked)
        .and_then(|done| print(table(&done)).map_err(FuzzError::CannotPrint))
}

fn table(done: &[Done]) -> String {
    let rows = done.iter().map(|Done { target, executions, added }| {
        format!("{target:<15} {executions:>12} executions, {added:>5} new in {FOLDER}/corpus/{target}")
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
    fn all(&self, asked: &[String]) -> Result<Vec<Done>, FuzzError> {
        self.cargo(&["fuzz", "--version"]).stderr_null().read().map_err(|_| FuzzError::NotInstalled)?;
        let targets = self.targets()?;
        if let Some(unknown) = asked.iter().find(|name| !targets.contains(name)) {
            return Err(FuzzError::NoSuchTarget { asked: unknown.clone(), there_are: targets });
        }
        let wanted = targets.into_iter().filter(|name| asked.is_empty() || asked.contains(name));
        wanted.map(|target| self.one(target)).collect()
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
        let time = format!("-max_total_time={}", self.seconds);
        let arguments = [&RUN[..], &[&target, "--", &time, "-print_final_stats=1"]].concat();
        print(format_args!("$ cargo {}", arguments.join(" "))).map_err(FuzzError::CannotPrint)?;
        let before = self.corpus(&target);
        let (mut executions, mut input, mut unprinted) = (0, None, Ok(()));
        let ended = lines(&self.cargo(&arguments), |line| {
            executions = executed(line).unwrap_or(executions);
            input = crashed_on(line).or(input.take());
            // A line with a number names an input that is worth keeping; the others name words in it.
            if !line.starts_with('#') && !line.contains("\" # Uses: ") {
                unprinted = print(line);
            }
            unprinted.clone()
        });
        unprinted.map_err(FuzzError::CannotPrint)?;
        match (input, ended) {
            (Some(input), _) => Err(FuzzError::Crashed { input: self.below_root(&input), target }),
            (None, Err(why)) => Err(FuzzError::Failed { target, why }),
            (None, Ok(())) if executions == 0 => {
                Err(FuzzError::Failed { target, why: io::Error::other("it executed nothing") })
            }
            (None, Ok(())) => {
                Ok(Done { added: self.corpus(&target).difference(&before).count(), executions, target })
            }
        }
    }

    /// The files of a target's corpus. A target that has none yet has no folder.
    fn corpus(&self, target: &str) -> BTreeSet<OsString> {
        let entries = fs::read_dir(self.root.join(FOLDER).join("corpus").join(target));
        entries.into_iter().flatten().flatten().map(|entry| entry.file_name()).collect()
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    /// A root whose cargo is a script.
    struct Root(PathBuf);

    impl Root {
        fn new(test: &str, script: &str) -> Self {
            let root = std::env::temp_dir().join(format!("fuzz-{test}-{}", std::process::id()));
            fs::create_dir_all(root.join("fuzz/corpus/a")).unwrap();
            fs::write(root.join("fuzz/corpus/a/known"), "").unwrap();
            fs::write(root.join("cargo.sh"), script).unwrap();
            Self(root)
        }

        fn all(&self, asked: &[&str]) -> Result<Vec<Done>, FuzzError> {
            let asked: Vec<String> = asked.iter().map(|&name| name.to_owned()).collect();
            let cargo = vec!["sh".into(), self.0.join("cargo.sh").into()];
            Fuzzer { cargo, root: &self.0, seconds: 1 }.all(&asked)
        }
    }

    impl Drop for Root {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    /// Two targets; what fuzzing one does is left to `$RUN`.
    const TWO: &str = r#"
        case "$1 $2" in
        "metadata "*) echo '{"packages":[{"targets":[
            {"kind":["bin"],"name":"a"},{"kind":["lib"],"name":"l"},{"kind":["bin"],"name":"b"}]}]}' ;;
        "fuzz run") RUN ;;
        esac"#;

    #[test]
    fn each_target_is_fuzzed() {
        let run = "touch fuzz/corpus/a/new; echo '#9 NEW'; echo 'stat::number_of_executed_units: 12'";
        let root = Root::new("each", &TWO.replace("RUN", run));
        let done = |target: &str, added| Done { target: target.to_owned(), executions: 12, added };
        assert_eq!(root.all(&[]).unwrap(), [done("a", 1), done("b", 0)]);
        assert_eq!(root.all(&["b"]).unwrap(), [done("b", 0)]);
        assert!(table(&[done("a", 1)]).contains("12 executions,     1 new in fuzz/corpus/a"));
        let unknown = root.all(&["c"]).unwrap_err();
        assert!(unknown.to_string().ends_with("no fuzz target c: there are a, b"), "{unknown}");
    }

    #[test]
    fn the_first_crash_stops_it_and_is_told() {
        let run =
            r#"echo "artifact_prefix='x'; Test unit written to $PWD/fuzz/artifacts/a/crash-1"; exit 77"#;
        let root = Root::new("crash", &TWO.replace("RUN", run));
        let crashed = root.all(&[]).unwrap_err();
        assert!(matches!(&crashed, FuzzError::Crashed { target, .. } if target == "a"), "{crashed:?}");
        let text = crashed.to_string();
        assert!(text.contains("again:   cargo fuzz run -s none a fuzz/artifacts/a/crash-1\n"), "{text}");
    }

    #[test]
    fn a_target_that_does_not_build_or_run_has_not_passed() {
        let root = Root::new("build", &TWO.replace("RUN", "echo error; exit 1"));
        assert!(matches!(root.all(&[]), Err(FuzzError::Failed { .. })));
        let root = Root::new("nothing", &TWO.replace("RUN", "echo done"));
        assert!(root.all(&[]).unwrap_err().to_string().contains("executed nothing"));
    }

    #[test]
    fn without_cargo_fuzz_it_says_how_to_get_it() {
        let root = Root::new("absent", "echo 'error: no such command: `fuzz`'; exit 101");
        let error = root.all(&[]).unwrap_err();
        assert!(matches!(error, FuzzError::NotInstalled));
        assert!(error.to_string().contains("cargo install cargo-fuzz"));
    }

    #[test]
    fn the_targets_of_this_repository_are_found() {
        let targets = Fuzzer { cargo: vec![cargo()], root: &crate::root(), seconds: 1 }.targets().unwrap();
        let models = ["arithmetic", "sequences", "threads", "transitions"];
        let fronts = ["asynchronous", "batched", "keyed", "keyed_throttled", "throttle", "throttled"];
        let all: BTreeSet<_> = models.into_iter().chain(fronts).map(str::to_owned).collect();
        assert_eq!(targets.into_iter().collect::<BTreeSet<_>>(), all);
    }
}
