//! One rung of the ladder: commands that run one after the other, their output shown, read and counted.

use crate::cargo::{cargo, command, lines, with_own_flags};
use crate::print::print;
use evidence::Line;
use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::time::{Duration, Instant};

/// The result of a rung.
pub struct Done {
    pub name: &'static str,
    /// What was counted, for a person to read.
    pub count: String,
    pub passed: usize,
    pub time: Duration,
    /// What its checks reported.
    pub lines: Vec<Line>,
}

/// What counts as passed.
#[derive(Clone, Copy)]
enum Count {
    /// Each command.
    Commands,
    /// The tests that the test runner reports.
    Tests,
}

/// A call of cargo, and where it runs.
pub struct Step {
    arguments: String,
    environment: Vec<(&'static str, &'static str)>,
    folder: &'static str,
}

impl Step {
    pub fn cargo(arguments: &str) -> Self {
        Self { arguments: arguments.to_owned(), environment: Vec::new(), folder: "." }
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
        print(format_args!("$ {self}"))?;
        let mut command = command(cargo(), self.arguments.split_whitespace(), &root.join(self.folder));
        // Only `swaps` asks for a tenth of the cases.
        command = command.env_remove(evidence::SHALLOW);
        if self.folder != "." {
            command = with_own_flags(&command);
        }
        for (variable, value) in &self.environment {
            command = command.env(variable, value);
        }
        lines(&command, |line| {
            look(line);
            print(line)
        })
        .map_err(|why| format!("{self}: {why}"))
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cargo {}", self.arguments)?;
        if self.folder == "." { Ok(()) } else { write!(f, "   (in {})", self.folder) }
    }
}

/// Commands, and what they must produce.
pub struct Rung {
    name: &'static str,
    counting: Count,
    shows_evidence: bool,
    finds_faults: bool,
    is_in_part: bool,
    steps: Vec<Step>,
}

impl Rung {
    /// Each command is one check.
    pub fn of_commands(name: &'static str, steps: impl Into<Vec<Step>>) -> Self {
        Self::new(name, Count::Commands, steps.into())
    }

    /// The commands run tests.
    pub fn of_tests(name: &'static str, steps: impl Into<Vec<Step>>) -> Self {
        Self::new(name, Count::Tests, steps.into())
    }

    fn new(name: &'static str, counting: Count, steps: Vec<Step>) -> Self {
        Self { name, counting, shows_evidence: false, finds_faults: false, is_in_part: false, steps }
    }

    /// The commands must report what they have shown.
    pub fn with_evidence(mut self) -> Self {
        self.shows_evidence = true;
        self
    }

    /// The commands must find faults that were planted for them: a check that cannot fail shows nothing.
    pub fn with_controls(mut self) -> Self {
        self.finds_faults = true;
        self
    }

    /// This rung has more in it at a greater depth.
    pub fn in_part(mut self) -> Self {
        self.is_in_part = true;
        self
    }

    pub fn name(&self) -> &'static str {
        self.name
    }

    pub fn is_in_part(&self) -> bool {
        self.is_in_part
    }

    /// Runs the commands with an environment variable set.
    pub fn with(mut self, variable: &'static str, value: &'static str) -> Self {
        self.steps = self.steps.into_iter().map(|step| step.with(variable, value)).collect();
        self
    }

    /// Runs the commands. `Err` names the one that failed.
    pub fn run(&self, root: &Path) -> Result<Done, String> {
        let Self { name, counting, shows_evidence, finds_faults, steps, .. } = self;
        print(format_args!("\n== {name}"))?;
        let start = Instant::now();
        let failed = |why: String| format!("{name}: FAILED: {why}");
        let (mut tests, mut lines) = (0, Vec::new());
        for step in steps {
            step.run(root, |line| {
                tests += tests_passed(line);
                lines.extend(Line::read(line).transpose());
            })
            .map_err(failed)?;
        }
        let lines: Vec<Line> = lines.into_iter().collect::<Result<_, _>>().map_err(failed)?;
        let (passed, what) = match counting {
            Count::Commands => (steps.len(), if steps.len() == 1 { "command" } else { "commands" }),
            Count::Tests => (tests, "tests"),
        };
        let shown = shown(&lines);
        let counts = std::iter::once((what, passed)).chain(shown.iter().map(|(unit, sum)| (*unit, *sum)));
        let count = counts.map(|(unit, sum)| format!("{sum} {unit}")).collect::<Vec<_>>().join(", ");
        // A runner that finds nothing to run succeeds. A rung that checked nothing has not.
        if passed == 0 || (*shows_evidence && shown.is_empty()) {
            return Err(failed(format!("it checked nothing ({count})")));
        }
        if *finds_faults && !lines.iter().any(|line| matches!(line, Line::Caught { .. })) {
            return Err(failed("it found no planted fault".to_owned()));
        }
        Ok(Done { name, count, passed, time: start.elapsed(), lines })
    }
}

/// How many of each unit were looked at.
fn shown(lines: &[Line]) -> BTreeMap<&str, usize> {
    let mut sums = BTreeMap::new();
    for line in lines {
        if let Line::Evidence { count, unit, .. } = line {
            *sums.entry(unit.as_str()).or_default() += count;
        }
    }
    sums
}

/// The number in `test result: ok. N passed; ...`.
pub fn tests_passed(line: &str) -> usize {
    let Some(rest) = line.trim().strip_prefix("test result: ok. ") else { return 0 };
    rest.split(' ').next().and_then(|number| number.parse().ok()).unwrap_or(0)
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
    fn what_was_looked_at_is_added_up_by_unit() {
        let lines: Vec<_> = [
            "evidence | G2 | 47 executions | 0.1 s | loom: one",
            "evidence | G3 | 5 states | 0.1 s | exploration: another",
            "caught | nothing | by nobody",
            "evidence | G2 G3 | 3 executions | 0.1 s | loom: a third",
        ]
        .into_iter()
        .filter_map(|line| Line::read(line).unwrap())
        .collect();
        assert_eq!(lines.len(), 4);
        assert_eq!(shown(&lines), BTreeMap::from([("executions", 50), ("states", 5)]));
    }

    #[test]
    fn a_rung_that_checks_nothing_fails() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let version = || [Step::cargo("--version")];
        assert!(Rung::of_commands("rung", version()).run(root).is_ok());
        for rung in [Rung::of_tests("rung", version()), Rung::of_commands("rung", version()).with_evidence()]
        {
            let why = rung.run(root).err().expect("nothing was checked");
            assert!(why.contains("checked nothing"), "{why}");
        }
        let why = Rung::of_commands("rung", version()).with_controls().run(root).err();
        assert!(why.expect("no fault was found").contains("no planted fault"));
        assert!(Rung::of_commands("rung", [Step::cargo("no-such-command")]).run(root).is_err());
    }
}
