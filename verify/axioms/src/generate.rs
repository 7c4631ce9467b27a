//! Builds the executions that a model allows, event by event.
//!
//! Leaving out the latest events breaks no axiom, so a graph that breaks one is dropped at once, with
//! everything that would follow from it. Each event is added after those before it in its thread, and after the
//! write that it reads from. Such an order exists unless the two relations form a cycle, which the axiom
//! against values out of thin air forbids. A model without that axiom has a builder of its own (`foresee`).
//!
//! Each execution is built once. Stores and fences are added as soon as a thread comes to them. When all
//! threads stand at reads, the first of them either reads from an existing write, or waits for a later one:
//! from then on it may read only from writes that were added since.

use crate::axioms;
use crate::execution::{Execution, Kind};
use crate::model::Model;
use crate::program::{Location, Program};
use crate::thread::{Action, Seen};

/// Calls `each` with every execution, and with what its threads return.
pub(crate) fn executions(program: &Program, model: Model, each: impl FnMut(&Execution, Vec<Vec<u64>>)) {
    let execution = Execution::new(&program.initial, program.threads());
    let mut builder = Builder { program, model, each };
    builder.go_on(&Graph { execution, cursors: vec![Cursor::default(); program.threads()] });
}

/// How far a thread has come.
#[derive(Clone, Debug, Default)]
struct Cursor {
    seen: Vec<Seen>,
    /// How many of its actions are in the graph.
    done: usize,
    /// The first event that its next read may read from.
    waits_for: usize,
    failed_spuriously: usize,
}

#[derive(Clone)]
struct Graph {
    execution: Execution,
    cursors: Vec<Cursor>,
}

struct Builder<'p, E> {
    program: &'p Program,
    model: Model,
    each: E,
}

impl<E: FnMut(&Execution, Vec<Vec<u64>>)> Builder<'_, E> {
    fn go_on(&mut self, graph: &Graph) {
        if !axioms::allows(self.model, &graph.execution) {
            return;
        }
        let mut reading = None;
        let mut returned = Vec::new();
        for (thread, cursor) in graph.cursors.iter().enumerate() {
            let unfolding = self.program.unfold(thread, &cursor.seen);
            match unfolding.actions.get(cursor.done) {
                None => returned.push(unfolding.end()),
                Some(&action) => match action.reads() {
                    None => return self.act(graph, thread, action),
                    Some(location) if reading.is_none() && can_read(graph, cursor, location) => {
                        reading = Some((thread, action, location));
                    }
                    Some(_) => {}
                },
            }
        }
        if let Some((thread, action, location)) = reading {
            self.read(graph, thread, action, location);
            let mut waiting = graph.clone();
            waiting.cursors[thread].waits_for = graph.execution.events.len();
            self.go_on(&waiting);
        } else if returned.len() == graph.cursors.len() {
            (self.each)(&graph.execution, returned);
        }
    }

    /// Adds a store or a fence.
    fn act(&mut self, graph: &Graph, thread: usize, action: Action) {
        let mut next = graph.clone();
        next.cursors[thread].done += 1;
        match action {
            Action::Store { location, value, order } => {
                let write = next.execution.access(thread, Kind::Write, location, order, value);
                self.place_everywhere(&next, write, location);
            }
            Action::Fence { order } => {
                next.execution.fence(thread, order);
                self.go_on(&next);
            }
            Action::Depend { how } => {
                next.execution.depend(thread, how);
                self.go_on(&next);
            }
            Action::Load { .. }
            | Action::Add { .. }
            | Action::Exchange { .. }
            | Action::CompareExchange { .. } => {
                unreachable!("it reads")
            }
        }
    }

    /// Adds a read, once for each write that it may read from.
    fn read(&mut self, graph: &Graph, thread: usize, action: Action, location: Location) {
        let cursor = &graph.cursors[thread];
        let may_fail = cursor.failed_spuriously < self.program.spurious_failures;
        for &source in graph.execution.writes_to(location) {
            if source < cursor.waits_for {
                continue;
            }
            for seen in action.answers(graph.execution.events[source].value, may_fail) {
                let mut next = graph.clone();
                let cursor = &mut next.cursors[thread];
                cursor.seen.push(seen);
                cursor.done += 1;
                cursor.waits_for = 0;
                cursor.failed_spuriously += usize::from(action.failed_spuriously(seen));
                let (read, write) = next.execution.found(thread, action, seen);
                next.execution.read_from.add(source, read);
                if let Some(write) = write {
                    self.place_everywhere(&next, write, location);
                } else {
                    self.go_on(&next);
                }
            }
        }
    }

    /// Tries each place for `write` among the writes of its location, after the initial one.
    fn place_everywhere(&mut self, graph: &Graph, write: usize, location: Location) {
        for position in 1..=graph.execution.writes_to(location).len() {
            let mut next = graph.clone();
            next.execution.place(write, location, position);
            self.go_on(&next);
        }
    }
}

fn can_read(graph: &Graph, cursor: &Cursor, location: Location) -> bool {
    graph.execution.writes_to(location).iter().any(|&write| write >= cursor.waits_for)
}
