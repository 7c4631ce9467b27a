//! G1 and G8 on the clocks that cost less: a coarse clock that is read first and may be arbitrarily wrong,
//! and a clock that goes back.
//!
//! The rules are stated in plain numbers, and a clock that stamps runs by its coarse time breaks them.

#![cfg(target_os = "linux")]

mod support;

use atomic_throttle::clock::{BootTime, Coarse, CoarseFirst};
use atomic_throttle::{Clock, Manual, Monotonic, Moved, Site, Throttle, Timestamp};
use evidence::Guarantee::{G1, G2, G8};
use evidence::{Check, caught};
use proptest::prelude::*;
use proptest::test_runner::{FileFailurePersistence, TestRunner};
use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use watchdog as _;

const LAST_READING: u64 = Timestamp::MAX.as_nanos();

/// The answer to one call, and the readings of the clocks at that moment.
#[derive(Debug)]
struct Decision {
    now: u64,
    coarse: u64,
    /// The stamp of the run, if the call ran.
    stamp: Option<u64>,
}

/// The rules, for a throttle with a single caller whose runs take no time.
#[derive(Default)]
struct Judge {
    last: Option<u64>,
    late: usize,
}

impl Judge {
    /// The window after the latest run is not over at `time`.
    fn closed(&self, time: u64, threshold: u64) -> bool {
        let end = |last: u64| u128::from(last) + u128::from(threshold);
        let reading = time.min(LAST_READING);
        threshold > 0 && self.last.is_some_and(|last| end(last) > u128::from(reading))
    }

    fn look(&mut self, decision: &Decision, threshold: u64, slack: u64) -> Result<(), String> {
        let &Decision { now, coarse, stamp } = decision;
        let closed = self.closed(now, threshold);
        match stamp {
            Some(_) if closed => return Err(format!("a run is early: {decision:?}")),
            Some(stamp) => {
                // Starts grow, beyond the last reading of the clock as well; a timestamp ends there.
                let started = now.min(LAST_READING).max(self.last.map_or(1, |last| last + 1));
                if stamp != started.min(LAST_READING) {
                    return Err(format!("its stamp is not the precise time: {decision:?}"));
                }
                self.last = Some(started);
            }
            None if closed => {}
            // Late, but only by what the coarse clock is behind beyond the slack.
            None if self.closed(coarse.saturating_add(slack), threshold) => self.late += 1,
            None => return Err(format!("refused for no reason: {decision:?}")),
        }
        Ok(())
    }
}

/// A move of the clocks, then a call.
#[derive(Clone, Debug)]
struct Step {
    now: u64,
    coarse: u64,
    threshold: Option<u64>,
}

/// Small numbers, which meet, and the ends of the range.
fn nanos() -> impl Strategy<Value = u64> {
    prop_oneof![6 => 0..40_u64, 1 => Just(LAST_READING), 1 => Just(u64::MAX), 1 => any::<u64>()]
}

fn steps() -> impl Strategy<Value = (u64, u64, Vec<Step>)> {
    let step = (nanos(), nanos(), proptest::option::weighted(0.2, nanos()))
        .prop_map(|(now, coarse, threshold)| Step { now, coarse, threshold });
    // Some follow real time, with a coarse clock that lags; the others jump.
    let following = proptest::collection::vec((0..20_u64, 0..30_u64), 1..40).prop_map(|moves| {
        let mut now = 0;
        let follow = |(passed, lag): (u64, u64)| {
            now += passed;
            Step { now, coarse: now.saturating_sub(lag), threshold: None }
        };
        moves.into_iter().map(follow).collect()
    });
    let jumping = proptest::collection::vec(step, 1..40);
    (nanos(), nanos(), prop_oneof![following, jumping])
}

