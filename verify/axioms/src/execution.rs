//! One execution: its events, and how they are related.

use crate::order::Order;
use crate::program::Location;
use crate::relation::{Events, MOST_EVENTS, Relation};

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Kind {
    Read,
    Write,
    Fence,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Event {
    /// `None` for a fence.
    pub(crate) location: Option<Location>,
    pub(crate) value: u64,
}

/// As in the paper, a read-modify-write is two events.
#[derive(Clone, Debug)]
pub(crate) struct Execution {
    pub(crate) events: Vec<Event>,
    pub(crate) reads: Events,
    pub(crate) writes: Events,
    pub(crate) fences: Events,
    pub(crate) atomic: Events,
    pub(crate) acquire: Events,
    pub(crate) release: Events,
    pub(crate) seq_cst: Events,
    /// Before it in its thread (`sb`). The initial writes are before all other events.
    pub(crate) before: Relation,
    /// From a write to the reads that take their value from it (`rf`).
    pub(crate) read_from: Relation,
    /// From a write to all later ones of its location (`mo`).
    pub(crate) modified: Relation,
    /// From the read of a read-modify-write to its write (`rmw`).
    pub(crate) update: Relation,
    /// The events of each thread.
    threads: Vec<Events>,
    /// The events of each location.
    locations: Vec<Events>,
    /// The writes of each location, as `modified` orders them.
    writes_to: Vec<Vec<usize>>,
}

impl Execution {
    /// An execution with the initial writes alone. The one to location `l` is event `l`.
    pub(crate) fn new(initial: &[u64], threads: usize) -> Self {
        let mut execution = Self {
            events: Vec::with_capacity(MOST_EVENTS),
            reads: 0,
            writes: 0,
            fences: 0,
            atomic: 0,
            acquire: 0,
            release: 0,
            seq_cst: 0,
            before: Relation::EMPTY,
            read_from: Relation::EMPTY,
            modified: Relation::EMPTY,
            update: Relation::EMPTY,
            threads: vec![0; threads],
            locations: vec![0; initial.len()],
            writes_to: vec![Vec::new(); initial.len()],
        };
        for (location, &value) in initial.iter().enumerate() {
            let location = Location(location);
            let write = execution.add(Kind::Write, Some(location), Order::NonAtomic, value);
            execution.writes_to[location.0].push(write);
        }
        execution
    }

    /// Adds an access as the last event of `thread`.
    pub(crate) fn access(
        &mut self,
        thread: usize,
        kind: Kind,
        location: Location,
        order: Order,
        value: u64,
    ) -> usize {
        let event = self.add(kind, Some(location), order, value);
        self.append(thread, event);
        event
    }

    /// Adds a fence as the last event of `thread`.
    pub(crate) fn fence(&mut self, thread: usize, order: Order) {
        let event = self.add(Kind::Fence, None, order, 0);
        self.append(thread, event);
    }

    /// Puts `write` at `position` among the writes of its location.
    pub(crate) fn place(&mut self, write: usize, location: Location, position: usize) {
        let writes = &mut self.writes_to[location.0];
        for &earlier in &writes[..position] {
            self.modified.add(earlier, write);
        }
        for &later in &writes[position..] {
            self.modified.add(write, later);
        }
        writes.insert(position, write);
    }

    /// The writes to `location`, in their order.
    pub(crate) fn writes_to(&self, location: Location) -> &[usize] {
        &self.writes_to[location.0]
    }

    /// The last value of each location.
    pub(crate) fn memory(&self) -> Vec<u64> {
        self.writes_to.iter().map(|writes| self.events[writes[writes.len() - 1]].value).collect()
    }

    /// The accesses to the location of `event`; none for a fence.
    pub(crate) fn same_location(&self, event: usize) -> Events {
        self.events[event].location.map_or(0, |location| self.locations[location.0])
    }

    fn add(&mut self, kind: Kind, location: Option<Location>, order: Order, value: u64) -> usize {
        let event = self.events.len();
        assert!(event < MOST_EVENTS, "at most {MOST_EVENTS} events");
        let bit = 1 << event;
        let mut into = |set: fn(&mut Self) -> &mut Events, belongs: bool| {
            if belongs {
                *set(self) |= bit;
            }
        };
        into(|of| &mut of.reads, kind == Kind::Read);
        into(|of| &mut of.writes, kind == Kind::Write);
        into(|of| &mut of.fences, kind == Kind::Fence);
        into(|of| &mut of.atomic, order != Order::NonAtomic);
        into(|of| &mut of.acquire, order.is_acquire());
        into(|of| &mut of.release, order.is_release());
        into(|of| &mut of.seq_cst, order == Order::SeqCst);
        if let Some(location) = location {
            self.locations[location.0] |= bit;
        }
        self.events.push(Event { location, value });
        event
    }

    fn append(&mut self, thread: usize, event: usize) {
        let initial = (1 << self.locations.len()) - 1;
        for earlier in crate::relation::members(self.threads[thread] | initial) {
            self.before.add(earlier, event);
        }
        self.threads[thread] |= 1 << event;
    }
}
