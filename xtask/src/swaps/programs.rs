//! The test programs of the suites: built once, run for each mutant.

use super::suites::Suite;
use super::together::{CHOICE, REACHED};
use crate::cargo::{cargo, command, with_own_flags};
use crate::workers;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// A test program.
#[derive(Clone, Debug)]
pub struct Program {
    path: PathBuf,
    /// The folder of its package, where it runs.
    folder: PathBuf,
    name: String,
    tests: Vec<Test>,
}

/// One of its tests.
#[derive(Clone, Debug)]
struct Test {
    name: String,
    /// The changed blocks that it reaches.
    reached: BTreeSet<usize>,
    took: Duration,
}

/// The programs of the suites.
pub struct Programs<'c> {
    copy: &'c Path,
    build: PathBuf,
    least_limit: u64,
    built: BTreeMap<Suite, Vec<Program>>,
}

impl<'c> Programs<'c> {
    /// Of this copy, to be built below `build`.
    pub fn of(copy: &'c Path, build: PathBuf, least_limit: u64) -> Self {
        Self { copy, build, least_limit, built: BTreeMap::new() }
    }

    /// Builds those of these suites, so that none fails only after hours.
    pub fn prepare(&mut self, suites: impl IntoIterator<Item = Suite>) -> Result<(), String> {
        for suite in suites {
            if !self.built.contains_key(&suite) {
                let programs = self.programs(&suite)?;
                self.built.insert(suite, programs);
            }
        }
        Ok(())
    }

    /// The test that notices the mutant, if one does; and how many were asked.
    pub fn ask(
        &self,
        suites: &[Suite],
        mutant: usize,
        block: usize,
    ) -> Result<(Option<String>, usize), String> {
        let mut asked = 0;
        for program in suites.iter().flat_map(|suite| &self.built[suite]) {
            let tests: Vec<_> = program.tests.iter().filter(|test| test.reached.contains(&block)).collect();
            asked += tests.len();
            if let Some(failed) = program.run(mutant, &tests, self.least_limit)? {
                return Ok((Some(format!("{}: {failed}", program.name)), asked));
            }
        }
        Ok((None, asked))
    }

    /// Builds those of a suite, and runs each of their tests once with nothing changed.
    fn programs(&self, suite: &Suite) -> Result<Vec<Program>, String> {
        let mut programs = compile(self.copy, &self.build, suite)?;
        for program in &mut programs {
            let names = program.list()?;
            program.tests = workers::each(&names, |name| program.learn(name, &self.build))?;
        }
        Ok(programs)
    }
}

/// What is far beyond the time that tests take.
fn limit(least: u64, took: Duration) -> u64 {
    least + 8 * took.as_secs()
}

fn compile(copy: &Path, build: &Path, suite: &Suite) -> Result<Vec<Program>, String> {
    let arguments = suite.arguments.split_whitespace().chain(["--no-run", "--message-format=json"]);
    let output = with_own_flags(&command(cargo(), arguments, &copy.join(suite.folder)))
        .env("CARGO_TARGET_DIR", build.join(suite.folder))
        .env("CARGO_PROFILE_DEV_DEBUG", "false")
        .env("CARGO_PROFILE_RELEASE_DEBUG", "false")
        .stdout_capture()
        .stderr_capture()
        .unchecked()
        .run()
        .map_err(|why| format!("cargo: {why}"))?;
    if !output.status.success() {
        let why = String::from_utf8_lossy(&output.stderr).into_owned();
        return Err(format!("cargo {}: {why}", suite.arguments));
    }
    let lines = String::from_utf8_lossy(&output.stdout).into_owned();
    let mut programs: Vec<_> = lines.lines().filter_map(program).collect();
    // In the order of the arguments: those that notice most are the first.
    let place = |program: &Program| suite.arguments.find(&program.name).unwrap_or(0);
    programs.sort_by_key(|program| (place(program), program.name.clone()));
    Ok(programs)
}

/// The program that a line of cargo says it has built.
fn program(line: &str) -> Option<Program> {
    let built: Value = serde_json::from_str(line).ok()?;
    let path = built["executable"].as_str()?.into();
    let folder = Path::new(built["manifest_path"].as_str()?).parent()?.to_owned();
    let is_test = built["profile"]["test"] == true;
    is_test.then_some(Program {
        path,
        folder,
        name: built["target"]["name"].as_str()?.to_owned(),
        tests: Vec::new(),
    })
}

