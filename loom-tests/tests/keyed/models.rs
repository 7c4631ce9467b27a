//! The models. The file that declares this module says what `subject` is: the library, or its sources with
//! a planted fault.
//!
//! All keys are in one shard, or the even ones are in one and the odd ones in another.

use crate::subject::{Keyed, KeyedBuilder, KeyedError, Manual, Refused, Threshold, Timestamp};
use loom::sync::Arc;
use loom::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use loom::thread;
use loom_tests::Tally;
use std::hash::{BuildHasherDefault, Hasher};

type Subject = Keyed<u8, Manual, BuildHasherDefault<Placed>>;

/// The key itself, in both slices of the hash that choose the shard.
#[derive(Default)]
pub struct Placed(u64);

impl Hasher for Placed {
    fn write(&mut self, bytes: &[u8]) {
        self.0 = u64::from(bytes[0]);
    }

    fn finish(&self) -> u64 {
        self.0 << 32 | self.0 << 44
    }
}

const THRESHOLD: Threshold = Threshold::from_nanos(10);
const LEADING: Timestamp = Timestamp::from_nanos(1);
const INSIDE: Timestamp = Timestamp::from_nanos(2);
const DUE: Timestamp = Timestamp::from_nanos(11);
const DUE_AGAIN: Timestamp = Timestamp::from_nanos(21);
/// Longer than the threshold of the throttle, or than none.
const LONGER: Threshold = Threshold::from_nanos(100);
/// Looks leave keys alone for a second.
const LONG_AFTER: Timestamp = Timestamp::from_nanos(2_000_000_000);
const CLOSED: KeyedError = KeyedError::Refused(Refused::Closed { retry_at: DUE, refused_at: INSIDE });

/// What was counted over all executions.
#[derive(Clone, Default)]
pub struct Seen {
    /// The threads of the model met.
    pub met: Tally,
    /// Something happened that must not happen.
    pub broken: Tally,
}

fn builder() -> KeyedBuilder<u8, Manual, BuildHasherDefault<Placed>> {
    let builder: KeyedBuilder<u8> = Keyed::builder(THRESHOLD.as_duration());
    builder.clock(Manual::new(LEADING)).hasher(BuildHasherDefault::default()).shards(1)
}

/// A throttle on whose clock key 1 has run at `LEADING`, and its window is over.
fn after_a_window() -> Arc<Subject> {
    let keyed = builder().build();
    assert!(keyed.try_run(&1, || ()).is_ok());
    keyed.clock().set(DUE);
    Arc::new(keyed)
}

/// A throttle without a threshold, in which key 1 is known.
fn without_a_window() -> Subject {
    let keyed = builder().build();
    keyed.set_threshold(Threshold::ZERO);
    assert!(keyed.try_run(&1, || ()).is_ok());
    keyed
}

/// When a call on key 1 has started, if it ran.
fn started(keyed: &Subject) -> Option<Timestamp> {
    Some(keyed.try_enter(&1).ok()?.epoch().started_at())
}

/// The key may be evicted while the clock goes back into its window and a call comes.
pub fn eviction_against_a_clock_that_goes_back(seen: &Seen) {
    let keyed = after_a_window();
    let evicting = thread::spawn({
        let keyed = Arc::clone(&keyed);
        move || keyed.evict()
    });
    keyed.clock().set(INSIDE);
    let told = keyed.try_run(&1, || ());
    let evicted = evicting.join().expect("no panic");
    seen.met.count_if(evicted == 1);
    seen.broken.count_if(told != Err(CLOSED));
}

/// The key may be evicted while a call comes when its window is over.
pub fn eviction_against_a_call(seen: &Seen) {
    let keyed = after_a_window();
    let evicting = thread::spawn({
        let keyed = Arc::clone(&keyed);
        move || keyed.evict()
    });
    let ran = keyed.try_run(&1, || ()).is_ok();
    let evicted = evicting.join().expect("no panic");
    seen.met.count_if(evicted == 1 && keyed.contains(&1));
    // The run that has just started is never forgotten.
    let again = keyed.try_run(&1, || ()).is_ok();
    seen.broken.count_if(!ran || again || keyed.len() != 1);
}

