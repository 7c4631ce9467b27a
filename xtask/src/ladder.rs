//! The rungs of the ladder, in the order in which they run: what is quick, and what most often fails, first.

use crate::rung::{Rung, Step};

/// How far the checks go.
#[derive(Clone, Copy, PartialEq)]
pub enum Depth {
    Usual,
    Deep,
}

impl Depth {
    pub fn name(self) -> &'static str {
        match self {
            Self::Usual => "usual depth",
            Self::Deep => "full depth",
        }
    }
}

/// Packages of their own, each with its configuration.
const PACKAGES: [&str; 5] = ["fuzz", "loom-tests", "verify/downstream", "verify/no-std", "verify/schedules"];

/// Packages of tests that are rungs by themselves.
const RUNGS: [(&str, &str); 5] = [
    ("protocol", "protocol"),
    ("axioms", "axioms"),
    ("histories", "histories"),
    ("cluster", "atomic-throttle-cluster"),
    // Real processes that are killed, and a real Redis that is stopped.
    ("processes", "processes"),
];

/// The features of the library, each of which must build without the others.
const FEATURES: [&str; 6] = ["async", "batch", "keyed", "tokio", "tracing", "tsc"];

/// The programs of `examples/` that end by themselves. `reload` is driven by its own test.
const EXAMPLES: [&str; 20] = [
    "storm -- --seconds 1",
    "storm -- --seconds 1 --threshold 1us",
    "storm -- --seconds 1 --threshold 5ms --run-time 12ms --threads 100",
    "storm -- --seconds 1 --threshold 2ms --cancel-every 100 --panic-every 3",
    // One caller and no window: what is missed for lack of a fence shows most often here.
    "storm -- --seconds 1 --front background --threshold 0 --threads 1",
    "storm -- --seconds 1 --front background --threshold 5ms --run-time 12ms --threads 50 --rate 300 \
     --cancel-every 20 --panic-every 1 --wait-every 10",
    "storm -- --seconds 1 --front async --threshold 1us",
    "storm -- --seconds 1 --front async --threshold 2ms --run-time 3ms --threads 50 \
     --rate 300 --cancel-every 20 --panic-every 3 --wait-every 10",
    "storm -- --seconds 1 --front keyed --threshold 100us --keys 4 --wait-every 1000",
    "storm -- --seconds 1 --front keyed --threshold 2ms --keys 40 --run-time 20us \
     --threads 50 --rate 300 --cancel-every 20 --panic-every 3 --wait-every 10",
    "storm -- --seconds 1 --front keyed-leading --threshold 1us --keys 40",
    "storm -- --seconds 1 --front keyed-leading --threshold 1ms --run-time 3ms \
     --panic-every 3",
    "storm --package processes -- --seconds 1",
    "simulate --package processes -- --processes 100",
    "gate_by_hand",
    "keyed_alerts",
    "lateness -- --rounds 10",
    "other_runtime",
    "group_commit",
    "log_summary",
];

/// All of them.
pub fn rungs(depth: Depth) -> Vec<Rung> {
    let mut rungs = vec![format(), clippy(), docs(), no_std(), tests()];
    let documented = ["", "--package atomic-throttle-cluster "]
        .map(|package| Step::cargo(&format!("test {package}--doc --all-features")));
    rungs.push(Rung::of_tests("doc tests", documented));
    rungs.extend(RUNGS.map(|(name, package)| {
        shows(name, &format!("test --package {package} --all-features --lib --bins --tests --examples"))
    }));
    rungs.extend([models(), downstream(), shuttle(), weaken(), examples(), costs(), soak(depth)]);
    match depth {
        Depth::Usual => rungs,
        Depth::Deep => rungs.into_iter().map(|rung| rung.with(evidence::DEEP, "1")).collect(),
    }
}

/// Tests that say what they have shown.
fn shows(name: &'static str, tests: &str) -> Rung {
    Rung::of_tests(name, [Step::cargo(&format!("{tests} -- --nocapture"))]).with_evidence().with_controls()
}

/// The tests of the library and of its tools, without those that are rungs by themselves.
fn tests() -> Rung {
    let others: String = RUNGS.map(|(_, package)| format!(" --exclude {package}")).concat();
    shows("tests", &format!("test --workspace{others} --all-features --lib --bins --tests --examples"))
}

