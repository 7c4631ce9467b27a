//! All candidate executions of a program, and which of them a model allows: the definition, executed.
//!
//! Every read may find every value that any thread can write, every write of that value may be its
//! source, and the writes of a location may stand in every order. It shares the axioms with the builder
//! of executions, and nothing else, so the two check each other.

use crate::axioms;
use crate::execution::{Execution, Kind};
use crate::judgement::Judgement;
use crate::model::Model;
use crate::program::{Location, Program};
use crate::relation::members;
use crate::thread::{Action, Seen};
use std::collections::BTreeSet;

/// What became of all candidates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidates {
    /// How many there were.
    pub tried: usize,
    /// The candidates that the model allows.
    pub judgement: Judgement,
}

/// One way through a thread.
#[derive(Clone, Debug)]
struct Path {
    actions: Vec<Action>,
    seen: Vec<Seen>,
    returned: Vec<u64>,
}

pub(crate) fn judge(program: &Program, model: Model) -> Candidates {
    let paths = all_paths(program);
    let mut candidates = Candidates { tried: 0, judgement: Judgement::default() };
    each_choice(&paths, &mut Vec::new(), &mut |chosen| judge_paths(program, model, chosen, &mut candidates));
    candidates
}

/// The paths of each thread, for all values that a chain of reads and writes can produce.
fn all_paths(program: &Program) -> Vec<Vec<Path>> {
    let mut values: Vec<_> = program.initial.iter().map(|&value| BTreeSet::from([value])).collect();
    let mut rounds = 0;
    loop {
        let paths: Vec<_> = (0..program.threads())
            .map(|thread| {
                let mut paths = Vec::new();
                follow(program, thread, &values, &mut Vec::new(), &mut paths);
                paths
            })
            .collect();
        let known: usize = values.iter().map(BTreeSet::len).sum();
        for path in paths.iter().flatten() {
            written(path).for_each(|(location, value)| _ = values[location.0].insert(value));
        }
        rounds += 1;
        // A chain is at most as long as there are writes, although sums could go on for ever.
        let most = |paths: &Vec<Path>| paths.iter().map(|path| written(path).count()).max().unwrap_or(0);
        let longest: usize = paths.iter().map(most).sum();
        if values.iter().map(BTreeSet::len).sum::<usize>() == known || rounds > longest {
            return paths;
        }
    }
}

fn follow(
    program: &Program,
    thread: usize,
    values: &[BTreeSet<u64>],
    seen: &mut Vec<Seen>,
    paths: &mut Vec<Path>,
) {
    let unfolding = program.unfold(thread, seen);
    if unfolding.has_ended() {
        let (actions, returned) = (unfolding.actions.clone(), unfolding.end());
        paths.push(Path { actions, seen: seen.clone(), returned });
        return;
    }
    let reads = unfolding.actions.iter().filter(|action| action.reads().is_some());
    let spurious = reads.zip(&*seen).filter(|(action, seen)| action.failed_spuriously(**seen)).count();
    let action = unfolding.actions[unfolding.actions.len() - 1];
    let location = action.reads().expect("only a read stops a thread");
    for &value in &values[location.0] {
        for answer in action.answers(value, spurious < program.spurious_failures) {
            seen.push(answer);
            follow(program, thread, values, seen, paths);
            seen.pop();
        }
    }
}

fn written(path: &Path) -> impl Iterator<Item = (Location, u64)> {
    let mut seen = path.seen.iter();
    path.actions.iter().filter_map(move |action| match (*action, action.reads()) {
        (Action::Store { location, value, .. }, _) => Some((location, value)),
        (_, Some(location)) => seen.next()?.written.map(|value| (location, value)),
        _ => None,
    })
}

/// Calls `then` with each way to take one element of every list.
fn each_choice<'a, T>(lists: &'a [Vec<T>], chosen: &mut Vec<&'a T>, then: &mut impl FnMut(&[&'a T])) {
    let Some((first, rest)) = lists.split_first() else { return then(chosen) };
    for one in first {
        chosen.push(one);
        each_choice(rest, chosen, then);
        chosen.pop();
    }
}

/// Judges all executions in which each thread takes the path chosen for it.
fn judge_paths(program: &Program, model: Model, chosen: &[&Path], candidates: &mut Candidates) {
    let mut execution = Execution::new(&program.initial, chosen.len());
    for (thread, path) in chosen.iter().enumerate() {
        add_path(&mut execution, thread, path);
    }
    let reads: Vec<usize> = members(execution.reads).collect();
    let sources: Vec<Vec<usize>> = reads.iter().map(|&read| sources_of(&execution, read)).collect();
    let orders: Vec<Vec<Vec<usize>>> = (0..program.initial.len())
        .map(|initial| {
            let writes = execution.same_location(initial) & execution.writes & !(1 << initial);
            permutations(members(writes))
        })
        .collect();
    let returned: Vec<Vec<u64>> = chosen.iter().map(|path| path.returned.clone()).collect();
    each_choice(&sources, &mut Vec::new(), &mut |sources| {
        each_choice(&orders, &mut Vec::new(), &mut |orders| {
            let mut candidate = execution.clone();
            for (&read, &&source) in reads.iter().zip(sources) {
                candidate.read_from.add(source, read);
            }
            for (location, order) in orders.iter().enumerate() {
                for (position, &write) in order.iter().enumerate() {
                    candidate.place(write, Location(location), position + 1);
                }
            }
            candidates.tried += 1;
            if axioms::allows(model, &candidate) {
                candidates.judgement.add(model, &candidate, returned.clone());
            }
        });
    });
}

fn add_path(execution: &mut Execution, thread: usize, path: &Path) {
    let mut seen = path.seen.iter();
    for action in &path.actions {
        match *action {
            Action::Store { location, value, order } => {
                execution.access(thread, Kind::Write, location, order, value);
            }
            Action::Fence { order } => execution.fence(thread, order),
            Action::Depend { how } => execution.depend(thread, how),
            Action::Load { .. }
            | Action::Add { .. }
            | Action::Exchange { .. }
            | Action::CompareExchange { .. } => {
                let seen = *seen.next().expect("each read of a path has its answer");
                execution.found(thread, *action, seen);
            }
        }
    }
}

/// The writes of the value that `read` found, without its own write.
fn sources_of(execution: &Execution, read: usize) -> Vec<usize> {
    let writes = execution.same_location(read) & execution.writes & !execution.update.row(read);
    members(writes).filter(|&write| execution.events[write].value == execution.events[read].value).collect()
}

fn permutations(items: impl Iterator<Item = usize>) -> Vec<Vec<usize>> {
    let mut all = vec![Vec::new()];
    for item in items {
        all = all
            .iter()
            .flat_map(|shorter| {
                (0..=shorter.len()).map(move |place| {
                    let mut longer = shorter.clone();
                    longer.insert(place, item);
                    longer
                })
            })
            .collect();
    }
    all
}
