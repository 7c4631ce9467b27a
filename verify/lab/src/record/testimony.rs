//! What each caller reports: every answer that it got.

use super::tally::{Event, Tally};
use hdrhistogram::Histogram;

/// A promise to a thread, in one epoch: the pending run covers its calls.
///
/// A call may learn no epoch, or the epoch may have moved while it waited. Then the promise is of the latest epoch known before the
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
    /// When the last such call had returned.
    pub returned_at: u64,
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

/// A cancel that gave up a run.
#[derive(Clone, Copy, Debug)]
pub struct Cancel {
    /// The epoch that was read after it.
    pub epoch: u64,
    /// When it had returned.
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

/// The calls of that kind.
pub fn count(testimonies: &[Testimony], kind: Kind) -> u64 {
    testimonies.iter().map(|testimony| testimony.times[kind as usize].len()).sum()
}

/// A call in the picture.
#[derive(Clone, Copy, Debug)]
pub struct CallMark {
    pub kind: Kind,
    pub called: u64,
    /// The start of its own run, if it waited for one; otherwise its return.
    pub until: u64,
}

/// What one caller reports about its calls of one throttle. The calls from inside runs have a testimony of
/// their own.
pub struct Testimony {
    pub thread: usize,
    pub times: [Times; Kind::ALL.len()],
    pub promises: Vec<Promise>,
    pub heard: Vec<Heard>,
    /// The last call whose future was dropped: a run that covers it covers all such calls.
    pub unheard: Option<DroppedCall>,
    pub marks: Vec<CallMark>,
    /// The longest time from a call to the run in it.
    pub longest_delay: u64,
    pub tally: Tally,
    /// The latest cancel that gave up a run.
    pub cancelled: Option<Cancel>,
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
            longest_delay: 0,
            tally: Tally::default(),
            cancelled: None,
        }
    }

    /// Records a cancel that gave up a run.
    pub fn cancelled(&mut self, cancel: Cancel) {
        self.tally.add(Event::Cancel);
        self.cancelled = Some(cancel);
    }

    /// Records a promise: the first run after `epoch` covers the call.
    pub fn promised(&mut self, epoch: u64, number: u64, called: u64, returned_at: u64) {
        let (first_at, latest_at) = (called, called);
        let (after, is_vague) = (epoch, false);
        self.keep(Promise { epoch, after, is_vague, number, first_at, latest_at, returned_at });
    }

    /// Records a promise that an earlier run may keep as well, if it has seen the call. The first run after the time
    /// `after` keeps it at the latest; before the call, `epoch` was known.
    pub fn promised_vaguely(&mut self, epoch: u64, after: u64, number: u64, called: u64, returned_at: u64) {
        let (first_at, latest_at) = (called, called);
        self.keep(Promise { epoch, after, is_vague: true, number, first_at, latest_at, returned_at });
    }

    fn keep(&mut self, promise: Promise) {
        match self.promises.last_mut() {
            Some(last) if (last.epoch, last.is_vague) == (promise.epoch, promise.is_vague) => {
                *last = Promise { first_at: last.first_at, ..promise }
            }
            _ => self.promises.push(promise),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Promise, Testimony, add, no_times};

    #[test]
    fn one_promise_for_each_epoch_keeps_the_last_number_and_the_first_time() {
        let mut testimony = Testimony::new(0);
        for (epoch, number, called) in [(5, 1, 10), (5, 2, 11), (9, 3, 12)] {
            testimony.promised(epoch, number, called, called + 1);
        }
        testimony.promised_vaguely(12, 15, 4, 13, 15);
        testimony.promised_vaguely(12, 17, 5, 16, 17);
        let promise = |epoch, number, first_at, latest_at| {
            let (after, is_vague) = (epoch, false);
            let returned_at = latest_at + 1;
            Promise { epoch, after, is_vague, number, first_at, latest_at, returned_at }
        };
        let vague = Promise { after: 17, is_vague: true, ..promise(12, 5, 13, 16) };
        assert_eq!(testimony.promises, [promise(5, 2, 10, 11), promise(9, 3, 12, 12), vague]);

        testimony.promised(12, 6, 18, 19);
        assert_eq!(testimony.promises[3], promise(12, 6, 18, 18), "neither excuses the other");
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
