//! Clocks that do something when they are read: they call the throttle, move on, or count.

use super::by_hand::ByHand;
use super::subject::{Seen, runtime};
use super::support::{SECOND, at, until};
use atomic_throttle::{
    Clock, KeyedThrottled, KeyedThrottledBuilder, Moved, NoRuntime, Runtime, Timestamp, WeakKeyedThrottled,
};
use evidence::Check;
use evidence::Guarantee::{G1, G9};
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::thread;

type Spring = Box<dyn FnOnce() + Send>;

/// A runtime whose clock does something, once, between a reading and its answer.
#[derive(Clone)]
struct Sprung {
    by_hand: ByHand,
    spring: Arc<Mutex<Option<Spring>>>,
    readings: Arc<AtomicU64>,
}

impl Sprung {
    fn new() -> Self {
        Self { by_hand: runtime(), spring: Arc::default(), readings: Arc::default() }
    }

    fn set(&self, spring: impl FnOnce() + Send + 'static) {
        *self.spring.lock().unwrap() = Some(Box::new(spring));
    }

    fn is_set(&self) -> bool {
        self.spring.lock().unwrap().is_some()
    }

    /// How often `f` has the clock read.
    fn readings_in(&self, f: impl FnOnce()) -> u64 {
        let before = self.readings.load(SeqCst);
        f();
        self.readings.load(SeqCst) - before
    }
}

impl Clock for Sprung {
    fn now(&self) -> Timestamp {
        let now = self.by_hand.now();
        self.readings.fetch_add(1, SeqCst);
        let spring = self.spring.lock().unwrap().take();
        if let Some(spring) = spring {
            spring();
        }
        now
    }

    fn moved(&self) -> Option<&Moved> {
        self.by_hand.moved()
    }
}

impl Runtime for Sprung {
    fn sleep_until(&self, deadline: Timestamp) -> impl Future<Output = ()> + Send + 'static {
        self.by_hand.sleep_until(deadline)
    }

    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) -> Result<(), NoRuntime> {
        self.by_hand.spawn(task)
    }
}

/// The task has read the clock, and is held up. Then the time is another one, and a call comes: its run is stamped by that time.
#[test]
fn a_run_is_stamped_after_the_call_that_asked_for_it() {
    let check = Check::of(&[G1], "tests: a task that is held up after it has read the clock, keys");
    let (runtime, seen) = (Sprung::new(), Seen::new());
    let (inside, by_hand) = (seen.clone(), &runtime.by_hand);
    let throttled = KeyedThrottled::<&str>::builder(SECOND)
        .spawn_on(runtime.clone(), async move |key| inside.add(key, ()))
        .unwrap();
    throttled.trigger(&"a").unwrap();
    by_hand.settle();
    by_hand.clock().set(at(3));
    let (calling, clock) = (throttled.clone(), by_hand.clone());
    runtime.set(move || {
        clock.clock().set(at(100));
        calling.trigger(&"a").unwrap();
    });
    by_hand.poll(0);
    by_hand.settle();
    assert_eq!(seen.take(), [("a", ()), ("a", ())]);
    throttled.trigger(&"a").unwrap();
    by_hand.settle();
    assert_eq!(seen.take(), [], "the clock has not moved since");
    check.passed(1, "case");
}

/// It calls the throttle for another key, and cancels that again, which takes the lock of its shard alone.
fn asks(throttled: &WeakKeyedThrottled<&'static str>) -> impl FnOnce() + Send + use<> {
    let throttled = throttled.clone();
    move || {
        // On another thread, so that a lock that is held is a failure and not a hang.
        let asking = thread::spawn(move || {
            let throttled = throttled.upgrade().unwrap();
            throttled.trigger(&"from the clock").unwrap();
            assert!(throttled.cancel(&"from the clock"));
        });
        until(|| asking.is_finished());
        asking.join().unwrap();
    }
}

type Set = fn(KeyedThrottledBuilder<&'static str>) -> KeyedThrottledBuilder<&'static str>;

#[test]
fn calls_read_the_clock_when_no_lock_is_held() {
    let check = Check::of(&[G9], "tests: clocks that ask the throttle during a call on a key");
    // For each pace, how many of these calls read the clock: on a key that is new, one that is known, one that is pending.
    let cases: [(Set, usize); 3] = [
        (|builder| builder, 1),
        (|builder| builder.delay(SECOND), 2),
        (|builder| builder.debounce(SECOND, SECOND * 9), 3),
    ];
    for (case, (set, calls_that_read)) in cases.into_iter().enumerate() {
        let runtime = Sprung::new();
        let builder = set(KeyedThrottled::<&str>::builder(SECOND * 1000).shards(1));
        let throttled = builder.spawn_on(runtime.clone(), async |_| ()).unwrap();
        let itself = throttled.downgrade();
        let call = |reads: bool, what: &str| {
            runtime.set(asks(&itself));
            throttled.trigger(&"a").unwrap();
            assert_eq!(runtime.is_set(), !reads, "case {case}: {what}");
            runtime.spring.lock().unwrap().take();
        };
        call(true, "new");
        runtime.by_hand.clock().advance(SECOND);
        runtime.by_hand.settle();
        assert_eq!(throttled.runs(), 1);
        call(calls_that_read >= 2, "known");
        call(calls_that_read >= 3, "pending");
    }
    check.passed(3, "paces");
}

/// A call on a key that is known costs no reading, where no pace asks for it.
#[test]
fn a_call_on_a_key_that_is_known_reads_no_clock() {
    let runtime = Sprung::new();
    let throttled = KeyedThrottled::<&str>::builder(SECOND).spawn_on(runtime.clone(), async |_| ()).unwrap();
    let call = || _ = throttled.trigger(&"a").unwrap();
    assert_eq!(runtime.readings_in(call), 1, "it is new");
    assert_eq!(runtime.readings_in(call), 0, "it is pending");
    runtime.by_hand.settle();
    assert_eq!((throttled.runs(), throttled.pending()), (1, 0));
    assert_eq!(runtime.readings_in(call), 0, "it is known");
    assert_eq!(throttled.pending(), 1);
}
