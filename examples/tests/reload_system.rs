//! `examples/reload`, where the system sends signals or has no threads, no watches and no room.

#![cfg(all(target_os = "linux", not(miri)))]

#[path = "reload/harness.rs"]
#[allow(dead_code, reason = "each test program uses a part")]
mod harness;

use harness::{ENDLESS, LOG_VALUE, Place, Reload, SHORT, program};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;
use watchdog as _;

/// The program below another one, which changes what it starts with.
fn below(wrapper: &str, place: &Place, threshold: &str) -> Command {
    let mut words = wrapper.split(' ');
    let mut command = Command::new(words.next().unwrap());
    command.args(words).arg(program()).current_dir(place.dir.path());
    command.args(["--threshold", threshold, "--watch", "watched", "--", "sh", "-c", LOG_VALUE]);
    command
}

fn can(wrapper: &str) -> bool {
    let mut words = wrapper.split(' ');
    let is_there = Command::new(words.next().unwrap())
        .args(words)
        .arg("true")
        .output()
        .is_ok_and(|output| output.status.success());
    if !is_there {
        eprintln!("SKIPPED: `{wrapper}` does not work here");
    }
    is_there
}

#[test]
fn each_signal_that_ends_it_runs_what_is_pending() {
    for signal in ["INT", "TERM", "HUP"] {
        let place = Place::new();
        let reload = place.start_logging(ENDLESS, &place.watched());
        place.write(1);
        reload.wait_covered(&place, 1);
        reload.wait_to_say("run 1: ");
        place.write(2);
        assert_eq!(reload.end_by(signal), "2 runs", "{signal}");
        assert!(place.is_covered(2), "{signal}");
    }
}

#[test]
fn a_second_signal_ends_it_now() {
    let place = Place::new();
    let script = "echo > started; until [ -e go ]; do sleep 0.01; done";
    let reload = place.start(ENDLESS, &place.watched(), script);
    place.write(1);
    reload.wait_until("a run in progress", || place.path("started").exists());
    reload.signal("TERM");
    reload.wait_to_say("ending");
    reload.signal("HUP");
    // The command holds no end of the pipe that a test waits for: it ends first.
    fs::write(place.path("go"), "").unwrap();
    assert_eq!(reload.wait_for_end().0.code(), Some(128 + 1));
}

/// As process 1 of a container: there, a signal without a handler does nothing.
#[test]
fn as_process_1_it_ends_by_sigterm_and_runs_what_is_pending() {
    const AS_FIRST: &str = "unshare --user --map-root-user --pid --fork";
    if !can(AS_FIRST) {
        return;
    }
    let place = Place::new();
    let reload = Reload::begin(&mut below(AS_FIRST, &place, ENDLESS));
    place.write(1);
    reload.wait_covered(&place, 1);
    reload.wait_to_say("run 1: ");
    place.write(2);
    let parent = reload.child.id();
    let children = fs::read_to_string(format!("/proc/{parent}/task/{parent}/children")).unwrap();
    assert!(Command::new("kill").args(["-s", "TERM", children.trim()]).status().unwrap().success());
    let (status, output) = reload.wait_for_end();
    assert!(status.success() && output.ends_with("2 runs\n"), "{status}: {output}");
    assert!(place.is_covered(2));
}

/// Without SIGCHLD the status of a command that succeeds would be lost.
#[test]
fn a_parent_that_ignores_sigchld_does_not_make_a_command_fail() {
    const IGNORING: &str = "env --ignore-signal=CHLD";
    if !can(IGNORING) {
        return;
    }
    let place = Place::new();
    let reload = Reload::begin(&mut below(IGNORING, &place, SHORT));
    place.write(1);
    reload.wait_to_say("run 1: ");
    assert!(reload.output().contains("exit status: 0"), "{}", reload.output());
    reload.interrupt();
}

#[test]
fn it_needs_no_temporary_directory() {
    let place = Place::new();
    let reload = Reload::begin(&mut below("env TMPDIR=/nonexistent", &place, SHORT));
    place.write(1);
    reload.wait_covered(&place, 1);
    reload.interrupt();
}

#[test]
fn it_needs_no_watches_of_the_system() {
    const OWN_LIMITS: &str = "unshare --user --map-root-user";
    if !can(OWN_LIMITS) {
        return;
    }
    let place = Place::new();
    fs::write(place.path("without"), "echo 0 > /proc/sys/user/max_inotify_watches || exit 9; exec \"$@\"")
        .unwrap();
    let reload = Reload::begin(&mut below(&format!("{OWN_LIMITS} sh without"), &place, SHORT));
    place.write(1);
    reload.wait_covered(&place, 1);
    reload.interrupt();
}

#[test]
fn without_threads_it_refuses_with_one_clear_line() {
    let place = Place::new();
    let its = place.path("reload");
    fs::copy(program(), &its).unwrap();
    for path in [place.dir.path(), &its] {
        fs::set_permissions(path, fs::Permissions::from_mode(0o777)).unwrap();
    }
    // No limit holds for root, so it is somebody of whom there is no other process.
    let somebody = "setpriv --reuid 54321 --regid 54321 --clear-groups";
    let wrapper =
        if can(somebody) { format!("{somebody} prlimit --nproc=1") } else { "prlimit --nproc=1".into() };
    let mut words = wrapper.split(' ');
    let mut command = Command::new(words.next().unwrap());
    command.args(words).arg(&its).args(["--watch", ".", "--", "true"]).current_dir(place.dir.path());
    let output = command.output().unwrap();
    let complaint = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{complaint}");
    assert!(
        complaint.starts_with("error: cannot start a thread: ") && complaint.lines().count() == 1,
        "{complaint}"
    );
}
