//! Forked children: what they start belongs to them, and what they have from before the fork does them no
//! harm.

#![cfg(unix)]

use atomic_throttle_cluster::ClusterThrottled;
use atomic_throttle_cluster::register::Mark;
use forked::in_child;
use std::fs;
use std::time::Duration;
use watchdog as _;

/// A wait this long would be a fault.
const LIMIT: Duration = Duration::from_secs(30);

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
