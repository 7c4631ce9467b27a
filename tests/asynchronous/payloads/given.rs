//! What a run is given, of each payload, and what a flush, a cancel and a take do with it.

use super::super::by_hand::{ByHand, Driven};
use super::super::paused;
use super::{Given, SECOND, collecting, counting, merging, newest, next_window, runtime, taken, told};
use atomic_throttle::state::DeferralStatus;
use atomic_throttle::{
    AsyncThrottle, Batch, Carried, Collect, NotFlushed, Outcome, Reason, Ticket, WaitError,
};
use std::future::Future;
use std::task::Poll;

/// The outcome of a call that did not coalesce.
fn ran<T>(outcome: Outcome<T, Ticket<'_>>) -> (&'static str, T) {
    match outcome {
        Outcome::RanAtOnce(value) => ("at once", value),
        Outcome::RanDeferred(value) => ("deferred", value),
        Outcome::Coalesced(_) | Outcome::Cancelled | Outcome::Owed => panic!("it did not run"),
    }
}

fn ended<T>(driven: &mut Driven<T>) -> T {
    match driven.poll() {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("it has not ended"),
    }
}

#[test]
fn a_run_is_given_the_newest_value() {
    let (runtime, given) = (runtime(), Given::default());
    let throttle = newest(&runtime);
    let ticket = taken(throttle.trigger(0, given.looks()));
    runtime.settle();
    assert_eq!(told(ticket).map(|()| given.seen()), Ok(vec![0]));
    let tickets = [1, 2, 3].map(|value| taken(throttle.trigger(value, given.looks())));
    assert!(throttle.is_pending());
    next_window(&runtime);
    assert_eq!(given.seen(), [3]);
    assert_eq!(tickets.map(told), [const { Ok(()) }; 3]);
    assert_eq!(throttle.take(), None);
}

#[test]
fn a_run_is_given_all_values_merged_in_their_order() {
    let (runtime, given) = (runtime(), Given::default());
    let throttle = merging(&runtime);
    for value in 0..=3 {
        taken(throttle.trigger(vec![value], given.looks()));
    }
    runtime.settle();
    next_window(&runtime);
    assert_eq!(given.seen(), [vec![0], vec![1, 2, 3]]);
    assert_eq!(throttle.take(), None);
}

#[test]
fn a_run_is_given_all_values_in_their_order() {
    let (runtime, given) = (runtime(), Given::default());
    let throttle = collecting(&runtime);
    for value in 0..=3 {
        taken(throttle.trigger(value, given.looks_into()));
    }
    runtime.settle();
    next_window(&runtime);
    assert_eq!(given.seen(), [vec![0], vec![1, 2, 3]]);
    assert_eq!(throttle.take(), []);
}

#[test]
fn a_run_is_given_the_number_of_calls() {
    let (runtime, given) = (runtime(), Given::default());
    let throttle = counting(&runtime);
    for _ in 0..=3 {
        taken(throttle.trigger(given.hears()));
    }
    assert_eq!(throttle.outstanding(), 3);
    runtime.settle();
    next_window(&runtime);
    assert_eq!(given.seen(), [1, 3]);
    assert_eq!((throttle.outstanding(), throttle.take()), (0, 0));
}

#[test]
fn a_call_that_waits_returns_what_its_function_made_of_what_it_was_given() {
    paused(async {
        let throttle = AsyncThrottle::latest(SECOND);
        let double = async |value: Carried<u32>| value.into_inner() * 2;
        assert_eq!(ran(taken(throttle.run(1, double).await)), ("at once", 2));
        assert_eq!(ran(taken(throttle.run(2, double).await)), ("deferred", 4));
        let throttle = AsyncThrottle::merging(SECOND, |sum: &mut u32, more| *sum += more);
        let double = async |sum: Carried<u32>| *sum * 2;
        assert_eq!(ran(taken(throttle.run(1, double).await)), ("at once", 2));
        assert_eq!(ran(taken(throttle.run(2, double).await)), ("deferred", 4));
        let throttle = AsyncThrottle::collecting(SECOND);
        let all = async |mut batch: Carried<Batch<u32>>| batch.drain().collect::<Vec<_>>();
        assert_eq!(ran(taken(throttle.run(1, all).await)), ("at once", vec![1]));
        assert_eq!(ran(taken(throttle.run(2, all).await)), ("deferred", vec![2]));
        let throttle = AsyncThrottle::counting(SECOND);
        let calls = async |calls: u64| calls;
        assert_eq!(ran(taken(throttle.run(calls).await)), ("at once", 1));
        assert_eq!(ran(taken(throttle.run(calls).await)), ("deferred", 1));
    });
}

