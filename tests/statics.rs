//! Throttles in statics, with real time and real threads; sizes and auto traits pinned.

mod support;

use atomic_throttle::state::DeferralStatus;
use atomic_throttle::{
    Batch, Coalesced, Collect, Count, Gate, Latest, Manual, Merge, Monotonic, Outcome, Site, Throttle,
    Timestamp,
};
use std::cell::Cell;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::thread;
use std::time::Duration;
use watchdog as _;

static THROTTLE: Throttle = Throttle::new(Duration::from_millis(2));
static CLOCK: Manual = Manual::new(Timestamp::ZERO);
static ON_A_CLOCK: Throttle<&Manual> = Throttle::with_clock(Duration::from_secs(1), &CLOCK);

#[test]
fn a_static_throttle_loses_nothing() {
    static WRITTEN: [AtomicUsize; 4] = [const { AtomicUsize::new(0) }; 4];
    static SEEN: [AtomicUsize; 4] = [const { AtomicUsize::new(0) }; 4];
    static RUNS: AtomicUsize = AtomicUsize::new(0);
    fn record() {
        RUNS.fetch_add(1, Relaxed);
        for (written, seen) in WRITTEN.iter().zip(&SEEN) {
            seen.store(written.load(Relaxed), Relaxed);
        }
    }
    thread::scope(|scope| {
        for (written, seen) in WRITTEN.iter().zip(&SEEN) {
            scope.spawn(|| {
                let mut number = 0;
                while RUNS.load(Relaxed) < 100 {
                    number += 1;
                    written.store(number, Relaxed);
                    let outcome = THROTTLE.run(record);
                    let waited = number % 1000 == 0;
                    if let (true, Outcome::Coalesced(handle)) = (waited, outcome) {
                        handle.wait().expect("the covering run comes");
                    }
                    assert!(!waited || seen.load(Relaxed) == number, "G3: the run missed a call");
                }
            });
        }
    });
    for (written, seen) in WRITTEN.iter().zip(&SEEN) {
        assert_eq!(seen.load(Relaxed), written.load(Relaxed), "G3: the last request is never lost");
    }
    let seen = THROTTLE.snapshot();
    assert!(!seen.running && seen.deferral == DeferralStatus::None);
}

#[test]
fn a_static_clock() {
    assert!(ON_A_CLOCK.run(|| ()).ran());
    assert!(ON_A_CLOCK.try_run(|| ()).is_err());
    CLOCK.advance(Duration::from_secs(2));
    assert!(ON_A_CLOCK.try_run(|| ()).is_ok());
}

static DRAW: Throttle<Monotonic, Latest<u32>> = Throttle::latest(Duration::from_millis(2));
static REBUILD: Throttle<&Manual, Merge<u32>> =
    Throttle::merging_with_clock(Duration::from_secs(1), &CLOCK, |all, more| *all |= more);
static LOG: Throttle<Monotonic, Collect<u32>> = Throttle::collecting(Duration::from_millis(2)).capacity(3);

#[test]
fn static_throttles_with_a_payload() {
    assert_eq!(DRAW.run(1, |newest| newest).expect("in no forked child").into_value(), Some(1));
    assert_eq!(REBUILD.run(2, |all| all).expect("outside of the merge").into_value(), Some(2));
    assert_eq!(LOG.try_run(3, Batch::pop).expect("the first call runs"), Some(3));
    assert_eq!((DRAW.take(), REBUILD.take(), LOG.take()), (None, None, Vec::new()));
}

#[test]
fn sizes() {
    let sizes = [
        (size_of::<Gate>(), 16),
        (size_of::<Throttle>(), 32),
        (size_of::<Coalesced<'_>>(), 16),
        (size_of::<Site>(), 24),
        (size_of::<Throttle<Monotonic, Count>>(), 48),
        (size_of::<Throttle<Monotonic, Latest<u64>>>(), 56),
        (size_of::<Throttle<Monotonic, Merge<u64>>>(), 72),
        (size_of::<Throttle<Monotonic, Collect<u64>>>(), 80),
        (size_of::<Monotonic>(), 0),
    ];
    // With smaller pointers some are smaller, and none is larger.
    let is_as_said =
        |(size, said)| if cfg!(target_pointer_width = "64") { size == said } else { size <= said };
    assert!(sizes.into_iter().all(is_as_said), "{sizes:?}");
}

#[test]
fn auto_traits() {
    fn shared_between_threads<T: Send + Sync>() {}
    shared_between_threads::<Throttle>();
    shared_between_threads::<Throttle<Manual>>();
    shared_between_threads::<Gate>();
    shared_between_threads::<Site>();
    shared_between_threads::<Throttle<Monotonic, Count>>();
    // A value is moved from one thread to another, and never looked at by two.
    shared_between_threads::<Throttle<Monotonic, Latest<Cell<u8>>>>();
    shared_between_threads::<Throttle<Monotonic, Merge<Cell<u8>>>>();
    shared_between_threads::<Throttle<Monotonic, Collect<Cell<u8>>>>();
    shared_between_threads::<Coalesced<'_>>();
    support::assert_unwind_safe::<&Throttle>();
    support::assert_unwind_safe::<&Gate>();
    support::assert_unwind_safe::<&Throttle<Monotonic, Count>>();
    support::assert_unwind_safe::<&Throttle<Monotonic, Collect<Cell<u8>>>>();
}

#[test]
fn states_are_readable() {
    let throttle = support::after_a_run(support::SECOND);
    assert_eq!(
        format!("{throttle:?}"),
        "Throttle { state: State { last: 1s, deferral: None, running: false }, threshold: 1s, .. }"
    );
    assert_eq!(format!("{:?}", throttle.snapshot().epoch), "Epoch(1000000000)");
    let gate = Gate::new(throttle.threshold());
    assert_eq!(
        format!("{gate:?}"),
        "Gate { state: State { last: 0ns, deferral: None, running: false }, threshold: 1s }"
    );
}
