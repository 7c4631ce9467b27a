//! What is measured: an object that any number of threads can call, in a loop that the compiler makes for it
//! alone. No call goes through a pointer.

use benches::Padded;
use hdrhistogram::Histogram;
use quanta::Clock;
use std::any::Any;
use std::hint::black_box;
use std::ops::AddAssign;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// The number of calls between two looks at whether to stop.
const CALLS: u64 = 96;
/// One call in this many is timed, so that reading the clock does not thin out the others.
pub const EVERY: u64 = 16;

/// How many calls were made, and how many of them ran.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    pub calls: u64,
    pub runs: u64,
}

impl AddAssign for Count {
    fn add_assign(&mut self, other: Self) {
        self.calls += other.calls;
        self.runs += other.runs;
    }
}

pub trait Callable: Send + Sync {
    /// Calls until `stop` is set, and some dozens of times at least. No thread reads a clock.
    fn count(&self, stop: &AtomicBool) -> Count;

    /// Does what `count` does, and times some of the calls, in ticks of the clock.
    fn time(&self, stop: &AtomicBool, clock: &Clock, ticks: &mut Histogram<u64>) -> Count;

    /// Runs that some other thread than the callers performed, if there is such a thread.
    fn runs_elsewhere(&self) -> Option<u64>;

    /// Whether a run is still pending; `true` if there is nothing to ask.
    fn still_pending(&self) -> bool;
}

/// A contestant in the state of a scenario.
pub struct Prepared {
    pub calls: Box<dyn Callable>,
    /// It keeps the contestant in that state, such as the owner of a deferral does. It is dropped last.
    _keeper: Box<dyn Any>,
}

struct Subject<T, F> {
    it: Arc<Padded<T>>,
    call: F,
    runs_elsewhere: fn(&T) -> Option<u64>,
    still_pending: fn(&T) -> bool,
}

/// Makes `Prepared` step by step.
pub struct Preparing<T, F> {
    subject: Subject<T, F>,
    keeper: Box<dyn Any>,
}

/// `call` returns whether it ran.
pub fn subject<T, F: Fn(&T) -> bool>(it: Arc<Padded<T>>, call: F) -> Preparing<T, F> {
    let subject = Subject { it, call, runs_elsewhere: |_| None, still_pending: |_| true };
    Preparing { subject, keeper: Box::new(()) }
}

impl<T, F> Preparing<T, F>
where
    T: Send + Sync + 'static,
    F: Fn(&T) -> bool + Send + Sync + 'static,
{
    pub fn kept_by(mut self, keeper: impl Any) -> Self {
        self.keeper = Box::new(keeper);
        self
    }

    pub fn runs_elsewhere(mut self, runs: fn(&T) -> Option<u64>) -> Self {
        self.subject.runs_elsewhere = runs;
        self
    }

    pub fn still_pending(mut self, pending: fn(&T) -> bool) -> Self {
        self.subject.still_pending = pending;
        self
    }

    pub fn ready(self) -> Prepared {
        Prepared { calls: Box::new(self.subject), _keeper: self.keeper }
    }
}

impl<T: Send + Sync, F: Fn(&T) -> bool + Send + Sync> Callable for Subject<T, F> {
    fn count(&self, stop: &AtomicBool) -> Count {
        let it = &black_box(&*self.it).0;
        let mut count = Count::default();
        loop {
            for place in 1..=CALLS {
                if black_box((self.call)(it)) {
                    count.runs += 1;
                    // The call may have waited for its run, and the next one may wait again.
                    if stop.load(Ordering::Relaxed) {
                        count.calls += place;
                        return count;
                    }
                }
            }
            count.calls += CALLS;
            if stop.load(Ordering::Relaxed) {
                return count;
            }
        }
    }

    fn time(&self, stop: &AtomicBool, clock: &Clock, ticks: &mut Histogram<u64>) -> Count {
        let it = &black_box(&*self.it).0;
        let mut count = Count::default();
        loop {
            for place in 1..=CALLS {
                let ran = if place % EVERY == 0 {
                    let began = clock.raw();
                    let ran = black_box((self.call)(it));
                    ticks.saturating_record(clock.raw().saturating_sub(began));
                    ran
                } else {
                    black_box((self.call)(it))
                };
                if ran {
                    count.runs += 1;
                    if stop.load(Ordering::Relaxed) {
                        count.calls += place;
                        return count;
                    }
                }
            }
            count.calls += CALLS;
            if stop.load(Ordering::Relaxed) {
                return count;
            }
        }
    }

    fn runs_elsewhere(&self) -> Option<u64> {
        (self.runs_elsewhere)(&self.it.0)
    }

    fn still_pending(&self) -> bool {
        (self.still_pending)(&self.it.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicU64;

    /// Every third call runs.
    fn thirds() -> (Arc<Padded<AtomicU64>>, Prepared) {
        let made = Arc::new(Padded(AtomicU64::new(0)));
        let prepared = subject(Arc::clone(&made), |made| made.fetch_add(1, Ordering::Relaxed) % 3 == 2);
        (made, prepared.ready())
    }

    #[test]
    fn calls_and_runs_are_counted_until_it_is_to_stop() {
        let stop = AtomicBool::new(true);
        let (made, prepared) = thirds();
        // The third call ran, and then saw that it should stop.
        assert_eq!(prepared.calls.count(&stop), Count { calls: 3, runs: 1 });
        assert_eq!(made.0.load(Ordering::Relaxed), 3);
        let mut ticks = Histogram::new(2).unwrap();
        assert_eq!(prepared.calls.time(&stop, &Clock::new(), &mut ticks), Count { calls: 3, runs: 1 });
        assert_eq!(ticks.len(), 0);
    }

    #[test]
    fn what_does_not_run_is_called_some_dozens_of_times_and_every_so_often_timed() {
        let stop = AtomicBool::new(true);
        let never = subject(Arc::new(Padded(())), |()| false).ready();
        let all = Count { calls: CALLS, runs: 0 };
        assert_eq!(never.calls.count(&stop), all);
        let mut ticks = Histogram::new(2).unwrap();
        assert_eq!((never.calls.time(&stop, &Clock::new(), &mut ticks), ticks.len()), (all, CALLS / EVERY));
    }
}
