//! What holds of a `KeyedThrottled` under every schedule. The file that declares this module says what
//! `subject` is: the library, or its sources with a planted fault.

use crate::subject::{
    Count, KeyedThrottled, Manual, NotTaken, Pending, Shutdown, Threshold, Timestamp, WaitError,
};
use schedules::Tally;
use shuttle::rand::{Rng, thread_rng};
use shuttle::sync::atomic::{AtomicU64, Ordering};
use shuttle::thread;
use std::hash::{BuildHasherDefault, DefaultHasher};
use std::panic::resume_unwind;
use std::sync::{Arc, Mutex};
use std::time::Duration;

type Hasher = BuildHasherDefault<DefaultHasher>;
type Subject = KeyedThrottled<usize, Count, Hasher>;

const WINDOW: Duration = Duration::from_nanos(10);
/// Ends every window. Stamps of flushed runs run ahead, so it is long enough for those, too.
const LONG: Duration = Duration::from_nanos(60);
const START: Timestamp = Timestamp::from_nanos(100);
const KEYS: usize = 2;
const CALLS: usize = 3;

/// The notes of callers and runs. They are not part of the model: shuttle does not see them.
#[derive(Default)]
struct Notes {
    /// How often each key was called, with the calls that were not taken.
    words: [u64; KEYS],
    taken: [u64; KEYS],
    /// The greatest word of a call that was taken.
    promised: [u64; KEYS],
    /// The word that the latest run saw.
    seen: [u64; KEYS],
    covered: [u64; KEYS],
    is_inside: bool,
    starts: [Option<Timestamp>; KEYS],
    close: usize,
    flushes: usize,
    cancels: usize,
}

#[derive(Clone)]
struct Shared {
    clock: Arc<Manual>,
    notes: Arc<Mutex<Notes>>,
}

impl Shared {
    fn new() -> Self {
        Self { clock: Arc::new(Manual::new(START)), notes: Arc::default() }
    }

    fn note<T>(&self, note: impl FnOnce(&mut Notes) -> T) -> T {
        note(&mut self.notes.lock().unwrap_or_else(std::sync::PoisonError::into_inner))
    }

    fn start(&self, panics: bool) -> Subject {
        let shared = self.clone();
        let itself =
            Arc::new(std::sync::OnceLock::<crate::subject::WeakKeyedThrottled<usize, Count, Hasher>>::new());
        let inside = Arc::clone(&itself);
        let throttled = KeyedThrottled::<usize>::builder(WINDOW)
            .clock(Arc::clone(&self.clock))
            .hasher(Hasher::default())
            .shards(1)
            .counting()
            .spawn(move |key, calls| {
                // The throttle is gone only after its last handle, which waits for this run.
                let started = inside.get().and_then(|weak| weak.upgrade()?.snapshot(key)?.last_run_at);
                shared.run(*key, calls, started);
                if panics && thread_rng().gen_range(0..4) == 0 {
                    resume_unwind(Box::new("on purpose"));
                }
            })
            .expect("a thread");
        assert!(itself.set(throttled.downgrade()).is_ok());
        throttled
    }

    fn run(&self, key: usize, calls: u64, started: Option<Timestamp>) {
        self.note(|notes| {
            assert!(!notes.is_inside, "G2: two runs at once");
            notes.is_inside = true;
            notes.seen[key] = notes.words[key];
            notes.covered[key] += calls;
            assert!(calls > 0, "a run that covers no call");
            let before = std::mem::replace(&mut notes.starts[key], started);
            if let (Some(before), Some(started)) = (before, started) {
                notes.close += usize::from(started.saturating_since(before) < WINDOW);
            }
        });
        thread::yield_now();
        self.note(|notes| notes.is_inside = false);
    }

    fn call(&self, throttled: &Subject, key: usize) {
        let word = self.note(|notes| {
            notes.words[key] += 1;
            notes.words[key]
        });
        match throttled.trigger(&key) {
            Ok(_) => self.note(|notes| {
                notes.taken[key] += 1;
                notes.promised[key] = notes.promised[key].max(word);
            }),
            Err(NotTaken::Ended(_)) => {}
            Err(other) => panic!("{other}"),
        }
    }

    /// The complaint if a call that was taken is not covered by a run that started after it, unless it was
    /// given up. It does not wait, because what is lost never comes. It does not panic, because the thread may
    /// still be there, and the panic would have to wait for it.
    fn complaint(&self, throttled: &Subject, gave_up: bool) -> Option<&'static str> {
        // Shuttle may go on with another thread at each of these, so the notes are not locked here.
        let (pending, uncovered) = (throttled.pending(), throttled.uncovered());
        let waited = throttled.all().wait_for(Duration::ZERO);
        self.note(|notes| {
            let covered: u64 = notes.covered.iter().sum();
            let taken: u64 = notes.taken.iter().sum();
            let is_missed = (0..KEYS).any(|key| notes.seen[key] < notes.promised[key]);
            let complaints = [
                (pending > 0, "G3: a run is pending for ever"),
                (waited.is_err(), "G5: who waits for all that was called is never told"),
                (covered + uncovered != taken, "a call is in no count, or in two"),
                (is_missed && !gave_up && notes.cancels == 0, "G3: a call is covered by no run"),
                (notes.close > notes.flushes, "G1: two runs of a key too close"),
            ];
            complaints.into_iter().find_map(|(is_so, complaint)| is_so.then_some(complaint))
        })
    }
}

