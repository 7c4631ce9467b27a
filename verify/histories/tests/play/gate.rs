//! Plays scripts on a gate with real threads, and writes down the answers.
//!
//! The test that includes this file chooses the gate: the shipped one, or one with a planted fault.

use crate::gate::{Arrival, Deferral, Fired, Flushed, Gate, Run};
use crate::state::{Abandon, Owe, Refused, Request, State};
use crate::{Threshold, Timestamp};
use histories::answer::{Answer, seen};
use histories::gate_spec::Operation;
use histories::history::History;
use histories::record::{Lane, Moments};
use histories::script::{Plan, Step, Wish};
use reference::{Event, Model, Told};
use std::sync::Barrier;
use std::thread;

/// Plays `plan`. Each thread calls `prepare` first.
pub fn play(plan: &Plan, seed: u64, prepare: impl Fn(u64) + Sync) -> History<Operation, Answer> {
    let gate = Gate::new(Threshold::from_nanos(plan.threshold));
    let moments = Moments::default();
    let start = Barrier::new(plan.scripts.len());
    let follow = |thread: usize, script: &[Step]| {
        let own_seed = seed ^ (thread as u64) << 32;
        prepare(own_seed);
        let mut player = Player::new(&gate, Lane::new(thread, &moments, own_seed));
        start.wait();
        for step in script {
            player.perform(*step);
        }
        player.leave();
        player.lane.into_calls()
    };
    let mut calls = thread::scope(|scope| {
        let follow = &follow;
        let scripts = plan.scripts.iter().enumerate();
        let players: Vec<_> =
            scripts.map(|(thread, script)| scope.spawn(move || follow(thread, script))).collect();
        players.into_iter().flat_map(|player| player.join().expect("a player")).collect::<Vec<_>>()
    });

    // The state that is left when all are done is a part of the history.
    let mut last = Player::new(&gate, Lane::new(plan.scripts.len(), &moments, seed));
    last.perform(Step { wish: Wish::State, now: 0 });
    calls.append(&mut last.lane.into_calls());
    History { seed, threshold: plan.threshold, calls }
}

struct Player<'g, 'h> {
    gate: &'g Gate,
    lane: Lane<'h, Operation, Answer>,
    runs: Vec<Run<'g>>,
    deferrals: Vec<Deferral<'g>>,
}

impl<'g, 'h> Player<'g, 'h> {
    fn new(gate: &'g Gate, lane: Lane<'h, Operation, Answer>) -> Self {
        Self { gate, lane, runs: Vec::new(), deferrals: Vec::new() }
    }

    fn perform(&mut self, Step { wish, now }: Step) {
        match wish {
            Wish::Arrive => self.arrive(now),
            Wish::ArriveBy { patience } => self.arrive_by(now, now + patience),
            Wish::Coalesce => self.coalesce(),
            Wish::Request => self.request(),
            Wish::Owe => self.owe(),
            Wish::TryStart => self.try_start(now),
            Wish::Fire => match self.deferrals.pop() {
                Some(deferral) => self.fire(deferral, now),
                None => self.arrive(now),
            },
            Wish::Abandon => match self.deferrals.pop() {
                Some(deferral) => self.abandon(deferral),
                None => self.coalesce(),
            },
            Wish::Cancel => {
                let called = self.lane.begins();
                let told = if self.gate.cancel() { Told::Yes } else { Told::No };
                self.lane.ended(called, Operation::Event(Event::Cancel), Answer::Told(told));
            }
            Wish::Flush => self.flush(now),
            Wish::Finish => match self.runs.pop() {
                Some(run) => self.finish(run),
                None => self.state(),
            },
            Wish::State => self.state(),
            Wish::SetThreshold { to } => {
                let called = self.lane.begins();
                self.gate.set_threshold(Threshold::from_nanos(to));
                self.lane.ended(called, Operation::SetThreshold(to), Answer::Told(Told::Nothing));
            }
        }
    }

    /// Gives up every guard, so that dropping them moves nothing that is not in the history.
    fn leave(&mut self) {
        while let Some(run) = self.runs.pop() {
            self.finish(run);
        }
        while let Some(deferral) = self.deferrals.pop() {
            self.abandon(deferral);
        }
    }

    fn arrive(&mut self, now: u64) {
        let called = self.lane.begins();
        let arrival = self.gate.arrive(at(now));
        let answer = self.arrived(arrival);
        self.lane.ended(called, Operation::Event(Event::Arrive { now }), answer);
    }

    fn arrive_by(&mut self, now: u64, latest: u64) {
        let called = self.lane.begins();
        let answer = match self.gate.arrive_by(at(now), at(latest)) {
            Ok(arrival) => self.arrived(arrival),
            Err(refusal) => refused(refusal),
        };
        self.lane.ended(called, Operation::Event(Event::ArriveBy { now, latest }), answer);
    }

