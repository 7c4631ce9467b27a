//! A waiting owner does nothing: it reads the clock when it is woken, and not otherwise. So it does not notice that
//! a clock jumps, unless the clock or somebody has it look.
//!
//! The counts below are exact for a sleeper, however long it waits; an owner that spins exceeds them as soon
//! as it gets a processor. The yields give it one, and decide nothing.

mod support;

use atomic_throttle::{
    Clock, Manual, Monotonic, Moved, Outcome, Pending, Throttle, Throttled, Timestamp, WaitError,
};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::thread;
use std::time::Duration;
use support::{at, until};
use watchdog as _;

/// A clock that counts its readings.
struct Counting {
    clock: Manual,
    /// Whether it pretends to run with real time, so that waiters sleep until a deadline.
    runs: bool,
    longest_wait: Option<Duration>,
    readings: AtomicUsize,
}

impl Counting {
    fn new(runs: bool) -> Self {
        Self { clock: Manual::new(at(1)), runs, longest_wait: None, readings: AtomicUsize::new(0) }
    }

    /// Waits until nobody reads the clock any more, or for so many rounds, and returns how often it was read.
    fn settled_within(&self, rounds: usize) -> usize {
        let mut count = self.readings.load(Relaxed);
        for _ in 0..rounds {
            (0..10_000).for_each(|_| thread::yield_now());
            let before = std::mem::replace(&mut count, self.readings.load(Relaxed));
            if before == count {
                break;
            }
        }
        count
    }

    fn settled(&self) -> usize {
        self.settled_within(usize::MAX)
    }
}

impl Clock for Counting {
    fn now(&self) -> Timestamp {
        self.readings.fetch_add(1, Relaxed);
        self.clock.now()
    }

    fn longest_wait(&self) -> Option<Duration> {
        self.longest_wait
    }

    fn moved(&self) -> Option<&Moved> {
        if self.runs { None } else { self.clock.moved() }
    }
}

/// Lets the owner go, so that a failure does not wait for an hour.
struct Release<'t>(&'t Throttle<Counting>);

impl Drop for Release<'_> {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

/// How often the clock is read by a call that has come to wait for the end of an hour, or of 1 ns.
fn readings_of_an_owner(runs: bool, rest: Duration, settled: usize) -> usize {
    let throttle = Throttle::with_clock(rest, Counting::new(runs));
    assert!(throttle.run(|| ()).ran());
    let readings = &throttle.clock().readings;
    readings.store(0, Relaxed);
    thread::scope(|scope| {
        let owner = scope.spawn(|| throttle.run(|| ()));
        let _release = Release(&throttle);
        until(|| throttle.is_pending() && readings.load(Relaxed) >= settled);
        (0..10_000).for_each(|_| thread::yield_now());
        let count = readings.load(Relaxed);
        assert!(throttle.cancel());
        assert!(matches!(owner.join(), Ok(Outcome::Cancelled)));
        count
    })
}

#[test]
fn on_a_clock_that_runs() {
    // To arrive, to look, and to know how long to sleep.
    assert_eq!(readings_of_an_owner(true, Duration::from_secs(3600), 3), 3);
}

#[test]
fn on_a_clock_that_is_moved_by_hand() {
    // To arrive and to look. The time left in the window does not say when the clock will be moved.
    assert_eq!(readings_of_an_owner(false, Duration::from_nanos(1), 2), 2);
}

/// The owner is held up by a run in progress, before and after the end of its window.
#[test]
fn behind_a_run_in_progress() {
    for (runs, now) in [(true, at(1)), (true, at(9)), (false, at(1)), (false, at(9))] {
        let throttle = Throttle::with_clock(Duration::from_secs(2), Counting::new(runs));
        let clock = throttle.clock();
        let (is_held, let_go) = (AtomicBool::new(false), AtomicBool::new(false));
        thread::scope(|scope| {
            scope.spawn(|| {
                throttle.run(|| {
                    is_held.store(true, Relaxed);
                    until(|| let_go.load(Relaxed));
                })
            });
            until(|| is_held.load(Relaxed));
            clock.clock.set(now);
            clock.readings.store(0, Relaxed);
            let owner = scope.spawn(|| throttle.run(|| ()));
            until(|| throttle.is_pending() && clock.readings.load(Relaxed) >= 2);
            let count = clock.settled_within(100);
            let cancelled = throttle.cancel();
            let_go.store(true, Relaxed);
            assert!(cancelled && matches!(owner.join(), Ok(Outcome::Cancelled)));
            // To arrive and to look. The end of the run wakes it, so it sleeps until then, and reads nothing more.
            assert_eq!(count, 2, "on a clock that runs: {runs}, at {now:?}");
        });
    }
}

const HOUR: Duration = Duration::from_secs(3600);

