//! Sequences of operations on a `Throttled` of each payload, with its real thread, against plain values.
//!
//! After each operation the driver waits until the thread is asleep or held up in a run, so that what each run is given
//! is known. What several callers do at once is no part of this.

mod front;
mod model;
pub mod op;
pub mod subject;
mod wrong;

use self::front::{Front, Run};
use self::model::Slot;
use self::op::{Kind, Op, Plan, SECOND, Setup};
use self::wrong::Wrong;
use crate::patience::{PATIENCE, until};
use atomic_throttle::state::DeferralStatus;
use atomic_throttle::{Manual, NotFlushed, Pending, Shutdown, Throttled, Timestamp};
use reference::reached::Reached;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};

/// A run that is held up.
struct Held {
    epoch: u64,
    given: Vec<u32>,
}

struct Play {
    // Dropped before the throttle: its thread must not be held up when it is joined.
    plans: Sender<Plan>,
    begun: Receiver<Vec<u32>>,
    front: Front,
    clock: Arc<Manual>,
    slot: Slot,
    calls: u32,
    /// Whether a run is due.
    asked: bool,
    held: Option<Held>,
    reached: Reached,
}

/// Plays `operations` on a throttle and on a model. Panics where they differ.
fn play(wrong: Option<Wrong>, setup: Setup, operations: impl IntoIterator<Item = Op>) -> Reached {
    let clock = Arc::new(Manual::new(Timestamp::ZERO.saturating_add(SECOND)));
    let builder = Throttled::builder(SECOND).clock(Arc::clone(&clock)).pending_on_drop(Pending::Discard);
    let (plans, orders) = channel();
    let (begins, begun) = channel();
    let mut play = Play {
        plans,
        begun,
        front: Front::start(setup.kind, builder, Run { begins, plans: orders }),
        clock,
        slot: Slot { kind: setup.kind, wrong, values: Vec::new() },
        calls: 0,
        asked: false,
        held: None,
        reached: Reached::default(),
    };
    for operation in operations {
        play.perform(operation);
        play.rest();
        play.reached.count("operation");
    }
    play.end(setup.end)
}

impl Play {
    fn perform(&mut self, operation: Op) {
        match operation {
            Op::Trigger => self.trigger(),
            Op::End(plan) => self.end_run(plan),
            Op::Cancel => {
                assert_eq!(self.front.cancel(), self.asked);
                if std::mem::take(&mut self.asked) {
                    self.reached.count("cancelled with values");
                    if self.slot.is_wrong(Wrong::CancelLosesValues) {
                        self.slot.values.clear();
                    }
                }
            }
            Op::Flush => self.flush(),
            Op::Advance { by } => _ = self.clock.advance(by),
            Op::Take => self.take(),
        }
    }

    fn trigger(&mut self) {
        let value = self.calls;
        self.calls += 1;
        if self.slot.is_full() {
            assert_eq!(self.front.trigger(value), Err(Some(value)), "G10: a refused value comes back");
            self.reached.count("full");
            if !self.asked {
                self.reached.count("full of what a cancel has left");
                self.asked = !self.slot.is_wrong(Wrong::FullAsksForNothing);
            }
            return;
        }
        assert_eq!(self.front.trigger(value), Ok(()), "it goes on");
        let brought = self.slot.brought(value);
        if self.slot.kind == Kind::Latest && !self.slot.values.is_empty() {
            self.reached.count("a newer value in place of an older one");
        }
        match &mut self.held {
            Some(held) if self.slot.wrong == Some(Wrong::BroughtLaterIsGiven) => held.given.push(brought),
            _ => self.slot.put(brought),
        }
        self.asked = true;
        self.reached.count("taken call");
    }

    fn flush(&mut self) {
        let expected = match self.held {
            Some(_) => Err(NotFlushed::Running),
            None if self.asked => Ok(()),
            None => Err(NotFlushed::NothingPending),
        };
        assert_eq!(self.front.flush(), expected);
        if expected.is_ok() {
            self.reached.count("flushed");
        }
    }

    fn take(&mut self) {
        let taken = self.front.take();
        assert_eq!(taken, self.slot.take(), "G10: what no run was given");
        if !taken.is_empty() {
            self.reached.count(if self.asked { "taken, and the run given up" } else { "taken" });
            if self.held.is_some() {
                self.reached.count("taken during a run");
            }
        }
        self.asked &= self.slot.is_wrong(Wrong::TakeLeavesTheRun);
    }

