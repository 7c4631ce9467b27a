//! G5 on the explored graph: each owner of a deferral gets its run, or learns why it does not.
//!
//! A system *waits* while its deferral is pending, unless its window never ends, or is cancelled and not yet
//! acknowledged. It stops waiting when a run starts (which ends the epoch, no matter which thread started it:
//! that is coverage), when the owner acknowledges the cancel, or when the owner leaves (the run is then owed,
//! visibly). Claim: no execution waits for ever.
//!
//! An execution is fair if no fair action stays possible for ever without being taken:
//!
//! * time passes, as long as that makes a difference;
//! * the runner finishes;
//! * the owner fires, or looks again under a lease, when it is awake. Waking it is the waiting layer's part:
//!   at the end of the window, after a run that finished, a cancel, or a changed threshold.
//!
//! Everything else may happen or not, as often as it likes: calls, cancels, flushes, guards dropped,
//! thresholds changed up and down. But a clock that goes back *disturbs*: it may do so at any time, but
//! not for ever. A test shows that this must be assumed: a clock that goes back again and again keeps any
//! throttle waiting. So would a threshold that grows faster than time passes, or one that is set so long that
//! its window never ends, again and again. Here thresholds are bounded, or so long; while one is, nobody
//! waits in the sense above.
//!
//! An owner reads the clock before it fires. A call that decides by an older reading needs no step of its own:
//! at worst it finds the window closed, and then does no more than a request may.
//!
//! An infinite execution that waits for ever ends up in one strongly connected component of the waiting
//! systems, without disturbances, and visits some part of it again and again. It is fair exactly if each
//! fair action is taken within that part or is impossible somewhere in it; what holds of the part then
//! holds of the whole component, and the whole component can be visited again and again. So there is such
//! an execution exactly if in some component each fair action is taken inside or impossible somewhere.
//! A single system counts as a component, too: there the execution is stuck.
//!
//! With a lease threads die, or stall, which is the same to all others. So nothing is assumed of them but
//! what [`Assumed`] says: either calls go on, or the one owner does. A runner that never finishes holds up
//! nobody for longer than its lease; a lease that never ends is one without a claim, as is a window.
//!
//! The model does not tell threads apart, which loses nothing: while a system waits there is one runner at most
//! and one owner, and they stay the same.

use crate::act::Act;
use crate::canonical;
use crate::configuration::Count;
use crate::exploration::{Explored, SystemStep};
use crate::induction::Proof;
use crate::lease::{self, LeasePhase};
use crate::system::{Operation, System, Thread};
use crate::transitions::NEVER;
use crate::violation::Violation;
use crate::window::{self, Window};
use crate::word::{Deferred, Word};
use petgraph::graph::{DiGraph, NodeIndex};
use petgraph::visit::{Dfs, EdgeRef, Reversed};
use std::collections::HashMap;
use std::fmt::Debug;

pub const WAITS: &str = "G5: nobody waits for ever";
pub const STUCK: &str = "G6: fair actions and a call lead to rest from everywhere";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fair {
    TimePasses,
    RunnerFinishes,
    /// Or looks again, under a lease.
    OwnerFires,
    /// A call arrives with a time.
    CallArrives,
}

/// What is assumed of an execution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Assumed {
    /// Without a lease: a thread that runs finishes, and a thread that owns fires. No thread dies.
    ThreadsGoOn,
    /// With a lease: calls arrive again and again. A thread that owns or runs may die or stall.
    CallsArrive,
    /// With a lease: the owner of the deferral lives, and looks again. A thread that runs may die or stall.
    OwnerLives,
}

impl Assumed {
    fn fair(self) -> &'static [Fair] {
        match self {
            Self::ThreadsGoOn => &[Fair::TimePasses, Fair::RunnerFinishes, Fair::OwnerFires],
            Self::CallsArrive => &[Fair::TimePasses, Fair::CallArrives],
            Self::OwnerLives => &[Fair::TimePasses, Fair::OwnerFires],
        }
    }
}