/// The owner of a deferral sleeps for an hour, and its clock jumps by two. What the owner read before and after the
/// jump, and whether it ran after `then`.
fn owner_at_a_jump(longest_wait: Option<Duration>, then: impl Fn(&Throttle<Counting>)) -> ([usize; 2], bool) {
    let throttle = Throttle::with_clock(HOUR, Counting { longest_wait, ..Counting::new(true) });
    assert!(throttle.run(|| ()).ran());
    let clock = throttle.clock();
    clock.readings.store(0, Relaxed);
    thread::scope(|scope| {
        let owner = scope.spawn(|| throttle.run(|| ()));
        let _release = Release(&throttle);
        until(|| throttle.is_pending() && clock.readings.load(Relaxed) >= 3);
        let before = clock.readings.load(Relaxed);
        clock.clock.advance(2 * HOUR);
        let after = if longest_wait.is_none() { clock.settled() } else { before };
        then(&throttle);
        until(|| owner.is_finished());
        ([before, after], matches!(owner.join(), Ok(Outcome::RanDeferred(()))))
    })
}

#[test]
fn a_jump_is_noticed_when_the_owner_is_asked_to_look() {
    assert_eq!(owner_at_a_jump(None, Throttle::retime), ([3, 3], true));
    // A threshold that is set to what it is has the same effect.
    assert_eq!(owner_at_a_jump(None, |throttle| throttle.set_threshold(HOUR)), ([3, 3], true));
}

#[test]
fn a_jump_is_noticed_by_itself_where_waits_are_short() {
    let (_, ran) = owner_at_a_jump(Some(Duration::from_millis(1)), |_| ());
    assert!(ran);
}

#[test]
fn a_wait_with_a_limit_notices_a_jump_too() {
    let throttle = Throttle::with_clock(2 * HOUR, Counting::new(true));
    assert!(throttle.run(|| ()).ran());
    let clock = throttle.clock();
    thread::scope(|scope| {
        let owner = scope.spawn(|| throttle.run(|| ()));
        let release = Release(&throttle);
        until(|| throttle.is_pending());
        let Outcome::Coalesced(handle) = throttle.run(|| ()) else { panic!("one is pending") };
        let waiter = scope.spawn(move || handle.wait_for(HOUR));
        clock.settled();
        clock.clock.advance(HOUR);
        throttle.retime();
        until(|| waiter.is_finished());
        assert_eq!(waiter.join().expect("no panic"), Err(WaitError::TimedOut));
        assert!(throttle.is_pending(), "its own window is not over");
        drop(release);
        assert!(owner.join().is_ok());
    });
}

/// A thread that owns the pending runs sleeps for an hour, and its clock jumps by two.
fn thread_at_a_jump(longest_wait: Option<Duration>) {
    let clock = Arc::new(Counting { longest_wait, ..Counting::new(true) });
    let builder = Throttled::builder(HOUR).clock(Arc::clone(&clock)).pending_on_drop(Pending::Discard);
    let throttled = builder.spawn(|| ()).expect("a thread");
    throttled.trigger().expect("it goes on").wait().expect("it runs");
    throttled.trigger().expect("it goes on");
    if longest_wait.is_none() {
        clock.settled();
    }
    clock.clock.advance(2 * HOUR);
    if longest_wait.is_none() {
        clock.settled();
        assert_eq!(throttled.runs(), 1, "the thread sleeps by the timer of the system");
        throttled.retime();
    }
    until(|| throttled.runs() == 2);
}

#[test]
fn the_thread_of_a_throttled_notices_a_jump() {
    thread_at_a_jump(None);
    thread_at_a_jump(Some(Duration::from_millis(1)));
}

#[cfg(feature = "keyed")]
#[test]
fn the_thread_of_all_keys_notices_a_jump() {
    use atomic_throttle::KeyedThrottled;
    let clock = Arc::new(Counting::new(true));
    let builder = KeyedThrottled::builder(HOUR).clock(Arc::clone(&clock)).pending_on_drop(Pending::Discard);
    let throttled = builder.spawn(|_: &u32| ()).expect("a thread");
    throttled.trigger(&1).expect("it goes on");
    throttled.all().wait().expect("it runs");
    throttled.trigger(&1).expect("it goes on");
    clock.settled();
    clock.clock.advance(2 * HOUR);
    clock.settled();
    assert_eq!(throttled.runs(), 1, "the thread sleeps by the timer of the system");
    throttled.retime();
    until(|| throttled.runs() == 2);
}

/// Runs with real time.
struct Seldom;

impl Clock for Seldom {
    fn now(&self) -> Timestamp {
        Monotonic.now()
    }

    fn longest_wait(&self) -> Option<Duration> {
        Some(HOUR)
    }
}

#[test]
fn a_wait_is_no_longer_than_its_window() {
    let throttle = Throttle::with_clock(Duration::from_millis(1), Seldom);
    thread::scope(|scope| {
        let owner = scope.spawn(|| (throttle.run(|| ()).ran(), throttle.run(|| ()).ran()));
        until(|| owner.is_finished());
        assert_eq!(owner.join().expect("no panic"), (true, true));
    });
}
