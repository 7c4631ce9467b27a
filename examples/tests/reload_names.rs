//! `examples/reload`, where files have several names, names lead elsewhere, and trees are large or closed.

#![cfg(all(target_os = "linux", not(miri)))]

#[path = "reload/harness.rs"]
#[allow(dead_code, reason = "each test program uses a part")]
mod harness;
#[path = "../reload/look.rs"]
mod look;

use harness::{ENDLESS, Place, Reload, SHORT, program};
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::Command;
use std::thread;
use watchdog as _;

/// Watches these, and logs what is in this file at each run.
fn start(place: &Place, threshold: &str, watch: &[&str], file: &str) -> Reload {
    let script = format!("{{ cat {file}; echo; }} 2> /dev/null >> log");
    let mut command = Command::new(program());
    command.current_dir(place.dir.path()).args(["--threshold", threshold, "--watch"]);
    Reload::begin(command.args(watch).args(["--", "sh", "-c", &script]))
}

fn write(place: &Place, file: &str, value: u32) {
    fs::write(place.path(file), value.to_string()).unwrap();
}

/// Has a link lead elsewhere, as a deployment does: in one step.
fn lead(place: &Place, link: &str, to: &str) {
    symlink(to, place.path("next")).unwrap();
    fs::rename(place.path("next"), place.path(link)).unwrap();
}

fn dirs(place: &Place, names: &[&str]) {
    for name in names {
        fs::create_dir_all(place.path(name)).unwrap();
    }
}

#[test]
fn a_directory_stays_watched_when_another_name_of_it_leads_elsewhere() {
    let place = Place::new();
    dirs(&place, &["v1", "v2"]);
    lead(&place, "current", "v1");
    let reload = start(&place, SHORT, &["v1", "current"], "v1/f");
    for round in 1..=3 {
        lead(&place, "current", if round % 2 == 1 { "v2" } else { "v1" });
        for value in 10 * round..10 * round + 3 {
            write(&place, "v1/f", value);
            reload.wait_covered(&place, value);
        }
    }
    reload.interrupt();
}

#[test]
fn a_file_stays_watched_when_another_name_of_it_goes() {
    let place = Place::new();
    write(&place, "a", 0);
    fs::hard_link(place.path("a"), place.path("b")).unwrap();
    let reload = start(&place, SHORT, &["a", "b"], "a");
    fs::remove_file(place.path("b")).unwrap();
    reload.wait_to_say("cannot watch");
    for value in 1..=3 {
        write(&place, "a", value);
        reload.wait_covered(&place, value);
    }
    reload.interrupt();
}

#[test]
fn the_end_of_a_file_is_a_change() {
    let place = Place::new();
    write(&place, "a", 1);
    let reload = start(&place, SHORT, &["a"], "a");
    fs::remove_file(place.path("a")).unwrap();
    reload.wait_until("a run", || !place.logged().is_empty());
    reload.interrupt();
}

#[test]
fn what_a_link_in_the_tree_leads_to_is_watched() {
    let place = Place::new();
    write(&place, "target", 0);
    symlink("../target", place.path("watched/f")).unwrap();
    let reload = start(&place, SHORT, &["watched"], "watched/f");
    for value in 1..=3 {
        write(&place, "target", value);
        reload.wait_covered(&place, value);
    }
    reload.interrupt();
}

#[test]
fn a_link_outside_that_the_tree_leads_over_may_lead_elsewhere() {
    let place = Place::new();
    dirs(&place, &["rel/1", "rel/2"]);
    lead(&place, "rel/current", "1");
    symlink("../rel/current", place.path("watched/app")).unwrap();
    let reload = start(&place, SHORT, &["watched"], "watched/app/f");
    for value in 1..=4 {
        lead(&place, "rel/current", if value % 2 == 1 { "2" } else { "1" });
        write(&place, &format!("rel/{}/f", if value % 2 == 1 { 2 } else { 1 }), value);
        reload.wait_covered(&place, value);
    }
    reload.interrupt();
}

