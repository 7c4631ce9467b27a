//! What is tried again, when, and with what.

use crate::support::panic_quietly;
use atomic_throttle::{
    Batch, ByHand, Failure, Latest, Manual, Retry, Step, Throttled, ThrottledBuilder, Timestamp, WaitError,
};
use std::sync::{Arc, Mutex};
use std::time::Duration;

pub fn ms(count: u64) -> Duration {
    Duration::from_millis(count)
}

pub fn at(millisecond: u64) -> Timestamp {
    Timestamp::from_nanos((1000 + millisecond) * 1_000_000)
}

/// What the runs are to do, one after the other: fail by an error, by a panic, or not at all.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Plan {
    Fails,
    Panics,
}

#[derive(Clone, Default)]
pub struct Script {
    pub plans: Arc<Mutex<Vec<Plan>>>,
    pub given: Arc<Mutex<Vec<u64>>>,
}

impl Script {
    pub fn of(plans: &[Plan]) -> Self {
        let plans = plans.iter().rev().copied().collect();
        Self { plans: Arc::new(Mutex::new(plans)), given: Arc::default() }
    }

    pub fn run(&self, value: u64) -> Result<(), &'static str> {
        self.given.lock().unwrap().push(value);
        let plan = self.plans.lock().unwrap().pop();
        match plan {
            None => Ok(()),
            Some(Plan::Fails) => Err("refused"),
            Some(Plan::Panics) => panic_quietly(),
        }
    }
}

type Subject<F> = (Arc<Manual>, Throttled<Latest<u64>>, ByHand<Latest<u64>, F>);

pub fn subject(
    script: &Script,
    builder: ThrottledBuilder,
) -> Subject<impl FnMut(&mut u64) -> Result<(), Box<dyn std::error::Error + Send + Sync>> + use<>> {
    let clock = Arc::new(Manual::new(at(0)));
    let builder = builder.clock(Arc::clone(&clock));
    let script = script.clone();
    let (throttled, by_hand) = builder.latest().by_hand(move |value: &u64| script.run(*value));
    (clock, throttled, by_hand)
}

/// A throttle with a window of 10 ms.
pub fn set(retry: Retry) -> ThrottledBuilder {
    Throttled::builder(ms(10)).retry(retry)
}

fn by_hundreds() -> Retry {
    Retry::by(|attempt, _: &Failure| Some(ms(100 * u64::from(attempt))))
}

#[test]
fn it_is_tried_again_after_the_back_off_with_the_newest_value() {
    let script = Script::of(&[Plan::Fails, Plan::Panics, Plan::Fails]);
    let (clock, post, mut by_hand) = subject(&script, set(by_hundreds()));
    let ticket = post.trigger(1).unwrap();
    assert_eq!(by_hand.step(), Step::Ran);
    assert_eq!(ticket.wait_for(ms(0)), Err(WaitError::TimedOut), "its calls stay uncovered");
    assert_eq!(by_hand.step(), Step::Until(at(100)));
    let shown = post.snapshot();
    assert_eq!((shown.next_run_at, shown.failures), (Some(at(100)), 1));
    clock.set(at(100));
    assert_eq!(by_hand.step(), Step::Ran);
    let newer = post.trigger(2).unwrap();
    assert_eq!(by_hand.step(), Step::Until(at(300)), "a new call does not end a back-off");
    clock.set(at(300));
    assert_eq!(by_hand.step(), Step::Ran);
    assert_eq!(post.snapshot().failures, 3);
    clock.set(at(600));
    assert_eq!(by_hand.step(), Step::Ran);
    assert_eq!(*script.given.lock().unwrap(), [1, 1, 2, 2]);
    assert_eq!((ticket.wait(), newer.wait()), (Ok(()), Ok(())));
    assert_eq!(by_hand.step(), Step::Idle);
    let shown = post.snapshot();
    assert_eq!((shown.next_run_at, shown.failures), (None, 0));
}

#[test]
fn the_window_is_kept_where_the_back_off_is_shorter() {
    let script = Script::of(&[Plan::Fails]);
    let (clock, post, mut by_hand) = subject(&script, set(Retry::by(|_, _| Some(Duration::ZERO))));
    let _ = post.trigger(1).unwrap();
    assert_eq!(by_hand.step(), Step::Ran);
    assert_eq!(by_hand.step(), Step::Until(at(10)), "G1");
    clock.set(at(10));
    assert_eq!(by_hand.step(), Step::Ran);
}

