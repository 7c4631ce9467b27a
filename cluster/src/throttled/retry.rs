//! When to ask a register again that does not answer.

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use core::time::Duration;
use rand::{Rng, RngExt};

const FIRST: Duration = Duration::from_millis(20);
const LONGEST: Duration = Duration::from_secs(5);

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

#[cfg(all(test, not(atomic_throttle_shuttle)))]
mod tests {
    use super::{FIRST, LONGEST, Retry};
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
