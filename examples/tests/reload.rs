//! `examples/reload`, as a built program against real files: whatever happens to them, the last write is
//! covered. `reload_names` has what links and trees can do to it, `reload_system` what the system can.
//!
//! No test depends on how fast anything is: each waits for what must come, with a limit that only a real
//! hang reaches. A threshold of 1 h stands for a window that does not end during the test.

#![cfg(all(unix, not(miri)))]

#[path = "reload/harness.rs"]
mod harness;

use harness::{ENDLESS, LOG_VALUE, Place, Reload, SHORT, program};
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};
use watchdog as _;

#[test]
fn last_write_of_every_burst_is_covered() {
    let place = Place::new();
    let reload = place.start_logging(SHORT, &place.watched());
    let mut value = 0;
    // Bursts that lie within one window, and bursts that go on for several.
    for windows in [0, 3, 0, 0, 5, 1, 0] {
        let start = Instant::now();
        let first = value;
        while value < first + 300 || start.elapsed() < windows * Duration::from_millis(100) {
            value += 1;
            place.write(value);
        }
        reload.wait_covered(&place, value);
    }
    let summary = reload.interrupt();
    assert!(place.is_covered(value), "{summary}");
}

#[test]
fn interrupt_runs_the_pending_reload_at_once() {
    let place = Place::new();
    let reload = place.start_logging(ENDLESS, &place.watched());
    place.write(1);
    reload.wait_to_say("run 1: ");
    for value in 2..=300 {
        place.write(value);
    }
    let summary = reload.interrupt();
    assert_eq!(summary, "2 runs");
    assert_eq!(place.logged().len(), 2);
    assert!(place.is_covered(300));
}

/// The write and Ctrl-C come while the program is stopped, so that it learns of both in either order.
#[test]
fn write_just_before_an_interrupt_is_covered() {
    let place = Place::new();
    for value in 1..=10 {
        let reload = place.start_logging(ENDLESS, &place.watched());
        reload.signal("STOP");
        place.write(value);
        reload.signal("INT");
        reload.signal("CONT");
        let (status, output) = reload.wait_for_end();
        assert_eq!(status.code(), Some(0), "{output}");
        assert!(place.is_covered(value), "{value}: {output}");
    }
}

#[test]
fn interrupt_with_nothing_pending_runs_nothing() {
    let place = Place::new();
    place.write(1);
    let reload = place.start_logging(ENDLESS, &place.watched());
    // Reading is no change.
    assert_eq!(fs::read(place.path("watched/value")).unwrap(), b"1");
    assert_eq!(reload.interrupt(), "0 runs");
    assert!(place.logged().is_empty());
}

#[test]
fn interrupt_waits_for_the_run_in_progress_then_does_the_pending_one() {
    let place = Place::new();
    let script = format!("echo > started; until [ -e go ]; do sleep 0.01; done; {LOG_VALUE}");
    let reload = place.start(ENDLESS, &place.watched(), &script);
    place.write(1);
    reload.wait_until("a run in progress", || place.path("started").exists());
    place.write(2);
    // The whole group: a command that were in it would die.
    reload.signal("INT");
    reload.wait_to_say("ending");
    assert!(place.logged().is_empty());
    fs::write(place.path("go"), "").unwrap();
    let (status, output) = reload.wait_for_end();
    assert_eq!(status.code(), Some(0), "{output}");
    assert!(output.contains("run 1: ") && output.ends_with("2 runs\n"), "{output}");
    assert!(!output.contains("FAILED"), "{output}");
    assert!(place.is_covered(2));
}

#[test]
fn write_during_a_run_is_covered_by_the_next() {
    let place = Place::new();
    let script = format!("{LOG_VALUE}; until [ -e go ]; do sleep 0.01; done");
    let reload = place.start(SHORT, &place.watched(), &script);
    place.write(1);
    // The first run has looked, and is not over.
    reload.wait_until("the first look", || !place.logged().is_empty());
    for value in 2..=300 {
        place.write(value);
    }
    fs::write(place.path("go"), "").unwrap();
    reload.wait_covered(&place, 300);
    reload.interrupt();
}

