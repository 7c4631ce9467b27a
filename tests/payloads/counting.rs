//! `Count`: each call is told to one run.

use super::support::{SECOND, at, panic_quietly};
use atomic_throttle::{Manual, Pending, Throttled, WaitError};
use evidence::Check;
use evidence::Guarantee::G3;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

/// The last calls are reported by the trailing run, without a further call, and the sum is exact.
#[test]
fn the_background_is_told_of_each_call_once() {
    const CALLS: u64 = 2_000;
    let check = Check::of(&[G3], "counts, 8 threads: each call is told to one run, in the background");
    for pending in [Pending::Finish, Pending::Flush, Pending::Discard] {
        let told = Arc::new(AtomicU64::new(0));
        let sum = Arc::clone(&told);
        let f = move |calls| {
            assert!(calls > 0, "a run without calls does not call the function");
            sum.fetch_add(calls, Relaxed);
        };
        let counted = Throttled::builder(Duration::from_micros(50)).counting().spawn(f).expect("a thread");
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| (0..CALLS).for_each(|_| assert!(counted.trigger().is_ok())));
            }
        });
        counted.shutdown(pending).wait().expect("it ends");
        let told = told.load(Relaxed);
        assert_eq!(told + counted.outstanding(), 8 * CALLS);
        if pending != Pending::Discard {
            assert_eq!(counted.outstanding(), 0);
        }
        assert!(counted.trigger().is_err());
        assert_eq!(counted.take(), 8 * CALLS - told + 1, "a refused call stays counted");
    }
    check.passed(3 * 8 * usize::try_from(CALLS).expect("a few"), "calls");
}

#[test]
fn a_run_is_told_how_many_calls_it_stands_for() {
    let clock = Arc::new(Manual::new(at(1)));
    let (sender, told) = mpsc::channel();
    let f = move |calls| sender.send(calls).unwrap();
    let counted = Throttled::builder(SECOND).clock(Arc::clone(&clock)).counting().spawn(f).expect("a thread");
    counted.trigger().expect("it goes on").wait().expect("it completes");
    for _ in 0..3 {
        counted.trigger().expect("it goes on");
    }
    assert_eq!(counted.outstanding(), 3);
    clock.set(at(2));
    counted.all().wait().expect("it completes");
    assert_eq!(told.try_iter().collect::<Vec<_>>(), [1, 3]);
}

/// A take gives up the pending run: its tickets say so, and those of the run before say how that one ended.
#[test]
fn a_take_cancels_and_leaves_the_run_in_progress_as_it_ends() {
    for panics in [false, true] {
        let clock = Arc::new(Manual::new(at(1)));
        let (entered, inside) = mpsc::channel();
        let (go, gate) = mpsc::channel::<()>();
        let f = move |_| {
            entered.send(()).unwrap();
            gate.recv().unwrap();
            if panics {
                panic_quietly();
            }
        };
        let counted = Throttled::builder(SECOND).clock(Arc::clone(&clock)).counting().spawn(f);
        let counted = counted.expect("a thread");
        let ticket = counted.trigger().expect("it goes on");
        inside.recv().unwrap();
        // The run in progress covers no further call. This one is taken away before the next run.
        let second = counted.trigger().expect("it goes on");
        assert_eq!(counted.take(), 1);
        go.send(()).unwrap();
        let ended = if panics { Err(WaitError::Panicked) } else { Ok(()) };
        assert_eq!(ticket.wait(), ended);
        assert_eq!(second.wait(), Err(WaitError::Cancelled), "a take is a cancel");
        assert_eq!(counted.runs(), 1);
    }
}