    fn coalesce(&mut self) {
        let called = self.lane.begins();
        let answer = match self.gate.coalesce() {
            Some(epoch) => Answer::In { told: Told::Coalesced, epoch: epoch.as_u64() },
            None => Answer::Told(Told::Nothing),
        };
        self.lane.ended(called, Operation::Coalesce, answer);
    }

    fn request(&mut self) {
        let called = self.lane.begins();
        let (request, epoch) = self.gate.request();
        let told = match request {
            Request::Requested => {
                self.deferrals.push(self.gate.claim(epoch));
                Told::Requested
            }
            Request::Coalesced => Told::Coalesced,
        };
        let answer = Answer::In { told, epoch: epoch.as_u64() };
        self.lane.ended(called, Operation::Event(Event::Request), answer);
    }

    fn owe(&mut self) {
        let called = self.lane.begins();
        let (owe, epoch) = self.gate.owe();
        let told = match owe {
            Owe::Owed => Told::Owed,
            Owe::Coalesced => Told::Coalesced,
        };
        let answer = Answer::In { told, epoch: epoch.as_u64() };
        self.lane.ended(called, Operation::Event(Event::Owe), answer);
    }

    fn try_start(&mut self, now: u64) {
        let called = self.lane.begins();
        let answer = match self.gate.try_start(at(now)) {
            Ok(run) => self.started(run),
            Err(refusal) => refused(refusal),
        };
        self.lane.ended(called, Operation::Event(Event::TryStart { now }), answer);
    }

    fn fire(&mut self, deferral: Deferral<'g>, now: u64) {
        let epoch = deferral.epoch().as_u64();
        let called = self.lane.begins();
        let answer = match deferral.fire(at(now)) {
            Fired::Run(run) => self.started(run),
            Fired::Gone => Answer::Told(Told::Gone),
            Fired::Cancelled => Answer::Told(Told::Cancelled),
            Fired::Busy(deferral) => {
                self.deferrals.push(deferral);
                Answer::Told(Told::Busy)
            }
            Fired::Early { deferral, due } => {
                self.deferrals.push(deferral);
                Answer::Told(Told::Early(due.as_nanos()))
            }
        };
        self.lane.ended(called, Operation::Event(Event::Fire { epoch, now }), answer);
    }

    fn abandon(&mut self, deferral: Deferral<'g>) {
        let epoch = deferral.epoch().as_u64();
        let called = self.lane.begins();
        let answer = match deferral.abandon() {
            Abandon::Owed => Answer::In { told: Told::Owed, epoch },
            Abandon::Cancelled => Answer::Told(Told::Cancelled),
            Abandon::Gone => Answer::Told(Told::Gone),
        };
        self.lane.ended(called, Operation::Event(Event::Abandon { epoch }), answer);
    }

    fn flush(&mut self, now: u64) {
        let called = self.lane.begins();
        let answer = match self.gate.flush(at(now)) {
            Flushed::Run(run) => self.started(run),
            Flushed::Busy => Answer::Told(Told::Busy),
            Flushed::Nothing => Answer::Told(Told::Nothing),
        };
        self.lane.ended(called, Operation::Event(Event::Flush { now }), answer);
    }

    fn finish(&mut self, run: Run<'g>) {
        let epoch = run.epoch().as_u64();
        let called = self.lane.begins();
        let left = run.finish();
        let answer = Answer::State(self.seen(left));
        self.lane.ended(called, Operation::Event(Event::Finish { epoch }), answer);
    }

    fn state(&mut self) {
        let called = self.lane.begins();
        let state = self.gate.state();
        let answer = Answer::State(self.seen(state));
        self.lane.ended(called, Operation::State, answer);
    }

    fn arrived(&mut self, arrival: Arrival<'g>) -> Answer {
        match arrival {
            Arrival::Run(run) => self.started(run),
            Arrival::Defer(deferral) => {
                let told = Told::Defer(deferral.due().as_nanos());
                let epoch = deferral.epoch().as_u64();
                self.deferrals.push(deferral);
                Answer::In { told, epoch }
            }
            Arrival::Coalesced(epoch) => Answer::In { told: Told::Coalesced, epoch: epoch.as_u64() },
        }
    }

    fn started(&mut self, run: Run<'g>) -> Answer {
        let (epoch, released_owner) = (run.epoch().as_u64(), Some(run.released_owner()));
        self.runs.push(run);
        Answer::Run { epoch, released_owner }
    }

    /// The state in the words of the model.
    fn seen(&self, state: State) -> Model {
        seen(state.to_word(), self.gate.threshold().as_nanos())
    }
}

fn at(nanos: u64) -> Timestamp {
    Timestamp::from_nanos(nanos)
}

fn refused(refused: Refused) -> Answer {
    Answer::Told(match refused {
        Refused::Closed { retry_at, .. } => Told::Closed(retry_at.as_nanos()),
        Refused::Running => Told::Running,
        #[allow(unreachable_patterns, reason = "non-exhaustive in the shipped crate, not in its sources")]
        other => panic!("a refusal that the table does not know: {other:?}"),
    })
}
