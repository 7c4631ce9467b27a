//! Builds the executions of a model in which a read may take its value from a write that comes after it in
//! every order of time: loads are buffered.
//!
//! The threads are added one after the other, each to its end. A read takes its value from a write that is
//! there; or it *foresees* a value that a later thread may write, and stays open until a write of that value
//! is added. Each execution is built once, because the order of the threads is fixed. As in the other builder,
//! a graph that breaks an axiom is dropped at once: more events and more sources only add to the relations.
//!
//! Which values can be foreseen is found in rounds. First they are those of all executions of the other builder,
//! in which nothing is foreseen. Then they are those of the executions of the round before, by the thread that
//! wrote them, until no value is new. So a value may justify itself through a cycle only if an execution of the
//! round before has written it without.
//!
//! A thread may loop until a compare-and-swap succeeds. It ends, because a value that was left for another one
//! is foreseen again only if another write of it exists.

use crate::axioms;
use crate::execution::{Execution, Kind};
use crate::generate;
use crate::judgement::Judgement;
use crate::model::Model;
use crate::program::{Location, Program};
use crate::relation::members;
use crate::thread::{Action, Seen};
use std::collections::{BTreeMap, BTreeSet};

const MOST_ROUNDS: usize = 20;

pub(crate) fn judge(program: &Program, model: Model) -> Judgement {
    let mut known = Written::default();
    generate::executions(program, model, |execution, _| known.add(execution));
    for _ in 0..MOST_ROUNDS {
        let (found, judgement) = (known.clone(), Judgement::default());
        let mut builder = Builder { program, model, known: &known, found, judgement };
        builder.go_on(&Graph::new(program));
        let Builder { found, judgement, .. } = builder;
        if found == known {
            return judgement;
        }
        known = found;
    }
    panic!("after {MOST_ROUNDS} rounds there are still new values");
}

/// What threads may write, and how often in one execution.
#[derive(Clone, Debug, Default, PartialEq)]
struct Written(BTreeMap<(usize, usize, u64), usize>);

impl Written {
    fn add(&mut self, execution: &Execution) {
        let mut times = BTreeMap::new();
        for (thread, location, value) in execution.written() {
            *times.entry((thread, location.0, value)).or_insert(0) += 1;
        }
        for (write, times) in times {
            let most = self.0.entry(write).or_default();
            *most = times.max(*most);
        }
    }

    /// How many writes of `value` to `location` threads after `thread` may make.
    fn after(&self, thread: usize, location: Location, value: u64) -> usize {
        let of = |(by, at, what): (usize, usize, u64)| by > thread && at == location.0 && what == value;
        self.0.iter().filter(|(write, _)| of(**write)).map(|(_, times)| times).sum()
    }

    /// What threads after `thread` may write to `location`.
    fn values_after(&self, thread: usize, location: Location) -> BTreeSet<u64> {
        let all = self.0.keys().filter(|(by, at, _)| *by > thread && *at == location.0);
        all.map(|(_, _, value)| *value).collect()
    }
}

/// A read that has foreseen its value.
#[derive(Clone, Copy, Debug)]
struct Open {
    read: usize,
    location: Location,
    value: u64,
}

#[derive(Clone)]
struct Graph {
    execution: Execution,
    /// The thread that is being added.
    thread: usize,
    /// What its reads have seen.
    seen: Vec<Seen>,
    /// How many of its actions are in the graph.
    done: usize,
    failed_spuriously: usize,
    /// The values that it has foreseen, each as often as it has come to it from another one.
    foreseen: Vec<(usize, u64)>,
    /// For each location the value that the last access foresaw, if it did.
    last: Vec<Option<u64>>,
    /// What the threads before it have returned.
    returned: Vec<Vec<u64>>,
    open: Vec<Open>,
}

impl Graph {
    fn new(program: &Program) -> Self {
        Self {
            execution: Execution::new(&program.initial, program.threads()),
            thread: 0,
            seen: Vec::new(),
            done: 0,
            failed_spuriously: 0,
            foreseen: Vec::new(),
            last: vec![None; program.initial.len()],
            returned: Vec::new(),
            open: Vec::new(),
        }
    }

    /// The thread has ended.
    fn next_thread(mut self, returned: Vec<u64>) -> Self {
        self.returned.push(returned);
        self.thread += 1;
        self.done = 0;
        self.failed_spuriously = 0;
        self.seen.clear();
        self.foreseen.clear();
        self.last.fill(None);
        self
    }
}

