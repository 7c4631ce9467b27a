//! A call or a wait with a limit ends at its limit, and not before, while another thread moves the clock and
//! changes the threshold. What an owner leaves at its limit is owed, and covered by the next run.

use super::witness::Coverage;
use super::{CALLERS, WINDOW, throttle};
use crate::subject::{Clock, Manual, Outcome, Refused, Throttle, Timestamp, WaitError};
use schedules::Tally;
use shuttle::thread;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

const HALF: Duration = Duration::from_nanos(5);

/// Calls with the limit `max_wait`, and checks how the call, or the wait for its run, ended.
fn call(throttle: &Throttle<Manual>, coverage: &Coverage, max_wait: Duration, owed: &Tally) {
    let limit = throttle.clock().now().saturating_add(max_wait);
    let passed = |limit: Timestamp| throttle.clock().now() >= limit;
    match throttle.run_within(max_wait, || coverage.read_words()) {
        Ok(Outcome::Owed) => {
            owed.count();
            assert!(passed(limit), "it leaves before its limit");
        }
        Ok(Outcome::Coalesced(handle)) => {
            let limit = throttle.clock().now().saturating_add(HALF);
            match handle.wait_for(HALF) {
                Ok(()) | Err(WaitError::Owed) => {}
                Err(WaitError::TimedOut) => assert!(passed(limit), "it ends before its limit"),
                Err(error) => panic!("{error}"),
            }
        }
        Err(Refused::Closed { retry_at, .. }) => {
            assert!(retry_at > limit, "refused, though it is due in time");
        }
        Ok(Outcome::RanAtOnce(()) | Outcome::RanDeferred(())) => {}
        Ok(Outcome::Cancelled) | Err(_) => panic!("nobody cancels, and no run is tried"),
    }
}

pub fn while_the_clock_is_moved(owed: &Tally) {
    let (throttle, coverage, returned) = (throttle(WINDOW), Coverage::new(), AtomicUsize::new(0));
    thread::scope(|scope| {
        for caller in 0..CALLERS {
            let (throttle, coverage, returned) = (&throttle, &coverage, &returned);
            scope.spawn(move || {
                let max_wait = [Duration::ZERO, HALF, WINDOW, WINDOW][caller];
                for number in 0..2 {
                    coverage.leave_word(Coverage::number(caller, number));
                    call(throttle, coverage, max_wait, owed);
                }
                returned.fetch_add(1, SeqCst);
            });
        }
        throttle.set_threshold(WINDOW * 3);
        while returned.load(SeqCst) < CALLERS {
            throttle.clock().advance(HALF);
            thread::yield_now();
        }
    });
    let seen = throttle.snapshot();
    assert!(!seen.running && seen.next_run_at.is_none());
    throttle.clock().advance(WINDOW * 3);
    assert!(throttle.run(|| coverage.read_words()).ran(), "what was owed is adopted");
    assert!(!throttle.snapshot().is_owed() && coverage.covers_all());
}
