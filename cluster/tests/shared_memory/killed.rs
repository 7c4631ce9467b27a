//! If a process is killed while it opens, it leaves a file that the next one can use.

use super::processes::{self, Role};
use super::{current, increment, open_now, place};
use core::time::Duration;
use evidence::Guarantee::C6;
use std::thread;

#[test]
fn whoever_is_killed_leaves_a_register_that_opens() {
    let check =
        evidence::Check::of(&[C6], "processes: killed at random times while they open, the next opens");
    let kills = evidence::depth(100, 5_000);
    for _ in 0..kills {
        let (_directory, path) = place();
        let mut child = processes::start(Role::OpenForEver, &path);
        drop(child.stdin.take());
        // The delay hits no particular point, but another point each time.
        thread::sleep(Duration::from_micros(rand::random_range(0..3_000)));
        child.kill().unwrap();
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), None, "killed: {}", String::from_utf8_lossy(&output.stdout));
        let register = open_now(&path).unwrap();
        increment(&register);
        assert_eq!(current(&register), 1);
    }
    check.passed(kills, "cases");
}
