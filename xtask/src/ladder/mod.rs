//! The rungs of the ladder, in the order in which they run: what is quick, and what most often fails, first.

mod examples;

use self::examples::examples;
use crate::rung::{Rung, Step};
use std::process::Command;

/// How far the checks go.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Depth {
    /// What fails most often, in minutes on a fresh machine.
    Quick,
    /// Every rung.
    Full,
    /// Every rung to its full depth: hours.
    Deep,
}

impl Depth {
    pub fn name(self) -> &'static str {
        match self {
            Self::Quick => "quick",
            Self::Full => "every rung, usual depth",
            Self::Deep => "every rung, full depth",
        }
    }
}

/// Packages of their own, each with its configuration.
const PACKAGES: [&str; 9] = [
    "fuzz",
    "loom-tests",
    "verify/axioms/gate",
    "verify/cost",
    "verify/downstream",
    "verify/histories/planted",
    "verify/lab/planted",
    "verify/no-std",
    "verify/schedules",
];

/// Packages of tests that are rungs by themselves.
const RUNGS: [(&str, &str); 4] = [
    ("axioms", "axioms"),
    ("histories", "histories"),
    ("cluster", "atomic-throttle-cluster"),
    // Real processes that are killed, and a real Redis that is stopped.
    ("processes", "processes"),
];

/// Of these the parts that use the hook of the library.
const HOOKED: [(&str, &str); 3] = [
    ("axioms", "verify/axioms/gate"),
    ("histories", "verify/histories/planted"),
    ("soak", "verify/lab/planted"),
];

/// The features of the library, each of which must build without the others.
const FEATURES: [&str; 6] = ["async", "keyed", "precise", "tokio", "tracing", "tsc"];

/// Those that meet in one item or one file: each pair must build without the rest.
const TOGETHER: [&str; 4] = ["async,keyed", "async,tracing", "keyed,tokio", "keyed,tracing"];

/// The rungs of a depth.
pub fn rungs(depth: Depth) -> Vec<Rung> {
    match depth {
        Depth::Quick => vec![
            format(),
            lints(),
            library(),
            doc_tests(),
            pages(),
            prove("xtask prove", has("z3")).in_part(),
            protocol(),
            two_threads(),
        ],
        Depth::Full => every_rung("0.2", "1000000"),
        Depth::Deep => {
            every_rung("60", "100000000").into_iter().map(|rung| rung.with(evidence::DEEP, "1")).collect()
        }
    }
}

/// The names of the rungs that the quick checks are a part of, and of those that it leaves out.
pub fn not_quick() -> (Vec<&'static str>, Vec<&'static str>) {
    let quick = rungs(Depth::Quick);
    let in_part: Vec<_> = quick.iter().filter(|rung| rung.is_in_part()).map(Rung::name).collect();
    let is_quick = |name: &&str| quick.iter().any(|rung| rung.name() == *name);
    (in_part, rungs(Depth::Full).iter().map(Rung::name).filter(|name| !is_quick(name)).collect())
}

fn every_rung(soak_minutes: &str, waits: &str) -> Vec<Rung> {
    let mut rungs = vec![format(), clippy(), docs(), no_std(), tests(), doc_tests()];
    rungs.extend([prove("xtask prove --full", has("z3")), protocol(), theorems(has("coqc"))]);
    rungs.extend(RUNGS.map(|(name, package)| package_tests(name, package)));
    rungs.extend([
        models(),
        downstream(),
        schedules(),
        weaken(),
        examples(),
        costs(),
        soak(soak_minutes, waits),
        packages(),
    ]);
    rungs
}

fn doc_tests() -> Rung {
    let documented = ["", "--package atomic-throttle-cluster "]
        .map(|package| Step::cargo(&format!("test {package}--doc --all-features")));
    Rung::of_tests("doc-tests", documented)
}

/// A package of tests that is a rung by itself.
fn package_tests(name: &'static str, package: &str) -> Rung {
    let mut steps =
        vec![shown(&format!("test --package {package} --all-features --lib --bins --tests --examples"))];
    // What uses the hook of the library is a build of its own.
    let hooked = HOOKED.iter().filter(|(rung, _)| *rung == name);
    steps.extend(hooked.map(|(_, folder)| shown("test").within(folder)));
    show(name, steps)
}

fn protocol() -> Rung {
    package_tests("protocol", "protocol")
}

/// The compiled transitions against the table. Without z3 that is skipped, so then it may show nothing.
fn prove(command: &str, has_z3: bool) -> Rung {
    needing(Rung::of_commands("prove", [Step::cargo(command)]), has_z3)
}

/// The table against the promises. The same without Coq.
fn theorems(has_coq: bool) -> Rung {
    needing(Rung::of_commands("theorems", [Step::cargo("xtask theorems")]), has_coq)
}

