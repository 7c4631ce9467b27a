//! A gate in a given state, and threads that use it.

use crate::gate::Gate;
use crate::state::State;
use crate::sync::{self, AtomicU64, Ordering::Relaxed, Planted};
use crate::time::{Threshold, Timestamp};
use axioms::{Judgement, Model, Program};
use std::rc::Rc;

pub const THRESHOLD: Threshold = Threshold::from_nanos(10);
pub const LEADING: Timestamp = Timestamp::from_nanos(1);
pub const INSIDE: Timestamp = Timestamp::from_nanos(2);
pub const DUE: Timestamp = Timestamp::from_nanos(11);
pub const INSIDE_THE_SECOND: Timestamp = Timestamp::from_nanos(12);
pub const DUE_AGAIN: Timestamp = Timestamp::from_nanos(21);

/// The leading run has finished, and nothing is pending.
pub fn led() -> State {
    let (running, _) = State::NEW.arrive(LEADING, THRESHOLD);
    running.finish(running.epoch()).0
}

/// As `led`, and then a call was deferred. Its owner lives.
pub fn pending() -> State {
    led().arrive(INSIDE, THRESHOLD).0
}

/// What the threads share: the gate, and what they write for the run.
pub struct Shared {
    pub gate: Gate,
    data: AtomicU64,
}

impl Shared {
    pub fn write(&self) {
        self.data.store(1, Relaxed);
    }

    pub fn read(&self) -> u64 {
        self.data.load(Relaxed)
    }
}

pub struct Scenario {
    program: Program,
    shared: Rc<Shared>,
    planted: Vec<(usize, Planted)>,
    threads: usize,
}

impl Scenario {
    /// A gate in `state`, with the faults `planted`: each names the number of its thread.
    pub fn new(state: State, planted: &[(usize, Planted)]) -> Self {
        let mut program = Program::new();
        program.spurious_failures(evidence::depth(1, 2));
        let shared = sync::with_atomics_of(&mut program, state.to_word(), || Shared {
            gate: Gate::new(THRESHOLD),
            data: AtomicU64::new(0),
        });
        Self { program, shared: Rc::new(shared), planted: planted.to_vec(), threads: 0 }
    }

    pub fn thread<const N: usize>(&mut self, body: impl Fn(&Shared) -> [u64; N] + 'static) {
        let planted =
            self.planted.iter().find(|(thread, _)| *thread == self.threads).map(|(_, planted)| *planted);
        let shared = Rc::clone(&self.shared);
        self.threads += 1;
        self.program.thread(move |thread| {
            sync::perform(thread, planted, || body(&shared)).expect("nobody sleeps here")
        });
    }

    pub fn judge(&self) -> Judgement {
        self.judge_by(Model::CPP20)
    }

    pub fn judge_by(&self, model: Model) -> Judgement {
        self.program.judge(model)
    }
}
