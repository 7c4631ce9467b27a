//! Interleavings of several threads on one `Gate`. Each thread holds its own guards and its own reading of the
//! clock, which may be old when it decides. The threads are values and take turns, so that each order of their
//! steps can be chosen; loom has what happens within a step.

pub mod step;
pub mod subject;

use self::step::{Deed, Step};
use crate::gate::{By, told_by, unwind_over};
use atomic_throttle::gate::{Arrival, Deferral, Fired, Flushed, Gate, Run};
use atomic_throttle::state::{Abandon, Owe, Refused, Request};
use atomic_throttle::{Epoch, Threshold, Timestamp};
use reference::planted::{Fault, Judge};
use reference::reached::Reached;
use reference::{Event, MAX, Model, Promise, Told, shipped};

#[derive(Default)]
struct Thread<'g> {
    reading: u64,
    run: Option<Run<'g>>,
    deferrals: Vec<Deferral<'g>>,
    /// Ghost: the number of its latest call, written before it decides.
    wrote: u64,
}

/// Ghost: a call that was promised a run which has not started yet.
#[derive(Debug)]
struct Call {
    who: usize,
    number: u64,
    /// The first run with a greater epoch covers it.
    epoch: u64,
}

/// Plays `steps` of `count` threads on a gate and on the model. Panics where they differ or a guarantee
/// breaks.
pub fn play(
    fault: Option<Fault>,
    threshold: u64,
    count: usize,
    steps: impl IntoIterator<Item = Step>,
) -> Reached {
    let gate = Gate::new(Threshold::from_nanos(threshold));
    let mut play = Play {
        gate: &gate,
        judge: Judge::new(Model::new(threshold.min(MAX)), fault),
        now: 0,
        threads: (0..count).map(|_| Thread::default()).collect(),
        requested: Vec::new(),
        calls: 0,
        uncovered: Vec::new(),
        reached: Reached::default(),
    };
    for Step { who, deed } in steps {
        play.perform(who % count, deed);
        play.check_invariants();
        play.reached.count("step");
    }
    play.finish();
    play.reached.add(&play.judge.edges);
    play.reached
}

struct Play<'g> {
    gate: &'g Gate,
    judge: Judge,
    now: u64,
    threads: Vec<Thread<'g>>,
    /// Deferrals that were requested and not yet claimed: their owner is the thread that will claim them.
    requested: Vec<Epoch>,
    calls: u64,
    uncovered: Vec<Call>,
    reached: Reached,
}

impl<'g> Play<'g> {
    fn perform(&mut self, who: usize, deed: Deed) {
        let now = self.threads[who].reading;
        match deed {
            Deed::ReadClock => self.threads[who].reading = self.now,
            Deed::Coalesce => {
                self.write(who);
                let pending = self.judge.model.promise == Promise::Owned;
                let epoch = self.gate.coalesce().map(Epoch::as_u64);
                assert_eq!(epoch, pending.then_some(self.judge.model.latest_start));
                if pending {
                    self.promised(who, "coalesced");
                }
            }
            Deed::Arrive => {
                self.write(who);
                let before = self.judge.model;
                let expected = self.judge.step(Event::Arrive { now });
                let arrival = self.gate.arrive(Timestamp::from_nanos(now));
                self.arrived(who, arrival, expected, before);
            }
            Deed::ArriveBy { patience } => self.arrive_by(who, now.saturating_add(patience).min(MAX)),
            Deed::Request => {
                self.write(who);
                let expected = self.judge.step(Event::Request);
                match self.gate.request() {
                    (Request::Requested, epoch) => {
                        assert_eq!(expected, Told::Requested);
                        self.requested.push(epoch);
                        self.promised(who, "requested");
                    }
                    (Request::Coalesced, _) => {
                        assert_eq!(expected, Told::Coalesced);
                        self.promised(who, "coalesced");
                    }
                }
            }
            Deed::Claim => {
                let claimed = self.requested.pop().map(|epoch| self.gate.claim(epoch));
                self.threads[who].deferrals.extend(claimed);
            }
            Deed::Owe => {
                self.write(who);
                let expected = self.judge.step(Event::Owe);
                let (owe, _) = self.gate.owe();
                assert_eq!(if owe == Owe::Owed { Told::Owed } else { Told::Coalesced }, expected);
                self.promised(who, if owe == Owe::Owed { "owed" } else { "coalesced" });
            }
            Deed::TryStart => {
                let before = self.judge.model;
                let expected = self.judge.step(Event::TryStart { now });
                match self.gate.try_start(Timestamp::from_nanos(now)) {
                    Ok(run) => self.started(who, run, expected, before, By::Call),
                    Err(refused) => self.refused(refused, expected),
                }
            }
            Deed::Fire { which } => self.fire(who, which),
            Deed::Abandon { which } => {
                let Some(deferral) = self.take_deferral(who, which) else { return };
                let expected = self.abandoned(&deferral);
                let told = match deferral.abandon() {
                    Abandon::Owed => Told::Owed,
                    Abandon::Cancelled => Told::Cancelled,
                    Abandon::Gone => Told::Gone,
                };
                assert_eq!(told, expected);
            }
            Deed::Cancel => {
                let expected = self.judge.step(Event::Cancel);
                let cancelled = self.gate.cancel();
                assert_eq!(if cancelled { Told::Yes } else { Told::No }, expected);
                if cancelled {
                    self.uncovered.clear();
                    self.reached.count("cancelled");
                }
            }
            Deed::Flush => {
                let before = self.judge.model;
                let expected = self.judge.step(Event::Flush { now });
                match self.gate.flush(Timestamp::from_nanos(now)) {
                    Flushed::Run(run) => self.started(who, run, expected, before, By::Flush),
                    Flushed::Busy => assert_eq!(Told::Busy, expected),
                    Flushed::Nothing => assert_eq!(Told::Nothing, expected),
                }
            }
            Deed::Finish => {
                let Some(run) = self.threads[who].run.take() else { return };
                self.finished(&run);
                assert_eq!(run.finish(), self.gate.state());
            }
            Deed::Panic { run_first } => self.panic(who, run_first),
            Deed::Advance { by } => self.now = self.now.saturating_add(by).min(MAX),
            Deed::GoBack { by } => self.now = self.now.saturating_sub(by),
            Deed::SetThreshold { to } => {
                self.judge.model.threshold = to.min(MAX);
                self.gate.set_threshold(Threshold::from_nanos(to));
            }
        }
    }