/// Plays the steps on a throttle whose clock is made of two.
fn play<C: Clock>(
    (threshold, slack, steps): &(u64, u64, Vec<Step>),
    clock: impl FnOnce(Arc<Manual>, Arc<Manual>, Duration) -> C,
) -> Result<usize, String> {
    let manual = || Arc::new(Manual::new(Timestamp::ZERO));
    let (coarse, precise) = (manual(), manual());
    let clock = clock(coarse.clone(), precise.clone(), Duration::from_nanos(*slack));
    let throttle = Throttle::with_clock(Duration::from_nanos(*threshold), clock);
    let mut judge = Judge::default();
    for step in steps {
        // A clock can read anything; what is set by hand ends at `Timestamp::MAX`.
        precise.set(Timestamp::from_nanos(step.now));
        coarse.set(Timestamp::from_nanos(step.coarse));
        if let Some(threshold) = step.threshold {
            throttle.set_threshold(Duration::from_nanos(threshold));
        }
        let ran = throttle.try_run(|| ()).is_ok();
        let stamp = throttle.snapshot().last_run_at.filter(|_| ran).map(Timestamp::as_nanos);
        let decision = Decision { now: precise.now().as_nanos(), coarse: coarse.now().as_nanos(), stamp };
        judge.look(&decision, throttle.threshold().as_nanos(), *slack)?;
    }
    Ok(judge.late)
}

/// Plays many sequences. Returns how many of their calls were late.
fn play_all<C: Clock>(
    clock: impl Fn(Arc<Manual>, Arc<Manual>, Duration) -> C + Copy,
    cases: u32,
) -> Result<usize, String> {
    let persistence = Box::new(FileFailurePersistence::Off);
    let config = ProptestConfig { cases, failure_persistence: Some(persistence), ..Default::default() };
    let late = Cell::new(0);
    let played = TestRunner::new(config).run(&steps(), |case| {
        late.set(late.get() + play(&case, clock).map_err(TestCaseError::fail)?);
        Ok(())
    });
    played.map(|()| late.get()).map_err(|error| error.to_string())
}

#[test]
fn whatever_the_coarse_clock_says_no_run_is_early_and_none_later_than_its_lag() {
    let cases = u32::try_from(evidence::depth(2_000, 200_000)).expect("it is small");
    let check =
        Check::of(&[G1, G8], "property: coarse first, with a coarse clock that is wrong about anything");
    let late = play_all(CoarseFirst::of, cases).unwrap_or_else(|why| panic!("{why}"));
    assert!(late > 0, "the coarse clock is never behind by more than the slack");
    check.passed(cases as usize, "sequences");
}

/// The naive implementation: it takes the coarse time for the time.
struct OnlyCoarse(Arc<Manual>, Duration);

impl Clock for OnlyCoarse {
    fn now(&self) -> Timestamp {
        self.0.now().saturating_add(self.1)
    }
}

/// This one never asks the precise clock whether the window is over after all.
struct TooLate(Arc<Manual>);

impl Clock for TooLate {
    fn now(&self) -> Timestamp {
        self.0.now()
    }

    fn estimate(&self) -> Option<Timestamp> {
        Some(Timestamp::ZERO)
    }
}

#[test]
fn clocks_that_break_the_rules_are_found() {
    let early = play_all(|coarse, _, slack| OnlyCoarse(coarse, slack), 2_000);
    assert!(early.is_err_and(|why| why.contains("early") || why.contains("stamp")));
    caught("a run is stamped by the coarse clock", "property: coarse first, a run is early");
    let late = play_all(|_, precise, _| TooLate(precise), 2_000);
    assert!(late.is_err_and(|why| why.contains("for no reason")));
    caught("the estimate stands still", "property: coarse first, a call is refused for no reason");
}

/// Counts its readings.
#[derive(Default)]
struct Reads {
    time: AtomicU64,
    reads: AtomicU64,
}

impl Reads {
    fn take(&self) -> u64 {
        self.reads.swap(0, Ordering::Relaxed)
    }
}

impl Clock for Reads {
    fn now(&self) -> Timestamp {
        self.reads.fetch_add(1, Ordering::Relaxed);
        Timestamp::from_nanos(self.time.load(Ordering::Relaxed))
    }
}

