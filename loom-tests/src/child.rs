//! A model that should fail, in a process of its own: loom reports a deadlock by a panic, and the threads of
//! the model that are still suspended can turn that, or any other panic, into an abort.

use std::process::Command;

/// Set in the process that explores the model.
const CHILD: &str = "LOOM_TESTS_CHILD";

/// Whether loom finds a deadlock in `model`. `test` is the full name of the test that asks.
///
/// # Panics
///
/// If the process cannot be started, or the model fails by anything but a deadlock.
#[must_use]
pub fn ends_in_a_deadlock(test: &str, model: impl FnOnce()) -> bool {
    fails_with("deadlock; threads = ", test, model)
}

/// Whether `model` fails, with `complaint` in what it says. `test` is the full name of the test that asks.
///
/// # Panics
///
/// If the process cannot be started, or the model fails by anything else.
#[must_use]
pub fn fails_with(complaint: &str, test: &str, model: impl FnOnce()) -> bool {
    if std::env::var_os(CHILD).is_some() {
        model();
        // It does not return to the test, whose assertion is for the other process.
        std::process::exit(0);
    }
    let program = std::env::current_exe().expect("the test knows its program");
    let output = Command::new(program)
        .args([test, "--exact", "--nocapture", "--test-threads=1"])
        .env(CHILD, "1")
        .output()
        .expect("the program starts again");
    let said = String::from_utf8_lossy(&output.stderr);
    let as_expected = said.contains(complaint);
    assert!(output.status.success() || as_expected, "failed by something else:\n{said}");
    !output.status.success()
}
