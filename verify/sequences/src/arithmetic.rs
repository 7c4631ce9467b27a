//! Times and thresholds at full width, against arithmetic on numbers that cannot overflow.

use crate::bytes::numbers;
use crate::subject::Subject;
use atomic_throttle::lease::{self, Lease, LeaseOutOfRange};
use atomic_throttle::{State, Threshold, ThresholdTooLong, Timestamp};
use evidence::Guarantee::{self, G8};
use reference::edges::{self, Numbers};
use reference::reached::Reached;
use reference::{MAX, NEVER};
use std::time::Duration;

pub struct Arithmetic;

impl Subject for Arithmetic {
    type Fault = Wrong;
    const TARGET: &'static str = "arithmetic";
    const CLAIM: &'static str = "arithmetic at full width, against wider numbers";
    const GUARANTEES: &'static [Guarantee] = &[G8];
    const FAULTS: &'static [Wrong] =
        &[Wrong::EndsAtTheLastReading, Wrong::NoThresholdCloses, Wrong::NoRunCloses];
    const INPUTS: usize = 10;

    fn name(fault: Wrong) -> &'static str {
        match fault {
            Wrong::EndsAtTheLastReading => "a window that ends after the last reading ends at it",
            Wrong::NoThresholdCloses => "a threshold of 0 closes the window",
            Wrong::NoRunCloses => "a throttle that never ran has a window",
        }
    }

    fn reached() -> Vec<&'static str> {
        edges::OF_NUMBERS.to_vec()
    }

    fn check(fault: Option<Wrong>, input: &[u8]) -> Reached {
        arithmetic(fault, input).unwrap_or_default()
    }
}

/// A fault in the expected end of a window.
#[derive(Clone, Copy, Debug)]
pub enum Wrong {
    EndsAtTheLastReading,
    NoThresholdCloses,
    NoRunCloses,
}

/// The end of a window: 0 where there is none, `NEVER` where no clock reading reaches it.
fn window_end(start: u64, threshold: u64) -> u64 {
    if start == 0 || threshold == 0 {
        return 0;
    }
    let sum = u128::from(start) + u128::from(threshold);
    if sum > u128::from(MAX) { NEVER } else { narrow(sum) }
}

/// The same with a fault.
fn wrong_end(fault: Option<Wrong>, start: u64, threshold: u64) -> u64 {
    match fault {
        Some(Wrong::EndsAtTheLastReading) => window_end(start, threshold).min(MAX),
        Some(Wrong::NoThresholdCloses) if threshold == 0 => start.min(MAX),
        Some(Wrong::NoRunCloses) if start == 0 => threshold,
        _ => window_end(start, threshold),
    }
}

/// How the numbers relate, then six of them, of eight bytes each: two times, a word, a threshold, and a
/// duration in seconds and nanoseconds. `None` if the input is too short.
fn arithmetic(fault: Option<Wrong>, input: &[u8]) -> Option<Reached> {
    let (&relation, rest) = input.split_first()?;
    let [time, other, word, threshold, seconds, nanos] = numbers(rest)?;
    // Chance does not find two numbers of 64 bits that are as far apart as a third.
    let longest = MAX.saturating_sub(word >> 3);
    let threshold = [threshold, longest, longest + 1, 0][usize::from(relation & 3)];
    let end = window_end(word >> 3, threshold.min(MAX));
    let time = [time, end, end.saturating_sub(1), NEVER][usize::from(relation >> 2 & 3)];
    let nanos = (nanos % 1_000_000_000).try_into().expect("less than a second");
    let duration = match relation >> 4 & 3 {
        0 => Duration::new(seconds, nanos),
        1 => Duration::from_nanos(MAX),
        2 => Duration::from_nanos(MAX + 1),
        _ => Duration::from_nanos(time),
    };
    Some(compare(fault, [time, other], word, threshold, duration))
}

