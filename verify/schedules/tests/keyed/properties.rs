//! What holds of a `Keyed` under every schedule. The file that declares this module says what `subject` is:
//! the library, or its sources with a planted fault.

use crate::subject::{Clock, Keyed, KeyedBuilder, KeyedError, KeyedRun, Manual, Timestamp};
use schedules::Tally;
use shuttle::rand::{Rng, thread_rng};
use shuttle::thread;
use std::hash::{BuildHasherDefault, DefaultHasher};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Mutex;
use std::time::Duration;

type Hasher = BuildHasherDefault<DefaultHasher>;
type Subject = Keyed<usize, Manual, Hasher>;

const WINDOW: Duration = Duration::from_nanos(10);
const START: Timestamp = Timestamp::from_nanos(100);
/// Longer than the threshold of the throttle, or than none.
const LONGER: Duration = Duration::from_micros(1);
const KEYS: usize = 5;

/// The notes of runs. They are not part of the model: shuttle does not see them.
#[derive(Default)]
struct Witness {
    inside: [bool; KEYS],
    starts: [Option<Timestamp>; KEYS],
}

struct Shared {
    keyed: Subject,
    witness: Mutex<Witness>,
}

impl Shared {
    fn new(
        build: impl FnOnce(KeyedBuilder<usize, Manual, Hasher>) -> KeyedBuilder<usize, Manual, Hasher>,
    ) -> Self {
        let builder: KeyedBuilder<usize> = Keyed::builder(WINDOW);
        let builder = builder.clock(Manual::new(START)).hasher(Hasher::default()).shards(1);
        Self { keyed: build(builder).build(), witness: Mutex::default() }
    }

    fn witness(&self, note: impl FnOnce(&mut Witness)) {
        note(&mut self.witness.lock().unwrap_or_else(std::sync::PoisonError::into_inner));
    }

    /// A call that asserts that its run is alone, and starts a threshold after the one before it.
    #[allow(clippy::trivially_copy_pass_by_ref, reason = "the guard of its run borrows the key")]
    fn call(&self, key: &'static usize) -> Result<(), KeyedError> {
        self.perform(WINDOW, key, self.keyed.try_enter(key)?);
        Ok(())
    }

    /// The same, by a threshold of the call.
    #[allow(clippy::trivially_copy_pass_by_ref, reason = "the guard of its run borrows the key")]
    fn call_by(&self, threshold: Duration, key: &'static usize) -> Result<(), KeyedError> {
        self.perform(threshold, key, self.keyed.try_enter_with_threshold(threshold, key)?);
        Ok(())
    }

    #[allow(clippy::trivially_copy_pass_by_ref, reason = "the guard of its run borrows the key")]
    fn perform(&self, threshold: Duration, key: &'static usize, run: KeyedRun<'_, usize>) {
        let started_at = run.epoch().started_at();
        self.witness(|witness| {
            assert!(!witness.inside[*key], "G2: two runs of a key at once");
            witness.inside[*key] = true;
            if let Some(before) = witness.starts[*key].replace(started_at) {
                let gap = started_at.saturating_since(before);
                assert!(gap >= threshold, "G1: {gap:?} between two runs of a key");
            }
        });
        thread::yield_now();
        self.witness(|witness| witness.inside[*key] = false);
        drop(run);
    }
}

static NAMES: [usize; 3] = [0, 1, 2];
/// Keys that are not known yet.
static NEW: [usize; 2] = [3, 4];

fn key() -> &'static usize {
    &NAMES[thread_rng().gen_range(0..NAMES.len())]
}

/// Three threads call and evict, while another one moves the clock back and forth.
pub fn runs_of_a_key_keep_their_distance(met: &Tally) {
    let shared = Shared::new(|builder| builder);
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                for _ in 0..3 {
                    let _ = shared.call(key());
                    met.count_if(shared.keyed.evict() > 0);
                }
            });
        }
        scope.spawn(|| {
            for _ in 0..3 {
                shared.keyed.clock().advance(WINDOW * 3 / 2);
                shared.keyed.clock().go_back(WINDOW / 2);
            }
        });
    });
}

/// Three threads call by thresholds of their own and evict, while another one moves the clock back and forth.
pub fn runs_by_named_thresholds_keep_their_distance(met: &Tally) {
    let shared = Shared::new(|builder| builder);
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                for _ in 0..3 {
                    let _ = shared.call_by(WINDOW * thread_rng().gen_range(0..4), key());
                    met.count_if(shared.keyed.evict() > 0);
                }
            });
        }
        scope.spawn(|| {
            for _ in 0..3 {
                shared.keyed.clock().advance(WINDOW * 3);
                shared.keyed.clock().go_back(WINDOW / 2);
            }
        });
    });
}

