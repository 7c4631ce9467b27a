//! `enough` ends a delay or a quiet time; and what a cancel, a flush and an end do with these.

use super::table::{at, ms};
use atomic_throttle::{Batch, Collect, Count, Manual, Pending, Shutdown, Step, Throttled, ThrottledBuilder};
use std::sync::Arc;
use std::sync::Mutex;
use std::thread;

fn builder(threshold: u64) -> (Arc<Manual>, ThrottledBuilder) {
    let clock = Arc::new(Manual::new(at(0)));
    let builder = Throttled::builder(ms(threshold)).clock(Arc::clone(&clock));
    (clock, builder)
}

#[test]
fn enough_values_end_a_delay_and_never_the_window() {
    let (clock, builder) = builder(100);
    let sizes = Mutex::new(Vec::new());
    let builder: ThrottledBuilder<Collect<u32>> = builder.delay(ms(50)).collecting().enough(3);
    let (batches, mut by_hand) =
        builder.by_hand(|batch: &mut Batch<u32>| sizes.lock().unwrap().push(batch.len()));
    let bring = |value| drop(batches.trigger(value).map(drop));
    bring(1);
    assert_eq!(by_hand.step(), Step::Until(at(50)));
    assert_eq!(batches.snapshot().next_run_at, Some(at(50)));
    bring(2);
    assert_eq!(by_hand.step(), Step::Until(at(50)));
    bring(3);
    assert_eq!(by_hand.step(), Step::Ran);
    (0..5).for_each(bring);
    assert_eq!(by_hand.step(), Step::Until(at(100)), "G1");
    clock.set(at(100));
    assert_eq!(by_hand.step(), Step::Ran);
    assert_eq!(*sizes.lock().unwrap(), [3, 5]);
}

#[test]
fn enough_calls_end_a_quiet_time() {
    let (_, builder) = builder(0);
    let told = Mutex::new(Vec::new());
    let builder: ThrottledBuilder<Count> = builder.debounce(ms(50), ms(500)).counting().enough(2);
    let (calls, mut by_hand) = builder.by_hand(|calls| told.lock().unwrap().push(calls));
    let _ = calls.trigger().unwrap();
    assert_eq!(by_hand.step(), Step::Until(at(50)));
    let _ = calls.trigger().unwrap();
    assert_eq!(by_hand.step(), Step::Ran);
    assert_eq!(*told.lock().unwrap(), [2]);
}

/// It could never be reached otherwise.
#[test]
fn a_full_capacity_is_enough() {
    let (_, builder) = builder(0);
    let builder = builder.delay(ms(50)).collecting::<u32>().enough(10).capacity(2);
    let (batches, mut by_hand) = builder.by_hand(|_: &mut Batch<u32>| ());
    let _ = batches.trigger(1).unwrap();
    assert_eq!(by_hand.step(), Step::Until(at(50)));
    let _ = batches.trigger(2).unwrap();
    assert_eq!(by_hand.step(), Step::Ran);
}

/// A thread sleeps until the end of the delay: the call that makes it enough wakes it. Nobody moves the clock, so
/// otherwise it sleeps for ever.
#[test]
fn enough_wakes_the_thread() {
    let (_, of_calls) = builder(0);
    let counting = of_calls.delay(ms(50)).counting().enough(3).spawn(|_| ()).unwrap();
    let (_, of_values) = builder(0);
    let batches = of_values.delay(ms(50)).collecting().enough(3).spawn(|_: &mut Batch<u32>| ()).unwrap();
    for value in 0..2 {
        // Each from a thread of its own: where calls are counted in several numbers, none of these is enough.
        thread::scope(|scope| {
            let _ = scope.spawn(|| counting.trigger().map(drop)).join().unwrap();
            let _ = scope.spawn(|| batches.trigger(value).map(drop)).join().unwrap();
        });
    }
    while counting.snapshot().next_run_at != Some(at(50)) || batches.snapshot().next_run_at != Some(at(50)) {
        thread::yield_now();
    }
    assert_eq!(counting.trigger().unwrap().wait(), Ok(()));
    assert_eq!(batches.trigger(2).unwrap().wait(), Ok(()));
}

#[test]
fn a_call_after_a_cancel_begins_a_delay_of_its_own() {
    let (clock, builder) = builder(1);
    let (throttled, mut by_hand) = builder.delay(ms(50)).by_hand(|| ());
    let _ = throttled.trigger().unwrap();
    assert_eq!(by_hand.step(), Step::Until(at(50)));
    clock.set(at(40));
    assert!(throttled.cancel());
    // It revives what was cancelled: nobody has acknowledged that.
    let _ = throttled.trigger().unwrap();
    assert_eq!(by_hand.step(), Step::Until(at(90)));
    clock.set(at(90));
    assert_eq!(by_hand.step(), Step::Ran);
}

#[test]
fn a_take_ends_a_delay_as_well() {
    let (clock, builder) = builder(1);
    let (throttled, mut by_hand) = builder.delay(ms(50)).latest().by_hand(|_: &u32| ());
    let _ = throttled.trigger(1).unwrap();
    clock.set(at(40));
    assert_eq!(throttled.take(), Some(1));
    let _ = throttled.trigger(2).unwrap();
    assert_eq!(by_hand.step(), Step::Until(at(90)));
}

