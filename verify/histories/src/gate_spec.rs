//! The reference model, asked as a `Gate` is asked.

use crate::answer::Answer;
use reference::{Event, Model, Promise, Told};
use stateright::semantics::SequentialSpec;
use std::fmt;

/// One operation of a gate, with its arguments.
#[derive(Clone, Copy, Debug)]
pub enum Operation {
    /// A row of the transition table.
    Event(Event),
    Coalesce,
    State,
    SetThreshold(u64),
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Event(event) => write!(f, "{event:?}"),
            other => write!(f, "{other:?}"),
        }
    }
}

/// What a gate must answer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GateSpec(pub Model);

impl GateSpec {
    #[must_use]
    pub fn new(threshold: u64) -> Self {
        Self(Model::new(threshold))
    }

    fn step(&mut self, event: Event) -> Answer {
        let had_owner = matches!(self.0.promise, Promise::Owned | Promise::TakenBack);
        let told = self.0.step(event);
        let epoch = self.0.latest_start;
        match told {
            Told::Run => Answer::Run { epoch, released_owner: Some(had_owner) },
            Told::Defer(_) | Told::Coalesced | Told::Requested | Told::Owed => Answer::In { told, epoch },
            // A run that finishes sees what it left behind. No guard can get the answer `Ignored`, so a history
            // with one is rejected.
            Told::Finished => Answer::State(self.0),
            told => Answer::Told(told),
        }
    }
}

impl SequentialSpec for GateSpec {
    type Op = Operation;
    type Ret = Answer;

    fn invoke(&mut self, operation: &Operation) -> Answer {
        match *operation {
            Operation::Event(event) => self.step(event),
            Operation::Coalesce if self.0.promise == Promise::Owned => {
                Answer::In { told: Told::Coalesced, epoch: self.0.latest_start }
            }
            Operation::Coalesce => Answer::Told(Told::Nothing),
            Operation::State => Answer::State(self.0),
            Operation::SetThreshold(to) => {
                self.0.threshold = to;
                Answer::Told(Told::Nothing)
            }
        }
    }
}
