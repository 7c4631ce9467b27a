//! Every check, rung by rung, and what each came to.

use crate::rung::{Count, Done, Rung, Step};
use std::path::Path;
use std::time::Instant;

/// The programs of `examples/` that end by themselves. `reload` is driven by its own test.
const EXAMPLES: [&str; 7] = [
    "storm -- --seconds 1",
    "storm -- --seconds 1 --threshold 1us",
    "storm -- --seconds 1 --threshold 5ms --run-time 12ms --threads 100",
    "storm -- --seconds 1 --threshold 2ms --cancel-every 100 --panic-every 3",
    "gate_by_hand",
    "group_commit",
    "log_summary",
];

/// Runs every rung and prints what each came to.
pub fn verify(root: &Path) -> Result<(), String> {
    let start = Instant::now();
    let done = rungs().iter().map(|rung| rung.run(root)).collect::<Result<Vec<Done>, String>>()?;

    println!();
    for Done { name, count, time, .. } in &done {
        println!("{name:<12} {count:>34}  {:>7.1} s", time.as_secs_f64());
    }
    println!("all checks passed, {:.1} s", start.elapsed().as_secs_f64());
    println!("{} passed, 0 failed", done.iter().map(|done| done.passed).sum::<usize>());
    Ok(())
}

/// Runs the loom models alone.
pub fn loom(root: &Path) -> Result<(), String> {
    let Done { count, time, .. } = models().run(root)?;
    println!("\nloom: {count}, {:.1} s", time.as_secs_f64());
    Ok(())
}

fn rungs() -> Vec<Rung> {
    let examples = EXAMPLES.map(|example| Step::cargo(&format!("run --release --quiet --example {example}")));
    vec![
        Rung {
            name: "format",
            counting: Count::Commands,
            steps: vec![
                Step::cargo("fmt --all --check"),
                Step::cargo("fmt --check").within("loom-tests"),
                Step::cargo("fmt --check").within("fuzz"),
                Step::cargo("fmt --check").within("no-std"),
            ],
        },
        Rung {
            name: "clippy",
            counting: Count::Commands,
            steps: vec![
                Step::cargo("clippy --workspace --all-targets -- -D warnings"),
                Step::cargo("clippy --lib --no-default-features -- -D warnings"),
                Step::cargo("clippy --release --all-targets -- -D warnings").within("loom-tests"),
            ],
        },
        Rung {
            name: "docs",
            counting: Count::Commands,
            steps: ["--document-private-items", "", "--lib --no-default-features"]
                .map(|how| Step::cargo(&format!("doc --no-deps {how}")).with("RUSTDOCFLAGS", "-D warnings"))
                .into(),
        },
        no_std(),
        Rung {
            name: "tests",
            counting: Count::Tests,
            steps: vec![Step::cargo("test --workspace --lib --bins --tests --examples")],
        },
        Rung { name: "doc tests", counting: Count::Tests, steps: vec![Step::cargo("test --doc")] },
        models(),
        Rung {
            name: "fuzz corpus",
            counting: Count::TestsAnd("inputs"),
            steps: vec![Step::cargo("test --test corpus -- --nocapture")],
        },
        Rung { name: "examples", counting: Count::Commands, steps: examples.into() },
    ]
}

/// The loom models. In their folder cargo finds the configuration that sets loom's flags.
fn models() -> Rung {
    let models = Step::cargo("test --release -- --nocapture --test-threads=1").within("loom-tests");
    Rung { name: "loom", counting: Count::TestsAnd("executions"), steps: vec![models] }
}

/// Links a program without any library but the core: `std` or `alloc` in the core would fail it. The
/// program is for Linux on x86-64; elsewhere the library is built alone.
fn no_std() -> Rung {
    let mut steps = vec![Step::cargo("build --lib --no-default-features")];
    if cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        steps.push(Step::cargo("run").within("no-std"));
    }
    Rung { name: "no_std", counting: Count::Commands, steps }
}
