//! What the process of one model reported.

use crate::weaken::order::Order;
use evidence::weakening::{EXPLORED, EXPLORING, ORDER, REACHED};
use std::collections::BTreeSet;

/// The text by which the models report, after a model, that something happened which must never happen.
const HAPPENED: &str = "in some of ";

/// How the model ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Ending {
    Passed,
    /// An execution broke what the model asserts, or could not go on, such as by a deadlock.
    Broken(String),
    /// No execution failed, but an assertion about all of them did: how many there were, or that a branch was
    /// reached. That is no sign of a fault in the library.
    Afterwards(String),
    /// The test is ignored, or is meant to panic: it is not asked.
    Aside,
    /// It took too long.
    TimedOut,
}

/// An ending, the orders that the library has, and the names of those that were reached.
#[derive(Clone, Debug, PartialEq)]
pub struct Reply {
    pub ending: Ending,
    pub orders: BTreeSet<Order>,
    pub reached: BTreeSet<String>,
}

impl Reply {
    /// Reads the output of a test binary that was asked for one test. `succeeded` says how it exited; `None`
    /// means that it did not exit in time.
    ///
    /// # Errors
    ///
    /// If it did not run that one test, or names an order that cannot be read.
    pub fn read(output: &str, succeeded: Option<bool>) -> Result<Self, String> {
        let with = |prefix| output.lines().filter_map(move |line: &str| line.strip_prefix(prefix));
        let orders = with(ORDER).map(Order::read).collect::<Result<_, _>>()?;
        let reached = with(REACHED).map(str::to_owned).collect();
        Ok(Self { ending: ending(output, succeeded)?, orders, reached })
    }
}

fn ending(output: &str, succeeded: Option<bool>) -> Result<Ending, String> {
    if !output.lines().any(|line| line == "running 1 test") {
        return Err(format!("one test was asked for:\n{output}"));
    }
    if output.contains(" - should panic ... ") || output.contains("0 passed; 0 failed; 1 ignored") {
        return Ok(Ending::Aside);
    }
    Ok(match succeeded {
        None => Ending::TimedOut,
        Some(true) if output.contains("test result: ok. 1 passed;") => Ending::Passed,
        Some(true) => return Err(format!("it exited without a result:\n{output}")),
        Some(false) => {
            let latest = output.lines().rev().find(|line| [EXPLORING, EXPLORED].contains(line));
            let message = message(output);
            let broken = latest == Some(EXPLORING) || message.starts_with(HAPPENED);
            if broken { Ending::Broken(message) } else { Ending::Afterwards(message) }
        }
    })
}

/// The message of the failure. Messages of the model may stand before it. After it may stand messages of
/// destructors that ran when the model had ended.
fn message(output: &str) -> String {
    let lines: Vec<_> = output.lines().collect();
    let panics: Vec<_> =
        lines.windows(2).filter_map(|pair| Some((pair[0].split_once(" panicked at ")?.1, pair[1]))).collect();
    let own = panics.iter().rfind(|(at, _)| !at.contains("/registry/") && !at.starts_with("library/"));
    let deadlock = panics.iter().rfind(|(_, says)| says.starts_with("deadlock;"));
    let says = match (deadlock, own.or(panics.last())) {
        (Some(_), _) => "deadlock",
        (None, Some((_, says))) => says,
        (None, None) => "it ended without a panic",
    };
    // The text that `assert_eq` puts before the words of the model.
    says.strip_prefix("assertion `left == right` failed: ").unwrap_or(says).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The output of a test that says `said`.
    fn read(said: &str, succeeded: Option<bool>) -> Reply {
        Reply::read(&format!("\nrunning 1 test\ntest a ... \n{said}\n"), succeeded).unwrap()
    }

    const PANIC: &str = "thread 'a' (1) panicked at tests/a.rs:1:2:\nG3: the call is lost\nnote: more";

    #[test]
    fn a_failure_within_a_model_is_a_broken_execution() {
        let reply = read(&format!("{EXPLORING}\n{REACHED}START\n{PANIC}"), Some(false));
        assert_eq!(reply.ending, Ending::Broken("G3: the call is lost".to_owned()));
        assert_eq!(reply.reached, BTreeSet::from(["START".to_owned()]));
    }

    #[test]
    fn a_failure_after_a_model_is_not() {
        let reply = read(&format!("{EXPLORING}\n{EXPLORED}\n{PANIC}"), Some(false));
        assert_eq!(reply.ending, Ending::Afterwards("G3: the call is lost".to_owned()));
        let reply = read(&format!("{EXPLORING}\n{EXPLORED}\n{EXPLORING}\n{PANIC}"), Some(false));
        assert_eq!(reply.ending, Ending::Broken("G3: the call is lost".to_owned()));
        let reply = read(PANIC, Some(false));
        assert_eq!(reply.ending, Ending::Afterwards("G3: the call is lost".to_owned()));
    }

    #[test]
    fn what_happened_though_it_may_not_is_a_broken_execution() {
        let never = "thread 'a' (1) panicked at src/explored.rs:1:2:\n\
                     assertion `left == right` failed: in some of 9 executions: a call is lost\n  left: 2";
        let says = "in some of 9 executions: a call is lost".to_owned();
        assert_eq!(
            read(&format!("{EXPLORING}\n{EXPLORED}\n{never}"), Some(false)).ending,
            Ending::Broken(says)
        );
        let sizes = "thread 'a' (1) panicked at src/explored.rs:1:2:\nin none of 9 executions: it came first";
        let says = "in none of 9 executions: it came first".to_owned();
        assert_eq!(
            read(&format!("{EXPLORING}\n{EXPLORED}\n{sizes}"), Some(false)).ending,
            Ending::Afterwards(says)
        );
    }

    #[test]
    fn a_deadlock_is_told_from_what_it_leaves_behind() {
        let said = format!(
            "{EXPLORING}\nthread 'a' (1) panicked at /x/registry/src/loom/execution.rs:1:2:\n\
             deadlock; threads = []\nthread 'a' (1) panicked at library/core/src/panicking.rs:1:2:\n\
             panic in a destructor during cleanup"
        );
        assert_eq!(read(&said, Some(false)).ending, Ending::Broken("deadlock".to_owned()));
    }

    #[test]
    fn an_end_without_a_word_is_one() {
        let ending = Ending::Broken("it ended without a panic".to_owned());
        assert_eq!(read(EXPLORING, Some(false)).ending, ending);
        assert_eq!(read(EXPLORING, None).ending, Ending::TimedOut);
    }

    #[test]
    fn a_test_that_is_no_model_is_not_asked() {
        let ignored = "test result: ok. 0 passed; 0 failed; 1 ignored; 0 measured";
        assert_eq!(read(ignored, Some(true)).ending, Ending::Aside);
        let said = format!("running 1 test\ntest a - should panic ... \n{EXPLORING}\n{PANIC}");
        assert_eq!(Reply::read(&said, Some(false)).unwrap().ending, Ending::Aside);
    }

    #[test]
    fn a_test_that_did_not_run_has_not_passed() {
        let passed = "test result: ok. 1 passed; 0 failed";
        assert_eq!(read(passed, Some(true)).ending, Ending::Passed);
        for output in ["", "running 0 tests\ntest result: ok. 0 passed; 0 failed", "running 1 test\n"] {
            assert!(Reply::read(output, Some(true)).is_err(), "{output}");
        }
    }
}
