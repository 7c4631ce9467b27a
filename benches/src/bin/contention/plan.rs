//! The measurements and their order: rounds outermost, contestants innermost. So whatever disturbs the
//! machine for a while disturbs all contestants of a round, and not only one.

use crate::contestants::Contestant;
use measure_options::contention::Scenario;

/// Throughput and latency are measured apart, so that reading the clock does not spoil the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Pass {
    Throughput,
    Latency,
}

/// One measurement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    pub round: usize,
    pub scenario: Scenario,
    pub threads: usize,
    pub pass: Pass,
    /// Its place in the list.
    pub contestant: usize,
}

/// 1, 2, 4, ... and the cores themselves, up to `most`.
pub fn thread_counts(cores: usize, most: usize) -> Vec<usize> {
    let powers = std::iter::successors(Some(1usize), |count| count.checked_mul(2));
    let mut counts: Vec<usize> = powers.take_while(|count| *count <= most).chain([cores, most]).collect();
    counts.retain(|count| *count <= most);
    counts.sort_unstable();
    counts.dedup();
    counts
}

pub fn steps(
    contestants: &[Contestant],
    scenarios: &[Scenario],
    threads: &[usize],
    rounds: usize,
) -> Vec<Step> {
    let mut steps = Vec::new();
    for round in 0..rounds {
        for &scenario in scenarios {
            for &threads in threads {
                for pass in [Pass::Throughput, Pass::Latency] {
                    let places = 0..contestants.len();
                    let mut here: Vec<usize> =
                        places.filter(|place| contestants[*place].takes_part(scenario)).collect();
                    // Each round begins with another contestant, so that none always comes first, or last.
                    let first = round % here.len().max(1);
                    here.rotate_left(first);
                    steps.extend(here.into_iter().map(|contestant| Step {
                        round,
                        scenario,
                        threads,
                        pass,
                        contestant,
                    }));
                }
            }
        }
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contestants::list;
    use std::collections::BTreeSet;

    #[test]
    fn threads_double_and_meet_the_cores() {
        assert_eq!(thread_counts(2, 8), [1, 2, 4, 8]);
        assert_eq!(thread_counts(6, 24), [1, 2, 4, 6, 8, 16, 24]);
        assert_eq!(thread_counts(16, 4), [1, 2, 4]);
        assert_eq!(thread_counts(1, 1), [1]);
    }

    #[test]
    fn rounds_are_outermost_and_contestants_take_turns() {
        let contestants = list();
        let steps = steps(&contestants, &Scenario::ALL, &[1, 2], 3);
        assert!(steps.is_sorted_by_key(|step| (step.round, step.scenario, step.threads, step.pass)));
        let alike = |a: &Step, b: &Step| {
            (a.round, a.scenario, a.threads, a.pass) == (b.round, b.scenario, b.threads, b.pass)
        };
        let mut firsts = Vec::new();
        let mut groups = 0;
        for group in steps.chunk_by(alike) {
            groups += 1;
            let turns: BTreeSet<usize> = group.iter().map(|step| step.contestant).collect();
            let here =
                (0..contestants.len()).filter(|place| contestants[*place].takes_part(group[0].scenario));
            assert_eq!(turns, here.collect());
            assert_eq!(group.len(), turns.len(), "each has one turn");
            if (group[0].scenario, group[0].threads) == (Scenario::Refused, 1) {
                firsts.push(group[0].contestant);
            }
        }
        assert_eq!(groups, 3 * 4 * 2 * 2);
        firsts.dedup();
        assert_eq!(firsts.len(), 3, "each round begins with another");
    }
}
