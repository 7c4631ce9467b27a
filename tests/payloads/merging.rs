//! `Merge`: all values are merged into one.

use super::support::{SECOND, at, panic_quietly, panics};
use atomic_throttle::{Manual, Merge, Pending, Reason, Throttled};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, OnceLock};

type Values = Vec<u32>;

fn told(clock: &Arc<Manual>, merge: fn(&mut Values, Values)) -> (Throttled<Merge<Values>>, Receiver<Values>) {
    let (sender, given) = mpsc::channel();
    let builder = Throttled::builder(SECOND).clock(Arc::clone(clock)).pending_on_drop(Pending::Discard);
    let merging = builder.merging(merge).spawn(move |all| drop(sender.send(all.clone())));
    (merging.expect("a thread"), given)
}

#[test]
fn a_run_is_given_all_values_in_one_in_their_order() {
    let clock = Arc::new(Manual::new(at(1)));
    let (merging, given) = told(&clock, Extend::extend);
    merging.trigger(vec![0]).expect("it goes on").wait().expect("it completes");
    for value in 1..=3 {
        merging.trigger(vec![value]).expect("it goes on");
    }
    assert!(merging.cancel());
    merging.trigger(vec![4]).expect("it goes on");
    clock.set(at(2));
    merging.all().wait().expect("it completes");
    assert_eq!(given.try_iter().collect::<Vec<_>>(), [vec![0], vec![1, 2, 3, 4]]);
    merging.trigger(vec![5]).expect("it goes on");
    merging.trigger(vec![6]).expect("it goes on");
    assert_eq!(merging.take(), Some(vec![5, 6]));
    assert!(!merging.is_pending());
}

/// The call whose value could not be merged is not taken; those before it are.
#[test]
fn a_panic_inside_a_merge_loses_that_value_alone() {
    let clock = Arc::new(Manual::new(at(1)));
    let merge = |older: &mut Values, newer: Values| {
        if newer == [2] {
            panic_quietly();
        }
        older.extend(newer);
    };
    let (merging, given) = told(&clock, merge);
    merging.trigger(vec![0]).expect("it goes on").wait().expect("it completes");
    merging.trigger(vec![1]).expect("it goes on");
    assert!(panics(|| merging.trigger(vec![2]).map(drop)));
    // The same where the call is the one that makes the run pending.
    assert!(merging.cancel());
    assert!(panics(|| merging.trigger(vec![2]).map(drop)));
    merging.trigger(vec![3]).expect("it goes on");
    clock.set(at(2));
    merging.all().wait().expect("it completes");
    assert_eq!(given.try_iter().collect::<Vec<_>>(), [vec![0], vec![1, 3]]);
}

static ITSELF: OnceLock<Throttled<Merge<Values>>> = OnceLock::new();

#[test]
fn a_call_inside_of_a_merge_is_refused() {
    let clock = Arc::new(Manual::new(at(1)));
    let merge = |older: &mut Values, newer: Values| {
        let rejected = ITSELF.get().expect("it is set").trigger(newer).expect_err("it is inside");
        assert_eq!(rejected.reason, Reason::InsideMerge);
        older.extend(rejected.value);
    };
    let (merging, given) = told(&clock, merge);
    assert!(ITSELF.set(merging).is_ok());
    let merging = ITSELF.get().expect("it was set");
    merging.trigger(vec![0]).expect("it goes on").wait().expect("it completes");
    merging.trigger(vec![1]).expect("it goes on");
    merging.trigger(vec![2]).expect("it goes on");
    clock.set(at(2));
    merging.all().wait().expect("it completes");
    assert_eq!(given.try_iter().collect::<Vec<_>>(), [vec![0], vec![1, 2]]);
    assert!(merging.shutdown(Pending::Finish).wait().is_ok());
}
