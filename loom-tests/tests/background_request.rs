//! G5 and G3: a call that asks the background thread for a run gets it, whatever the thread does at that
//! moment, and the run sees what was written before the call. Only the call wakes the thread, so a lost wake-up
//! is a deadlock, which loom reports.

use evidence::Guarantee::{G3, G5};
use evidence::depth;
use loom::thread;
use loom_tests::{Background, Bound, DUE, Explored, THRESHOLD, Tally, explore};
use std::time::Duration;
use watchdog as _;

fn explore_bounded(most: usize, claim: &str, model: impl Fn() + Send + Sync + 'static) -> Explored {
    explore(Bound::Preemptions(depth(most, most + 1)), &[G3, G5], claim, model)
}

#[test]
fn against_a_thread_that_goes_to_sleep() {
    let model = || {
        let subject = Background::new(THRESHOLD.as_duration());
        assert_eq!(subject.call_taken(0).wait(), Ok(()));
        assert!(subject.is_covered(0), "G3: the run does not see the call");
        subject.end();
        assert_eq!(subject.throttled.runs(), 1);
    };
    explore_bounded(2, "a call against a background thread that goes to sleep", model)
        .at_least(3000)
        .passed();
}

/// The second call comes before the run, during it, or after it. Then the first wait may see the second
/// run, too.
#[test]
fn against_a_run() {
    let (coalesced, later) = (Tally::new(), Tally::new());
    let (coalesced_in, later_in) = (coalesced.clone(), later.clone());
    explore_bounded(2, "a call against a run of the background thread", move || {
        let subject = Background::new(Duration::ZERO);
        let first = subject.call_taken(0);
        let second = subject.call_taken(1);
        let is_later = second.epoch() > first.epoch();
        assert_eq!(first.wait(), Ok(()));
        assert!(subject.is_covered(0), "G3: the run does not see the first call");
        assert_eq!(second.wait(), Ok(()));
        assert!(subject.is_covered(1), "G3: the run does not see the second call");
        subject.end();
        assert_eq!(subject.throttled.runs(), 1 + u64::from(is_later));
        coalesced_in.count_if(!is_later);
        later_in.count_if(is_later);
    })
    .at_least(5000)
    .reached(&coalesced, "both calls have one run")
    .reached(&later, "the second call has a run of its own")
    .passed();
}

#[test]
fn by_two_threads() {
    let coalesced = Tally::new();
    let counted = coalesced.clone();
    explore_bounded(1, "two calls against the background thread", move || {
        let subject = Background::new(Duration::ZERO);
        let other = thread::spawn({
            let subject = subject.clone();
            move || {
                assert_eq!(subject.call_taken(1).wait(), Ok(()));
                assert!(subject.is_covered(1), "G3: the run does not see the call of the other");
            }
        });
        assert_eq!(subject.call_taken(0).wait(), Ok(()));
        assert!(subject.is_covered(0), "G3: the run does not see the call");
        other.join().expect("no panic");
        subject.end();
        counted.count_if(subject.throttled.runs() == 1);
    })
    .at_least(1000)
    .reached(&coalesced, "both calls have one run")
    .passed();
}

/// A call inside the window, which `disturb` ends.
fn inside_the_window(claim: &str, disturb: fn(&Background)) {
    explore_bounded(2, claim, move || {
        let subject = Background::new(THRESHOLD.as_duration());
        assert_eq!(subject.call_taken(0).wait(), Ok(()));
        let call = subject.call_taken(1);
        assert_eq!(call.epoch().as_u64(), 1, "G1: the window is closed");
        disturb(&subject);
        assert_eq!(call.wait(), Ok(()));
        assert!(subject.is_covered(1), "G3: the run does not see the call");
        subject.end();
        assert_eq!(subject.throttled.runs(), 2);
    })
    .at_least(5000)
    .passed();
}

#[test]
fn until_the_clock_is_moved() {
    inside_the_window("the clock wakes the background thread", |subject| subject.clock.set(DUE));
}

#[test]
fn until_the_threshold_is_shorter() {
    inside_the_window("a shorter threshold wakes the background thread", |subject| {
        subject.throttled.set_threshold(Duration::ZERO);
    });
}
