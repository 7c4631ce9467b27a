//! What runs are given: what the calls on their own key have brought, once.

use super::subject::{Seen, runtime, told};
use super::support::{SECOND, at, panics};
use atomic_throttle::{Batch, Carried, KeyedThrottled, Pending, Reason, Shutdown};
use std::task::Poll;

#[test]
fn a_run_is_given_the_newest_value_of_its_key() {
    let (runtime, seen) = (runtime(), Seen::new());
    let inside = seen.clone();
    let paint = KeyedThrottled::<&str>::builder(SECOND)
        .latest()
        .spawn_on(runtime.clone(), async move |key, value: Carried<u32>| inside.add(key, *value))
        .unwrap();
    for value in 1..=3 {
        paint.trigger(&"a", value).unwrap();
        paint.trigger(&"b", 10 * value).unwrap();
    }
    runtime.poll(0);
    assert_eq!(seen.take(), [("a", 3), ("b", 30)]);
    paint.trigger(&"b", 4).unwrap();
    runtime.poll(0);
    assert_eq!(seen.take(), []);
    runtime.clock().set(at(2));
    runtime.poll(0);
    assert_eq!(seen.take(), [("b", 4)]);
}

#[test]
fn a_run_is_given_all_values_of_its_key() {
    let (runtime, seen) = (runtime(), Seen::new());
    let inside = seen.clone();
    let insert = KeyedThrottled::<&str>::builder(SECOND)
        .collecting()
        .capacity(2)
        .spawn_on(runtime.clone(), async move |key, rows: Carried<Batch<u32>>| {
            inside.add(key, rows.iter().copied().collect::<Vec<_>>());
        })
        .unwrap();
    insert.trigger(&"a", 1).unwrap();
    insert.trigger(&"a", 2).unwrap();
    insert.trigger(&"b", 3).unwrap();
    let refused = insert.trigger(&"a", 4).unwrap_err();
    assert_eq!((refused.reason, refused.value), (Reason::Full, 4), "the capacity is that of each key");
    runtime.poll(0);
    assert_eq!(seen.take(), [("a", vec![1, 2]), ("b", vec![3])]);
}

#[test]
fn a_run_is_given_all_values_of_its_key_in_one() {
    let (runtime, seen) = (runtime(), Seen::new());
    let inside = seen.clone();
    let add = |sum: &mut u32, more: u32| {
        assert_ne!(more, 13, "on purpose");
        *sum += more;
    };
    let sum = KeyedThrottled::<&str>::builder(SECOND)
        .merging(add)
        .spawn_on(runtime.clone(), async move |key, sum: Carried<u32>| inside.add(key, *sum))
        .unwrap();
    for value in [1, 2] {
        sum.trigger(&"a", value).unwrap();
        sum.trigger(&"b", 10 * value).unwrap();
    }
    // A panic of the function that merges is the caller's, and leaves what was there.
    assert!(panics(|| sum.trigger(&"a", 13).is_ok()));
    runtime.poll(0);
    assert_eq!(seen.take(), [("a", 3), ("b", 30)]);
}

#[test]
fn a_value_that_comes_during_the_run_is_given_to_the_next_one() {
    let (runtime, seen) = (runtime(), Seen::new());
    let inside = seen.clone();
    let (go, gate) = async_gate();
    let paint = KeyedThrottled::<&str>::builder(SECOND)
        .latest()
        .spawn_on(runtime.clone(), async move |key, value: Carried<u32>| {
            gate.recv().await.unwrap();
            inside.add(key, *value);
        })
        .unwrap();
    let first = paint.trigger(&"a", 1).unwrap();
    runtime.poll(0);
    let second = paint.trigger(&"a", 2).unwrap();
    go.try_send(()).unwrap();
    runtime.poll(0);
    assert_eq!(seen.take(), [("a", 1)]);
    assert_eq!((told(first), told(second)), (Poll::Ready(Ok(())), Poll::Pending));
    runtime.clock().set(at(2));
    go.try_send(()).unwrap();
    runtime.poll(0);
    assert_eq!(seen.take(), [("a", 2)]);
    assert_eq!(told(second), Poll::Ready(Ok(())));
}

pub fn async_gate() -> (smol::channel::Sender<()>, smol::channel::Receiver<()>) {
    smol::channel::unbounded()
}