/// The loom models. In their folder cargo finds the configuration that sets loom's flags.
pub fn models() -> Rung {
    let models = Step::cargo("test --release -- --nocapture --test-threads=1").within("loom-tests");
    Rung::of_tests("loom", [models]).with_evidence().with_controls()
}

/// Somebody else's code, explored by loom through the library, and tested without it: from outside of its
/// folder cargo does not find loom's flags.
fn downstream() -> Rung {
    let models = Step::cargo("test --release -- --nocapture --test-threads=1").within("verify/downstream");
    let plain = Step::cargo("test --manifest-path verify/downstream/Cargo.toml");
    Rung::of_tests("downstream", [models, plain]).with_evidence().with_controls()
}

fn shuttle() -> Rung {
    let schedules = Step::cargo("test --release -- --nocapture").within("verify/schedules");
    Rung::of_tests("shuttle", [schedules]).with_evidence().with_controls()
}

fn weaken() -> Rung {
    Rung::of_commands("weaken", [Step::cargo("xtask weaken")]).with_evidence().with_controls()
}

fn examples() -> Rung {
    let mut examples = EXAMPLES.to_vec();
    if cfg!(target_os = "linux") {
        // Where nothing needs to be installed for processes to be killed at.
        examples.push(
            "storm --package processes -- --driver shm:target/storm-register?lease=500ms \
             --threshold 100ms --seconds 3 --kill-every 300ms --stop-every 600ms",
        );
    }
    let run = |example| Step::cargo(&format!("run --release --quiet --example {example}"));
    Rung::of_commands("examples", examples.into_iter().map(run).collect::<Vec<_>>())
}

/// Every bench once without measuring, and the programs that measure as briefly as they can, so that they work
/// when somebody measures; and what does not depend on the machine, which is how many instructions a path takes.
/// Without valgrind that is skipped, so it may find no planted fault.
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

/// Its planted faults are in the tests of the example.
fn soak(depth: Depth) -> Rung {
    let minutes = if depth == Depth::Deep { "60" } else { "0.2" };
    Rung::of_commands("soak", [Step::cargo(&format!("xtask soak --minutes {minutes}"))]).with_evidence()
}

fn format() -> Rung {
    let others = PACKAGES.map(|folder| Step::cargo("fmt --check").within(folder));
    let steps: Vec<_> = std::iter::once(Step::cargo("fmt --all --check")).chain(others).collect();
    Rung::of_commands("format", steps)
}

fn clippy() -> Rung {
    let strict = |folder| Step::cargo("clippy --release --all-targets -- -D warnings").within(folder);
    let library = |features: &str| Step::cargo(&format!("clippy --lib {features} -- -D warnings"));
    let cluster = |features: &str| {
        library(&format!("--package atomic-throttle-cluster --no-default-features {features}"))
    };
    let mut steps = vec![
        Step::cargo("clippy --workspace --all-targets --all-features -- -D warnings"),
        // What needs no feature builds without.
        Step::cargo("clippy --workspace --exclude benches --all-targets -- -D warnings"),
        library("--no-default-features"),
    ];
    steps.extend(FEATURES.map(|feature| library(&format!("--no-default-features --features {feature}"))));
    steps.extend(["", "--features redis", "--features shm"].map(cluster));
    steps.extend(["loom-tests", "verify/downstream", "verify/schedules"].map(strict));
    Rung::of_commands("clippy", steps)
}

fn docs() -> Rung {
    let documented = |how| Step::cargo(&format!("doc --no-deps {how}")).with("RUSTDOCFLAGS", "-D warnings");
    Rung::of_commands(
        "docs",
        [
            "--all-features --document-private-items",
            "--all-features",
            "",
            "--lib --no-default-features",
            "--package atomic-throttle-cluster --all-features",
            "--package atomic-throttle-cluster",
        ]
        .map(documented),
    )
}

/// Links a program without any library but the core: `std` or `alloc` in the core would fail it. The
/// program is for Linux on x86-64; elsewhere the library is built alone.
fn no_std() -> Rung {
    let mut steps = vec![Step::cargo("build --lib --no-default-features")];
    if cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        steps.push(Step::cargo("run").within("verify/no-std"));
    }
    Rung::of_commands("no_std", steps)
}