fn any_key() -> usize {
    thread_rng().gen_range(0..KEYS)
}

/// Two threads call, one cancels, flushes, evicts and moves the clock, and one may end the throttle meanwhile.
pub fn of_all_operations(met: &Tally) {
    let shared = Shared::new();
    let throttled = shared.start(true);
    let callers = [(); 2].map(|()| {
        let (shared, throttled) = (shared.clone(), throttled.clone());
        thread::spawn(move || {
            for _ in 0..CALLS {
                shared.call(&throttled, any_key());
                shared.clock.advance(WINDOW * thread_rng().gen_range(0..2));
            }
        })
    });
    let disturber = thread::spawn({
        let (shared, throttled) = (shared.clone(), throttled.clone());
        move || {
            for _ in 0..CALLS {
                match thread_rng().gen_range(0..5) {
                    0 => {
                        shared.note(|notes| notes.cancels += 1);
                        throttled.cancel(&any_key());
                    }
                    1 => {
                        // The run may start before this thread could note the flush afterwards.
                        shared.note(|notes| notes.flushes += 1);
                        let _ = throttled.flush(&any_key());
                    }
                    2 => _ = throttled.evict(),
                    3 => {
                        let waited = throttled.all().wait_for(Duration::ZERO);
                        assert!(!matches!(waited, Err(WaitError::Owed | WaitError::InsideRun)), "{waited:?}");
                    }
                    _ => _ = shared.clock.advance(WINDOW),
                }
            }
        }
    });
    let mut discards = false;
    if thread_rng().gen_range(0..2) == 0 {
        let pending = [Pending::Finish, Pending::Flush, Pending::Discard][thread_rng().gen_range(0..3)];
        discards = pending == Pending::Discard;
        if pending == Pending::Flush {
            shared.note(|notes| notes.flushes += KEYS);
        }
        let ended = throttled.shutdown(pending).wait_for(Duration::ZERO);
        met.count_if(ended == Err(WaitError::TimedOut));
    }
    for thread in callers.into_iter().chain([disturber]) {
        thread.join().expect("no panic");
    }
    shared.clock.advance(LONG);
    let ended = throttled.shutdown(Pending::Finish).wait().expect("outside of the run");
    assert_ne!(ended, Shutdown::Panicked);
    assert_eq!(shared.complaint(&throttled, discards), None);
}

/// Three threads call two keys and evict; then everything that was taken is waited for.
pub fn evictions_lose_no_pending_key(met: &Tally) {
    let shared = Shared::new();
    let throttled = shared.start(false);
    let callers = [(); 3].map(|()| {
        let (shared, throttled) = (shared.clone(), throttled.clone());
        thread::spawn(move || {
            for _ in 0..2 {
                shared.call(&throttled, any_key());
                shared.clock.advance(WINDOW);
                throttled.evict();
            }
        })
    });
    for caller in callers {
        caller.join().expect("no panic");
    }
    shared.clock.advance(LONG);
    let waited = throttled.all().wait();
    let complaint = shared.complaint(&throttled, false);
    let ended = throttled.shutdown(Pending::Finish).wait();
    met.count_if(throttled.runs() > 1);
    assert_eq!((waited, complaint), (Ok(()), None));
    assert_eq!(ended, Ok(Shutdown::Idle));
    assert_eq!(shared.complaint(&throttled, false), None);
}

/// The clock stands. A shorter threshold, of all keys or of this one, wakes the thread that waits for the window, and nothing
/// else does.
fn told_of_a_shorter_threshold(deferred: &Tally, is_of_the_key: bool) {
    let own = Arc::new(AtomicU64::new(10));
    let asked = Arc::clone(&own);
    let builder = KeyedThrottled::<usize>::builder(WINDOW)
        .clock(Manual::new(START))
        .hasher(Hasher::default())
        .shards(1);
    let builder = if is_of_the_key {
        builder.threshold_of(move |_| Threshold::from_nanos(asked.load(Ordering::SeqCst)))
    } else {
        builder
    };
    let throttled = builder.counting().spawn(|_, _| ()).expect("shuttle can start a thread");
    assert_eq!(throttled.trigger(&0).expect("it goes on").wait(), Ok(()));
    let caller = {
        let throttled = throttled.clone();
        thread::spawn(move || assert_eq!(throttled.trigger(&0).expect("it goes on").wait(), Ok(()), "G3"))
    };
    deferred.count_if(throttled.is_pending(&0));
    if is_of_the_key {
        own.store(0, Ordering::SeqCst);
        throttled.retime();
    } else {
        throttled.set_threshold(Duration::ZERO);
    }
    caller.join().expect("no panic");
}

pub fn told_of_a_shorter_threshold_of_all(deferred: &Tally) {
    told_of_a_shorter_threshold(deferred, false);
}

pub fn told_of_a_shorter_threshold_of_its_own(deferred: &Tally) {
    told_of_a_shorter_threshold(deferred, true);
}
