//! The models. None of them asserts: they count what must not happen, so that a test can look for a planted fault.
//!
//! Each call brings a bit of its own, and bits are merged.

use atomic_throttle::{
    KeyTicket, KeyedThrottled, Manual, Merge, Pending, Retry, Shutdown, Threshold, Timestamp, WaitError,
};
use loom::thread;
use loom_tests::Tally;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

type Hash = BuildHasherDefault<Itself>;
type Merging = KeyedThrottled<u8, Merge<u8>, Hash>;

const THRESHOLD: Threshold = Threshold::from_nanos(10);

/// The key is its own hash: the library's hash differs from throttle to throttle.
#[derive(Default)]
pub struct Itself(u64);

impl Hasher for Itself {
    fn write(&mut self, bytes: &[u8]) {
        self.0 = u64::from(bytes[0]);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// What was counted over all executions.
#[derive(Clone, Default)]
pub struct Seen {
    /// The two situations that the model is about. The model says which.
    pub one: Tally,
    pub other: Tally,
    /// Something happened that must not happen.
    pub broken: Tally,
}

impl Seen {
    fn must(&self, holds: bool) {
        self.broken.count_if(!holds);
    }
}

/// A throttle whose first runs fail, and what those that succeeded were given. That is no part of the model.
struct Subject {
    throttled: Merging,
    clock: Arc<Manual>,
    given: Arc<Mutex<Vec<u8>>>,
}

impl Subject {
    fn new(threshold: Duration, failures: usize) -> Self {
        let clock = Arc::new(Manual::new(Timestamp::from_nanos(1)));
        let given: Arc<Mutex<Vec<u8>>> = Arc::default();
        let (noted, mut runs) = (Arc::clone(&given), 0);
        let builder = KeyedThrottled::<u8>::builder(threshold).clock(Arc::clone(&clock)).shards(1);
        let builder = builder.hasher(Hash::default()).retry(Retry::by(|_, _| Some(Duration::ZERO)));
        let throttled =
            builder.merging(|older: &mut u8, newer| *older |= newer).spawn(move |_, bits: &u8| {
                runs += 1;
                if runs <= failures {
                    return Err(std::fmt::Error);
                }
                noted.lock().unwrap_or_else(PoisonError::into_inner).push(*bits);
                Ok(())
            });
        Self { throttled: throttled.expect("a thread"), clock, given }
    }

    /// Ends it. Returns the bits that were given to runs that succeeded, or are left, and whether one came twice.
    fn ends(&self, seen: &Seen) -> u8 {
        let ended = self.throttled.shutdown(Pending::Finish).wait();
        seen.must(matches!(ended, Ok(Shutdown::Idle | Shutdown::Ran)));
        let mut all = 0;
        let left = self.throttled.take(&0);
        for bits in self.given.lock().unwrap_or_else(PoisonError::into_inner).iter().copied().chain(left) {
            seen.must(bits != 0 && all & bits == 0);
            all |= bits;
        }
        all
    }

    fn runs(&self) -> usize {
        self.given.lock().unwrap_or_else(PoisonError::into_inner).len()
    }
}

/// Two values of one key, the second while the run of the first may start. `one`: one run was given both. `other`: each has
/// a run of its own.
pub fn value_against_a_start(seen: &Seen) {
    let subject = Subject::new(Duration::ZERO, 0);
    seen.must(subject.throttled.trigger(&0, 1).is_ok());
    let ticket = subject.throttled.trigger(&0, 2);
    seen.must(ticket.is_ok_and(|ticket| ticket.wait() == Ok(())));
    let were_given =
        subject.given.lock().unwrap_or_else(PoisonError::into_inner).iter().any(|bits| bits & 2 != 0);
    seen.must(were_given && subject.ends(seen) == 3);
    seen.one.count_if(subject.runs() == 1);
    seen.other.count_if(subject.runs() == 2);
}

/// A value is taken while its run may start. `one`: it was taken. `other`: it was given.
pub fn take_against_a_start(seen: &Seen) {
    let subject = Subject::new(Duration::ZERO, 0);
    let ticket = subject.throttled.trigger(&0, 1).map(KeyTicket::into_owned);
    let taken = subject.throttled.take(&0);
    let told = ticket.map_or(Err(WaitError::Owed), |ticket| ticket.wait());
    let given = subject.ends(seen);
    seen.must(taken.unwrap_or_default() + given == 1);
    seen.must(told == if taken.is_some() { Err(WaitError::Cancelled) } else { Ok(()) });
    seen.one.count_if(taken.is_some());
    seen.other.count_if(given == 1);
}

/// A key whose window is over is evicted while a value is brought to it. `one`: the other thread evicted it. `other`: it did
/// not.
pub fn value_against_an_eviction(seen: &Seen) {
    let subject = Subject::new(THRESHOLD.as_duration(), 0);
    let first = subject.throttled.trigger(&0, 1);
    seen.must(first.is_ok_and(|ticket| ticket.wait() == Ok(())));
    subject.clock.set(Timestamp::from_nanos(11));
    let other = thread::spawn({
        let throttled = subject.throttled.clone();
        move || throttled.evict()
    });
    seen.must(subject.throttled.trigger(&0, 2).is_ok());
    let evicted = other.join().expect("no panic");
    seen.must(subject.ends(seen) == 3 && subject.runs() == 2);
    seen.one.count_if(evicted == 1);
    seen.other.count_if(evicted == 0);
}

/// The first run fails and is tried again, while another value is brought. `one`: the run after it was given both.
/// `other`: the second has a run of its own.
pub fn value_against_a_run_that_fails(seen: &Seen) {
    let subject = Subject::new(Duration::ZERO, 1);
    let first = subject.throttled.trigger(&0, 1).map(KeyTicket::into_owned);
    seen.must(subject.throttled.trigger(&0, 2).is_ok());
    seen.must(first.is_ok_and(|ticket| ticket.wait() == Ok(())));
    let were_given =
        subject.given.lock().unwrap_or_else(PoisonError::into_inner).iter().any(|bits| bits & 1 != 0);
    seen.must(were_given && subject.ends(seen) == 3);
    seen.one.count_if(subject.runs() == 1);
    seen.other.count_if(subject.runs() == 2);
}