#[test]
fn a_take_gives_up_the_run_and_a_cancel_drops_what_it_was_to_be_given() {
    let (runtime, seen) = (runtime(), Seen::new());
    let inside = seen.clone();
    let paint = KeyedThrottled::<&str>::builder(SECOND)
        .latest()
        .spawn_on(runtime.clone(), async move |key, value: Carried<u32>| inside.add(key, *value))
        .unwrap();
    paint.trigger(&"a", 1).unwrap();
    paint.trigger(&"b", 2).unwrap();
    assert_eq!((paint.take(&"a"), paint.take(&"a"), paint.take(&"c")), (Some(1), None, None));
    assert!(paint.cancel(&"b") && !paint.cancel(&"b"));
    assert_eq!(paint.pending(), 0);
    runtime.poll(0);
    assert_eq!(seen.take(), []);
    // The next one is given its own value alone.
    paint.trigger(&"b", 3).unwrap();
    runtime.poll(0);
    assert_eq!(seen.take(), [("b", 3)]);
}

#[test]
fn a_flush_is_given_what_is_there() {
    let (runtime, seen) = (runtime(), Seen::new());
    let inside = seen.clone();
    let paint = KeyedThrottled::<&str>::builder(SECOND)
        .latest()
        .spawn_on(runtime.clone(), async move |key, value: Carried<u32>| inside.add(key, *value))
        .unwrap();
    paint.trigger(&"a", 1).unwrap();
    runtime.poll(0);
    paint.trigger(&"a", 2).unwrap();
    let flushed = paint.flush(&"a").unwrap();
    // A later call is covered by a later run.
    let later = paint.trigger(&"a", 3).unwrap();
    runtime.poll(0);
    assert_eq!(seen.take(), [("a", 1), ("a", 2)]);
    assert_eq!((told(flushed), told(later)), (Poll::Ready(Ok(())), Poll::Pending));
}

#[test]
fn a_run_that_keeps_a_rest_is_followed_by_one() {
    let (runtime, seen) = (runtime(), Seen::new());
    let inside = seen.clone();
    let insert = KeyedThrottled::<&str>::builder(SECOND)
        .collecting()
        .spawn_on(runtime.clone(), async move |key, mut rows: Carried<Batch<u32>>| {
            inside.add(key, rows.pop());
            rows.keep_rest();
        })
        .unwrap();
    for row in 1..=3 {
        insert.trigger(&"a", row).unwrap();
    }
    for second in 1..=4 {
        runtime.clock().set(at(second));
        runtime.poll(0);
    }
    assert_eq!(seen.take(), [("a", Some(1)), ("a", Some(2)), ("a", Some(3))]);
    assert_eq!(insert.pending(), 0);
}

/// The end: what is pending is given, or discarded, and what a call would bring comes back.
#[test]
fn at_the_end() {
    for pending in [Pending::Finish, Pending::Flush, Pending::Discard] {
        let (runtime, seen) = (runtime(), Seen::new());
        let inside = seen.clone();
        let paint = KeyedThrottled::<&str>::builder(SECOND)
            .latest()
            .spawn_on(runtime.clone(), async move |key, value: Carried<u32>| inside.add(key, *value))
            .unwrap();
        paint.trigger(&"a", 1).unwrap();
        runtime.poll(0);
        assert_eq!(seen.take(), [("a", 1)]);
        let ticket = paint.trigger(&"a", 2).unwrap();
        let ending = paint.shutdown(pending);
        let rejected = paint.trigger(&"b", 3).unwrap_err();
        assert_eq!(rejected.value, 3);
        runtime.poll(0);
        if pending == Pending::Finish {
            assert_eq!(told(ticket), Poll::Pending);
            runtime.clock().set(at(2));
            assert!(runtime.poll(0));
        }
        let (expected, how) = match pending {
            Pending::Discard => (vec![], Shutdown::Discarded),
            _ => (vec![("a", 2)], Shutdown::Ran),
        };
        assert_eq!((seen.take(), ending.wait()), (expected, Ok(how)), "{pending:?}");
        assert_eq!(told(ticket).map(|told| told.is_ok()), Poll::Ready(pending != Pending::Discard));
    }
}

/// Many flushes hold up no key that is due, and many of those hold up no flush.
#[test]
fn flushed_runs_come_by_turns_with_those_that_are_due() {
    let (runtime, seen) = (runtime(), Seen::new());
    let inside = seen.clone();
    let post = KeyedThrottled::<&str>::builder(SECOND)
        .latest()
        .spawn_on(runtime.clone(), async move |key, value: Carried<u32>| inside.add(key, *value))
        .unwrap();
    // A look that finds nothing leaves the first turn to those that are flushed.
    runtime.settle();
    for key in ["flushed 1", "flushed 2"] {
        post.trigger(&key, 1).unwrap();
        let _ = post.flush(&key).unwrap();
    }
    for key in ["due 1", "due 2", "due 3"] {
        post.trigger(&key, 2).unwrap();
    }
    runtime.settle();
    let order: Vec<_> = seen.take().into_iter().map(|(key, _)| key).collect();
    assert_eq!(order, ["flushed 1", "due 1", "flushed 2", "due 2", "due 3"]);
}
