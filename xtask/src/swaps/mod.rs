//! Asks whether a test watches the order of what the code does: swaps two adjacent statements, or moves a reading, one
//! at a time in a copy of the repository, and runs the tests that are about that file.
//!
//! It cannot show anything about orderings: `weaken` does.

mod mutants;

use crate::cargo::{cargo, command, with_own_flags};
use crate::copy;
use crate::lock::alone;
use crate::print::print;
use clap::Args;
use evidence::Guarantee::{G3, G5};
use evidence::{Check, Line};
use mutants::Mutant;
use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::Path;

#[derive(Args)]
pub struct Swaps {
    /// Only the mutants of files whose path begins so
    #[arg(long, value_name = "PATH", num_args = 1..)]
    only: Vec<String>,
    /// Leave out the schedules: seconds for each mutant, and more of them survive
    #[arg(long, conflicts_with = "loom")]
    quick: bool,
    /// A test program that runs for so many seconds is one that hangs
    #[arg(long, value_name = "SECONDS", default_value = "180")]
    limit: u32,
    /// Ask the loom models about those that survive the tests and the schedules; minutes for each
    #[arg(long)]
    loom: bool,
    /// Print the mutants, and run nothing
    #[arg(long)]
    list: bool,
}

/// Tests that are run on a mutant: where, and by which arguments of cargo.
#[derive(Clone, Debug, PartialEq)]
struct Suite {
    folder: &'static str,
    arguments: String,
}

/// The tests of each folder that is mutated: those that notice most, the others about it, schedules, loom models. Each
/// is asked only about what the ones before it did not notice.
const SUITES: [(&str, [&str; 4]); 8] = [
    ("src/state/", ["--test gate --test transitions --test table", CORE, SHIPPED, MODELS]),
    ("src/gate/", ["--test gate", CORE, SHIPPED, MODELS]),
    ("src/front/wait.rs", ["--test throttle --test idle", BLOCKING, SHIPPED, MODELS]),
    (
        "src/front/throttle/",
        ["--test throttle --test idle --test throttle_payloads", BLOCKING, SHIPPED, MODELS],
    ),
    ("src/front/throttled/", [THROTTLED, BACKGROUND, BACKGROUND_SHIPPED, BACKGROUND_MODELS]),
    (
        "src/front/payload/",
        ["--test payloads --test tasks", BACKGROUND, BACKGROUND_SHIPPED, BACKGROUND_MODELS],
    ),
    (
        "src/front/asynchronous/",
        [
            "--test asynchronous --test async_payloads",
            "--test tracing",
            "--test async_shipped --test async_payloads",
            TASK_MODELS,
        ],
    ),
    ("cluster/src/", [CLUSTER, EXPLORATION, "--test cluster", ""]),
];
const COUNTED: &&str = &"--test cost";
/// A front end has tests of one name in both packages: of its operations, and of their sequences.
const LIBRARY: &str = "--package atomic-throttle --package sequences --all-features";
const CORE: &str = "--test panics --test throttle --test idle --test snapshot --test statics --test every \
                    --test throttled";
const THROTTLED: &str = "--test throttled --test payloads --test paces --test failures --test tasks";
const BLOCKING: &str = "--lib --test panics --test reentrancy --test calls --test cost --test snapshot \
                        --test edges --test tracing";
const BACKGROUND: &str = "--lib --test idle --test calls --test tracing --test snapshot";
const CLUSTER: &str = "--package atomic-throttle-cluster --all-features --lib --test course --test pace \
                       --test clock_back --test throttled";
const EXPLORATION: &str = "--package atomic-throttle-cluster --all-features --test protocol";
const SHIPPED: &str = "--test shipped";
const BACKGROUND_SHIPPED: &str = "--test shipped --test payloads --test engine";
const MODELS: &str = "--test calls_are_covered --test owner_is_woken --test coalesced_is_woken --test limits --test cancel_against_fire \
                      --test takeover_against_fire --test stale_owner --test finish_publishes --test runs_exclude";
const BACKGROUND_MODELS: &str = "--test background_request --test background_flush --test background_end --test background_wait --test payloads --test failures";
const TASK_MODELS: &str = "--test futures_are_woken";

