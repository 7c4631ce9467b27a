//! An end that meets a row of failures.

use crate::retries::{Plan, Script, at, ms, set, subject};
use crate::support::panic_quietly;
use atomic_throttle::{Batch, Ended, Manual, Pending, Retry, Shutdown, Step, Throttled, WaitError};
use std::sync::Arc;

/// It does not wait for the back-off, keeps the window, tries once more, and keeps what that was given.
#[test]
fn one_last_run_is_tried_when_the_window_is_over() {
    for (plans, kept) in [(&[Plan::Fails][..], None), (&[Plan::Fails, Plan::Panics], Some(1))] {
        let script = Script::of(plans);
        let never = Retry::by(|_, _| Some(ms(1_000_000)));
        let (clock, post, mut by_hand) = subject(&script, set(never));
        let ticket = post.trigger(1).unwrap().into_owned();
        assert_eq!(by_hand.step(), Step::Ran);
        let weak = post.downgrade();
        assert_eq!(post.shutdown(Pending::Finish).wait_for(ms(0)), Err(WaitError::TimedOut));
        assert_eq!(by_hand.step(), Step::Until(at(10)), "the window counts");
        clock.set(at(10));
        assert_eq!(by_hand.step(), Step::Ran);
        assert_eq!(by_hand.step(), Step::Ended(Shutdown::Ran));
        assert_eq!(ticket.wait().is_ok(), kept.is_none(), "its failure is final");
        assert_eq!(post.take(), kept, "G10");
        assert_eq!(weak.trigger(9).unwrap_err().value, 9);
    }
}

/// A run that fails after the end was asked for is not the last one, if it had started before.
#[test]
fn a_run_in_progress_is_followed_by_one_last_try() {
    let (go, gate) = std::sync::mpsc::channel::<()>();
    let clock = Arc::new(Manual::new(at(0)));
    let mut runs = 0;
    let save = Throttled::builder(ms(0))
        .clock(Arc::clone(&clock))
        .retry(Retry::by(|_, _| Some(ms(1_000_000))))
        .spawn(move || {
            runs += 1;
            let _ = gate.recv();
            if runs == 1 { Err("refused") } else { Ok(()) }
        })
        .unwrap();
    let ticket = save.trigger().unwrap();
    crate::support::until(|| save.snapshot().running);
    assert_eq!(save.shutdown(Pending::Finish).wait_for(ms(0)), Err(WaitError::TimedOut));
    assert_eq!(save.trigger().err(), Some(Ended::ShutDown));
    drop(go);
    assert_eq!(save.shutdown(Pending::Finish).wait(), Ok(Shutdown::Ran));
    assert_eq!((ticket.wait(), save.runs()), (Ok(()), 2));
}

#[test]
fn a_discard_in_a_back_off_cancels_and_keeps() {
    let script = Script::of(&[Plan::Fails]);
    let (_, post, mut by_hand) = subject(&script, set(Retry::by(|_, _| Some(ms(1_000_000)))));
    let ticket = post.trigger(1).unwrap().into_owned();
    assert_eq!(by_hand.step(), Step::Ran);
    assert_eq!(post.shutdown(Pending::Discard).wait_for(ms(0)), Err(WaitError::TimedOut));
    assert_eq!(by_hand.step(), Step::Ended(Shutdown::Discarded));
    assert_eq!(ticket.wait(), Err(WaitError::Cancelled));
    assert_eq!(post.take(), Some(1), "G10");
}

/// A panic that is fatal is not tried again.
#[test]
fn a_fatal_panic_is_stronger_than_a_policy() {
    let script = Script::of(&[Plan::Fails, Plan::Panics]);
    let (clock, post, mut by_hand) = subject(&script, set(Retry::by(|_, _| Some(ms(0)))).fatal_panics());
    let ticket = post.trigger(1).unwrap().into_owned();
    assert_eq!(by_hand.step(), Step::Ran);
    clock.set(at(10));
    assert_eq!(by_hand.step(), Step::Ran);
    assert_eq!(by_hand.step(), Step::Ended(Shutdown::Panicked));
    assert_eq!(ticket.wait(), Err(WaitError::Panicked));
}

/// Items of a batch whose last try failed are there: a version that dropped them lost a hundred thousand in a stress test.
#[test]
fn a_batch_whose_last_try_fails_is_kept() {
    let clock = Arc::new(Manual::new(at(0)));
    let builder = Throttled::builder(ms(0))
        .clock(Arc::clone(&clock))
        .retry(Retry::exponential(ms(100), ms(1000)))
        .collecting();
    let (rows, mut by_hand) = builder.by_hand(|batch: &mut Batch<u32>| -> Result<(), String> {
        if batch.len() > 2 { panic_quietly() } else { Err(String::from("refused")) }
    });
    for row in 1..=5 {
        let _ = rows.trigger(row).unwrap();
    }
    assert_eq!(by_hand.step(), Step::Ran);
    assert_eq!(rows.shutdown(Pending::Finish).wait_for(ms(0)), Err(WaitError::TimedOut));
    assert_eq!(by_hand.step(), Step::Ran);
    assert_eq!(by_hand.step(), Step::Ended(Shutdown::Ran));
    assert_eq!(rows.take(), [1, 2, 3, 4, 5], "G10");
}

/// A flushed run that the owner takes up after the end was asked for is not the last one, if a call came in between.
#[test]
fn a_flushed_run_with_another_one_pending_is_not_the_last() {
    let script = Script::of(&[Plan::Fails]);
    let (clock, post, mut by_hand) = subject(&script, set(Retry::by(|_, _| Some(ms(0)))));
    let first = post.trigger(1).unwrap();
    let _ = post.flush().unwrap();
    let second = post.trigger(2).unwrap();
    let _ = post.shutdown(Pending::Finish);
    assert_eq!(by_hand.step(), Step::Ran);
    clock.set(at(10));
    assert_eq!(by_hand.step(), Step::Ran);
    assert_eq!(by_hand.step(), Step::Ended(Shutdown::Ran));
    assert_eq!((first.wait(), second.wait()), (Ok(()), Ok(())), "neither failure was final");
    assert_eq!(*script.given.lock().unwrap(), [1, 2]);
}