/// A run of another key looks for keys to evict, while a call comes on one that can be.
pub fn look_against_a_call(seen: &Seen) {
    let keyed = without_a_window();
    // Of the runs of a thread on known keys every second one looks: the one that comes.
    assert!(keyed.try_run(&3, || ()).is_ok() && keyed.try_run(&3, || ()).is_ok());
    let keyed = Arc::new(keyed);
    let calling = thread::spawn({
        let keyed = Arc::clone(&keyed);
        move || keyed.try_run(&1, || ()).is_ok()
    });
    keyed.clock().set(LONG_AFTER);
    let here = keyed.try_run(&3, || ()).is_ok();
    let there = calling.join().expect("no panic");
    let known = [1, 3].map(|key| usize::from(keyed.contains(&key)));
    seen.met.count_if(known == [0, 1]);
    seen.broken.count_if(!here || !there || keyed.len() != known[0] + known[1]);
}

/// A run that has outlasted its window ends while another thread tries to evict the key, and a third one calls.
pub fn eviction_against_a_finish(seen: &Seen) {
    let shared = Arc::new((builder().build(), AtomicUsize::new(0)));
    // The data is written by plain load and store: an overlap or an unseen run loses an increment.
    let increment = |count: &AtomicUsize| count.store(count.load(Relaxed) + 1, Relaxed);
    let run = shared.0.try_enter(&1).expect("the first call runs");
    shared.0.clock().set(DUE);
    let evicting = thread::spawn({
        let shared = Arc::clone(&shared);
        move || shared.0.evict()
    });
    let calling = thread::spawn({
        let shared = Arc::clone(&shared);
        move || shared.0.try_run(&1, || increment(&shared.1)).is_ok()
    });
    increment(&shared.1);
    drop(run);
    let evicted = evicting.join().expect("no panic");
    let ran = calling.join().expect("no panic");
    seen.met.count_if(evicted == 1 && ran);
    seen.broken.count_if(shared.1.load(Relaxed) != 1 + usize::from(ran));
}

/// A run ends while another thread calls.
pub fn finish_against_the_next_run(seen: &Seen) {
    finish_against(|_| true, seen);
}

/// A run ends while another thread evicts the key, and calls if it was evicted.
pub fn finish_against_a_run_of_the_evicted_key(seen: &Seen) {
    finish_against(|keyed| keyed.evict() == 1, seen);
}

fn finish_against(calls: fn(&Subject) -> bool, seen: &Seen) {
    let keyed = Arc::new(builder().build());
    let run = keyed.try_enter(&1).expect("the first call runs");
    keyed.clock().set(DUE);
    let other = thread::spawn({
        let keyed = Arc::clone(&keyed);
        move || calls(&keyed) && keyed.try_run(&1, || ()).is_ok()
    });
    drop(run);
    let ran = other.join().expect("no panic");
    seen.met.count_if(ran);
    // The end of the run before leaves the window of this one alone.
    seen.broken.count_if(ran && keyed.try_run(&1, || ()).is_ok());
}

/// A call names a longer threshold, and is refused by it, while another thread evicts by none. What the call is told is
/// kept: when it may retry, it runs.
pub fn a_named_threshold_against_an_eviction(seen: &Seen) {
    named_against_an_eviction(|_| None, seen);
}

/// The same, and a third thread names it as well: then the call may find that there is nothing to write.
pub fn a_threshold_that_two_name_against_an_eviction(seen: &Seen) {
    let also = |keyed: &Arc<Subject>| {
        let keyed = Arc::clone(keyed);
        Some(thread::spawn(move || {
            let _ = keyed.try_run_with_threshold(LONGER, &3, || ());
        }))
    };
    named_against_an_eviction(also, seen);
}

fn named_against_an_eviction(also: fn(&Arc<Subject>) -> Option<thread::JoinHandle<()>>, seen: &Seen) {
    let keyed = without_a_window();
    keyed.clock().set(INSIDE);
    assert!(keyed.try_run(&3, || ()).is_ok(), "the latest run of what may be forgotten");
    let keyed = Arc::new(keyed);
    let evicting = thread::spawn({
        let keyed = Arc::clone(&keyed);
        move || keyed.evict()
    });
    let also = also(&keyed);
    let call = |keyed: &Subject| keyed.try_run_with_threshold(LONGER, &1, || ());
    let retry_at = call(&keyed).expect_err("it is refused").retry_at().expect("no run is in progress");
    let evicted = evicting.join().expect("no panic");
    if let Some(also) = also {
        also.join().expect("no panic");
    }
    seen.met.count_if(evicted == 2);
    keyed.clock().set(retry_at);
    seen.broken.count_if(call(&keyed).is_err());
}

