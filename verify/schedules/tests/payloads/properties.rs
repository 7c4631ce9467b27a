//! What holds of that which calls bring (G10): three threads call, while a fourth takes, cancels, flushes and ends.

use atomic_throttle::{Batch, Manual, Pending, Throttled, ThrottledBuilder, Timestamp, WaitError};
use schedules::Tally;
use shuttle::rand::{Rng, thread_rng};
use shuttle::thread;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Arc, Mutex};
use std::time::Duration;

const CALLERS: u32 = 3;
const CALLS: u32 = 3;
const ENDS: [Pending; 3] = [Pending::Finish, Pending::Flush, Pending::Discard];

/// What the runs were given, run by run.
type Given = Arc<Mutex<Vec<Vec<u32>>>>;

fn builder() -> ThrottledBuilder {
    Throttled::builder(Duration::ZERO).clock(Manual::new(Timestamp::from_nanos(100)))
}

fn any_end() -> Pending {
    ENDS[thread_rng().gen_range(0..ENDS.len())]
}

fn note(given: &Given, values: Vec<u32>) {
    given.lock().expect("no panic").push(values);
}

fn noted(given: &Given) -> Vec<u32> {
    given.lock().expect("no panic").concat()
}

/// Has three threads call. `call` says whether the call with this value was taken. Returns the values of those that were.
fn called(call: impl Fn(u32) -> bool + Clone + Send + 'static) -> impl FnOnce() -> Vec<u32> {
    let caller = |caller| {
        let call = call.clone();
        thread::spawn(move || {
            let values = (0..CALLS).map(|number| caller * CALLS + number + 1);
            values.filter(|value| call(*value)).collect::<Vec<_>>()
        })
    };
    let callers: Vec<_> = (0..CALLERS).map(caller).collect();
    move || callers.into_iter().flat_map(|caller| caller.join().expect("no panic")).collect()
}

/// Ends the throttle while the callers call, or after all have. Returns what was brought, and whether no value may be left
/// then.
fn ended(shutdown: impl FnOnce(Pending), callers: impl FnOnce() -> Vec<u32>) -> (Vec<u32>, bool) {
    let end = any_end();
    if thread_rng().gen_bool(0.5) {
        shutdown(end);
        return (callers(), false);
    }
    let brought = callers();
    shutdown(end);
    (brought, end != Pending::Discard)
}

/// Asserts that each value is in one place.
fn assert_each_once(mut found: Vec<u32>, mut brought: Vec<u32>) {
    found.sort_unstable();
    brought.sort_unstable();
    assert_eq!(found, brought, "G10: a value is lost, or comes twice");
}

fn is_in_order(values: &[u32]) -> bool {
    (0..CALLERS).all(|caller| values.iter().filter(|value| (*value - 1) / CALLS == caller).is_sorted())
}

/// Values that are collected: some are taken, some runs keep a part, and each is in one place in the end.
pub fn collected(taken_meanwhile: &Tally) {
    let given = Given::default();
    let sink = Arc::clone(&given);
    let collecting = builder().collecting().spawn(move |batch: &mut Batch<u32>| {
        assert!(!batch.is_empty(), "G10: a run without a value");
        let takes = thread_rng().gen_range(1..=batch.len());
        note(&sink, batch.drain().take(takes).collect());
        batch.keep_rest();
    });
    let collecting = collecting.expect("shuttle can start a thread");
    let caller = collecting.clone();
    let callers = called(move |value| match caller.trigger(value) {
        Ok(_) => true,
        Err(rejected) => {
            assert_eq!(rejected.value, value, "G10: another value comes back");
            false
        }
    });
    let taken = collecting.take();
    taken_meanwhile.count_if(!taken.is_empty());
    let shutdown = |end| _ = collecting.shutdown(end).wait().expect("outside of the run");
    let (brought, is_finished) = ended(shutdown, callers);
    let runs = noted(&given);
    assert!(taken.is_empty() && is_in_order(&runs) || is_in_order(&taken), "G10: out of order");
    let left = collecting.take();
    assert!(!is_finished || left.is_empty(), "G10: a value was given to no run");
    assert_each_once([taken, runs, left].concat(), brought);
}

/// Values that are merged, with a cancel meanwhile: each is merged once.
pub fn merged(cancelled: &Tally) {
    let given = Given::default();
    let sink = Arc::clone(&given);
    let merging = builder().merging(|older: &mut Vec<u32>, newer| older.extend(newer));
    let merging = merging.spawn(move |all| note(&sink, all.clone())).expect("shuttle can start a thread");
    let caller = merging.clone();
    let callers = called(move |value| caller.trigger(vec![value]).is_ok());
    let gives_up = thread_rng().gen_bool(0.5);
    if gives_up {
        cancelled.count_if(merging.cancel());
    } else {
        let _ = merging.flush();
    }
    let shutdown = |end| _ = merging.shutdown(end).wait().expect("outside of the run");
    let (brought, is_finished) = ended(shutdown, callers);
    let left = merging.take().unwrap_or_default();
    assert!(gives_up || !is_finished || left.is_empty(), "G10: a value was given to no run");
    assert_each_once([noted(&given), left].concat(), brought);
}

