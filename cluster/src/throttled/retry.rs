//! When to ask a register again that does not answer.

use atomic_throttle::Timestamp;
use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use core::time::Duration;
use rand::{Rng, RngExt};

const FIRST: Duration = Duration::from_millis(20);
const LONGEST: Duration = Duration::from_secs(5);
/// If somebody asks for it, the next try comes earlier, but so long after the one before.
pub(super) const PAUSE: Duration = Duration::from_secs(1);

/// The delays before the next tries. Each is twice as long as the one before, and longer again by a random
/// part of itself, so that processes do not all ask a register at once when it comes back.
pub(super) struct Retry(ExponentialBackoff);

impl Retry {
    pub(super) fn new(rng: &mut impl Rng) -> Self {
        let backoff = ExponentialBuilder::new()
            .with_min_delay(FIRST)
            .with_max_delay(LONGEST)
            .with_jitter()
            // The default seed would be the same in all processes.
            .with_jitter_seed(rng.random())
            .without_max_times();
        Self(backoff.build())
    }

    pub(super) fn next_delay(&mut self) -> Duration {
        self.0.next().unwrap_or(LONGEST)
    }
}

/// When to ask again a register that has not answered at `failed_at`: as `planned`, or earlier if somebody has
/// asked for a try. If an end is near, once more before it, early enough for the register to answer.
pub(super) fn next_try(
    failed_at: Timestamp,
    planned: Timestamp,
    is_asked_for: bool,
    ends_at: Option<Timestamp>,
) -> Timestamp {
    let early = if is_asked_for { failed_at.saturating_add(PAUSE) } else { planned };
    let last =
        ends_at.map(|end| (end, end.saturating_since(failed_at))).filter(|(_, left)| *left >= 2 * FIRST);
    let last = last.map_or(planned, |(end, left)| end.saturating_sub(PAUSE.min(left / 2)));
    planned.min(early).min(last)
}

#[cfg(all(test, not(atomic_throttle_shuttle)))]
mod tests {
    use super::{FIRST, LONGEST, Retry, next_try};
    use atomic_throttle::Timestamp;
    use core::time::Duration;
    use rand::SeedableRng;
    use rand::rngs::StdRng;

    const PROCESSES: u64 = 100;

    fn retries() -> Vec<Retry> {
        (0..PROCESSES).map(|seed| Retry::new(&mut StdRng::seed_from_u64(seed))).collect()
    }

    #[test]
    fn a_delay_is_twice_the_one_before_up_to_the_longest_and_up_to_as_much_longer() {
        for mut retry in retries() {
            let mut least = FIRST;
            for _ in 0..12 {
                let delay = retry.next_delay();
                assert!((least..=2 * least).contains(&delay), "{delay:?} of {least:?}");
                least = (2 * least).min(LONGEST);
            }
        }
    }

    #[test]
    fn a_try_that_is_asked_for_and_the_one_before_an_end_come_early() {
        let at = |millis: u64| Timestamp::from_nanos(millis * 1_000_000);
        // It failed at 10 s.
        let next = |planned, asked, end: Option<u64>| next_try(at(10_000), at(planned), asked, end.map(at));
        for (planned, asked, end, expected) in [
            (17_000, false, None, 17_000),
            (17_000, true, None, 11_000),
            (10_040, true, None, 10_040),
            // A second before the end, and before a near end in the middle of what is left.
            (17_000, false, Some(15_000), 14_000),
            (17_000, false, Some(60_000), 17_000),
            (17_000, false, Some(11_000), 10_500),
            (17_000, false, Some(10_100), 10_050),
            (17_000, true, Some(15_000), 11_000),
            // Too near for another one.
            (17_000, false, Some(10_039), 17_000),
            (17_000, false, Some(9_000), 17_000),
        ] {
            assert_eq!(next(planned, asked, end), at(expected), "{planned} {asked} {end:?}");
        }
    }

    #[test]
    fn the_tries_of_many_processes_are_spread_over_the_whole_delay() {
        let mut retries = retries();
        for delay in [FIRST, 2 * FIRST, 4 * FIRST] {
            let mut quarters = [0; 4];
            for retry in &mut retries {
                let late = retry.next_delay().saturating_sub(delay + Duration::from_nanos(1));
                quarters[usize::try_from(4 * late.as_nanos() / delay.as_nanos()).expect("less than 4")] += 1;
            }
            assert!(quarters.iter().all(|&processes| processes > 10), "{delay:?}: {quarters:?}");
        }
    }
}