    fn end_run(&mut self, plan: Plan) {
        let Some(held) = self.held.take() else { return };
        self.plans.send(plan).expect("the thread lives");
        self.keep(&held.given, plan);
        // The next one may have started.
        until(|| !self.front.snapshot().running || self.front.epoch() != held.epoch);
    }

    /// Keeps what the run leaves of its batch.
    fn keep(&mut self, given: &[u32], plan: Plan) {
        if !matches!(self.slot.kind, Kind::Collect | Kind::Bounded) {
            return;
        }
        let (taken, left) = given.split_at(plan.takes.min(given.len()));
        let is_kept = plan.keeps || plan.panics || self.slot.is_wrong(Wrong::ReturnGivesAgain);
        let mut left = left.to_vec();
        match self.slot.wrong {
            Some(Wrong::LeftIsLost) => left.clear(),
            Some(Wrong::PanicLosesTheBatch) if plan.panics => left.clear(),
            Some(Wrong::PanicGivesAgain) if plan.panics => left = taken.iter().copied().chain(left).collect(),
            _ => {}
        }
        if left.is_empty() {
            self.reached.count("all was taken");
        } else if is_kept {
            self.reached.count(if plan.panics { "left by a panic" } else { "some was kept" });
            if !self.slot.values.is_empty() {
                self.reached.count("put in front of newer values");
            }
            self.slot.put_back(left);
            self.asked |= !self.slot.is_wrong(Wrong::LeftIsNotAskedFor);
        } else {
            self.reached.count("the rest was dropped");
        }
    }

    /// Waits until the thread has nothing to do before the driver goes on: it is held up in a run, or sleeps.
    fn rest(&mut self) {
        until(|| {
            let seen = self.front.snapshot();
            let is_due = seen.deferral == DeferralStatus::Pending && seen.window_end <= self.now();
            seen.running || !is_due
        });
        let seen = self.front.snapshot();
        if seen.running && self.held.is_none() {
            let given = self.begun.recv_timeout(PATIENCE).expect("the run begins");
            assert!(self.asked, "a run for nobody");
            assert_eq!(given, self.slot.take(), "G10: all that was brought before the run is given to it");
            assert!(!given.is_empty(), "G10: a run without a value");
            self.asked = false;
            self.reached.count("run");
            if given.len() > 1 {
                self.reached.count("a run of many");
            }
            self.held = Some(Held { epoch: self.front.epoch(), given });
        }
        assert_eq!(seen.running, self.held.is_some());
        let is_pending = self.front.snapshot().deferral == DeferralStatus::Pending;
        assert_eq!(is_pending, self.asked, "G3: whoever has asked is promised a run");
    }

    fn now(&self) -> Timestamp {
        atomic_throttle::Clock::now(&self.clock)
    }

    /// What is pending is finished, flushed or discarded; no value is lost by that.
    fn end(mut self, pending: Pending) -> Reached {
        self.end_run(Plan { takes: 0, keeps: true, panics: false });
        self.rest();
        if pending == Pending::Finish {
            // To the end of any window: nobody else moves the clock.
            self.clock.advance(SECOND * 1_000);
            self.rest();
        }
        drop(self.plans);
        let told = self.front.shutdown(pending).expect("it ends");
        let mut rest: Vec<_> = self.begun.try_iter().flatten().collect();
        if told == Shutdown::Discarded {
            self.reached.count("discarded");
            if self.slot.is_wrong(Wrong::DiscardLosesValues) {
                self.slot.values.clear();
            }
        } else if self.held.is_some() || !rest.is_empty() {
            self.reached.count("finished");
        }
        let refused = self.front.trigger(u32::MAX);
        let value = if self.slot.kind == Kind::Count { None } else { Some(u32::MAX) };
        assert_eq!(refused, Err(value), "G10: a refused value comes back");
        self.reached.count("refused");
        // A call stays counted, and no run tells of it.
        if self.slot.kind == Kind::Count || self.slot.is_wrong(Wrong::RefusedIsCounted) {
            self.slot.put(self.slot.brought(u32::MAX));
        }
        let remaining = self.front.take();
        if self.asked && pending != Pending::Discard && self.slot.kind != Kind::Count {
            assert!(remaining.is_empty(), "G3: {remaining:?} were promised a run");
        }
        if !remaining.is_empty() {
            self.reached.count("remaining after the end");
        }
        rest.extend(remaining);
        assert_eq!(rest, self.slot.values, "G10: each value once");
        self.reached
    }
}