#[test]
fn the_precise_clock_is_read_only_where_the_coarse_one_cannot_tell() {
    let (coarse, precise) = (Reads::default(), Reads::default());
    let (coarse, precise) = (&coarse, &precise);
    let clock = || CoarseFirst::of(coarse, precise, Duration::from_nanos(10));
    let reads = || (coarse.take(), precise.take());
    let set = |now: u64, lag: u64| {
        precise.time.store(now, Ordering::Relaxed);
        coarse.time.store(now - lag, Ordering::Relaxed);
    };
    let window = Duration::from_micros(1);
    let throttle = Throttle::with_clock(window, clock());
    let site = Site::with_clock(window, clock());
    let counted = Throttle::counting_with_clock(window, clock());
    let newest = Throttle::latest_with_clock(window, clock());
    let calls: [&dyn Fn() -> bool; 4] = [
        &|| throttle.try_run(|| ()).is_ok(),
        &|| site.enter().is_some(),
        &|| counted.try_run(|_| ()).is_ok(),
        &|| newest.try_run(1, |_| ()).is_ok(),
    ];
    for call in calls {
        set(100, 20);
        assert_eq!((call(), reads()), (true, (1, 1)), "the first call runs");
        set(1089, 1);
        assert_eq!((call(), reads()), (false, (1, 0)), "the window ends after the slack");
        set(1091, 1);
        assert_eq!((call(), reads()), (false, (1, 1)), "the window ends within the slack");
        set(1109, 20);
        assert_eq!((call(), reads()), (false, (1, 0)), "late, by at most the lag beyond the slack");
        set(1110, 20);
        assert_eq!((call(), reads()), (true, (1, 1)), "the window is over");
    }
    // Calls that may wait or coalesce use the precise clock at once.
    assert!(throttle.run_within(Duration::ZERO, || ()).is_err());
    assert_eq!(reads(), (0, 1));
    set(3000, 950);
    let refused = throttle.try_run(|| ()).expect_err("the coarse clock is far behind");
    assert!(refused.retry_at().is_some_and(|retry_at| retry_at < precise.now()), "it has passed");
}

#[test]
fn boot_time_counts_what_the_monotonic_clock_counts_and_more() {
    for _ in 0..1000 {
        let [monotonic, boot, later] = [Monotonic.now(), BootTime.now(), BootTime.now()];
        assert!(monotonic <= boot && boot <= later, "{monotonic:?}, {boot:?}, {later:?}");
    }
    assert_eq!(BootTime.longest_wait(), Some(BootTime::LONGEST_WAIT));
    assert_eq!((Monotonic.longest_wait(), CoarseFirst::new().longest_wait()), (None, None));
    let behind_coarse = Arc::new(CoarseFirst::of(Coarse, BootTime, Duration::ZERO));
    assert_eq!(Clock::longest_wait(&&behind_coarse), Some(BootTime::LONGEST_WAIT));
}

#[cfg(feature = "keyed")]
#[test]
fn keys_go_by_the_coarse_clock_first() {
    use atomic_throttle::Keyed;
    let (coarse, precise) = (Reads::default(), Reads::default());
    let clock = CoarseFirst::of(&coarse, &precise, Duration::from_nanos(10));
    let keyed = Keyed::<u32, _>::with_clock(Duration::from_micros(1), clock);
    let reads = || (coarse.take(), precise.take());
    let set = |now: u64, lag: u64| {
        precise.time.store(now, Ordering::Relaxed);
        coarse.time.store(now - lag, Ordering::Relaxed);
    };
    set(100, 20);
    assert_eq!((keyed.try_run(&1, || ()).is_ok(), reads()), (true, (1, 1)));
    set(1089, 1);
    assert_eq!((keyed.try_run(&1, || ()).is_ok(), reads()), (false, (1, 0)));
    assert_eq!((keyed.try_run(&2, || ()).is_ok(), reads()), (true, (1, 1)), "another key has no window");
    set(1091, 1);
    assert_eq!((keyed.try_run(&1, || ()).is_ok(), reads()), (false, (1, 1)));
    set(1101, 1);
    assert_eq!((keyed.try_run(&1, || ()).is_ok(), reads()), (true, (1, 1)));
}

#[test]
fn references_and_arcs_pass_on_the_estimate() {
    let manual = || Manual::new(Timestamp::from_nanos(5));
    let clock = CoarseFirst::of(manual(), manual(), Duration::from_nanos(2));
    let expected = Some(Timestamp::from_nanos(7));
    assert_eq!(Clock::estimate(&&clock), expected);
    assert_eq!(Clock::estimate(&Arc::new(clock)), expected);
    assert_eq!(Monotonic.estimate(), None);
    let endless = CoarseFirst::of(manual(), manual(), Duration::MAX);
    assert_eq!(endless.estimate(), Some(Timestamp::MAX));
}

