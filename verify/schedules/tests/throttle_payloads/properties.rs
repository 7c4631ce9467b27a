//! What holds of that which the calls of a `Throttle` bring (G10): three threads call and run, while a fourth cancels,
//! takes and flushes.

use atomic_throttle::{
    Batch, Coalesced, Collect, Count, Latest, Manual, Merge, Outcome, Rejected, Throttle, Timestamp,
};
use schedules::Tally;
use shuttle::rand::{Rng, thread_rng};
use shuttle::thread;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

const CALLERS: u32 = 3;
const CALLS: u32 = 3;

/// What all share: what runs were given, and the values that they took out, or that were taken.
struct Shared<P> {
    throttle: Throttle<Manual, P>,
    given: Mutex<Vec<u32>>,
    found: Mutex<Vec<u32>>,
}

impl<P> Shared<P> {
    fn new(throttle: Throttle<Manual, P>) -> Arc<Self> {
        Arc::new(Self { throttle, given: Mutex::default(), found: Mutex::default() })
    }
}

fn clock() -> Manual {
    Manual::new(Timestamp::from_nanos(100))
}

fn note(place: &Mutex<Vec<u32>>, values: impl IntoIterator<Item = u32>) {
    place.lock().unwrap_or_else(PoisonError::into_inner).extend(values);
}

