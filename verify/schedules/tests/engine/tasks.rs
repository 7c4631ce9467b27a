//! Runs in a task that its runtime may drop at any await.

use super::{OnPurpose, assert_each_once, below, locked};
use atomic_throttle::{
    Carried, Clock, Ended, Manual, Moved, NoRuntime, Pending, Reason, Retry, Runtime, Throttled, Timestamp,
    WaitError,
};
use schedules::Tally;
use shuttle::future::{block_on, yield_now};
use shuttle::thread;
use std::future::{pending, poll_fn};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

const CALLERS: u32 = 2;
const CALLS: u32 = 2;

/// Shuttle's tasks. The task is dropped after some polls, if it has not ended before.
struct OnShuttle {
    clock: Manual,
    polls: Option<u32>,
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

/// Each value is given to one run that succeeds, or is there to be taken; each call is told which, and nobody hangs.
pub fn dropped_at_any_await(dropped_inside: &Tally) {
    let has_dropped: Arc<AtomicBool> = Arc::default();
    let polls = [None, Some(below(8))][below(2) as usize];
    let clock = Manual::new(Timestamp::from_nanos(100));
    let runtime = OnShuttle { clock, polls, has_dropped: Arc::clone(&has_dropped) };
    let succeeded: Arc<Mutex<Vec<u32>>> = Arc::default();
    let (begun, ended): (Arc<AtomicU32>, Arc<AtomicU32>) = Default::default();
    let (noted, counts, failures) =
        (Arc::clone(&succeeded), (Arc::clone(&begun), Arc::clone(&ended)), below(2));
    let builder = Throttled::builder(Duration::ZERO).retry(Retry::by(|_, _| Some(Duration::ZERO)));
    let merging = builder.merging(|older: &mut Vec<u32>, newer| older.extend(newer));
    let spawned = merging.spawn_on(runtime, move |all: Carried<Vec<u32>>| async move {
        let is_failing = counts.0.fetch_add(1, SeqCst) < failures;
        yield_now().await;
        counts.1.fetch_add(1, SeqCst);
        if is_failing {
            return Err(OnPurpose);
        }
        locked(&noted).extend(all.iter());
        Ok(())
    });
    let throttled = spawned.expect("there is a runtime");
    let callers: Vec<_> = (0..CALLERS)
        .map(|caller| {
            let (throttled, has_dropped) = (throttled.clone(), Arc::clone(&has_dropped));
            thread::spawn(move || {
                let mut told = Vec::new();
                for value in (0..CALLS).map(|call| caller * CALLS + call) {
                    let was_dropped = has_dropped.load(SeqCst);
                    match throttled.trigger(vec![value]) {
                        Ok(ticket) if below(2) == 0 => told.push((value, ticket.wait())),
                        Ok(ticket) => told.push((value, block_on(async { ticket.await }))),
                        Err(rejected) => {
                            assert_eq!(rejected.value, [value], "G10: another value comes back");
                            assert!(matches!(rejected.reason, Reason::Ended(Ended::Dropped)));
                            continue;
                        }
                    }
                    assert!(!was_dropped, "G3: a call was taken that nobody will perform");
                }
                told
            })
        })
        .collect();
    let told: Vec<_> = callers.into_iter().flat_map(|caller| caller.join().expect("no panic")).collect();
    throttled.shutdown(Pending::Finish).wait().expect("outside of the run");
    let is_dropped = has_dropped.load(SeqCst);
    dropped_inside.count_if(is_dropped && begun.load(SeqCst) > ended.load(SeqCst));
    let succeeded = locked(&succeeded).clone();
    for (value, told) in &told {
        match told {
            Ok(()) => assert!(succeeded.contains(value), "G3: {value} is covered, and was not given"),
            Err(WaitError::Owed) => {
                assert!(polls.is_some() && !succeeded.contains(value), "G3: {value} is owed, and was given");
            }
            Err(error) => panic!("G3: {error}"),
        }
    }
    let left = throttled.take().unwrap_or_default();
    assert_each_once([succeeded, left].concat(), told.iter().map(|(value, _)| *value).collect());
}

/// A caller that hears that its run is owed can take at once what it brought, also if a flush had started the run.
pub fn owed_and_there(owed: &Tally) {
    let polls = Some(below(6));
    let clock = Manual::new(Timestamp::from_nanos(100));
    let runtime = OnShuttle { clock, polls, has_dropped: Arc::default() };
    let succeeded: Arc<Mutex<Vec<u32>>> = Arc::default();
    let noted = Arc::clone(&succeeded);
    let merging =
        Throttled::builder(Duration::ZERO).merging(|older: &mut Vec<u32>, newer| older.extend(newer));
    let spawned = merging.spawn_on(runtime, move |all: Carried<Vec<u32>>| {
        let noted = Arc::clone(&noted);
        async move {
            yield_now().await;
            locked(&noted).extend(all.iter());
        }
    });
    let throttled = spawned.expect("there is a runtime");
    if let Ok(ticket) = throttled.trigger(vec![1]) {
        if below(2) == 0 {
            let _ = throttled.flush();
        }
        match ticket.wait() {
            Ok(()) => assert_eq!(*locked(&succeeded), [1], "G3: it is covered, and was not given"),
            Err(WaitError::Owed) => {
                owed.count();
                assert_eq!(throttled.take(), Some(vec![1]), "G10: it is owed, and not there");
            }
            Err(error) => panic!("G3: {error}"),
        }
    }
}
