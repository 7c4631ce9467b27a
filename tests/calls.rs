//! A `Throttle` that counts: every call is in the count of one run or outstanding, and never both.

mod support;

use atomic_throttle::{Count, Manual, Monotonic, Outcome, Site, Throttle};
use evidence::Guarantee::G3;
use evidence::{Check, caught, depth};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use std::cell::Cell;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::thread;
use std::time::Duration;
use support::{SECOND, at, panic_quietly, panics, until};
use watchdog as _;

/// At second 1, after a run that counted its own call.
fn after_a_run() -> Throttle<Manual, Count> {
    let counted = Throttle::counting_with_clock(SECOND, Manual::new(at(1)));
    assert_eq!(counted.run(|calls| calls).into_value(), Some(1));
    counted
}

/// Another thread's call is deferred, and `coalesced` calls coalesce into its run. Then `meanwhile` is
/// called. Returns the count that the run got, if it came.
fn deferred(counted: &Throttle<Manual, Count>, coalesced: u64, meanwhile: impl FnOnce()) -> Option<u64> {
    thread::scope(|scope| {
        let owner = scope.spawn(|| counted.run(|calls| calls).into_value());
        until(|| counted.is_pending());
        for _ in 0..coalesced {
            assert!(matches!(counted.run(|_| ()), Outcome::Coalesced(_)));
        }
        meanwhile();
        owner.join().expect("no panic")
    })
}

#[test]
fn the_last_run_is_told_of_all_without_a_further_call() {
    let counted = after_a_run();
    let told = deferred(&counted, 99, || counted.clock().set(at(2)));
    assert_eq!(told, Some(100));
    assert_eq!((counted.outstanding(), counted.take()), (0, 0));
}

#[test]
fn calls_that_were_refused_cancelled_or_left_owed_stay_counted() {
    let counted = after_a_run();
    assert!(counted.try_run(|_| ()).is_err());
    assert!(counted.run_within(Duration::ZERO, |_| ()).is_err());
    assert_eq!(counted.outstanding(), 2);
    assert_eq!(deferred(&counted, 3, || assert!(counted.cancel())), None);
    assert_eq!(counted.outstanding(), 6);
    counted.clock().set(at(2));
    let told = counted.run(|calls| {
        assert!(matches!(counted.run(|_| ()), Outcome::Owed));
        calls
    });
    assert_eq!(told.into_value(), Some(7));
    assert_eq!(counted.outstanding(), 1);
    assert_eq!(counted.flush(|calls| calls), Ok(1), "a flush is no call");
    assert!(counted.flush(|_| ()).is_err());
    assert!(counted.try_run(|_| ()).is_err());
    assert_eq!((counted.take(), counted.outstanding()), (1, 0));
}

#[test]
fn a_run_that_panics_was_told() {
    let counted = Throttle::counting_with_clock(SECOND, Manual::new(at(1)));
    assert!(panics(|| counted.run(|calls| {
        assert_eq!(calls, 1);
        panic_quietly()
    })));
    assert_eq!(counted.outstanding(), 0);
}

#[test]
fn what_a_site_suppressed_can_be_asked_for() {
    let site = Site::with_clock(SECOND, Manual::new(at(1)));
    assert_eq!((site.suppressed(), site.take_suppressed()), (0, 0));
    assert_eq!(site.enter().map(|entry| entry.suppressed()), Some(0));
    for _ in 0..5 {
        assert!(site.enter().is_none());
    }
    assert_eq!(site.suppressed(), 5);
    assert_eq!(site.take_suppressed(), 5);
    assert_eq!(site.suppressed(), 0, "each is reported once");
    assert!(site.enter().is_none(), "the window is left as it is");
}

/// The number of threads that call at once.
const THREADS: u64 = 8;

#[test]
fn eight_threads_are_counted_exactly_and_to_the_end() {
    static COUNTED: Throttle<Monotonic, Count> = Throttle::counting(Duration::from_micros(50));
    let check = Check::of(&[G3], "tests: 8 threads, what all runs were told is what all called");
    let calls = depth(2_000, 200_000);
    let told = AtomicU64::new(0);
    let all = || _ = COUNTED.run(|calls| told.fetch_add(calls, Relaxed));
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| (0..calls).for_each(|_| all()));
        }
    });
    // Each call has been performed, or the run that covers it has.
    assert_eq!(told.load(Relaxed), THREADS * calls);
    assert_eq!(COUNTED.outstanding(), 0, "and nobody had to call once more");
    check.passed(usize::try_from(THREADS * calls).expect("few"), "calls");
}

#[test]
fn eight_threads_that_are_also_refused_and_cancelled() {
    let check = Check::of(&[G3], "tests: 8 threads, refused and cancelled calls stay counted");
    let counted = Throttle::counting(Duration::from_micros(50));
    let calls = depth(2_000, 200_000);
    let told = AtomicU64::new(0);
    let tell = |calls| _ = told.fetch_add(calls, Relaxed);
    thread::scope(|scope| {
        for thread in 0..THREADS {
            let counted = &counted;
            scope.spawn(move || {
                for call in 0..calls {
                    match (thread + call) % 4 {
                        0 => _ = counted.run(tell),
                        1 => _ = counted.try_run(tell),
                        2 => _ = counted.run_within(Duration::ZERO, tell),
                        _ => {
                            _ = counted.cancel();
                            tell(counted.take());
                            _ = counted.run_within(Duration::from_micros(20), tell);
                            _ = counted.flush(tell);
                        }
                    }
                }
            });
        }
    });
    assert_eq!(told.load(Relaxed) + counted.outstanding(), THREADS * calls);
    check.passed(usize::try_from(THREADS * calls).expect("few"), "calls");
}