/// After a cancel, a call has a run requested, and the function that merges panics with its value: the thread is woken for
/// what was left before, and for a call that coalesces since.
pub fn merging_panics_at_a_request(panicked: &Tally) {
    const REFUSED: u32 = 13;
    let given = Given::default();
    let sink = Arc::clone(&given);
    let merge = |older: &mut Vec<u32>, newer: Vec<u32>| {
        if newer == [REFUSED] {
            resume_unwind(Box::new("on purpose"));
        }
        older.extend(newer);
    };
    let spawned = builder().merging(merge).spawn(move |all| note(&sink, all.clone()));
    let merging = spawned.expect("shuttle can start a thread");
    merging.trigger(vec![1]).expect("it goes on");
    merging.cancel();
    let refused = catch_unwind(AssertUnwindSafe(|| merging.trigger(vec![REFUSED]).map(drop)));
    panicked.count_if(refused.is_err());
    merging.trigger(vec![2]).expect("it goes on").wait().expect("it completes");
    let given = noted(&given).into_iter().filter(|value| *value != REFUSED).collect();
    assert_each_once(given, vec![1, 2]);
    merging.shutdown(Pending::Finish).wait().expect("outside of the run");
}

/// The newest value: a ticket that says covered has its value, or a newer one, behind it.
pub fn newest(coalesced: &Tally) {
    let given = Given::default();
    let sink = Arc::clone(&given);
    let newest = builder().latest().spawn(move |value: &u32| note(&sink, vec![*value]));
    let newest = newest.expect("shuttle can start a thread");
    // Values grow in the order of the calls, so that a later one is a newer one.
    let next = Arc::new(shuttle::sync::Mutex::new(0));
    let (caller, seen) = (newest.clone(), Arc::clone(&given));
    let callers = called(move |_| {
        let mut next = next.lock().expect("no panic");
        *next += 1;
        let value = *next;
        let ticket = caller.trigger(value).expect("it goes on");
        drop(next);
        if thread_rng().gen_bool(0.5) {
            assert_eq!(ticket.wait(), Ok(()));
            assert!(
                noted(&seen).iter().any(|given| *given >= value),
                "G10: covered, and the value was not given"
            );
        }
        true
    });
    let calls = u32::try_from(callers().len()).expect("a few");
    newest.shutdown(Pending::Finish).wait().expect("outside of the run");
    let runs = noted(&given);
    assert!(runs.is_sorted_by(|older, newer| older < newer), "G10: an older value, or one twice: {runs:?}");
    assert_eq!(runs.last(), Some(&calls), "G10: the newest value was not given");
    coalesced.count_if(runs.len() < usize::try_from(calls).expect("a few"));
}

/// Counts: exact, and a covered call has been told.
pub fn counted(early: &Tally) {
    let given = Given::default();
    let sink = Arc::clone(&given);
    let counting = builder().counting().spawn(move |calls| {
        assert!(calls > 0, "G10: a run without a call");
        note(&sink, vec![u32::try_from(calls).expect("a few")]);
    });
    let counting = counting.expect("shuttle can start a thread");
    let caller = counting.clone();
    let empty = early.clone();
    let callers = called(move |_| {
        let ticket = caller.trigger().expect("it goes on");
        let runs = caller.runs();
        assert_eq!(ticket.wait(), Ok(()));
        // Its run has found no call: the run before was told of it.
        empty.count_if(caller.runs() == runs);
        true
    });
    let calls = u32::try_from(callers().len()).expect("a few");
    let told = noted(&given);
    assert_eq!(told.iter().sum::<u32>(), calls, "G10: calls that are covered were not told once");
    counting.shutdown(any_end()).wait().expect("outside of the run");
    assert_eq!(counting.outstanding(), 0);
    // Also after a run that has found no call.
    assert!(!counting.snapshot().is_owed(), "G4: a run that was performed is owed");
    assert_eq!(usize::try_from(counting.runs()), Ok(told.len()), "a run that found nothing is counted");
}

/// Some runs panic: what they have not taken out comes with a later one, each value once.
pub fn panicked(panicked: &Tally) {
    let given = Given::default();
    let sink = Arc::clone(&given);
    let mut runs = 0;
    let collecting = builder().collecting().spawn(move |batch: &mut Batch<u32>| {
        runs += 1;
        note(&sink, batch.pop().into_iter().collect());
        if runs % 2 == 1 {
            std::panic::resume_unwind(Box::new("on purpose"));
        }
        note(&sink, batch.drain().collect());
    });
    let collecting = collecting.expect("shuttle can start a thread");
    let (caller, tally) = (collecting.clone(), panicked.clone());
    let callers = called(move |value| {
        let ended = caller.trigger(value).expect("it goes on").wait();
        assert!(matches!(ended, Ok(()) | Err(WaitError::Panicked)), "{ended:?}");
        tally.count_if(ended.is_err());
        true
    });
    let brought = callers();
    collecting.shutdown(Pending::Finish).wait().expect("outside of the run");
    let mut found = noted(&given);
    found.extend(collecting.take());
    assert_each_once(found, brought);
}
