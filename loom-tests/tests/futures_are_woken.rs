//! G3 and G5 of `AsyncThrottle`: the task of an owner, and the future of a waiting caller, are woken. A caller
//! that learns that a run has completed sees what the run wrote. A lost wake-up is a deadlock, which loom
//! reports.
//!
//! A runtime is more than loom can explore, so here a task is polled by a thread that the model names.

use atomic_throttle::{AsyncThrottle, Clock, Manual, Moved, NoRuntime, Runtime, Timestamp};
use evidence::Guarantee::{G3, G5, G6};
use evidence::depth;
use loom::future::block_on;
use loom::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use loom::thread;
use loom_tests::{Bound, DUE, LEADING, Tally, explore};
use std::future::pending;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use watchdog as _;

type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Keeps the spawned task, for the thread that will poll it.
struct Kept {
    clock: Manual,
    // It is not loom's mutex: one thread puts the task there and takes it.
    task: Mutex<Option<Task>>,
}

impl Clock for Kept {
    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    fn moved(&self) -> Option<&Moved> {
        self.clock.moved()
    }
}

impl Runtime for Kept {
    fn sleep_until(&self, _: Timestamp) -> impl Future<Output = ()> + Send + 'static {
        pending()
    }

    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) -> Result<(), NoRuntime> {
        *self.task.lock().expect("no panic") = Some(Box::pin(task));
        Ok(())
    }
}

fn throttle() -> AsyncThrottle<Kept> {
    let window = DUE.saturating_since(LEADING);
    AsyncThrottle::with_runtime(window, Kept { clock: Manual::new(LEADING), task: Mutex::new(None) })
}

fn task(throttle: &AsyncThrottle<Kept>) -> Task {
    throttle.runtime().task.lock().expect("no panic").take().expect("it was spawned")
}

/// A throttle in the window of a run.
fn after_a_run() -> AsyncThrottle<Kept> {
    let throttle = throttle();
    let _ = throttle.trigger(async || ()).expect("a runtime");
    block_on(task(&throttle));
    throttle
}

/// The bound of the models that are too large for all interleavings.
fn bounded() -> Bound {
    depth(Bound::Preemptions(2), Bound::Preemptions(4))
}

/// The task of an owner sleeps in one thread while `disturb` happens in another.
fn owner_and(bound: Bound, name: &str, disturb: fn(&AsyncThrottle<Kept>)) {
    let claim = format!("async: {name} wakes the task of the owner");
    let was_pending = Tally::new();
    let counted = was_pending.clone();
    explore(bound, &[G5], &claim, move || {
        let throttle = after_a_run();
        let owner = thread::spawn({
            let throttle = throttle.clone();
            move || {
                let _ = throttle.trigger(async || ()).expect("a runtime");
                let owns = throttle.is_pending();
                block_on(task(&throttle));
                owns
            }
        });
        disturb(&throttle);
        counted.count_if(owner.join().expect("no panic"));
        let seen = throttle.snapshot();
        assert!(!seen.running && seen.next_run_at.is_none());
    })
    .at_least(100)
    .reached(&was_pending, "the call was deferred")
    .passed();
}

#[test]
fn by_the_clock() {
    owner_and(Bound::Exhaustive, "the clock", |throttle| throttle.runtime().clock.set(DUE));
}

#[test]
fn by_a_shorter_threshold() {
    owner_and(Bound::Exhaustive, "a shorter threshold", |throttle| throttle.set_threshold(Duration::ZERO));
}

#[test]
fn by_a_cancel() {
    owner_and(bounded(), "a cancel", |throttle| {
        // If the cancel came before the call, nothing else would end the window.
        if !throttle.cancel() {
            throttle.set_threshold(Duration::ZERO);
        }
    });
}

/// One thread polls the run, another waits for it.
#[test]
fn whoever_waits_sees_what_the_run_wrote() {
    let waited = Tally::new();
    let counted = waited.clone();
    explore(bounded(), &[G3, G5], "async: whoever waits is woken, and sees what the run wrote", move || {
        let (throttle, written) = (throttle(), Arc::new(AtomicUsize::new(0)));
        let writing = Arc::clone(&written);
        let ticket = throttle.trigger(async move || writing.store(1, Relaxed)).expect("a runtime");
        let task = task(&throttle);
        let running = thread::spawn(move || block_on(task));
        counted.count_if(throttle.snapshot().running);
        assert_eq!(block_on(ticket.into_future()), Ok(()));
        assert_eq!(written.load(Relaxed), 1, "what the run wrote is visible");
        running.join().expect("no panic");
    })
    .at_least(50)
    .reached(&waited, "the run was in progress")
    .passed();
}

/// One thread drops the task, another waits for its run.
#[test]
fn whoever_waits_is_told_of_a_task_that_is_dropped() {
    let waited = Tally::new();
    let counted = waited.clone();
    explore(bounded(), &[G5, G6], "async: whoever waits is told of a task that is dropped", move || {
        let throttle = throttle();
        let ticket = throttle.trigger(async || ()).expect("a runtime");
        let task = task(&throttle);
        let dropping = thread::spawn(move || drop(task));
        counted.count_if(throttle.snapshot().running);
        assert_eq!(block_on(ticket.into_future()), Err(atomic_throttle::WaitError::Owed));
        dropping.join().expect("no panic");
        assert!(throttle.snapshot().is_owed());
    })
    .at_least(50)
    .reached(&waited, "the run was in progress")
    .passed();
}
