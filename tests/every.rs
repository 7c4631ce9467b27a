//! `every!` and `Site`: at most once per threshold and call site, with an exact count of the rest.

mod support;

use atomic_throttle::{Manual, Site, every};
use std::cell::Cell;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::thread;
use std::time::Duration;
use support::{SECOND, at, panic_quietly, panics};
use watchdog as _;

const FOR_EVER: Duration = Duration::MAX;

#[test]
fn a_call_site_in_a_loop_is_entered_once() {
    let times = Cell::new(0);
    for _ in 0..100 {
        every!(FOR_EVER, times.set(times.get() + 1));
    }
    assert_eq!(times.get(), 1);
}

#[test]
fn each_call_site_counts_for_itself() {
    assert_eq!(every!(FOR_EVER, 1), Some(1));
    assert_eq!(every!(FOR_EVER, 2), Some(2));
}

#[test]
fn without_a_threshold_it_is_entered_each_time() {
    let entered = (0..100).filter_map(|i| every!(Duration::ZERO, |suppressed| (i, suppressed)));
    assert_eq!(entered.collect::<Vec<_>>(), (0..100).map(|i| (i, 0)).collect::<Vec<_>>());
}

#[test]
fn what_looks_like_a_closure_is_evaluated() {
    assert_eq!(every!(FOR_EVER, || 1), Some(1));
    assert_eq!(every!(FOR_EVER, |_| 2), Some(2));
    assert_eq!(every!(FOR_EVER, |suppressed: u64| suppressed + 3), Some(3));
    assert_eq!(every!(FOR_EVER, move || 4), Some(4));
    assert_eq!(every!(FOR_EVER, move |suppressed| suppressed + 5), Some(5));
}

#[test]
fn the_expression_stands_in_the_function() {
    fn first_time(always: bool) -> Result<&'static str, &'static str> {
        every!(FOR_EVER, {
            if always {
                return Ok("returned");
            }
        });
        every!(FOR_EVER, Err("failed")?);
        Ok("neither")
    }
    assert_eq!(first_time(true), Ok("returned"));
    assert_eq!(first_time(true), Err("failed"));
    assert_eq!(first_time(true), Ok("neither"));
}

#[test]
fn the_call_site_is_not_entered_inside_itself() {
    fn log(depth: u32) -> u32 {
        if depth == 3 {
            return 0;
        }
        every!(Duration::ZERO, 1 + log(depth + 1)).unwrap_or(10)
    }
    assert_eq!(log(0), 11);
}

#[test]
fn suppressed_calls_are_counted_exactly() {
    let clock = Manual::new(at(1));
    let site = Site::with_clock(SECOND, &clock);
    let (entered, reported) = (AtomicU64::new(0), AtomicU64::new(0));
    let enter = || {
        if let Some(entry) = site.enter() {
            entered.fetch_add(1, Relaxed);
            reported.fetch_add(entry.suppressed(), Relaxed);
        }
    };
    let (threads, calls) = (4, 10_000);
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| (0..calls).for_each(|_| enter()));
        }
        scope.spawn(|| {
            for _ in 0..100 {
                clock.advance(SECOND / 10);
            }
        });
    });
    clock.advance(SECOND);
    enter();
    assert!(entered.load(Relaxed) >= 2);
    assert_eq!(entered.load(Relaxed) + reported.load(Relaxed), threads * calls + 1);
}

#[test]
fn the_count_is_reported_by_the_next_entry() {
    let clock = Manual::new(at(1));
    let site = Site::with_clock(SECOND, &clock);
    assert_eq!(site.enter().map(|entry| entry.suppressed()), Some(0));
    for _ in 0..5 {
        assert!(site.enter().is_none());
    }
    clock.set(at(2));
    assert_eq!(site.enter().map(|entry| entry.suppressed()), Some(5));
    clock.set(at(3));
    assert_eq!(site.enter().map(|entry| entry.suppressed()), Some(0));
}

#[test]
fn a_panic_in_the_expression_leaves_the_site() {
    fn fail() {
        every!(Duration::ZERO, |suppressed| if suppressed == 0 {
            panic_quietly()
        });
    }
    assert!(panics(fail));
    assert!(panics(fail), "entered again");
}