fn noted(place: &Mutex<Vec<u32>>) -> Vec<u32> {
    place.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

fn panic_on_purpose() -> ! {
    resume_unwind(Box::new("on purpose"))
}

/// Has three threads call, each by `call`, which says whether the call with this value was taken. Does `meanwhile` in the
/// fourth. Returns the values of those that were taken.
fn called(call: impl Fn(u32) -> bool + Clone + Send + 'static, meanwhile: impl FnOnce()) -> Vec<u32> {
    let caller = |caller| {
        let call = call.clone();
        thread::spawn(move || {
            let values = (0..CALLS).map(|number| caller * CALLS + number + 1);
            values.filter(|value| call(*value)).collect::<Vec<_>>()
        })
    };
    let callers: Vec<_> = (0..CALLERS).map(caller).collect();
    meanwhile();
    callers.into_iter().flat_map(|caller| caller.join().expect("no panic")).collect()
}

/// Asserts that each value is in one place.
fn assert_each_once(mut found: Vec<u32>, mut brought: Vec<u32>) {
    found.sort_unstable();
    brought.sort_unstable();
    assert_eq!(found, brought, "G10: a value is lost, or comes twice");
}

/// What a call that brings a value is told.
type Answer<'t, V> = Result<Outcome<(), Coalesced<'t, Manual>>, Rejected<V>>;

/// Whether the call was taken. A handle that is covered has its value given to a run.
fn is_taken<P, V>(
    shared: &Shared<P>,
    value: u32,
    gives_up: bool,
    answer: std::thread::Result<Answer<'_, V>>,
) -> bool {
    match answer {
        Ok(Ok(Outcome::Coalesced(handle))) => {
            if !gives_up && thread_rng().gen_bool(0.5) && handle.wait().is_ok() {
                assert!(noted(&shared.given).contains(&value), "G10: covered, and the value was not given");
            }
            true
        }
        Ok(Ok(Outcome::Cancelled)) => {
            assert!(gives_up, "G3: nobody has cancelled it");
            true
        }
        Ok(Ok(_)) => true,
        Ok(Err(_)) => false,
        Err(payload) => {
            assert_eq!(payload.downcast_ref(), Some(&"on purpose"));
            true
        }
    }
}

/// Values that are collected by runs that keep some, or panic.
pub fn collected(panicked: &Tally) {
    let shared: Arc<Shared<Collect<u32>>> =
        Shared::new(Throttle::collecting_with_clock(Duration::ZERO, clock()).capacity(4));
    let run = |shared: &Shared<_>, panicked: &Tally, batch: &mut Batch<u32>| {
        assert!(!batch.is_empty(), "G10: a run without a value");
        note(&shared.given, batch.iter().copied());
        let takes = thread_rng().gen_range(0..=batch.len());
        note(&shared.found, batch.drain().take(takes));
        if thread_rng().gen_bool(0.2) {
            panicked.count_if(true);
            panic_on_purpose();
        }
        batch.keep_rest();
    };
    let gives_up = thread_rng().gen_bool(0.5);
    let (caller, tally) = (Arc::clone(&shared), panicked.clone());
    let call = move |value| {
        let (throttle, run) = (&caller.throttle, |batch: &mut _| run(&caller, &tally, batch));
        let answer = catch_unwind(AssertUnwindSafe(|| match thread_rng().gen_range(0..4) {
            0 => throttle.try_run(value, run).map(Outcome::RanAtOnce),
            1 => throttle.run_within(value, Duration::ZERO, run),
            _ => throttle.run(value, run),
        }));
        if let Ok(Err(rejected)) = &answer {
            assert_eq!(rejected.value, value, "G10: another value comes back");
        }
        is_taken(&caller, value, gives_up, answer)
    };
    let brought = called(call, || {
        let throttle = &shared.throttle;
        let tally = panicked.clone();
        if gives_up {
            let _ = throttle.cancel();
            note(&shared.found, throttle.take());
        } else {
            let _ = catch_unwind(AssertUnwindSafe(|| throttle.flush(|batch| run(&shared, &tally, batch))));
        }
    });
    let left = shared.throttle.take();
    let seen = shared.throttle.snapshot();
    assert!(!seen.running && seen.next_run_at.is_none());
    assert_each_once([noted(&shared.found), left].concat(), brought);
}

/// Values that are merged: each is in one place.
pub fn merged(taken: &Tally) {
    let merge = |older: &mut Vec<u32>, newer: Vec<u32>| older.extend(newer);
    let shared: Arc<Shared<Merge<Vec<u32>>>> =
        Shared::new(Throttle::merging_with_clock(Duration::ZERO, clock(), merge));
    let run = |shared: &Shared<_>, all: Vec<u32>| {
        note(&shared.given, all.iter().copied());
        note(&shared.found, all);
    };
    let gives_up = thread_rng().gen_bool(0.5);
    let caller = Arc::clone(&shared);
    let call = move |value| {
        let (throttle, all, run) = (&caller.throttle, vec![value], |all| run(&caller, all));
        let answer = match thread_rng().gen_range(0..4) {
            0 => throttle.try_run(all, run).map(Outcome::RanAtOnce),
            1 => throttle.run_within(all, Duration::ZERO, run),
            _ => throttle.run(all, run),
        };
        is_taken(&caller, value, gives_up, Ok(answer))
    };
    let brought = called(call, || {
        if gives_up {
            let all = shared.throttle.take();
            taken.count_if(all.is_some());
            note(&shared.found, all.unwrap_or_default());
        } else {
            let _ = shared.throttle.flush(|all| run(&shared, all));
        }
    });
    let left = shared.throttle.take().unwrap_or_default();
    assert_each_once([noted(&shared.found), left].concat(), brought);
}

/// Counts: exact, and no run is told of none.
pub fn counted(empty: &Tally) {
    let shared: Arc<Shared<Count>> = Shared::new(Throttle::counting_with_clock(Duration::ZERO, clock()));
    let tell = |shared: &Shared<_>, calls: u64| {
        assert!(calls > 0, "G10: a run without a call");
        note(&shared.found, [u32::try_from(calls).expect("a few")]);
    };
    let (caller, tally) = (Arc::clone(&shared), empty.clone());
    let call = move |_| {
        let (throttle, tell) = (&caller.throttle, |calls| tell(&caller, calls));
        let answer = match thread_rng().gen_range(0..4) {
            0 => throttle.try_run(tell).map(Outcome::RanAtOnce),
            1 => throttle.run_within(Duration::ZERO, tell),
            _ => Ok(throttle.run(tell)),
        };
        if let Ok(Outcome::Coalesced(handle)) = answer {
            // The run before was told of the call, or the owner was released.
            tally.count_if(throttle.snapshot().epoch > handle.epoch());
        }
        true
    };
    let brought = called(call, || {
        note(&shared.found, [u32::try_from(shared.throttle.take()).expect("a few")]);
        let _ = shared.throttle.flush(|calls| tell(&shared, calls));
    });
    let told =
        noted(&shared.found).iter().sum::<u32>() + u32::try_from(shared.throttle.take()).expect("a few");
    assert_eq!(usize::try_from(told).expect("a few"), brought.len(), "G10: the calls were not told once");
}

/// Two calls, and no window: one starts a run, and the other comes after that start, so it has a run of its own, which is
/// given its value and no other.
fn each_has_its_run<P: 'static>(
    in_progress: &Tally,
    throttle: Throttle<Manual, P>,
    run: fn(&Throttle<Manual, P>, u32, &Mutex<Vec<u32>>),
) where
    Throttle<Manual, P>: Send + Sync,
{
    let shared = Shared::new(throttle);
    let other = {
        let (shared, in_progress) = (Arc::clone(&shared), in_progress.clone());
        thread::spawn(move || {
            in_progress.count_if(shared.throttle.snapshot().running);
            run(&shared.throttle, 1, &shared.given);
        })
    };
    run(&shared.throttle, 2, &shared.given);
    other.join().expect("no panic");
    let mut given = noted(&shared.given);
    given.sort_unstable();
    assert_eq!(given, [1, 2], "G10: a run was given what another one was to be given");
}

