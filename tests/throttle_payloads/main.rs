//! What the calls of a `Throttle` bring: the caller that runs is given it.

#[path = "../support/mod.rs"]
mod support;
mod threads;

use atomic_throttle::state::DeferralStatus;
use atomic_throttle::{
    Batch, Clock, Coalesced, Collect, Latest, Manual, Merge, NotFlushed, Outcome, Reason, Refused, Rejected,
    Throttle, Timestamp, WaitError,
};
use std::cell::Cell;
use std::fmt::Debug;
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;
use support::{SECOND, at, panic_quietly, panics, until};
use watchdog as _;

type Values = Vec<u32>;

fn newest() -> Throttle<Manual, Latest<u32>> {
    let throttle = Throttle::latest_with_clock(SECOND, Manual::new(at(1)));
    assert_eq!(throttle.try_run(0, |value| value).expect("the first call runs"), 0);
    throttle
}

fn merging(merge: fn(&mut Values, Values)) -> Throttle<Manual, Merge<Values>> {
    let throttle = Throttle::merging_with_clock(SECOND, Manual::new(at(1)), merge);
    assert_eq!(throttle.try_run(vec![0], |all| all).expect("the first call runs"), [0]);
    throttle
}

fn collecting() -> Throttle<Manual, Collect<u32>> {
    let throttle = Throttle::collecting_with_clock(SECOND, Manual::new(at(1)));
    assert_eq!(throttle.try_run(0, Batch::pop).expect("the first call runs"), Some(0));
    throttle
}

/// Another thread makes `call`, which becomes the owner. Then `meanwhile` is done. Returns what the owner returned.
fn owner<R: Send>(
    is_pending: impl Fn() -> bool,
    call: impl FnOnce() -> R + Send,
    meanwhile: impl FnOnce(),
) -> R {
    thread::scope(|scope| {
        let owner = scope.spawn(call);
        until(|| is_pending() || owner.is_finished());
        meanwhile();
        owner.join().expect("no panic")
    })
}

fn ran<R: Debug, T>(outcome: Result<Outcome<R, Coalesced<'_, Manual>>, Rejected<T>>) -> R {
    outcome.expect("it is taken").into_value().expect("it ran")
}

#[test]
fn the_owner_is_given_the_newest_value() {
    let throttle = newest();
    let call = || ran(throttle.run(1, |value| value));
    let given = owner(
        || throttle.is_pending(),
        call,
        || {
            for value in 2..=4 {
                let outcome = throttle.run(value, |_| ()).expect("it is taken");
                assert!(matches!(outcome, Outcome::Coalesced(_)), "{outcome:?}");
            }
            throttle.clock().set(at(2));
        },
    );
    assert_eq!((given, throttle.take()), (4, None));
}

#[test]
fn a_refused_value_comes_back_with_the_time_to_retry_at() {
    let throttle = newest();
    for rejected in [throttle.try_run(1, |_| ()).err(), throttle.run_within(1, SECOND / 2, |_| ()).err()] {
        let rejected = rejected.expect("the window is closed");
        assert_eq!((rejected.value, rejected.retry_at()), (1, Some(at(2))));
        assert!(matches!(rejected.reason, Reason::Refused(Refused::Closed { .. })), "{rejected:?}");
        assert_eq!(rejected.reason.to_string(), "the window is not over: retry in 1.0s");
    }
    assert!(!throttle.is_pending() && throttle.take().is_none(), "nothing was recorded");
    throttle.clock().set(at(2));
    let inside = throttle.try_run(2, |_| throttle.try_run(3, |_| ()).expect_err("a run is in progress"));
    let inside = inside.expect("the window is over");
    assert_eq!((inside.value, inside.retry_at()), (3, None));
    assert_eq!(inside.reason, Reason::Refused(Refused::Running));
}

#[test]
fn an_owner_within_its_limit_runs_and_one_at_its_limit_leaves_its_value() {
    let throttle = newest();
    let call = || throttle.run_within(1, SECOND, |value| value).expect("the window ends in time");
    let is_pending = || throttle.is_pending();
    let outcome = owner(is_pending, call, || throttle.clock().set(at(2)));
    assert_eq!(outcome.into_value(), Some(1));
    let outcome = owner(is_pending, call, || {
        throttle.set_threshold(4 * SECOND);
        throttle.clock().set(at(3));
    });
    assert!(matches!(outcome, Outcome::Owed), "{outcome:?}");
    assert!(throttle.snapshot().is_owed());
    assert_eq!(throttle.flush(|value| value), Ok(1), "the run that is owed is given its value");
}

