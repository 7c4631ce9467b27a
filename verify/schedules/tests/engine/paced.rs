//! Runs that are held by a pace. Another thread moves the clock.

use super::{below, locked};
use atomic_throttle::{Batch, Clock, Count, Epoch, Manual, Payload, Pending, Throttled, Timestamp};
use schedules::Tally;
use shuttle::sync::mpsc::channel;
use shuttle::thread;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

const DELAY: Duration = Duration::from_nanos(10);
const STEP: Duration = Duration::from_nanos(4);
const CALLERS: u32 = 2;
const CALLS: u32 = 2;

/// The epoch that a call was made in, and what the clock read before it.
type Call = (Epoch, Timestamp);

/// Asserts that each run that is held started no sooner than the delay after the earliest call that was made for it. A cancel gives up
/// some of these calls. Then the first call that the run covers is a later one, so it must start still later.
fn assert_delayed(runs: &[Epoch], is_held: impl Fn(&Epoch) -> bool, calls: &[Call]) {
    let mut before = None;
    for run in runs {
        let made_for_it =
            calls.iter().filter(|(epoch, _)| before.is_none_or(|run| *epoch >= run) && epoch < run);
        if !is_held(run) {
            // It was flushed.
        } else if let Some(first) = made_for_it.map(|(_, called)| *called).min() {
            let started = run.started_at();
            assert!(started >= first.saturating_add(DELAY), "a run started too soon: {started:?}, {first:?}");
        }
        before = Some(*run);
    }
}

/// What a thread does while two others call.
#[derive(Clone, Copy, PartialEq)]
enum Disturbs {
    Cancels,
    Takes,
    /// A run that it starts is not held.
    Flushes,
}

/// A thread disturbs two that call, while the clock moves on.
fn delayed(reached: &Tally, disturbs: Disturbs) {
    let clock = Arc::new(Manual::new(Timestamp::from_nanos(100)));
    let handle: Arc<OnceLock<Throttled<Count>>> = Arc::default();
    let runs: Arc<Mutex<Vec<Epoch>>> = Arc::default();
    let (inside, noted) = (Arc::clone(&handle), Arc::clone(&runs));
    let builder = Throttled::builder(Duration::ZERO).delay(DELAY).clock(Arc::clone(&clock));
    let spawned = builder.counting().spawn(move |_| {
        let epoch = inside.get().expect("it is there before the first call").snapshot().epoch;
        locked(&noted).push(epoch);
    });
    let throttled = spawned.expect("shuttle can start a thread");
    assert!(handle.set(throttled.clone()).is_ok());
    let callers: Vec<_> = (0..CALLERS)
        .map(|_| {
            let (throttled, clock) = (throttled.clone(), Arc::clone(&clock));
            thread::spawn(move || {
                let mut calls: Vec<Call> = Vec::new();
                for _ in 0..CALLS {
                    let before = clock.now();
                    calls.push((throttled.trigger().expect("it goes on").epoch(), before));
                    if below(2) == 0 {
                        clock.advance(STEP);
                    }
                }
                calls
            })
        })
        .collect();
    let mut taken_over = Vec::new();
    for _ in 0..2 {
        match disturbs {
            Disturbs::Cancels => reached.count_if(throttled.cancel()),
            Disturbs::Takes => reached.count_if(throttled.take() > 0),
            Disturbs::Flushes => {
                if let Ok(ticket) = throttled.flush() {
                    let _ = ticket.wait();
                    taken_over.push(ticket.epoch());
                }
            }
        }
    }
    reached.count_if(!taken_over.is_empty());
    let calls: Vec<_> = callers.into_iter().flat_map(|caller| caller.join().expect("no panic")).collect();
    clock.advance(DELAY);
    let _ = throttled.all().wait();
    throttled.shutdown(Pending::Finish).wait().expect("outside of the run");
    let runs = locked(&runs).clone();
    // A flush starts the first run after the epoch of its ticket.
    let held =
        |run: &Epoch| !taken_over.iter().any(|before| runs.iter().find(|run| *run > before) == Some(run));
    assert_delayed(&runs, held, &calls);
}

/// Cancels and calls that revive what was cancelled, against the owner.
pub fn delayed_with_cancels(cancelled: &Tally) {
    delayed(cancelled, Disturbs::Cancels);
}

/// As [`delayed_with_cancels`], and the calls are taken.
pub fn delayed_with_takes(taken: &Tally) {
    delayed(taken, Disturbs::Takes);
}

/// Flushes, and calls before the owner takes up the run that was flushed.
pub fn delayed_with_flushes(flushed: &Tally) {
    delayed(flushed, Disturbs::Flushes);
}

/// The clock stands, so a delay is never over: the call that makes it enough has the owner start the run.
///
/// Nobody waits for a ticket: a run may be told of a call that the run after it covers, and that one is held.
pub fn enough_calls(coalesced: &Tally) {
    let clock = Manual::new(Timestamp::from_nanos(100));
    let builder = Throttled::builder(Duration::ZERO).delay(DELAY).clock(clock);
    let (tell, told) = channel();
    let spawned =
        builder.counting().enough(ENOUGH.into()).spawn(move |calls| tell.send(calls).expect("it hears"));
    let throttled = spawned.expect("shuttle can start a thread");
    let callers = callers(&throttled, coalesced, |throttled, _| _ = throttled.trigger().expect("it goes on"));
    assert_eq!(told.recv(), Ok(ENOUGH.into()), "G10");
    for caller in callers {
        caller.join().expect("no panic");
    }
    throttled.shutdown(Pending::Discard).wait().expect("outside of the run");
}

/// As [`enough_calls`], of values.
pub fn enough_values(coalesced: &Tally) {
    let clock = Manual::new(Timestamp::from_nanos(100));
    let builder = Throttled::builder(Duration::ZERO).delay(DELAY).clock(clock);
    let collecting = builder.collecting().enough(ENOUGH as usize);
    let spawned = collecting.spawn(|batch: &mut Batch<u32>| assert_eq!(batch.len(), ENOUGH as usize));
    let throttled = spawned.expect("shuttle can start a thread");
    let callers = callers(&throttled, coalesced, |throttled, value| {
        assert_eq!(throttled.trigger(value).expect("it goes on").wait(), Ok(()), "G3");
    });
    for caller in callers {
        caller.join().expect("no panic");
    }
    assert_eq!((throttled.runs(), throttled.panics()), (1, 0));
}

const ENOUGH: u32 = 3;

fn callers<P: Payload>(
    throttled: &Throttled<P>,
    coalesced: &Tally,
    call: fn(&Throttled<P>, u32),
) -> Vec<thread::JoinHandle<()>> {
    let caller = |number| {
        let (throttled, coalesced) = (throttled.clone(), coalesced.clone());
        thread::spawn(move || {
            coalesced.count_if(throttled.is_pending());
            call(&throttled, number);
        })
    };
    (0..ENOUGH).map(caller).collect()
}
