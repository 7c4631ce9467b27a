//! The front ends with a trailing edge, as one window needs them.

use crate::memory::in_use;
use crate::timing::look;
use atomic_throttle::{Coalesced, Outcome, Pending, Snapshot, Throttle, Throttled};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Barrier};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// A throttle whose function counts its runs.
pub trait Front {
    fn start(threshold: Duration, runs: &Arc<AtomicU64>) -> Self;
    /// The first call: it runs at once, and its run has finished when this returns.
    fn lead(&self);
    /// Makes another thread make a run pending.
    fn defer(&self) -> Owner;
    /// A call, as a closure that holds nothing but references, which a loop can keep in registers. It returns
    /// whether it ran.
    fn call(&self) -> impl Fn() -> bool + Copy + Send + Sync;
    fn snapshot(&self) -> Snapshot;
    /// Ends the throttle, and what is pending.
    fn end(self, owner: Owner);
}

/// The thread that will perform the pending run.
#[derive(Default)]
pub struct Owner {
    thread: Option<JoinHandle<()>>,
    /// The bytes that the thread takes by itself, whatever it does.
    pub bytes: i64,
}

/// One thread waits in its call.
pub struct Blocking {
    throttle: Arc<Throttle>,
    runs: Arc<AtomicU64>,
}

impl Front for Blocking {
    fn start(threshold: Duration, runs: &Arc<AtomicU64>) -> Self {
        Self { throttle: Arc::new(Throttle::new(threshold)), runs: Arc::clone(runs) }
    }

    fn lead(&self) {
        assert!(self.call()(), "nothing ran before");
    }

    fn defer(&self) -> Owner {
        let before = in_use();
        // The thread waits at it twice: when it has started, and before it calls.
        let turns = Arc::new(Barrier::new(2));
        let (throttle, runs) = (Arc::clone(&self.throttle), Arc::clone(&self.runs));
        let its_turns = Arc::clone(&turns);
        let thread = thread::spawn(move || {
            its_turns.wait();
            its_turns.wait();
            let _: Outcome<(), Coalesced<'_>> = throttle.run(|| count(&runs));
        });
        turns.wait();
        let bytes = in_use() - before;
        turns.wait();
        Owner { thread: Some(thread), bytes }
    }

    #[inline]
    fn call(&self) -> impl Fn() -> bool + Copy + Send + Sync {
        let (throttle, runs) = (&*self.throttle, &*self.runs);
        move || throttle.run(|| count(runs)).ran()
    }

    fn snapshot(&self) -> Snapshot {
        self.throttle.snapshot()
    }

    fn end(self, owner: Owner) {
        self.throttle.cancel();
        if let Some(thread) = owner.thread {
            thread.join().expect("the owner returns");
        }
    }
}

/// The thread of a `Throttled` owns every deferral.
pub struct Background(Throttled);

impl Front for Background {
    fn start(threshold: Duration, runs: &Arc<AtomicU64>) -> Self {
        let runs = Arc::clone(runs);
        let builder = Throttled::builder(threshold).pending_on_drop(Pending::Discard);
        Self(builder.spawn(move || count(&runs)).expect("the system can start a thread"))
    }

    fn lead(&self) {
        self.0.trigger().expect("it goes on");
        // It spins: a wait would allocate.
        while self.0.runs() == 0 || self.0.snapshot().running {
            thread::yield_now();
        }
    }

    fn defer(&self) -> Owner {
        self.0.trigger().expect("it goes on");
        Owner::default()
    }

    #[inline]
    fn call(&self) -> impl Fn() -> bool + Copy + Send + Sync {
        let throttled = &self.0;
        // No caller runs it. A refused call ends the row, as a call that ran does.
        move || throttled.trigger().is_err()
    }

    fn snapshot(&self) -> Snapshot {
        self.0.snapshot()
    }

    fn end(self, _: Owner) {}
}

/// Makes another thread make a run pending in the present window, and lets the owner fall asleep. What an owner
/// writes when it begins to wait should not be in the time of a call.
pub fn defer<F: Front>(front: &F) -> Owner {
    const SETTLE: Duration = Duration::from_micros(200);
    let epoch = front.snapshot().epoch;
    let owner = front.defer();
    // A window that is over by now starts another epoch.
    let waits = |seen: Snapshot| seen.epoch == epoch && seen.next_run_at.is_none();
    while waits(front.snapshot()) {
        thread::yield_now();
    }
    look(|| front.snapshot(), SETTLE);
    owner
}

fn count(runs: &AtomicU64) {
    runs.fetch_add(1, Ordering::Relaxed);
}