/// One thing after another.
#[derive(Clone, Copy, Debug)]
enum Step {
    Advance(u32),
    Try,
    Limited,
    /// The run makes so many calls itself.
    Nested(u64),
    /// The run panics.
    Panics,
    /// A deferral of another thread, with so many calls coalesced into it, comes to its run.
    Deferred(u64),
    /// It is cancelled instead.
    Cancelled(u64),
    /// It is flushed instead.
    Flushed(u64),
    /// What is owed is flushed.
    Flush,
    Take,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        (0_u32..6).prop_map(Step::Advance),
        Just(Step::Try),
        Just(Step::Limited),
        (0_u64..3).prop_map(Step::Nested),
        Just(Step::Panics),
        (0_u64..4).prop_map(Step::Deferred),
        (0_u64..4).prop_map(Step::Cancelled),
        (0_u64..4).prop_map(Step::Flushed),
        Just(Step::Flush),
        Just(Step::Take),
    ];
    prop::collection::vec(step, 1..30)
}

/// An error in the count.
#[derive(Clone, Copy, PartialEq)]
enum Planted {
    Nothing,
    /// A call that is refused is not counted.
    RefusedUncounted,
    /// A run that covers no further call counts one.
    NeverNone,
}

/// A count that is one number, and the throttle that is compared with it.
struct Play {
    counted: Throttle<Manual, Count>,
    planted: Planted,
    /// The plain count.
    outstanding: Cell<u64>,
    runs: Cell<usize>,
    /// The first run with a wrong count, and the right one.
    wrong: Cell<Option<(u64, u64)>>,
}

impl Play {
    fn new(planted: Planted) -> Self {
        let counted = Throttle::counting_with_clock(SECOND, Manual::new(at(1)));
        Self { counted, planted, outstanding: Cell::new(0), runs: Cell::new(0), wrong: Cell::new(None) }
    }

    fn called(&self, calls: u64) {
        self.outstanding.set(self.outstanding.get() + calls);
    }

    /// Notes the count that a run got.
    fn told(&self, calls: u64) {
        let right = self.outstanding.replace(0);
        self.runs.set(self.runs.get() + 1);
        let calls = if self.planted == Planted::NeverNone { calls.max(1) } else { calls };
        if calls != right && self.wrong.get().is_none() {
            self.wrong.set(Some((calls, right)));
        }
    }

    fn step(&self, step: Step) {
        let counted = &self.counted;
        match step {
            Step::Advance(quarters) => _ = counted.clock().advance(quarters * SECOND / 4),
            Step::Try => {
                self.called(1);
                let refused = counted.try_run(|calls| self.told(calls)).is_err();
                if refused && self.planted == Planted::RefusedUncounted {
                    let _ = counted.take();
                }
            }
            Step::Limited => {
                self.called(1);
                let _ = counted.run_within(Duration::ZERO, |calls| self.told(calls));
            }
            Step::Nested(nested) => {
                self.called(1);
                let _ = counted.try_run(|calls| {
                    self.told(calls);
                    for _ in 0..nested {
                        self.called(1);
                        assert!(matches!(counted.run(|_| ()), Outcome::Owed));
                    }
                });
            }
            Step::Panics => {
                self.called(1);
                let _ = panics(|| {
                    counted.try_run(|calls| {
                        self.told(calls);
                        panic_quietly()
                    })
                });
            }
            Step::Deferred(calls) => self.deferred(calls, || {
                // A flush may have left the latest start ahead of the clock.
                counted.clock().advance(2 * SECOND);
            }),
            Step::Cancelled(calls) => self.deferred(calls, || assert!(counted.cancel())),
            Step::Flushed(calls) => self.deferred(calls, || {
                assert!(counted.flush(|calls| self.told(calls)).is_ok());
            }),
            Step::Flush => _ = counted.flush(|calls| self.told(calls)),
            Step::Take => self.told(counted.take()),
        }
    }

    fn deferred(&self, calls: u64, then: impl FnOnce()) {
        self.called(1);
        // From here on the window is closed.
        let _ = self.counted.try_run(|calls| self.told(calls));
        self.called(1 + calls);
        if let Some(told) = deferred(&self.counted, calls, then) {
            self.told(told);
        }
    }
}

fn play(steps: &[Step], planted: Planted) -> Result<usize, TestCaseError> {
    let play = Play::new(planted);
    for step in steps {
        play.step(*step);
        prop_assert_eq!(play.wrong.get(), None, "what a run was told, and what is right, after {:?}", step);
        prop_assert_eq!(play.counted.outstanding(), play.outstanding.get(), "after {:?}", step);
    }
    Ok(play.runs.get())
}

fn sequences(planted: Planted) -> Result<usize, String> {
    let config = Config { cases: depth(300, 20_000), failure_persistence: None, ..Config::default() };
    let runs = Cell::new(0);
    TestRunner::new(config)
        .run(&steps(), |steps| {
            runs.set(runs.get() + play(&steps, planted)?);
            Ok(())
        })
        .map(|()| runs.get())
        .map_err(|error| error.to_string())
}

#[test]
fn sequences_are_counted_as_by_a_plain_count() {
    let check = Check::of(&[G3], "sequences: what each run is told, against a plain count");
    let runs = sequences(Planted::Nothing).unwrap_or_else(|error| panic!("{error}"));
    assert!(runs > 300, "{runs} runs");
    check.passed(runs, "runs");
}

#[test]
fn sequences_find_planted_faults() {
    for (planted, fault) in [
        (Planted::RefusedUncounted, "a refused call is not counted"),
        (Planted::NeverNone, "a run that covers no further call is told of one"),
    ] {
        assert!(sequences(planted).is_err(), "not found: {fault}");
        caught(fault, "sequences: a run is told another number than the plain count");
    }
}
