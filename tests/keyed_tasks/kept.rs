//! What is kept of keys, and what that costs: nothing of those that have no run any more.

use super::by_hand::ByHand;
use super::subject::runtime;
use super::support::SECOND;
use atomic_throttle::{Batch, Carried, KeyedThrottled, Pending, Shutdown};
use evidence::Check;
use evidence::Guarantee::G8;
use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::time::Duration;

/// As many cancels are remembered in each shard, each with its key.
const REMEMBERED: usize = 64;

/// A key that knows how many of it there are, and how often they were compared.
#[derive(Clone)]
struct Counted {
    name: u32,
    comparisons: Arc<AtomicU64>,
}

impl PartialEq for Counted {
    fn eq(&self, other: &Self) -> bool {
        self.comparisons.fetch_add(1, SeqCst);
        self.name == other.name
    }
}

impl Eq for Counted {}

impl Hash for Counted {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

struct Subject {
    throttled: KeyedThrottled<Counted>,
    runtime: ByHand,
    comparisons: Arc<AtomicU64>,
}

impl Subject {
    fn new() -> Self {
        let runtime = runtime();
        let builder = KeyedThrottled::<Counted>::builder(SECOND * 1000).shards(1);
        let throttled = builder.spawn_on(runtime.clone(), async |_| ()).unwrap();
        Self { throttled, runtime, comparisons: Arc::default() }
    }

    fn key(&self, name: u32) -> Counted {
        Counted { name, comparisons: Arc::clone(&self.comparisons) }
    }

    fn call(&self, name: u32) {
        self.throttled.trigger(&self.key(name)).unwrap();
    }

    fn cancel(&self, name: u32) {
        assert!(self.throttled.cancel(&self.key(name)));
    }

    /// How many clones of keys there are.
    fn kept(&self) -> usize {
        Arc::strong_count(&self.comparisons) - 1
    }

    /// How many comparisons 20 runs of new keys take, while 60 others wait.
    fn comparisons_of_runs(&self) -> u64 {
        (1000..1060).for_each(|name| self.call(name));
        self.runtime.settle();
        (1000..1060).for_each(|name| self.call(name));
        self.runtime.settle();
        assert_eq!(self.throttled.pending(), 60);
        let before = self.comparisons.load(SeqCst);
        for name in 2000..2020 {
            self.call(name);
            self.runtime.settle();
        }
        assert_eq!(self.throttled.pending(), 60);
        self.comparisons.load(SeqCst) - before
    }
}

#[test]
fn keys_that_were_cancelled_are_forgotten() {
    let check = Check::of(
        &[G8],
        "tests: keys that are called and cancelled, one by one and many at once, are forgotten",
    );
    // One by one each has its turn. Of many at once the task forgets those that were cancelled.
    for (at_once, rounds) in [(1, 500), (100, 5)] {
        let subject = Subject::new();
        for round in 0..rounds {
            let names = round * at_once..(round + 1) * at_once;
            names.clone().for_each(|name| subject.call(name));
            names.for_each(|name| subject.cancel(name));
            subject.runtime.settle();
        }
        subject.throttled.evict();
        assert_eq!((subject.throttled.len(), subject.throttled.runs()), (0, 0));
        assert_eq!(subject.kept(), REMEMBERED, "{at_once} at once");
    }
    check.passed(1000, "keys");
}

/// After the end a run leaves for `take` what it has not taken.
#[test]
fn a_key_is_forgotten_when_what_it_has_left_is_taken() {
    let (runtime, comparisons) = (runtime(), Arc::default());
    let key = Counted { name: 1, comparisons: Arc::clone(&comparisons) };
    let insert = KeyedThrottled::<Counted>::builder(SECOND)
        .collecting()
        .spawn_on(runtime.clone(), async |_, mut rows: Carried<Batch<u32>>| rows.keep_rest())
        .unwrap();
    insert.trigger(&key, 7).unwrap();
    let ending = insert.shutdown(Pending::Finish);
    runtime.settle();
    assert_eq!(ending.wait_for(Duration::ZERO), Ok(Shutdown::Ran));
    assert_eq!(insert.take(&key), [7]);
    runtime.clock().advance(SECOND);
    assert_eq!(insert.evict(), 1);
    drop(key);
    assert_eq!(Arc::strong_count(&comparisons), 1);
}

/// Calls that were cancelled before are not looked for again and again.
#[test]
fn cancels_cost_later_runs_nothing() {
    let check = Check::of(
        &[G8],
        "tests: comparisons of keys in 20 runs after 100 cancels, while 60 keys are pending",
    );
    let cancelled = Subject::new();
    // Many keys, once each.
    (0..100).for_each(|name| cancelled.call(name));
    (0..100).for_each(|name| cancelled.cancel(name));
    cancelled.runtime.settle();
    // One key, many times.
    let again = Subject::new();
    for _ in 0..100 {
        again.call(0);
        again.cancel(0);
    }
    again.runtime.settle();
    // The calls that were cancelled last are remembered in any case.
    let one_by_one = Subject::new();
    for name in 0..100 {
        one_by_one.call(name);
        one_by_one.cancel(name);
        one_by_one.runtime.settle();
    }
    let usual = one_by_one.comparisons_of_runs();
    for (what, subject) in [("many keys", cancelled), ("one key", again)] {
        let comparisons = subject.comparisons_of_runs();
        assert!(
            comparisons < usual + 1000,
            "{what}: {usual} comparisons, and {comparisons} after the cancels"
        );
    }
    check.passed(40, "runs");
}

/// What the task has taken up is counted as what was handed over to it.
#[test]
fn pending_keys_are_counted_in_what_is_allocated() {
    let subject = Subject::new();
    (0..1000).for_each(|name| subject.call(name));
    subject.runtime.settle();
    let at_rest = subject.throttled.allocated_bytes();
    (0..1000).for_each(|name| subject.call(name));
    let handed_over = subject.throttled.allocated_bytes();
    subject.runtime.settle();
    let taken_up = subject.throttled.allocated_bytes();
    assert_eq!(subject.throttled.pending(), 1000);
    assert!(handed_over >= at_rest + 16_000, "{at_rest} bytes at rest, then {handed_over}");
    assert!(taken_up >= handed_over - 4_000, "{handed_over} bytes handed over, {taken_up} taken up");
}
