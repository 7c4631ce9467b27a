//! The records of a storm: every run, and every answer that a thread got.

use super::turns::calls_on;
use hdrhistogram::Histogram;

/// One run. All times are nanoseconds on the throttle's clock.
#[derive(Clone, Copy, Debug)]
pub struct Run {
    /// Its start, as the throttle stamped it: the epoch that it opened.
    pub stamp: u64,
    /// A reading of the clock by the first instruction of the function.
    pub inside: u64,
    /// Its end.
    pub end: u64,
    /// Whether a flush started it: the exception from G1.
    pub flushed: bool,
    /// How many calls it was told to cover, by a front end that counts.
    pub calls: Option<u64>,
}

/// Every run of one throttle, with the number of each thread that it saw.
#[derive(Default)]
pub struct RunLog {
    threads: usize,
    key: usize,
    keys: usize,
    limit: usize,
    runs: Vec<Run>,
    seen: Vec<u64>,
}

impl RunLog {
    /// An empty log of one key. All keys together may use `memory` bytes. They are reserved now, so that no
    /// run has to move the log.
    pub fn new(threads: usize, key: usize, keys: usize, memory: usize) -> Self {
        // A thread keeps at most one promise for each epoch, that is, for each run.
        let of_one_run = size_of::<Run>() + threads * (size_of::<u64>() + size_of::<Promise>());
        let limit = memory / keys / of_one_run;
        // When the limit is reached each thread may be inside one more call.
        let capacity = limit + threads + 1;
        let seen = Vec::with_capacity(capacity * threads);
        Self { threads, key, keys, limit, runs: Vec::with_capacity(capacity), seen }
    }

    pub fn push(&mut self, run: Run, seen: &[u64]) {
        assert_eq!(seen.len(), self.threads, "a run sees a number of each thread");
        self.runs.push(run);
        self.seen.extend_from_slice(seen);
    }

    /// Marks the runs whose stamps lie in one of these spans. In each span a flush was requested.
    pub fn flushed(&mut self, spans: &[(u64, u64)]) {
        for run in &mut self.runs {
            run.flushed = spans.iter().any(|&(from, until)| (from..=until).contains(&run.stamp));
        }
    }

    pub fn threads(&self) -> usize {
        self.threads
    }

    pub fn is_full(&self) -> bool {
        self.runs.len() >= self.limit
    }

    pub fn runs(&self) -> &[Run] {
        &self.runs
    }

    /// The number of `thread` that the run at `index` saw.
    pub fn seen(&self, index: usize, thread: usize) -> u64 {
        self.seen[index * self.threads + thread]
    }

    /// How many calls on this key the run at `index` saw, of all threads.
    pub fn calls_seen(&self, index: usize) -> u64 {
        (0..self.threads).map(|thread| calls_on(self.key, thread, self.seen(index, thread), self.keys)).sum()
    }
}

/// A promise to a thread, in one epoch: the pending run covers its calls.
///
/// A front end may promise that without an epoch. Then the promise is of the latest epoch known before the
/// call, and the first run whose stamp is later than the call's return keeps it at the latest.
///
/// The calls of a thread are numbered, so a run that covers the last of them covers all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Promise {
    /// The epoch of the promise, or the latest one known.
    pub epoch: u64,
    /// The first run with a greater stamp covers the calls, or has at least seen them.
    pub after: u64,
    /// Whether a run before that may have covered them.
    pub is_vague: bool,
    /// The number of the last such call.
    pub number: u64,
    /// When the first such call was made.
    pub first_at: u64,
    /// When the last such call was made.
    pub latest_at: u64,
}

/// What a wait said: a run that covers the call has ended.
#[derive(Clone, Copy, Debug)]
pub struct Heard {
    /// The epoch in which the call was promised a run, or the latest one known before the call.
    pub epoch: u64,
    pub number: u64,
    /// When it said so.
    pub at: u64,
}

/// A call that was made, and whose future was dropped before its answer.
#[derive(Clone, Copy, Debug)]
pub struct DroppedCall {
    pub number: u64,
    pub called: u64,
}

/// What became of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    RanAtOnce,
    Deferred,
    Coalesced,
    /// Taken by a front end that does not say whether the call made the run pending or coalesced.
    Taken,
    Cancelled,
    Owed,
    /// Nothing was promised: the function was to run now or not at all.
    Refused,
    /// Nothing was promised, though the front end had not been ended.
    NotTaken,
    /// Its future was dropped before its answer.
    Dropped,
    /// Its run panicked.
    Panicked,
}