#[test]
fn whoever_waits_hears_of_the_precise_clock() {
    let manual = || Manual::new(Timestamp::from_nanos(5));
    let (coarse, precise) = (manual(), manual());
    let clock = CoarseFirst::of(&coarse, &precise, Duration::ZERO);
    assert!(std::ptr::eq(clock.moved().expect("by hand"), precise.moved().expect("by hand")));
}

#[test]
fn the_coarse_clock_is_on_the_scale_of_the_precise_one_and_never_ahead_of_it() {
    for _ in 0..1_000 {
        let coarse = Coarse.now();
        let precise = Monotonic.now();
        assert!(coarse <= precise, "{coarse:?} is after {precise:?}");
        // A minute: another scale would be off by far more.
        assert!(precise.saturating_since(coarse) < Duration::from_secs(60));
    }
    assert_eq!(CoarseFirst::default(), CoarseFirst::new());
    assert_eq!(CoarseFirst::new().slack(), Duration::from_millis(20));
    assert_eq!(CoarseFirst::with_slack(support::SECOND).slack(), support::SECOND);
    assert!(size_of::<Throttle<CoarseFirst>>() <= 40);
}

/// A clock that is sometimes ahead and sometimes behind, like the counters of several cores.
struct Unordered {
    readings: AtomicU64,
}

impl Clock for Unordered {
    fn now(&self) -> Timestamp {
        let reading = self.readings.fetch_add(1, Ordering::Relaxed);
        // Up to 15 behind the latest, in a sequence that no caller can foresee.
        Timestamp::from_nanos(1_000 + reading - (reading.wrapping_mul(0x9e37_79b9) >> 7) % 16)
    }

    fn moved(&self) -> Option<&Moved> {
        None
    }
}

#[test]
fn a_clock_that_goes_back_wedges_nothing_and_lets_nothing_run_early() {
    const CALLS: u64 = 40_000;
    const THRESHOLD: u64 = 50;
    let check = Check::of(&[G1, G2, G8], "threads: a clock that goes back from reading to reading");
    let throttle =
        Throttle::with_clock(Duration::from_nanos(THRESHOLD), Unordered { readings: AtomicU64::new(0) });
    let stamps = std::sync::Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..CALLS / 4 {
                    let _ = throttle.try_run(|| {
                        let stamp = throttle.snapshot().last_run_at.expect("inside a run").as_nanos();
                        stamps.lock().expect("no panic").push(stamp);
                    });
                }
            });
        }
    });
    let stamps = stamps.into_inner().expect("no panic");
    assert!(stamps.windows(2).all(|pair| pair[0] + THRESHOLD <= pair[1]), "by their order, which is G2's");
    // The system decides how many there are: while it does not let a run go on, all others are refused. A
    // call alone is late by at most what a reading is behind, 15.
    for window in 0..100 {
        let ran = (0..=THRESHOLD + 15).any(|_| throttle.try_run(|| ()).is_ok());
        assert!(ran, "window {window} has not ended");
    }
    check.passed(stamps.len(), "runs");
}

#[cfg(feature = "tsc")]
#[test]
fn the_counter_of_the_processor_is_a_clock() {
    use atomic_throttle::clock::Tsc;
    const THRESHOLD: Duration = Duration::from_micros(20);
    static THROTTLE: Throttle<Tsc> = Throttle::with_clock(THRESHOLD, Tsc);
    let check = Check::of(&[G1, G2, G8], "threads: the processor's counter, not ordered across cores");
    let stamps = std::sync::Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..100_000 {
                    let stamp = || THROTTLE.snapshot().last_run_at.expect("inside a run");
                    let _ = THROTTLE.try_run(|| stamps.lock().expect("no panic").push(stamp()));
                }
            });
        }
    });
    let stamps = stamps.into_inner().expect("no panic");
    // This would not end if one of them had left the throttle stuck.
    for _ in 0..10 {
        while THROTTLE.try_run(|| ()).is_err() {}
    }
    assert!(stamps.windows(2).all(|pair| pair[0].saturating_add(THRESHOLD) <= pair[1]));
    check.passed(stamps.len(), "runs");
}
