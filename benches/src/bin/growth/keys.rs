//! The second axis: keys, one of which is drawn at random for each call.

use crate::axis::{Contestant, MemoryRule, Role, Sample, Text};
use crate::drawn;
use crate::memory::in_use;
use crate::runs::Runs;
use crate::timing::nanos;
use atomic_throttle::{KeyHash, Keyed, KeyedThrottled, Pending};
use benches::statistics::{float, signed};
use governor::clock::MonotonicClock;
use governor::middleware::NoOpMiddleware;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};
use std::cell::Cell;
use std::collections::BTreeMap;
use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// A threshold that is longer than any measurement.
const HOUR: Duration = Duration::from_secs(3600);

pub fn text() -> Text {
    Text {
        file: "keys",
        title: "Cost as work grows: keys",
        along: "keys",
        bytes: "a key",
        due: "due",
        runs: None,
        notes: vec![
            "Each key is drawn at random from what the call before returned; drawing it is in every row. Two \
             look-ups in a bare hash table show what the memory alone costs. One returns what it has found, so the \
             next one waits for it; of the other only is taken that it has found something, which the processor \
             guesses, so that it waits for several at once. Both grow as the table leaves one cache after the other, \
             and every row on keys that stay with them."
                .to_owned(),
            "refused: every key is inside its window. admitted, evicted: without a window, so every call runs and \
             its key is forgotten soon after; the table stays small. pending: a run of every key is pending. new: \
             each call brings a key that never came before, until the table has so many. governor (on the clock of \
             Instant, with the hash of Keyed) promises spacing alone, and forgets no key by itself."
                .to_owned(),
            "Memory is what was allocated for so many keys, by the count of the allocator, divided by them. Tables \
             have a smallest size, which few keys share."
                .to_owned(),
            "Counted: one run of each key before its window is over, and for those that are pending one more when \
             it is; and that memory is given back."
                .to_owned(),
        ],
        flat_from: 1,
    }
}

pub fn contestants() -> Vec<Box<dyn Contestant>> {
    let bare = |table: &Bare, key: u64| table.get(&key).copied().unwrap_or(1);
    let overlapping = |table: &Bare, key: u64| u64::from(!table.contains_key(&key));
    let refused = |table: &RefusedKeys, key: u64| {
        let run = || table.runs.fetch_add(1, Ordering::Relaxed);
        u64::from(table.keyed.try_run(&key, run).is_ok())
    };
    let pending = |table: &PendingKeys, key: u64| u64::from(table.throttled.trigger(&key).is_err());
    let governor = |limiter: &Governor, key: u64| u64::from(limiter.check_key(&key).is_ok());
    vec![
        Box::new(OnKeys::new("bare look-up", Role::Reference, bare)),
        Box::new(OnKeys::new("bare look-up, overlapping", Role::Reference, overlapping)),
        Box::new(OnKeys::new("Keyed::try_run, refused", Role::Ours, refused)),
        Box::new(AdmittedKeys),
        Box::new(NewKeys { name: "Keyed::try_run, new", role: Role::Ours, time: new_in::<RefusedKeys> }),
        Box::new(OnKeys::new("KeyedThrottled::trigger, pending", Role::Ours, pending)),
        Box::new(OnKeys::new("governor, refused", Role::Peer, governor)),
        Box::new(NewKeys { name: "governor, new", role: Role::Peer, time: new_in::<Governor> }),
    ]
}

/// A table that holds something for each of this many keys.
trait Held {
    fn of(keys: u64) -> Self;
    /// Counts what can be counted in the end, and gives memory back.
    fn end(&mut self, _keys: u64) -> Result<Sample, String> {
        Ok(Sample::default())
    }
}

/// Calls on a table that is built once for each number of keys.
struct OnKeys<T, C> {
    name: &'static str,
    role: Role,
    call: C,
    /// The tables, each with the bytes of one key.
    built: BTreeMap<u64, (T, f64)>,
    /// It draws other keys each time.
    seed: u64,
}

impl<T: Held, C: Fn(&T, u64) -> u64> OnKeys<T, C> {
    fn new(name: &'static str, role: Role, call: C) -> Self {
        Self { name, role, call, built: BTreeMap::new(), seed: 0 }
    }
}