pub fn newest_by_their_own_runs(in_progress: &Tally) {
    let throttle: Throttle<_, Latest<u32>> = Throttle::latest_with_clock(Duration::ZERO, clock());
    each_has_its_run(in_progress, throttle, |throttle, value, given| {
        let outcome = throttle.run(value, |newest| note(given, [newest])).expect("it is taken");
        assert!(outcome.ran(), "G3: {outcome:?}");
    });
}

pub fn merged_by_their_own_runs(in_progress: &Tally) {
    let merge = |older: &mut u32, newer| *older += newer;
    let throttle: Throttle<_, Merge<u32>> = Throttle::merging_with_clock(Duration::ZERO, clock(), merge);
    each_has_its_run(in_progress, throttle, |throttle, value, given| {
        let outcome = throttle.run(value, |sum| note(given, [sum])).expect("it is taken");
        assert!(outcome.ran(), "G3: {outcome:?}");
    });
}

pub fn collected_by_their_own_runs(in_progress: &Tally) {
    let throttle: Throttle<_, Collect<u32>> = Throttle::collecting_with_clock(Duration::ZERO, clock());
    each_has_its_run(in_progress, throttle, |throttle, value, given| {
        let sum = |batch: &mut Batch<u32>| note(given, [batch.drain().sum()]);
        let outcome = throttle.run(value, sum).expect("there is room");
        assert!(outcome.ran(), "G3: {outcome:?}");
    });
}

/// A run keeps its batch, while another thread takes: if the batch is left, then a run is owed for it.
pub fn kept_against_a_take(taken: &Tally) {
    let throttle: Throttle<_, Collect<u32>> = Throttle::collecting_with_clock(Duration::ZERO, clock());
    let shared = Shared::new(throttle);
    let taking = {
        let shared = Arc::clone(&shared);
        thread::spawn(move || note(&shared.found, shared.throttle.take()))
    };
    let outcome = shared.throttle.run(1, Batch::keep_rest);
    assert!(outcome.is_ok_and(|outcome| outcome.ran()));
    taking.join().expect("no panic");
    let is_owed = shared.throttle.snapshot().is_owed();
    let left = shared.throttle.take();
    assert_eq!(is_owed, !left.is_empty(), "G10: what a run keeps is owed");
    taken.count_if(left.is_empty());
    assert_each_once([noted(&shared.found), left].concat(), vec![1]);
}

/// A call becomes the owner during a run, while another thread takes: either the call is cancelled, and its value is taken,
/// or it runs with its value. A value that is taken later than its deferral is cancelled would leave the call a run that
/// finds nothing, and the call would be told that it is covered.
pub fn newest_against_a_take(taken: &Tally) {
    let throttle: Throttle<_, Latest<u32>> = Throttle::latest_with_clock(Duration::ZERO, clock());
    let shared = Shared::new(throttle);
    let mut threads = Vec::new();
    let first = shared.throttle.run(0, |_| {
        let caller = Arc::clone(&shared);
        threads.push(thread::spawn(move || {
            let outcome = caller.throttle.run(1, |value| note(&caller.given, [value])).expect("it is taken");
            let is_given = noted(&caller.given) == [1];
            match outcome {
                Outcome::RanAtOnce(()) | Outcome::RanDeferred(()) => assert!(is_given),
                Outcome::Cancelled => assert!(!is_given),
                outcome => panic!("G10: it is covered, and its value was not given: {outcome:?}"),
            }
        }));
        let other = Arc::clone(&shared);
        threads.push(thread::spawn(move || note(&other.found, other.throttle.take())));
    });
    assert!(first.is_ok_and(|outcome| outcome.ran()));
    for thread in threads {
        thread.join().expect("no panic");
    }
    taken.count_if(!noted(&shared.found).is_empty());
    assert_each_once([noted(&shared.given), noted(&shared.found)].concat(), vec![1]);
}

/// The value with which the function that merges panics.
const REFUSED: u32 = 13;

