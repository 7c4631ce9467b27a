//! The test programs of the suites: built once, run for each mutant.

use super::suites::Suite;
use super::together::CHOICE;
use crate::cargo::{cargo, command, with_own_flags};
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

/// A test program.
#[derive(Clone, Debug)]
pub struct Program {
    path: PathBuf,
    /// The folder of its package, where it runs.
    folder: PathBuf,
    name: String,
    /// After so many seconds it is one that hangs.
    limit: u64,
}

/// Those of a suite, once they are built.
type Building = Arc<OnceLock<Result<Vec<Program>, String>>>;

/// The programs of the suites, each built when it is first asked.
pub struct Programs<'c> {
    copy: &'c Path,
    build: PathBuf,
    least_limit: u64,
    built: Mutex<BTreeMap<Suite, Building>>,
}

impl<'c> Programs<'c> {
    /// Of this copy, to be built below `build`.
    pub fn of(copy: &'c Path, build: PathBuf, least_limit: u64) -> Self {
        Self { copy, build, least_limit, built: Mutex::default() }
    }

    /// The test that notices the mutant, if one does.
    pub fn ask(&self, suites: &[Suite], mutant: usize) -> Result<Option<String>, String> {
        for suite in suites {
            let building = Arc::clone(
                self.built.lock().unwrap_or_else(PoisonError::into_inner).entry(suite.clone()).or_default(),
            );
            for program in building.get_or_init(|| self.programs(suite)).as_ref().map_err(String::clone)? {
                if let Some(failed) = program.run(mutant)? {
                    return Ok(Some(format!("{}: {failed}", program.name)));
                }
            }
        }
        Ok(None)
    }

    /// Builds those of a suite, and runs each once with nothing changed. Others that ask the suite wait meanwhile.
    fn programs(&self, suite: &Suite) -> Result<Vec<Program>, String> {
        let mut programs = compile(self.copy, &self.build, suite)?;
        for program in &mut programs {
            let start = Instant::now();
            if let Some(failed) = program.run(0)? {
                return Err(format!("{} fails with nothing changed: {failed}", program.name));
            }
            program.limit = limit(self.least_limit, start.elapsed());
        }
        Ok(programs)
    }
}

/// What is far beyond the time that a program takes.
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
        limit: 1200,
    })
}

impl Program {
    /// The first test that fails on a mutant.
    fn run(&self, mutant: usize) -> Result<Option<String>, String> {
        let failed = |why: std::io::Error| format!("{}: {why}", self.name);
        let child = command(self.path.as_os_str(), [] as [&str; 0], &self.folder)
            .env(CHOICE, mutant.to_string())
            // A test program that hangs is ended by its watchdog.
            .env("ATOMIC_THROTTLE_TEST_LIMIT", self.limit.to_string())
            .env("CARGO_MANIFEST_DIR", &self.folder)
            .env("RUST_BACKTRACE", "0")
            .env_remove(evidence::DEEP)
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
