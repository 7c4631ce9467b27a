//! The reference model, asked as a `Throttle` is asked, decision by decision.
//!
//! A call of `run` is not a single point in time: it decides, may wait, decides again, and its run ends. But it
//! reads the clock before each decision that needs the time, and calls the function after the last of them.
//! Both are the caller's own code, so the moments of both are known. They show between which moments each
//! decision was made:
//!
//! | between | decision |
//! |---|---|
//! | the call and the first reading | `Coalesce` |
//! | the first reading and the next moment | `arrive`, `arrive_by`, `try_start`, `flush` |
//! | a later reading and the next moment | `Turn`, of the owner that waits |
//! | the end of the function and the return | `finish`, or `Panic` if it ended by one |
//!
//! The *next moment* is the next reading, the beginning of the function, or the return. Each decision is
//! then one operation on the model, with the time that the clock had returned.

use crate::answer::Answer;
use reference::{Event, Model, Promise, Told};
use stateright::semantics::SequentialSpec;
use std::fmt;

/// The limit of a call that has none.
pub const NO_LIMIT: u64 = u64::MAX;

/// No call ever gets this answer, so a history is rejected if a call waited beyond its limit, or left before
/// it.
const TOO_LATE: Answer = Answer::Told(Told::Ignored);
const TOO_EARLY: Answer = Answer::Told(Told::Ignored);

/// How many threads a history may have.
pub const THREADS: usize = 5;

/// One decision of a call.
#[derive(Clone, Copy, Debug)]
pub struct Decision {
    pub thread: usize,
    pub asked: Asked,
}

/// What was to be decided.
#[derive(Clone, Copy, Debug)]
pub enum Asked {
    /// A row of the transition table.
    Event(Event),
    /// Whether the pending run covers the call.
    Coalesce,
    /// Whether it is the turn of this thread's deferral. At its limit the call waits no longer.
    Turn {
        now: u64,
        limit: u64,
    },
    /// The limit of this thread's call has passed: it gives up its deferral.
    Leave {
        now: u64,
        limit: u64,
    },
    /// Whether the run that covers a call coalesced in this epoch has finished.
    Look {
        epoch: u64,
    },
    State,
    /// The run of this epoch ends by a panic.
    Panic {
        epoch: u64,
    },
}

impl fmt::Display for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.asked {
            Asked::Event(event) => write!(f, "{event:?}"),
            asked => write!(f, "{asked:?}"),
        }
    }
}

/// What a throttle must answer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ThrottleSpec {
    model: Model,
    /// The epoch of the latest deferral that each thread owned.
    owned: [u64; THREADS],
}

impl ThrottleSpec {
    #[must_use]
    pub fn new(threshold: u64) -> Self {
        Self { model: Model::new(threshold), owned: [0; THREADS] }
    }

    fn step(&mut self, thread: usize, event: Event) -> Answer {
        let told = self.model.step(event);
        let epoch = self.model.latest_start;
        match told {
            Told::Run => Answer::Run { epoch, released_owner: None },
            Told::Coalesced => Answer::In { told, epoch },
            Told::Defer(_) => {
                self.owned[thread] = epoch;
                Answer::Waits
            }
            Told::Busy | Told::Early(_) if matches!(event, Event::Fire { .. }) => Answer::Waits,
            // A released owner gets a handle.
            Told::Gone => Answer::In { told, epoch: self.owned[thread] },
            told => Answer::Told(told),
        }
    }

    fn look(&self, epoch: u64) -> Answer {
        if self.model.latest_start > epoch {
            return if self.model.in_progress { Answer::Waits } else { Answer::Told(Told::Finished) };
        }
        match self.model.promise {
            Promise::Owned => Answer::Waits,
            Promise::Orphaned => Answer::Told(Told::Owed),
            Promise::Nothing | Promise::TakenBack => Answer::Told(Told::Cancelled),
        }
    }
}

impl SequentialSpec for ThrottleSpec {
    type Op = Decision;
    type Ret = Answer;

    fn invoke(&mut self, &Decision { thread, asked }: &Decision) -> Answer {
        let epoch = self.owned[thread];
        match asked {
            Asked::Event(event) => self.step(thread, event),
            Asked::Turn { now, limit } => match self.step(thread, Event::Fire { epoch, now }) {
                Answer::Waits if now >= limit => TOO_LATE,
                answer => answer,
            },
            Asked::Leave { now, limit } if now < limit => TOO_EARLY,
            Asked::Leave { .. } => self.step(thread, Event::Abandon { epoch }),
            Asked::Panic { epoch } => self.step(thread, Event::Finish { epoch }),
            Asked::Look { epoch } => self.look(epoch),
            Asked::State => Answer::State(self.model),
            Asked::Coalesce if self.model.promise == Promise::Owned => {
                Answer::In { told: Told::Coalesced, epoch: self.model.latest_start }
            }
            Asked::Coalesce => Answer::Told(Told::Nothing),
        }
    }
}
