//! What a program may do.

use crate::axioms;
use crate::execution::Execution;
use crate::model::Model;
use std::collections::BTreeMap;

/// How one execution ended.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FinalState {
    /// What each thread returned.
    pub threads: Vec<Vec<u64>>,
    /// The last value of each location.
    pub memory: Vec<u64>,
}

/// All executions of a program that a model allows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Judgement {
    /// How many end with each outcome.
    pub outcomes: BTreeMap<FinalState, usize>,
    /// How many there are.
    pub executions: usize,
    /// In how many of them accesses to plain memory race.
    pub racing: usize,
}

impl Judgement {
    /// In how many executions `is_so`.
    pub fn count(&self, is_so: impl Fn(&FinalState) -> bool) -> usize {
        self.outcomes.iter().filter(|(outcome, _)| is_so(outcome)).map(|(_, executions)| executions).sum()
    }

    pub(crate) fn add(&mut self, model: Model, execution: &Execution, threads: Vec<Vec<u64>>) {
        self.executions += 1;
        self.racing += usize::from(axioms::has_race(model, execution));
        *self.outcomes.entry(FinalState { threads, memory: execution.memory() }).or_default() += 1;
    }
}
