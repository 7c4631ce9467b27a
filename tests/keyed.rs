//! `Keyed`: what each operation does, from outside.

#![cfg(feature = "keyed")]

use atomic_throttle::{Clock, Keyed, KeyedBuilder, KeyedError, Manual, Refused, Threshold, Timestamp};
use evidence::Check;
use evidence::Guarantee::{G1, G2, G6, G7, G9};
use std::collections::HashSet;
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher, Hash, Hasher};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::Duration;
use watchdog as _;

const WINDOW: Duration = Duration::from_nanos(10);
const START: Timestamp = Timestamp::from_nanos(100);
const DUE: Timestamp = Timestamp::from_nanos(110);

fn keyed() -> Keyed<u32, Manual> {
    Keyed::with_clock(WINDOW, Manual::new(START))
}

fn one_shard<K>() -> KeyedBuilder<K, Manual> {
    Keyed::builder(WINDOW).clock(Manual::new(START)).shards(1)
}

const CLOSED: KeyedError = KeyedError::Refused(Refused::Closed { retry_at: DUE, refused_at: START });

#[test]
fn each_key_has_a_window_of_its_own() {
    let keyed = keyed();
    assert_eq!(keyed.try_run(&1, || "a"), Ok("a"));
    assert_eq!(keyed.try_run(&2, || "b"), Ok("b"));
    assert_eq!(keyed.try_run(&1, || "a"), Err(CLOSED));
    assert_eq!((CLOSED.retry_at(), CLOSED.retry_after()), (Some(DUE), Some(WINDOW)));
    keyed.clock().set(DUE);
    assert_eq!(keyed.try_run(&1, || "a"), Ok("a"));
    assert_eq!(keyed.len(), 2);
    assert!(keyed.contains(&2) && !keyed.contains(&3));
}

#[test]
fn keys_may_be_passed_in_their_borrowed_form() {
    let keyed = one_shard::<String>().build();
    assert!(keyed.try_run("a", || ()).is_ok());
    assert!(keyed.try_run(&String::from("a"), || ()).is_err());
    assert!(keyed.contains("a"));
    let slices = one_shard::<Vec<u8>>().build();
    assert!(slices.try_run(&[1_u8, 2][..], || ()).is_ok());
}

#[test]
fn a_run_excludes_others_of_its_key_alone() {
    let keyed = keyed();
    let run = keyed.try_enter(&1).expect("the first call runs");
    assert_eq!((run.epoch().started_at(), run.key()), (START, &1));
    keyed.clock().set(DUE);
    assert_eq!(keyed.try_run(&1, || ()), Err(Refused::Running.into()));
    assert_eq!(KeyedError::from(Refused::Running).retry_at(), None);
    assert!(keyed.try_run(&2, || ()).is_ok());
    assert!(keyed.snapshot(&1).expect("it is known").running);
    // Another thread may finish it.
    thread::scope(|scope| scope.spawn(move || drop(run)).join().expect("no panic"));
    assert!(keyed.try_run(&1, || ()).is_ok());
}

#[test]
fn a_panic_finishes_the_run_and_its_window_counts() {
    let check = Check::of(&[G6], "tests: a panic in a run of a Keyed finishes it, and its window counts");
    let keyed = keyed();
    let panicked =
        catch_unwind(AssertUnwindSafe(|| keyed.try_run(&1, || resume_unwind(Box::new("on purpose")))));
    assert!(panicked.is_err());
    assert_eq!(keyed.try_run(&1, || ()), Err(CLOSED));
    keyed.clock().set(DUE);
    assert!(keyed.try_run(&1, || ()).is_ok());
    check.passed(1, "cases");
}

#[test]
fn every_operation_may_be_called_inside_a_run() {
    let check =
        Check::of(&[G9], "tests: every operation of a Keyed inside a run, also of a key in its shard");
    let keyed = one_shard::<u32>().max_keys(2).build();
    let nested = keyed.try_run(&1, || {
        assert_eq!(keyed.try_run(&1, || ()), Err(Refused::Running.into()));
        assert!(keyed.try_run(&2, || ()).is_ok());
        keyed.clock().set(DUE);
        assert_eq!(keyed.evict(), 1, "the run itself is not evicted");
        assert!(keyed.contains(&1) && keyed.snapshot(&1).is_some());
        keyed.set_threshold(WINDOW);
        assert_eq!((keyed.len(), keyed.is_empty()), (1, false));
        keyed.allocated_bytes() > 0 && !format!("{keyed:?}").is_empty()
    });
    assert_eq!(nested, Ok(true));
    check.passed(9, "operations");
}