/// Compares all that the library computes of these numbers.
fn compare(
    fault: Option<Wrong>,
    [time, other]: [u64; 2],
    word: u64,
    threshold: u64,
    duration: Duration,
) -> Reached {
    let state = State::from_word(word);
    let start = word >> 3;
    check_leases(state, threshold, duration);
    let threshold = check_thresholds(threshold, duration);
    check_timestamps(time, other, duration);
    assert_eq!(lease::epoch(time).as_u64(), time.min(u64::MAX >> 3), "an epoch has 61 bits");

    let end = wrong_end(fault, start, threshold.as_nanos());
    assert_eq!(state.to_word(), word);
    assert_eq!(state.epoch().as_u64(), start);
    assert_eq!(lease::epoch(start), state.epoch());
    assert_eq!(state.epoch().started_at().as_nanos(), start.min(MAX));
    assert_eq!(state.epoch().window_end(threshold).as_nanos(), end, "{start} + {threshold:?}");
    assert_eq!(state.window_end(threshold).as_nanos(), end);
    for now in [timestamp(time), timestamp(other), Timestamp::NEVER, Timestamp::MAX] {
        // A deadline counts as the last reading, if it is taken for a time.
        let is_open = now.as_nanos().min(MAX) >= end;
        assert_eq!(state.is_open(now, threshold), is_open, "{now:?}, {start} + {threshold:?}");
    }
    assert!(!format!("{state:?} {threshold:?}").is_empty());

    let mut reached = Reached::default();
    let (now, earlier) = (timestamp(time).as_nanos(), timestamp(other).as_nanos());
    let (length, threshold) = (duration.as_nanos(), threshold.as_nanos());
    edges::of_numbers(&mut reached, &Numbers { now, earlier, start, threshold, length, end });
    reached
}

fn check_thresholds(nanos: u64, duration: Duration) -> Threshold {
    let length = duration.as_nanos();
    let clamped = Threshold::new(duration);
    assert_eq!(u128::from(clamped.as_nanos()), length.min(u128::from(MAX)));
    assert_eq!(clamped.as_duration().as_nanos(), length.min(u128::from(MAX)));
    assert_eq!(Threshold::from(duration), clamped);
    match Threshold::try_new(duration) {
        Ok(threshold) => {
            assert!(length <= u128::from(MAX));
            assert_eq!(threshold, clamped);
        }
        Err(ThresholdTooLong { requested, .. }) => {
            assert!(length > u128::from(MAX));
            assert_eq!(requested, duration);
        }
    }
    let threshold = Threshold::from_nanos(nanos);
    assert_eq!(threshold.as_nanos(), nanos.min(MAX));
    threshold
}

fn check_leases(state: State, nanos: u64, duration: Duration) {
    let length = duration.as_nanos();
    let clamped = Lease::new(duration);
    assert_eq!(u128::from(clamped.as_nanos()), length.clamp(1, u128::from(MAX)));
    assert_eq!(clamped.as_duration().as_nanos(), length.clamp(1, u128::from(MAX)));
    match Lease::try_from(duration) {
        Ok(lease) => {
            assert!((1..=u128::from(MAX)).contains(&length));
            assert_eq!(lease, clamped);
        }
        Err(LeaseOutOfRange { requested, .. }) => {
            assert!(!(1..=u128::from(MAX)).contains(&length));
            assert_eq!(requested, duration);
        }
    }
    let lease = Lease::from_nanos(nanos);
    assert_eq!(lease.as_nanos(), nanos.clamp(1, MAX));
    let sum = u128::from(state.epoch().as_u64()) + u128::from(lease.as_nanos());
    let end = if sum > u128::from(MAX) { NEVER } else { narrow(sum) };
    assert_eq!(state.lease_end(lease).as_nanos(), end, "{state:?} + {lease:?}");
    assert_eq!(state.epoch().lease_end(lease).as_nanos(), end);
}

fn check_timestamps(time: u64, other: u64, duration: Duration) {
    let (now, earlier) = (timestamp(time), timestamp(other));
    let (reading, length) = (u128::from(now.as_nanos()), duration.as_nanos());
    assert_eq!(now.as_nanos(), if time == NEVER { NEVER } else { time.min(MAX) });
    let (later, sooner) = (now.saturating_add(duration), now.saturating_sub(duration));
    if now == Timestamp::NEVER {
        assert_eq!((later, sooner), (now, now));
    } else {
        assert_eq!(u128::from(later.as_nanos()), (reading + length).min(u128::from(MAX)));
        assert_eq!(u128::from(sooner.as_nanos()), reading.saturating_sub(length));
        assert!(sooner <= now && now <= later && later < Timestamp::NEVER);
    }
    let since = now.saturating_since(earlier).as_nanos();
    assert_eq!(since, reading.saturating_sub(u128::from(earlier.as_nanos())));
}

/// `NEVER` is a timestamp, too, but no number of nanoseconds makes it.
fn timestamp(nanos: u64) -> Timestamp {
    assert!(Timestamp::from_nanos(nanos) <= Timestamp::MAX);
    if nanos == NEVER { Timestamp::NEVER } else { Timestamp::from_nanos(nanos) }
}

fn narrow(sum: u128) -> u64 {
    sum.try_into().expect("at most MAX")
}
