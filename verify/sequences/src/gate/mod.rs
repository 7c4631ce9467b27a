//! Sequences of operations on a real `Gate`, with the guards as real values, checked step by step
//! against the model and against the guarantees.

mod op;
pub mod subject;

use self::op::Op;

use atomic_throttle::gate::{Arrival, Deferral, Fired, Flushed, Gate, Run};
use atomic_throttle::state::{Abandon, Owe, Refused, Request};
use atomic_throttle::{Clock, Epoch, Manual, Threshold, Timestamp};
use reference::planted::{Fault, Judge};
use reference::reached::Reached;
use reference::{Event, MAX, Model, Promise, Told};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::time::Duration;

/// The thread that starts a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// The owner of the deferral.
    Owner,
    /// A thread that flushes it.
    Flush,
    /// Another call.
    Call,
}

/// Plays `operations` on a gate and on the model. Panics where they differ or a guarantee breaks.
pub fn play(fault: Option<Fault>, threshold: u64, operations: impl IntoIterator<Item = Op>) -> Reached {
    let gate = Gate::new(Threshold::from_nanos(threshold));
    let mut play = Play {
        gate: &gate,
        judge: Judge::new(Model::new(threshold.min(MAX)), fault),
        clock: Manual::new(Timestamp::ZERO),
        now: 0,
        run: None,
        deferrals: Vec::new(),
        uncovered: 0,
        reached: Reached::default(),
    };
    for operation in operations {
        play.perform(operation);
        play.check_invariants();
        play.reached.count("operation");
    }
    play.reached
}

struct Play<'g> {
    gate: &'g Gate,
    judge: Judge,
    clock: Manual,
    /// What the clock must read.
    now: u64,
    run: Option<Run<'g>>,
    deferrals: Vec<Deferral<'g>>,
    /// Ghost: calls that were promised a run which has not started yet.
    uncovered: u64,
    reached: Reached,
}

impl<'g> Play<'g> {
    fn perform(&mut self, operation: Op) {
        let now = self.clock.now();
        assert_eq!(now.as_nanos(), self.now);
        match operation {
            Op::Coalesce => {
                let pending = self.judge.model.promise == Promise::Owned;
                let epoch = self.gate.coalesce();
                assert_eq!(epoch.map(Epoch::as_u64), pending.then_some(self.judge.model.latest_start));
                if pending {
                    self.promised("coalesced");
                }
            }
            Op::Arrive => {
                let before = self.judge.model;
                let expected = self.judge.step(Event::Arrive { now: self.now });
                let arrival = self.gate.arrive(now);
                self.arrived(arrival, expected, before);
            }
            Op::ArriveBy { patience } => {
                let latest = now.as_nanos().saturating_add(patience).min(MAX);
                let before = self.judge.model;
                let expected = self.judge.step(Event::ArriveBy { now: self.now, latest });
                match self.gate.arrive_by(now, Timestamp::from_nanos(latest)) {
                    Ok(arrival) => self.arrived(arrival, expected, before),
                    Err(Refused::Closed { retry_at, refused_at }) => {
                        assert_eq!((Told::Closed(retry_at.as_nanos()), refused_at), (expected, now));
                    }
                    Err(other) => panic!("{other:?}, expected {expected:?}"),
                }
            }
            Op::Request => {
                let expected = self.judge.step(Event::Request);
                let (request, epoch) = self.gate.request();
                match request {
                    Request::Requested => {
                        assert_eq!(Told::Requested, expected);
                        self.deferrals.push(self.gate.claim(epoch));
                        self.promised("deferred");
                    }
                    Request::Coalesced => {
                        assert_eq!(Told::Coalesced, expected);
                        self.promised("coalesced");
                    }
                }
            }
            Op::Owe => {
                let expected = self.judge.step(Event::Owe);
                let told = match self.gate.owe() {
                    (Owe::Owed, _) => Told::Owed,
                    (Owe::Coalesced, _) => Told::Coalesced,
                };
                assert_eq!(told, expected);
                self.promised(if told == Told::Owed { "owed" } else { "coalesced" });
            }
            Op::TryStart => self.try_start(now),
            Op::Fire { which } => self.fire(which),
            Op::Abandon { which } => self.abandon(which),
            Op::PanicOwner { which } => {
                let Some(deferral) = self.take_deferral(which) else { return };
                self.judge.step(Event::Abandon { epoch: deferral.epoch().as_u64() });
                unwind_over(deferral);
            }
            Op::Cancel => {
                let expected = self.judge.step(Event::Cancel);
                let cancelled = self.gate.cancel();
                assert_eq!(if cancelled { Told::Yes } else { Told::No }, expected);
                if cancelled {
                    self.uncovered = 0;
                    self.reached.count("cancelled");
                }
            }
            Op::Flush => self.flush(now),
            Op::Finish => {
                let Some(run) = self.run.take() else { return };
                self.judge.step(Event::Finish { epoch: run.epoch().as_u64() });
                let left = run.finish();
                assert_eq!(left, self.gate.state());
            }
            Op::PanicRun => {
                let Some(run) = self.run.take() else { return };
                self.judge.step(Event::Finish { epoch: run.epoch().as_u64() });
                unwind_over(run);
            }
            Op::Advance { by } => {
                self.now = self.now.saturating_add(by).min(MAX);
                self.clock.advance(Duration::from_nanos(by));
            }
            Op::GoBack { by } => {
                self.now = self.now.saturating_sub(by);
                self.clock.go_back(Duration::from_nanos(by));
            }
            Op::Jump { to } => {
                self.now = to.min(MAX);
                self.clock.set(Timestamp::from_nanos(to));
            }
            Op::SetThreshold { to } => {
                self.judge.model.threshold = to.min(MAX);
                self.gate.set_threshold(Threshold::from_nanos(to));
            }
        }
    }

