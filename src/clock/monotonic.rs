//! The real clocks: without the time that the machine was suspended, and with it.

use super::Clock;
use crate::time::Timestamp;
#[cfg(any(target_os = "android", target_os = "linux"))]
use core::time::Duration;

/// The system's monotonic clock, ordered across cores.
///
/// ```
/// use atomic_throttle::{Clock, Monotonic};
///
/// let earlier = Monotonic.now();
/// assert!(Monotonic.now() >= earlier);
/// ```
///
/// On Unix it is `CLOCK_MONOTONIC`: as fast as `Instant::now`, and comparable between processes until the
/// machine restarts. Elsewhere, and on Apple's systems, it is `Instant`, counted from the first reading in
/// the process; on WebAssembly in a browser, `performance.now()`.
///
/// On most systems it stands still while the machine is suspended, and so do the timers of waiting threads. A
/// suspension prolongs the present window by as much: a pending run starts when the rest of its window is over in
/// waking time. `BootTime` (Linux and Android) counts suspension.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Monotonic;

impl Clock for Monotonic {
    #[inline]
    fn now(&self) -> Timestamp {
        read()
    }
}

/// Linux's `CLOCK_BOOTTIME`: the time of [`Monotonic`], and the time for which the machine was suspended.
///
/// ```
/// use atomic_throttle::Throttled;
/// use atomic_throttle::clock::BootTime;
/// use std::time::Duration;
///
/// # fn main() -> std::io::Result<()> {
/// let refresh = Throttled::builder(Duration::from_secs(600)).clock(BootTime).spawn(|| println!("refreshed"))?;
/// # Ok(())
/// # }
/// ```
///
/// For a throttle whose window is meant to be over when a machine wakes from a long suspension: a refresh that is
/// due every ten minutes, on a notebook that was closed for an hour.
///
/// Only Linux and Android have such a clock.
///
/// # Across a suspension
///
/// The timers of waiting threads do not count suspension. So a waiter on this clock sleeps for at most
/// [`LONGEST_WAIT`](Self::LONGEST_WAIT), one second, and reads the clock again. A window that ends while the machine
/// is suspended is over when it wakes. Its pending run starts at most that second of waking time later, and at once
/// if you call `retime` when you hear of the wake-up ([`Throttled::retime`](crate::Throttled::retime)). On
/// [`Monotonic`] the window goes on where it stood.
///
/// # Cost
///
/// A reading costs as much as one of [`Monotonic`]. While a run is pending, its owner wakes once a second; while
/// none is, nobody does.
///
/// It counts from the start of the machine, so timestamps of two processes can be compared until it restarts,
/// unless they are in different time namespaces.
#[cfg(any(target_os = "android", target_os = "linux"))]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BootTime;

#[cfg(any(target_os = "android", target_os = "linux"))]
impl BootTime {
    /// The longest that a waiter sleeps before it reads the clock again.
    pub const LONGEST_WAIT: Duration = Duration::from_secs(1);
}

#[cfg(any(target_os = "android", target_os = "linux"))]
impl Clock for BootTime {
    #[inline]
    fn now(&self) -> Timestamp {
        timestamp(rustix::time::clock_gettime(rustix::time::ClockId::Boottime))
    }

    fn longest_wait(&self) -> Option<Duration> {
        Some(Self::LONGEST_WAIT)
    }
}

// Apple's CLOCK_MONOTONIC goes on while the machine is suspended; the time-outs of waiting threads do not.
#[cfg(all(unix, not(target_vendor = "apple")))]
#[inline]
fn read() -> Timestamp {
    timestamp(rustix::time::clock_gettime(rustix::time::ClockId::Monotonic))
}

#[cfg(all(unix, not(target_vendor = "apple")))]
#[inline]
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "both are in range")]
pub(super) fn timestamp(time: rustix::time::Timespec) -> Timestamp {
    const NANOS_PER_SECOND: u64 = 1_000_000_000;
    /// More than a timestamp can hold, and so little that the product cannot overflow.
    const MAX_SECONDS: u64 = Timestamp::MAX.as_nanos() / NANOS_PER_SECOND + 1;
    // A clock that starts at boot is never negative. If one were, 0 is the nearest value.
    let seconds = (time.tv_sec.max(0) as u64).min(MAX_SECONDS);
    // Less than 2^30.
    let nanos = u64::from(time.tv_nsec as u32);
    Timestamp::from_nanos(seconds * NANOS_PER_SECOND + nanos)
}

#[cfg(not(all(unix, not(target_vendor = "apple"))))]
fn read() -> Timestamp {
    use std::sync::OnceLock;
    // Without an operating system `std` has no clock, and panics.
    #[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
    use std::time::Instant;
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    use web_time::Instant;
    static FIRST: OnceLock<Instant> = OnceLock::new();
    Timestamp::ZERO.saturating_add(FIRST.get_or_init(Instant::now).elapsed())
}

#[cfg(all(test, unix, not(any(target_vendor = "apple", atomic_throttle_loom, atomic_throttle_shuttle))))]
mod tests {
    use super::{Timestamp, timestamp};
    use rustix::time::Timespec;

    #[test]
    fn any_time_of_the_system_is_a_timestamp() {
        let nanos = |tv_sec, tv_nsec| timestamp(Timespec { tv_sec, tv_nsec }).as_nanos();
        assert_eq!(nanos(0, 0), 0);
        assert_eq!(nanos(5, 7), 5_000_000_007);
        assert_eq!(nanos(2_000_000_000, 999_999_999), 2_000_000_000_999_999_999);
        let last = Timestamp::MAX.as_nanos();
        let (seconds, rest) = (last / 1_000_000_000, last % 1_000_000_000);
        let (seconds, rest) = (i64::try_from(seconds).unwrap(), i64::try_from(rest).unwrap());
        assert_eq!((nanos(seconds, rest - 1), nanos(seconds, rest)), (last - 1, last));
        assert_eq!(
            [nanos(seconds, rest + 1), nanos(seconds + 1, 0), nanos(i64::MAX, 999_999_999)],
            [last; 3]
        );
        assert_eq!((nanos(-1, 3), nanos(i64::MIN, 0)), (3, 0), "the nearest");
    }
}
