//! G3: a call that was not refused is covered by a run that reads what the caller wrote, or it was
//! cancelled.

use super::witness::{CALLS, Coverage};
use super::{CALLERS, WINDOW, end_the_window, throttle};
use crate::subject::{Manual, Outcome, Throttle, WaitError};
use schedules::Tally;
use shuttle::thread;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

/// Leaves word and asks for a run. Every second caller waits for its run, the others drop the handle. Returns
/// how the wait ended, or `None` if there was none.
fn call(
    throttle: &Throttle<Manual>,
    coverage: &Coverage,
    caller: usize,
    number: usize,
) -> Option<Result<(), WaitError>> {
    coverage.leave_word(number);
    match throttle.run(|| coverage.read_words()) {
        Outcome::RanAtOnce(()) | Outcome::RanDeferred(()) => {
            assert!(coverage.covers(number), "G3: a run does not see its own call");
            end_the_window(throttle);
            None
        }
        Outcome::Coalesced(handle) if caller % 2 == 0 => {
            let waited = handle.wait();
            if waited.is_ok() {
                assert!(coverage.covers(number), "G3: the run that was waited for missed a call");
            }
            Some(waited)
        }
        Outcome::Coalesced(_) | Outcome::Cancelled => None,
        Outcome::Owed => panic!("nobody is inside a run"),
    }
}

pub fn by_a_later_run(waited: &Tally) {
    let (throttle, coverage) = (throttle(WINDOW), Coverage::new());
    thread::scope(|scope| {
        for caller in 0..CALLERS {
            let (throttle, coverage) = (&throttle, &coverage);
            scope.spawn(move || {
                for number in 0..CALLS {
                    let result = call(throttle, coverage, caller, Coverage::number(caller, number));
                    assert!(matches!(result, None | Some(Ok(()))), "G3: {result:?}");
                    waited.count_if(result.is_some());
                }
            });
        }
    });
    assert!(coverage.covers_all(), "G3: a call is covered by no run");
}

/// A flush is as good as any run, for the owner that it releases and for all calls that coalesced.
pub fn by_a_flush(flushed: &Tally) {
    let (throttle, coverage) = (throttle(WINDOW), Coverage::new());
    thread::scope(|scope| {
        for caller in 0..CALLERS {
            let (throttle, coverage) = (&throttle, &coverage);
            scope.spawn(move || {
                for number in 0..CALLS {
                    let _ = call(throttle, coverage, caller, Coverage::number(caller, number));
                }
            });
        }
        for _ in 0..2 {
            if throttle.flush(|| coverage.read_words()).is_ok() {
                flushed.count();
                end_the_window(&throttle);
            }
        }
    });
    assert!(coverage.covers_all(), "G3: a call is covered by no run");
}

/// A call that no run covers was cancelled: some cancel ended after the call began.
pub fn unless_cancelled(uncovered: &Tally) {
    let (throttle, coverage, cancels) = (throttle(WINDOW), Coverage::new(), AtomicUsize::new(0));
    let cancels_before: [_; CALLERS * CALLS] = std::array::from_fn(|_| AtomicUsize::new(0));
    let returned = AtomicUsize::new(0);
    thread::scope(|scope| {
        for caller in 0..CALLERS {
            let (throttle, coverage) = (&throttle, &coverage);
            let (cancels, before, returned) = (&cancels, &cancels_before, &returned);
            scope.spawn(move || {
                for number in (0..CALLS).map(|call| Coverage::number(caller, call)) {
                    before[number].store(cancels.load(SeqCst), SeqCst);
                    let result = call(throttle, coverage, caller, number);
                    assert!(
                        matches!(result, None | Some(Ok(()) | Err(WaitError::Cancelled))),
                        "G3: {result:?}"
                    );
                }
                returned.fetch_add(1, SeqCst);
            });
        }
        while returned.load(SeqCst) < CALLERS {
            cancels.fetch_add(usize::from(throttle.cancel()), SeqCst);
            thread::yield_now();
        }
    });
    let cancels = cancels.load(SeqCst);
    for (number, before) in cancels_before.iter().enumerate() {
        if !coverage.covers(number) {
            uncovered.count();
            assert!(cancels > before.load(SeqCst), "G3: a call is neither covered nor cancelled");
        }
    }
}
