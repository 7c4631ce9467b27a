//! `Collect`: no value is lost, none comes twice, and those of a caller keep their order.

use super::support::{SECOND, at, panic_quietly, until};
use atomic_throttle::{
    Batch, Collect, Ended, Manual, Pending, Reason, Shutdown, Throttled, ThrottledBuilder,
};
use evidence::Guarantee::{G3, G6};
use std::error::Error;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

fn on_a_clock(clock: &Arc<Manual>) -> ThrottledBuilder {
    Throttled::builder(SECOND).clock(Arc::clone(clock)).pending_on_drop(Pending::Discard)
}

/// A throttle that sends each batch to the test.
fn told(clock: &Arc<Manual>) -> (Throttled<Collect<u32>>, Receiver<Vec<u32>>) {
    let (sender, given) = mpsc::channel();
    let f = move |batch: &mut Batch<u32>| drop(sender.send(batch.drain().collect()));
    (on_a_clock(clock).collecting().spawn(f).expect("a thread"), given)
}

#[test]
fn a_run_is_given_everything_pushed_before_it() {
    let clock = Arc::new(Manual::new(at(1)));
    let (batched, given) = told(&clock);
    batched.trigger(1).expect("it goes on").wait().expect("it completes");
    for item in 2..=4 {
        batched.trigger(item).expect("it goes on");
    }
    clock.set(at(2));
    assert_eq!(given.recv(), Ok(vec![1]));
    assert_eq!(given.recv(), Ok(vec![2, 3, 4]));
    assert_eq!(batched.runs(), 2);
}

#[test]
fn what_a_run_leaves_is_in_the_next_batch() {
    let clock = Arc::new(Manual::new(at(1)));
    let (sender, first) = mpsc::channel();
    let (go, gate) = mpsc::channel::<()>();
    let f = move |batch: &mut Batch<u32>| {
        let _ = sender.send((batch.pop(), batch.len()));
        batch.keep_rest();
        gate.recv().unwrap_or(());
    };
    let batched = on_a_clock(&clock).collecting().spawn(f).expect("a thread");
    batched.trigger(1).expect("it goes on");
    assert_eq!(first.recv(), Ok((Some(1), 0)));
    for item in 2..=3 {
        batched.trigger(item).expect("it goes on");
    }
    for (number, left) in [(2, 1), (3, 0)] {
        go.send(()).unwrap();
        clock.advance(SECOND);
        assert_eq!(first.recv(), Ok((Some(number), left)), "without another call");
    }
    go.send(()).unwrap();
    batched.all().wait().expect("it completes");
    assert!(!batched.is_pending(), "nothing is left");
}

#[test]
fn what_a_panicking_run_leaves_is_in_the_next_batch() {
    let clock = Arc::new(Manual::new(at(1)));
    let (sender, items) = mpsc::channel();
    let f = move |batch: &mut Batch<u32>| {
        for item in batch.drain() {
            let _ = sender.send(item);
            if item == 2 {
                panic_quietly();
            }
        }
    };
    let batched = on_a_clock(&clock).collecting().spawn(f).expect("a thread");
    batched.trigger(1).expect("it goes on").wait().expect("it completes");
    for item in 2..=4 {
        batched.trigger(item).expect("it goes on");
    }
    clock.set(at(2));
    until(|| batched.panics() == 1 && batched.is_pending());
    clock.set(at(3));
    batched.all().wait().expect("the next run completes");
    assert_eq!(items.try_iter().collect::<Vec<_>>(), [1, 2, 3, 4]);
}

#[test]
fn after_the_end_an_item_is_given_back() {
    let clock = Arc::new(Manual::new(at(1)));
    let (batched, given) = told(&clock);
    batched.trigger(1).expect("it goes on").wait().expect("it completes");
    batched.trigger(2).expect("it goes on");
    batched.clone().trigger(3).expect("it goes on");
    assert_eq!(batched.shutdown(Pending::Discard).wait(), Ok(Shutdown::Discarded));
    let rejected = batched.trigger(4).expect_err("it has ended");
    assert_eq!((rejected.value, rejected.reason), (4, Reason::Ended(Ended::ShutDown)));
    assert!(rejected.to_string().contains("not taken"), "{rejected}");
    let why = rejected.source().expect("why").to_string();
    assert_eq!(why, Ended::ShutDown.to_string(), "told once, by the source");
    assert_eq!(batched.take(), [2, 3]);
    assert_eq!(given.iter().collect::<Vec<_>>(), [vec![1]]);
}

