//! Values: a child gets back what it brings.

use super::Finally;
use super::support::{SECOND, at, until};
use atomic_throttle::{Collect, Ended, Manual, Pending, Reason, Retry, Throttled, WaitError};
use forked::in_child;
use std::io::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

#[test]
fn a_child_gets_back_what_it_brings() {
    let (sender, received) = mpsc::channel();
    let builder = Throttled::builder(SECOND).clock(Arc::new(Manual::new(at(1))));
    let batched: Throttled<Collect<u32>> = builder
        .collecting()
        .spawn(move |batch| batch.drain().for_each(|item| sender.send(item).unwrap()))
        .expect("a thread");
    batched.trigger(1).unwrap().wait().unwrap();
    let mut own = Some(batched.clone());
    in_child(|| {
        let batched = own.take().unwrap();
        let rejected = batched.trigger(2).expect_err("there is no thread");
        assert_eq!((rejected.value, rejected.reason), (2, Reason::Ended(Ended::Forked)));
        assert_eq!(batched.take(), []);
    });
    assert_eq!(received.try_iter().collect::<Vec<_>>(), [1]);
    // Pending: the item is in the queue, and the child can take it.
    batched.trigger(3).unwrap();
    let mut last = Some(batched);
    drop(own);
    in_child(|| {
        let batched = last.take().unwrap();
        assert_eq!(batched.all().wait(), Err(WaitError::Forked));
        let rejected = batched.trigger(4).expect_err("there is no thread");
        assert_eq!((rejected.value, batched.take()), (4, vec![3]));
    });
    let batched = last.unwrap();
    assert!(batched.shutdown(Pending::Discard).wait().is_ok());
    assert_eq!(batched.take(), [3]);
}

/// Forks are made while another thread brings values, most of the time under the lock of the payload.
#[test]
fn a_child_does_not_wait_for_the_lock_of_a_payload() {
    let builder =
        Throttled::builder(SECOND).clock(Arc::new(Manual::new(at(1)))).pending_on_drop(Pending::Discard);
    let newest = builder.latest().spawn(|_: &[u64; 64]| ()).expect("a thread");
    newest.trigger([0; 64]).unwrap().wait().unwrap();
    let ends = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !ends.load(Relaxed) {
                newest.trigger([1; 64]).unwrap();
            }
        });
        for _ in 0..200 {
            in_child(|| {
                // A value that a thread of the parent was moving may be out of reach.
                let _ = newest.take();
                let rejected = newest.trigger([2; 64]).expect_err("there is no thread");
                assert_eq!((rejected.value, rejected.reason), ([2; 64], Reason::Ended(Ended::Forked)));
            });
        }
        ends.store(true, Relaxed);
    });
}

/// A thread of the parent merges what a run that failed has left, under the lock that an end takes.
#[test]
fn a_child_that_drops_a_handle_does_not_wait_for_the_lock_of_its_parent() {
    static MERGES: AtomicBool = AtomicBool::new(false);
    static GOES_ON: AtomicBool = AtomicBool::new(false);
    let merge = |older: &mut u32, newer| {
        MERGES.store(true, Relaxed);
        until(|| GOES_ON.load(Relaxed));
        *older += newer;
    };
    let (called, is_called) = mpsc::channel();
    let (fail, fails) = mpsc::channel::<()>();
    let builder = Throttled::builder(Duration::ZERO).clock(Arc::new(Manual::new(at(1))));
    let builder = builder.pending_on_drop(Pending::Discard).retry(Retry::by(|_, _| Some(SECOND)));
    let spawned = builder.merging(merge).spawn(move |_: &u32| {
        called.send(()).unwrap();
        fails.recv().map_err(|_| Error::other("the test has ended"))?;
        Err::<(), _>(Error::other("on purpose"))
    });
    let mut last = Some(spawned.expect("a thread"));
    let merging = last.as_ref().unwrap();
    merging.trigger(1).unwrap();
    is_called.recv().unwrap();
    merging.trigger(2).unwrap();
    let _go_on = Finally(|| GOES_ON.store(true, Relaxed));
    fail.send(()).unwrap();
    until(|| MERGES.load(Relaxed));
    in_child(|| drop(last.take()));
    GOES_ON.store(true, Relaxed);
    assert!(last.unwrap().shutdown(Pending::Discard).wait().is_ok());
}