impl Fair {
    /// Whether it can be taken here.
    #[must_use]
    pub fn is_possible(self, system: &System) -> bool {
        match self {
            Self::TimePasses => !canonical::is_past_every_window(system),
            Self::RunnerFinishes => system.threads.iter().any(|thread| matches!(thread, Thread::Runs { .. })),
            Self::OwnerFires => (0..system.threads.len()).any(|thread| is_awake_owner(system, thread)),
            // One more thread calls if all of these are taken.
            Self::CallArrives => true,
        }
    }

    /// Which one `operation` is here, if it is one.
    #[must_use]
    pub fn of(system: &System, operation: Operation) -> Option<Self> {
        match operation {
            Operation::Clock { to } if to == system.now + 1 => Some(Self::TimePasses),
            Operation::Finish { .. } => Some(Self::RunnerFinishes),
            Operation::Arrive => Some(Self::CallArrives),
            Operation::Fire { thread } | Operation::Look { thread } if is_awake_owner(system, thread) => {
                Some(Self::OwnerFires)
            }
            _ => None,
        }
    }
}

fn is_awake_owner(system: &System, thread: usize) -> bool {
    system.is_owner(thread) && system.is_awake(thread)
}

fn disturbs(system: &System, operation: Operation) -> bool {
    matches!(operation, Operation::Clock { to } if to < system.now)
}

/// Whether some thread waits there for what must come.
#[must_use]
pub fn waits(system: &System) -> bool {
    match system.abstract_word().deferred {
        Deferred::Pending => has_an_end(system),
        Deferred::Cancelled => true,
        Deferred::None | Deferred::Owed => false,
    }
}

/// What was judged.
#[derive(Debug)]
pub struct Judged {
    pub waiting: usize,
    pub components: usize,
}

/// How often what disturbs may happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disturbances {
    FinitelyOften,
    ForEver,
}

/// # Errors
///
/// A component in which a fair execution waits for ever.
pub fn nobody_waits_for_ever(
    explored: &Explored,
    disturbed: Disturbances,
    assumed: Assumed,
) -> Result<Judged, Violation> {
    let mut graph = DiGraph::new();
    let systems = &explored.systems;
    let is_judged = |system| waits(system) && (assumed != Assumed::OwnerLives || has_owner(system));
    let nodes: Vec<_> =
        systems.iter().map(|system| is_judged(system).then(|| graph.add_node(system))).collect();
    for &SystemStep { from, to, operation, .. } in &explored.moves {
        let left_out = disturbed == Disturbances::FinitelyOften && disturbs(&systems[from], operation);
        if let (Some(source), Some(target), false) = (nodes[from], nodes[to], left_out) {
            graph.add_edge(source, target, Fair::of(&systems[from], operation));
        }
    }
    judge(&graph, assumed, Fair::is_possible)
}

fn has_owner(system: &System) -> bool {
    (0..system.threads.len()).any(|thread| system.is_owner(thread))
}

/// The same of the configurations of the proof: for any number of threads, provided that an owner fires
/// again and again, that windows and leases end, and that those which are over do not begin again for ever.
///
/// # Errors
///
/// A component in which a fair execution waits for ever.
pub fn nobody_waits_for_ever_in(
    proof: &Proof,
    disturbed: Disturbances,
    assumed: Assumed,
) -> Result<Judged, Violation> {
    let mut graph = DiGraph::new();
    let mut nodes = HashMap::new();
    for configuration in &proof.configurations {
        let owned = assumed != Assumed::OwnerLives || configuration.deferrals.current != Count::None;
        if configuration.word.deferred.has_owner() && owned {
            nodes.insert(configuration, graph.add_node(configuration));
        }
    }
    for ((before, act), outcomes) in &proof.relation {
        for (_, after) in outcomes {
            let moved = (*act == Act::Surroundings).then_some((before.word, after.word));
            let begins_again = moved.is_some_and(|(was, is)| {
                was.window != Window::Closed && is.window == Window::Closed
                    || was.lease == LeasePhase::Over && is.lease == LeasePhase::Holds
            });
            let left_out = disturbed == Disturbances::FinitelyOften && begins_again;
            if let (Some(source), Some(target), false) = (nodes.get(before), nodes.get(after), left_out) {
                let fair = match act {
                    Act::Surroundings if is_time_passing(before.word, after.word) => Some(Fair::TimePasses),
                    Act::Arrive => Some(Fair::CallArrives),
                    Act::Finish { current: true } => Some(Fair::RunnerFinishes),
                    Act::Fire { current: true } | Act::Look { current: true } => Some(Fair::OwnerFires),
                    _ => None,
                };
                graph.add_edge(*source, *target, fair);
            }
        }
    }
    judge(&graph, assumed, |action, configuration| match action {
        Fair::TimePasses => {
            configuration.word.window == Window::Closed || is_held_up_by_lease(configuration.word)
        }
        Fair::RunnerFinishes => configuration.runs.current != Count::None,
        Fair::OwnerFires => configuration.deferrals.current != Count::None,
        Fair::CallArrives => true,
    })
}