/// Four threads, with runs that panic and unwind while others go on, and with evictions.
pub fn panics_finish_their_runs(met: &Tally) {
    let shared = Shared::new(|builder| builder);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..2 {
                    let panicked = catch_unwind(AssertUnwindSafe(|| {
                        shared.keyed.try_run(&0, || resume_unwind(Box::new("on purpose")))
                    }));
                    met.count_if(panicked.is_err());
                    shared.keyed.clock().advance(WINDOW);
                    shared.keyed.evict();
                }
            });
        }
    });
    assert!(shared.call(&NAMES[0]).is_ok(), "a run that panicked is still in progress");
}

/// Four threads, two shards, and room for two keys: there are never more keys, no deadlock occurs, and a place
/// is free when all keys are idle.
pub fn the_limit_is_kept(met: &Tally) {
    let shared = Shared::new(|builder| builder.shards(2).max_keys(2));
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..2 {
                    met.count_if(matches!(shared.call(key()), Err(KeyedError::Full { .. })));
                    assert!(shared.keyed.len() <= 2, "more keys than the limit");
                    shared.keyed.clock().advance(WINDOW / 2);
                }
            });
        }
    });
    shared.keyed.clock().advance(WINDOW);
    for key in &NAMES {
        assert!(shared.call(key).is_ok(), "idle keys make room");
        shared.keyed.clock().advance(WINDOW);
    }
    shared.keyed.evict();
    assert!(shared.keyed.is_empty(), "the count is that of the keys");
}

/// As many calls on new keys as there are idle ones, which make room or are evicted meanwhile: none is told that there
/// is no room.
pub fn idle_keys_make_room_for_as_many(evicted: &Tally) {
    let shared = Shared::new(|builder| builder.max_keys(2));
    for key in &NAMES[..2] {
        assert!(shared.call(key).is_ok());
    }
    shared.keyed.clock().advance(WINDOW);
    thread::scope(|scope| {
        for key in &NEW {
            scope.spawn(|| assert_eq!(shared.call(key), Ok(()), "idle keys make room"));
        }
        scope.spawn(|| evicted.count_if(shared.keyed.evict() > 0));
    });
}

/// A call on a known key names a longer threshold, and is refused by it, while another thread evicts by none. What the
/// call is told is kept: when it may retry, it runs.
pub fn a_key_is_kept_for_a_call_that_names_a_threshold(met: &Tally) {
    let keyed = after_a_run();
    keyed.clock().advance(WINDOW);
    assert!(keyed.try_run(&1, || ()).is_ok(), "the latest run of what may be forgotten");
    let call = || keyed.try_run_with_threshold(LONGER, &0, || ());
    let told = thread::scope(|threads| {
        threads.spawn(|| met.count_if(keyed.evict() == 2));
        call().expect_err("it is refused")
    });
    keyed.clock().set(told.retry_at().expect("no run is in progress"));
    assert_eq!(call(), Ok(()), "the key was evicted in the window of a call");
}

/// A throttle without a threshold.
fn without_a_window() -> Subject {
    let builder: KeyedBuilder<usize> = Keyed::builder(Duration::ZERO);
    builder.clock(Manual::new(START)).hasher(Hasher::default()).shards(1).build()
}

/// The same, in which key 0 has run.
fn after_a_run() -> Subject {
    let keyed = without_a_window();
    assert!(keyed.try_run(&0, || ()).is_ok());
    keyed
}

/// The threshold becomes longer, and then a key runs. Who sees that run in a snapshot sees its window by the longer one.
pub fn a_snapshot_has_the_threshold_of_its_run(seen: &Tally) {
    let keyed = after_a_run();
    keyed.clock().advance(LONGER);
    let run_at = keyed.clock().now();
    thread::scope(|threads| {
        threads.spawn(|| {
            let shown = keyed.snapshot(&0).expect("it is known");
            if shown.epoch.started_at() == run_at {
                assert_eq!(shown.window_end, run_at.saturating_add(LONGER), "by the threshold of before");
                seen.count();
            }
        });
        keyed.set_threshold(LONGER);
        assert!(keyed.try_run(&0, || ()).is_ok());
    });
}

/// A call waits for the lock of its shard while the threshold becomes longer and another call runs. It decides by the
/// longer one.
pub fn a_longer_threshold_holds_for_a_call_that_waits(both_ran: &Tally) {
    longer_while_another_call_is_decided(&without_a_window(), both_ran);
}

/// The same where the key is known. It is decided without a lock of its own, and by what is read after its word.
pub fn a_longer_threshold_holds_for_a_call_on_a_known_key(ran: &Tally) {
    let keyed = after_a_run();
    keyed.clock().advance(LONGER);
    longer_while_another_call_is_decided(&keyed, ran);
}

fn longer_while_another_call_is_decided(keyed: &Subject, ran: &Tally) {
    let started = || keyed.try_enter(&0).ok().map(|run| run.epoch().started_at());
    let (before, after) = thread::scope(|threads| {
        let waits = threads.spawn(started);
        keyed.set_threshold(LONGER);
        let after = started();
        (waits.join().expect("no panic"), after)
    });
    if let (Some(before), Some(after)) = (before, after) {
        assert!(before < after || before.saturating_since(after) >= LONGER, "G1: by the threshold of before");
        ran.count();
    }
    ran.count_if(after.is_some());
}
