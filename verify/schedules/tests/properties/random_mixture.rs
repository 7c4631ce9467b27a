//! All operations, by all threads, in an order that shuttle chooses with the schedule: what holds of each alone
//! holds of their mixture. The choices are part of the schedule, so a replay repeats them.

use super::witness::{Alone, CALLS, Coverage};
use super::{CALLERS, WINDOW, panic_quietly, throttle, unless_it_panics};
use crate::subject::{Manual, Outcome, Throttle, WaitError};
use schedules::Tally;
use shuttle::rand::{Rng, thread_rng};
use shuttle::thread;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

/// The longest threshold that is set. Even so, a caller that ran ends the window once it is outside of its run.
const LONGEST: Duration = Duration::from_nanos(20);

struct Mixture {
    throttle: Throttle<Manual>,
    coverage: Coverage,
    alone: Alone,
    cancels: AtomicUsize,
    /// How many cancels had ended when each call began.
    cancels_before: [AtomicUsize; CALLERS * CALLS],
    /// The calls that were refused: nothing was promised to them.
    refused: [AtomicBool; CALLERS * CALLS],
}

impl Mixture {
    fn new() -> Self {
        Self {
            throttle: throttle(WINDOW),
            coverage: Coverage::new(),
            alone: Alone::new(),
            cancels: AtomicUsize::new(0),
            cancels_before: std::array::from_fn(|_| AtomicUsize::new(0)),
            refused: std::array::from_fn(|_| AtomicBool::new(false)),
        }
    }

    /// What every run does: it reads all words, and may call again, or panic.
    fn function(&self) {
        let _inside = self.alone.enter();
        self.coverage.read_words();
        match thread_rng().gen_range(0..8) {
            0 => assert!(!self.throttle.run(|| ()).ran(), "G9: a nested call ran"),
            1 => panic_quietly(),
            _ => {}
        }
    }

    /// One call that has left its word. The promise to it is checked here or at the end.
    fn call(&self, number: usize) {
        self.cancels_before[number].store(self.cancels.load(SeqCst), SeqCst);
        self.coverage.leave_word(number);
        let outcome = unless_it_panics(|| {
            if thread_rng().gen_range(0..4) == 0 {
                self.throttle.run_within(WINDOW, || self.function())
            } else {
                Ok(self.throttle.run(|| self.function()))
            }
        });
        match outcome {
            None | Some(Ok(Outcome::RanAtOnce(()) | Outcome::RanDeferred(()))) => {
                assert!(self.coverage.covers(number), "G3: a run does not see its own call");
                self.end_the_window();
            }
            Some(Err(_)) => self.refused[number].store(true, SeqCst),
            Some(Ok(Outcome::Coalesced(handle))) if thread_rng().gen_range(0..2) == 0 => {
                match handle.wait() {
                    Ok(()) => assert!(self.coverage.covers(number), "G3: the run missed a call"),
                    Err(error) => assert!(matches!(error, WaitError::Cancelled | WaitError::Owed), "{error}"),
                }
            }
            Some(Ok(Outcome::Coalesced(_) | Outcome::Cancelled | Outcome::Owed)) => {}
        }
    }

    /// One operation that is promised nothing.
    fn disturb(&self) {
        let ran = match thread_rng().gen_range(0..5) {
            0 => unless_it_panics(|| self.throttle.try_run(|| self.function()).is_ok()).unwrap_or(true),
            1 => unless_it_panics(|| self.throttle.flush(|| self.function()).is_ok()).unwrap_or(true),
            2 => {
                self.cancels.fetch_add(usize::from(self.throttle.cancel()), SeqCst);
                false
            }
            3 => {
                let threshold = Duration::from_nanos(thread_rng().gen_range(0..=20));
                self.throttle.set_threshold(threshold);
                false
            }
            _ => {
                self.throttle.clock().advance(Duration::from_nanos(thread_rng().gen_range(0..=10)));
                false
            }
        };
        if ran {
            self.end_the_window();
        }
    }

    fn end_the_window(&self) {
        self.throttle.clock().advance(LONGEST);
    }

    /// What must hold when all have returned.
    fn settle(&self, cancelled: &Tally) {
        let seen = self.throttle.snapshot();
        assert!(!seen.running && seen.next_run_at.is_none(), "G6: it is wedged");
        self.end_the_window();
        if self.throttle.snapshot().is_owed() {
            assert!(self.throttle.run(|| self.coverage.read_words()).ran(), "what was owed is adopted");
        }
        let cancels = self.cancels.load(SeqCst);
        cancelled.count_if(cancels > 0);
        for (number, before) in self.cancels_before.iter().enumerate() {
            if !self.coverage.covers(number) && !self.refused[number].load(SeqCst) {
                assert!(
                    cancels > before.load(SeqCst),
                    "G3: a call is neither covered nor cancelled nor owed"
                );
            }
        }
    }
}

pub fn of_all_operations(cancelled: &Tally) {
    let mixture = Mixture::new();
    thread::scope(|scope| {
        for caller in 0..CALLERS {
            let mixture = &mixture;
            scope.spawn(move || {
                for number in (0..CALLS).map(|call| Coverage::number(caller, call)) {
                    if thread_rng().gen_range(0..2) == 0 {
                        mixture.disturb();
                    }
                    mixture.call(number);
                }
            });
        }
    });
    mixture.settle(cancelled);
}
