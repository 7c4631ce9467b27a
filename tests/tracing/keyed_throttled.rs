//! Events of a `KeyedThrottled` and all its keys; and that a subscriber can break nothing.
//!
//! The tests cannot know the address that tells throttles apart, so one test plays everything, one after the
//! other.

use super::ends;
use super::support::{SECOND, at, panic_quietly, until};
use super::watcher::{react_to, subscribe, told_by};
use atomic_throttle::{KeyedThrottled, KeyedThrottledBuilder, Manual, NotFlushed, Pending, Shutdown};
use evidence::Check;
use evidence::Guarantee::{G3, G6, G9};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::mpsc::{self, Receiver, Sender};
use std::time::Duration;

const FRONT: &str = "KeyedThrottled";

type Keys = KeyedThrottled<&'static str>;

/// A throttle at second 1, and the number of events about others before it.
struct Subject {
    throttled: Keys,
    clock: Arc<Manual>,
    /// Each run has begun, and ends when it may.
    begun: Receiver<&'static str>,
    go: Sender<()>,
    told_before: usize,
}

impl Subject {
    fn new(
        set_up: impl FnOnce(KeyedThrottledBuilder<&'static str>) -> KeyedThrottledBuilder<&'static str>,
    ) -> Self {
        subscribe();
        let clock = Arc::new(Manual::new(at(1)));
        let (begins, begun) = mpsc::channel();
        let (go, gate) = mpsc::channel::<()>();
        let builder = KeyedThrottled::<&'static str>::builder(SECOND).clock(Arc::clone(&clock));
        let throttled = set_up(builder.pending_on_drop(Pending::Discard)).spawn(move |key| {
            let _ = begins.send(*key);
            let _ = gate.recv();
            if *key == "bad" {
                panic_quietly();
            }
        });
        Self { throttled: throttled.expect("a thread"), clock, begun, go, told_before: told_by(FRONT).len() }
    }

    fn told(&self) -> Vec<String> {
        told_by(FRONT).split_off(self.told_before)
    }

    /// A call. Returns when the thread has reported that it is deferred.
    fn deferred(&self, key: &'static str) {
        let before = self.told().len();
        self.call(key);
        until(|| self.told().len() > before);
    }

    fn call(&self, key: &'static str) {
        assert_eq!(self.throttled.trigger(&key).map(drop), Ok(()));
    }

    /// Plays this while the subscriber calls the throttle, and flushes at the first events; runs end as soon
    /// as they begin. Returns the events.
    fn under_calls(self, flushes: usize, play: impl FnOnce(&Keys, &Manual)) -> Vec<String> {
        let Self { throttled, clock, go, told_before, .. } = self;
        drop(go);
        let called = throttled.clone();
        let events = AtomicUsize::new(0);
        // Each flush makes a run, and so an event: not for ever.
        react_to(FRONT, move || call_everything(&called, events.fetch_add(1, SeqCst) < flushes));
        play(&throttled, &clock);
        react_to(FRONT, || ());
        told_by(FRONT).split_off(told_before)
    }

    /// The next run is of this key.
    fn runs(&self, key: &str) {
        assert_eq!(self.begun.recv(), Ok(key));
        assert_eq!(self.go.send(()), Ok(()));
    }

    /// The next runs are of these keys, and nothing else is left to do.
    fn runs_only(&self, keys: &[&str]) {
        for key in keys {
            self.runs(key);
        }
        assert_eq!(self.throttled.all().wait(), Ok(()));
    }
}

/// Each sort of run, a cancel, and an end that discards. Returns the number of events.
fn a_life() -> usize {
    let subject = Subject::new(|builder| builder);
    let Subject { throttled, clock, .. } = &subject;
    for key in ["a", "b"] {
        subject.call(key);
        subject.runs_only(&[key]);
    }
    subject.deferred("a");
    subject.deferred("b");
    for _ in 0..1000 {
        subject.call("a");
        subject.call("b");
    }
    clock.set(at(2));
    subject.runs_only(&["a", "b"]);

    subject.deferred("a");
    assert!(throttled.cancel(&"a"));
    assert!(!throttled.cancel(&"a") && !throttled.cancel(&"unknown"), "nothing to tell");
    assert_eq!(throttled.flush(&"a").map(drop), Err(NotFlushed::NothingPending));
    subject.deferred("b");
    assert_eq!(throttled.flush(&"b").map(drop), Ok(()));
    subject.runs_only(&["b"]);
    // The thread still owns what was cancelled: one that coalesces.
    subject.call("a");
    clock.set(at(3));
    subject.runs_only(&["a"]);

    subject.deferred("a");
    subject.deferred("b");
    assert_eq!(throttled.shutdown(Pending::Discard).wait(), Ok(Shutdown::Discarded));
    assert!(throttled.trigger(&"a").is_err(), "nothing to tell");

    let told = subject.told();
    assert_eq!(
        told,
        [
            "DEBUG run: (a run starts) started_at=1s edge=Leading",
            "DEBUG run: (a run starts) started_at=1s edge=Leading",
            "TRACE deferral: (a run is deferred) due=2s",
            "TRACE deferral: (a run is deferred) due=2s",
            "DEBUG run: (a run starts) started_at=2s edge=Trailing",
            "DEBUG run: (a run starts) started_at=2s edge=Trailing",
            "TRACE deferral: (a run is deferred) due=3s",
            "DEBUG cancel: (the pending run is cancelled) after=2s",
            "TRACE deferral: (a run is deferred) due=3s",
            "DEBUG run: (a run starts) started_at=2.000000001s edge=Flushed",
            "DEBUG run: (a run starts) started_at=3s edge=Trailing",
            "TRACE deferral: (a run is deferred) due=4s",
            "TRACE deferral: (a run is deferred) due=3.000000001s",
            "DEBUG cancel: (the pending run is cancelled) after=2.000000001s",
            "DEBUG cancel: (the pending run is cancelled) after=3s",
        ]
    );
    told.len()
}

/// A fatal panic while a flushed run and others are pending. Returns the number of events.
fn a_death() -> usize {
    let subject = Subject::new(KeyedThrottledBuilder::fatal_panics);
    let Subject { throttled, clock, .. } = &subject;
    subject.call("bad");
    assert_eq!(subject.begun.recv(), Ok("bad"));
    clock.set(at(2));
    for key in ["flushed", "other", "bad"] {
        subject.call(key);
    }
    assert_eq!(throttled.flush(&"flushed").map(drop), Ok(()));
    assert_eq!(subject.go.send(()), Ok(()));
    assert_eq!(throttled.shutdown(Pending::Finish).wait(), Ok(Shutdown::Panicked));

    let told = subject.told();
    assert_eq!(
        told,
        [
            "DEBUG run: (a run starts) started_at=1s edge=Leading",
            "ERROR panic: (a run panicked) started_at=1s panic=on purpose",
            // Of the run that was flushed, of a key that never ran, and of the one that panicked.
            "WARN abandonment: (the owner left: a run is owed) after=0ns",
            "WARN abandonment: (the owner left: a run is owed) after=1s",
            "WARN abandonment: (the owner left: a run is owed) after=2s",
        ]
    );
    told.len()
}

/// An end that flushes. Returns the number of events.
fn a_flushing_end() -> usize {
    let subject = Subject::new(|builder| builder);
    subject.call("a");
    subject.runs_only(&["a"]);
    subject.deferred("a");
    assert_eq!(subject.go.send(()), Ok(()));
    assert_eq!(subject.throttled.shutdown(Pending::Flush).wait(), Ok(Shutdown::Ran));

    let told = subject.told();
    assert_eq!(
        told,
        [
            "DEBUG run: (a run starts) started_at=1s edge=Leading",
            "TRACE deferral: (a run is deferred) due=2s",
            "DEBUG run: (a run starts) started_at=1.000000001s edge=Flushed",
        ]
    );
    told.len()
}

fn all_that_is_told() -> usize {
    a_life() + a_death() + a_flushing_end()
}

/// Calls every operation at each of the events, on the keys that it may be about. Returns the number of
/// events.
fn told_to_somebody_who_calls() -> usize {
    let panics = Subject::new(|builder| builder);
    let told_before = panics.told_before;
    let mut told = panics.under_calls(3, |throttled, clock| {
        assert_eq!(throttled.trigger(&"a").map(drop), Ok(()));
        // Its run asks for another one, in the window.
        until(|| told_by(FRONT).split_off(told_before).iter().any(|event| event.contains("deferral:")));
        until(|| {
            clock.advance(SECOND);
            throttled.panics() > 0
        });
        until(|| {
            clock.advance(SECOND);
            throttled.trigger(&"a").is_ok() && throttled.cancel(&"a")
        });
        let ended = throttled.shutdown(Pending::Discard).wait();
        // As a flush was handed over before, or not.
        assert!(matches!(ended, Ok(Shutdown::Ran | Shutdown::Discarded | Shutdown::Idle)), "{ended:?}");
    });

    // The first that is abandoned is one that was flushed, or one that is pending.
    for flushes in [3, 0] {
        let dies = Subject::new(KeyedThrottledBuilder::fatal_panics);
        told.extend(dies.under_calls(flushes, |throttled, clock| {
            until(|| {
                clock.advance(SECOND);
                throttled.trigger(&"a").is_err()
            });
            assert_eq!(throttled.shutdown(Pending::Discard).wait(), Ok(Shutdown::Panicked));
        }));
    }

    let is_discarded = Subject::new(|builder| builder);
    is_discarded.call("a");
    is_discarded.runs_only(&["a"]);
    is_discarded.deferred("a");
    told.extend(is_discarded.under_calls(3, |throttled, _| {
        assert_eq!(throttled.shutdown(Pending::Discard).wait(), Ok(Shutdown::Discarded));
    }));

    for sort in ["run:", "deferral:", "cancel:", "panic:", "abandonment:"] {
        assert!(told.iter().any(|event| event.contains(sort)), "no {sort} in {told:?}");
    }
    told.len()
}

fn call_everything(throttled: &Keys, flushes: bool) {
    for key in ["a", "bad"] {
        let _ = throttled.trigger(&key);
        let _ = throttled.is_pending(&key) || throttled.contains(&key) || throttled.snapshot(&key).is_some();
        let _ = flushes && throttled.flush(&key).is_ok();
        let _ = throttled.cancel(&key);
        let _ = throttled.trigger(&key);
    }
    throttled.set_threshold(SECOND);
    let _ = throttled.all().wait_for(Duration::ZERO);
    let _ = (throttled.evict(), throttled.allocated_bytes(), throttled.pending(), throttled.uncovered());
}

#[test]
fn keys() {
    let check =
        Check::of(&[G3, G6], "events of a KeyedThrottled: each once, none of a call that is coalesced");
    let events = all_that_is_told();
    check.passed(events, "cases");

    let check =
        Check::of(&[G6, G3], "events of a KeyedThrottled: a subscriber that panics at each loses none");
    let reactions = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&reactions);
    react_to(FRONT, move || {
        counted.fetch_add(1, SeqCst);
        panic_quietly();
    });
    let told = all_that_is_told();
    assert_eq!(reactions.load(SeqCst), told);
    check.passed(told, "events");

    let check = Check::of(&[G9], "events of a KeyedThrottled: a subscriber that calls it at each of them");
    ends(|| {
        let events = told_to_somebody_who_calls();
        check.passed(events, "events");
    });
}