/// 2^40 names, of 41 directories; and a link that leads back, and one that leads nowhere.
#[test]
fn many_names_by_links_are_no_more_than_what_they_lead_to() {
    let place = Place::new();
    for depth in 0..40 {
        dirs(&place, &[&format!("watched/{depth}")]);
        for name in ["a", "b"] {
            symlink(format!("../{}", depth + 1), place.path(&format!("watched/{depth}/{name}"))).unwrap();
        }
    }
    dirs(&place, &["watched/40"]);
    symlink("..", place.path("watched/40/back")).unwrap();
    symlink("nowhere", place.path("watched/40/dangling")).unwrap();
    let reload = start(&place, SHORT, &["watched"], "watched/40/f");
    write(&place, "watched/40/f", 1);
    reload.wait_covered(&place, 1);
    write(&place, "watched/40/nowhere", 2);
    write(&place, "watched/40/f", 2);
    reload.wait_covered(&place, 2);
    assert!(!reload.output().contains("cannot"), "{}", reload.output());
    reload.interrupt();
}

#[test]
fn a_current_directory_that_is_made_again_is_watched() {
    let place = Place::new();
    let mut command = Command::new(program());
    command.current_dir(place.watched()).args(["--threshold", SHORT, "--watch", ".", "--"]);
    let reload = Reload::begin(command.args(["sh", "-c", "{ cat value; echo; } 2> /dev/null >> ../log"]));
    for round in 1..=3 {
        fs::remove_dir_all(place.watched()).unwrap();
        fs::create_dir(place.watched()).unwrap();
        for value in 10 * round..10 * round + 3 {
            place.write(value);
            reload.wait_covered(&place, value);
        }
    }
    reload.interrupt();
}

#[test]
fn a_directory_that_may_not_be_read_is_named_and_hides_no_other() {
    let place = Place::new();
    // Somebody else must find the program, and may not be let into where it was built.
    let its = place.path("reload");
    fs::copy(program(), &its).unwrap();
    let allow = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    for path in [place.dir.path(), &place.watched(), &its] {
        allow(path, 0o777);
    }
    dirs(&place, &["watched/secret"]);
    allow(&place.path("watched/secret"), 0);
    let mut command = Command::new(&its);
    if fs::read_dir(place.path("watched/secret")).is_ok() {
        command = Command::new("setpriv");
        command.args(["--reuid", "65534", "--regid", "65534", "--clear-groups"]).arg(&its);
    }
    command.current_dir(place.dir.path()).args(["--threshold", SHORT, "--watch", "watched", "--"]);
    let reload = Reload::begin(command.args(["sh", "-c", "{ cat watched/value; echo; } >> log"]));
    reload.wait_to_say("watched/secret: Permission denied");
    for value in 1..=3 {
        place.write(value);
        reload.wait_covered(&place, value);
    }
    // Once, and not at each look.
    assert_eq!(reload.output().matches("cannot watch").count(), 1, "{}", reload.output());
    reload.interrupt();
}

/// To set up watches for so many fills the queue, and the news of that must not count as a change.
#[test]
fn a_tree_larger_than_a_queue_runs_once_for_a_change() {
    let Some(limit) = harness::longest_queue() else { return };
    let place = Place::new();
    for name in 0..=limit {
        dirs(&place, &[&format!("watched/{name}")]);
    }
    let reload = start(&place, ENDLESS, &["watched"], "watched/0/f");
    write(&place, "watched/0/f", 1);
    reload.wait_covered(&place, 1);
    assert_eq!(reload.interrupt(), "1 run");
}

/// Whether a look comes within a tick of a write is up to chance, so it is tried until it does.
#[test]
fn a_look_within_a_tick_of_a_write_is_not_the_last_word() {
    let place = Place::new();
    let paths = [place.path("watched")];
    let doubts = (0..1000).any(|value| {
        place.write(value);
        let soon = look::Look::at(&paths);
        thread::sleep(2 * look::TICK);
        let later = look::Look::at(&paths);
        assert!(later.finds(&paths[0]) && later.complaints.is_empty());
        let again = look::Look::at(&paths);
        assert_eq!(again.changes_since(&later).count(), 0, "settled");
        later.changes_since(&soon).any(|name| name.ends_with("value"))
    });
    assert!(doubts, "a write with the same stamp would have been missed");
}
