//! The whole report: what was measured, where and how.

use crate::contestants::{Contestant, Role};
use crate::figures::{Figures, Place};
use crate::subject::EVERY;
use benches::machine::Machine;
use measure_options::contention::Scenario;
use std::time::Duration;

pub struct Report {
    pub contestants: Vec<Contestant>,
    pub scenarios: Vec<Scenario>,
    pub threads: Vec<usize>,
    pub rounds: usize,
    pub time: Duration,
    pub machine: Machine,
    /// The step of the clock that times calls, in ns.
    pub clock_step: f64,
    pub figures: Figures,
}

impl Report {
    /// The contestants of a scenario, with where their figures are for so many threads.
    pub fn entrants(&self, scenario: Scenario) -> impl Iterator<Item = (usize, &Contestant)> {
        self.contestants.iter().enumerate().filter(move |(_, contestant)| contestant.takes_part(scenario))
    }

    pub fn place(scenario: Scenario, contestant: usize, threads: usize) -> Place {
        Place { scenario, contestant, threads }
    }

    /// The place in the list of the limit that a scenario's figures are compared with.
    pub fn yardstick(&self, scenario: Scenario) -> usize {
        let is_it = |contestant: &Contestant| contestant.name == scenario.yardstick();
        self.contestants.iter().position(is_it).unwrap_or_default()
    }

    /// Contestants with a promise or a note, the limits last.
    pub fn described(&self) -> impl Iterator<Item = &Contestant> {
        let limits = self.contestants.iter().filter(|contestant| contestant.role == Role::Limit);
        self.contestants.iter().filter(|contestant| contestant.role != Role::Limit).chain(limits)
    }

    /// How it was measured, one paragraph each.
    pub fn method(&self) -> Vec<String> {
        let pinned = if self.figures.pinned {
            "Each thread was pinned to a core, by turns in the order of their numbers"
        } else {
            "Threads could not all be pinned to cores here, and may have moved"
        };
        let rounds = if self.rounds == 1 {
            "One round, so there is no median of anything: rough.".to_owned()
        } else {
            format!(
                "{} rounds; each measures everything once, and contestants take turns within it. ",
                self.rounds
            ) + "Figures are medians over the rounds. A ratio is taken within a round, then the median."
        };
        vec![
            format!(
                "Threads start together and call without a pause for {:?}. {pinned}; siblings of one core are \
                 not told apart. {rounds}",
                self.time
            ),
            "ns per call and thread: the time, multiplied by the threads that can run at once (at most the \
             cores), divided by the calls. A call that scales keeps its figure, whatever the number of threads. \
             The owner of a deferral that waits in its call for a window to end is no running thread; where \
             nobody else calls there is no figure."
                .to_owned(),
            format!(
                "Throughput and latency are measured apart: nobody reads a clock while calls are counted. For \
                 latency every {EVERY}th call of each thread is timed, so that reading the clock does not thin \
                 out the others. What the timing itself takes is in the row of an empty call; the clock goes in \
                 steps of about {:.0} ns. p50, p99 and \
                 p99.9 are medians over the rounds, left out where fewer than a hundred or a thousand calls were timed; \
                 max is the longest of all that were.",
                self.clock_step
            ),
            "A measurement whose calls did something else than its scenario says (a call ran where none may, \
             or none where it must) would have ended the program with an error."
                .to_owned(),
        ]
    }
}

/// What the figures cannot show.
pub const LIMITS: [&str; 10] = [
    "Absolute figures are those of one machine on one day. Only ratios within one report say something.",
    "All threads call all the time, with warm caches: the most contention there can be. A program that calls \
     once in a while pays for cold caches, which nobody here does.",
    "Whoever promises less does less. Look at what a contestant promises before you compare it.",
    "In admitted, with more than one thread, some calls are refused or covered by another run, which is \
     cheaper than to run; the shares, and the time per run, are in tables of their own. A mutex that is held during the run makes \
     callers wait, and so runs them all. The function is empty; a longer one makes them wait longer.",
    "With more threads than cores, the greatest latencies are time slices of the scheduler, whoever is \
     measured; a lock whose owner lost its core holds up the others for so long.",
    "What refuses because it is broken looks like what refuses by right: look at the runs per second, too.",
    "A clock that first looks at one which lags by milliseconds cannot save anything in windows of 1 ms.",
    "The clock that times calls does not wait for the instructions before it, so a part of a short call may \
     escape it. Quantiles are to a hundredth. In a window, the wait that owners asked for is in their latencies.",
    "Latencies of some nanoseconds are less than what timing them takes. Throughput tells those better.",
    "On a virtual machine the host may take a core away; rounds and medians hide that only if it is rare.",
];
