//! The records of a round. Their memory is allocated once, and reused by every round.

use std::ops::{AddAssign, Index};

/// The most runs of a round. A round that reaches it ends early.
const RUNS: usize = 16_384;

/// The most numbers that all runs of a round see together.
const SIGHTS: usize = 400_000;

/// The most changes of the threshold by the threads of a round.
pub const CHANGES: usize = 64;

/// The most runs of a round in which each run sees `width` numbers.
fn limit(width: usize) -> usize {
    RUNS.min(SIGHTS / width)
}

/// One run. All times are nanoseconds on the throttle's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct Run {
    /// Its start, as the throttle stamped it: the epoch that it opened.
    pub stamp: u64,
    /// A reading of the clock by the first instruction of the function.
    pub inside: u64,
    /// Its end.
    pub end: u64,
    /// The stamp that the run before had left for this one to read.
    pub before: u64,
    /// Whether a flush started it: the exception from G1.
    pub flushed: bool,
}

/// Every run of a round, with the number of each thread that it saw.
pub struct RunLog {
    width: usize,
    runs: Vec<Run>,
    seen: Vec<u64>,
}

impl RunLog {
    /// A log for rounds with at most `width` numbers.
    pub fn new(width: usize) -> Self {
        let sights = (1..=width).map(|width| (limit(width) + width) * width).max().unwrap_or(0);
        Self { width, runs: touched(RUNS + width), seen: touched(sights) }
    }

    /// Forgets the last round; in the next one a run sees `width` numbers.
    pub fn clear(&mut self, width: usize) {
        self.width = width;
        self.runs.clear();
        self.seen.clear();
    }

    /// Adds a run and returns whether the round is to end.
    pub fn push(&mut self, run: Run, seen: &[u64]) -> bool {
        assert_eq!(seen.len(), self.width, "a run sees a number of each thread");
        self.runs.push(run);
        self.seen.extend_from_slice(seen);
        self.runs.len() >= limit(self.width)
    }

    pub fn runs(&self) -> &[Run] {
        &self.runs
    }

    /// The number of `thread` that the run at `index` saw.
    pub fn seen(&self, index: usize, thread: usize) -> u64 {
        self.seen[index * self.width + thread]
    }
}

/// An empty vector whose memory is in use already, so that filling it does not look like growth.
fn touched<T: Clone + Default>(length: usize) -> Vec<T> {
    let mut all = vec![T::default(); length];
    // A zeroed page is not in use before it is written.
    all.fill(T::default());
    std::hint::black_box(&mut all).clear();
    all
}

/// A change of the threshold: it took effect at some moment between the two readings of the clock.
#[derive(Clone, Copy, Debug)]
pub struct Change {
    pub threshold: u64,
    pub begun: u64,
    pub returned: u64,
}

/// A promise to a thread, in one epoch: a run will cover its calls.
///
/// The calls of a thread are numbered, so a run that covers the last of them covers all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Promise {
    /// A run with a greater stamp started after the call.
    pub epoch: u64,
    /// The number of the last such call.
    pub number: u64,
    /// When that was made.
    pub called: u64,
    /// Whether the call may have been made in an epoch before, so that the run of this epoch covers it.
    pub vague: bool,
}

/// The events that are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    Call,
    RanAtOnce,
    RanDeferred,
    RanTried,
    RanFlushed,
    Coalesced,
    Cancelled,
    Owed,
    Refused,
    Nested,
    Thrown,
    Caught,
    Cancel,
    Change,
    Wait,
    WaitCancelled,
    WaitOwed,
    // These must never happen.
    Blind,
    RanInside,
    NeedlesslyOwed,
    LeftEarly,
    WaitedEarly,
    WaitedInVain,
}

impl Event {
    const COUNT: usize = Self::WaitedInVain as usize + 1;
}

/// How often each event happened.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tally([u64; Event::COUNT]);

impl Tally {
    pub fn add(&mut self, event: Event) {
        self.0[event as usize] += 1;
    }
}

impl Index<Event> for Tally {
    type Output = u64;

    fn index(&self, event: Event) -> &u64 {
        &self.0[event as usize]
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        for (sum, more) in self.0.iter_mut().zip(other.0) {
            *sum += more;
        }
    }
}

/// What one thread reports about a round.
pub struct Testimony {
    pub tally: Tally,
    pub promises: Vec<Promise>,
    /// The latest cancel that gave up a run: the epoch read after it, and when it had returned.
    pub cancelled: Option<(u64, u64)>,
    /// Memory for what a run sees.
    pub seen: Vec<u64>,
    limit: usize,
}

impl Testimony {
    /// For the thread at this place, in rounds with at most `width` numbers.
    pub fn new(place: usize, width: usize) -> Self {
        // About one promise for each epoch. A thread that has more ends the round early.
        let limit = limit(place + 1);
        Self {
            tally: Tally::default(),
            promises: touched(limit),
            cancelled: None,
            seen: touched(width),
            limit,
        }
    }

    /// Forgets the last round.
    pub fn clear(&mut self) {
        self.tally = Tally::default();
        self.promises.clear();
        self.cancelled = None;
    }

    /// Records a promise, and returns whether the round is to end.
    pub fn promised(&mut self, promise: Promise) -> bool {
        match self.promises.last_mut() {
            Some(last) if (last.epoch, last.vague) == (promise.epoch, promise.vague) => *last = promise,
            _ => self.promises.push(promise),
        }
        self.promises.len() + 2 >= self.limit
    }
}

#[cfg(test)]
mod tests {
    use super::{Event, Promise, Run, RunLog, Tally, Testimony, limit};

    #[test]
    fn one_promise_for_each_epoch_keeps_the_last_number() {
        let mut testimony = Testimony::new(0, 2);
        let promise = |epoch, number| Promise { epoch, number, called: number * 10, vague: false };
        for (epoch, number) in [(5, 1), (5, 2), (9, 3)] {
            assert!(!testimony.promised(promise(epoch, number)));
        }
        assert_eq!(testimony.promises, [promise(5, 2), promise(9, 3)]);
    }

    #[test]
    fn a_round_ends_before_its_memory_has_to_grow() {
        for width in [2, 9, 101] {
            let mut log = RunLog::new(101);
            let (runs, sights) = (log.runs.capacity(), log.seen.capacity());
            log.clear(width);
            while !log.push(Run::default(), &vec![0; width]) {}
            assert_eq!(log.runs().len(), limit(width));
            // Each thread may be inside one more call.
            for _ in 0..width {
                log.push(Run::default(), &vec![0; width]);
            }
            assert_eq!((log.runs.capacity(), log.seen.capacity()), (runs, sights), "{width}");
        }

        let mut testimony = Testimony::new(100, 101);
        let before = testimony.promises.capacity();
        let mut epochs = 0..;
        let mut promise = || Promise { epoch: epochs.next().unwrap(), ..Promise::default() };
        while !testimony.promised(promise()) {}
        testimony.promised(promise());
        assert_eq!(testimony.promises.capacity(), before);
    }

    #[test]
    fn tallies_add_up() {
        let mut tally = Tally::default();
        tally.add(Event::Call);
        tally.add(Event::WaitedInVain);
        let mut sum = tally;
        sum += tally;
        assert_eq!((sum[Event::Call], sum[Event::WaitedInVain], sum[Event::Owed]), (2, 2, 0));
    }
}
