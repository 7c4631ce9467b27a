//! How the clocks differ on this machine: what a reading costs, how far the coarse one is behind, and whether
//! the readings of two cores are in order.
//!
//! ```text
//! cargo xtask clocks --seconds 10
//! ```
//!
//! The lag is measured from a reading of `Monotonic` before the coarse one, so it is never overstated; the
//! greatest seen is no bound. Two threads publish what they read, and read again: a reading that is less than one
//! published before it went back. A measurement without such a reading does not show that there is none.

#[cfg(target_os = "linux")]
use atomic_throttle::clock::Coarse;
use atomic_throttle::clock::{Monotonic, Tsc};
use atomic_throttle::{Clock, Timestamp};
use clap::Parser;
use hdrhistogram::Histogram;
use lab::table;
use main_error::MainResult;
use measure_options::clocks::Options;
use std::hint::black_box;
use std::io::{self, Write};
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

#[cfg(test)]
use watchdog as _;

/// The clock of the standard library, as a reference.
struct Std(Instant);

impl Clock for Std {
    fn now(&self) -> Timestamp {
        Timestamp::ZERO.saturating_add(self.0.elapsed())
    }
}

fn main() -> MainResult {
    let time = Options::parse().time();
    let std_clock = Std(Instant::now());
    let mut table = table::plain();
    table.set_header([
        "clock",
        "ns a reading",
        "behind Monotonic: median, most",
        "two cores: went back, by at most",
    ]);
    table.add_row(row("Instant", &std_clock, None, time));
    table.add_row(row("Monotonic", &Monotonic, None, time));
    #[cfg(target_os = "linux")]
    table.add_row(row("Coarse", &Coarse, Some(lag(&Coarse, time)), time));
    table.add_row(row("Tsc", &Tsc, None, time));
    writeln!(io::stdout(), "{}", table::figures_from(1, table))?;
    Ok(())
}

fn row(name: &str, clock: &(impl Clock + Sync), lag: Option<Histogram<u64>>, time: Duration) -> [String; 4] {
    let lag = lag.map_or(String::new(), |lag| {
        let time = |nanos| table::time(Duration::from_nanos(nanos));
        format!("{}, {}", time(lag.value_at_quantile(0.5)), time(lag.max()))
    });
    let (steps, most) = steps_back(clock, time);
    let back = match steps {
        _ if core_affinity::get_core_ids().is_none_or(|cores| cores.len() < 2) => "one core".to_owned(),
        0 => "never".to_owned(),
        _ => format!("{steps} times, {most} ns"),
    };
    [name.to_owned(), table::digits(cost(clock)), lag, back]
}

/// Nanoseconds a reading: the median of short rounds.
fn cost(clock: &impl Clock) -> f64 {
    const READINGS: u32 = 10_000;
    let mut rounds: Vec<Duration> = (0..101)
        .map(|_| {
            let start = Instant::now();
            for _ in 0..READINGS {
                black_box(clock.now());
            }
            start.elapsed()
        })
        .collect();
    rounds.sort();
    rounds[50].as_secs_f64() * 1e9 / f64::from(READINGS)
}

/// How far `clock` is behind `Monotonic`, in nanoseconds.
#[cfg_attr(not(target_os = "linux"), allow(dead_code, reason = "there is no coarse clock"))]
fn lag(clock: &impl Clock, time: Duration) -> Histogram<u64> {
    let mut lags = Histogram::new_with_max(60_000_000_000, 3).expect("three digits of a minute");
    let start = Instant::now();
    loop {
        for _ in 0..1_000 {
            let before = Monotonic.now();
            lags.saturating_record(as_nanos(before.saturating_since(clock.now())));
        }
        if start.elapsed() >= time {
            return lags;
        }
    }
}

/// How often a reading was before one that another core had published, and by how many nanoseconds at most.
fn steps_back(clock: &(impl Clock + Sync), time: Duration) -> (u64, u64) {
    let (latest, stop) = (AtomicU64::new(0), AtomicBool::new(false));
    let start = Barrier::new(3);
    let watch = |core: Option<core_affinity::CoreId>| {
        // If pinning is not allowed, the system places the threads.
        core.map(core_affinity::set_for_current);
        start.wait();
        let (mut steps, mut most) = (0, 0);
        loop {
            // A few rounds at least, even if the thread gets its core late.
            for _ in 0..100 {
                let published = latest.load(Ordering::Acquire);
                let now = clock.now().as_nanos();
                if now < published {
                    steps += 1;
                    most = most.max(published - now);
                }
                latest.fetch_max(now, Ordering::AcqRel);
            }
            if stop.load(Ordering::Relaxed) {
                return (steps, most);
            }
        }
    };
    let cores = core_affinity::get_core_ids().unwrap_or_default();
    thread::scope(|scope| {
        let watching = [0, 1].map(|n| {
            let core = cores.get(n).copied();
            scope.spawn(move || watch(core))
        });
        start.wait();
        thread::sleep(time);
        stop.store(true, Ordering::Relaxed);
        let seen = watching.map(|thread| thread.join().expect("it does not panic"));
        (seen[0].0 + seen[1].0, seen[0].1.max(seen[1].1))
    })
}

fn as_nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every reading is behind the one before.
    struct Backwards(AtomicU64);

    impl Clock for Backwards {
        fn now(&self) -> Timestamp {
            Timestamp::from_nanos(self.0.fetch_sub(5, Ordering::Relaxed))
        }
    }

    #[test]
    fn steps_back_are_seen() {
        let (steps, most) = steps_back(&Backwards(AtomicU64::new(1 << 50)), Duration::ZERO);
        assert!(steps > 0 && most >= 5, "{steps} steps, by at most {most}");
        assert_eq!(steps_back(&atomic_throttle::Manual::new(Timestamp::ZERO), Duration::ZERO), (0, 0));
    }

    #[test]
    fn a_clock_that_stands_still_lags_more_and_more() {
        let from = Monotonic.now();
        let still = atomic_throttle::Manual::new(from);
        let lags = lag(&still, Duration::ZERO);
        assert!(lags.max() > lags.min() && lags.len() == 1_000, "from {} to {}", lags.min(), lags.max());
    }
}
