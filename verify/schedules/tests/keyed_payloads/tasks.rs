//! Runs of several keys in one task, which its runtime may drop at any await.

use super::place::{Hasher, Merging, OnPurpose, assert_each_once, trying_again};
use super::{below, locked};
use atomic_throttle::{
    Carried, Clock, Ended, Manual, Moved, NoRuntime, Pending, Reason, Runtime, Timestamp, WaitError,
};
use schedules::Tally;
use shuttle::future::{block_on, yield_now};
use shuttle::thread::{self, JoinHandle};
use std::future::{pending, poll_fn};
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

const KEYS: usize = 3;
const CALLERS: u32 = 2;
const CALLS: u32 = 2;

/// Shuttle's tasks. The task is dropped after some polls, if it has not ended before.
struct OnShuttle {
    clock: Manual,
    polls: Option<usize>,
    has_dropped: Arc<AtomicBool>,
}

impl Clock for OnShuttle {
    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    fn moved(&self) -> Option<&Moved> {
        self.clock.moved()
    }
}

impl Runtime for OnShuttle {
    fn sleep_until(&self, _: Timestamp) -> impl Future<Output = ()> + Send + 'static {
        pending()
    }

    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) -> Result<(), NoRuntime> {
        let (mut left, has_dropped) = (self.polls, Arc::clone(&self.has_dropped));
        let mut task = Some(Box::pin(task));
        shuttle::future::spawn(poll_fn(move |cx| {
            if left == Some(0) {
                task = None;
                has_dropped.store(true, SeqCst);
                return Poll::Ready(());
            }
            left = left.map(|polls| polls - 1);
            task.as_mut().map_or(Poll::Ready(()), |task| task.as_mut().poll(cx))
        }));
        Ok(())
    }
}

/// What the runs did. It is no part of the model.
#[derive(Default)]
struct Notes {
    succeeded: Vec<u32>,
    begun: usize,
    is_inside: [bool; KEYS],
    /// How many runs were in progress when the task was dropped.
    most_at_once: usize,
}

/// A run that has begun and has not ended.
struct Inside(Arc<Mutex<Notes>>, usize);

impl Inside {
    fn new(notes: &Arc<Mutex<Notes>>, key: usize) -> Self {
        let mut seen = locked(notes);
        assert!(!std::mem::replace(&mut seen.is_inside[key], true), "G2: two runs of a key at once");
        seen.begun += 1;
        seen.most_at_once = seen.most_at_once.max(seen.is_inside.iter().filter(|inside| **inside).count());
        Self(Arc::clone(notes), key)
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        locked(&self.0).is_inside[self.1] = false;
    }
}

struct Told {
    key: usize,
    value: u32,
    how: Result<(), WaitError>,
}

/// A caller of random keys, which waits for each call at once, or for all of them in the end.
fn caller(throttled: &Merging, has_dropped: &Arc<AtomicBool>, caller: u32) -> JoinHandle<Vec<Told>> {
    let (throttled, has_dropped) = (throttled.clone(), Arc::clone(has_dropped));
    thread::spawn(move || {
        let (mut told, mut tickets) = (Vec::new(), Vec::new());
        for value in (0..CALLS).map(|call| caller * CALLS + call) {
            let key = below(KEYS);
            let was_dropped = has_dropped.load(SeqCst);
            match throttled.trigger(&key, vec![value]) {
                Ok(ticket) => match below(3) {
                    0 => told.push(Told { key, value, how: ticket.wait() }),
                    1 => told.push(Told { key, value, how: block_on(async { ticket.await }) }),
                    _ => tickets.push((value, ticket.into_owned())),
                },
                Err(rejected) => {
                    assert_eq!(rejected.value, [value], "G10: another value comes back");
                    assert!(matches!(rejected.reason, Reason::Ended(Ended::Dropped)));
                    continue;
                }
            }
            assert!(!was_dropped, "G3: a call was taken that nobody will perform");
        }
        for (value, ticket) in tickets {
            told.push(Told { key: *ticket.key(), value, how: ticket.wait() });
        }
        told
    })
}

/// Each value is given to one run that succeeds, or is there to be taken; each call is told which, and nobody hangs.
pub fn dropped_at_any_await(dropped_inside: &Tally) {
    let has_dropped: Arc<AtomicBool> = Arc::default();
    let polls = [None, Some(below(10)), Some(below(10))][below(3)];
    let clock = Manual::new(Timestamp::from_nanos(100));
    let runtime = OnShuttle { clock, polls, has_dropped: Arc::clone(&has_dropped) };
    let notes: Arc<Mutex<Notes>> = Arc::default();
    let (sink, failures) = (Arc::clone(&notes), below(2));
    let builder = trying_again(Duration::ZERO).hasher(Hasher::default()).max_concurrent(1 + below(KEYS));
    let spawned = builder.spawn_on(runtime, move |key, all: Carried<Vec<u32>>| async move {
        assert!(!all.is_empty(), "G10: a run without a value");
        let inside = Inside::new(&sink, key);
        let is_failing = locked(&sink).begun <= failures;
        yield_now().await;
        drop(inside);
        if is_failing {
            return Err(OnPurpose);
        }
        locked(&sink).succeeded.extend(all.iter());
        Ok(())
    });
    let throttled = spawned.expect("there is a runtime");
    let callers: Vec<_> = (0..CALLERS).map(|number| caller(&throttled, &has_dropped, number)).collect();
    let told: Vec<_> = callers.into_iter().flat_map(|caller| caller.join().expect("no panic")).collect();
    throttled.shutdown(Pending::Finish).wait().expect("outside of the run");
    let (succeeded, most_at_once) = {
        let notes = locked(&notes);
        (notes.succeeded.clone(), notes.most_at_once)
    };
    let owed: Vec<bool> =
        (0..KEYS).map(|key| throttled.snapshot(&key).is_some_and(|seen| seen.is_owed())).collect();
    let is_any_owed = owed.contains(&true);
    dropped_inside.count_if(is_any_owed && most_at_once > 1);
    for Told { key, value, how } in &told {
        match how {
            Ok(()) => assert!(succeeded.contains(value), "G3: {value} is covered, and was not given"),
            Err(WaitError::Owed) => {
                assert!(polls.is_some() && owed[*key], "G3: {value} was said to be owed, and is not");
                assert!(!succeeded.contains(value), "G3: {value} is owed, and was given");
            }
            Err(error) => panic!("G3: {error}"),
        }
    }
    assert_eq!(throttled.pending(), 0, "G3: a run is pending for ever");
    let all = throttled.all().wait();
    assert_eq!(all, if is_any_owed { Err(WaitError::Owed) } else { Ok(()) }, "G3: who waits for all");
    let left: Vec<u32> = (0..KEYS).flat_map(|key| throttled.take(&key).unwrap_or_default()).collect();
    let brought = told.iter().map(|told| told.value).collect();
    assert_each_once(&[succeeded, left].concat(), &brought, false);
    assert_eq!(throttled.all().wait(), Ok(()), "what was taken is not owed any more");
}