#[test]
fn after_a_cancel_the_items_are_in_the_next_batch() {
    let clock = Arc::new(Manual::new(at(1)));
    let (batched, given) = told(&clock);
    batched.trigger(1).expect("it goes on").wait().expect("it completes");
    batched.trigger(2).expect("it goes on");
    assert!(batched.cancel());
    batched.trigger(3).expect("it goes on");
    clock.set(at(2));
    assert_eq!(given.iter().take(2).collect::<Vec<_>>(), [vec![1], vec![2, 3]]);
}

/// Eight producers on the real clock, with runs that panic or leave items, until the end by `pending`.
fn produced(threshold: Duration, panic_every: u64, pending: Pending) -> (Vec<(u64, u64)>, u64) {
    const ITEMS: u64 = 3_000;
    let received: Arc<Mutex<Vec<(u64, u64)>>> = Arc::default();
    let seen = Arc::clone(&received);
    let mut number = 0;
    let f = move |batch: &mut Batch<(u64, u64)>| {
        for item in batch.drain() {
            seen.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(item);
            number += 1;
            if number % panic_every == 0 {
                panic_quietly();
            }
        }
    };
    let batched = Throttled::builder(threshold).collecting().spawn(f).expect("a thread");
    let accepted: u64 = thread::scope(|scope| {
        let producers: Vec<_> = (0..8)
            .map(|producer| {
                let batched = batched.clone();
                scope.spawn(move || (0..ITEMS).filter(|n| batched.trigger((producer, *n)).is_ok()).count())
            })
            .collect();
        producers.into_iter().map(|producer| producer.join().expect("no panic") as u64).sum()
    });
    batched.shutdown(pending).wait().expect("it ends");
    let mut items = received.lock().expect("no panic here").clone();
    items.extend(batched.take());
    (items, accepted)
}

#[test]
fn nothing_is_lost_or_doubled_and_each_producers_order_is_kept() {
    let check =
        evidence::Check::of(&[G3, G6], "batches, 8 producers: each item once, in its producer's order");
    let mut count = 0_u64;
    for (threshold, panic_every) in [(0, 7), (0, u64::MAX), (1_000, 101), (200_000, 1_000)] {
        for pending in [Pending::Finish, Pending::Flush, Pending::Discard] {
            let (items, accepted) = produced(Duration::from_nanos(threshold), panic_every, pending);
            assert_eq!(items.len() as u64, accepted);
            for producer in 0..8 {
                let own = items.iter().filter(|item| item.0 == producer).map(|item| item.1);
                assert!(own.eq(0..accepted / 8), "producer {producer}");
            }
            count += accepted;
        }
    }
    check.passed(usize::try_from(count).expect("a few"), "items");
}

/// When the run that covers a call has completed, the item of the call has been in a batch.
#[test]
fn whoever_has_waited_finds_its_item_done() {
    const ITEMS: u64 = 4_000;
    let check =
        evidence::Check::of(&[G3], "batches, 8 producers: an item is in a batch of the run that covers it");
    let received: Arc<[AtomicU64; 8]> = Arc::default();
    let done = Arc::clone(&received);
    let batched = Throttled::builder(Duration::ZERO)
        .collecting()
        .spawn(move |batch: &mut Batch<(usize, u64)>| {
            for (producer, item) in batch.drain() {
                done[producer].store(item, SeqCst);
            }
        })
        .expect("a thread");
    thread::scope(|scope| {
        for (producer, received) in received.iter().enumerate() {
            let batched = &batched;
            scope.spawn(move || {
                for item in 1..=ITEMS {
                    let triggered = batched.trigger((producer, item)).expect("it goes on");
                    assert_eq!(triggered.wait(), Ok(()));
                    assert_eq!(received.load(SeqCst), item, "producer {producer}");
                }
            });
        }
    });
    check.passed(8 * usize::try_from(ITEMS).expect("a few"), "items");
}

/// One item a run, and a run that panics: the end waits until all are done.
#[test]
fn the_end_performs_what_runs_have_left() {
    for pending in [Pending::Finish, Pending::Flush] {
        let received: Arc<Mutex<Vec<u32>>> = Arc::default();
        let seen = Arc::clone(&received);
        let batched = Throttled::builder(Duration::ZERO)
            .pending_on_drop(pending)
            .collecting()
            .spawn(move |batch: &mut Batch<u32>| {
                let item = batch.pop();
                batch.keep_rest();
                seen.lock().unwrap_or_else(std::sync::PoisonError::into_inner).extend(item);
                if item == Some(3) {
                    panic_quietly();
                }
            })
            .expect("a thread");
        for item in 0..10 {
            batched.trigger(item).expect("it goes on");
        }
        drop(batched);
        assert!(received.lock().expect("no panic here").iter().copied().eq(0..10), "{pending:?}");
    }
}

