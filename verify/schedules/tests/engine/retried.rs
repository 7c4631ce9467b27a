//! Runs that fail and are tried again. Threads bring values, which are merged, so that each can be followed.

use super::{OnPurpose, assert_each_once, below, locked};
use atomic_throttle::{
    Batch, Collect, Epoch, Latest, Manual, Merge, Payload, Pending, Retry, Throttled, ThrottledBuilder,
    Ticket, Timestamp, WaitError,
};
use schedules::Tally;
use shuttle::thread;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

const CALLERS: u32 = 3;
const CALLS: u32 = 2;

type Merging = Throttled<Merge<Vec<u32>>>;

/// A throttle whose first runs fail, and what its runs were given.
struct Place {
    throttled: Merging,
    seen: Arc<Seen>,
    /// Before the first run.
    epoch: Epoch,
}

#[derive(Default)]
struct Seen {
    handle: OnceLock<Merging>,
    succeeded: Mutex<Vec<u32>>,
    /// The epoch of the latest run whose function was called.
    latest: Mutex<Option<Epoch>>,
    runs: Mutex<u32>,
}

impl Place {
    fn new(failures: u32) -> Self {
        let seen: Arc<Seen> = Arc::default();
        let inside = Arc::clone(&seen);
        let builder = Throttled::builder(Duration::ZERO).clock(Manual::new(Timestamp::from_nanos(100)));
        let builder = builder.retry(Retry::by(|_, _| Some(Duration::ZERO)));
        let merging = builder.merging(|older: &mut Vec<u32>, newer| older.extend(newer));
        let throttled = merging.spawn(move |all: &Vec<u32>| {
            let epoch = inside.handle.get().expect("it is there before the first call").snapshot().epoch;
            *locked(&inside.latest) = Some(epoch);
            *locked(&inside.runs) += 1;
            if *locked(&inside.runs) <= failures {
                return Err(OnPurpose);
            }
            locked(&inside.succeeded).extend(all);
            Ok(())
        });
        let throttled = throttled.expect("shuttle can start a thread");
        let epoch = throttled.snapshot().epoch;
        assert!(seen.handle.set(throttled.clone()).is_ok());
        Self { throttled, seen, epoch }
    }

    /// Each run that has started has called the function: it was given something.
    fn assert_no_run_was_empty(&self) {
        let latest = locked(&self.seen.latest).unwrap_or(self.epoch);
        assert_eq!(self.throttled.snapshot().epoch, latest, "G10: a run was given nothing");
    }
}