struct Builder<'p> {
    program: &'p Program,
    model: Model,
    known: &'p Written,
    found: Written,
    judgement: Judgement,
}

impl Builder<'_> {
    fn go_on(&mut self, graph: &Graph) {
        if !axioms::allows(self.model, &graph.execution) {
            return;
        }
        if graph.thread == self.program.threads() {
            if graph.open.is_empty() {
                self.found.add(&graph.execution);
                self.judgement.add(self.model, &graph.execution, graph.returned.clone());
            }
            return;
        }
        let unfolding = self.program.unfold(graph.thread, &graph.seen);
        let Some(&action) = unfolding.actions.get(graph.done) else {
            let returned = unfolding.returned.clone().expect("only a read stops a thread");
            let next = graph.clone().next_thread(returned);
            let is_possible = |open: &Open| self.known.after(graph.thread, open.location, open.value) > 0;
            if next.open.iter().all(is_possible) {
                self.go_on(&next);
            }
            return;
        };
        let mut next = graph.clone();
        next.done += 1;
        match action {
            Action::Fence { order } => {
                next.execution.fence(graph.thread, order);
                self.go_on(&next);
            }
            Action::Depend { how } => {
                next.execution.depend(graph.thread, how);
                self.go_on(&next);
            }
            Action::Store { location, value, order } => {
                let write = next.execution.access(graph.thread, Kind::Write, location, order, value);
                next.last[location.0] = None;
                self.wrote(&next, write, location, value);
            }
            Action::Load { .. }
            | Action::Add { .. }
            | Action::Exchange { .. }
            | Action::CompareExchange { .. } => {
                self.read(&next, action);
            }
        }
    }

    fn read(&mut self, graph: &Graph, action: Action) {
        let location = action.reads().expect("a read");
        for &source in graph.execution.writes_to(location) {
            self.saw(graph, action, graph.execution.events[source].value, |next, read| {
                next.execution.read_from.add(source, read);
                next.last[location.0] = None;
            });
        }
        for value in self.known.values_after(graph.thread, location) {
            let mut foreseen = graph.foreseen.clone();
            if graph.last[location.0] != Some(value) {
                foreseen.push((location.0, value));
                let times = foreseen.iter().filter(|it| **it == (location.0, value)).count();
                if times > self.known.after(graph.thread, location, value) {
                    continue;
                }
            }
            self.saw(graph, action, value, |next, read| {
                next.open.push(Open { read, location, value });
                next.foreseen.clone_from(&foreseen);
                next.last[location.0] = Some(value);
            });
        }
    }

    /// Adds a read of `value`, once for each result that it may have; `from` says where the value comes from.
    fn saw(&mut self, graph: &Graph, action: Action, value: u64, from: impl Fn(&mut Graph, usize)) {
        let may_fail = graph.failed_spuriously < self.program.spurious_failures;
        for seen in action.answers(value, may_fail) {
            let mut next = graph.clone();
            next.seen.push(seen);
            next.failed_spuriously += usize::from(action.failed_spuriously(seen));
            let (read, write) = next.execution.found(graph.thread, action, seen);
            from(&mut next, read);
            let location = action.reads().expect("a read");
            match (write, seen.written) {
                (Some(write), Some(value)) => {
                    next.last[location.0] = None;
                    self.wrote(&next, write, location, value);
                }
                _ => self.go_on(&next),
            }
        }
    }

    /// Tries each place for `write` among the writes of its location, after the initial one, and each set of open
    /// reads that may take their value from it.
    fn wrote(&mut self, graph: &Graph, write: usize, location: Location, value: u64) {
        let own = 1 << write | graph.execution.update.inverse().row(write);
        let (same, others): (Vec<Open>, Vec<Open>) = graph
            .open
            .iter()
            .partition(|open| (open.location, open.value) == (location, value) && own >> open.read & 1 == 0);
        for chosen in 0..1_u64 << same.len() {
            let mut sourced = graph.clone();
            sourced.open.clone_from(&others);
            sourced.open.extend(
                same.iter().enumerate().filter(|(at, _)| chosen >> at & 1 == 0).map(|(_, open)| open),
            );
            for at in members(chosen) {
                sourced.execution.read_from.add(write, same[at].read);
            }
            for position in 1..=graph.execution.writes_to(location).len() {
                let mut next = sourced.clone();
                next.execution.place(write, location, position);
                self.go_on(&next);
            }
        }
    }
}