/// A rung that shows nothing where a program is missing.
fn needing(rung: Rung, is_there: bool) -> Rung {
    if is_there { rung.with_evidence().with_controls() } else { rung }
}

fn has(program: &str) -> bool {
    Command::new(program).arg("--version").output().is_ok_and(|output| output.status.success())
}

/// Tests that report what they have shown.
fn show(name: &'static str, steps: impl Into<Vec<Step>>) -> Rung {
    Rung::of_tests(name, steps).with_evidence().with_controls()
}

fn shown(tests: &str) -> Step {
    Step::cargo(&format!("{tests} -- --nocapture"))
}

/// What each operation of a gate costs. In its folder cargo finds the configuration that sets the hook's flag.
fn cost() -> Step {
    shown("test").within("verify/cost")
}

/// The tests of the library and of its tools, without those that are rungs by themselves.
fn tests() -> Rung {
    let rungs = RUNGS.map(|(_, package)| format!(" --exclude {package}")).concat();
    let tests =
        format!("test --workspace --exclude protocol{rungs} --all-features --lib --bins --tests --examples");
    show("tests", [shown(&tests), cost()])
}

/// Of these the tests of the library itself: units, properties, operations, and the replay of the corpora.
fn library() -> Rung {
    let tests = "test --package atomic-throttle --package sequences --package evidence --package xtask --all-features \
                 --lib --bins --tests";
    show("tests", [shown(tests), cost()]).in_part()
}

/// The loom models. In their folder cargo finds the configuration that sets loom's flags.
pub fn models() -> Rung {
    let models = Step::cargo("test --release -- --nocapture --test-threads=1").within("loom-tests");
    Rung::of_tests("loom", [models]).with_evidence().with_controls()
}

/// The models of two threads each that are explored without a bound on preemptions, and take only seconds.
const TWO_THREADS: [&str; 12] = [
    "abandon_against_arrive",
    "calls_are_covered",
    "cancel_against_fire",
    "finish_publishes",
    "futures_are_woken",
    "guards_dropped",
    "keyed",
    "one_owner",
    "owner_is_woken",
    "runs_exclude",
    "stale_owner",
    "takeover_against_fire",
];

fn two_threads() -> Rung {
    let models = TWO_THREADS.map(|model| format!(" --test {model}")).concat();
    let models = Step::cargo(&format!("test --release{models} -- --nocapture --test-threads=1"));
    Rung::of_tests("loom", [models.within("loom-tests")]).with_evidence().in_part()
}

/// Somebody else's code, explored by loom through the library, and tested without it: from outside of its
/// folder cargo does not find loom's flags.
fn downstream() -> Rung {
    let models = Step::cargo("test --release -- --nocapture --test-threads=1").within("verify/downstream");
    let plain = Step::cargo("test --manifest-path verify/downstream/Cargo.toml");
    Rung::of_tests("downstream", [models, plain]).with_evidence().with_controls()
}

fn schedules() -> Rung {
    let schedules = Step::cargo("test --release -- --nocapture").within("verify/schedules");
    Rung::of_tests("schedules", [schedules]).with_evidence().with_controls()
}

fn weaken() -> Rung {
    Rung::of_commands("weaken", [Step::cargo("xtask weaken")]).with_evidence().with_controls()
}

/// Runs every bench once without measuring, and the programs that measure as briefly as they can, so that
/// they work when somebody measures. Also counts the instructions of each path, which do not depend on the
/// machine. Without valgrind that is skipped, so it may find no planted fault.
fn costs() -> Rung {
    let steps = [
        "bench -- --test",
        "xtask contention --rounds 1 --time 1ms --max-threads 2 --out target/verify/contention",
        "xtask growth --quick --rounds 1 --out target/verify/growth",
        "xtask cluster --time 500ms --kills 1 --processes 2",
        "xtask instructions",
    ];
    Rung::of_commands("costs", steps.map(Step::cargo))
}

/// The planted faults of the storm are in the tests of the example; those of the waits need the hook.
fn soak(minutes: &str, waits: &str) -> Rung {
    let steps = [
        Step::cargo(&format!("xtask soak --minutes {minutes}")),
        Step::cargo(&format!("xtask wakes --waits {waits}")),
        Step::cargo("xtask wakes --waits 50000 --waiters 1"),
        shown("test").within("verify/lab/planted"),
    ];
    Rung::of_commands("soak", steps).with_evidence().with_controls()
}

/// What would be uploaded: contents, links, pages as docs.rs builds them, builds with the oldest dependencies that
/// are accepted; and whether the public items are those that are listed. Without a nightly toolchain the last three say
/// that they were skipped.
fn packages() -> Rung {
    Rung::of_commands("packages", ["xtask release --draft", "xtask api"].map(Step::cargo))
}