/// Makes the calls, then waits for those that were taken. Returns their values, and what each was told.
fn call(throttled: &Merging, caller: u32) -> Vec<(u32, Result<(), WaitError>)> {
    let mut taken: Vec<(u32, Ticket<'_>)> = Vec::new();
    for value in (0..CALLS).map(|call| caller * CALLS + call) {
        match throttled.trigger(vec![value]) {
            Ok(ticket) => taken.push((value, ticket)),
            Err(rejected) => assert_eq!(rejected.value, [value], "G10: another value comes back"),
        }
    }
    taken.into_iter().map(|(value, ticket)| (value, ticket.wait())).collect()
}

#[derive(Clone, Copy, PartialEq)]
enum Meanwhile {
    Cancel,
    Flush,
    Take,
    Nothing,
}

/// No value is lost, none is given twice to runs that succeed, and each call is told what became of its value.
pub fn given_once_and_told(tried_again: &Tally) {
    let failures = below(3);
    let place = Place::new(failures);
    let callers: Vec<_> = (0..CALLERS)
        .map(|caller| {
            let throttled = place.throttled.clone();
            thread::spawn(move || call(&throttled, caller))
        })
        .collect();
    let meanwhile =
        [Meanwhile::Cancel, Meanwhile::Flush, Meanwhile::Take, Meanwhile::Nothing][below(4) as usize];
    let mut taken = Vec::new();
    match meanwhile {
        Meanwhile::Cancel => _ = place.throttled.cancel(),
        Meanwhile::Flush => drop(place.throttled.flush()),
        Meanwhile::Take => taken = place.throttled.take().unwrap_or_default(),
        Meanwhile::Nothing => {}
    }
    let early =
        [Some(Pending::Finish), Some(Pending::Flush), Some(Pending::Discard), None][below(4) as usize];
    if let Some(end) = early {
        let _ = place.throttled.shutdown(end);
    }
    let told: Vec<_> = callers.into_iter().flat_map(|caller| caller.join().expect("no panic")).collect();
    place.throttled.shutdown(Pending::Finish).wait().expect("outside of the run");
    place.assert_no_run_was_empty();
    let left = place.throttled.take().unwrap_or_default();
    let succeeded = locked(&place.seen.succeeded).clone();
    tried_again.count_if(failures > 0 && *locked(&place.seen.runs) > failures);
    let gives_up = meanwhile == Meanwhile::Cancel || meanwhile == Meanwhile::Take;
    for (value, told) in &told {
        match told {
            Ok(()) => {
                let is_somewhere = succeeded.contains(value) || taken.contains(value);
                assert!(is_somewhere, "G6: {value} is covered, and no run that succeeded was given it");
            }
            Err(WaitError::Failed(_)) => {
                assert!(early.is_some(), "G6: {value} has failed, and was to be tried again");
                assert!(!succeeded.contains(value), "G6: {value} has failed, and succeeded");
            }
            Err(WaitError::Cancelled) => {
                assert!(gives_up || early == Some(Pending::Discard), "G6: {value} was cancelled by nobody");
            }
            Err(error) => panic!("G6: {error}"),
        }
    }
    assert_each_once([succeeded, taken, left].concat(), told.iter().map(|(value, _)| *value).collect());
}

/// The clock stands, so a back-off is never over. A cancel ends it, and the calls that it was for, and no call comes after
/// it: so there is no second run.
pub fn back_off_against_a_cancel(cancelled: &Tally) {
    let builder = Throttled::builder(Duration::ZERO).clock(Manual::new(Timestamp::from_nanos(100)));
    let builder = builder.retry(Retry::by(|_, _| Some(Duration::from_nanos(10)))).latest();
    let throttled = builder.spawn(|_: &u32| Err::<(), _>(OnPurpose)).expect("shuttle can start a thread");
    let _ = throttled.trigger(0).expect("it goes on");
    let other = {
        let (throttled, cancelled) = (throttled.clone(), cancelled.clone());
        thread::spawn(move || {
            let _ = throttled.trigger(1).expect("it goes on");
            cancelled.count_if(throttled.cancel());
        })
    };
    other.join().expect("no panic");
    thread::yield_now();
    throttled.shutdown(Pending::Discard).wait().expect("outside of the run");
    assert!(throttled.runs() <= 1, "a run was tried again before its back-off was over");
}

/// A run fails, while one thread takes what it was given, and another may call or cancel: no run finds nothing.
pub fn put_back_against_a_take(taken_after_it_failed: &Tally) {
    let place = Place::new(1);
    let first = place.throttled.trigger(vec![0]).expect("it goes on");
    let other = {
        let throttled = place.throttled.clone();
        thread::spawn(move || match below(3) {
            0 => throttled.trigger(vec![1]).is_ok(),
            1 => {
                throttled.cancel();
                false
            }
            _ => false,
        })
    };
    let taken = place.throttled.take().unwrap_or_default();
    let brings = other.join().expect("no panic");
    let told = first.wait();
    place.throttled.shutdown(Pending::Finish).wait().expect("outside of the run");
    place.assert_no_run_was_empty();
    let succeeded = locked(&place.seen.succeeded).clone();
    let has_run = *locked(&place.seen.runs) > 0;
    taken_after_it_failed.count_if(has_run && taken.contains(&0));
    if !brings && told.is_ok() {
        assert!(succeeded.contains(&0), "G6: it is covered, and no run has succeeded");
    }
    let left = place.throttled.take().unwrap_or_default();
    let brought = if brings { vec![0, 1] } else { vec![0] };
    assert_each_once([succeeded, taken, left].concat(), brought);
}

/// A throttle whose first run fails, and the epoch of the latest run whose function was called.
struct Entered<P: Payload> {
    handle: OnceLock<Throttled<P>>,
    latest: Mutex<Option<Epoch>>,
}

impl<P: Payload> Entered<P> {
    fn enter(&self) -> Result<(), OnPurpose> {
        let epoch = self.handle.get().expect("it is there before the first call").snapshot().epoch;
        let is_first = locked(&self.latest).replace(epoch).is_none();
        if is_first { Err(OnPurpose) } else { Ok(()) }
    }
}

/// As [`put_back_against_a_take`], without following each value: no run finds nothing, and nothing is put back without a run.
fn no_run_is_empty<P: Payload>(
    taken: &Tally,
    spawn: fn(ThrottledBuilder, Arc<Entered<P>>) -> Throttled<P>,
    call: fn(&Throttled<P>),
    take: fn(&Throttled<P>) -> bool,
) {
    let entered = Arc::new(Entered { handle: OnceLock::new(), latest: Mutex::new(None) });
    let builder = Throttled::builder(Duration::ZERO).clock(Manual::new(Timestamp::from_nanos(100)));
    let builder = builder.retry(Retry::by(|_, _| Some(Duration::ZERO)));
    let throttled = spawn(builder, Arc::clone(&entered));
    let before = throttled.snapshot().epoch;
    assert!(entered.handle.set(throttled.clone()).is_ok());
    call(&throttled);
    taken.count_if(take(&throttled) && locked(&entered.latest).is_some());
    throttled.shutdown(Pending::Finish).wait().expect("outside of the run");
    let latest = locked(&entered.latest).unwrap_or(before);
    assert_eq!(throttled.snapshot().epoch, latest, "G10: a run was given nothing");
    assert!(!take(&throttled), "G6: what was put back was asked for by nobody");
}

pub fn newest_put_back_against_a_take(taken: &Tally) {
    let spawn = |builder: ThrottledBuilder, entered: Arc<Entered<Latest<u32>>>| {
        let spawned = builder.latest().spawn(move |_: &u32| entered.enter());
        spawned.expect("shuttle can start a thread")
    };
    let call = |throttled: &Throttled<Latest<u32>>| _ = throttled.trigger(0).expect("it goes on");
    no_run_is_empty(taken, spawn, call, |throttled| throttled.take().is_some());
}

pub fn batch_put_back_against_a_take(taken: &Tally) {
    let spawn = |builder: ThrottledBuilder, entered: Arc<Entered<Collect<u32>>>| {
        let spawned = builder.collecting().spawn(move |batch: &mut Batch<u32>| {
            entered.enter()?;
            batch.drain().for_each(drop);
            Ok::<(), OnPurpose>(())
        });
        spawned.expect("shuttle can start a thread")
    };
    let call = |throttled: &Throttled<Collect<u32>>| _ = throttled.trigger(0).expect("it goes on");
    no_run_is_empty(taken, spawn, call, |throttled| !throttled.take().is_empty());
}
