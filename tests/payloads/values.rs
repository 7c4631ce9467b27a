//! What holds of every payload to which calls bring values, with many callers on the real clock (G10).

use super::support::panic_quietly;
use atomic_throttle::{Batch, Pending, Throttled};
use evidence::Check;
use evidence::Guarantee::{G3, G10};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

const CALLERS: u64 = 8;
const CALLS: u64 = 2_000;

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

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// When a ticket says that a call is covered, its value or a newer one has been given to a run; the last value is.
#[test]
fn the_newest_value_of_each_caller_is_given_to_the_run_that_covers_it() {
    let check =
        Check::of(&[G3, G10], "newest values, 8 threads: a ticket never comes before the value was given");
    for threshold in [0, 50] {
        let given: Arc<Mutex<u64>> = Arc::default();
        let seen = Arc::clone(&given);
        let latest = Throttled::builder(Duration::from_micros(threshold)).latest();
        // A number that grows: any later value is a newer one.
        let next = Arc::new(Mutex::new(0_u64));
        let f = move |value: &u64| {
            let mut seen = locked(&seen);
            assert!(*value > *seen, "an older value, or one twice");
            *seen = *value;
        };
        let newest = latest.spawn(f).expect("a thread");
        let taken = called(|_, number| {
            // The order of the values is that of the calls.
            let mut next = locked(&next);
            *next += 1;
            let value = *next;
            let ticket = newest.trigger(value).expect("it goes on");
            drop(next);
            if number % 8 == 0 {
                ticket.wait().expect("it completes");
                assert!(*locked(&given) >= value, "covered, and the value was not given");
            }
            true
        });
        newest.shutdown(Pending::Finish).wait().expect("it ends");
        assert_eq!((*locked(&given), newest.panics()), (taken, 0));
    }
    check.passed(usize::try_from(2 * CALLERS * CALLS).expect("a few"), "values");
}

/// Each merged value is given to one run, and to no other, whatever cancels and ends come between.
#[test]
fn each_value_is_merged_once() {
    let check = Check::of(&[G10], "merged values, 8 threads, cancels and takes: each value once");
    for pending in [Pending::Finish, Pending::Flush, Pending::Discard] {
        let given: Arc<Mutex<Vec<(u64, u64)>>> = Arc::default();
        let seen = Arc::clone(&given);
        let merging = Throttled::builder(Duration::from_micros(20))
            .merging(|older: &mut Vec<(u64, u64)>, newer| older.extend(newer))
            .spawn(move |all| locked(&seen).extend(all))
            .expect("a thread");
        let taken = called(|caller, number| {
            if number % 64 == 0 {
                merging.cancel();
            }
            if number % 100 == 0 {
                locked(&given).extend(merging.take().unwrap_or_default());
            }
            merging.trigger(vec![(caller, number)]).is_ok()
        });
        merging.shutdown(pending).wait().expect("it ends");
        let mut all = locked(&given).clone();
        all.extend(merging.take().unwrap_or_default());
        assert_eq!(all.len() as u64, taken);
        assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len(), "a value came twice");
    }
    check.passed(usize::try_from(3 * CALLERS * CALLS).expect("a few"), "values");
}

/// A run that panics keeps what it has not taken out.
#[test]
fn what_a_panic_leaves_comes_once_more_and_nothing_else_does() {
    let check = Check::of(&[G10], "batches, 8 threads, runs that panic: each value is taken out once");
    let given: Arc<Mutex<Vec<(u64, u64)>>> = Arc::default();
    let seen = Arc::clone(&given);
    let mut number = 0_u64;
    let f = move |batch: &mut Batch<(u64, u64)>| {
        for value in batch.drain() {
            locked(&seen).push(value);
            number += 1;
            if number % 97 == 0 {
                panic_quietly();
            }
        }
    };
    let batched = Throttled::builder(Duration::ZERO).collecting().spawn(f).expect("a thread");
    let taken = called(|caller, number| batched.trigger((caller, number)).is_ok());
    batched.shutdown(Pending::Finish).wait().expect("it ends");
    let all = locked(&given).clone();
    assert_eq!((all.len() as u64, batched.take().len()), (taken, 0));
    for caller in 0..CALLERS {
        let own = all.iter().filter(|value| value.0 == caller).map(|value| value.1);
        assert!(own.eq(0..CALLS), "the order of caller {caller}");
    }
    check.passed(usize::try_from(taken).expect("a few"), "values");
}
