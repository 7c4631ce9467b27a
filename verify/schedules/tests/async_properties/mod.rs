//! What holds of an `AsyncThrottle` under every schedule. There are threads that call and wait, and the
//! throttle's own tasks, which shuttle polls, and which the runtime here may drop.
//!
//! Each run ends its window by itself, and so does the runtime when it drops a task; nothing else moves the
//! clock. So a waiting thread is woken by that, or by the end of a run, or not at all: then shuttle reports a
//! deadlock.

#![allow(dead_code, reason = "each binary uses a part of it")]

mod on_shuttle;
mod place;

use crate::subject::{Outcome, WaitError};
use on_shuttle::{Drops, WINDOW};
use place::{CALLERS, Place};
use schedules::{Tally, child};
use shuttle::future::block_on;
use shuttle::rand::{Rng, thread_rng};
use shuttle::thread;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::task::Poll;
use std::time::Duration;

/// The number of calls that each of the threads makes.
const CALLS: usize = 2;

/// Each of the callers makes its calls.
fn by_callers(
    place: &Arc<Place>,
    call: fn(&Arc<Place>, usize, &Tally),
    tally: &Tally,
) -> Vec<thread::JoinHandle<()>> {
    (0..CALLERS)
        .map(|caller| {
            let (place, tally) = (Arc::clone(place), tally.clone());
            thread::spawn(move || {
                for number in 0..CALLS {
                    call(&place, caller * CALLS + number, &tally);
                }
            })
        })
        .collect()
}

fn join(threads: Vec<thread::JoinHandle<()>>) {
    for thread in threads {
        thread.join().expect("no thread panics");
    }
}

/// Every call is covered when its wait ends.
pub fn by_triggers(reached: &Tally) {
    let place = Place::new();
    let calls = by_callers(
        &place,
        |place, number, deferred| {
            place.leave_word(number);
            let ticket = place.throttle.trigger(place.function()).expect("a runtime");
            deferred.count_if(place.throttle.is_pending());
            let waited = block_on(ticket.into_future());
            place.check();
            assert_eq!(waited, Ok(()), "G3: the run will not come");
            assert!(place.covers(number), "G3: the run missed a call");
        },
        reached,
    );
    join(calls);
    assert!(place.is_idle());
}

/// A function may panic. A thread that waits for it learns so, and calls again.
pub fn with_panics(reached: &Tally) {
    let place = Place::with_panics();
    let calls = by_callers(
        &place,
        |place, number, panicked| {
            place.leave_word(number);
            loop {
                let ticket = place.throttle.trigger(place.function()).expect("a runtime");
                match block_on(ticket.into_future()) {
                    Ok(()) => break,
                    Err(WaitError::Panicked) => panicked.count(),
                    Err(error) => panic!("G3: {error}"),
                }
            }
            assert!(place.covers(number), "G3: the run missed a call");
        },
        reached,
    );
    join(calls);
    assert!(place.is_idle());
}

/// The runtime may drop any task at any poll. A thread that waits for it learns so, and calls again.
pub fn with_dropped_tasks(reached: &Tally) {
    let place = Place::with_dropped_tasks();
    let calls = by_callers(
        &place,
        |place, number, owed| {
            place.leave_word(number);
            loop {
                let ticket = place.throttle.trigger(place.function()).expect("a runtime");
                match block_on(ticket.into_future()) {
                    Ok(()) => break,
                    Err(WaitError::Owed) => owed.count(),
                    Err(error) => panic!("G3: {error}"),
                }
            }
            assert!(place.covers(number), "G3: the run missed a call");
        },
        reached,
    );
    join(calls);
    place.check();
    let seen = place.throttle.snapshot();
    assert!(!seen.running && seen.next_run_at.is_none(), "{seen:?}");
}

/// The parent has begun a run or a deferral, or nothing, and forks. The child does not have its tasks.
fn forked(begins: Option<Begins>) -> Arc<Place> {
    let place = Place::after_a_run(Drops::Never);
    if let Some(begins) = begins {
        if begins == Begins::ARun {
            place.throttle.runtime().advance(WINDOW);
        }
        place.throttle.trigger(async || ()).expect("a runtime");
        assert_eq!(place.throttle.snapshot().running, begins == Begins::ARun);
    }
    child::fork();
    place.throttle.runtime().drop_tasks(Drops::None);
    place.throttle.runtime().advance(WINDOW);
    place
}

/// What a parent is about when it forks.
#[derive(Clone, Copy, PartialEq)]
enum Begins {
    ARun,
    ADeferral,
}

/// In the child all goes on, whichever of its threads is the first that asks.
pub fn with_a_fork(inherited: &Tally) {
    let begins = [None, Some(Begins::ARun), Some(Begins::ADeferral)][thread_rng().gen_range(0..3)];
    inherited.count_if(begins.is_some());
    let place = forked(begins);
    let calls = by_callers(
        &place,
        |place, number, _| {
            place.leave_word(number);
            loop {
                let ticket = place.throttle.trigger(place.function()).expect("a runtime");
                match block_on(ticket.into_future()) {
                    Ok(()) => break,
                    Err(WaitError::Owed) => {}
                    Err(error) => panic!("G3: {error}"),
                }
            }
            assert!(place.covers(number), "G3: the run missed a call");
        },
        inherited,
    );
    join(calls);
    assert!(place.is_idle());
    child::end();
}