/// A function that takes nothing does not keep the throttle from ending.
#[test]
fn a_run_that_takes_nothing_ends_at_the_end() {
    let keeps_all = Throttled::builder(Duration::ZERO).collecting().spawn(Batch::<u32>::keep_rest);
    let keeps_all = keeps_all.expect("a thread");
    keeps_all.trigger(1).expect("it goes on");
    assert!(keeps_all.shutdown(Pending::Finish).wait().is_ok());
    assert_eq!(keeps_all.take(), [1]);
    let panics = Throttled::builder(Duration::ZERO).collecting().spawn(|_: &mut Batch<u32>| panic_quietly());
    let panics = panics.expect("a thread");
    panics.trigger(1).expect("it goes on");
    assert!(panics.shutdown(Pending::Finish).wait().is_ok());
    assert_eq!(panics.take(), [1]);
}

#[test]
fn a_run_that_returns_is_done_with_all() {
    let clock = Arc::new(Manual::new(at(1)));
    let looks = on_a_clock(&clock).collecting().spawn(|batch: &mut Batch<u32>| assert_eq!(batch.len(), 1));
    let looks = looks.expect("a thread");
    for item in 0..3 {
        looks.trigger(item).expect("it goes on").wait().expect("it completes");
        clock.advance(SECOND);
        assert!(!looks.is_pending());
    }
    assert_eq!(looks.take(), []);
}

#[test]
fn a_full_throttle_hands_the_value_back_and_makes_room() {
    let clock = Arc::new(Manual::new(at(1)));
    let (sender, given) = mpsc::channel();
    let f = move |batch: &mut Batch<u32>| drop(sender.send(batch.drain().collect::<Vec<_>>()));
    let batched = on_a_clock(&clock).collecting().capacity(2).spawn(f).expect("a thread");
    batched.trigger(1).expect("it goes on").wait().expect("it completes");
    batched.trigger(2).expect("there is room");
    batched.trigger(3).expect("there is room");
    let rejected = batched.trigger(4).expect_err("it is full");
    assert_eq!((rejected.value, rejected.reason), (4, Reason::Full));
    assert!(batched.cancel());
    // What the cancel has left fills it. Without a run it would be full for ever.
    let rejected = batched.trigger(5).expect_err("it is full");
    assert_eq!((rejected.value, rejected.reason), (5, Reason::Full));
    assert!(batched.is_pending(), "a run makes room");
    clock.set(at(2));
    assert_eq!(given.iter().take(2).collect::<Vec<_>>(), [vec![1], vec![2, 3]]);
    batched.all().wait().expect("it completes");
    batched.trigger(6).expect("there is room");
    assert_eq!(batched.take(), [6]);
    assert!(!batched.is_pending());
    // 0 would take nothing, ever.
    let least = on_a_clock(&clock).collecting().capacity(0).spawn(|_: &mut Batch<u32>| ()).expect("a thread");
    assert!(least.trigger(1).is_ok());
}

/// During the end, a value is given back, or done, or left: never two of these.
#[test]
fn an_item_that_comes_at_the_end_is_not_done_twice() {
    const ROUNDS: u32 = 300;
    let check = evidence::Check::of(&[G3], "batches, a producer against the end: each item in one place");
    for _ in 0..ROUNDS {
        let received: Arc<Mutex<Vec<u32>>> = Arc::default();
        let seen = Arc::clone(&received);
        let f = move |batch: &mut Batch<u32>| seen.lock().expect("no panic here").extend(batch.drain());
        let batched = Throttled::builder(Duration::ZERO).collecting().spawn(f).expect("a thread");
        let (accepted, rejected) = thread::scope(|scope| {
            let producer = scope.spawn(|| {
                let mut item = 0;
                loop {
                    match batched.trigger(item) {
                        Ok(_) => item += 1,
                        Err(rejected) => return (item, rejected),
                    }
                }
            });
            batched.shutdown(Pending::Finish).wait().expect("it ends");
            producer.join().expect("no panic")
        });
        assert_eq!(rejected.value, accepted, "the refused one is handed back");
        let done = received.lock().expect("no panic here").clone();
        assert!(done.iter().copied().eq(0..accepted), "what was taken is performed: {done:?} {accepted}");
        assert_eq!(batched.take(), []);
    }
    check.passed(ROUNDS as usize, "histories");
}
