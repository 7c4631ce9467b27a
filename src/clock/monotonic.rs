//! The real clock.

use super::Clock;
use crate::time::Timestamp;

/// The system's monotonic clock, ordered across cores.
///
/// On Unix it is `CLOCK_MONOTONIC`: comparable between the processes of one boot, and as fast as
/// `Instant::now`. Elsewhere, and on Apple's systems, it is `Instant`, counted from the first reading in
/// the process.
///
/// On most systems it stands still while the machine is suspended: a window that has not ended then
/// lasts longer by the time of the suspension.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Monotonic;

impl Clock for Monotonic {
    #[inline]
    fn now(&self) -> Timestamp {
        read()
    }
}

// Apple's CLOCK_MONOTONIC goes on while the machine is suspended, and the time-outs of waiting threads
// do not.
#[cfg(all(unix, not(target_vendor = "apple")))]
#[inline]
fn read() -> Timestamp {
    timestamp(rustix::time::clock_gettime(rustix::time::ClockId::Monotonic))
}

#[cfg(all(unix, not(target_vendor = "apple")))]
#[inline]
pub(super) fn timestamp(time: rustix::time::Timespec) -> Timestamp {
    const NANOS_PER_SECOND: u64 = 1_000_000_000;
    // Neither part is negative on a clock that starts at boot; if one ever were, 0 is the nearest value.
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    let nanos = u64::try_from(time.tv_nsec).unwrap_or(0);
    Timestamp::from_nanos(seconds.saturating_mul(NANOS_PER_SECOND).saturating_add(nanos))
}

#[cfg(not(all(unix, not(target_vendor = "apple"))))]
fn read() -> Timestamp {
    use std::sync::OnceLock;
    use std::time::Instant;
    static FIRST: OnceLock<Instant> = OnceLock::new();
    Timestamp::ZERO.saturating_add(FIRST.get_or_init(Instant::now).elapsed())
}
