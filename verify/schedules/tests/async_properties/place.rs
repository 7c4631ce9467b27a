//! A throttle on a runtime of shuttle's, and what watches its runs.

use crate::subject::{
    AsyncThrottle, Clock, Manual, Moved, NoRuntime, NotFlushed, Runtime, Ticket, Timestamp,
};
use shuttle::future::block_on;
use shuttle::rand::{Rng, thread_rng};
use std::future::{pending, poll_fn};
use std::panic::resume_unwind;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Mutex, Weak};
use std::task::Poll;
use std::time::Duration;

pub const CALLERS: usize = 3;
pub const WINDOW: Duration = Duration::from_nanos(10);
const START: Timestamp = Timestamp::from_nanos(100);
const WORDS: usize = 6;

/// Shuttle's tasks, on a clock that is moved by hand.
#[derive(Clone)]
pub struct OnShuttle {
    clock: Arc<Manual>,
    drops: Arc<Mutex<Drops>>,
}

/// What becomes of the tasks that are spawned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Drops {
    /// Tasks are polled to their end.
    None,
    /// Tasks that have not ended before are dropped at one of their first polls, and their window ends.
    AtAnyPoll,
    /// Tasks are dropped when they have been polled once.
    AtTheSecondPoll,
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
        // The throttle hears of each move of the clock.
        pending()
    }

    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) -> Result<(), NoRuntime> {
        let drops = *self.drops.lock().expect("nobody panics with it");
        let mut polls_left = match drops {
            Drops::None => None,
            Drops::AtAnyPoll => Some(thread_rng().gen_range(0..4)),
            Drops::AtTheSecondPoll => Some(1),
        };
        let clock = Arc::clone(&self.clock);
        let mut task = Some(Box::pin(task));
        shuttle::future::spawn(poll_fn(move |cx| {
            if polls_left == Some(0) {
                // A runtime that shuts down does the same.
                task = None;
                if drops == Drops::AtAnyPoll {
                    clock.advance(WINDOW);
                }
                return Poll::Ready(());
            }
            polls_left = polls_left.map(|polls: u32| polls - 1);
            if drops == Drops::AtTheSecondPoll {
                cx.waker().wake_by_ref();
            }
            task.as_mut().map_or(Poll::Ready(()), |task| task.as_mut().poll(cx))
        }));
        Ok(())
    }
}

/// A throttle and what its runs have seen.
pub struct Place {
    pub throttle: AsyncThrottle<OnShuttle>,
    /// A reference for the functions, which may outlive this.
    myself: Weak<Self>,
    panics: bool,
    runs: AtomicBool,
    latest: AtomicU64,
    /// What callers wrote, and what completed runs have read. It is not part of the model, so that it makes up
    /// for nothing.
    written: [AtomicBool; WORDS],
    read: [AtomicBool; WORDS],
    /// What a run found broken. The run does not panic itself, because the throttle would catch that.
    broken: Mutex<Option<String>>,
}

impl Place {
    pub fn new() -> Arc<Self> {
        Self::build(false, Drops::None)
    }

    pub fn with_panics() -> Arc<Self> {
        Self::build(true, Drops::None)
    }

    pub fn with_dropped_tasks() -> Arc<Self> {
        Self::build(false, Drops::AtAnyPoll)
    }

    /// A place in the window of the first run, which nobody ends.
    pub fn after_a_run(drops: Drops) -> Arc<Self> {
        let place = Self::new();
        let first = block_on(place.throttle.run(async || ()));
        assert!(first.expect("a runtime").ran());
        *place.throttle.runtime().drops.lock().expect("nobody panics with it") = drops;
        place
    }

    fn build(panics: bool, drops: Drops) -> Arc<Self> {
        let runtime = OnShuttle { clock: Arc::new(Manual::new(START)), drops: Arc::new(Mutex::new(drops)) };
        Arc::new_cyclic(|myself| Self {
            throttle: AsyncThrottle::with_runtime(WINDOW, runtime),
            myself: Weak::clone(myself),
            panics,
            runs: AtomicBool::new(false),
            latest: AtomicU64::new(0),
            written: std::array::from_fn(|_| AtomicBool::new(false)),
            read: std::array::from_fn(|_| AtomicBool::new(false)),
            broken: Mutex::new(None),
        })
    }

    pub fn leave_word(&self, number: usize) {
        self.written[number].store(true, SeqCst);
    }

    /// Panics if a run has found anything broken.
    pub fn check(&self) {
        let broken = self.broken.lock().expect("nobody panics with it").clone();
        assert!(broken.is_none(), "{}", broken.unwrap_or_default());
    }

    fn expect(&self, holds: bool, complaint: impl FnOnce() -> String) {
        if !holds {
            self.broken.lock().expect("nobody panics with it").get_or_insert_with(complaint);
        }
    }

    pub fn covers(&self, number: usize) -> bool {
        self.check();
        self.read[number].load(SeqCst)
    }

    pub fn is_idle(&self) -> bool {
        self.check();
        let seen = self.throttle.snapshot();
        !seen.running && seen.next_run_at.is_none() && !seen.is_owed()
    }

    /// What every run does.
    pub fn function(&self) -> impl FnOnce() -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + 'static {
        let place = self.myself.upgrade().expect("it is alive");
        move || Box::pin(async move { place.run(true).await })
    }

    /// The same by a flush, which is the exception from G1.
    pub fn flush(&self) -> Result<Ticket<'_>, NotFlushed> {
        let place = self.myself.upgrade().expect("it is alive");
        self.throttle.flush(async move || place.run(false).await)
    }

    async fn run(&self, keeps_its_distance: bool) {
        self.expect(!self.runs.swap(true, SeqCst), || "G2: runs overlap".to_owned());
        let _alone = Alone(&self.runs);
        let start = self.throttle.snapshot().last_run_at.expect("it runs").as_nanos();
        let before = self.latest.swap(start, SeqCst);
        let gap = u64::try_from(WINDOW.as_nanos()).expect("short");
        let is_spaced = !keeps_its_distance || before == 0 || start >= before + gap;
        self.expect(is_spaced, || format!("G1: a start at {start} after one at {before}"));
        let seen: Vec<_> = self.written.iter().map(|word| word.load(SeqCst)).collect();
        shuttle::future::yield_now().await;
        if self.panics && thread_rng().gen_range(0..3) == 0 {
            self.throttle.runtime().clock.advance(WINDOW);
            resume_unwind(Box::new("on purpose"));
        }
        for (read, seen) in self.read.iter().zip(seen) {
            read.fetch_or(seen, SeqCst);
        }
        // No other thread ends the window.
        self.throttle.runtime().clock.advance(WINDOW);
    }
}

/// A run that is alone. It ends also when it is dropped in the middle.
struct Alone<'p>(&'p AtomicBool);

impl Drop for Alone<'_> {
    fn drop(&mut self) {
        self.0.store(false, SeqCst);
    }
}
