//! Does something in a forked child, and waits for its end.

#![cfg(unix)]

use fork::{Fork, fork, waitpid_nohang};
use rustix::process::{Pid, Signal, getpid, kill_process};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;
use std::time::{Duration, Instant};

/// A child that takes this long hangs.
const LIMIT: Duration = Duration::from_secs(30);

/// The child ends by this signal if all went well.
const RIGHT: Signal = Signal::KILL;

/// Does this in a child, and waits for its end.
///
/// # Panics
///
/// In the parent: if there is no child, if `what` panics in it, or if it does not end.
pub fn in_child(what: impl FnOnce()) {
    in_child_for(LIMIT, what);
}

fn in_child_for(limit: Duration, what: impl FnOnce()) {
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
        if began.elapsed() > limit {
            let child = Pid::from_raw(child).expect("a child has a number");
            kill_process(child, Signal::KILL).expect("it is there");
            panic!("the child does not end");
        }
        thread::yield_now();
    };
    assert_eq!(status, RIGHT.as_raw(), "the child has panicked");
}

/// Ends this child by a signal that says how it went. `exit` would take locks of the standard library, which a thread
/// of the parent may have held at the fork.
fn end(is_right: bool) -> ! {
    loop {
        let _ = kill_process(getpid(), if is_right { RIGHT } else { Signal::TERM });
    }
}

#[cfg(test)]
mod tests {
    use super::{in_child, in_child_for};
    use std::panic::catch_unwind;
    use std::time::Duration;
    use std::{process, thread};
    use watchdog as _;

    #[test]
    fn a_child_is_another_process() {
        let parent = process::id();
        in_child(|| assert_ne!(process::id(), parent));
    }

    #[test]
    fn a_child_that_panics_is_told() {
        assert!(catch_unwind(|| in_child(|| assert_eq!(1, 2))).is_err());
    }

    #[test]
    fn a_child_that_does_not_end_is_killed() {
        let hangs = || loop {
            thread::park();
        };
        assert!(catch_unwind(|| in_child_for(Duration::from_millis(10), hangs)).is_err());
    }
}
