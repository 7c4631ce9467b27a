//! Eight threads that bring values at the same time.

use super::support::{panic_quietly, panics};
use atomic_throttle::{Batch, Outcome, Throttle};
use evidence::Check;
use evidence::Guarantee::{G3, G6, G10};
use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

const CALLERS: u64 = 8;
const CALLS: u64 = 2_000;

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Has each caller make its calls, and returns how many were taken.
fn called(call: impl Fn(u64, u64) -> bool + Sync) -> u64 {
    let call = &call;
    thread::scope(|scope| {
        let callers = (0..CALLERS).map(|caller| {
            scope.spawn(move || (0..CALLS).filter(|number| call(caller, *number)).count() as u64)
        });
        let callers: Vec<_> = callers.collect();
        callers.into_iter().map(|caller| caller.join().expect("no panic")).sum()
    })
}

/// Each value is given to one run, or taken, whatever is refused, cancelled, flushed or owed meanwhile.
#[test]
fn eight_threads_bring_each_value_once() {
    let check = Check::of(&[G10], "throttle, 8 threads in every way, cancels and takes: each value once");
    let throttle = Throttle::collecting(Duration::from_micros(20)).capacity(5);
    let given: Mutex<Vec<(u64, u64)>> = Mutex::default();
    let give = |batch: &mut Batch<_>| {
        assert!(!batch.is_empty(), "a run without a value");
        locked(&given).extend(batch.drain());
    };
    let brought = called(|caller, number| {
        let value = (caller, number);
        match (caller + number) % 5 {
            0 => throttle.try_run(value, give).is_ok(),
            1 => throttle.run_within(value, Duration::ZERO, give).is_ok(),
            2 => {
                throttle.cancel();
                locked(&given).extend(throttle.take());
                throttle.run_within(value, Duration::from_micros(10), give).is_ok()
            }
            3 => {
                let _ = throttle.flush(give);
                throttle.run(value, give).is_ok()
            }
            _ => throttle.run(value, give).is_ok(),
        }
    });
    let mut all = locked(&given).clone();
    all.extend(throttle.take());
    assert_eq!(all.len() as u64, brought);
    assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len(), "a value came twice");
    check.passed(usize::try_from(brought).expect("a few"), "values");
}

/// When a call says that it is covered, its value or a newer one has been given to a run; the last value is.
#[test]
fn eight_threads_each_find_their_value_done() {
    let check = Check::of(&[G3, G10], "throttle, newest values, 8 threads: covered means given");
    let throttle = Throttle::latest(Duration::ZERO);
    let given = Mutex::new(0);
    // A number that grows: any later value is a newer one.
    let next = Mutex::new(0_u64);
    let give = |value: u64| {
        let mut given = locked(&given);
        assert!(value > *given, "an older value, or one twice");
        *given = value;
    };
    let brought = called(|_, _| {
        // The order of the values is that of the calls that coalesce. A call that runs holds the order up.
        let mut next = locked(&next);
        *next += 1;
        let value = *next;
        let outcome = throttle.run_within(value, Duration::ZERO, give).expect("without a window");
        drop(next);
        match outcome {
            Outcome::Coalesced(handle) => handle.wait().expect("nobody cancels"),
            Outcome::Owed => return true,
            _ => {}
        }
        assert!(*locked(&given) >= value, "covered, and the value was not given");
        true
    });
    let last = throttle.take().unwrap_or(0).max(*locked(&given));
    assert_eq!((last, *locked(&next)), (brought, brought));
    check.passed(usize::try_from(brought).expect("a few"), "values");
}

/// Runs that panic lose no value of a batch, and wedge nothing.
#[test]
fn eight_threads_whose_runs_panic_lose_nothing() {
    let check = Check::of(&[G6, G10], "throttle, batches, 8 threads, runs that panic: each value once");
    let throttle = Throttle::collecting(Duration::ZERO);
    let given: Mutex<Vec<(u64, u64)>> = Mutex::default();
    called(|caller, number| {
        let give = |batch: &mut Batch<_>| {
            for value in batch.drain() {
                let mut given = locked(&given);
                given.push(value);
                if given.len() % 97 == 0 {
                    drop(given);
                    panic_quietly();
                }
            }
        };
        let _ = panics(|| throttle.run((caller, number), give).is_ok());
        true
    });
    locked(&given).extend(throttle.take());
    let all = locked(&given);
    assert_eq!(all.len() as u64, CALLERS * CALLS);
    for caller in 0..CALLERS {
        let own = all.iter().filter(|value| value.0 == caller).map(|value| value.1);
        assert!(own.eq(0..CALLS), "the order of caller {caller}");
    }
    check.passed(all.len(), "values");
}
