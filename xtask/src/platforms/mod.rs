//! Runs the tests of the library on each platform that this machine can run, builds it for the others that have a
//! standard library here, and names those that are missing.

mod platform;
mod programs;

use crate::cargo::{cargo, command, lines};
use crate::print::print;
use crate::release::findings::{Findings, Verdict};
use crate::rung::tests_passed;
use clap::Args;
use duct::Expression;
use platform::{Installed, PLATFORMS, Platform};
use std::path::Path;

#[derive(Args)]
pub struct Platforms {
    /// Only these targets; none of them may be missing.
    #[arg(long, value_name = "TARGET", num_args = 1..)]
    only: Vec<String>,
}

/// What every platform builds: the core alone, the default, and all that its system has.
const BUILDS: [&str; 3] = ["--no-default-features", "", "--all-features"];

/// # Errors
///
/// If it does not build or a test fails, on any of them; if a name is not one of a platform.
pub fn platforms(root: &Path, options: &Platforms) -> Result<(), String> {
    let names = || PLATFORMS.iter().map(|platform| platform.target);
    if let Some(unknown) = options.only.iter().find(|only| !names().any(|name| name == *only)) {
        let names = names().collect::<Vec<_>>().join(", ");
        return Err(format!("there is no platform {unknown:?} here: there are {names}"));
    }
    let is_asked_for =
        |target: &str| options.only.is_empty() || options.only.iter().any(|only| only == target);
    let installed = Installed::here(root)?;
    print(format_args!("on {}, with rustc {}", installed.host, installed.compiler))?;
    let mut findings = Findings::default();
    for platform in PLATFORMS.iter().filter(|platform| is_asked_for(platform.target)) {
        let verdict = match verdict(platform, &installed, root) {
            // Who asks for it by name wants no green without it: CI does.
            Verdict::Skipped(why) if !options.only.is_empty() => Verdict::failed(why),
            verdict => verdict,
        };
        findings.add(platform.target, &verdict)?;
    }
    findings.end()
}

/// Builds it, and runs its tests where that is possible.
fn verdict(platform: &Platform, installed: &Installed, root: &Path) -> Verdict {
    if let Some(missing) = installed.lacks_library(platform) {
        return Verdict::Skipped(missing);
    }
    for features in platform.builds() {
        if let Err(faults) = run(platform, installed, root, &format!("build --lib {features}")) {
            return Verdict::Failed(faults);
        }
    }
    let built = format!("{}: {} builds", platform.differs, platform.builds().len());
    match platform.tests.then(|| installed.lacks_runner(platform)) {
        None => Verdict::Passed(format!("{built}; nothing runs them here")),
        Some(Some(missing)) => Verdict::Skipped(format!("{built}, no tests: {missing}")),
        Some(None) => match tests(platform, installed, root) {
            Ok(passed) => Verdict::Passed(format!("{built}, {passed}")),
            Err(faults) => Verdict::Failed(faults),
        },
    }
}

/// Runs its tests, and says how many passed and which programs were left out.
fn tests(platform: &Platform, installed: &Installed, root: &Path) -> Result<String, Vec<String>> {
    let (selected, left_out) =
        programs::selected(root, !installed.runs(platform)).map_err(|why| vec![why])?;
    let passed = run(platform, installed, root, &format!("test --all-features --no-fail-fast {selected}"))?;
    if passed == 0 {
        return Err(vec!["it found no test".to_owned()]);
    }
    let without =
        if left_out.is_empty() { String::new() } else { format!(", without {}", left_out.join(", ")) };
    Ok(format!("{passed} tests{without}"))
}

/// Returns how many tests passed, or what did not.
fn run(platform: &Platform, installed: &Installed, root: &Path, what: &str) -> Result<usize, Vec<String>> {
    let what = format!("{what} --package atomic-throttle --target {}", platform.target);
    let (mut passed, mut faults) = (0, Vec::new());
    let ended = print(format_args!("$ cargo {what}")).and_then(|()| {
        let command = installed.prepare(platform, command(cargo(), what.split_whitespace(), root));
        lines(&quiet(&command), |line| {
            passed += tests_passed(line);
            if is_fault(line) {
                faults.push(line.to_owned());
            }
            // An emulator takes minutes for some programs.
            if is_progress(line) { print(line) } else { Ok(()) }
        })
        .map_err(|why| why.to_string())
    });
    match ended {
        Ok(()) => Ok(passed),
        Err(why) => {
            faults.push(format!("cargo {what}: {why}"));
            Err(faults)
        }
    }
}

/// Without colours, so that lines can be read.
fn quiet(command: &Expression) -> Expression {
    command.env("CARGO_TERM_COLOR", "never")
}

/// Which program runs, and how it ended.
fn is_progress(line: &str) -> bool {
    line.starts_with("     Running ") || line.starts_with("test result: ")
}

/// What a reader wants to see of the output of a command that fails.
fn is_fault(line: &str) -> bool {
    let is_test = line.starts_with("test ") && line.ends_with(" ... FAILED");
    is_test || line.starts_with("error") || line.contains("panicked at ")
}

#[cfg(test)]
mod tests {
    use super::{is_fault, is_progress};

    #[test]
    fn faults_are_told_from_other_lines() {
        let faults = [
            "test sizes ... FAILED",
            "error[E0425]: cannot find value",
            "thread 'sizes' panicked at tests/statics.rs:80:5:",
        ];
        assert!(faults.into_iter().all(is_fault));
        let others = ["test sizes ... ok", "test result: FAILED. 1 passed", "   Compiling error v1.0.0"];
        assert!(!others.into_iter().any(is_fault));
    }

    #[test]
    fn a_program_and_its_end_are_progress() {
        assert!(
            is_progress("     Running tests/table.rs (table-0)") && is_progress("test result: ok. 3 passed")
        );
        assert!(!is_progress("test table ... ok") && !is_progress("   Compiling table v1.0.0"));
    }
}