#[test]
fn failing_command_does_not_stop_it() {
    let place = Place::new();
    let reload = place.start(SHORT, &place.watched(), &format!("{LOG_VALUE}; false"));
    for value in 1..=3 {
        place.write(value);
        reload.wait_covered(&place, value);
    }
    reload.wait_to_say("FAILED, exit status: 1");
    reload.interrupt();
}

#[test]
fn command_that_vanishes_does_not_stop_it() {
    let place = Place::new();
    let (command, away) = (place.path("command"), place.path("away"));
    fs::write(&away, format!("#!/bin/sh\n{LOG_VALUE}\n")).unwrap();
    assert!(Command::new("chmod").arg("+x").arg(&away).status().unwrap().success());
    fs::rename(&away, &command).unwrap();
    let mut program = Command::new(program());
    program.current_dir(place.dir.path());
    let reload = Reload::start(&mut program, SHORT, &place.watched(), std::slice::from_ref(&command));
    place.write(1);
    reload.wait_covered(&place, 1);
    fs::rename(&command, &away).unwrap();
    place.write(2);
    reload.wait_to_say("FAILED, cannot start");
    fs::rename(&away, &command).unwrap();
    place.write(3);
    reload.wait_covered(&place, 3);
    reload.interrupt();
}

#[test]
fn directory_deleted_and_created_again_is_watched() {
    let place = Place::new();
    let watched = place.watched();
    let reload = place.start_logging(SHORT, &watched);
    for round in 1..=4 {
        let lost_before = reload.output().matches("cannot watch ").count();
        fs::remove_dir_all(&watched).unwrap();
        if round % 2 == 0 {
            reload.wait_until("the loss", || reload.output().matches("cannot watch ").count() > lost_before);
        }
        fs::create_dir(&watched).unwrap();
        // The first write may come before the watch is back, and a run that is still pending may cover the
        // next one. The last ones show that the watch is back, and stays.
        for value in 10 * round..10 * round + 5 {
            place.write(value);
            reload.wait_covered(&place, value);
        }
    }
    reload.interrupt();
}

#[test]
fn file_replaced_by_rename_is_watched() {
    let place = Place::new();
    place.write(0);
    let file = place.path("watched/value");
    let reload = place.start_logging(SHORT, &file);
    for round in 1..=4 {
        let value = 10 * round;
        fs::write(place.path("new"), value.to_string()).unwrap();
        fs::rename(place.path("new"), &file).unwrap();
        reload.wait_covered(&place, value);
        // In place. A run that is still pending may cover the first of these, the last ones show that it
        // is the new file that is watched, and stays so.
        for value in value + 1..value + 5 {
            place.write(value);
            reload.wait_covered(&place, value);
        }
    }
    reload.interrupt();
}

#[test]
fn write_into_a_new_directory_is_covered() {
    let place = Place::new();
    let script = "cat watched/*/value watched/*/*/value | sort -n | tail -n 1 >> log";
    let reload = place.start(SHORT, &place.watched(), &format!("{{ {script}; }} 2> /dev/null"));
    for directory in 1..=6 {
        // One directory, or one within another.
        let name = if directory % 2 == 0 { format!("{directory}") } else { format!("{directory}/below") };
        let dir = place.watched().join(name);
        fs::create_dir_all(&dir).unwrap();
        // The first write may come before the directory is watched, the last ones show that it is.
        for value in 10 * directory..10 * directory + 5 {
            fs::write(dir.join("value"), format!("{value}\n")).unwrap();
            reload.wait_covered(&place, value);
        }
    }
    reload.interrupt();
}

