//! `Batched`: a child gets back what it pushes.

use super::support::{SECOND, at};
use atomic_throttle::{Batched, Ended, Manual, Pending, Throttled, WaitError};
use forked::in_child;
use std::sync::Arc;
use std::sync::mpsc;

#[test]
fn a_child_gets_back_what_it_pushes() {
    let (sender, received) = mpsc::channel();
    let builder = Throttled::builder(SECOND).clock(Arc::new(Manual::new(at(1))));
    let batched: Batched<u32> = builder
        .spawn_batched(move |batch| batch.for_each(|item| sender.send(item).unwrap()))
        .expect("a thread");
    batched.trigger(1).unwrap().wait().unwrap();
    let mut own = Some(batched.clone());
    in_child(|| {
        let batched = own.take().unwrap();
        let rejected = batched.trigger(2).expect_err("there is no thread");
        assert_eq!((rejected.item, rejected.ended), (Some(2), Ended::Forked));
        assert_eq!(batched.take_remaining(), []);
    });
    assert_eq!(received.try_iter().collect::<Vec<_>>(), [1]);
    // Pending: the item is in the queue, and the child can take it.
    batched.trigger(3).unwrap();
    let mut last = Some(batched);
    drop(own);
    in_child(|| {
        let batched = last.take().unwrap();
        assert_eq!(batched.throttled().wait(), Err(WaitError::Forked));
        let rejected = batched.trigger(4).expect_err("there is no thread");
        assert_eq!((rejected.item, batched.take_remaining()), (Some(4), vec![3]));
    });
    let batched = last.unwrap();
    assert!(batched.throttled().shutdown(Pending::Discard).is_ok());
    assert_eq!(batched.take_remaining(), [3]);
}