    /// What a caller does before its call.
    fn write(&mut self, who: usize) {
        self.calls += 1;
        self.threads[who].wrote = self.calls;
        if self.threads[who].reading != self.now {
            self.reached.count("late decision");
        }
    }

    fn promised(&mut self, who: usize, what: &'static str) {
        let epoch = self.gate.state().epoch().as_u64();
        self.uncovered.push(Call { who, number: self.threads[who].wrote, epoch });
        self.reached.count(what);
    }

    fn arrive_by(&mut self, who: usize, latest: u64) {
        self.write(who);
        let now = self.threads[who].reading;
        let before = self.judge.model;
        let expected = self.judge.step(Event::ArriveBy { now, latest });
        let [now, latest] = [now, latest].map(Timestamp::from_nanos);
        match self.gate.arrive_by(now, latest) {
            Ok(arrival) => self.arrived(who, arrival, expected, before),
            Err(refused) => self.refused(refused, expected),
        }
    }

    fn arrived(&mut self, who: usize, arrival: Arrival<'g>, expected: Told, before: Model) {
        match arrival {
            Arrival::Run(run) => self.started(who, run, expected, before, By::Call),
            Arrival::Defer(deferral) => {
                assert_eq!(Told::Defer(deferral.due().as_nanos()), expected);
                self.threads[who].deferrals.push(deferral);
                self.promised(who, "deferred");
            }
            Arrival::Coalesced(epoch) => {
                assert_eq!(Told::Coalesced, expected);
                assert_eq!(epoch.as_u64(), self.judge.model.latest_start);
                self.promised(who, "coalesced");
            }
        }
    }

    fn refused(&mut self, refused: Refused, expected: Told) {
        let told = refused.retry_at().map_or(Told::Running, |retry_at| Told::Closed(retry_at.as_nanos()));
        assert_eq!(told, expected);
        self.reached.count("refused");
    }

    fn started(&mut self, who: usize, run: Run<'g>, expected: Told, before: Model, by: By) {
        assert_eq!(Told::Run, expected);
        let epoch = run.epoch().as_u64();
        let gap = epoch - before.latest_start;
        let spaced = before.latest_start == 0 || gap >= before.threshold;
        assert!(spaced || by == By::Flush, "G1: {gap} ns after the start before it");
        let had_owner = matches!(before.promise, Promise::Owned | Promise::TakenBack);
        let facts = (epoch, had_owner, matches!(before.promise, Promise::Orphaned));
        assert_eq!(told_by(&run), facts);
        // One thread starts it, and another takes it up.
        let run = self.gate.resume(run.detach());
        assert_eq!(told_by(&run), facts, "a guard tells the same of a run that was detached");
        for Call { who, number, epoch: promised_in } in self.uncovered.drain(..) {
            assert!(self.threads[who].wrote >= number, "G3: the run does not see call {number}");
            assert!(epoch > promised_in, "G3: call {number} is not covered by the run of epoch {epoch}");
        }
        assert!(self.threads.iter().all(|thread| thread.run.is_none()), "G2: two runs at once");
        self.threads[who].run = Some(run);
        self.reached.count("run");
        if had_owner && by != By::Owner {
            self.reached.count("taken over");
        }
    }

