//! A throttle of keys, some of whose first runs fail, with what its runs were given and what its calls were told. Values
//! are merged, so that each can be followed.

use super::{below, locked};
use atomic_throttle::{
    KeyedThrottled, KeyedThrottledBuilder, Manual, Merge, Pending, Retry, Timestamp, WaitError,
};
use shuttle::thread::{self, JoinHandle};
use std::collections::BTreeSet;
use std::fmt;
use std::hash::{BuildHasherDefault, DefaultHasher};
use std::sync::{Arc, Mutex};
use std::time::Duration;

pub type Hasher = BuildHasherDefault<DefaultHasher>;
pub type Merging = KeyedThrottled<usize, Merge<Vec<u32>>, Hasher>;

pub const KEYS: usize = 2;
pub const WINDOW: Duration = Duration::from_nanos(10);
/// Ends every window. Stamps of flushed runs run ahead, so it is long enough for those, too.
pub const LONG: Duration = Duration::from_nanos(60);

const CALLS: u32 = 2;

/// What the functions fail with.
#[derive(Debug)]
pub struct OnPurpose;

impl fmt::Display for OnPurpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("on purpose")
    }
}

impl std::error::Error for OnPurpose {}

/// What a call that was taken has brought, and what it was told.
pub struct Told {
    pub key: usize,
    pub value: u32,
    pub how: Result<(), WaitError>,
}

/// What the runs did. It is no part of the model.
#[derive(Default)]
pub struct Notes {
    pub succeeded: Vec<u32>,
    pub runs: usize,
    is_inside: bool,
}

#[derive(Clone)]
pub struct Place {
    pub throttled: Merging,
    pub clock: Arc<Manual>,
    pub notes: Arc<Mutex<Notes>>,
}

type Builder = KeyedThrottledBuilder<usize, Merge<Vec<u32>>, Hasher>;

/// One shard, so that all keys meet there.
fn builder(threshold: Duration) -> Builder {
    let builder = KeyedThrottled::<usize>::builder(threshold).hasher(Hasher::default()).shards(1);
    builder.merging(|older: &mut Vec<u32>, newer| older.extend(newer))
}

/// What failed is tried again at once.
pub fn trying_again(threshold: Duration) -> Builder {
    builder(threshold).retry(Retry::by(|_, _| Some(Duration::ZERO)))
}

impl Place {
    /// The first runs fail, and are tried again.
    pub fn new(threshold: Duration, failures: usize) -> Self {
        Self::of(trying_again(threshold), failures)
    }

    /// All runs fail, for good.
    pub fn failing() -> Self {
        Self::of(builder(Duration::ZERO), usize::MAX)
    }

    fn of(builder: Builder, failures: usize) -> Self {
        let clock = Arc::new(Manual::new(Timestamp::from_nanos(100)));
        let notes: Arc<Mutex<Notes>> = Arc::default();
        let inside = Arc::clone(&notes);
        let spawned = builder.clock(Arc::clone(&clock)).spawn(move |_, all: &Vec<u32>| {
            {
                let mut notes = locked(&inside);
                assert!(!notes.is_inside, "G2: two runs at once");
                assert!(!all.is_empty(), "G10: a run without a value");
                (notes.is_inside, notes.runs) = (true, notes.runs + 1);
            }
            thread::yield_now();
            let mut notes = locked(&inside);
            notes.is_inside = false;
            if notes.runs <= failures {
                return Err(OnPurpose);
            }
            notes.succeeded.extend(all);
            Ok(())
        });
        Self { throttled: spawned.expect("shuttle can start a thread"), clock, notes }
    }

    /// A caller of random keys, which waits for each call at once, or for all of them in the end.
    pub fn caller(&self, caller: u32) -> JoinHandle<Vec<Told>> {
        let Self { throttled, clock, .. } = self.clone();
        thread::spawn(move || {
            let (mut told, mut tickets) = (Vec::new(), Vec::new());
            let waits_at_once = below(2) == 0 && throttled.threshold().as_duration().is_zero();
            for value in (0..CALLS).map(|call| caller * CALLS + call) {
                let key = below(KEYS);
                match throttled.trigger(&key, vec![value]) {
                    Ok(ticket) if waits_at_once => told.push(Told { key, value, how: ticket.wait() }),
                    Ok(ticket) => tickets.push((value, ticket.into_owned())),
                    Err(rejected) => assert_eq!(rejected.value, [value], "G10: another value comes back"),
                }
                if below(2) == 0 {
                    clock.advance(WINDOW);
                }
            }
            let waited = tickets.into_iter().map(|(value, ticket)| Told {
                key: *ticket.key(),
                value,
                how: ticket.wait(),
            });
            told.extend(waited);
            told
        })
    }

    /// Ends it, and asserts that each value is in one place, and each call was told which. `taken`: what was taken out.
    /// `gave_up`: whether calls were cancelled or taken. `early`: how it was ended before.
    pub fn judge(self, told: &[Told], taken: Vec<u32>, gave_up: bool, drops: bool, early: Option<Pending>) {
        self.throttled.shutdown(Pending::Finish).wait().expect("outside of the run");
        let left: Vec<u32> =
            (0..KEYS).flat_map(|key| self.throttled.take(&key).unwrap_or_default()).collect();
        assert_eq!(self.throttled.pending(), 0, "G3: a run is pending for ever");
        assert_eq!(self.throttled.all().wait(), Ok(()), "G5: who waits for all is never told");
        let succeeded = locked(&self.notes).succeeded.clone();
        let discards = early == Some(Pending::Discard);
        for Told { value, how, .. } in told {
            match how {
                Ok(()) => {
                    let is_somewhere = drops || succeeded.contains(value) || taken.contains(value);
                    assert!(is_somewhere, "G3: {value} is covered, and no run that succeeded was given it");
                }
                Err(WaitError::Failed(_)) => {
                    assert!(early.is_some(), "G6: {value} has failed, and was to be tried again");
                    assert!(!succeeded.contains(value), "G6: {value} has failed, and succeeded");
                }
                Err(WaitError::Cancelled) => {
                    assert!(gave_up || discards, "G6: {value} was cancelled by nobody");
                    assert!(!succeeded.contains(value), "G3: {value} was cancelled, and succeeded");
                }
                Err(error) => panic!("G3: {error}"),
            }
        }
        let found = [succeeded, taken, left].concat();
        assert_each_once(&found, &told.iter().map(|told| told.value).collect(), drops || discards);
    }
}

/// Asserts that each value that was brought is in one place. `may_miss`: some were dropped on purpose.
pub fn assert_each_once(found: &[u32], brought: &BTreeSet<u32>, may_miss: bool) {
    let places: BTreeSet<u32> = found.iter().copied().collect();
    assert_eq!(places.len(), found.len(), "G10: a value comes twice: {found:?}");
    assert!(places.is_subset(brought), "G10: a value comes that nobody brought: {found:?}");
    assert!(may_miss || places == *brought, "G10: a value is lost: {found:?} of {brought:?}");
}
