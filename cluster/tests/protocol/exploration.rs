//! All systems that can be reached, breadth first. A system is known by 64 bits of its hash. Among ten
//! million systems, two have the same hash with a probability of 3 in a million; then one of them is left
//! out.

use crate::event::Event;
use crate::judge::{Broken, Counted};
use crate::liveness;
use crate::setting::Setting;
use crate::system::{Call, Stage, System};
use core::fmt;
use std::collections::{HashSet, VecDeque};
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};

/// What was reached.
#[derive(Clone, Copy, Debug, Default)]
pub struct Explored {
    pub states: usize,
    pub transitions: usize,
    /// States in which a call was reported as covered.
    pub told: usize,
    /// States in which a call was lost with its process.
    pub lost: usize,
    /// States in which the call of a dead process was covered by another one.
    pub inherited: usize,
    /// The highest number of each that was reached.
    pub most: Counted,
    /// The longest wait after the last fault.
    pub longest_wait: u64,
}

/// A promise that was broken, and the way there.
pub struct Found {
    pub broken: Broken,
    pub states: usize,
    pub way: Vec<Event>,
    pub last: Box<System>,
}

impl fmt::Debug for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:?}, after {} states:", self.broken, self.states)?;
        self.way.iter().try_for_each(|event| writeln!(f, "  {event:?}"))?;
        write!(f, "{:#?}", self.last)
    }
}

struct Explorer<'a> {
    setting: &'a Setting,
    seen: HashSet<u64>,
    /// The event by which each state was reached, and the state before.
    ways: Vec<(u32, Option<Event>)>,
    frontier: VecDeque<(u32, System)>,
    explored: Explored,
}

/// # Errors
///
/// The shortest way to a promise that is broken.
pub fn explore(setting: &Setting) -> Result<Explored, Found> {
    let mut explorer = Explorer {
        setting,
        seen: HashSet::new(),
        ways: Vec::new(),
        frontier: VecDeque::new(),
        explored: Explored::default(),
    };
    explorer.reach(0, None, System::new(setting))?;
    while let Some((number, system)) = explorer.frontier.pop_front() {
        for event in system.events(setting) {
            let mut next = system.clone();
            if let Err(broken) = next.perform(setting, event) {
                return Err(explorer.found(broken, number, Some(event), next));
            }
            explorer.explored.transitions += 1;
            explorer.reach(number, Some(event), next)?;
        }
    }
    Ok(explorer.explored)
}

impl Explorer<'_> {
    fn reach(&mut self, from: u32, event: Option<Event>, system: System) -> Result<(), Found> {
        let hash = BuildHasherDefault::<DefaultHasher>::default().hash_one(&system);
        if !self.seen.insert(hash) {
            return Ok(());
        }
        match liveness::waits(self.setting, &system) {
            Ok(wait) => self.explored.longest_wait = self.explored.longest_wait.max(wait),
            Err(broken) => return Err(self.found(broken, from, event, system)),
        }
        self.count(&system);
        let number = u32::try_from(self.ways.len()).expect("fewer states");
        self.ways.push((from, event));
        self.frontier.push_back((number, system));
        Ok(())
    }

    fn count(&mut self, system: &System) {
        let explored = &mut self.explored;
        let is = |stage| usize::from(system.calls.iter().any(|call| call.stage == stage));
        explored.states += 1;
        explored.told += is(Stage::Told);
        explored.lost += is(Stage::Lost);
        let inherited =
            |(number, call): (usize, &Call)| call.stage == Stage::Left && system.judge.has_finished(number);
        explored.inherited += usize::from(system.calls.iter().enumerate().any(inherited));
        explored.most = explored.most.and(system.judge.counted);
    }

    fn found(&self, broken: Broken, from: u32, event: Option<Event>, last: System) -> Found {
        let mut way: Vec<_> = event.into_iter().collect();
        let mut number = from;
        while let Some((before, Some(event))) = self.ways.get(number as usize) {
            way.push(*event);
            number = *before;
        }
        way.reverse();
        Found { broken, states: self.explored.states, way, last: Box::new(last) }
    }
}

impl Explored {
    /// Both together.
    pub fn and(self, other: Self) -> Self {
        Self {
            states: self.states + other.states,
            transitions: self.transitions + other.transitions,
            told: self.told + other.told,
            lost: self.lost + other.lost,
            inherited: self.inherited + other.inherited,
            most: self.most.and(other.most),
            longest_wait: self.longest_wait.max(other.longest_wait),
        }
    }
}

impl Counted {
    fn and(self, other: Self) -> Self {
        Self {
            starts: self.starts.max(other.starts),
            early: self.early.max(other.early),
            overlaps: self.overlaps.max(other.overlaps),
            disorders: self.disorders.max(other.disorders),
        }
    }
}