impl<T: Held, C: Fn(&T, u64) -> u64> Contestant for OnKeys<T, C> {
    fn name(&self) -> &'static str {
        self.name
    }

    fn role(&self) -> Role {
        self.role
    }

    fn memory(&self) -> MemoryRule {
        if self.role == Role::Ours { MemoryRule::PerKey } else { MemoryRule::NotJudged }
    }

    fn sample(&mut self, keys: u64) -> Result<Sample, String> {
        self.seed += 1;
        let (table, bytes) = self.built.entry(keys).or_insert_with(|| {
            let before = in_use();
            let table = T::of(keys);
            (table, signed(in_use() - before) / float(keys))
        });
        let sample = drawn::calls(keys, self.seed, |key| (self.call)(table, key));
        Ok(Sample { bytes: Some(*bytes), ..sample })
    }

    fn end(&mut self, keys: u64) -> Result<Sample, String> {
        self.built.get_mut(&keys).map_or_else(|| Ok(Sample::default()), |(table, _)| table.end(keys))
    }
}

type Bare = hashbrown::HashMap<u64, u64>;

impl Held for Bare {
    fn of(keys: u64) -> Self {
        (0..keys).map(|key| (key, 0)).collect()
    }
}

/// With the hash of `Keyed`, which is faster than its own.
type Governor = RateLimiter<u64, DashMapStateStore<u64, KeyHash>, MonotonicClock, NoOpMiddleware<Instant>>;

impl Held for Governor {
    fn of(keys: u64) -> Self {
        let quota = Quota::with_period(HOUR).expect("an hour is not zero");
        let limiter = Self::dashmap_with_clock_and_hasher(quota, MonotonicClock, KeyHash::default());
        assert!((0..keys).all(|key| limiter.check_key(&key).is_ok()));
        limiter
    }
}

/// Every key is inside its window.
struct RefusedKeys {
    keyed: Keyed<u64>,
    empty: usize,
    runs: AtomicU64,
}

impl Held for RefusedKeys {
    fn of(keys: u64) -> Self {
        let (keyed, runs) = (Keyed::new(HOUR), AtomicU64::new(0));
        let empty = keyed.allocated_bytes();
        for key in 0..keys {
            assert!(keyed.try_run(&key, || runs.fetch_add(1, Ordering::Relaxed)).is_ok());
        }
        Self { keyed, empty, runs }
    }

    fn end(&mut self, keys: u64) -> Result<Sample, String> {
        let runs = Runs::expected(keys, self.runs.load(Ordering::Relaxed));
        self.keyed.set_threshold(Duration::ZERO);
        self.keyed.evict();
        Ok(Sample { runs: Some(runs), added: Some(more(&self.keyed, self.empty)), ..Sample::default() })
    }
}

/// Bytes that it has allocated since it was empty.
fn more(keyed: &Keyed<u64>, empty: usize) -> i64 {
    let bytes = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
    bytes(keyed.allocated_bytes()) - bytes(empty)
}

/// Every call runs, and its key is evicted soon.
struct AdmittedKeys;

impl Contestant for AdmittedKeys {
    fn name(&self) -> &'static str {
        "Keyed::try_run, admitted, evicted"
    }

    fn role(&self) -> Role {
        Role::Ours
    }

    fn sample(&mut self, keys: u64) -> Result<Sample, String> {
        let keyed = Keyed::new(Duration::ZERO);
        let empty = keyed.allocated_bytes();
        let (calls, runs) = (Cell::new(0), Cell::new(0));
        let sample = drawn::calls(keys, 1, |key| {
            calls.set(calls.get() + 1);
            u64::from(keyed.try_run(&key, || runs.set(runs.get() + 1)).is_err())
        });
        keyed.evict();
        let runs = Runs::expected(calls.get(), runs.get());
        Ok(Sample { runs: Some(runs), added: Some(more(&keyed, empty)), ..sample })
    }
}

/// Every call brings a key that never came before, and all are kept: as when somebody floods a table that has no
/// limit. The growth of the table is part of the time.
struct NewKeys {
    name: &'static str,
    role: Role,
    time: fn(u64) -> Duration,
}