#[test]
fn what_a_cancel_leaves_is_taken_or_comes_with_the_next_run() {
    let throttle = merging(Extend::extend);
    let is_pending = || throttle.is_pending();
    let call = || throttle.run(vec![1], |all| all).expect("it is taken");
    let outcome = owner(is_pending, call, || assert!(throttle.cancel()));
    assert!(matches!(outcome, Outcome::Cancelled), "{outcome:?}");
    assert_eq!(throttle.flush(|all| all), Err(NotFlushed::NothingPending));
    let outcome = owner(is_pending, call, || assert_eq!(throttle.take(), Some(vec![1, 1])));
    assert!(matches!(outcome, Outcome::Cancelled), "a take is a cancel: {outcome:?}");
    assert_eq!(throttle.take(), None);
    let outcome = owner(is_pending, call, || assert!(throttle.cancel()));
    assert!(matches!(outcome, Outcome::Cancelled), "{outcome:?}");
    throttle.clock().set(at(2));
    assert_eq!(throttle.try_run(vec![2], |all| all).expect("the window is over"), [1, 2]);
}

#[test]
fn a_flush_is_given_what_was_brought_and_the_owner_is_covered() {
    let throttle = collecting();
    let mut handle = None;
    let outcome = owner(
        || throttle.is_pending(),
        || throttle.run(1, |batch| batch.len()).expect("it is taken"),
        || {
            let Ok(Outcome::Coalesced(coalesced)) = throttle.run(2, |_| ()) else { panic!("it is pending") };
            handle = Some(coalesced);
            assert_eq!(throttle.flush(|batch| batch.drain().collect()), Ok(vec![1, 2]));
        },
    );
    let Outcome::Coalesced(owners) = outcome else { panic!("{outcome:?}") };
    assert_eq!((owners.wait(), handle.expect("it coalesced").wait()), (Ok(()), Ok(())));
    assert_eq!(throttle.flush(|batch| batch.len()), Err(NotFlushed::NothingPending));
}

#[test]
fn a_call_inside_a_run_leaves_its_value_owed() {
    let throttle = collecting();
    throttle.clock().set(at(2));
    let nested = throttle.try_run(1, |_| {
        assert!(matches!(throttle.run(2, |_| ()), Ok(Outcome::Owed)));
        assert!(matches!(throttle.run_within(3, SECOND, |_| ()), Ok(Outcome::Owed)));
    });
    assert!(nested.is_ok() && throttle.snapshot().is_owed());
    throttle.clock().set(at(3));
    let given = ran(throttle.run(4, |batch| batch.drain().collect::<Vec<_>>()));
    assert_eq!(given, [2, 3, 4]);
}

#[test]
fn what_a_run_has_not_taken_out_comes_next_where_it_keeps_it_or_panics() {
    let throttle = collecting();
    throttle.clock().set(at(2));
    throttle.try_run(1, |batch| assert_eq!(batch.len(), 1)).expect("the window is over");
    assert!(
        !throttle.snapshot().is_owed() && throttle.take().is_empty(),
        "a run that returns is done with all"
    );
    throttle.clock().set(at(3));
    throttle.try_run(2, Batch::keep_rest).expect("the window is over");
    assert!(throttle.snapshot().is_owed());
    throttle.clock().set(at(4));
    assert!(panics(|| throttle.run(3, |batch| {
        assert_eq!((batch.pop(), batch.len()), (Some(2), 1));
        panic_quietly()
    })));
    let seen = throttle.snapshot();
    assert!(seen.is_owed() && !seen.running);
    throttle.clock().set(at(5));
    assert_eq!(ran(throttle.run(4, |batch| batch.drain().collect::<Vec<_>>())), [3, 4]);
    throttle.clock().set(at(6));
    assert!(panics(|| throttle.run(5, |batch| {
        batch.drain().for_each(drop);
        panic_quietly()
    })));
    assert!(!throttle.snapshot().is_owed() && throttle.take().is_empty(), "nothing was left");
}

#[test]
fn a_run_that_panics_was_given_its_value() {
    let throttle = newest();
    throttle.clock().set(at(2));
    assert!(panics(|| throttle.run(1, |_| panic_quietly())));
    let seen = throttle.snapshot();
    assert!(!seen.running && !seen.is_owed());
    assert_eq!(throttle.take(), None);
}

