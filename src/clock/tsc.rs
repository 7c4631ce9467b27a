//! A clock that reads the processor's counter.

use super::Clock;
use crate::time::Timestamp;
use std::sync::OnceLock;

/// The processor's time-stamp counter, by the crate `quanta`: cheaper than [`Monotonic`](super::Monotonic) by
/// half or more, and not ordered across cores.
///
/// ```
/// use atomic_throttle::Throttle;
/// use atomic_throttle::clock::Tsc;
/// use std::time::Duration;
///
/// static SAMPLE: Throttle<Tsc> = Throttle::with_clock(Duration::from_secs(1), Tsc);
///
/// assert!(SAMPLE.try_run(|| ()).is_ok());
/// assert!(SAMPLE.try_run(|| ()).is_err());
/// ```
///
/// # Hazards
///
/// * The counters of two cores need not agree, and a core may read its own early. On two virtual cores that told
///   each other their readings, one was behind what had been told 498,000 times in ten seconds, by up to 1.9 µs
///   (`cargo xtask clocks`, in this repository). G1 to G9 hold all the same, on this clock, but for what the
///   first reading does to G7: while it reads earlier than the latest start, the window counts as closed (G8).
///   What does not hold is that two runs are a threshold apart on any other clock, nor that a call which begins
///   after the window was seen over is not refused.
/// * The length of its second is measured once, against the system's clock, when it is first read: that
///   reading takes about a millisecond, up to 200, and whoever else reads it meanwhile waits for that. Read it
///   once at the start of the program if that matters. What is measured is off by some parts per million, and
///   stays so: the system's clock is corrected, this one is not.
/// * A machine whose counter stops, changes its pace, or is moved to other hardware takes this clock along.
///   If the counter starts anew, as on some machines after a suspension, the window stays closed for as long as
///   it had counted before. Where the processor says that its counter is not steady, `quanta` reads the
///   system's clock instead.
/// * Waiting is the system's business: a deferred run starts when a sleep by the system's clock is over and
///   this clock agrees.
///
/// It counts from its first reading in the process, so timestamps of two processes must not be compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tsc;

/// The counter, and what it read first.
static FIRST: OnceLock<(quanta::Clock, u64)> = OnceLock::new();

#[cold]
fn calibrate() -> (quanta::Clock, u64) {
    let counter = quanta::Clock::new();
    let first = counter.raw();
    (counter, first)
}

impl Clock for Tsc {
    #[inline]
    fn now(&self) -> Timestamp {
        let (counter, first) = FIRST.get_or_init(calibrate);
        // 0 where another core is behind the first reading.
        Timestamp::from_nanos(counter.delta_as_nanos(*first, counter.raw()))
    }
}