/// The owner's function is called with what all have brought; the others are told of that run.
#[test]
fn a_call_that_coalesces_into_an_owner_leaves_its_value_there() {
    let runtime = runtime();
    let throttle = merging(&runtime);
    taken(throttle.trigger(vec![0], async |_| ()));
    runtime.settle();
    let (owner, other) = (throttle.clone(), throttle.clone());
    let mut owner = Driven::new(async move {
        ran(taken(owner.run(vec![1], async |all: Carried<Vec<u32>>| all.into_inner()).await))
    });
    let mut other = Driven::new(async move {
        match taken(other.run(vec![2], async |_| panic!("another run covers it")).await) {
            Outcome::Coalesced(ticket) => ticket.await,
            _ => panic!("it did not coalesce"),
        }
    });
    assert!(owner.poll().is_pending() && other.poll().is_pending());
    next_window(&runtime);
    assert_eq!(ended(&mut owner), ("deferred", vec![1, 2]));
    assert_eq!(ended(&mut other), Ok(()));
}

#[test]
fn before_its_first_poll_a_call_has_brought_nothing() {
    let runtime = runtime();
    let throttle = collecting(&runtime);
    drop(throttle.run(1, async |_| ()));
    assert_eq!(throttle.take(), []);
    let counted = counting(&runtime);
    drop(counted.run(async |_| ()));
    assert_eq!(counted.take(), 0);
    assert!(runtime.tasks().is_empty());
}

#[test]
fn a_call_inside_a_run_is_for_the_run_after_it() {
    let (runtime, given) = (runtime(), Given::default());
    let throttle = collecting(&runtime);
    let (inside, seen) = (throttle.clone(), given.clone());
    let nested = async move |batch: Carried<Batch<u32>>| {
        taken(inside.trigger(2, seen.looks_into()));
        seen.push(batch.iter().copied().collect());
    };
    taken(throttle.trigger(1, nested));
    runtime.settle();
    assert_eq!(given.seen(), [[1]]);
    next_window(&runtime);
    assert_eq!(given.seen(), [[2]]);
}

/// A flush has the values run at once. Its tickets, and those of the calls, are of that run.
#[test]
fn a_flush_is_given_what_is_there() {
    let (runtime, given) = (runtime(), Given::default());
    let throttle = collecting(&runtime);
    let flush = |throttle: &AsyncThrottle<ByHand, Collect<u32>>| throttle.flush(given.looks_into()).map(told);
    assert_eq!(flush(&throttle), Err(NotFlushed::NothingPending));
    taken(throttle.trigger(0, given.looks_into()));
    assert_eq!(flush(&throttle), Err(NotFlushed::Running));
    runtime.settle();
    given.seen();
    let ticket = taken(throttle.trigger(1, async |_| panic!("the flush takes its place")));
    taken(throttle.trigger(2, async |_| panic!("it coalesced")));
    assert_eq!(flush(&throttle), Ok(Err(WaitError::TimedOut)));
    runtime.settle();
    assert_eq!(given.seen(), [[1, 2]]);
    assert_eq!(told(ticket), Ok(()));

    let (counted, heard) = (counting(&runtime), Given::default());
    for _ in 0..3 {
        taken(counted.trigger(heard.hears()));
    }
    runtime.settle();
    taken(counted.flush(heard.hears()));
    runtime.settle();
    assert_eq!(heard.seen(), [1, 2]);
    assert_eq!(counted.flush(heard.hears()).map(told), Err(NotFlushed::NothingPending));
}

