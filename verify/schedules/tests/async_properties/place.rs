//! A throttle on a runtime of shuttle's, and what watches its runs.

use super::on_shuttle::{Drops, OnShuttle, WINDOW};
use crate::subject::{AsyncThrottle, NotFlushed, Ticket};
use shuttle::future::block_on;
use shuttle::rand::{Rng, thread_rng};
use std::panic::resume_unwind;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Mutex, Weak};

pub const CALLERS: usize = 3;
const WORDS: usize = 6;

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
        place.throttle.runtime().drop_tasks(drops);
        place
    }

    fn build(panics: bool, drops: Drops) -> Arc<Self> {
        let runtime = OnShuttle::new(drops);
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
            self.throttle.runtime().advance(WINDOW);
            resume_unwind(Box::new("on purpose"));
        }
        for (read, seen) in self.read.iter().zip(seen) {
            read.fetch_or(seen, SeqCst);
        }
        // No other thread ends the window.
        self.throttle.runtime().advance(WINDOW);
    }
}

/// A run that is alone. It ends also when it is dropped in the middle.
struct Alone<'p>(&'p AtomicBool);

impl Drop for Alone<'_> {
    fn drop(&mut self) {
        self.0.store(false, SeqCst);
    }
}
