//! The driver: one operation after the other, on the throttle and on the model.

mod handles;
mod moves;

use self::handles::Waiter;
use self::moves::nanos;
use super::clock::{ByHand, Move};
use super::helper::{Answer, Handle, Helper, Said, call};
use super::op::{Deed, End, How, Op};
use crate::patience::panic_quietly;
use crate::seen::decode;
use atomic_throttle::{Threshold, Throttle};
use reference::planted::{Fault, Judge};
use reference::reached::Reached;
use reference::{Event, MAX, Model, Promise, Told};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::Scope;
use std::time::Duration;

/// The call that waits for its turn.
struct Owner<'s, 't> {
    helper: Helper<'s, 't>,
    epoch: u64,
    number: u64,
    limit: Option<u64>,
    end: End,
}

/// The run in progress, in a thread of its own.
struct Runner<'s, 't> {
    helper: Helper<'s, 't>,
    /// The answer of its call if the call returns.
    said: Said,
}

pub struct Play<'s, 'e, 't> {
    scope: &'s Scope<'s, 'e>,
    throttle: &'t Throttle<ByHand>,
    /// Where each call leaves its number, relaxed, before it decides.
    board: &'t AtomicU64,
    judge: Judge,
    /// The reading that the clock must have.
    now: u64,
    calls: u64,
    /// Ghost: calls that were promised a run which has not started yet.
    uncovered: Vec<u64>,
    owner: Option<Owner<'s, 't>>,
    runner: Option<Runner<'s, 't>>,
    handles: Vec<Handle<'t>>,
    waiters: Vec<Waiter<'s>>,
    reached: Reached,
}