#[test]
fn a_full_throttle_hands_the_value_back_unless_the_call_runs() {
    let throttle = collecting().capacity(2);
    let is_pending = || throttle.is_pending();
    let call = || throttle.run(1, |batch| batch.len()).expect("there is room");
    let is_full = |value| {
        let rejected = throttle.run(value, |_| ()).expect_err("it is full");
        assert_eq!((rejected.value, rejected.reason, rejected.retry_at()), (value, Reason::Full, None));
    };
    let outcome = owner(is_pending, call, || {
        assert!(throttle.run(2, |_| ()).is_ok());
        is_full(3);
        assert!(throttle.cancel());
    });
    assert!(matches!(outcome, Outcome::Cancelled), "{outcome:?}");
    // What the cancel has left fills it. Nobody was promised a run for that.
    is_full(4);
    assert!(throttle.run_within(4, SECOND, |_| ()).is_err());
    assert_eq!(throttle.snapshot().deferral, DeferralStatus::None, "nothing was recorded");
    throttle.clock().set(at(2));
    let inside = throttle.try_run(5, |batch| {
        assert!(throttle.run(6, |_| ()).is_ok() && throttle.run(7, |_| ()).is_ok());
        is_full(8);
        batch.drain().collect::<Vec<_>>()
    });
    assert_eq!(inside.expect("the window is over"), [1, 2, 5], "a call that runs needs no room");
    assert_eq!(throttle.take(), [6, 7]);
    // 0 would take nothing, ever.
    let least = collecting().capacity(0);
    let outcome = owner(|| least.is_pending(), || least.run(1, |_| ()).is_ok(), || least.clock().set(at(2)));
    assert!(outcome);
}

/// The call whose value could not be merged is not taken; those before it are.
#[test]
fn a_panic_inside_a_merge_loses_that_value_alone() {
    let throttle = merging(|older, newer| {
        if newer == [9] {
            panic_quietly();
        }
        older.extend(newer);
    });
    let (sink, given) = channel();
    let fails = || panics(|| throttle.run(vec![9], |all| _ = sink.send(all)).map(drop));
    let outcome = owner(
        || throttle.is_pending(),
        || throttle.run(vec![1], |all| all).expect("it is taken"),
        || {
            assert!(fails(), "of a call that coalesces");
            assert!(throttle.cancel());
        },
    );
    assert!(matches!(outcome, Outcome::Cancelled), "{outcome:?}");
    assert!(fails(), "of a call that becomes the owner");
    assert_eq!(throttle.snapshot().deferral, DeferralStatus::Owed, "it is no owner any more");
    throttle.clock().set(at(2));
    assert!(fails(), "of a call that has started a run");
    let seen = throttle.snapshot();
    assert!(!seen.is_owed() && !seen.running);
    assert_eq!(given.try_iter().collect::<Vec<_>>(), [[1]], "that run is given what was there");
    throttle.clock().set(at(3));
    assert_eq!(ran(throttle.run(vec![2], |all| all)), [2]);
}

/// A value that panics when it is dropped, if it is the one that does.
struct Unkind(bool);

impl Drop for Unkind {
    fn drop(&mut self) {
        if self.0 {
            panic_quietly();
        }
    }
}

#[test]
fn a_value_that_panics_where_it_is_replaced_at_a_start_stops_no_run() {
    let clock = Manual::new(at(1));
    let throttle: Throttle<_, Latest<Unkind>> = Throttle::latest_with_clock(SECOND, clock);
    let runs = Cell::new(0);
    let run = || panics(|| throttle.run(Unkind(false), |_| runs.set(runs.get() + 1)).map(drop));
    assert!(!run());
    throttle.clock().set(at(2));
    ran(throttle.run(Unkind(false), |_| {
        let nested = throttle.run(Unkind(true), |_| unreachable!("it is inside of a run"));
        assert!(matches!(nested, Ok(Outcome::Owed)));
    }));
    throttle.clock().set(at(3));
    assert!(run(), "what is replaced panics");
    assert_eq!(runs.get(), 2, "its run was performed all the same");
    assert!(!throttle.snapshot().is_owed() && throttle.take().is_none());
}

/// A clock of whose moves no other thread hears: an owner sleeps on, whenever it looks.
struct Unheard;

