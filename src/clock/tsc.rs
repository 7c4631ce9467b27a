//! A clock that reads the processor's counter.

use super::Clock;
use crate::time::Timestamp;
use std::sync::OnceLock;

/// The processor's time-stamp counter, by the crate `quanta`: half the cost of
/// [`Monotonic`](super::Monotonic) or less, and not ordered across cores.
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
/// * The counters of two cores need not agree, and a core may read its own early. Two virtual cores sent each
///   other their readings for ten seconds: 498,000 times a reading was behind the one received, by up to 1.9
///   µs (`cargo xtask clocks`, in this repository). G1 to G10 hold all the same, on this clock: while it reads
///   earlier than the latest start, the window counts as closed (G8). The one exception is G7 at the first
///   reading, see below. But two runs need not be a threshold apart on any other clock, and a call may be
///   refused although it begins after somebody saw the window over.
/// * The first reading measures the length of the counter's second against the system's clock. It takes about
///   a millisecond, up to 200, and other threads that read the clock meanwhile wait for it. Read the clock
///   once at the start of the program if that matters. The result is off by some parts per million, and stays
///   so: the system's clock is corrected later, this one is not.
/// * If the counter stops or changes its pace, or the machine moves to other hardware, this clock goes wrong
///   with it. If the counter restarts at zero, as on some machines after a suspension, the window stays
///   closed for as long as the counter had run before. If the processor reports that its counter is not
///   steady, `quanta` reads the system's clock instead.
/// * Waiting uses the system's clock: a deferred run starts when such a sleep is over and this clock agrees.
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
        // 0 if this core is behind the first reading.
        Timestamp::from_nanos(counter.delta_as_nanos(*first, counter.raw()))
    }
}
