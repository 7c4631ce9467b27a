//! Runs that fail: what is told, and what is tried again, each key by itself.

use super::subject::{Seen, runtime, told};
use super::support::{SECOND, at, panic_quietly};
use atomic_throttle::{Batch, Carried, KeyedThrottled, Pending, Retry, WaitError};
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

fn after(seconds: u64) -> Retry {
    Retry::by(move |_, _| Some(SECOND * u32::try_from(seconds).unwrap()))
}

/// Those of another key go on meanwhile.
#[test]
fn a_run_is_tried_again_with_what_it_was_given() {
    let (runtime, seen) = (runtime(), Seen::new());
    let inside = seen.clone();
    let post = KeyedThrottled::<&str>::builder(SECOND)
        .retry(after(10))
        .latest()
        .spawn_on(runtime.clone(), async move |key, value: Carried<u32>| {
            inside.add(key, *value);
            if *value < 3 { Err("on purpose") } else { Ok(()) }
        })
        .unwrap();
    let (first, other) = (post.trigger(&"a", 1).unwrap(), post.trigger(&"b", 9).unwrap());
    runtime.poll(0);
    assert_eq!(seen.take(), [("a", 1), ("b", 9)]);
    assert_eq!((told(first), told(other)), (Poll::Pending, Poll::Ready(Ok(()))));
    let snapshot = post.snapshot(&"a").unwrap();
    assert_eq!((snapshot.failures, snapshot.next_run_at), (1, Some(at(11))));
    runtime.clock().set(at(10));
    post.trigger(&"b", 8).unwrap();
    runtime.poll(0);
    assert_eq!(seen.take(), [("b", 8)], "a back-off holds up no other key");
    runtime.clock().set(at(11));
    runtime.poll(0);
    assert_eq!((seen.take(), told(first)), (vec![("a", 1)], Poll::Pending));
    assert_eq!(post.snapshot(&"a").unwrap().failures, 2);
    // A newer value replaces the older one, and does not end the back-off.
    let newer = post.trigger(&"a", 3).unwrap();
    runtime.clock().set(at(20));
    runtime.poll(0);
    assert_eq!((seen.take(), told(newer)), (vec![], Poll::Pending));
    runtime.clock().set(at(21));
    runtime.poll(0);
    assert_eq!(seen.take(), [("a", 3)]);
    assert_eq!((told(first), told(newer)), (Poll::Ready(Ok(())), Poll::Ready(Ok(()))));
    assert_eq!(post.snapshot(&"a").unwrap().failures, 0);
}

#[test]
fn it_gives_up_as_the_policy_says() {
    let runtime = runtime();
    let told_to_the_hook = Arc::new(Mutex::new(Vec::new()));
    let hook = Arc::clone(&told_to_the_hook);
    let post = KeyedThrottled::<&str>::builder(SECOND)
        .retry(after(1).at_most(1))
        .on_error(move |key, failure| hook.lock().unwrap().push((*key, failure.attempt())))
        .spawn_on(runtime.clone(), async |_: &str| Err::<(), _>("on purpose"))
        .unwrap();
    let ticket = post.trigger(&"a").unwrap();
    runtime.poll(0);
    assert_eq!(told(ticket), Poll::Pending);
    runtime.clock().set(at(2));
    runtime.poll(0);
    assert!(matches!(told(ticket), Poll::Ready(Err(WaitError::Failed(_)))));
    assert_eq!(*told_to_the_hook.lock().unwrap(), [("a", 1), ("a", 2)]);
    assert_eq!(post.pending(), 0);
}

