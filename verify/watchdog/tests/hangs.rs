//! A test program that hangs is ended, by name: this program starts itself as one that hangs.

use std::env;
use std::process::Command;
use watchdog::LIMIT;

const HANG: &str = "ATOMIC_THROTTLE_HANG";

/// Waits for a wake-up that never comes, if it is asked to.
#[test]
fn waits_for_ever() {
    while env::var_os(HANG).is_some() {
        std::thread::park();
    }
    assert_eq!(env::var_os(HANG), None, "only the watchdog ends it where it is asked to wait");
}

#[test]
fn a_program_that_hangs_is_ended_and_says_where() {
    let output = Command::new(env::current_exe().expect("a program"))
        .args(["--exact", "waits_for_ever", "--test-threads=2"])
        .env(HANG, "1")
        .env(LIMIT, "1")
        .output()
        .expect("it starts");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success(), "{said}");
    assert!(said.contains("this test program hangs: it runs for over 1 s"), "{said}");
    assert!(!cfg!(target_os = "linux") || said.contains("waits_for_ever"), "{said}");
}

#[test]
fn a_program_that_does_not_hang_ends_well() {
    let program = Command::new(env::current_exe().expect("a program"))
        .args(["--exact", "waits_for_ever"])
        .env_remove(HANG)
        .output();
    assert!(program.expect("it starts").status.success());
}
