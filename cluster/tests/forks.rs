//! Forked children: what they start belongs to them, and what they have from before the fork does them no
//! harm.

#![cfg(unix)]

use atomic_throttle_cluster::ClusterThrottled;
use atomic_throttle_cluster::register::Mark;
use fork::{Fork, fork, waitpid_nohang};
use rustix::process::{Signal, getpid, kill_process};
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};
use watchdog as _;

/// A wait this long would be a fault.
const LIMIT: Duration = Duration::from_secs(30);

/// Ends this child by a signal that says how it went. `exit` would take locks of the standard library, which a thread
/// of the parent may have held at the fork.
fn end(is_right: bool) -> ! {
    loop {
        let _ = kill_process(getpid(), if is_right { RIGHT } else { Signal::TERM });
    }
}

const RIGHT: Signal = Signal::KILL;

/// Does this in a child, and waits for its end.
fn in_child(what: impl FnOnce()) {
    let child = match fork().expect("a child") {
        Fork::Child => {
            // A panic would end only this thread, and the process has no other one that could fail.
            end(catch_unwind(AssertUnwindSafe(what)).is_ok());
        }
        Fork::Parent(child) => child,
    };
    let began = Instant::now();
    let status = loop {
        if let Some(status) = waitpid_nohang(child).expect("the child can be waited for") {
            break status;
        }
        assert!(began.elapsed() < LIMIT, "the child does not end");
        std::thread::yield_now();
    };
    assert_eq!(status, RIGHT.as_raw(), "the child has panicked");
}

/// A process recognizes its own run by its mark. With the mark of another process it would perform the same
/// run.
#[test]
fn children_have_marks_of_their_own() {
    // As a throttle does that was started before the fork.
    let _ = Mark::random();
    let folder = tempfile::tempdir().unwrap();
    let file = |child: u32| folder.path().join(child.to_string());
    for child in 0..2 {
        in_child(|| fs::write(file(child), Mark::random().as_u64().to_string()).unwrap());
    }
    let [one, other] =
        [0, 1].map(|child| Mark::from_u64(fs::read_to_string(file(child)).unwrap().parse().unwrap()));
    assert_ne!(one, other);
}

/// The child does not have its thread.
#[test]
fn a_child_drops_the_handle_that_it_has_at_once() {
    let throttled = ClusterThrottled::in_memory(10 * LIMIT).drop_limit(10 * LIMIT).spawn(|_| ()).unwrap();
    throttled.trigger().unwrap().wait_for(LIMIT).unwrap();
    let mut own = Some(throttled.clone());
    let mut inherited = Some(throttled);
    in_child(|| {
        drop(own.take());
        drop(inherited.take());
    });
    // In the parent nothing has changed.
    inherited.unwrap().shutdown(LIMIT).unwrap();
}