fn is_time_passing(was: Word, is: Word) -> bool {
    let opens = was.window == Window::Closed && is.window == Window::Open;
    opens || is_held_up_by_lease(was) && is.lease == LeasePhase::Over
}

fn is_held_up_by_lease(word: Word) -> bool {
    word.running && word.lease == LeasePhase::Holds
}

/// Looks for a component in which a fair execution can stay.
fn judge<N: Debug>(
    graph: &DiGraph<&N, Option<Fair>>,
    assumed: Assumed,
    is_possible: impl Fn(Fair, &N) -> bool,
) -> Result<Judged, Violation> {
    let components = petgraph::algo::tarjan_scc(graph);
    for component in &components {
        let can_be_left_untaken = |action| {
            component.iter().any(|node| !is_possible(action, graph[*node]))
                || is_taken_within(graph, component, action)
        };
        if assumed.fair().iter().copied().all(can_be_left_untaken) {
            let some: Vec<_> = component.iter().take(3).map(|node| graph[*node]).collect();
            return Err(Violation::of(WAITS, &(component.len(), some)));
        }
    }
    Ok(Judged { waiting: graph.node_count(), components: components.len() })
}

fn is_taken_within<N>(graph: &DiGraph<&N, Option<Fair>>, component: &[NodeIndex], action: Fair) -> bool {
    component.iter().any(|node| {
        let mut taken = graph.edges(*node).filter(|edge| *edge.weight() == Some(action));
        taken.any(|edge| component.contains(&edge.target()))
    })
}

/// Shows that from every system, unless its window or its lease never ends, fair actions and a thread that calls lead
/// to rest: no guard, nothing pending or owed, nobody uncovered. Owners of older epochs fire or look as well.
/// Returns how many are at rest.
///
/// # Errors
///
/// A system from which they do not.
pub fn nothing_is_stuck(explored: &Explored) -> Result<usize, Violation> {
    let systems = &explored.systems;
    let mut graph = DiGraph::new();
    let nodes: Vec<_> = systems.iter().map(|system| graph.add_node(system)).collect();
    for &SystemStep { from, to, operation, .. } in &explored.moves {
        let is_expected = Fair::of(&systems[from], operation).is_some()
            || matches!(operation, Operation::Arrive | Operation::Fire { .. } | Operation::Look { .. });
        if is_expected {
            graph.add_edge(nodes[from], nodes[to], ());
        }
    }
    let backwards = Reversed(&graph);
    let mut search = Dfs::empty(backwards);
    search.stack = nodes.iter().copied().filter(|node| is_at_rest(graph[*node])).collect();
    let at_rest = search.stack.len();
    while search.next(backwards).is_some() {}
    let stuck =
        nodes.iter().find(|node| has_an_end(graph[**node]) && !search.discovered.contains(node.index()));
    match stuck {
        Some(node) => Err(Violation::of(STUCK, graph[*node])),
        None => Ok(at_rest),
    }
}

fn has_an_end(system: &System) -> bool {
    let held_up = system.lease.is_some() && system.state().is_running();
    let lease_ends = !held_up || lease::end(system.last(), system.lease) != NEVER;
    window::end(system.last(), system.threshold) != NEVER && lease_ends
}

fn is_at_rest(system: &System) -> bool {
    let idle = system.threads.iter().all(|thread| *thread == Thread::Idle);
    let word = system.abstract_word();
    idle && !system.uncovered && !word.running && word.deferred == Deferred::None
}