#[test]
fn the_limit_of_keys_is_kept_and_idle_keys_make_room() {
    let keyed: Keyed<u32, Manual> = Keyed::builder(WINDOW).clock(Manual::new(START)).max_keys(2).build();
    assert!(keyed.try_run(&1, || ()).is_ok() && keyed.try_run(&2, || ()).is_ok());
    let full = keyed.try_run(&3, || ()).expect_err("there is no room");
    assert_eq!(full, KeyedError::Full { max_keys: 2 });
    assert_eq!((full.retry_at(), full.retry_after()), (None, None));
    assert!(full.to_string().contains("max_keys"), "{full}");
    assert_eq!(keyed.try_run(&2, || ()), Err(CLOSED), "known keys are told their own state");
    keyed.clock().set(DUE);
    assert!(keyed.try_run(&3, || ()).is_ok());
    assert!(keyed.len() <= 2);
    let nobody: Keyed<u32> = Keyed::builder(WINDOW).max_keys(0).build();
    assert_eq!(nobody.try_run(&1, || ()), Err(KeyedError::Full { max_keys: 0 }));
}

#[test]
fn a_clock_that_goes_back_opens_no_window_of_an_evicted_key() {
    let keyed = one_shard::<u32>().build();
    assert!(keyed.try_run(&1, || ()).is_ok());
    keyed.clock().set(DUE);
    assert_eq!(keyed.evict(), 1);
    keyed.clock().set(START);
    assert_eq!(keyed.try_run(&1, || ()), Err(CLOSED));
    keyed.clock().set(DUE);
    assert!(keyed.try_run(&1, || ()).is_ok());
}

/// A thread was preempted after it read the clock, while another thread evicted by a later reading.
#[test]
fn a_reading_that_is_older_than_an_eviction_refuses_no_key_by_itself() {
    struct Preempted {
        reads: [Timestamp; 4],
        read: AtomicUsize,
    }
    impl Clock for Preempted {
        fn now(&self) -> Timestamp {
            self.reads[self.read.fetch_add(1, Ordering::Relaxed)]
        }
    }
    let clock = Preempted { reads: [START, DUE, START, DUE], read: AtomicUsize::new(0) };
    let keyed: Keyed<u32, Preempted> = Keyed::builder(WINDOW).clock(clock).shards(1).build();
    assert!(keyed.try_run(&1, || ()).is_ok());
    assert_eq!(keyed.evict(), 1);
    assert!(keyed.try_run(&2, || ()).is_ok());
    assert_eq!(keyed.clock().read.load(Ordering::Relaxed), 4);
}

/// A clock that reads later than the end of every window has still not reached the end of a window that never
/// ends.
#[test]
fn a_clock_that_reads_never_makes_no_call_spin() {
    struct AtItsEnd(AtomicUsize);
    impl Clock for AtItsEnd {
        fn now(&self) -> Timestamp {
            match self.0.fetch_add(1, Ordering::Relaxed) {
                0 => START,
                1 => DUE,
                read => {
                    assert!(read < 10, "it goes on reading");
                    Timestamp::NEVER
                }
            }
        }
    }
    let clock = AtItsEnd(AtomicUsize::new(0));
    let keyed: Keyed<u32, AtItsEnd> = Keyed::builder(WINDOW).clock(clock).shards(1).build();
    assert!(keyed.try_run(&1, || ()).is_ok());
    assert_eq!(keyed.evict(), 1);
    keyed.set_threshold(Duration::MAX);
    let refused = Refused::Closed { retry_at: Timestamp::NEVER, refused_at: Timestamp::MAX };
    assert_eq!(keyed.try_run(&2, || ()), Err(refused.into()));
}

#[test]
fn a_longer_threshold_applies_to_an_evicted_key_too() {
    let keyed = one_shard::<u32>().build();
    assert!(keyed.try_run(&1, || ()).is_ok());
    keyed.clock().set(DUE);
    assert_eq!(keyed.evict(), 1);
    keyed.set_threshold(2 * WINDOW);
    let retry_at = DUE.saturating_add(WINDOW);
    assert_eq!(keyed.try_run(&1, || ()), Err(Refused::Closed { retry_at, refused_at: DUE }.into()));
    assert_eq!(keyed.threshold(), Threshold::new(2 * WINDOW));
    keyed.set_threshold(Duration::MAX);
    assert_eq!(keyed.threshold(), Threshold::MAX);
}

