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
use crate::execution::{Execution, Kind, Written};
use crate::generate;
use crate::judgement::Judgement;
use crate::model::Model;
use crate::program::{Location, Program};
use crate::relation::members;
use crate::thread::{Action, Seen};
use std::collections::{BTreeMap, BTreeSet};

const MOST_ROUNDS: usize = 20;

pub(crate) fn judge(program: &Program, model: Model) -> Judgement {
    let mut known = Known::default();
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

/// What each thread may write, and how often in one execution.
#[derive(Clone, Debug, Default, PartialEq)]
struct Known(BTreeMap<(usize, Written), usize>);

impl Known {
    fn add(&mut self, execution: &Execution) {
        let mut times = BTreeMap::new();
        execution.written().for_each(|write| *times.entry(write).or_insert(0) += 1);
        for (write, times) in times {
            let most = self.0.entry(write).or_default();
            *most = times.max(*most);
        }
    }

    /// How many writes of `value` to `location` threads after `thread` may make.
    fn after(&self, thread: usize, location: Location, value: u64) -> usize {
        let of = |(by, it): (usize, Written)| by > thread && (it.location, it.value) == (location, value);
        self.0.iter().filter(|(write, _)| of(**write)).map(|(_, times)| times).sum()
    }

    /// Whether the thread of the graph may see `write`, which is in the graph: not if it was written in place of a
    /// value that only this thread may still write, for then it would see that before writing it.
    fn can_see(&self, graph: &Graph, write: usize) -> bool {
        graph.open_below(write).is_none_or(|open| {
            let Open { location, value, .. } = graph.open[open];
            self.after(graph.thread, location, value) > 0
        })
    }

    /// What threads after that of the graph may write to `location` before that thread writes there again. What is
    /// written in place of another value needs that value before.
    fn values_after(&self, graph: &Graph, location: Location) -> BTreeSet<u64> {
        let later: Vec<Written> =
            self.0.keys().filter(|(by, _)| *by > graph.thread).map(|(_, it)| *it).collect();
        let writes = graph.execution.writes_to(location).iter();
        let possible = writes.filter(|&&write| self.can_see(graph, write));
        let mut there: BTreeSet<u64> = possible.map(|&write| graph.execution.events[write].value).collect();
        let mut values = BTreeSet::new();
        loop {
            let can_come = |it: &&Written| {
                it.location == location && it.replaced.is_none_or(|replaced| there.contains(&replaced))
            };
            let more: Vec<u64> = later.iter().filter(can_come).map(|it| it.value).collect();
            let before = values.len();
            values.extend(&more);
            there.extend(&more);
            if values.len() == before {
                return values;
            }
        }
    }
}

/// A read that has foreseen its value.
#[derive(Clone, Copy, Debug)]
struct Open {
    read: usize,
    location: Location,
    value: u64,
    /// Its value comes from a thread after this one.
    after: usize,
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
    /// The first thread that has panicked. That counts only if an execution comes of it: what a thread has foreseen
    /// may never be written.
    panicked: Option<String>,
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
            panicked: None,
        }
    }

    /// The open read on whose value `write` rests: it is its own, or that of the write in whose place it was written,
    /// and so on.
    fn open_below(&self, write: usize) -> Option<usize> {
        let mut read = self.execution.read_of(write)?;
        loop {
            let Some(source) = self.execution.source_of(read) else {
                return self.open.iter().position(|open| open.read == read);
            };
            read = self.execution.read_of(source)?;
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
    known: &'p Known,
    found: Known,
    judgement: Judgement,
}

impl Builder<'_> {
    fn go_on(&mut self, graph: &Graph) {
        if !self.can_close(graph) || !axioms::allows(self.model, &graph.execution) {
            return;
        }
        if graph.thread == self.program.threads() {
            if graph.open.is_empty() {
                if let Some(message) = &graph.panicked {
                    panic!("a thread panics: {message}");
                }
                self.found.add(&graph.execution);
                self.judgement.add(self.model, &graph.execution, graph.returned.clone());
            }
            return;
        }
        let unfolding = self.program.unfold(graph.thread, &graph.seen);
        let Some(&action) = unfolding.actions.get(graph.done) else {
            let mut next = graph.clone();
            next.panicked = next.panicked.or_else(|| unfolding.panicked.clone());
            let next = next.next_thread(unfolding.returned.clone().unwrap_or_default());
            self.go_on(&next);
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

    /// Whether the open reads may find enough writes. No two read-modify-writes take their value from one write.
    fn can_close(&self, graph: &Graph) -> bool {
        graph.open.iter().all(|open| {
            let replaces = |it: &&Open| {
                (it.location, it.value) == (open.location, open.value)
                    && graph.execution.update.row(it.read) != 0
            };
            let writes = self.remaining(graph, open);
            writes > 0 && graph.open.iter().filter(replaces).count() <= writes
        })
    }

    /// How many writes may still come that `open` may take its value from.
    fn remaining(&self, graph: &Graph, open: &Open) -> usize {
        let Open { location, value, after, .. } = *open;
        let later = self.known.after(graph.thread.max(after), location, value);
        if after >= graph.thread {
            return later;
        }
        let is_such = |(thread, it): &(usize, Written)| {
            *thread == graph.thread && (it.location, it.value) == (location, value)
        };
        let own = self.known.after(graph.thread - 1, location, value) - later;
        later + own.saturating_sub(graph.execution.written().filter(is_such).count())
    }

    fn read(&mut self, graph: &Graph, action: Action) {
        let location = action.reads().expect("a read");
        for &source in graph.execution.writes_to(location) {
            // Whatever a thread has foreseen stands after the initial write.
            let is_initial = source < self.program.initial.len();
            let has_foreseen = graph.foreseen.iter().any(|(at, _)| *at == location.0);
            if is_initial && has_foreseen || !self.known.can_see(graph, source) {
                continue;
            }
            let below = graph.open_below(source);
            self.saw(graph, action, graph.execution.events[source].value, |next, read| {
                next.execution.read_from.add(source, read);
                next.last[location.0] = None;
                if let Some(below) = below {
                    next.open[below].after = graph.thread;
                }
            });
        }
        for value in self.known.values_after(graph, location) {
            let mut foreseen = graph.foreseen.clone();
            if graph.last[location.0] != Some(value) {
                foreseen.push((location.0, value));
                let times = foreseen.iter().filter(|it| **it == (location.0, value)).count();
                if times > self.known.after(graph.thread, location, value) {
                    continue;
                }
            }
            self.saw(graph, action, value, |next, read| {
                next.open.push(Open { read, location, value, after: graph.thread });
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
        let (same, others): (Vec<Open>, Vec<Open>) = graph
            .open
            .iter()
            .partition(|open| (open.location, open.value) == (location, value) && graph.thread > open.after);
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