fn format() -> Rung {
    let others = PACKAGES.map(|folder| Step::cargo("fmt --check").within(folder));
    let steps: Vec<_> = std::iter::once(Step::cargo("fmt --all --check")).chain(others).collect();
    Rung::of_commands("format", steps)
}

/// The first part of `clippy`: the library and its tests, with every feature and with none.
fn lints() -> Rung {
    let steps = [
        "--package atomic-throttle --package sequences --package evidence --package xtask --all-targets \
         --all-features",
        "--package atomic-throttle-cluster --all-features",
        "--lib --no-default-features",
    ];
    Rung::of_commands("clippy", steps.map(|what| Step::cargo(&format!("clippy {what} -- -D warnings"))))
        .in_part()
}

fn clippy() -> Rung {
    let strict = |folder| Step::cargo("clippy --release --all-targets -- -D warnings").within(folder);
    let library = |features: &str| Step::cargo(&format!("clippy --lib {features} -- -D warnings"));
    let cluster = |features: &str| {
        library(&format!("--package atomic-throttle-cluster --no-default-features {features}"))
    };
    let mut steps = vec![
        Step::cargo("clippy --workspace --all-targets --all-features -- -D warnings"),
        // Code that needs no feature builds without any.
        Step::cargo("clippy --workspace --exclude benches --exclude sequences --all-targets -- -D warnings"),
        library("--no-default-features"),
    ];
    // The default alone: in a build of the workspace other packages switch features on.
    steps.push(library(""));
    let with = |features| library(&format!("--no-default-features --features {features}"));
    steps.extend(FEATURES.into_iter().chain(TOGETHER).map(with));
    steps.extend(["", "--features redis", "--features shm"].map(cluster));
    steps.extend(["loom-tests", "verify/downstream", "verify/schedules"].map(strict));
    steps.extend(HOOKED.map(|(_, folder)| strict(folder)));
    Rung::of_commands("clippy", steps)
}

fn documented(what: &str) -> Step {
    Step::cargo(&format!("doc --no-deps {what}")).with("RUSTDOCFLAGS", "-D warnings")
}

/// The part of the documentation that users read.
fn pages() -> Rung {
    let packages = ["atomic-throttle", "atomic-throttle-cluster"];
    let step = |package| documented(&format!("--package {package} --all-features"));
    let steps: Vec<_> = packages.map(step).into_iter().chain([links()]).collect();
    Rung::of_commands("docs", steps).in_part()
}

fn docs() -> Rung {
    let pages = [
        "--all-features --document-private-items",
        "--all-features",
        "",
        "--package atomic-throttle --lib --no-default-features",
        "--package atomic-throttle-cluster --all-features",
        "--package atomic-throttle-cluster",
    ];
    let steps: Vec<_> = pages.map(documented).into_iter().chain([links()]).collect();
    Rung::of_commands("docs", steps)
}

/// The links between documents; rustdoc follows those within its pages.
fn links() -> Step {
    Step::cargo("xtask links")
}

/// Links a program without any library but the core: `std` or `alloc` in the core would fail it. The
/// program is for Linux on x86-64; elsewhere the library is built alone.
fn no_std() -> Rung {
    let mut steps = vec![Step::cargo("build --lib --no-default-features")];
    if cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        steps.push(Step::cargo("run").within("verify/no-std"));
    }
    Rung::of_commands("no-std", steps)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::path::Path;

    fn names(rungs: &[Rung]) -> Vec<&'static str> {
        rungs.iter().map(Rung::name).collect()
    }

    #[test]
    fn the_workflow_runs_every_rung_once() {
        let workflow = include_str!("../../../.github/workflows/verify.yml").lines();
        let mut run: Vec<_> = workflow
            .filter_map(|line| line.trim().strip_prefix("rungs: "))
            .flat_map(|rungs| rungs.split(' '))
            .collect();
        let mut all = names(&rungs(Depth::Full));
        run.sort_unstable();
        all.sort_unstable();
        assert_eq!(run, all);
    }

    #[test]
    fn what_the_quick_part_leaves_out_is_a_rung_of_the_full_one() {
        let full = names(&rungs(Depth::Full));
        let quick = names(&rungs(Depth::Quick));
        assert!(quick.iter().all(|name| full.contains(name)), "{quick:?}");
        let (in_part, left_out) = not_quick();
        assert_eq!(in_part, ["clippy", "tests", "docs", "prove", "loom"]);
        assert_eq!(quick.len() + left_out.len(), full.len());
    }

    #[test]
    fn the_two_thread_models_are_explored_without_a_bound() {
        for model in TWO_THREADS {
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../loom-tests/tests").join(model);
            let source = fs::read_to_string(path.with_extension("rs")).expect("a model");
            assert!(source.contains("Bound::Exhaustive"), "{model}");
        }
    }
}