impl Kind {
    pub const ALL: [Self; 10] = [
        Self::RanAtOnce,
        Self::Deferred,
        Self::Coalesced,
        Self::Taken,
        Self::Cancelled,
        Self::Owed,
        Self::Refused,
        Self::NotTaken,
        Self::Dropped,
        Self::Panicked,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Self::RanAtOnce => "ran at once",
            Self::Deferred => "deferred",
            Self::Coalesced => "coalesced",
            Self::Taken => "taken",
            Self::Cancelled => "cancelled",
            Self::Owed => "owed",
            Self::Refused => "refused",
            Self::NotTaken => "not taken",
            Self::Dropped => "future dropped",
            Self::Panicked => "panicked",
        }
    }
}

/// Nanoseconds, to 1 %.
pub type Times = Histogram<u64>;

pub fn no_times() -> Times {
    Histogram::new(2).expect("two digits are a valid precision")
}

/// Adds a time. (`saturating_record` would cut it to the present size of the histogram.)
pub fn add(times: &mut Times, nanos: u64) {
    times.record(nanos).expect("the histogram grows as needed");
}

/// A call in the picture.
#[derive(Clone, Copy, Debug)]
pub struct CallMark {
    pub kind: Kind,
    pub called: u64,
    /// The start of its own run, if it waited for one; otherwise its return.
    pub until: u64,
}

/// What one thread reports about its calls of one throttle.
pub struct Testimony {
    pub thread: usize,
    pub times: [Times; Kind::ALL.len()],
    pub promises: Vec<Promise>,
    pub heard: Vec<Heard>,
    /// The last call whose future was dropped: a run that covers it covers all such calls.
    pub unheard: Option<DroppedCall>,
    pub marks: Vec<CallMark>,
    /// Runs in this thread's own calls that had not seen the number of the call.
    pub blind: u64,
    /// The longest time from a call to the run in it.
    pub longest_delay: u64,
    /// Cancels that gave up a run.
    pub cancels: u64,
    /// When the latest of them had returned; 0 if there was none.
    pub cancelled_at: u64,
}

impl Testimony {
    pub fn new(thread: usize) -> Self {
        Self {
            thread,
            times: Kind::ALL.map(|_| no_times()),
            promises: Vec::new(),
            heard: Vec::new(),
            unheard: None,
            marks: Vec::new(),
            blind: 0,
            longest_delay: 0,
            cancels: 0,
            cancelled_at: 0,
        }
    }

    /// Records a promise: the first run after `epoch` covers the call.
    pub fn promised(&mut self, epoch: u64, number: u64, called: u64) {
        let (first_at, latest_at) = (called, called);
        self.keep(Promise { epoch, after: epoch, is_vague: false, number, first_at, latest_at });
    }

    /// Records a promise without an epoch. The call had returned at the time `after`; before it, `epoch` was
    /// known.
    pub fn promised_vaguely(&mut self, epoch: u64, after: u64, number: u64, called: u64) {
        let (first_at, latest_at) = (called, called);
        self.keep(Promise { epoch, after, is_vague: true, number, first_at, latest_at });
    }

    fn keep(&mut self, promise: Promise) {
        match self.promises.last_mut() {
            Some(last) if last.epoch == promise.epoch => {
                *last = Promise { first_at: last.first_at, ..promise }
            }
            _ => self.promises.push(promise),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Promise, Run, RunLog, Testimony, add, no_times};

    #[test]
    fn only_what_started_while_a_flush_was_asked_for_counts_as_flushed() {
        let mut log = RunLog::new(1, 0, 1, 1 << 20);
        for stamp in [9, 10, 12, 13] {
            log.push(Run { stamp, inside: stamp, end: stamp, flushed: false, calls: None }, &[0]);
        }
        log.flushed(&[(10, 12)]);
        let flushed: Vec<bool> = log.runs().iter().map(|run| run.flushed).collect();
        assert_eq!(flushed, [false, true, true, false]);
    }

    #[test]
    fn one_promise_for_each_epoch_keeps_the_last_number_and_the_first_time() {
        let mut testimony = Testimony::new(0);
        for (epoch, number, called) in [(5, 1, 10), (5, 2, 11), (9, 3, 12)] {
            testimony.promised(epoch, number, called);
        }
        testimony.promised_vaguely(12, 15, 4, 13);
        testimony.promised_vaguely(12, 17, 5, 16);
        let promise = |epoch, number, first_at, latest_at| {
            let (after, is_vague) = (epoch, false);
            Promise { epoch, after, is_vague, number, first_at, latest_at }
        };
        let vague = Promise { after: 17, is_vague: true, ..promise(12, 5, 13, 16) };
        assert_eq!(testimony.promises, [promise(5, 2, 10, 11), promise(9, 3, 12, 12), vague]);
    }

    #[test]
    fn times_of_every_size_are_kept() {
        for nanos in [0, 30, 20_000_000, u64::MAX] {
            let mut times = no_times();
            add(&mut times, nanos);
            assert!(times.max() >= nanos, "{nanos} became {}", times.max());
        }
    }
}