    fn fire(&mut self, who: usize, which: usize) {
        let Some(deferral) = self.take_deferral(who, which) else { return };
        let now = self.threads[who].reading;
        let before = self.judge.model;
        let expected = self.judge.step(Event::Fire { epoch: deferral.epoch().as_u64(), now });
        match deferral.fire(Timestamp::from_nanos(now)) {
            Fired::Run(run) => self.started(who, run, expected, before, By::Owner),
            Fired::Gone => assert_eq!(Told::Gone, expected),
            Fired::Cancelled => assert_eq!(Told::Cancelled, expected),
            Fired::Busy(deferral) => {
                assert_eq!(Told::Busy, expected);
                self.threads[who].deferrals.push(deferral);
            }
            Fired::Early { deferral, due } => {
                assert_eq!(Told::Early(due.as_nanos()), expected);
                self.threads[who].deferrals.push(deferral);
            }
        }
    }

    fn take_deferral(&mut self, who: usize, which: usize) -> Option<Deferral<'g>> {
        let deferrals = &mut self.threads[who].deferrals;
        (!deferrals.is_empty()).then(|| deferrals.swap_remove(which % deferrals.len()))
    }

    fn abandoned(&mut self, deferral: &Deferral<'_>) -> Told {
        self.judge.step(Event::Abandon { epoch: deferral.epoch().as_u64() })
    }

    fn finished(&mut self, run: &Run<'_>) {
        self.judge.step(Event::Finish { epoch: run.epoch().as_u64() });
    }

    fn panic(&mut self, who: usize, run_first: bool) {
        let run = self.threads[who].run.take();
        let deferrals = std::mem::take(&mut self.threads[who].deferrals);
        if run.is_some() {
            self.reached.count("panic in a run");
        }
        if deferrals.iter().any(|deferral| deferral.epoch() == self.gate.state().epoch()) {
            self.reached.count("panic of an owner");
        }
        // The parts of a tuple are dropped in their order.
        if run_first {
            self.let_go(run.as_ref(), &[]);
            self.let_go(None, &deferrals);
            unwind_over((run, deferrals));
        } else {
            self.let_go(None, &deferrals);
            self.let_go(run.as_ref(), &[]);
            unwind_over((deferrals, run));
        }
    }

    /// What the model makes of guards that are dropped.
    fn let_go(&mut self, run: Option<&Run<'_>>, deferrals: &[Deferral<'_>]) {
        if let Some(run) = run {
            self.finished(run);
        }
        for deferral in deferrals {
            self.abandoned(deferral);
        }
    }

    /// All threads drop what they hold, and what is left owed is flushed (G6).
    fn finish(&mut self) {
        for who in 0..self.threads.len() {
            self.perform(who, Deed::Claim);
            self.panic(who, false);
            self.check_invariants();
        }
        while !self.requested.is_empty() {
            self.perform(0, Deed::Claim);
        }
        self.panic(0, true);
        self.perform(0, Deed::Flush);
        self.perform(0, Deed::Finish);
        self.check_invariants();
        assert!(self.uncovered.is_empty(), "G3: {:?} are lost", self.uncovered);
    }

    fn check_invariants(&self) {
        let state = self.gate.state();
        assert_eq!(shipped::decode(state, self.gate.threshold()), self.judge.model);
        let runs = self.threads.iter().filter(|thread| thread.run.is_some()).count();
        assert_eq!(usize::from(state.is_running()), runs, "r = 1 exactly when one `Run` lives");
        let held = self.threads.iter().flat_map(|thread| thread.deferrals.iter().map(Deferral::epoch));
        let owners = held.chain(self.requested.iter().copied()).filter(|epoch| *epoch == state.epoch());
        assert_eq!(owners.count(), usize::from(state.has_owner()), "G4: one owner exactly when one is due");
        for call in &self.uncovered {
            assert!(state.is_pending() || state.is_owed(), "G3: {call:?} is lost");
            assert_eq!(call.epoch, state.epoch().as_u64(), "G3: {call:?} was passed over");
        }
    }
}
