//! One execution: its events, and how they are related.

use crate::order::Order;
use crate::program::Location;
use crate::relation::{Events, MOST_EVENTS, Relation, members};
use crate::thread::{Action, Dependency, Seen};

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

/// What was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Written {
    pub(crate) location: Location,
    pub(crate) value: u64,
    /// The value in whose place it was written, where that decided what or whether to write: by an addition or a
    /// compare-and-swap.
    pub(crate) replaced: Option<u64>,
}

/// A thread, as far as it has come.
#[derive(Clone, Debug, Default)]
struct Thread {
    events: Events,
    /// The reads on which a branch depends.
    branched: Events,
    /// The reads on which the address of the next access depends.
    addressed: Events,
    /// The reads on which the value of the next write depends.
    computed: Events,
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
    /// The reads of all read-modify-writes, those of a compare-and-swap that failed as well.
    pub(crate) exclusive: Events,
    /// The halves of all compare-and-swaps.
    pub(crate) compared: Events,
    /// The writes of all additions.
    added: Events,
    /// Before it in its thread (`sb`). The initial writes are before all other events.
    pub(crate) before: Relation,
    /// From a write to the reads that take their value from it (`rf`).
    pub(crate) read_from: Relation,
    /// From a write to all later ones of its location (`mo`).
    pub(crate) modified: Relation,
    /// From the read of a read-modify-write to its write (`rmw`).
    pub(crate) update: Relation,
    /// From a read to an access whose address depends on it.
    pub(crate) address: Relation,
    /// From a read to a write whose value depends on it.
    pub(crate) data: Relation,
    /// From a read to all events behind a branch that depends on it.
    pub(crate) control: Relation,
    /// The events of each thread.
    threads: Vec<Thread>,
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
            exclusive: 0,
            compared: 0,
            added: 0,
            before: Relation::EMPTY,
            read_from: Relation::EMPTY,
            modified: Relation::EMPTY,
            update: Relation::EMPTY,
            address: Relation::EMPTY,
            data: Relation::EMPTY,
            control: Relation::EMPTY,
            threads: vec![Thread::default(); threads],
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

    /// Adds a read that has `seen` a value, as the last event of `thread`; and the write in its place, if there is
    /// one.
    pub(crate) fn found(&mut self, thread: usize, action: Action, seen: Seen) -> (usize, Option<usize>) {
        let location = action.reads().expect("a read");
        let order = action.order(seen);
        let read = self.access(thread, Kind::Read, location, order, seen.value);
        let write = seen.written.map(|value| self.access(thread, Kind::Write, location, order, value));
        let both = 1 << read | write.map_or(0, |write| 1 << write);
        match action {
            Action::CompareExchange { .. } => {
                self.exclusive |= 1 << read;
                self.compared |= both;
            }
            Action::Add { .. } => {
                self.exclusive |= 1 << read;
                self.added |= both & !(1 << read);
            }
            Action::Exchange { .. } => self.exclusive |= 1 << read,
            Action::Load { .. } | Action::Store { .. } | Action::Fence { .. } | Action::Depend { .. } => {}
        }
        if let Some(write) = write {
            self.update.add(read, write);
        }
        (read, write)
    }

    /// The next access of `thread` depends on its last read.
    pub(crate) fn depend(&mut self, thread: usize, how: Dependency) {
        let thread = &mut self.threads[thread];
        let reads = thread.events & self.reads;
        let last = reads.checked_ilog2().map(|last| 1 << last).expect("a read to depend on");
        match how {
            Dependency::Address => thread.addressed |= last,
            Dependency::Data => thread.computed |= last,
            Dependency::Control => thread.branched |= last,
        }
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

    /// All writes but the initial ones, each with its thread.
    pub(crate) fn written(&self) -> impl Iterator<Item = (usize, Written)> {
        let threads = self.threads.iter().enumerate();
        let writes =
            threads.flat_map(|(thread, it)| members(it.events & self.writes).map(move |it| (thread, it)));
        writes.map(move |(thread, write)| {
            let Event { location, value } = self.events[write];
            let replaces = (self.compared | self.added) >> write & 1 == 1;
            let read = self.read_of(write).filter(|_| replaces);
            let location = location.expect("a write has a location");
            (thread, Written { location, value, replaced: read.map(|read| self.events[read].value) })
        })
    }

    /// The read of the read-modify-write that `write` belongs to.
    pub(crate) fn read_of(&self, write: usize) -> Option<usize> {
        let read = write.checked_sub(1)?;
        self.update.has(read, write).then_some(read)
    }

    /// The write that `read` takes its value from.
    pub(crate) fn source_of(&self, read: usize) -> Option<usize> {
        let writes = self.events[read].location.map(|location| self.writes_to(location))?;
        writes.iter().copied().find(|&write| self.read_from.has(write, read))
    }

    /// The last value of each location.
    pub(crate) fn memory(&self) -> Vec<u64> {
        self.writes_to.iter().map(|writes| self.events[writes[writes.len() - 1]].value).collect()
    }

    /// The accesses to the location of `event`; none for a fence.
    pub(crate) fn same_location(&self, event: usize) -> Events {
        self.events[event].location.map_or(0, |location| self.locations[location.0])
    }

    /// The pairs of `relation` within one thread.
    pub(crate) fn internal(&self, relation: &Relation) -> Relation {
        relation.keep(|event| self.same_thread(event))
    }

    /// The pairs of `relation` between two threads, or with an initial write.
    pub(crate) fn external(&self, relation: &Relation) -> Relation {
        relation.keep(|event| !self.same_thread(event))
    }

    /// The events of the thread of `event`; none for an initial write.
    fn same_thread(&self, event: usize) -> Events {
        let all = self.threads.iter().map(|thread| thread.events);
        all.into_iter().find(|events| events >> event & 1 == 1).unwrap_or(0)
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
        let bit = 1 << event;
        let thread = &mut self.threads[thread];
        for earlier in members(thread.events | initial) {
            self.before.add(earlier, event);
        }
        members(thread.branched).for_each(|read| self.control.add(read, event));
        if bit & (self.reads | self.writes) != 0 {
            members(std::mem::take(&mut thread.addressed)).for_each(|read| self.address.add(read, event));
        }
        if bit & self.writes != 0 {
            members(std::mem::take(&mut thread.computed)).for_each(|read| self.data.add(read, event));
        }
        thread.events |= bit;
    }
}