/// A key that reports its drop, and whether a lock was held then.
#[derive(Clone)]
struct Tracked {
    name: u32,
    drops: Arc<AtomicUsize>,
    keyed: Arc<std::sync::OnceLock<Keyed<Tracked, Manual>>>,
}

impl PartialEq for Tracked {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Tracked {}

impl Hash for Tracked {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

impl Drop for Tracked {
    fn drop(&mut self) {
        // It would deadlock under the lock.
        if let Some(keyed) = self.keyed.get() {
            let _ = keyed.allocated_bytes();
        }
        self.drops.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn keys_are_dropped_outside_of_the_lock() {
    let drops = Arc::new(AtomicUsize::new(0));
    let shared = Arc::new(std::sync::OnceLock::new());
    let key = |name| Tracked { name, drops: Arc::clone(&drops), keyed: Arc::clone(&shared) };
    assert!(shared.set(one_shard::<Tracked>().max_keys(20).build()).is_ok());
    let keyed = shared.get().expect("it was set");
    for name in 0..20 {
        assert!(keyed.try_run(&key(name), || ()).is_ok());
    }
    assert!(matches!(keyed.try_run(&key(20), || ()), Err(KeyedError::Full { .. })));
    keyed.clock().set(DUE);
    let before = drops.load(Ordering::Relaxed);
    assert!(keyed.try_run(&key(21), || ()).is_ok());
    assert!(drops.load(Ordering::Relaxed) > before + 10, "idle keys made room");
    keyed.clock().set(Timestamp::from_nanos(1000));
    assert_eq!(keyed.evict(), keyed.len() + 1);
    assert!(keyed.is_empty());

    // This one is evicted by a call on another key.
    assert!(keyed.try_run(&key(1), || ()).is_ok());
    keyed.clock().advance(Duration::from_secs(1));
    let before = drops.load(Ordering::Relaxed);
    assert!(keyed.try_run(&key(2), || ()).is_ok());
    assert!(!keyed.contains(&key(1)));
    assert!(drops.load(Ordering::Relaxed) > before + 1);
}

#[test]
fn shards_are_rounded_and_bounded() {
    let bytes = |shards| Keyed::<u32>::builder(WINDOW).shards(shards).build().allocated_bytes();
    let one = bytes(1);
    // Elsewhere pointers or the lines of the cache have another size.
    if cfg!(any(target_arch = "x86_64", target_arch = "aarch64")) {
        assert_eq!(one, 1152);
    }
    assert_eq!([0, 2, 3].map(bytes), [one, 2 * one, 4 * one]);
    assert_eq!(bytes(usize::MAX), one * 4096);
}

#[test]
fn keys_whose_hashes_are_all_the_same_are_told_apart() {
    #[derive(Clone, Default)]
    struct Worst;
    impl BuildHasher for Worst {
        type Hasher = Same;
        fn build_hasher(&self) -> Same {
            Same
        }
    }
    struct Same;
    impl Hasher for Same {
        fn finish(&self) -> u64 {
            7
        }
        fn write(&mut self, _: &[u8]) {}
    }
    let keyed = one_shard::<u32>().hasher(Worst).build();
    let runs: Vec<_> =
        [1, 2, 3].iter().map(|key| keyed.try_enter(key).expect("the first call runs")).collect();
    keyed.clock().set(DUE);
    drop(runs);
    assert_eq!([1, 2, 3, 4].map(|key| keyed.try_run(&key, || ()).is_ok()), [true; 4]);
}

#[test]
fn of_many_threads_one_runs_each_key() {
    let check = Check::of(&[G1, G2], "tests: 8 threads, 1000 keys: each key runs once in its window");
    let keyed: Arc<Keyed<u32, Manual, BuildHasherDefault<DefaultHasher>>> = Arc::new(
        Keyed::builder(WINDOW).clock(Manual::new(START)).hasher(BuildHasherDefault::default()).build(),
    );
    let (runs, together) = (Arc::new(AtomicUsize::new(0)), Arc::new(Barrier::new(8)));
    let threads: Vec<_> = (0..8)
        .map(|_| {
            let (keyed, runs, together) = (Arc::clone(&keyed), Arc::clone(&runs), Arc::clone(&together));
            thread::spawn(move || {
                together.wait();
                for key in 0..1000 {
                    let _ = keyed.try_run(&key, || runs.fetch_add(1, Ordering::Relaxed));
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().expect("no panic");
    }
    assert_eq!((runs.load(Ordering::Relaxed), keyed.len()), (1000, 1000));
    check.passed(1000, "cases");
}

#[test]
fn it_can_be_shared_and_shown() {
    fn is_shared<T: Send + Sync>(_: &T) {}
    let keyed = keyed();
    is_shared(&keyed);
    assert!(keyed.try_run(&1, || ()).is_ok());
    assert_eq!(format!("{keyed:?}"), "Keyed { keys: 1, threshold: 10ns, .. }");
    let run = keyed.try_enter(&2).expect("it runs");
    is_shared(&run);
    assert_eq!(format!("{run:?}"), "KeyedRun { key: 2, epoch: Epoch(100) }");
    let hashes: HashSet<u64> = (0..8).map(|_| atomic_throttle::KeyHash::default().hash_one(1)).collect();
    assert!(hashes.len() > 1, "each has a seed of its own");
}

/// A key whose `Drop` panics.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Bomb(u32);

impl Drop for Bomb {
    fn drop(&mut self) {
        if self.0 == 1 && !thread::panicking() {
            resume_unwind(Box::new("on purpose"));
        }
    }
}

#[test]
fn a_key_whose_drop_panics_wedges_no_other() {
    let clock = Manual::new(Timestamp::from_nanos(1));
    let keyed = Keyed::<Bomb>::builder(Duration::from_nanos(10)).clock(&clock).shards(1).build();
    // The table of a shard has room for three before the shard looks for keys to evict.
    for key in [1, 2, 3] {
        let key = std::mem::ManuallyDrop::new(Bomb(key));
        assert_eq!(keyed.try_run(&*key, || ()), Ok(()));
    }
    clock.advance(Duration::from_secs(1));
    let another = Bomb(4);
    let evicting = catch_unwind(AssertUnwindSafe(|| keyed.try_run(&another, || ())));
    assert!(evicting.is_err(), "the drop of the evicted key panics");
    assert!(!keyed.snapshot(&another).is_some_and(|snapshot| snapshot.running), "its run has finished");
    clock.advance(Duration::from_nanos(10));
    assert_eq!(keyed.try_run(&another, || ()), Ok(()));
}

#[test]
fn a_key_whose_drop_panics_leaves_no_run_of_the_key_that_evicts_it() {
    let check = Check::of(&[G6], "tests: a run of a known key finishes where a key that it evicts panics");
    let clock = Manual::new(Timestamp::from_nanos(1));
    let keyed = Keyed::<Bomb>::builder(Duration::from_nanos(10)).clock(&clock).shards(1).build();
    let bomb = std::mem::ManuallyDrop::new(Bomb(1));
    let known = Bomb(2);
    assert_eq!([&*bomb, &known].map(|key| keyed.try_run(key, || ())), [Ok(()); 2]);
    clock.advance(Duration::from_secs(1));
    // One in 32 looks for keys to evict.
    let evicts = || {
        clock.advance(Duration::from_nanos(10));
        catch_unwind(AssertUnwindSafe(|| keyed.try_run(&known, || ()))).is_err()
    };
    assert!((0..64).any(|_| evicts()), "the drop of the evicted key panics");
    assert!(!keyed.snapshot(&known).is_some_and(|snapshot| snapshot.running), "its run has finished");
    clock.advance(Duration::from_nanos(10));
    assert_eq!(keyed.try_run(&known, || ()), Ok(()));
    check.passed(1, "case");
}

/// A clock with an estimate, which counts its other readings.
struct Estimated {
    clock: Manual,
    readings: AtomicUsize,
}

impl Clock for Estimated {
    fn now(&self) -> Timestamp {
        self.readings.fetch_add(1, Ordering::Relaxed);
        self.clock.now()
    }

    fn estimate(&self) -> Option<Timestamp> {
        Some(self.clock.now())
    }
}

#[test]
fn a_call_that_an_estimate_refuses_reads_nothing_else() {
    let check =
        Check::of(&[G7], "counting: a call on a key that an estimate refuses reads the clock no more");
    let clock = Estimated { clock: Manual::new(START), readings: AtomicUsize::new(0) };
    let keyed: Keyed<u32, Estimated> = Keyed::with_clock(WINDOW, clock);
    let readings = || keyed.clock().readings.load(Ordering::Relaxed);
    assert_eq!(keyed.try_run(&1, || ()), Ok(()));
    assert_eq!((keyed.try_run(&1, || ()), readings()), (Err(CLOSED), 1));
    keyed.clock().clock.set(DUE);
    assert_eq!((keyed.try_run(&1, || ()), readings()), (Ok(()), 2));
    check.passed(1, "case");
}