/// The threads of the child wait, and call nothing: each learns that what it waits for is owed.
pub fn waits_with_a_fork(waited: &Tally) {
    let begins = [Begins::ARun, Begins::ADeferral][thread_rng().gen_range(0..2)];
    let place = forked(Some(begins));
    let wait = |_| {
        let (place, waited) = (Arc::clone(&place), waited.clone());
        thread::spawn(move || {
            waited.count();
            assert_eq!(block_on(place.throttle.all().into_future()), Err(WaitError::Owed));
        })
    };
    join((0..CALLERS).map(wait).collect());
    assert!(place.throttle.snapshot().is_owed());
    child::end();
}

/// Callers leave after any number of polls. The last wait finds all of them covered.
pub fn with_dropped_callers(reached: &Tally) {
    let place = Place::new();
    let calls = by_callers(
        &place,
        |place, number, left| {
            place.leave_word(number);
            let patience = thread_rng().gen_range(1..4);
            let ended = block_on(async {
                let mut run = pin!(place.throttle.run(place.function()));
                let mut polls = 0;
                poll_fn(|cx| {
                    polls += 1;
                    match run.as_mut().poll(cx) {
                        Poll::Ready(outcome) => Poll::Ready(Some(outcome)),
                        Poll::Pending if polls == patience => Poll::Ready(None),
                        Poll::Pending => Poll::Pending,
                    }
                })
                .await
            });
            left.count_if(ended.is_none());
            if let Some(Ok(Outcome::RanAtOnce(()) | Outcome::RanDeferred(()))) = ended {
                assert!(place.covers(number), "G3: a run does not see its own call");
            }
        },
        reached,
    );
    join(calls);
    assert_eq!(block_on(place.throttle.all().into_future()), Ok(()));
    for number in 0..CALLERS * CALLS {
        assert!(place.covers(number), "G3: a call whose caller left is lost");
    }
}

/// One more thread cancels and flushes. Every wait ends all the same.
pub fn with_cancels_and_flushes(reached: &Tally) {
    let place = Place::new();
    let disturbing = {
        let place = Arc::clone(&place);
        thread::spawn(move || {
            for _ in 0..CALLS {
                if thread_rng().gen_range(0..2) == 0 {
                    place.throttle.cancel();
                } else if let Ok(ticket) = place.flush() {
                    assert_eq!(block_on(ticket.into_future()), Ok(()));
                }
            }
        })
    };
    let calls = by_callers(
        &place,
        |place, number, cancelled| {
            place.leave_word(number);
            let ticket = place.throttle.trigger(place.function()).expect("a runtime");
            match ticket.wait_for(WINDOW * 1_000) {
                Ok(()) => assert!(place.covers(number), "G3: the run missed a call"),
                Err(WaitError::Cancelled) => cancelled.count(),
                Err(error) => panic!("G3: {error}"),
            }
        },
        reached,
    );
    join(calls);
    disturbing.join().expect("it does not panic");
    assert!(place.is_idle());
}

/// A cancel wakes the owner and all waiting threads, and nothing else does.
pub fn told_of_a_cancel(reached: &Tally) {
    let place = Place::after_a_run(Drops::None);
    let waiting = Arc::new(AtomicUsize::new(0));
    let owner = {
        let place = Arc::clone(&place);
        thread::spawn(move || {
            let outcome = block_on(place.throttle.run(async || ())).expect("a runtime");
            assert!(matches!(outcome, Outcome::Cancelled), "{outcome:?}");
        })
    };
    until(|| place.throttle.is_pending());
    let mut threads: Vec<_> = (0..CALLERS)
        .map(|_| {
            let (place, waiting) = (Arc::clone(&place), Arc::clone(&waiting));
            thread::spawn(move || {
                let ticket = place.throttle.trigger(async || ()).expect("a runtime");
                waiting.fetch_add(1, SeqCst);
                assert_eq!(block_on(ticket.into_future()), Err(WaitError::Cancelled));
            })
        })
        .collect();
    until(|| waiting.load(SeqCst) == CALLERS);
    assert!(place.throttle.cancel());
    reached.count();
    threads.push(owner);
    join(threads);
    assert!(place.is_idle());
}

/// A shorter threshold wakes the task that waits for the window, and nothing else does.
pub fn told_of_a_shorter_threshold(deferred: &Tally) {
    let place = Place::after_a_run(Drops::None);
    let owner = {
        let place = Arc::clone(&place);
        thread::spawn(move || {
            let outcome = block_on(place.throttle.run(async || ())).expect("a runtime");
            assert!(outcome.ran(), "G3: {outcome:?}");
        })
    };
    deferred.count_if(place.throttle.is_pending());
    place.throttle.set_threshold(Duration::ZERO);
    owner.join().expect("no panic");
    assert!(place.is_idle());
}

/// An owner whose task is dropped wakes all waiting threads, and nothing else does.
pub fn told_of_a_dropped_owner(reached: &Tally) {
    let place = Place::after_a_run(Drops::AtTheSecondPoll);
    let threads = (0..=CALLERS)
        .map(|_| {
            let (place, coalesced) = (Arc::clone(&place), reached.clone());
            thread::spawn(move || {
                coalesced.count_if(place.throttle.is_pending());
                let ticket = place.throttle.trigger(async || ()).expect("a runtime");
                assert_eq!(block_on(ticket.into_future()), Err(WaitError::Owed));
            })
        })
        .collect();
    join(threads);
    assert!(place.throttle.snapshot().is_owed());
}

/// Waits for another thread to bring `condition` about.
fn until(condition: impl Fn() -> bool) {
    while !condition() {
        thread::yield_now();
    }
}
