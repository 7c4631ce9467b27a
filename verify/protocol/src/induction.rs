//! The proof: from every configuration that holds the invariants, every act leads to one that does.
//!
//! It is an induction over the steps of any execution, so it holds for any number of threads, of guards and of
//! steps, and for any threshold. Each step is the shipped transition, taken on representatives of the
//! configuration in concrete numbers. The representatives must agree in their answers and in what they become;
//! [`link`](crate::link) shows that other numbers agree as well.

use crate::act::Act;
use crate::configuration::Configuration;
use crate::lease::World;
use crate::link::Table;
use crate::representatives::{self, Older, sizes, times};
use crate::system::System;
use crate::transitions::{Told, Transitions, kind};
use crate::violation::Violation;
use std::collections::HashMap;

pub const INITIAL: &str = "the initial configuration holds the invariants";
pub const AGREE: &str = "all representatives of a configuration agree";

/// The result of the proof.
pub type StepResult = (Told, Configuration);

/// Each configuration that holds the invariants, with each act that is possible in it.
pub struct Proof {
    pub configurations: Vec<Configuration>,
    pub relation: HashMap<(Configuration, Act), Vec<StepResult>>,
    /// Transitions taken on representatives.
    pub steps: usize,
}

impl Proof {
    /// Whether the proof has taken this step.
    #[must_use]
    pub fn knows(&self, from: &System, act: Act, told: Told, to: &System) -> bool {
        let outcome = (kind(told), Configuration::of(to));
        self.relation.get(&(Configuration::of(from), act)).is_some_and(|known| known.contains(&outcome))
    }
}

/// # Errors
///
/// The first invariant or promise that does not hold.
pub fn prove(transitions: &Transitions, world: World) -> Result<Proof, Violation> {
    let lease = (world == World::WithLease).then_some(1);
    let initial = Configuration::of(&System::new(1, 1, lease));
    if initial.violated().is_some() {
        return Err(Violation::of(INITIAL, &initial));
    }
    let table = Table::of(transitions, world);
    let configurations: Vec<_> =
        Configuration::all(world).filter(|configuration| configuration.violated().is_none()).collect();
    let mut proof = Proof { configurations, relation: HashMap::new(), steps: 0 };
    for configuration in proof.configurations.clone() {
        let times = times(configuration.word.window, configuration.word.lease);
        for older in older(&configuration) {
            let mut agreed = HashMap::new();
            for &times in &times {
                if let Some(system) = representatives::with_guards(&configuration, times, older) {
                    proof.take_steps(transitions, &table, &system, &mut agreed)?;
                }
            }
        }
    }
    Ok(proof)
}

/// How many guards of older epochs stand for those of the configuration.
fn older(configuration: &Configuration) -> impl Iterator<Item = Older> {
    let (runs, deferrals) = (sizes(configuration.runs.older), sizes(configuration.deferrals.older));
    runs.iter().flat_map(|&runs| deferrals.iter().map(move |&deferrals| Older { runs, deferrals }))
}

impl Proof {
    fn take_steps(
        &mut self,
        transitions: &Transitions,
        table: &Table,
        system: &System,
        agreed: &mut HashMap<Act, StepResult>,
    ) -> Result<(), Violation> {
        let before = Configuration::of(system);
        for operation in system.operations(&representatives::surroundings(system)) {
            let Some((next, told)) = system.perform(transitions, operation)? else { continue };
            let after = Configuration::of(&next);
            let case = (system, operation, told, &next);
            if let Some(rule) = after.violated() {
                return Err(Violation::of(rule, &case));
            }
            let (act, outcome) = (system.act(operation), (kind(told), after));
            if act != Act::Surroundings {
                let same = *agreed.entry(act).or_insert(outcome) == outcome;
                if !same || !table.agrees(before.word, act, (outcome.0, after.word)) {
                    return Err(Violation::of(AGREE, &case));
                }
            }
            let known = self.relation.entry((before, act)).or_default();
            if !known.contains(&outcome) {
                known.push(outcome);
            }
            self.steps += 1;
        }
        Ok(())
    }
}
