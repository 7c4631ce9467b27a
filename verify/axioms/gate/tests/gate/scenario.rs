//! A gate in a given state, and threads that use it.

use crate::recorded::{self, Locations, Planted, Recorder};
use atomic_throttle::gate::Gate;
use atomic_throttle::{State, Threshold, Timestamp};
use axioms::Order::Relaxed;
use axioms::{Judgement, Location, Model, Program};
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

/// What the threads share, as one of them uses it: the gate, and what they write for the run.
pub struct Shared<'t> {
    pub gate: &'t Gate,
    data: Location,
    recorder: &'t Recorder,
}

impl Shared<'_> {
    pub fn write(&self) {
        self.recorder.store(self.data, 1, Relaxed);
    }

    pub fn read(&self) -> u64 {
        self.recorder.load(self.data, Relaxed)
    }
}

/// A gate, and the locations that it is in a program that begins with it in `state`.
pub fn gate(program: &mut Program, state: State) -> (Rc<Gate>, Locations) {
    let gate = Rc::new(Gate::new(THRESHOLD));
    let looks = || _ = (gate.state(), gate.threshold());
    let locations = recorded::locations(program, state.to_word(), looks);
    (gate, locations)
}

pub struct Scenario {
    program: Program,
    gate: Rc<Gate>,
    locations: Locations,
    data: Location,
    planted: Vec<(usize, Planted)>,
    threads: usize,
}

impl Scenario {
    /// A gate in `state`, with the faults `planted`: each names the number of its thread.
    pub fn new(state: State, planted: &[(usize, Planted)]) -> Self {
        let mut program = Program::new();
        program.spurious_failures(evidence::depth(1, 2));
        let (gate, locations) = gate(&mut program, state);
        let data = program.location(0);
        Self { program, gate, locations, data, planted: planted.to_vec(), threads: 0 }
    }

    pub fn thread<const N: usize>(&mut self, body: impl Fn(&Shared<'_>) -> [u64; N] + 'static) {
        let planted =
            self.planted.iter().find(|(thread, _)| *thread == self.threads).map(|(_, planted)| *planted);
        let (gate, locations, data) = (Rc::clone(&self.gate), self.locations.clone(), self.data);
        self.threads += 1;
        self.program.thread(move |thread| {
            let returned = recorded::perform(thread, &locations, planted, |recorder| {
                body(&Shared { gate: &gate, data, recorder })
            });
            returned.expect("nobody sleeps here")
        });
    }

    pub fn judge(&self) -> Judgement {
        self.judge_by(Model::CPP20)
    }

    pub fn judge_by(&self, model: Model) -> Judgement {
        self.program.judge(model)
    }

    pub fn into_program(self) -> Program {
        self.program
    }
}
