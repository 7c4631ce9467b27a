//! Every check, rung by rung, and what each came to.

use crate::rung::{Count, Done, Step, run};
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
    let mut done = Vec::new();

    done.push(run(
        root,
        "format",
        &Count::Commands,
        &[
            Step::cargo("fmt --all --check"),
            Step::cargo("fmt --check").within("loom-tests"),
            Step::cargo("fmt --check").within("fuzz"),
            Step::cargo("fmt --check").within("no-std"),
        ],
    )?);
    done.push(run(
        root,
        "clippy",
        &Count::Commands,
        &[
            Step::cargo("clippy --workspace --all-targets -- -D warnings"),
            Step::cargo("clippy --lib --no-default-features -- -D warnings"),
            Step::cargo("clippy --release --all-targets -- -D warnings").within("loom-tests"),
        ],
    )?);
    done.push(run(
        root,
        "docs",
        &Count::Commands,
        &[
            Step::cargo("doc --no-deps --document-private-items").with("RUSTDOCFLAGS", "-D warnings"),
            Step::cargo("doc --no-deps").with("RUSTDOCFLAGS", "-D warnings"),
            Step::cargo("doc --no-deps --lib --no-default-features").with("RUSTDOCFLAGS", "-D warnings"),
        ],
    )?);
    done.push(no_std(root)?);
    done.push(run(
        root,
        "tests",
        &Count::Tests,
        &[Step::cargo("test --workspace --lib --bins --tests --examples")],
    )?);
    done.push(run(root, "doc tests", &Count::Tests, &[Step::cargo("test --doc")])?);
    done.push(models(root)?);
    done.push(run(
        root,
        "fuzz corpus",
        &Count::TestsAnd("inputs"),
        &[Step::cargo("test --test corpus -- --nocapture")],
    )?);
    let examples = EXAMPLES.map(|example| Step::cargo(&format!("run --release --quiet --example {example}")));
    done.push(run(root, "examples", &Count::Commands, &examples)?);

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
    let Done { count, time, .. } = models(root)?;
    println!("\nloom: {count}, {:.1} s", time.as_secs_f64());
    Ok(())
}

fn models(root: &Path) -> Result<Done, String> {
    // In this folder cargo finds the configuration that sets loom's flags.
    let models = Step::cargo("test --release -- --nocapture --test-threads=1").within("loom-tests");
    run(root, "loom", &Count::TestsAnd("executions"), &[models])
}

/// Links a program without any library but the core: `std` or `alloc` in the core would fail it.
fn no_std(root: &Path) -> Result<Done, String> {
    let library = Step::cargo("build --lib --no-default-features");
    if cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        let program = Step::cargo("run").within("no-std");
        return run(root, "no_std", &Count::Commands, &[library, program]);
    }
    println!("the no_std program is for Linux on x86-64: building the library only");
    run(root, "no_std", &Count::Commands, &[library])
}