/// While the program is stopped, more happens than a queue of the kernel holds.
#[test]
#[cfg(target_os = "linux")]
fn write_after_a_queue_overflow_is_covered() {
    let Some(limit) = harness::longest_queue() else { return };
    let place = Place::new();
    let reload =
        place.start(SHORT, &place.watched(), "{ cat watched/below/value; echo; } 2> /dev/null >> log");
    let files = ["watched/one", "watched/other"].map(|name| place.path(name));
    for file in &files {
        fs::write(file, "").unwrap();
    }
    reload.signal("STOP");
    // Each is an event of its own: no two in a row are of one file.
    for (event, file) in (0..=limit).zip(files.iter().cycle()) {
        fs::set_permissions(file, fs::Permissions::from_mode(0o600 + event % 7)).unwrap();
    }
    fs::create_dir(place.path("watched/below")).unwrap();
    reload.signal("CONT");
    for value in 1..=3 {
        fs::write(place.path("watched/below/value"), value.to_string()).unwrap();
        reload.wait_covered(&place, value);
    }
    reload.interrupt();
}

#[test]
fn bad_input_gives_one_clear_line() {
    let cases: [(&str, &str); 9] = [
        ("--threshold abc --watch . -- true", "'abc'"),
        ("--threshold 1000y --watch . -- true", "out of range"),
        ("--watch no-such-path -- true", "no-such-path"),
        ("--watch . no-such-path -- true", "no-such-path"),
        ("--watch . -- no-such-command", "no-such-command"),
        ("--watch . --", "<COMMAND>"),
        ("--watch .", "<COMMAND>"),
        ("-- true", "--watch"),
        ("", "--watch"),
    ];
    for (arguments, expected) in cases {
        let output = Command::new(program()).args(arguments.split_whitespace()).output().unwrap();
        let complaint = String::from_utf8(output.stderr).unwrap();
        assert!(matches!(output.status.code(), Some(1 | 2)), "{arguments}: {:?}", output.status);
        assert_eq!(complaint.lines().count(), 1, "{arguments}: {complaint}");
        assert!(complaint.starts_with("error: ") && complaint.contains(expected), "{arguments}: {complaint}");
        assert!(output.stdout.is_empty(), "{arguments}");
    }
}

#[test]
fn closed_output_does_not_stop_it() {
    let place = Place::new();
    let mut child = Command::new(program())
        .current_dir(place.dir.path())
        .args(["--threshold", SHORT, "--watch", "watched", "--", "sh", "-c", LOG_VALUE])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .spawn()
        .unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut stderr = child.stderr.take().unwrap();
    let reload = Reload { child, output: Arc::default(), reader: Some(thread::spawn(|| ())) };
    stdout.read_line(&mut String::new()).unwrap();
    drop(stdout);
    for value in 1..=3 {
        place.write(value);
        reload.wait_covered(&place, value);
    }
    reload.signal("INT");
    let (status, _) = reload.wait_for_end();
    assert_eq!(status.code(), Some(0));
    let mut complaints = String::new();
    stderr.read_to_string(&mut complaints).unwrap();
    assert_eq!(complaints, "");
}

#[cfg(target_os = "linux")]
#[test]
fn full_disk_does_not_stop_it_and_is_reported_at_the_end() {
    let place = Place::new();
    let full = fs::File::options().write(true).open("/dev/full").unwrap();
    let mut child = Command::new(program())
        .current_dir(place.dir.path())
        .args(["--threshold", SHORT, "--watch", "watched", "--", "sh", "-c", LOG_VALUE])
        .stdout(full)
        .stderr(Stdio::piped())
        .process_group(0)
        .spawn()
        .unwrap();
    let mut stderr = child.stderr.take().unwrap();
    let reload = Reload { child, output: Arc::default(), reader: Some(thread::spawn(|| ())) };
    // Nothing says when it watches.
    let mut value = 0;
    reload.wait_until("a run", || {
        value += 1;
        place.write(value);
        !place.logged().is_empty()
    });
    reload.signal("INT");
    let (status, _) = reload.wait_for_end();
    assert_eq!(status.code(), Some(1));
    let mut complaint = String::new();
    stderr.read_to_string(&mut complaint).unwrap();
    assert_eq!(complaint, "error: the log is not complete: No space left on device (os error 28)\n");
    assert!(place.is_covered(value));
}
