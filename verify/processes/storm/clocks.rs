//! [`Clocks`]: how far the clock of the machine, which stamps the logs, is ahead of the clock of the
//! register, which stamps the runs.

use ::processes::log::{Nanos, now};
use atomic_throttle_cluster::register::Register;
use std::time::Duration;

/// If the difference of two clocks has changed this much, they do not run alike: one was set.
const STEP: i64 = 5_000_000;

/// How many readings a sample takes. The quickest answer is the most precise.
const READINGS: usize = 5;

/// At every sample the clock of the machine was ahead by a value between two bounds.
#[derive(Clone, Debug, Default)]
pub struct Clocks {
    samples: Vec<(i64, i64)>,
}

impl Clocks {
    /// Takes a sample, if the register answers.
    pub fn sample(&mut self, register: &dyn Register) {
        let reading = || {
            let before = now();
            let of_register = register.read().ok()?.now.as_nanos();
            Some((difference(before, of_register), difference(now(), of_register)))
        };
        let readings = (0..READINGS).map_while(|_| reading());
        self.samples.extend(readings.reduce(|one, other| (one.0.max(other.0), one.1.min(other.1))));
    }

    /// The least by which the machine was ahead at all samples. `None` if that is not known, or if the clocks
    /// did not run alike.
    pub fn ahead(&self) -> Option<i64> {
        let least = self.samples.iter().map(|(least, _)| *least).min()?;
        let most_of_least = self.samples.iter().map(|(least, _)| *least).max()?;
        let least_of_most = self.samples.iter().map(|(_, most)| *most).min()?;
        (most_of_least.saturating_sub(least_of_most) <= STEP).then_some(least)
    }
}

fn difference(machine: Nanos, register: Nanos) -> i64 {
    i64::try_from(i128::from(machine) - i128::from(register)).unwrap_or(i64::MIN)
}

/// How often to take a sample.
pub const EVERY: Duration = Duration::from_millis(500);

#[cfg(test)]
mod tests {
    use super::{Clocks, STEP};
    use atomic_throttle_cluster::register::Memory;

    #[test]
    fn a_register_on_the_clock_of_the_machine_is_hardly_apart_from_it() {
        let mut clocks = Clocks::default();
        assert_eq!(clocks.ahead(), None, "nothing is known yet");
        clocks.sample(&Memory::new());
        assert!(clocks.ahead().unwrap() <= 0, "it cannot be ahead of itself");
    }

    #[test]
    fn the_least_of_all_samples_counts_and_a_step_is_found_out() {
        let of = |samples: &[(i64, i64)]| Clocks { samples: samples.to_vec() }.ahead();
        assert_eq!(of(&[(100, 150), (90, 140), (110, 160)]), Some(90));
        assert_eq!(of(&[(100, 150), (100 + STEP + 51, 200 + STEP)]), None);
        assert_eq!(of(&[(100, 150), (100 + STEP, 200 + STEP)]), Some(100));
    }
}
