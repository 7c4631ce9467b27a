//! Every front clamps a `Duration` that is too long for a threshold, and takes a `Threshold` as it is.

use atomic_throttle::{Gate, Manual, Monotonic, Site, Threshold, Throttle, Throttled, Timestamp};
use std::time::Duration;
use watchdog as _;

const TOO_LONG: Duration = Duration::MAX;
const SHORT: Threshold = Threshold::from_nanos(10);

#[test]
fn a_duration_becomes_the_nearest_threshold() {
    let longest = Threshold::MAX.as_duration();
    for (duration, nearest) in [
        (Duration::ZERO, Threshold::ZERO),
        (SHORT.as_duration(), SHORT),
        (longest, Threshold::MAX),
        (longest + Duration::from_nanos(1), Threshold::MAX),
        (Duration::from_nanos(u64::MAX), Threshold::MAX),
        (TOO_LONG, Threshold::MAX),
    ] {
        assert_eq!(Threshold::from(duration), nearest, "{duration:?}");
        assert_eq!(Threshold::new(duration), nearest, "{duration:?}");
    }
}

/// Sets the threshold of a front, both ways, and looks at it after each.
macro_rules! assert_sets {
    ($front:expr) => {
        let front = &$front;
        front.set_threshold(SHORT);
        assert_eq!(front.threshold(), SHORT);
        front.set_threshold(TOO_LONG);
        assert_eq!(front.threshold(), Threshold::MAX);
        front.set_threshold(SHORT.as_duration());
        assert_eq!(front.threshold(), SHORT);
    };
}

#[test]
fn of_a_throttle() {
    static THROTTLE: Throttle = Throttle::new(TOO_LONG);
    assert_eq!(THROTTLE.threshold(), Threshold::MAX);
    assert_eq!(Throttle::with_clock(TOO_LONG, Monotonic).threshold(), Threshold::MAX);
    assert_eq!(Throttle::counting(TOO_LONG).threshold(), Threshold::MAX);
    assert_eq!(Throttle::counting_with_clock(TOO_LONG, Monotonic).threshold(), Threshold::MAX);
    assert_sets!(THROTTLE);
    assert_sets!(Gate::new(Threshold::ZERO));
}

/// A site shows its threshold only by whom it lets in: a window that was not clamped would overflow.
#[test]
fn of_a_site() {
    let site = Site::with_clock(TOO_LONG, Manual::new(Timestamp::from_nanos(1)));
    assert!(site.enter().is_some());
    site.clock().set(Timestamp::MAX);
    assert!(site.enter().is_none(), "the window outlasts the clock");
    assert!(Site::new(TOO_LONG).enter().is_some());
}

#[test]
fn of_a_throttled() {
    let throttled = Throttled::spawn(TOO_LONG, || ());
    assert_eq!(throttled.threshold(), Threshold::MAX);
    assert_eq!(Throttled::spawn(SHORT, || ()).threshold(), SHORT);
    let built = Throttled::builder(TOO_LONG).latest().spawn(|_: &u8| ()).expect("a thread");
    assert_eq!(built.threshold(), Threshold::MAX);
    assert_sets!(throttled);
}

#[cfg(feature = "keyed")]
#[test]
fn of_a_throttle_for_each_key() {
    use atomic_throttle::{Keyed, KeyedThrottled};

    let keyed = Keyed::<u8>::new(TOO_LONG);
    assert_eq!(keyed.threshold(), Threshold::MAX);
    assert_eq!(Keyed::<u8>::new(SHORT).threshold(), SHORT);
    assert_eq!(Keyed::<u8>::builder(TOO_LONG).build().threshold(), Threshold::MAX);
    assert_eq!(Keyed::<u8, _>::with_clock(TOO_LONG, Monotonic).threshold(), Threshold::MAX);
    assert_sets!(keyed);

    let throttled = KeyedThrottled::spawn(TOO_LONG, |_: &u8| ());
    assert_eq!(throttled.threshold(), Threshold::MAX);
    assert_eq!(KeyedThrottled::spawn(TOO_LONG, |_: &u8| ()).threshold(), Threshold::MAX);
    let built = KeyedThrottled::<u8>::builder(TOO_LONG).spawn(|_| ()).expect("a thread");
    assert_eq!(built.threshold(), Threshold::MAX);
    assert_sets!(throttled);
}

#[cfg(feature = "tokio")]
#[test]
fn of_a_throttle_of_tasks() {
    use atomic_throttle::{AsyncThrottle, Tokio};

    let throttle = AsyncThrottle::new(TOO_LONG);
    assert_eq!(throttle.threshold(), Threshold::MAX);
    assert_eq!(AsyncThrottle::new(SHORT).threshold(), SHORT);
    assert_eq!(AsyncThrottle::with_runtime(TOO_LONG, Tokio::current()).threshold(), Threshold::MAX);
    assert_sets!(throttle);
}
