//! Children that are forked: what they start is theirs, and what they have from before does them no harm.

#![cfg(unix)]

use atomic_throttle_cluster::ClusterThrottled;
use atomic_throttle_cluster::register::Mark;
use fork::{Fork, fork, waitpid_nohang};
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::exit;
use std::time::{Duration, Instant};

/// A wait that would be a fault if it took so long.
const LIMIT: Duration = Duration::from_secs(30);

/// Does that in a child, and waits for its end.
fn in_child(what: impl FnOnce()) {
    let child = match fork().expect("a child") {
        Fork::Child => {
            // A panic would end no more than this thread, and be no failure of a process that has no other one.
            exit(i32::from(catch_unwind(AssertUnwindSafe(what)).is_err()));
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
    assert_eq!(status, 0, "the child has panicked");
}

/// By a mark a process knows a run as its own. With that of another one it would perform the same run.
#[test]
fn children_have_marks_of_their_own() {
    // As a throttle does that is started before.
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

/// The thread of it is not there.
#[test]
fn a_child_drops_the_handle_that_it_has_at_once() {
    let throttled = ClusterThrottled::builder(10 * LIMIT).drop_limit(10 * LIMIT).spawn(|_| ()).unwrap();
    throttled.trigger().unwrap().wait_for(LIMIT).unwrap();
    let mut own = Some(throttled.clone());
    let mut inherited = Some(throttled);
    in_child(|| {
        drop(own.take());
        drop(inherited.take());
    });
    // Here nothing has changed.
    inherited.unwrap().shutdown(LIMIT).unwrap();
}
