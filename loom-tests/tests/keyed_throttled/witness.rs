//! The subject of the models: a throttle whose runs say which calls they have seen, and how many they cover.

use crate::subject::{Count, KeyedThrottled, KeyedThrottledBuilder, Manual, NotTaken, Threshold, Timestamp};
use loom::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use loom_tests::Tally;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::Arc;

pub const THRESHOLD: Threshold = Threshold::from_nanos(10);
pub const LEADING: Timestamp = Timestamp::from_nanos(1);
/// The end of the first window.
pub const DUE: Timestamp = Timestamp::from_nanos(11);

/// How many calls a model makes at most.
const CALLS: usize = 3;

type Hash = BuildHasherDefault<Itself>;
pub type Throttle = KeyedThrottled<u8, Count, Hash>;
pub type Builder = KeyedThrottledBuilder<u8, Count, Hash>;

/// The key is its own hash: the library's hash differs from throttle to throttle.
#[derive(Default)]
pub struct Itself(u64);

impl Hasher for Itself {
    fn write(&mut self, bytes: &[u8]) {
        self.0 = u64::from(bytes[0]);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// What was counted over all executions.
#[derive(Clone, Default)]
pub struct Seen {
    /// The two situations that the model is about. The model says which.
    pub one: Tally,
    pub other: Tally,
    /// Something happened that must not happen.
    pub broken: Tally,
}

impl Seen {
    pub fn must(&self, holds: bool) {
        self.broken.count_if(!holds);
    }
}

/// What the calls wrote, and what the runs read of it. All accesses are relaxed.
#[derive(Default)]
struct Words {
    written: [AtomicUsize; CALLS],
    /// One bit for each call that a run has seen. Only the thread writes it.
    seen: AtomicUsize,
    /// How many calls the runs cover, as the throttle says. It is not part of the model.
    covered: Tally,
}

/// A handle of the throttle of a model, its clock, and its words.
#[derive(Clone)]
pub struct Subject {
    pub throttled: Throttle,
    /// It reads [`LEADING`] at first.
    pub clock: Arc<Manual>,
    words: Arc<Words>,
}

impl Subject {
    pub fn new() -> Self {
        Self::running(|builder| builder, || ())
    }

    /// A subject with more settings, and with `inside` called at the end of each run.
    pub fn running(
        set_up: impl FnOnce(Builder) -> Builder,
        mut inside: impl FnMut() + Send + 'static,
    ) -> Self {
        let clock = Arc::new(Manual::new(LEADING));
        let words = Arc::new(Words::default());
        let read = Arc::clone(&words);
        let builder = KeyedThrottled::<u8>::builder(THRESHOLD.as_duration())
            .clock(Arc::clone(&clock))
            .hasher(Hash::default())
            .shards(1)
            .counting();
        let f = move |_: &u8, calls| {
            read.read(calls);
            inside();
        };
        Self { throttled: set_up(builder).spawn(f).expect("a thread"), clock, words }
    }

    /// A subject on whose clock `key` has run at [`LEADING`], for call number 0.
    pub fn after_a_run(key: u8) -> Self {
        let subject = Self::new();
        assert_eq!(subject.call(key, 0), Ok(()));
        assert_eq!(subject.throttled.all().wait(), Ok(()));
        subject
    }

    /// Leaves the word of a call, and calls.
    pub fn call(&self, key: u8, number: usize) -> Result<(), NotTaken> {
        self.words.written[number].store(1, Relaxed);
        self.throttled.trigger(&key).map(drop)
    }

    /// Whether this thread sees that a run has seen the call.
    pub fn is_seen(&self, number: usize) -> bool {
        self.words.seen.load(Relaxed) & 1 << number != 0
    }

    /// How many calls the runs so far have covered.
    pub fn covered(&self) -> u64 {
        self.words.covered.total() as u64
    }

    /// Whether this many calls are covered and uncovered, and nothing is pending.
    pub fn accounts(&self, covered: u64, uncovered: u64) -> bool {
        let Self { throttled, .. } = self;
        (self.covered(), throttled.uncovered(), throttled.pending()) == (covered, uncovered, 0)
    }
}

impl Words {
    fn read(&self, calls: u64) {
        (0..calls).for_each(|_| self.covered.count());
        let seen = self.written.iter().enumerate().map(|(number, word)| word.load(Relaxed) << number);
        let seen = seen.sum::<usize>() | self.seen.load(Relaxed);
        self.seen.store(seen, Relaxed);
    }
}
