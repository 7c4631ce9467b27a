//! One rung of the ladder: commands that run one after the other, their output shown and counted.

use duct::cmd;
use std::ffi::OsString;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::time::{Duration, Instant};

/// What a rung came to.
pub struct Done {
    pub name: &'static str,
    /// What was counted, for a person to read.
    pub count: String,
    pub passed: usize,
    pub time: Duration,
}

/// How a rung counts what its commands did.
pub enum Count {
    /// Each command is one check.
    Commands,
    /// The tests that the test runner reports.
    Tests,
    /// The tests, and the number that stands before this word in their output, added up.
    TestsAnd(&'static str),
}

/// A command, and where it runs.
pub struct Step {
    program: OsString,
    arguments: Vec<OsString>,
    environment: Vec<(&'static str, &'static str)>,
    folder: &'static str,
}

impl Step {
    pub fn cargo(arguments: &str) -> Self {
        Self {
            program: std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()),
            arguments: arguments.split_whitespace().map(Into::into).collect(),
            environment: Vec::new(),
            folder: ".",
        }
    }

    /// Runs in `folder`, where cargo finds another configuration.
    pub fn within(mut self, folder: &'static str) -> Self {
        self.folder = folder;
        self
    }

    pub fn with(mut self, variable: &'static str, value: &'static str) -> Self {
        self.environment.push((variable, value));
        self
    }

    /// Runs the command, shows each line of its output, and hands it to `look`.
    fn run(&self, root: &Path, mut look: impl FnMut(&str)) -> Result<(), String> {
        let arguments: Vec<_> = self.arguments.iter().map(|word| word.to_string_lossy()).collect();
        let line = format!("cargo {}", arguments.join(" "));
        println!(
            "$ {line}{}",
            if self.folder == "." { String::new() } else { format!("   (in {})", self.folder) }
        );
        let mut command = cmd(&self.program, &self.arguments).dir(root.join(self.folder));
        for (variable, value) in &self.environment {
            command = command.env(variable, value);
        }
        // These say how this program itself was built, and would rebuild what it calls.
        for variable in ["CARGO_MANIFEST_DIR", "CARGO_PKG_NAME", "CARGO_PKG_VERSION"] {
            command = command.env_remove(variable);
        }
        let failed = |why: std::io::Error| format!("{line}: {why}");
        let output = command.stderr_to_stdout().reader().map_err(failed)?;
        for text in BufReader::new(output).lines() {
            let text = text.map_err(failed)?;
            println!("{text}");
            look(&text);
        }
        Ok(())
    }
}

/// Commands, and how to count what they did.
pub struct Rung {
    pub name: &'static str,
    pub counting: Count,
    pub steps: Vec<Step>,
}

impl Rung {
    /// Runs the commands. `Err` names the one that failed.
    pub fn run(&self, root: &Path) -> Result<Done, String> {
        let Self { name, counting, steps } = self;
        println!("\n== {name}");
        let start = Instant::now();
        let (mut tests, mut named) = (0, 0);
        for step in steps {
            step.run(root, |line| {
                tests += tests_passed(line);
                if let Count::TestsAnd(word) = counting {
                    named += number_before(line, word);
                }
            })
            .map_err(|why| format!("\n{name}: FAILED: {why}"))?;
        }
        let (count, passed) = match counting {
            Count::Commands => (format!("{} commands", steps.len()), steps.len()),
            Count::Tests => (format!("{tests} tests"), tests),
            Count::TestsAnd(word) => (format!("{tests} tests, {named} {word}"), tests),
        };
        // A runner that finds nothing to run succeeds. A rung that checked nothing has not.
        if passed == 0 || (matches!(counting, Count::TestsAnd(_)) && named == 0) {
            return Err(format!("\n{name}: FAILED: it checked nothing ({count})"));
        }
        Ok(Done { name, count, passed, time: start.elapsed() })
    }
}

/// The number in `test result: ok. N passed; ...`.
fn tests_passed(line: &str) -> usize {
    let Some(rest) = line.trim().strip_prefix("test result: ok. ") else { return 0 };
    rest.split(' ').next().and_then(|number| number.parse().ok()).unwrap_or(0)
}

/// The number in front of `word`, 0 where there is none.
fn number_before(line: &str, word: &str) -> usize {
    let mut words = line.split_whitespace().rev().skip_while(|found| *found != word).skip(1);
    words.next().and_then(|number| number.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn test_results_are_counted() {
        assert_eq!(tests_passed("test result: ok. 14 passed; 0 failed; 0 ignored"), 14);
        assert_eq!(tests_passed("test result: FAILED. 13 passed; 1 failed"), 0);
        assert_eq!(tests_passed("test one ... ok"), 0);
    }

    #[test]
    fn a_word_is_counted() {
        assert_eq!(number_before("test a ... Exhaustive: 47 executions", "executions"), 47);
        assert_eq!(number_before("explored executions", "executions"), 0);
        assert_eq!(number_before("nothing", "executions"), 0);
    }
}
