//! What a storm leaves behind: a record of every run, and what each thread was told.

use hdrhistogram::Histogram;

/// Memory for all that is recorded. When it is used up the storm ends early.
const BUDGET: usize = 256 << 20;

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
}

/// Every run of a storm, with the number of each thread that it saw.
pub struct RunLog {
    threads: usize,
    limit: usize,
    runs: Vec<Run>,
    seen: Vec<u64>,
}

impl RunLog {
    /// An empty log. Its memory is reserved now, so that no run has to move the log.
    pub fn new(threads: usize) -> Self {
        // A thread keeps at most one promise for each epoch, that is, for each run.
        let of_one_run = size_of::<Run>() + threads * (size_of::<u64>() + size_of::<Promise>());
        let limit = BUDGET / of_one_run;
        // When the limit is reached each thread may be inside one more call.
        let capacity = limit + threads + 1;
        let seen = Vec::with_capacity(capacity * threads);
        Self { threads, limit, runs: Vec::with_capacity(capacity), seen }
    }

    /// Adds a run and returns how many there are.
    pub fn push(&mut self, run: Run, seen: &[u64]) -> usize {
        assert_eq!(seen.len(), self.threads, "a run sees a number of each thread");
        self.runs.push(run);
        self.seen.extend_from_slice(seen);
        self.runs.len()
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
}

/// What a thread was told in one epoch: that the pending run covers its calls.
///
/// The calls of a thread are numbered, so whatever covers the last of them covers all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Promise {
    /// The first run with a greater stamp covers the calls.
    pub epoch: u64,
    /// The number of the last such call.
    pub number: u64,
    /// When the first such call was made.
    pub first_at: u64,
    /// When the last such call was made.
    pub latest_at: u64,
}

/// What became of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    RanAtOnce,
    Deferred,
    Coalesced,
    Cancelled,
    Owed,
    /// Its run panicked.
    Panicked,
}

impl Kind {
    pub const ALL: [Self; 6] =
        [Self::RanAtOnce, Self::Deferred, Self::Coalesced, Self::Cancelled, Self::Owed, Self::Panicked];

    pub const fn name(self) -> &'static str {
        match self {
            Self::RanAtOnce => "ran at once",
            Self::Deferred => "deferred",
            Self::Coalesced => "coalesced",
            Self::Cancelled => "cancelled",
            Self::Owed => "owed",
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
pub struct Mark {
    pub kind: Kind,
    pub called: u64,
    /// The start of the run of its own that it waited for, else its return.
    pub until: u64,
}

/// What one thread has to tell.
pub struct Testimony {
    pub thread: usize,
    pub times: [Times; Kind::ALL.len()],
    pub promises: Vec<Promise>,
    pub marks: Vec<Mark>,
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
            marks: Vec::new(),
            blind: 0,
            longest_delay: 0,
            cancels: 0,
            cancelled_at: 0,
        }
    }

    /// Keeps what a coalesced call was told.
    pub fn promised(&mut self, epoch: u64, number: u64, called: u64) {
        match self.promises.last_mut() {
            Some(last) if last.epoch == epoch => (last.number, last.latest_at) = (number, called),
            _ => {
                self.promises.push(Promise { epoch, number, first_at: called, latest_at: called });
            }
        }
    }
}

/// The part of a storm that is drawn, known beforehand so that little has to be kept for it.
#[derive(Clone, Copy, Debug)]
pub struct Slice {
    pub from: u64,
    pub until: u64,
}

impl Slice {
    /// Each thread keeps at most one mark of a kind for each cell.
    pub const CELLS: u32 = 1200;

    /// The cell of a moment, `None` outside the slice.
    pub fn cell(self, moment: u64) -> Option<u32> {
        let length = self.until.checked_sub(self.from).filter(|&length| length > 0)?;
        let at = moment.checked_sub(self.from).filter(|&at| at < length)?;
        let cell = u128::from(at) * u128::from(Self::CELLS) / u128::from(length);
        u32::try_from(cell).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::{Promise, Slice, Testimony, add, no_times};

    #[test]
    fn one_promise_for_each_epoch_keeps_the_last_number_and_the_first_time() {
        let mut testimony = Testimony::new(0);
        for (epoch, number, called) in [(5, 1, 10), (5, 2, 11), (9, 3, 12)] {
            testimony.promised(epoch, number, called);
        }
        assert_eq!(
            testimony.promises,
            [
                Promise { epoch: 5, number: 2, first_at: 10, latest_at: 11 },
                Promise { epoch: 9, number: 3, first_at: 12, latest_at: 12 },
            ]
        );
    }

    #[test]
    fn times_of_every_size_are_kept() {
        for nanos in [0, 30, 20_000_000, u64::MAX] {
            let mut times = no_times();
            add(&mut times, nanos);
            assert!(times.max() >= nanos, "{nanos} became {}", times.max());
        }
    }

    #[test]
    fn cells_tile_the_slice() {
        let slice = Slice { from: 100, until: 100 + 2 * u64::from(Slice::CELLS) };
        assert_eq!(slice.cell(99), None);
        assert_eq!(slice.cell(100), Some(0));
        assert_eq!(slice.cell(102), Some(1));
        assert_eq!(slice.cell(slice.until - 1), Some(Slice::CELLS - 1));
        assert_eq!(slice.cell(slice.until), None);
        assert_eq!(Slice { from: 7, until: 7 }.cell(7), None);
    }
}
