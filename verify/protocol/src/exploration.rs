//! All systems that a few threads can reach, breadth first.
//!
//! It shares with the proof the transitions and the fate of guards, and nothing else: it starts where a
//! throttle starts, counts real guards, and keeps two ghosts. The proof shows that this many threads are
//! enough.

use crate::canonical::{self, canonical};
use crate::configuration::Configuration;
use crate::lease::{self, World};
use crate::system::{Operation, System, Thread};
use crate::transitions::{NEVER, Told, Transitions};
use crate::violation::Violation;
use std::collections::HashMap;
use std::collections::hash_map::Entry;

pub const STAMP: &str = "`last` is the stamp of the latest start";
pub const OVERLAP: &str = "G2: two runs are in progress at once only if the lease of the older one was over at the start of the younger one";
pub const RELEASED: &str = "G5: an owner whose deferral is gone is awake, and finds out";

/// One step from a system to another, by their numbers.
#[derive(Clone, Copy, Debug)]
pub struct SystemStep {
    pub from: usize,
    pub to: usize,
    pub operation: Operation,
    pub told: Told,
}

/// Everything that can be reached.
#[derive(Default)]
pub struct Explored {
    pub systems: Vec<System>,
    pub moves: Vec<SystemStep>,
    numbers: HashMap<System, usize>,
}

/// Which systems are told apart.
#[derive(Clone, Copy, Debug)]
pub enum Space {
    /// All, those that differ by a shift of time as one.
    Shifted,
    /// Each by its own numbers, as long as no time is greater than this.
    UpTo(u64),
}

impl Space {
    #[must_use]
    pub fn surroundings(self, system: &System) -> Vec<Operation> {
        match self {
            Self::Shifted => canonical::surroundings(system),
            Self::UpTo(latest) => {
                let clocks = (0..=latest).map(|to| Operation::Clock { to });
                clocks.chain(canonical::THRESHOLDS.map(|to| Operation::SetThreshold { to })).collect()
            }
        }
    }

    fn place(self, system: System) -> Option<System> {
        match self {
            Self::Shifted => Some(canonical(system)),
            Self::UpTo(latest) => (system.last() <= latest).then_some(system),
        }
    }
}

/// Explores what `threads` threads can reach.
///
/// # Errors
///
/// The first invariant or promise that does not hold.
pub fn explore(
    transitions: &Transitions,
    threads: usize,
    space: Space,
    world: World,
) -> Result<Explored, Violation> {
    let mut explored = Explored::default();
    for threshold in canonical::THRESHOLDS {
        match world {
            World::WithoutLease => _ = explored.number(System::new(threads, threshold, None)),
            World::WithLease => canonical::LEASES.into_iter().for_each(|lease| {
                explored.number(System::new(threads, threshold, Some(lease)));
            }),
        }
    }
    let mut from = 0;
    while from < explored.systems.len() {
        let system = explored.systems[from].clone();
        for operation in system.operations(&space.surroundings(&system)) {
            let Some((next, told)) = system.perform(transitions, operation)? else { continue };
            if let Some(rule) = violated(&next).or_else(|| overlaps(&system, &next).then_some(OVERLAP)) {
                return Err(Violation::of(rule, &(&system, operation, told, &next)));
            }
            let Some(next) = space.place(next) else { continue };
            let to = explored.number(next);
            explored.moves.push(SystemStep { from, to, operation, told });
        }
        from += 1;
    }
    Ok(explored)
}

fn violated(system: &System) -> Option<&'static str> {
    let last = system.last();
    let is_older =
        |thread: usize| matches!(system.threads[thread], Thread::Owns { epoch, .. } if epoch < last);
    if let Some(rule) = Configuration::of(system).violated() {
        Some(rule)
    } else if last != system.started {
        Some(STAMP)
    } else {
        let mut threads = 0..system.threads.len();
        threads.any(|thread| is_older(thread) && !system.is_awake(thread)).then_some(RELEASED)
    }
}

/// Whether a run has started while the one before it goes on and its lease holds, by the stamps alone.
fn overlaps(before: &System, after: &System) -> bool {
    let goes_on = before.threads.contains(&Thread::Runs { epoch: before.started });
    let end = lease::end(before.started, before.lease);
    after.started != before.started && goes_on && (end == NEVER || after.started < end)
}

impl Explored {
    /// Whether that system was reached.
    #[must_use]
    pub fn holds(&self, system: &System) -> bool {
        self.numbers.contains_key(system)
    }

    fn number(&mut self, system: System) -> usize {
        let next = self.systems.len();
        match self.numbers.entry(system) {
            Entry::Occupied(known) => *known.get(),
            Entry::Vacant(new) => {
                self.systems.push(new.key().clone());
                *new.insert(next)
            }
        }
    }
}