std::thread_local!(static SECONDS: Cell<u64> = const { Cell::new(1) });

impl Clock for Unheard {
    fn now(&self) -> Timestamp {
        at(SECONDS.get())
    }
}

#[test]
fn a_call_inside_of_a_merge_is_refused() {
    static ITSELF: Throttle<Unheard, Merge<Values>> =
        Throttle::merging_with_clock(Duration::from_secs(1_000), Unheard, |older, newer| {
            // The window is over.
            let rejected = ITSELF.try_run(newer, |_| ()).expect_err("it is inside");
            assert_eq!(rejected.reason, Reason::InsideMerge);
            let rejected = ITSELF.run(rejected.value, |_| ()).expect_err("it is inside");
            assert_eq!(rejected.reason, Reason::InsideMerge);
            older.extend(rejected.value);
        });
    assert_eq!(ITSELF.try_run(vec![0], |all| all).expect("the first call runs"), [0]);
    let call = || ITSELF.run(vec![1], |all| all).expect("it is taken");
    let outcome = owner(
        || ITSELF.is_pending(),
        call,
        || {
            SECONDS.set(2_000);
            assert!(matches!(ITSELF.run(vec![2], |_| ()), Ok(Outcome::Coalesced(_))));
            // It takes over.
            assert_eq!(ITSELF.flush(|all| all), Ok(vec![1, 2]));
        },
    );
    assert!(matches!(outcome, Outcome::Coalesced(_)), "{outcome:?}");
}

/// A run takes the place of an owner that sleeps, with its value.
#[test]
fn a_call_that_takes_over_is_given_the_value_of_the_owner() {
    let throttle = Throttle::collecting_with_clock(Duration::from_secs(1_000), Unheard);
    assert!(throttle.try_run(0, |_| ()).is_ok());
    let outcome = owner(
        || throttle.is_pending(),
        || throttle.run(1, |batch| batch.len()).expect("it is taken"),
        || {
            SECONDS.set(2_000);
            let given = throttle.try_run(2, |batch| batch.drain().collect::<Vec<_>>());
            assert_eq!(given.expect("the window is over"), [1, 2]);
        },
    );
    let Outcome::Coalesced(handle) = outcome else { panic!("{outcome:?}") };
    assert_eq!(handle.wait(), Ok(()));
}

/// A value that takes what is there when it is dropped, if it is the one that does.
struct Asking(bool);

static ASKED: Throttle<Unheard, Latest<Asking>> = Throttle::latest_with_clock(SECOND, Unheard);

std::thread_local!(static TAKES: Cell<u32> = const { Cell::new(0) });

impl Drop for Asking {
    fn drop(&mut self) {
        if self.0 {
            assert!(ASKED.take().is_none(), "it is not there any more");
            TAKES.set(TAKES.get() + 1);
        }
    }
}

/// Else it would wait for its own lock, for ever.
#[test]
fn a_value_that_is_replaced_at_a_start_is_dropped_outside_of_the_lock() {
    let first = ASKED.run(Asking(false), |_| {
        let nested = ASKED.run(Asking(true), |_| unreachable!("it is inside of a run"));
        assert!(matches!(nested, Ok(Outcome::Owed)));
    });
    assert!(first.is_ok_and(|outcome| outcome.ran()));
    SECONDS.set(2_000);
    let second = ASKED.run(Asking(false), |newest| assert!(!newest.0));
    assert!(second.is_ok_and(|outcome| outcome.ran()));
    assert_eq!(TAKES.get(), 1);
}

/// A call that is counted, and of which the run before was told, is covered.
#[test]
fn a_call_that_another_run_was_told_of_is_covered() {
    let throttle = Throttle::counting_with_clock(SECOND, Manual::new(at(1)));
    assert_eq!(throttle.try_run(|calls| calls), Ok(1));
    let outcome = owner(
        || throttle.is_pending(),
        || throttle.run(|calls| calls),
        || {
            // As a run would be that started between the count of the call and its decision.
            assert_eq!(throttle.outstanding(), 1);
            let second = throttle.run(|calls| calls);
            let Outcome::Coalesced(handle) = second else { panic!("{second:?}") };
            assert_eq!(throttle.take(), 2);
            assert_eq!(handle.wait(), Err(WaitError::Cancelled));
        },
    );
    assert!(matches!(outcome, Outcome::Cancelled), "{outcome:?}");
}