/// Two calls on a key that is known and may run.
pub fn two_calls_on_a_known_key(seen: &Seen) {
    let keyed = after_a_window();
    let other = thread::spawn({
        let keyed = Arc::clone(&keyed);
        move || keyed.try_run(&1, || ())
    });
    let here = keyed.try_run(&1, || ());
    let there = other.join().expect("no panic");
    seen.met.count_if([here, there].contains(&Err(Refused::Running.into())));
    keyed.clock().set(DUE_AGAIN);
    let again = keyed.try_run(&1, || ()).is_ok();
    seen.broken.count_if(here.is_ok() == there.is_ok() || !again || keyed.len() != 1);
}

/// Without a window, so that both may run. Neither looks for keys to evict: only the word is between the two runs.
pub fn runs_of_a_known_key_see_each_other(seen: &Seen) {
    let shared = Arc::new((without_a_window(), AtomicUsize::new(0)));
    let call = |shared: &(Subject, AtomicUsize)| {
        let run = shared.0.try_enter(&1).ok()?;
        shared.1.store(shared.1.load(Relaxed) + 1, Relaxed);
        drop(run);
        Some(())
    };
    let other = thread::spawn({
        let shared = Arc::clone(&shared);
        move || call(&shared)
    });
    let here = call(&shared);
    let there = other.join().expect("no panic");
    let ran = usize::from(here.is_some()) + usize::from(there.is_some());
    seen.met.count_if(ran == 2);
    seen.broken.count_if(shared.1.load(Relaxed) != ran);
}

/// The threshold becomes longer, and then a call runs, while another call is about to be decided.
pub fn a_longer_threshold_against_a_call(seen: &Seen) {
    let keyed = Arc::new(without_a_window());
    keyed.clock().set(DUE);
    let other = thread::spawn({
        let keyed = Arc::clone(&keyed);
        move || started(&keyed)
    });
    keyed.set_threshold(THRESHOLD);
    let here = started(&keyed);
    let there = other.join().expect("no panic");
    seen.met.count_if(here.is_some());
    // By the threshold of before, only before the call here.
    seen.broken.count_if(matches!((here, there), (Some(here), Some(there)) if here < there));
}

/// Two first calls on one key.
pub fn two_first_calls(seen: &Seen) {
    let keyed = Arc::new(builder().build());
    let call = |keyed: &Subject| keyed.try_run(&1, || ());
    let other = thread::spawn({
        let keyed = Arc::clone(&keyed);
        move || call(&keyed)
    });
    let here = call(&keyed);
    let there = other.join().expect("no panic");
    seen.met.count_if(here == Err(Refused::Running.into()) || there == Err(Refused::Running.into()));
    seen.broken.count_if(here.is_ok() == there.is_ok() || keyed.len() != 1);
}

/// Two keys come in where there is room for one.
pub fn two_keys_for_one_place(seen: &Seen) {
    let keyed = Arc::new(builder().shards(2).max_keys(1).build());
    let other = thread::spawn({
        let keyed = Arc::clone(&keyed);
        move || keyed.try_run(&1, || ()).is_ok()
    });
    let here = keyed.try_run(&2, || ()).is_ok();
    let there = other.join().expect("no panic");
    seen.met.count_if(there);
    seen.broken.count_if(here == there || keyed.len() != 1);
}

/// Two keys come in where two others are idle. Each has to make room, and neither waits for ever.
pub fn two_keys_that_make_room(seen: &Seen) {
    let keyed = Arc::new(builder().shards(2).max_keys(2).build());
    assert!(keyed.try_run(&1, || ()).is_ok() && keyed.try_run(&2, || ()).is_ok());
    keyed.clock().set(DUE);
    let other = thread::spawn({
        let keyed = Arc::clone(&keyed);
        move || keyed.try_run(&4, || ()).is_ok()
    });
    let here = keyed.try_run(&3, || ()).is_ok();
    let there = other.join().expect("no panic");
    seen.met.count_if(here && there);
    seen.broken.count_if(!(here && there) || keyed.len() > 2);
}