/// The suites for a file, in the order in which they are run; none if it is not mutated.
fn suites(file: &str, depth: Depth) -> Vec<Suite> {
    let Some((_, [first, others, schedules, models])) =
        SUITES.iter().find(|(path, _)| file.starts_with(path))
    else {
        return Vec::new();
    };
    let package = if file.starts_with("src/") { LIBRARY } else { "" };
    let counted = if file.starts_with("src/gate/") { COUNTED } else { &"" };
    let suites = [
        ("", package, first),
        ("verify/cost", "", counted),
        ("", package, others),
        ("verify/schedules", "--release", if depth == Depth::Quick { &"" } else { schedules }),
        ("loom-tests", "--release", if depth == Depth::Loom { models } else { &"" }),
    ];
    let suite = |(folder, how, tests)| Suite { folder, arguments: format!("test {how} {tests}") };
    suites.into_iter().filter(|(.., tests)| !tests.is_empty()).map(suite).collect()
}

/// Whether a file is mutated: those whose order of statements decides something.
fn is_mutated(file: &str) -> bool {
    let in_cluster = file.starts_with("cluster/src/course/") || file == "cluster/src/throttled/worker.rs";
    let is_source = Path::new(file).extension().is_some_and(|it| it == "rs") && !file.ends_with("/tests.rs");
    is_source && (in_cluster || file.starts_with("src/")) && !suites(file, Depth::Quick).is_empty()
}

#[derive(Clone, Copy, PartialEq)]
enum Depth {
    Quick,
    Schedules,
    Loom,
}

/// What became of a mutant.
#[derive(Debug, PartialEq)]
enum Fate {
    DoesNotCompile,
    Killed(String),
    Survived,
}

pub fn swaps(root: &Path, options: &Swaps) -> Result<(), String> {
    alone(root, "swaps", || swaps_alone(root, options))
}

fn swaps_alone(root: &Path, options: &Swaps) -> Result<(), String> {
    let folder = root.join("target/swaps");
    let tree = copy::read(root)?;
    let mut files = Vec::new();
    for (path, content) in &tree {
        let file = path.display().to_string();
        let is_asked = options.only.is_empty() || options.only.iter().any(|only| file.starts_with(only));
        if is_asked && is_mutated(&file) {
            let text = String::from_utf8_lossy(content).into_owned();
            let found = mutants::of(&text).map_err(|why| format!("{file}: {why}"))?;
            files.push((file, text, found));
        }
    }
    if options.list {
        for (file, _, found) in &files {
            for Mutant { line, name, .. } in found {
                print(format_args!("{file}:{line}: {name}"))?;
            }
        }
        return Ok(());
    }
    let check =
        Check::of(&[G3, G5], "swaps: statements swapped and readings moved, one at a time, are noticed");
    copy::write(&folder.join("copy"), &tree)?;
    let known = known_survivors()?;
    let depth = match (options.quick, options.loom) {
        (true, _) => Depth::Quick,
        (_, true) => Depth::Loom,
        _ => Depth::Schedules,
    };
    let (mut fates, mut controlled) = (Fates::default(), Vec::new());
    for (file, text, found) in &files {
        let suites = suites(file, depth);
        let control =
            if controlled == suites { Fate::Survived } else { run(&folder, &suites, options.limit)? };
        if control != Fate::Survived {
            return Err(format!("the tests of {file} fail with nothing changed: {control:?}"));
        }
        controlled.clone_from(&suites);
        for mutant in found {
            let name = format!("{file}: {}", mutant.name);
            fs::write(folder.join("copy").join(file), &mutant.text)
                .map_err(|why| format!("{file}: {why}"))?;
            let fate = run(&folder, &suites, options.limit)?;
            log(&folder, &format!("{file}:{}: {}: {fate:?}", mutant.line, mutant.name))?;
            fates.add(name, fate, &known)?;
        }
        fs::write(folder.join("copy").join(file), text).map_err(|why| format!("{file}: {why}"))?;
    }
    fates.report(check)
}