#[test]
fn what_was_cancelled_is_kept_for_the_next_run_or_for_take() {
    let (runtime, given) = (runtime(), Given::default());
    let throttle = collecting(&runtime);
    for value in 0..3 {
        taken(throttle.trigger(value, given.looks_into()));
    }
    runtime.settle();
    assert!(throttle.cancel() && !throttle.cancel());
    next_window(&runtime);
    assert_eq!(given.seen(), [[0]]);
    taken(throttle.trigger(3, given.looks_into()));
    runtime.settle();
    assert_eq!(given.seen(), [[1, 2, 3]], "the cancelled ones come first");

    let ticket = taken(throttle.trigger(4, given.looks_into()));
    assert!(throttle.cancel());
    assert_eq!((told(ticket), throttle.take()), (Err(WaitError::Cancelled), vec![4]));
}

/// No run is left pending without a value.
#[test]
fn a_take_gives_up_the_pending_run() {
    let runtime = runtime();
    let throttle = newest(&runtime);
    taken(throttle.trigger(0, async |_| ()));
    runtime.settle();
    let ticket = taken(throttle.trigger(1, async |_| panic!("it was taken")));
    assert_eq!((throttle.take(), throttle.take()), (Some(1), None));
    assert_eq!(told(ticket), Err(WaitError::Cancelled));
    next_window(&runtime);
    assert_eq!(throttle.snapshot().deferral, DeferralStatus::None);
    assert!(runtime.tasks().is_empty());
}

/// A call that finds no room is refused, and asks for nothing. One that runs at once needs none.
#[test]
fn a_bounded_throttle_refuses_what_it_has_no_room_for() {
    let (runtime, given) = (runtime(), Given::default());
    let throttle = collecting(&runtime).capacity(2);
    for value in 0..3 {
        taken(throttle.trigger(value, given.looks_into()));
    }
    let full = throttle.trigger(3, given.looks_into()).expect_err("there is no room");
    assert_eq!((full.value, full.reason), (3, Reason::Full));
    runtime.settle();
    assert!(throttle.cancel());
    next_window(&runtime);
    given.seen();
    // Two values are left, of a run that was cancelled.
    taken(throttle.trigger(4, given.looks_into()));
    runtime.settle();
    assert_eq!(given.seen(), [[1, 2, 4]]);

    for value in 5..7 {
        taken(throttle.trigger(value, given.looks_into()));
    }
    assert!(throttle.cancel());
    runtime.settle();
    let full = throttle.trigger(7, given.looks_into()).expect_err("there is no room");
    assert_eq!((full.value, full.reason), (7, Reason::Full));
    assert_eq!(throttle.snapshot().deferral, DeferralStatus::None, "it asked for nothing");
    assert_eq!(throttle.take(), [5, 6]);
}

#[test]
#[should_panic(expected = "set its capacity where it is made")]
fn a_throttle_with_two_handles_gets_no_other_capacity() {
    let throttle = collecting(&runtime());
    let _other = throttle.clone();
    drop(throttle.capacity(1));
}

/// Its window and what it owes would be lost.
#[test]
#[should_panic(expected = "set its capacity where it is made")]
fn a_throttle_that_was_called_gets_no_other_capacity() {
    let runtime = runtime();
    let throttle = collecting(&runtime);
    taken(throttle.trigger(1, async |_| ()));
    runtime.shut_down();
    drop(throttle.capacity(1));
}

/// What the function is given tells of a newer call, so that it can make way for it.
#[test]
fn a_run_can_ask_whether_it_is_superseded() {
    let (runtime, given) = (runtime(), Given::<u32>::default());
    let throttle = newest(&runtime);
    let seen = given.clone();
    let asks = async move |value: Carried<u32>| {
        value.superseded().await;
        seen.push(*value);
    };
    taken(throttle.trigger(1, asks));
    runtime.settle();
    assert_eq!(given.seen(), []);
    taken(throttle.trigger(2, given.looks()));
    runtime.settle();
    assert_eq!(given.seen(), [1]);
    next_window(&runtime);
    assert_eq!(given.seen(), [2]);
}

/// The futures that the throttle hands out can be spawned.
#[test]
fn its_futures_are_send() {
    fn is_send<T>(_: impl Future<Output = T> + Send) {}
    let runtime = runtime();
    let throttle = newest(&runtime);
    is_send(throttle.run(1, async |value: Carried<u32>| value.superseded().await));
}
