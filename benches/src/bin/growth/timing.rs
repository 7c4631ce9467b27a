//! How long calls take.

use benches::statistics::{float, middle};
use std::hint::{black_box, spin_loop};
use std::time::{Duration, Instant};

/// Nanoseconds a call, in a row of this many, without the cost of reading the clock. `call` returns whether it
/// ran.
///
/// No call may run. A call that ran came after its window, and so would all later ones: each would wait for a
/// window of its own to end, for hours and days. So the measurement ends there, and its figure says nothing.
#[inline]
pub fn nanos_a_call(calls: u64, clock: f64, call: impl Fn() -> bool + Copy) -> f64 {
    let start = Instant::now();
    for _ in 0..calls {
        if call() {
            break;
        }
    }
    (nanos(start.elapsed()) - clock) / float(calls)
}

/// The cost of reading the clock before and after nothing.
pub fn clock() -> f64 {
    let readings: Vec<f64> = (0..1001).map(|_| nanos(Instant::now().elapsed())).collect();
    middle(&readings)
}

/// Looks again and again for this long, so that the core is awake and has near what it looks at.
pub fn look<T>(at: impl Fn() -> T, time: Duration) {
    let start = Instant::now();
    while start.elapsed() < time {
        black_box(at());
        spin_loop();
    }
}

/// Waits for it, for at most this long. Returns whether it came.
pub fn comes(it: impl Fn() -> bool, limit: Duration) -> bool {
    let start = Instant::now();
    while !it() {
        if start.elapsed() > limit {
            return it();
        }
        std::thread::sleep(Duration::from_micros(50));
    }
    true
}

#[allow(clippy::cast_precision_loss, reason = "to be read, not to be counted on")]
pub fn nanos(time: Duration) -> f64 {
    time.as_nanos() as f64
}

#[cfg(test)]
mod tests {
    use super::{clock, comes, nanos_a_call};
    use std::cell::Cell;
    use std::time::Duration;

    #[test]
    fn so_many_calls_are_made() {
        let made = &Cell::new(0);
        let call = || made.replace(made.get() + 1) == 2000;
        let time = nanos_a_call(1000, 0.0, call);
        assert!(made.get() == 1000 && time > 0.0 && clock() > 0.0);
        assert!(nanos_a_call(1, 1e12, || false) < 0.0, "the clock's own cost is taken off");
        nanos_a_call(u64::MAX, 0.0, call);
        assert_eq!(made.get(), 2001, "none is made after one that ran");
    }

    #[test]
    fn what_never_comes_is_not_waited_for() {
        assert!(!comes(|| false, Duration::ZERO));
        let looks = Cell::new(0);
        let third = || looks.replace(looks.get() + 1) == 2;
        assert!(comes(third, Duration::from_secs(3600)));
    }
}