#[test]
fn a_flush_waits_for_no_pace() {
    let (clock, builder) = builder(1);
    let (throttled, mut by_hand) = builder.debounce(ms(50), ms(80)).by_hand(|| ());
    let _ = throttled.trigger().unwrap();
    let flushed = throttled.flush().unwrap();
    assert_eq!(by_hand.step(), Step::Ran);
    assert_eq!(flushed.wait(), Ok(()));
    clock.set(at(10));
    let _ = throttled.trigger().unwrap();
    assert_eq!(by_hand.step(), Step::Until(at(60)), "the next run has a pace of its own");
}

/// Its run was handed over, and has not begun.
#[test]
fn a_call_after_a_flush_has_a_pace_of_its_own() {
    let (clock, builder) = builder(1);
    let (throttled, mut by_hand) = builder.delay(ms(50)).by_hand(|| ());
    let _ = throttled.trigger().unwrap();
    let _ = throttled.flush().unwrap();
    let _ = throttled.trigger().unwrap();
    assert_eq!(by_hand.step(), Step::Ran);
    clock.set(at(1));
    assert_eq!(by_hand.step(), Step::Until(at(50)), "the window is over, and the delay is not");
}

#[test]
fn an_end_waits_for_the_window_alone() {
    let (clock, builder) = builder(20);
    let (throttled, mut by_hand) = builder.delay(ms(50)).by_hand(|| ());
    let _ = throttled.trigger().unwrap();
    clock.set(at(50));
    assert_eq!(by_hand.step(), Step::Ran);
    let _ = throttled.trigger().unwrap();
    assert_eq!(by_hand.step(), Step::Until(at(100)));
    drop(throttled);
    assert_eq!(by_hand.step(), Step::Until(at(70)));
    clock.set(at(70));
    assert_eq!(by_hand.step(), Step::Ran);
    assert_eq!(by_hand.step(), Step::Ended(Shutdown::Ran));
    assert_eq!(by_hand.step(), Step::Ended(Shutdown::Ran));
}

#[test]
fn what_drives_it_is_dropped_too_soon() {
    let (_, builder) = builder(20);
    let (throttled, by_hand) = builder.delay(ms(50)).latest().by_hand(|_: &u32| ());
    let ticket = throttled.trigger(1).unwrap();
    drop(by_hand);
    assert_eq!(ticket.wait(), Err(atomic_throttle::WaitError::Owed));
    let rejected = throttled.trigger(2).unwrap_err();
    assert_eq!(rejected.reason, atomic_throttle::Reason::Ended(atomic_throttle::Ended::Dropped));
    assert_eq!(rejected.value, 2);
    assert_eq!(throttled.take(), Some(1), "G10");
    assert_eq!(throttled.shutdown(Pending::Finish).wait(), Ok(Shutdown::Dropped));
}

/// Nobody performs the run that the flush has started: it is owed, not done.
#[test]
fn what_drives_it_is_dropped_after_a_flush() {
    let (_, builder) = builder(20);
    let (throttled, by_hand) = builder.latest().by_hand(|_: &u32| ());
    let ticket = throttled.trigger(1).unwrap();
    let _ = throttled.flush().unwrap();
    drop(by_hand);
    assert!(throttled.snapshot().is_owed());
    assert_eq!(ticket.wait(), Err(atomic_throttle::WaitError::Owed));
    assert_eq!(throttled.take(), Some(1), "G10");
}

/// The clock is asked before anything is decided.
#[test]
fn a_clock_that_panics_loses_no_value_of_a_debounced_call() {
    let builder = Throttled::builder(ms(1)).clock(Broken).debounce(ms(5), ms(50)).latest::<u32>();
    let (throttled, by_hand) = builder.by_hand(|_: &u32| ());
    let called = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| throttled.trigger(1).map(drop)));
    assert!(called.is_err());
    assert!(!throttled.is_pending());
    drop(by_hand);
}

#[test]
fn a_clock_that_panics_counts_no_debounced_call() {
    let builder = Throttled::builder(ms(1)).clock(Broken).debounce(ms(5), ms(50)).counting();
    let (throttled, by_hand) = builder.by_hand(|_| ());
    let called = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| throttled.trigger().map(drop)));
    assert!(called.is_err());
    assert_eq!(throttled.outstanding(), 0);
    drop(by_hand);
}

struct Broken;

impl atomic_throttle::Clock for Broken {
    fn now(&self) -> atomic_throttle::Timestamp {
        panic!("planted: the clock")
    }
}

/// The owner takes up the flushed run only after that call: then what holds the flushed run is over, and no more.
#[test]
fn a_call_after_a_flush_has_a_delay_of_its_own() {
    let (clock, builder) = builder(0);
    let (throttled, mut by_hand) = builder.delay(ms(50)).by_hand(|| ());
    let _ = throttled.trigger().unwrap();
    let flushed = throttled.flush().unwrap();
    clock.set(at(10));
    let _ = throttled.trigger().unwrap();
    assert_eq!(by_hand.step(), Step::Ran);
    assert_eq!(flushed.wait(), Ok(()));
    assert_eq!(by_hand.step(), Step::Until(at(60)));
    clock.set(at(60));
    assert_eq!(by_hand.step(), Step::Ran);
    assert_eq!(by_hand.step(), Step::Idle);
}
