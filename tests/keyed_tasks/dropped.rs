//! Tasks that are dropped with several runs in progress: what these were given is there, their keys are owed, and the
//! throttle has ended.

use super::subject::{runtime, told};
use super::support::SECOND;
use atomic_throttle::{
    Batch, Carried, Ended, KeyedThrottled, NotFlushed, Pending, Reason, Shutdown, WaitError,
};
use std::future::pending;
use std::task::Poll;

#[test]
fn before_the_first_poll() {
    let runtime = runtime();
    let post = KeyedThrottled::<&str>::builder(SECOND)
        .latest()
        .spawn_on(runtime.clone(), async |_: &str, _: Carried<u32>| ())
        .unwrap();
    let ticket = post.trigger(&"a", 1).unwrap();
    runtime.drop_task(0);
    assert_eq!(told(ticket), Poll::Ready(Err(WaitError::Owed)));
    assert!(post.snapshot(&"a").unwrap().is_owed());
    let rejected = post.trigger(&"a", 2).unwrap_err();
    assert_eq!((rejected.reason, rejected.value), (Reason::Ended(Ended::Dropped), 2));
    assert_eq!(post.flush(&"a").map(drop), Err(NotFlushed::Ended));
    assert_eq!(post.all().wait(), Err(WaitError::Owed));
    assert_eq!((post.take(&"a"), post.take(&"a")), (Some(1), None), "G10");
    assert!(!post.snapshot(&"a").unwrap().is_owed());
    assert_eq!(post.all().wait(), Ok(()));
    assert_eq!(post.shutdown(Pending::Finish).wait(), Ok(Shutdown::Dropped));
}

#[test]
fn in_the_middle_of_several_runs() {
    let runtime = runtime();
    let post = KeyedThrottled::<&str>::builder(SECOND)
        .collecting()
        .spawn_on(runtime.clone(), async |_: &str, mut rows: Carried<Batch<u32>>| {
            assert!(rows.pop().is_some());
            pending::<()>().await;
            drop(rows);
        })
        .unwrap();
    let a = post.trigger(&"a", 1).unwrap();
    post.trigger(&"a", 2).unwrap();
    let b = post.trigger(&"b", 10).unwrap();
    post.trigger(&"b", 20).unwrap();
    runtime.poll(0);
    assert_eq!(post.runs(), 2);
    // The first is called again during its run, the second one is flushed behind it in vain.
    let again = post.trigger(&"a", 3).unwrap();
    runtime.poll(0);
    assert_eq!(post.flush(&"a").map(drop), Err(NotFlushed::Running));
    assert_eq!((told(a), told(b), told(again)), (Poll::Pending, Poll::Pending, Poll::Pending));
    runtime.drop_task(0);
    for ticket in [a, b, again] {
        assert_eq!(told(ticket), Poll::Ready(Err(WaitError::Owed)), "nobody sees it as covered");
    }
    for key in ["a", "b"] {
        let snapshot = post.snapshot(&key).unwrap();
        assert!(snapshot.is_owed() && !snapshot.running, "{key}");
    }
    assert_eq!(post.pending(), 0);
    assert_eq!((post.take(&"a"), post.take(&"b")), (vec![2, 3], vec![20]), "G10: but for what was taken out");
    assert_eq!(post.all().wait(), Ok(()));
}

/// A run that a flush has started, and that the task has not begun.
#[test]
fn after_a_flush() {
    let runtime = runtime();
    let post = KeyedThrottled::<&str>::builder(SECOND)
        .latest()
        .spawn_on(runtime.clone(), async |_: &str, _: Carried<u32>| ())
        .unwrap();
    post.trigger(&"a", 1).unwrap();
    let flushed = post.flush(&"a").unwrap();
    let later = post.trigger(&"a", 2).unwrap();
    runtime.drop_task(0);
    assert_eq!(
        (told(flushed), told(later)),
        (Poll::Ready(Err(WaitError::Owed)), Poll::Ready(Err(WaitError::Owed)))
    );
    assert_eq!(post.take(&"a"), Some(2), "the newer one");
}

/// A call comes after a flush of its key, and is due before the task begins the run that was flushed: it waits for that run.
#[test]
fn while_a_call_waits_for_a_flushed_run() {
    let runtime = runtime();
    let post = KeyedThrottled::<&str>::builder(SECOND)
        .latest()
        .max_concurrent(2)
        .spawn_on(runtime.clone(), async |_: &str, _: Carried<u32>| pending::<()>().await)
        .unwrap();
    for key in ["a", "b", "c"] {
        post.trigger(&key, 1).unwrap();
        let _ = post.flush(&key).unwrap();
    }
    let later = post.trigger(&"c", 2).unwrap();
    runtime.clock().advance(SECOND);
    runtime.poll(0);
    assert_eq!(post.runs(), 2, "there is no room for the third one");
    assert_eq!(told(later), Poll::Pending);
    runtime.drop_task(0);
    assert_eq!(told(later), Poll::Ready(Err(WaitError::Owed)));
    assert_eq!((post.pending(), post.take(&"c")), (0, Some(2)));
}

#[test]
fn the_last_handle_ends_it() {
    let runtime = runtime();
    let post = KeyedThrottled::<&str>::builder(SECOND).spawn_on(runtime.clone(), async |_: &str| ()).unwrap();
    post.trigger(&"a").unwrap();
    drop(post);
    assert!(runtime.poll(0), "what is pending is performed, and it has ended");
}
