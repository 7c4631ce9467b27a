//! The simulation: what happens when, one event after the other.

use crate::process::{Asks, Next, Process};
use crate::server::{Answer, Server, duration};
use atomic_throttle::Threshold;
use atomic_throttle::lease::{Lease, Policy};
use core::cmp::Reverse;
use core::convert::Infallible;
use core::time::Duration;
use rand::rngs::StdRng;
use rand::{SeedableRng, TryRng};
use rand_distr::{Distribution, Exp};
use std::collections::{BTreeMap, BinaryHeap};

/// What is simulated.
#[derive(Clone, Copy, Debug)]
pub struct Parameters {
    pub processes: usize,
    pub threshold: Duration,
    /// Calls per second in each process, at random times.
    pub rate: f64,
    /// How long the function of a run takes.
    pub run: Duration,
    /// The shortest way to the server, or back.
    pub way: Duration,
    /// The average extra time of each way, exponentially distributed.
    pub way_more: Duration,
    /// How long the server takes for a command.
    pub service: Duration,
    pub windows: u32,
    /// Whether the looks of the processes are spread.
    pub jitter: bool,
    pub seed: u64,
}

/// The result of a simulation.
#[derive(Debug)]
pub struct Observations {
    pub lasted: Duration,
    pub commands: Vec<Duration>,
    pub longest_queue: Duration,
    /// When each run was started at the register, by its stamp.
    pub starts: Vec<Duration>,
    /// For windows at whose end calls waited: from the end to the start of the run, as its process learned of
    /// it.
    pub late: Vec<Duration>,
    /// From a call until its process knows that it is covered.
    pub covered: Vec<Duration>,
    pub calls: usize,
    /// Calls that were not covered at the end.
    pub left: usize,
}

#[derive(Debug)]
enum Event {
    Call(usize),
    Wake(usize, u64),
    Arrive(usize, Asks),
    Answer(usize, Answer),
    End(usize),
}

struct Simulation {
    model: Parameters,
    server: Server,
    processes: Vec<Process>,
    rng: StdRng,
    queue: BinaryHeap<Reverse<(Duration, u64)>>,
    events: BTreeMap<u64, Event>,
    planned: u64,
    /// No calls are made after this.
    until: Duration,
    observed: Observations,
}

/// Simulates `model` for its windows, and then until every call is covered.
pub fn simulate(model: Parameters) -> Observations {
    let policy = Policy::new(Threshold::new(model.threshold)).with_lease(Lease::new(30 * model.threshold));
    let mut simulation = Simulation {
        model,
        server: Server::new(model.service),
        processes: (0..model.processes as u64).map(|number| Process::new(policy, number)).collect(),
        rng: StdRng::seed_from_u64(model.seed),
        queue: BinaryHeap::new(),
        events: BTreeMap::new(),
        planned: 0,
        until: model.threshold * model.windows,
        observed: Observations {
            lasted: model.threshold * model.windows,
            commands: Vec::new(),
            longest_queue: Duration::ZERO,
            starts: Vec::new(),
            late: Vec::new(),
            covered: Vec::new(),
            calls: 0,
            left: 0,
        },
    };
    for process in 0..model.processes {
        simulation.next_call(process, Duration::ZERO);
    }
    while let Some(Reverse((now, number))) = simulation.queue.pop() {
        let event = simulation.events.remove(&number).expect("planned");
        simulation.happens(now, event);
    }
    let Simulation { server, mut observed, .. } = simulation;
    observed.left = observed.calls - observed.covered.len();
    Observations { commands: server.done_at, longest_queue: server.longest_queue, ..observed }
}

impl Simulation {
    fn plan(&mut self, at: Duration, event: Event) {
        self.planned += 1;
        self.queue.push(Reverse((at, self.planned)));
        self.events.insert(self.planned, event);
    }

    fn happens(&mut self, now: Duration, event: Event) {
        match event {
            Event::Call(process) => {
                self.observed.calls += 1;
                self.next_call(process, now);
                if let Some(at) = self.processes[process].call(now) {
                    self.plan(at, Event::Wake(process, self.processes[process].sleeps));
                }
            }
            Event::Wake(process, sleep) => {
                if self.processes[process].sleeps == sleep {
                    let next = self.processes[process].wake();
                    self.follow(process, now, next);
                }
            }
            Event::Arrive(process, asks) => {
                let (done, answer) = self.server.ask(now, asks);
                let back = done + self.way();
                self.plan(back, Event::Answer(process, answer));
            }
            Event::Answer(process, answer) => {
                let mut covered = Vec::new();
                let owner = &mut self.processes[process];
                let next = if self.model.jitter {
                    owner.answer(answer, now, &mut self.rng, &mut covered)
                } else {
                    owner.answer(answer, now, &mut Still, &mut covered)
                };
                self.covered(now, &covered);
                self.follow(process, now, next);
            }
            Event::End(process) => {
                let mut covered = Vec::new();
                let next = self.processes[process].ended(now, &mut covered);
                self.covered(now, &covered);
                self.follow(process, now, next);
            }
        }
    }

    fn follow(&mut self, process: usize, now: Duration, next: Next) {
        match next {
            Next::Park | Next::Sleep(None) => {}
            Next::Sleep(Some(at)) => {
                self.plan(at.max(now), Event::Wake(process, self.processes[process].sleeps));
            }
            Next::Ask(asks) => {
                let there = now + self.way();
                self.plan(there, Event::Arrive(process, asks));
            }
            Next::Perform(epoch) => {
                self.started(now, duration(epoch.started_at()));
                self.plan(now + self.model.run, Event::End(process));
            }
        }
    }

    /// A process has learned that its run has started.
    fn started(&mut self, now: Duration, stamp: Duration) {
        let oldest = self.processes.iter().filter_map(Process::oldest_call).min();
        if let Some(before) = self.observed.starts.last() {
            let due = *before + self.model.threshold;
            if oldest.is_some_and(|made| made < due) {
                self.observed.late.push(now.saturating_sub(due));
            }
        }
        self.observed.starts.push(stamp);
    }

    fn covered(&mut self, now: Duration, made: &[Duration]) {
        self.observed.covered.extend(made.iter().map(|made| now.saturating_sub(*made)));
    }

    fn next_call(&mut self, process: usize, now: Duration) {
        let gap = Exp::new(self.model.rate).expect("a positive rate").sample(&mut self.rng);
        let at = now + Duration::from_secs_f64(gap);
        if at < self.until {
            self.plan(at, Event::Call(process));
        }
    }

    fn way(&mut self) -> Duration {
        let more: f64 = rand_distr::Exp1.sample(&mut self.rng);
        self.model.way + self.model.way_more.mul_f64(more)
    }
}

/// Draws only zeros, so that looks are not spread.
struct Still;

impl TryRng for Still {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(0)
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(0)
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        bytes.fill(0);
        Ok(())
    }
}
