//! Panics: of the function, of the function that merges, of what drops a value, and of the clock.

use super::super::by_hand::Driven;
use super::{Given, SECOND, collecting, merging, newest, next_window, runtime, taken, told};
use atomic_throttle::state::DeferralStatus;
use atomic_throttle::{AsyncThrottle, Batch, Carried, WaitError};
use evidence::Check;
use evidence::Guarantee::{G6, G10};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

/// Panics, without the message of the panic hook.
fn panic_quietly() -> ! {
    resume_unwind(Box::new("on purpose"))
}

fn panics<T>(f: impl FnOnce() -> T) -> bool {
    catch_unwind(AssertUnwindSafe(f)).is_err()
}

#[test]
fn a_value_whose_run_panicked_is_given_to_no_other_run() {
    let (runtime, given) = (runtime(), Given::default());
    let throttle = newest(&runtime);
    let ticket = taken(throttle.trigger(1, async |_: Carried<u32>| panic_quietly()));
    runtime.settle();
    assert_eq!(told(ticket), Err(WaitError::Panicked));
    assert_eq!((throttle.snapshot().deferral, throttle.take()), (DeferralStatus::None, None));
    taken(throttle.trigger(2, given.looks()));
    next_window(&runtime);
    assert_eq!(given.seen(), [2]);
}

/// What it has not taken out of the batch comes first in the next one, and a run for it is owed.
#[test]
fn the_rest_of_a_batch_is_owed_after_a_panic_and_where_it_is_kept() {
    let check = Check::of(&[G6, G10], "async, collecting: the rest of a batch is owed, and comes first");
    let (mut cases, given) = (0, Given::default());
    for panics in [false, true] {
        for keeps in [false, true] {
            for takes in 0..=3 {
                let runtime = runtime();
                let throttle = collecting(&runtime);
                // Three values lie there for the run.
                taken(throttle.trigger(0, async |_| ()));
                runtime.settle();
                let part = async move |mut batch: Carried<Batch<u32>>| {
                    batch.drain().take(takes).for_each(drop);
                    if keeps {
                        batch.keep_rest();
                    }
                    if panics {
                        panic_quietly();
                    }
                };
                let ticket = taken(throttle.trigger(1, part));
                for value in 2..=3 {
                    taken(throttle.trigger(value, async |_| ()));
                }
                next_window(&runtime);
                assert_eq!(told(ticket), if panics { Err(WaitError::Panicked) } else { Ok(()) });
                let is_left = (panics || keeps) && takes < 3;
                let deferral = if is_left { DeferralStatus::Owed } else { DeferralStatus::None };
                assert_eq!(throttle.snapshot().deferral, deferral, "{panics}, {keeps}, {takes}");
                taken(throttle.trigger(4, given.looks_into()));
                next_window(&runtime);
                let rest = if is_left { &[1, 2, 3][takes..] } else { &[] };
                assert_eq!(given.seen(), [[rest, &[4]].concat()], "{panics}, {keeps}, {takes}");
                cases += 1;
            }
        }
    }
    check.passed(cases, "cases");
}

/// The function of a `run` that is awaited: the panic goes on there, and the throttle is usable.
#[test]
fn the_panic_of_a_run_that_is_awaited_goes_on_there() {
    let runtime = runtime();
    let throttle = newest(&runtime);
    let awaiting = throttle.clone();
    let mut call = Driven::new(async move {
        let _ = awaiting.run(1, async |_: Carried<u32>| panic_quietly()).await;
    });
    assert!(call.poll().is_pending());
    runtime.settle();
    assert!(panics(|| call.poll()));
    assert!(!throttle.snapshot().running);
}

fn merge_all_but_13(all: &mut Vec<u32>, more: Vec<u32>) {
    if more == [13] {
        panic_quietly();
    }
    all.extend(more);
}

/// A call whose value cannot be merged is not taken. If it has started a run, that one is owed, with what was there.
#[test]
fn where_merging_panics_all_that_was_there_stays_and_is_given() {
    let (runtime, given) = (runtime(), Given::default());
    let throttle = AsyncThrottle::merging_with_runtime(SECOND, runtime.clone(), merge_all_but_13);
    taken(throttle.trigger(vec![0], given.looks()));
    runtime.settle();
    taken(throttle.trigger(vec![1], given.looks()));
    assert!(panics(|| throttle.trigger(vec![13], given.looks())), "while a run is pending");
    assert!(throttle.is_pending());
    assert!(throttle.cancel());
    runtime.settle();
    runtime.clock().advance(SECOND);
    assert!(panics(|| throttle.trigger(vec![13], given.looks())), "while it starts a run");
    runtime.settle();
    let snapshot = throttle.snapshot();
    assert!(!snapshot.running && snapshot.deferral == DeferralStatus::None, "{snapshot:?}");
    assert_eq!(given.seen(), [vec![0], vec![1]], "that run is given what was there");
    taken(throttle.trigger(vec![2], given.looks()));
    runtime.clock().advance(SECOND);
    runtime.settle();
    assert_eq!(given.seen(), [[2]]);
}

/// What callers bring may panic when it is dropped.
struct PanicsWhenDropped;

impl Drop for PanicsWhenDropped {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            panic_quietly();
        }
    }
}

#[test]
fn a_value_that_panics_when_it_is_dropped_wedges_nothing() {
    let runtime = runtime();
    let throttle = AsyncThrottle::latest_with_runtime(SECOND, runtime.clone());
    let ticket = taken(throttle.trigger(PanicsWhenDropped, async |_| ()));
    runtime.settle();
    assert_eq!((runtime.panics(), told(ticket)), (0, Ok(())));
    // Also where its run was stopped, and a newer one has come since: then the older one is dropped.
    let stopped = taken(throttle.trigger(PanicsWhenDropped, async |given| {
        std::future::pending::<()>().await;
        drop(given);
    }));
    next_window(&runtime);
    let pending = taken(throttle.trigger(PanicsWhenDropped, async |_| ()));
    let running = runtime.tasks()[0];
    runtime.drop_task(running);
    assert!(throttle.is_pending() && !throttle.snapshot().running);
    next_window(&runtime);
    assert_eq!((told(stopped), told(pending)), (Ok(()), Ok(())));
    assert_eq!(merging(&runtime).take(), None);
}
