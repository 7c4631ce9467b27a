//! The models of `loom-tests`: built once, then each test run in a process of its own.

use crate::cargo::{cargo, command, with_own_flags};
use crate::weaken::reply::Reply;
use duct::cmd;
use evidence::weakening::VARIABLE;
use serde_json::Value;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// A test of a test binary.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Model {
    pub binary: PathBuf,
    pub file: String,
    pub test: String,
}

/// Builds the models of `package`, and lists them.
pub fn build(package: &Path) -> Result<Vec<Model>, String> {
    let arguments = ["test", "--release", "--tests", "--no-run", "--message-format=json-render-diagnostics"];
    let command = with_own_flags(&command(cargo(), arguments, package));
    let output = command.read().map_err(|why| format!("the models were not built: {why}"))?;
    let mut models = Vec::new();
    for line in output.lines() {
        let Ok(artifact) = serde_json::from_str::<Value>(line) else { continue };
        let (Some(binary), Some(file)) =
            (artifact["executable"].as_str(), artifact["target"]["name"].as_str())
        else {
            continue;
        };
        let listed = cmd!(binary, "--list", "--format", "terse").dir(package).read();
        for line in listed.map_err(|why| format!("{binary}: {why}"))?.lines() {
            if let Some(test) = line.strip_suffix(": test") {
                models.push(Model { binary: binary.into(), file: file.to_owned(), test: test.to_owned() });
            }
        }
    }
    Ok(models)
}

/// Runs a model under a plan, for at most `limit`. Returns its reply, and how long it took.
pub fn run(model: &Model, plan: &str, limit: Duration) -> Result<(Reply, Duration), String> {
    let failed = |why: std::io::Error| format!("{model}: {why}");
    let began = Instant::now();
    let arguments = ["--exact", &model.test, "--nocapture", "--test-threads=1"];
    let process = cmd(&model.binary, arguments)
        .env(VARIABLE, plan)
        // The usual depth: every model here is explored many times.
        .env_remove(evidence::DEEP)
        .env_remove("RUST_BACKTRACE")
        .stderr_to_stdout()
        .stdout_capture()
        .unchecked()
        .start()
        .map_err(failed)?;
    let in_time = process.wait_timeout(limit).map_err(failed)?.is_some();
    if !in_time {
        process.kill().map_err(failed)?;
    }
    let output = process.wait().map_err(failed)?;
    let succeeded = in_time.then(|| output.status.success());
    let reply = Reply::read(&String::from_utf8_lossy(&output.stdout), succeeded)
        .map_err(|why| format!("{model}: {why}"))?;
    Ok((reply, began.elapsed()))
}

impl fmt::Display for Model {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}::{}", self.file, self.test)
    }
}