/// How long it takes until so many keys are in a new table.
fn new_in<T: Held>(keys: u64) -> Duration {
    let start = Instant::now();
    let table = black_box(T::of(keys));
    let time = start.elapsed();
    drop(table);
    time
}

/// In a smaller table the time to build an empty one would show.
const NEW_FROM: u64 = 10_000;

impl Contestant for NewKeys {
    fn name(&self) -> &'static str {
        self.name
    }

    fn role(&self) -> Role {
        self.role
    }

    fn sample(&mut self, keys: u64) -> Result<Sample, String> {
        let is_large = keys >= NEW_FROM;
        let nanos = is_large.then(|| nanos((self.time)(keys)) / float(keys));
        Ok(Sample { nanos, ..Sample::default() })
    }
}

/// A run of every key is pending.
struct PendingKeys {
    throttled: KeyedThrottled<u64>,
    runs: Arc<AtomicU64>,
}

/// The time that this many pending runs may take once they are due.
const PERFORMED: Duration = Duration::from_secs(300);

impl Held for PendingKeys {
    fn of(keys: u64) -> Self {
        let runs = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&runs);
        let builder = KeyedThrottled::builder(HOUR).pending_on_drop(Pending::Discard);
        let throttled = builder
            .spawn(move |_| {
                counted.fetch_add(1, Ordering::Relaxed);
            })
            .expect("the system can start a thread");
        // One run of each key, and then another one for the end of its window.
        assert!((0..keys).all(|key| throttled.trigger(&key).is_ok()));
        throttled.all().wait().expect("they complete");
        assert!((0..keys).all(|key| throttled.trigger(&key).is_ok()));
        rest();
        Self { throttled, runs }
    }

    fn end(&mut self, keys: u64) -> Result<Sample, String> {
        let before = Runs::expected(keys, self.runs.load(Ordering::Relaxed));
        self.throttled.set_threshold(Duration::ZERO);
        let waited = self.throttled.all().wait_for(PERFORMED);
        waited.map_err(|why| format!("the pending runs of {keys} keys do not come: {why}"))?;
        let all = self.runs.swap(0, Ordering::Relaxed);
        let after = Runs::expected(keys, all - before.started);
        Ok(Sample { runs: Some(before.and(after)), ..Sample::default() })
    }
}

/// Waits until the thread has taken what it was asked for, and allocates no more.
fn rest() {
    let mut quiet = 0;
    while quiet < 20 {
        let before = in_use();
        thread::sleep(Duration::from_millis(2));
        quiet = if in_use() == before { quiet + 1 } else { 0 };
    }
}

#[cfg(test)]
mod tests {
    use super::{AdmittedKeys, Contestant, Held, PendingKeys, RefusedKeys};
    use crate::memory::alone;
    use std::sync::atomic::Ordering;

    const KEYS: u64 = 100;

    #[test]
    fn each_key_runs_once_before_its_window_is_over() {
        let runs = |planted| {
            let mut refused = RefusedKeys::of(KEYS);
            refused.runs.fetch_add(planted, Ordering::Relaxed);
            let end = refused.end(KEYS).unwrap();
            assert_eq!(end.added, Some(0), "its memory is given back");
            end.runs.unwrap()
        };
        assert_eq!(runs(0).fault(), None);
        assert_eq!(runs(1).too_many, 1);
    }

    #[test]
    fn each_pending_key_runs_once_more() {
        let _alone = alone();
        let runs = |planted| {
            let mut pending = PendingKeys::of(KEYS);
            pending.runs.fetch_add(planted, Ordering::Relaxed);
            pending.end(KEYS).unwrap().runs.unwrap()
        };
        let good = runs(0);
        assert_eq!((good.fault(), good.started), (None, 2 * KEYS));
        assert_eq!(runs(1).too_many, 1);
        // The one run of a key that came before is missing.
        assert_eq!(runs(u64::MAX).lost, 1);
    }

    #[test]
    fn every_admitted_call_runs() {
        let sample = AdmittedKeys.sample(KEYS).unwrap();
        assert_eq!((sample.runs.unwrap().fault(), sample.added), (None, Some(0)));
    }
}
