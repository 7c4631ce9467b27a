//! What the paths are called on. Each is in the state that leads a call down one path, and is never dropped,
//! because the process ends after one call. Nothing here is counted.

use atomic_throttle::gate::{Arrival, Gate};
use atomic_throttle::{
    AsyncThrottle, Batch, Collect, Count, Keyed, KeyedThrottled, Latest, Monotonic, Threshold, Throttle,
    Throttled, Timestamp, Tokio,
};
use foldhash::quality::FixedState;
use std::mem;
use std::sync::atomic::AtomicU64;
use std::thread;
use std::time::{Duration, Instant};

/// A threshold that is longer than valgrind needs for anything.
pub const HOUR: Duration = Duration::from_secs(3600);

/// The one key, and the item of a batch.
pub const KEY: u64 = 7;

/// A time inside the window of `closed_gate`.
pub const NOW: Timestamp = Timestamp::from_nanos(2);

/// Keys are hashed as by default, but without a random seed: with one, the place of a key in its table would
/// change from run to run.
pub type KeyedByU64 = Keyed<u64, Monotonic, FixedState>;

fn leak<T>(value: T) -> &'static T {
    Box::leak(Box::new(value))
}

/// The first reading of a process may initialize the clock.
pub fn read_clock() {
    let _ = Instant::now();
}

pub fn word() -> &'static AtomicU64 {
    leak(AtomicU64::new(0))
}

pub fn open_gate() -> &'static Gate {
    leak(Gate::new(Threshold::new(HOUR)))
}

pub fn closed_gate() -> &'static Gate {
    let gate = open_gate();
    let run = gate.try_start(Timestamp::from_nanos(1)).expect("nothing ran yet");
    run.finish();
    gate
}

pub fn pending_gate() -> &'static Gate {
    let gate = closed_gate();
    let Arrival::Defer(deferral) = gate.arrive(NOW) else { panic!("the window is closed") };
    mem::forget(deferral);
    gate
}

/// Each window is over as soon as it begins. The first run, in which a thread gets its number, has happened
/// already.
pub fn open_throttle() -> &'static Throttle {
    let throttle = leak(Throttle::new(Duration::ZERO));
    throttle.try_run(|| ()).expect("nothing ran yet");
    throttle
}

pub fn closed_throttle() -> &'static Throttle {
    let throttle = leak(Throttle::new(HOUR));
    throttle.try_run(|| ()).expect("nothing ran yet");
    throttle
}

/// The owner of the deferral waits in another thread.
pub fn pending_throttle() -> &'static Throttle {
    let throttle = closed_throttle();
    thread::spawn(|| throttle.run(|| ()).ran());
    while !throttle.is_pending() {
        thread::yield_now();
    }
    throttle
}

pub fn pending_throttled() -> &'static Throttled {
    let throttled = leak(Throttled::spawn(HOUR, || ()));
    throttled.trigger().expect("it goes on").wait().expect("it completes");
    throttled.trigger().expect("it goes on");
    assert!(throttled.is_pending());
    throttled
}

pub fn pending_counting() -> &'static Throttled<Count> {
    let counting = leak(Throttled::builder(HOUR).counting().spawn(|_| ()).expect("a thread"));
    counting.trigger().expect("it goes on").wait().expect("it completes");
    counting.trigger().expect("it goes on");
    assert!(counting.is_pending());
    counting
}

pub fn pending_latest() -> &'static Throttled<Latest<u64>> {
    let latest = leak(Throttled::builder(HOUR).latest().spawn(|_: &u64| ()).expect("a thread"));
    latest.trigger(KEY).expect("it goes on").wait().expect("it completes");
    latest.trigger(KEY).expect("it goes on");
    assert!(latest.is_pending());
    latest
}

pub fn pending_collecting() -> &'static Throttled<Collect<u64>> {
    let collecting = Throttled::builder(HOUR).collecting().spawn(|_: &mut Batch<u64>| ());
    let collecting = leak(collecting.expect("a thread"));
    collecting.trigger(KEY).expect("it goes on").wait().expect("it completes");
    collecting.trigger(KEY).expect("it goes on");
    assert!(collecting.is_pending());
    collecting
}

/// The runtime is left entered, as in a task.
pub fn pending_async() -> &'static AsyncThrottle<Tokio> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
    let runtime = leak(runtime.expect("a runtime"));
    mem::forget(runtime.enter());
    let throttle = leak(AsyncThrottle::new(HOUR));
    runtime.block_on(throttle.trigger(async || ()).expect("a runtime").into_future()).expect("it completes");
    throttle.trigger(async || ()).expect("a runtime");
    assert!(throttle.is_pending());
    throttle
}

pub fn open_keyed() -> &'static KeyedByU64 {
    keyed(Duration::ZERO)
}

pub fn closed_keyed() -> &'static KeyedByU64 {
    keyed(HOUR)
}

fn keyed(threshold: Duration) -> &'static KeyedByU64 {
    let keyed = leak(Keyed::builder(threshold).hasher(FixedState::default()).build());
    keyed.try_run(&KEY, || ()).expect("nothing ran yet");
    assert!(keyed.contains(&KEY), "the key is known");
    keyed
}

pub fn pending_keyed() -> &'static KeyedThrottled<u64, (), FixedState> {
    let keyed = KeyedThrottled::builder(HOUR).hasher(FixedState::default()).spawn(|_| ());
    let keyed = leak(keyed.expect("a thread"));
    keyed.trigger(&KEY).expect("it goes on");
    keyed.all().wait().expect("it completes");
    keyed.trigger(&KEY).expect("it goes on");
    assert_eq!(keyed.pending(), 1);
    keyed
}