#[test]
fn given_up_it_is_final_for_every_ticket_of_its_calls() {
    let script = Script::of(&[Plan::Fails, Plan::Fails]);
    let retry = by_hundreds().at_most(1);
    let (clock, post, mut by_hand) = subject(&script, set(retry));
    let first = post.trigger(1).unwrap();
    assert_eq!(by_hand.step(), Step::Ran);
    let second = post.trigger(2).unwrap();
    clock.set(at(100));
    assert_eq!(by_hand.step(), Step::Ran);
    let third = post.trigger(3).unwrap();
    assert_eq!(by_hand.step(), Step::Until(at(110)), "no back-off is left, only the window");
    for ticket in [first, second] {
        let told = ticket.wait();
        assert!(matches!(&told, Err(WaitError::Failed(failure)) if failure.attempt() == 2), "{told:?}");
    }
    clock.set(at(110));
    assert_eq!(by_hand.step(), Step::Ran);
    assert_eq!(third.wait(), Ok(()));
    assert!(first.wait().is_err(), "the later success does not hide it");
    assert_eq!(*script.given.lock().unwrap(), [1, 2, 3], "what was given up does not come again");
    assert_eq!(post.take(), None);
}

#[test]
fn a_cancel_ends_the_back_off_and_the_row_and_keeps_the_value() {
    let script = Script::of(&[Plan::Fails, Plan::Fails]);
    let (clock, post, mut by_hand) = subject(&script, set(by_hundreds()));
    let ticket = post.trigger(1).unwrap();
    assert_eq!(by_hand.step(), Step::Ran);
    assert!(post.cancel());
    assert_eq!(ticket.wait(), Err(WaitError::Cancelled));
    assert_eq!(post.snapshot().failures, 0);
    assert_eq!(by_hand.step(), Step::Idle);
    assert_eq!(post.take(), Some(1));
    let _ = post.trigger(7).unwrap();
    assert_eq!(by_hand.step(), Step::Until(at(10)), "the window stays");
    clock.set(at(10));
    assert_eq!(by_hand.step(), Step::Ran);
    assert_eq!(by_hand.step(), Step::Until(at(110)), "the first of a new row");
}

#[test]
fn a_flush_ends_the_back_off() {
    let script = Script::of(&[Plan::Fails, Plan::Fails]);
    let (clock, post, mut by_hand) = subject(&script, set(by_hundreds()));
    let ticket = post.trigger(1).unwrap();
    assert_eq!(by_hand.step(), Step::Ran);
    let flushed = post.flush().unwrap();
    assert_eq!(by_hand.step(), Step::Ran);
    assert_eq!(flushed.wait_for(ms(0)), Err(WaitError::TimedOut), "it failed, and is tried again");
    assert_eq!(by_hand.step(), Step::Until(at(200)), "it goes on in the row");
    clock.set(at(200));
    assert_eq!(by_hand.step(), Step::Ran);
    assert_eq!((ticket.wait(), flushed.wait()), (Ok(()), Ok(())));
}

#[test]
fn counts_come_again_and_are_given_once_to_a_run_that_succeeds() {
    let clock = Arc::new(Manual::new(at(0)));
    let told = Mutex::new(Vec::new());
    let builder = Throttled::builder(ms(10)).clock(Arc::clone(&clock)).retry(by_hundreds()).counting();
    let (calls, mut by_hand) = builder.by_hand(|calls| {
        told.lock().unwrap().push(calls);
        if told.lock().unwrap().len() == 1 { Err("refused") } else { Ok(()) }
    });
    for _ in 0..3 {
        let _ = calls.trigger().unwrap();
    }
    assert_eq!(by_hand.step(), Step::Ran);
    let _ = calls.trigger().unwrap();
    clock.set(at(100));
    assert_eq!(by_hand.step(), Step::Ran);
    assert_eq!(*told.lock().unwrap(), [3, 4]);
    assert_eq!(calls.outstanding(), 0);
}

#[test]
fn what_was_merged_is_merged_with_what_has_come_since() {
    let clock = Arc::new(Manual::new(at(0)));
    let given = Mutex::new(Vec::new());
    let builder = Throttled::builder(ms(10)).clock(Arc::clone(&clock)).retry(by_hundreds());
    let (texts, mut by_hand) = builder
        .merging(|older: &mut String, newer: String| older.push_str(&newer))
        .by_hand(|text: &String| {
            given.lock().unwrap().push(text.clone());
            if given.lock().unwrap().len() == 1 { Err("refused") } else { Ok(()) }
        });
    let _ = texts.trigger("a".into()).unwrap();
    assert_eq!(by_hand.step(), Step::Ran);
    let _ = texts.trigger("b".into()).unwrap();
    clock.set(at(100));
    assert_eq!(by_hand.step(), Step::Ran);
    assert_eq!(*given.lock().unwrap(), ["a", "ab"]);
}