    fn try_start(&mut self, now: Timestamp) {
        let before = self.judge.model;
        let expected = self.judge.step(Event::TryStart { now: self.now });
        match self.gate.try_start(now) {
            Ok(run) => self.started(run, expected, before, By::Call),
            Err(Refused::Closed { retry_at, refused_at }) => {
                assert_eq!((Told::Closed(retry_at.as_nanos()), refused_at), (expected, now));
            }
            Err(_) => assert_eq!(Told::Running, expected),
        }
    }

    fn flush(&mut self, now: Timestamp) {
        let before = self.judge.model;
        let expected = self.judge.step(Event::Flush { now: self.now });
        match self.gate.flush(now) {
            Flushed::Run(run) => self.started(run, expected, before, By::Flush),
            Flushed::Busy => assert_eq!(Told::Busy, expected),
            Flushed::Nothing => assert_eq!(Told::Nothing, expected),
        }
    }

    fn fire(&mut self, which: usize) {
        let Some(deferral) = self.take_deferral(which) else { return };
        let before = self.judge.model;
        let epoch = deferral.epoch().as_u64();
        let expected = self.judge.step(Event::Fire { epoch, now: self.now });
        match deferral.fire(self.clock.now()) {
            Fired::Run(run) => self.started(run, expected, before, By::Owner),
            Fired::Gone => assert_eq!(Told::Gone, expected),
            Fired::Cancelled => assert_eq!(Told::Cancelled, expected),
            Fired::Busy(deferral) => {
                assert_eq!(Told::Busy, expected);
                self.deferrals.push(deferral);
            }
            Fired::Early { deferral, due } => {
                assert_eq!(Told::Early(due.as_nanos()), expected);
                assert_eq!(deferral.due(), due);
                self.deferrals.push(deferral);
            }
        }
    }

    fn abandon(&mut self, which: usize) {
        let Some(deferral) = self.take_deferral(which) else { return };
        let expected = self.judge.step(Event::Abandon { epoch: deferral.epoch().as_u64() });
        let told = match deferral.abandon() {
            Abandon::Owed => Told::Owed,
            Abandon::Cancelled => Told::Cancelled,
            Abandon::Gone => Told::Gone,
        };
        assert_eq!(told, expected);
        if told == Told::Owed {
            self.reached.count("owed");
        }
    }

    fn arrived(&mut self, arrival: Arrival<'g>, expected: Told, before: Model) {
        match arrival {
            Arrival::Run(run) => self.started(run, expected, before, By::Call),
            Arrival::Defer(deferral) => {
                let told = Told::Defer(deferral.due().as_nanos());
                assert_eq!(told, expected);
                let deferral = self.gate.claim(deferral.detach());
                assert_eq!(Told::Defer(deferral.due().as_nanos()), expected);
                assert_eq!(deferral.epoch().as_u64(), self.judge.model.latest_start);
                self.deferrals.push(deferral);
                self.promised("deferred");
            }
            Arrival::Coalesced(epoch) => {
                assert_eq!(Told::Coalesced, expected);
                assert_eq!(epoch.as_u64(), self.judge.model.latest_start);
                self.promised("coalesced");
            }
        }
    }

    fn started(&mut self, run: Run<'g>, expected: Told, before: Model, by: By) {
        assert_eq!(Told::Run, expected);
        let had_owner = matches!(before.promise, Promise::Owned | Promise::TakenBack);
        let facts = (self.judge.model.latest_start, had_owner, matches!(before.promise, Promise::Orphaned));
        assert_eq!(told_by(&run), facts);
        // Given up and taken up again, it is the same run.
        let run = self.gate.resume(run.detach());
        assert_eq!(told_by(&run), facts, "a guard tells the same of a run that was detached");
        let gap = u128::from(run.epoch().as_u64()) - u128::from(before.latest_start);
        let spaced = before.latest_start == 0 || gap >= u128::from(before.threshold);
        assert!(spaced || by == By::Flush, "G1: {gap} ns after the start before it");
        assert!(self.run.is_none(), "G2: two runs at once");
        self.run = Some(run);
        self.uncovered = 0;
        self.reached.count("run");
        if had_owner && by != By::Owner {
            self.reached.count("taken over");
        }
    }

    fn promised(&mut self, what: &'static str) {
        self.uncovered += 1;
        self.reached.count(what);
    }

    fn take_deferral(&mut self, which: usize) -> Option<Deferral<'g>> {
        let count = self.deferrals.len();
        (count > 0).then(|| self.deferrals.swap_remove(which % count))
    }

    fn check_invariants(&self) {
        let state = self.gate.state();
        let model = reference::shipped::decode(state, self.gate.threshold());
        assert_eq!(model, self.judge.model);
        assert_eq!(state.is_running(), self.run.is_some(), "r = 1 exactly when one `Run` lives");
        let owners = self.deferrals.iter().filter(|deferral| deferral.epoch() == state.epoch()).count();
        assert_eq!(owners, usize::from(state.has_owner()), "G4: one owner exactly when one is due");
        if self.uncovered > 0 {
            assert!(state.is_pending() || state.is_owed(), "G3: {} calls are lost", self.uncovered);
        }
    }
}

/// All that the guard of a run tells of it: its epoch, and what it replaced.
pub fn told_by(run: &Run<'_>) -> (u64, bool, bool) {
    (run.epoch().as_u64(), run.released_owner(), run.adopted())
}

/// Drops `guard` while a panic unwinds over it. The panic hook is not called.
pub fn unwind_over<G>(guard: G) {
    let unwound = catch_unwind(AssertUnwindSafe(move || {
        let _guard = guard;
        resume_unwind(Box::new("on purpose"));
    }));
    assert!(unwound.is_err());
}