impl Program {
    /// The names of its tests, but for those that ask whether the reference model is right: they take long, and are not
    /// about the library.
    fn list(&self) -> Result<Vec<String>, String> {
        let listed = self.command(&["--list", "--format", "terse"]).stderr_null().read();
        let listed = listed.map_err(|why| format!("{}: {why}", self.name))?;
        let names = listed.lines().filter_map(|line| line.strip_suffix(": test"));
        Ok(names.filter(|name| !name.contains("wrong_models")).map(str::to_owned).collect())
    }

    /// Runs a test with nothing changed, and sees what it reaches.
    fn learn(&self, name: &str, build: &Path) -> Result<Test, String> {
        let file = build.join(format!("reached-{}-{}", self.name, name.replace("::", "-")));
        let _ = fs::remove_file(&file);
        let start = Instant::now();
        let output = self
            .command(&["--exact", name])
            .env(REACHED, &file)
            .stdout_capture()
            .stderr_capture()
            .unchecked();
        let output = output.run().map_err(|why| format!("{}: {why}", self.name))?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stdout).into_owned();
            return Err(format!("{}: {name} fails with nothing changed: {said}", self.name));
        }
        let took = start.elapsed();
        // There is no file if it reaches none.
        let reached = fs::read_to_string(&file).unwrap_or_default();
        let reached = reached.lines().filter_map(|line| line.parse().ok()).collect();
        Ok(Test { name: name.to_owned(), reached, took })
    }

    fn command(&self, arguments: &[&str]) -> duct::Expression {
        command(self.path.as_os_str(), arguments, &self.folder)
            .env("CARGO_MANIFEST_DIR", &self.folder)
            .env("RUST_BACKTRACE", "0")
            .env(evidence::SHALLOW, "1")
            .env_remove(evidence::DEEP)
    }

    /// The first of these tests that fails on a mutant.
    fn run(&self, mutant: usize, tests: &[&Test], least_limit: u64) -> Result<Option<String>, String> {
        if tests.is_empty() {
            return Ok(None);
        }
        let failed = |why: std::io::Error| format!("{}: {why}", self.name);
        let arguments: Vec<_> =
            ["--exact"].into_iter().chain(tests.iter().map(|test| test.name.as_str())).collect();
        let limit = limit(least_limit, tests.iter().map(|test| test.took).sum());
        let child = self
            .command(&arguments)
            .env(CHOICE, mutant.to_string())
            // A test program that hangs is ended by its watchdog.
            .env("ATOMIC_THROTTLE_TEST_LIMIT", limit.to_string())
            .stderr_to_stdout()
            .unchecked()
            .reader()
            .map_err(failed)?;
        for line in BufReader::new(&child).split(b'\n') {
            let line = line.map_err(failed)?;
            if let Some(test) = killer(&String::from_utf8_lossy(&line)) {
                child.kill().map_err(failed)?;
                return Ok(Some(test));
            }
        }
        let status = child.try_wait().map_err(failed)?.map(|output| output.status);
        Ok(status.filter(|status| !status.success()).map(|status| format!("it ended by {status}")))
    }
}

/// The test that failed, in a line of output.
fn killer(line: &str) -> Option<String> {
    let failed = line.strip_prefix("test ").and_then(|rest| rest.strip_suffix(" ... FAILED"));
    let hung = line.starts_with("watchdog: ").then_some("it hangs");
    failed.or(hung).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::{killer, limit, program};
    use std::time::Duration;

    #[test]
    fn the_test_that_failed_is_named() {
        assert_eq!(killer("test b::c ... FAILED"), Some("b::c".to_owned()));
        assert_eq!(killer("watchdog: this test program hangs"), Some("it hangs".to_owned()));
        assert_eq!((killer("test a ... ok"), killer("error: test failed")), (None, None));
    }

    #[test]
    fn a_program_is_read_as_cargo_names_it() {
        let line = r#"{"executable":"/t/gate-1","manifest_path":"/c/Cargo.toml","target":{"name":"gate"},"profile":{"test":true}}"#;
        let read = program(line).unwrap();
        assert_eq!((read.name.as_str(), read.folder.to_str()), ("gate", Some("/c")));
        assert!(program(&line.replace("true", "false")).is_none());
        assert!(program("Finished").is_none());
    }

    #[test]
    fn a_program_that_takes_long_may_take_longer() {
        assert_eq!(limit(20, Duration::from_millis(900)), 20);
        assert_eq!(limit(20, Duration::from_secs(10)), 100);
    }
}
