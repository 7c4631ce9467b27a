//! The gap in loom for which the library's atomics announce their loads (`src/sync/explored.rs`), in its smallest
//! form: <https://github.com/tokio-rs/loom/issues/166> and <https://github.com/tokio-rs/loom/issues/392>.
//!
//! If the first test is red, loom has closed it. Then see whether `tests/all_orders.rs` finds every order with
//! loom's own atomics, too.

use atomic_throttle::hook::explored;
use loom::sync::atomic::{AtomicU64, Ordering::Relaxed};
use loom::thread;
use loom_tests::{Bound, search};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use watchdog as _;

/// *Load* against *load, compare-and-swap*: what the first thread finds in all executions, and their number.
macro_rules! found {
    ($atomic:ty) => {{
        let found = Arc::new(Mutex::new(BTreeSet::new()));
        let found_in = Arc::clone(&found);
        let executions = search(Bound::Exhaustive, move || {
            let value = Arc::new(<$atomic>::new(0));
            let other = thread::spawn({
                let value = Arc::clone(&value);
                move || {
                    let seen = value.load(Relaxed);
                    value.compare_exchange_weak(seen, 1, Relaxed, Relaxed).expect("nobody else writes");
                }
            });
            let read = value.load(Relaxed);
            other.join().expect("no panic");
            found_in.lock().expect("no panic").insert(read);
        });
        (Arc::into_inner(found).expect("loom is done").into_inner().expect("no panic"), executions)
    }};
}

/// There are two outcomes: the load comes before the compare-and-swap, or it finds what that has written.
#[test]
fn loom_leaves_out_an_outcome() {
    let (read, executions) = found!(AtomicU64);
    assert_eq!(
        (read.len(), executions),
        (1, 1),
        "loom has closed the gap; the announcement can go: {read:?}"
    );
}

#[test]
fn with_announced_loads_both_are_found() {
    let (read, _) = found!(explored::AtomicU64);
    assert_eq!(read, BTreeSet::from([0, 1]));
}