fn merge_all_but_one(older: &mut Vec<u32>, newer: Vec<u32>) {
    if newer.contains(&REFUSED) {
        panic_on_purpose();
    }
    older.extend(newer);
}

fn merging() -> Arc<Shared<Merge<Vec<u32>>>> {
    Shared::new(Throttle::merging_with_clock(Duration::ZERO, clock(), merge_all_but_one))
}

impl Shared<Merge<Vec<u32>>> {
    /// Brings `[0]`, and `[1]` inside of its run, which is left owed. Calls `then` in that run.
    fn leave_owed(&self, then: impl FnOnce()) {
        let first = self.throttle.run(vec![0], |given| {
            note(&self.given, given);
            let nested = self.throttle.run(vec![1], |_| unreachable!("it is inside of a run"));
            assert!(matches!(nested, Ok(Outcome::Owed)), "{nested:?}");
            then();
        });
        assert!(first.is_ok_and(|outcome| outcome.ran()));
    }

    /// Brings a value. If the throttle says that it is covered, then a run was given it. Returns whether the outcome is one
    /// to be counted.
    fn bring(&self, value: u32, is_counted: fn(&Outcome<(), Coalesced<'_, Manual>>) -> bool) -> bool {
        let run = |all: Vec<u32>| note(&self.given, all);
        match catch_unwind(AssertUnwindSafe(|| self.throttle.run(vec![value], run))) {
            Ok(Ok(outcome)) => {
                let is_counted = is_counted(&outcome);
                if let Outcome::Coalesced(handle) = outcome {
                    let is_covered = handle.wait().is_ok();
                    assert!(
                        !is_covered || noted(&self.given).contains(&value),
                        "G10: covered, and not given"
                    );
                }
                is_counted
            }
            Ok(Err(rejected)) => panic!("it is taken: {rejected:?}"),
            Err(payload) => {
                assert_eq!((value, payload.downcast_ref()), (REFUSED, Some(&"on purpose")));
                false
            }
        }
    }

    /// Each of these values was given to a run, or is left, once.
    fn assert_none_is_lost(&self, values: Vec<u32>) {
        let left = self.throttle.take().unwrap_or_default();
        let found = [noted(&self.given), left].concat();
        assert_each_once(found.into_iter().filter(|value| *value != REFUSED).collect(), values);
    }
}

fn has_waited(outcome: &Outcome<(), Coalesced<'_, Manual>>) -> bool {
    matches!(outcome, Outcome::RanDeferred(()))
}

/// A run starts, and the function that merges panics before it is given anything: it is given what was there.
pub fn merging_panics_at_a_start(waited: &Tally) {
    let shared = merging();
    shared.leave_owed(|| ());
    let caller = |value: u32| {
        let (shared, waited) = (Arc::clone(&shared), waited.clone());
        thread::spawn(move || {
            waited.count_if(shared.bring(value, has_waited));
        })
    };
    for caller in [REFUSED, 2, 3].map(caller) {
        caller.join().expect("no panic");
    }
    shared.assert_none_is_lost(vec![0, 1, 2, 3]);
}

/// A call during a run becomes the owner, and the function that merges panics with its value: it leaves the run owed, and
/// wakes those who wait for it.
pub fn merging_panics_at_a_deferral(coalesced: &Tally) {
    let shared = merging();
    let caller = |value: u32| {
        let (shared, coalesced) = (Arc::clone(&shared), coalesced.clone());
        thread::spawn(move || {
            coalesced.count_if(shared.bring(value, |outcome| matches!(outcome, Outcome::Coalesced(_))));
        })
    };
    let mut callers = Vec::new();
    shared.leave_owed(|| callers.extend([REFUSED, 2].map(caller)));
    for caller in callers {
        caller.join().expect("no panic");
    }
    shared.assert_none_is_lost(vec![0, 1, 2]);
}

/// The function that merges panics in a thread, which then calls once more, while others call: it is not inside of a merge
/// any more.
pub fn merging_panics_and_the_thread_goes_on(waited: &Tally) {
    let shared = merging();
    shared.leave_owed(|| ());
    assert!(!shared.bring(REFUSED, |_| true), "it panics");
    let other = {
        let (shared, waited) = (Arc::clone(&shared), waited.clone());
        thread::spawn(move || waited.count_if(shared.bring(2, has_waited)))
    };
    waited.count_if(shared.bring(3, has_waited));
    other.join().expect("no panic");
    shared.assert_none_is_lost(vec![0, 1, 2, 3]);
}