/// A cancel ends the back-off, and the call after it starts a new row: it waits for the window alone.
#[test]
fn a_cancel_in_a_back_off_ends_it() {
    for acknowledged in [false, true] {
        let (runtime, seen) = (runtime(), Seen::new());
        let inside = seen.clone();
        let post = KeyedThrottled::<&str>::builder(SECOND)
            .retry(after(100))
            .latest()
            .spawn_on(runtime.clone(), async move |key, value: Carried<u32>| {
                inside.add(key, *value);
                if *value == 1 { Err("on purpose") } else { Ok(()) }
            })
            .unwrap();
        let first = post.trigger(&"a", 1).unwrap();
        runtime.poll(0);
        // The window is over, and only the back-off holds the run.
        runtime.clock().set(at(2));
        runtime.poll(0);
        assert_eq!((seen.take(), post.take(&"a")), (vec![("a", 1)], Some(1)));
        if acknowledged {
            runtime.poll(0);
        }
        assert_eq!(told(first), Poll::Ready(Err(WaitError::Cancelled)));
        let second = post.trigger(&"a", 2).unwrap();
        runtime.poll(0);
        assert_eq!(seen.take(), [("a", 2)], "it waits for nothing: acknowledged {acknowledged}");
        assert_eq!((told(first), told(second)), (Poll::Ready(Ok(())), Poll::Ready(Ok(()))));
        assert_eq!(post.pending(), 0);
    }
}

#[test]
fn a_flush_ends_a_back_off() {
    let (runtime, seen) = (runtime(), Seen::new());
    let inside = seen.clone();
    let post = KeyedThrottled::<&str>::builder(SECOND)
        .retry(after(100))
        .counting()
        .spawn_on(runtime.clone(), async move |key, calls| {
            inside.add(key, calls);
            if calls == 1 { Err("on purpose") } else { Ok(()) }
        })
        .unwrap();
    let first = post.trigger(&"a").unwrap();
    runtime.poll(0);
    post.trigger(&"a").unwrap();
    let flushed = post.flush(&"a").unwrap();
    runtime.poll(0);
    assert_eq!(seen.take(), [("a", 1), ("a", 2)], "the calls of the run that failed are counted once more");
    assert_eq!((told(first), told(flushed)), (Poll::Ready(Ok(())), Poll::Ready(Ok(()))));
    assert_eq!(post.uncovered(), 0);
}

/// An end does not wait for a back-off. What the last try was given is there.
#[test]
fn the_end_tries_once_more() {
    let (runtime, seen) = (runtime(), Seen::new());
    let inside = seen.clone();
    let post = KeyedThrottled::<&str>::builder(SECOND)
        .retry(after(100))
        .collecting()
        .spawn_on(runtime.clone(), async move |key, rows: Carried<Batch<u32>>| {
            inside.add(key, rows.len());
            Err::<(), _>("on purpose")
        })
        .unwrap();
    let ticket = post.trigger(&"a", 7).unwrap();
    runtime.poll(0);
    let ending = post.shutdown(Pending::Finish);
    runtime.poll(0);
    runtime.clock().set(at(2));
    assert!(runtime.poll(0), "it has ended");
    assert_eq!(seen.take(), [("a", 1), ("a", 1)]);
    assert!(ending.wait().is_ok());
    assert!(matches!(told(ticket), Poll::Ready(Err(WaitError::Failed(_)))));
    assert_eq!((post.take(&"a"), post.take(&"a")), (vec![7], vec![]));
}

#[test]
fn a_panic_is_a_failure_of_its_key() {
    let runtime = runtime();
    let panicked = Arc::new(Mutex::new(Vec::new()));
    let hook = Arc::clone(&panicked);
    let save = KeyedThrottled::<&str>::builder(Duration::ZERO)
        .on_panic(move |key, panic| hook.lock().unwrap().push((*key, panic.message().to_owned())))
        .spawn_on(runtime.clone(), async |key: &str| {
            if key == "bad" {
                panic_quietly();
            }
        })
        .unwrap();
    let (bad, good) = (save.trigger(&"bad").unwrap(), save.trigger(&"good").unwrap());
    runtime.poll(0);
    assert_eq!(told(bad), Poll::Ready(Err(WaitError::Panicked)));
    assert_eq!((told(good), save.panics()), (Poll::Ready(Ok(())), 1));
    assert_eq!(*panicked.lock().unwrap(), [("bad", String::from("on purpose"))]);
    assert_eq!(runtime.panics(), 0);
}