/// Runs the suites on the copy as it is, until one fails.
fn run(folder: &Path, suites: &[Suite], limit: u32) -> Result<Fate, String> {
    for Suite { folder: package, arguments } in suites {
        let cargo = |extra: &[&str]| {
            let arguments = arguments.split_whitespace().chain(extra.iter().copied());
            with_own_flags(&command(cargo(), arguments, &folder.join("copy").join(package)))
                .env("CARGO_TARGET_DIR", folder.join("build").join(package))
                // A test program that hangs is ended by its watchdog.
                .env(
                    "ATOMIC_THROTTLE_TEST_LIMIT",
                    if package.is_empty() { limit } else { 5 * limit }.to_string(),
                )
                .env("RUST_BACKTRACE", "0")
                .env_remove(evidence::DEEP)
                .stderr_to_stdout()
                .stdout_capture()
                .unchecked()
                .run()
                .map_err(|why| format!("cargo: {why}"))
        };
        if !cargo(&["--no-run"])?.status.success() {
            return Ok(Fate::DoesNotCompile);
        }
        let output = cargo(&[])?;
        if !output.status.success() {
            return Ok(Fate::Killed(killer(&String::from_utf8_lossy(&output.stdout))));
        }
    }
    Ok(Fate::Survived)
}

/// The test that failed, in the output of a suite.
fn killer(output: &str) -> String {
    let failed = output.lines().find(|line| line.starts_with("test ") && line.ends_with("FAILED"));
    let hung = output.lines().find(|line| line.starts_with("watchdog: "));
    failed.or(hung).unwrap_or("it ended by a signal").trim_end_matches(" ... FAILED").to_owned()
}

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
    known: usize,
    unknown: Vec<String>,
}

impl Fates {
    fn add(&mut self, name: String, fate: Fate, known: &BTreeMap<String, String>) -> Result<(), String> {
        match (fate, known.get(&name)) {
            (Fate::DoesNotCompile, _) => self.not_compiled += 1,
            (Fate::Killed(how), _) => {
                self.killed += 1;
                print(Line::Caught { fault: name, how })?;
            }
            (Fate::Survived, Some(why)) => {
                self.known += 1;
                print(format_args!("survives: {name}: {why}"))?;
            }
            (Fate::Survived, None) => {
                print(format_args!("SURVIVES: {name}"))?;
                self.unknown.push(name);
            }
        }
        Ok(())
    }

    fn report(self, check: Check) -> Result<(), String> {
        let Self { killed, not_compiled, known, unknown } = self;
        print(format_args!("{killed} killed, {not_compiled} do not compile, {known} survive as is known"))?;
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

    #[test]
    fn the_files_that_decide_are_mutated() {
        for file in ["src/gate/mod.rs", "src/front/wait.rs", "cluster/src/course/mod.rs"] {
            assert!(is_mutated(file), "{file}");
        }
        for file in ["src/time.rs", "src/front/throttle/tests.rs", "cluster/src/lib.rs", "src/gate/README.md"]
        {
            assert!(!is_mutated(file), "{file}");
        }
        assert_eq!(suites("src/gate/mod.rs", Depth::Loom).len(), 5);
        assert_eq!(suites("cluster/src/course/mod.rs", Depth::Loom).len(), 3);
    }

    #[test]
    fn the_test_that_failed_is_named() {
        assert_eq!(killer("test a ... ok\ntest b::c ... FAILED\n"), "test b::c");
        assert_eq!(killer("\nwatchdog: this test program hangs\n"), "watchdog: this test program hangs");
        assert_eq!(killer("signal: 11"), "it ended by a signal");
    }

    #[test]
    fn a_survivor_is_reported_unless_it_is_known() {
        let known = BTreeMap::from([("known".to_owned(), "the same".to_owned())]);
        let mut fates = Fates::default();
        for (name, fate) in
            [("known", Fate::Survived), ("new", Fate::Survived), ("other", Fate::DoesNotCompile)]
        {
            fates.add(name.to_owned(), fate, &known).unwrap();
        }
        assert_eq!((fates.killed, fates.not_compiled, fates.known), (0, 1, 1));
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