impl<'s, 'e, 't: 's> Play<'s, 'e, 't> {
    pub fn new(
        scope: &'s Scope<'s, 'e>,
        throttle: &'t Throttle<ByHand>,
        board: &'t AtomicU64,
        threshold: u64,
        fault: Option<Fault>,
    ) -> Self {
        Self {
            scope,
            throttle,
            board,
            judge: Judge::new(Model::new(threshold.min(MAX)), fault),
            now: 0,
            calls: 0,
            uncovered: Vec::new(),
            owner: None,
            runner: None,
            handles: Vec::new(),
            waiters: Vec::new(),
            reached: Reached::default(),
        }
    }

    pub fn perform(&mut self, op: Op) {
        let inside = op.inside && self.runner.is_some();
        self.reached.count("operation");
        if inside {
            self.reached.count("inside");
        }
        match op.deed {
            Deed::Call(how) => self.call(how, inside, op.end),
            Deed::Overtake { by } => {
                self.shift(inside, Move::Advance { by });
                self.call(How::TryRun, inside, op.end);
                self.throttle.clock().notify();
                self.owner_looks();
            }
            Deed::End => self.end_run(op.end == End::Panics),
            Deed::Cancel => self.cancel(inside),
            Deed::Move(movement) => self.move_clock(inside, movement),
            Deed::ToDue => {
                let due = self.judge.model.deadline();
                self.move_clock(inside, Move::Jump { to: due });
            }
            Deed::ToLimit => {
                let limit = self.owner.as_ref().and_then(|owner| owner.limit);
                self.move_clock(inside, Move::Jump { to: limit.unwrap_or(self.now) });
            }
            Deed::SetThreshold { to } => self.set_threshold(inside, to),
            Deed::TrySetThreshold { to } => self.try_set_threshold(inside, to),
            Deed::Ask { which } => self.ask(inside, which),
            Deed::WaitElsewhere { which } => self.wait_elsewhere(which),
        }
        self.compare();
        self.settle_waiters();
    }

    /// Ends what is in progress, lets what is pending run (G5), and queries every handle once more.
    pub fn finish(mut self) -> Reached {
        self.end_run(false);
        self.set_threshold(false, 0);
        self.end_run(false);
        self.call(How::Flush, false, End::Returns);
        self.compare();
        self.settle_waiters();
        assert!(self.owner.is_none() && self.waiters.is_empty(), "G5: nobody waits for ever");
        assert!(self.uncovered.is_empty(), "G3: the calls {:?} are lost", self.uncovered);
        for which in 0..self.handles.len() {
            self.ask(false, which);
        }
        self.reached.add(&self.judge.edges);
        self.reached
    }

    /// Performs `f` inside the run in progress, or outside.
    fn at<A: Send + 's>(&self, inside: bool, f: impl FnOnce(&'t Throttle<ByHand>) -> A + Send + 's) -> A {
        let throttle = self.throttle;
        match &self.runner {
            Some(runner) if inside => runner.helper.perform(move || f(throttle)),
            _ => f(throttle),
        }
    }

    fn call(&mut self, how: How, inside: bool, end: End) {
        self.calls += 1;
        let number = self.calls;
        let before = self.judge.model;
        let told = self.expect(how, inside);
        let waits = matches!(how, How::Run | How::RunWithin { .. });
        let elsewhere = !inside && (waits || told == Told::Run && end == End::Later);
        if elsewhere {
            let helper = Helper::spawn(self.scope, self.throttle, self.board, how, number);
            match told {
                Told::Run => {
                    self.started(helper, Said::AtOnce(number), before, how == How::Flush);
                    self.end_run_unless_later(end);
                }
                Told::Defer(_) => self.deferred(helper, how, number, end),
                told => {
                    let answer = helper.returned(self.throttle.clock());
                    self.answered(answer, told, number);
                }
            }
        } else if told == Told::Run {
            self.run_here(how, number, before, end == End::Panics);
        } else {
            let board = self.board;
            let must_not_run = || panic!("the function ran, and should not");
            let answer = self.at(inside, move |throttle| call(throttle, board, how, number, must_not_run));
            self.answered(answer, told, number);
        }
    }

    /// The model's answer to a call.
    fn expect(&mut self, how: How, inside: bool) -> Told {
        let now = self.now;
        let waits = matches!(how, How::Run | How::RunWithin { .. });
        match how {
            // A call that may wait coalesces before anything else.
            _ if waits && self.judge.model.promise == Promise::Owned => Told::Coalesced,
            _ if waits && inside => self.judge.step(Event::Owe),
            How::Run => self.judge.step(Event::Arrive { now }),
            How::RunWithin { max_wait } => {
                let latest = later(now, max_wait);
                self.judge.step(Event::ArriveBy { now, latest })
            }
            How::TryRun => self.judge.step(Event::TryStart { now }),
            How::Flush => self.judge.step(Event::Flush { now }),
        }
    }

    fn deferred(&mut self, helper: Helper<'s, 't>, how: How, number: u64, end: End) {
        assert!(self.owner.is_none(), "G4: one owner");
        let limit = match how {
            How::RunWithin { max_wait } => Some(later(self.now, max_wait)),
            _ => None,
        };
        self.reached.count("deferred");
        if self.runner.is_some() {
            self.reached.count("deferred in a run");
        }
        self.uncovered.push(number);
        self.owner = Some(Owner { helper, epoch: self.judge.model.latest_start, number, limit, end });
        self.owner_looks();
    }

    /// A call that did not run.
    fn answered(&mut self, (said, handle): Answer<'t>, told: Told, number: u64) {
        let expected = match told {
            Told::Coalesced => Said::Coalesced(self.judge.model.latest_start),
            Told::Owed => Said::Owed,
            Told::Closed(retry_at) => Said::Closed(retry_at),
            Told::Running | Told::Busy => Said::Running,
            Told::Nothing => Said::NothingPending,
            other => panic!("no answer to a call: {other:?}"),
        };
        assert_eq!(said, expected);
        self.handles.extend(handle);
        if matches!(told, Told::Coalesced | Told::Owed) {
            self.uncovered.push(number);
        }
        self.reached.count(match said {
            Said::Coalesced(_) => "coalesced",
            Said::Closed(_) => "closed",
            Said::Running => "running",
            Said::NothingPending => "nothing pending",
            _ => "owed inside",
        });
    }

    /// A call that runs in this thread and ends at once.
    fn run_here(&mut self, how: How, number: u64, before: Model, panics: bool) {
        let mut saw = None;
        let (said, _) = call(self.throttle, self.board, how, number, || {
            saw = Some(self.board.load(Ordering::Relaxed));
            if panics {
                panic_quietly();
            }
            number
        });
        assert_eq!(said, if panics { Said::Panicked } else { Said::AtOnce(number) });
        self.covered(saw, before, how == How::Flush);
        self.finished(said);
    }

    /// A run that started in a thread of its own.
    fn started(&mut self, helper: Helper<'s, 't>, said: Said, before: Model, by_flush: bool) {
        let saw = helper.saw(self.throttle.clock());
        assert!(self.runner.is_none(), "G2: two runs at once");
        self.runner = Some(Runner { helper, said });
        self.covered(saw, before, by_flush);
    }

    /// What holds of each start.
    fn covered(&mut self, saw: Option<u64>, before: Model, by_flush: bool) {
        let saw = saw.expect("the function began");
        let promised = self.uncovered.iter().copied().max().unwrap_or(0);
        assert!(saw >= promised, "G3: the run sees call {saw} and is to cover call {promised}");
        self.uncovered.clear();
        let gap = self.judge.model.latest_start.saturating_sub(before.latest_start);
        let spaced = before.latest_start == 0 || gap >= before.threshold;
        assert!(spaced || by_flush, "G1: {gap} ns after the start before it");
        if let Some(owner) = self.owner.take() {
            self.reached.count(if by_flush { "released by another run" } else { "taken over" });
            self.leaves(owner, Said::Coalesced);
        }
    }

    /// The owner returns without having run.
    fn leaves(&mut self, owner: Owner<'s, 't>, expected: impl FnOnce(u64) -> Said) {
        let (said, handle) = owner.helper.returned(self.throttle.clock());
        assert_eq!(said, expected(owner.epoch));
        self.handles.extend(handle);
    }

    fn end_run_unless_later(&mut self, end: End) {
        if end != End::Later {
            self.end_run(end == End::Panics);
        }
    }

    fn end_run(&mut self, panics: bool) {
        let Some(runner) = self.runner.take() else { return };
        let (said, _) = runner.helper.end(panics);
        assert_eq!(said, if panics { Said::Panicked } else { runner.said });
        self.finished(said);
    }

    fn finished(&mut self, said: Said) {
        self.reached.count(match said {
            Said::Deferred(_) => "ran deferred",
            Said::Panicked => "ran to a panic",
            _ => "ran at once",
        });
        let epoch = self.judge.model.latest_start;
        assert_eq!(self.judge.step(Event::Finish { epoch }), Told::Finished);
        self.owner_looks();
    }

    /// The owner was notified, and looks whether it is its turn.
    fn owner_looks(&mut self) {
        let Some(mut owner) = self.owner.take() else { return };
        let before = self.judge.model;
        let epoch = owner.epoch;
        let mut told = self.judge.step(Event::Fire { epoch, now: self.now });
        let is_late = owner.limit.is_some_and(|limit| self.now >= limit);
        let is_forgotten = self.judge.fault == Some(Fault::LimitForgotten);
        if matches!(told, Told::Busy | Told::Early(_)) && is_late && !is_forgotten {
            told = self.judge.step(Event::Abandon { epoch });
        }
        match told {
            Told::Busy | Told::Early(_) => {
                assert!(owner.helper.stays(), "the owner goes: {told:?}");
                self.owner = Some(owner);
            }
            Told::Run => {
                self.started(owner.helper, Said::Deferred(owner.number), before, false);
                self.end_run_unless_later(owner.end);
            }
            Told::Owed => {
                self.reached.count("owed at the limit");
                self.leaves(owner, |_| Said::Owed);
            }
            Told::Cancelled => {
                self.reached.count("cancelled owner");
                self.leaves(owner, |_| Said::Cancelled);
            }
            // No sequence leads here: a call that takes over has let the owner leave. A wrong model may say so.
            _ => self.leaves(owner, Said::Coalesced),
        }
    }

    fn agrees(&self) -> bool {
        decode(&self.throttle.snapshot()) == self.judge.model
    }

    fn compare(&self) {
        let (throttle, model) = (self.throttle, self.judge.model);
        let is_pending = model.promise == Promise::Owned;
        let seen = throttle.snapshot();
        assert_eq!(decode(&seen), model);
        assert_eq!(throttle.threshold(), Threshold::from_nanos(model.threshold));
        assert_eq!(seen.running, self.runner.is_some());
        assert_eq!(throttle.is_pending(), is_pending);
        assert_eq!(throttle.is_pending(), self.owner.is_some(), "G4: one owner exactly when one is due");
        assert_eq!(seen.is_owed(), model.promise == Promise::Orphaned);
        assert_eq!(seen.window_end.as_nanos(), model.deadline());
        let next = seen.next_run_at.map(atomic_throttle::Timestamp::as_nanos);
        assert_eq!(next, is_pending.then(|| model.deadline()));
        let last = seen.last_run_at.map(atomic_throttle::Timestamp::as_nanos);
        assert_eq!(last, (model.latest_start > 0).then(|| model.latest_start.min(MAX)));
        let promised = seen.next_run_at.is_some() || seen.is_owed();
        assert!(promised || self.uncovered.is_empty(), "G3: {:?} are lost", self.uncovered);
    }
}

/// The reading of a clock, `by` later.
fn later(now: u64, by: Duration) -> u64 {
    now.saturating_add(nanos(by)).min(MAX)
}