/// A newer value comes while the run is in progress, and the older one then goes back beside it.
#[test]
fn a_value_that_comes_during_the_run_is_newer_than_what_goes_back() {
    for payload_is_latest in [true, false] {
        let clock = Arc::new(Manual::new(at(0)));
        let given = Arc::new(Mutex::new(Vec::new()));
        let builder = Throttled::builder(ms(10)).clock(Arc::clone(&clock)).retry(by_hundreds());
        let seen = Arc::clone(&given);
        let (go, gate) = std::sync::mpsc::channel::<()>();
        let step = move |value: u64| {
            seen.lock().unwrap().push(value);
            let _ = gate.recv();
            if seen.lock().unwrap().len() == 1 { Err("refused") } else { Ok(()) }
        };
        let bring: Box<dyn Fn(u64)> = if payload_is_latest {
            let throttled = builder.latest().spawn(move |value: &u64| step(*value)).unwrap();
            Box::new(move |value| drop(throttled.trigger(value).map(drop)))
        } else {
            let merge = |older: &mut u64, newer: u64| *older = *older * 10 + newer;
            let throttled = builder.merging(merge).spawn(move |value: &u64| step(*value)).unwrap();
            Box::new(move |value| drop(throttled.trigger(value).map(drop)))
        };
        bring(1);
        crate::support::until(|| given.lock().unwrap().len() == 1);
        bring(2);
        go.send(()).unwrap();
        go.send(()).unwrap();
        crate::support::until(|| {
            clock.advance(ms(100));
            given.lock().unwrap().len() == 2
        });
        assert_eq!(*given.lock().unwrap(), [1, if payload_is_latest { 2 } else { 12 }]);
        drop(bring);
    }
}

#[test]
fn a_batch_brings_back_what_was_not_taken_out() {
    let clock = Arc::new(Manual::new(at(0)));
    let seen = Mutex::new(Vec::new());
    let builder = Throttled::builder(ms(10))
        .clock(Arc::clone(&clock))
        .retry(Retry::by(|_, _| Some(Duration::ZERO)))
        .collecting::<u32>()
        .capacity(3);
    let (rows, mut by_hand) = builder.by_hand(|batch: &mut Batch<u32>| {
        seen.lock().unwrap().push(batch.iter().copied().collect::<Vec<_>>());
        if seen.lock().unwrap().len() == 1 {
            assert_eq!(batch.pop(), Some(1));
            return Err("half");
        }
        Ok(())
    });
    for row in 1..=3 {
        let _ = rows.trigger(row).unwrap();
    }
    assert_eq!(rows.trigger(4).unwrap_err().value, 4);
    assert_eq!(by_hand.step(), Step::Ran);
    let _ = rows.trigger(4).unwrap();
    clock.set(at(10));
    assert_eq!(by_hand.step(), Step::Ran);
    assert_eq!(*seen.lock().unwrap(), [vec![1, 2, 3], vec![2, 3, 4]]);
    assert!(rows.take().is_empty());
}

#[test]
fn a_batch_that_was_drained_has_nothing_to_try_again_with() {
    let clock = Arc::new(Manual::new(at(0)));
    let builder = Throttled::builder(ms(10)).clock(Arc::clone(&clock)).retry(by_hundreds()).collecting();
    let (rows, mut by_hand) = builder.by_hand(|batch: &mut Batch<u32>| {
        batch.drain().for_each(drop);
        Err("too late")
    });
    let ticket = rows.trigger(1).unwrap();
    assert_eq!(by_hand.step(), Step::Ran);
    assert!(matches!(ticket.wait(), Err(WaitError::Failed(_))));
    assert_eq!(by_hand.step(), Step::Idle);
}

/// Doubles from the first to the longest, and chance takes at most the half.
#[test]
fn an_exponential_back_off_doubles_to_its_longest() {
    let clock = Arc::new(Manual::new(at(0)));
    let retry = Retry::exponential(ms(100), ms(1000));
    let (save, mut by_hand) =
        Throttled::builder(ms(0)).clock(Arc::clone(&clock)).retry(retry).by_hand(|| Err::<(), _>("refused"));
    let _ = save.trigger().unwrap();
    let mut now = 0;
    for full in [100, 200, 400, 800, 1000, 1000] {
        assert_eq!(by_hand.step(), Step::Ran);
        let Step::Until(due) = by_hand.step() else { panic!("it is tried again") };
        let back_off = due.saturating_since(at(now));
        assert!(back_off >= ms(full / 2) && back_off <= ms(full), "{back_off:?} of {full}");
        now += full;
        clock.set(at(now));
    }
    drop(save);
    assert!(matches!(by_hand.step(), Step::Ran));
    assert!(matches!(by_hand.step(), Step::Ended(_)));
}

/// Any numbers: nothing overflows (G8).
#[test]
fn extreme_back_offs_do_not_overflow() {
    for (first, longest) in [
        (Duration::MAX, Duration::MAX),
        (Duration::ZERO, Duration::ZERO),
        (Duration::ZERO, Duration::MAX),
        (Duration::MAX, Duration::ZERO),
        (Duration::from_nanos(1), Duration::MAX),
    ] {
        let clock = Arc::new(Manual::new(at(0)));
        let builder = Throttled::builder(ms(0)).clock(Arc::clone(&clock));
        let (save, mut by_hand) =
            builder.retry(Retry::exponential(first, longest)).by_hand(|| Err::<(), _>("refused"));
        let _ = save.trigger().unwrap();
        assert_eq!(by_hand.step(), Step::Ran);
        for _ in 0..100 {
            if save.flush().is_ok() {
                assert_eq!(by_hand.step(), Step::Ran);
            }
        }
        assert!(save.snapshot().failures > 90);
    }
}
