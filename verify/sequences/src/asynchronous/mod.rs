//! Sequences of all operations of an `AsyncThrottle`, its tasks polled, woken and dropped one by one, checked
//! step by step against the reference model and against the guarantees.

mod callers;
mod op;
mod orders;
pub mod subject;

use op::{Op, Wrong};

use crate::by_hand::{ByHand, Driven};
use crate::seen::decode;
use crate::settled::{Settled, latest_call};
use atomic_throttle::Outcome;
use atomic_throttle::state::DeferralStatus;
use atomic_throttle::{AsyncThrottle, NotFlushed, Threshold, Timestamp};
use callers::{Caller, Said};
use orders::{Order, Orders};
use reference::planted::Judge;
use reference::reached::Reached;
use reference::{Event, MAX, Model, Promise, Told};
use std::time::Duration;

/// What a task of the throttle does at present.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Task {
    Owns { epoch: u64 },
    Runs { epoch: u64 },
}

pub struct Play {
    runtime: ByHand,
    throttle: AsyncThrottle<ByHand>,
    orders: Orders,
    judge: Judge,
    wrong: Option<Wrong>,
    now: u64,
    /// By their numbers in the runtime. A task that has ended is replaced by the fate of its function.
    tasks: Vec<Result<Task, Fate>>,
    callers: Vec<Caller>,
    settled: Settled,
    /// Calls that were promised a run which has not started yet.
    uncovered: u64,
    reached: Reached,
}

/// What happened to the function of a task that has ended.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fate {
    Returned,
    Panicked,
    Gone,
    Cancelled,
    Dropped,
}

/// Plays `operations` on a throttle and on the model. Panics where they differ or a guarantee breaks.
pub fn play(wrong: Option<Wrong>, threshold: u64, operations: impl IntoIterator<Item = Op>) -> Reached {
    let runtime = ByHand::new(Timestamp::ZERO);
    let fault = if let Some(Wrong::Step(fault)) = wrong { Some(fault) } else { None };
    let mut play = Play {
        throttle: runtime.throttle(Duration::from_nanos(threshold)),
        runtime,
        orders: Orders::default(),
        judge: Judge::new(Model::new(threshold.min(MAX)), fault),
        wrong,
        now: 0,
        tasks: Vec::new(),
        callers: Vec::new(),
        settled: Settled::default(),
        uncovered: 0,
        reached: Reached::default(),
    };
    for operation in operations {
        play.perform(operation);
        play.check_invariants();
        play.reached.count("operation");
    }
    play.perform(Op::Settle);
    // The tasks hold the throttle, and so the runtime that holds the tasks.
    play.runtime.shut_down();
    play.reached
}

impl Play {
    fn perform(&mut self, operation: Op) {
        match operation {
            Op::Trigger => self.trigger(),
            Op::Run => self.run(),
            Op::TriggerInside => self.order(Order::Trigger),
            Op::Return => self.order(Order::Return),
            Op::Panic => self.order(Order::Panic),
            Op::Wait => self.wait(),
            Op::PollTask { which } => {
                if let Some(id) = self.alive(which) {
                    self.poll_task(id);
                }
            }
            Op::DropTask { which } => self.drop_task(which),
            Op::PollCaller { which } if !self.callers.is_empty() => {
                self.poll_caller(which % self.callers.len());
            }
            Op::DropCaller { which } if !self.callers.is_empty() => {
                drop(self.callers.swap_remove(which % self.callers.len()));
            }
            Op::PollCaller { .. } | Op::DropCaller { .. } => {}
            Op::Cancel => {
                let expected = self.judge.step(Event::Cancel) == Told::Yes;
                assert_eq!(self.throttle.cancel(), expected);
                if expected {
                    self.uncovered = 0;
                    self.reached.count("cancelled");
                }
            }
            Op::Flush => self.flush(),
            Op::Settle => self.settle(),
            Op::Advance { by } => {
                self.now = self.now.saturating_add(by).min(MAX);
                self.runtime.clock().advance(Duration::from_nanos(by));
            }
            Op::GoBack { by } => {
                self.now = self.now.saturating_sub(by);
                self.runtime.clock().go_back(Duration::from_nanos(by));
            }
            Op::Jump { to } => {
                self.now = to.min(MAX);
                self.runtime.clock().set(Timestamp::from_nanos(to));
            }
            Op::SetThreshold { to } => {
                self.judge.model.threshold = to.min(MAX);
                self.throttle.set_threshold(Threshold::from_nanos(to).as_duration());
            }
        }
    }

    /// The model's part of a call. Returns which runs cover it, and whether it made a task.
    fn call(&mut self) -> (u64, bool) {
        let before = self.judge.model;
        let told = match before.promise {
            // One load, and no clock.
            Promise::Owned => Told::Coalesced,
            _ => self.judge.step(Event::Arrive { now: self.now }),
        };
        match told {
            Told::Run => {
                self.started(before, false);
                self.tasks.push(Ok(Task::Runs { epoch: self.judge.model.latest_start }));
                (self.judge.model.latest_start - 1, true)
            }
            Told::Defer(_) => {
                self.promised("deferred");
                self.tasks.push(Ok(Task::Owns { epoch: before.latest_start }));
                (before.latest_start, true)
            }
            Told::Coalesced => {
                self.promised("coalesced");
                (before.latest_start, false)
            }
            told => panic!("a call is never told {told:?}"),
        }
    }

    fn trigger(&mut self) {
        let (throttle, orders) = (self.throttle.clone(), self.orders.clone());
        let inside = throttle.clone();
        let future = Driven::new(async move {
            let ticket = throttle.trigger(move || orders.obey(inside)).unwrap();
            Said::Waited(ticket.await)
        });
        let (after, _) = self.call();
        self.callers.push(Caller { future, after: Some(after), task: None });
        self.poll_caller(self.callers.len() - 1);
    }

    fn run(&mut self) {
        let (throttle, orders) = (self.throttle.clone(), self.orders.clone());
        let inside = throttle.clone();
        let future = Driven::new(async move {
            match throttle.run(move || orders.obey(inside)).await.unwrap() {
                Outcome::RanAtOnce(value) => Said::Ran("at once", value),
                Outcome::RanDeferred(value) => Said::Ran("deferred", value),
                Outcome::Coalesced(ticket) => Said::Waited(ticket.await),
                Outcome::Cancelled => Said::Cancelled,
                Outcome::Owed => Said::Owed,
            }
        });
        let (after, made_a_task) = self.call();
        let task = made_a_task.then(|| {
            let id = self.tasks.len() - 1;
            (id, if matches!(self.tasks[id], Ok(Task::Runs { .. })) { "at once" } else { "deferred" })
        });
        self.callers.push(Caller { future, after: Some(after), task });
        self.poll_caller(self.callers.len() - 1);
    }

    fn wait(&mut self) {
        let throttle = self.throttle.clone();
        let future = Driven::new(async move { Said::Waited(throttle.all().await) });
        let after = latest_call(&self.judge.model);
        self.callers.push(Caller { future, after, task: None });
        self.poll_caller(self.callers.len() - 1);
    }

    fn flush(&mut self) {
        let before = self.judge.model;
        let expected = self.judge.step(Event::Flush { now: self.now });
        let (orders, inside) = (self.orders.clone(), self.throttle.clone());
        let told = match self.throttle.flush(move || orders.obey(inside)) {
            Ok(_) => Told::Run,
            Err(NotFlushed::Running) => Told::Busy,
            Err(NotFlushed::NothingPending) => Told::Nothing,
            Err(other) => panic!("{other:?}"),
        };
        assert_eq!(told, expected);
        if told == Told::Run {
            self.started(before, true);
            self.tasks.push(Ok(Task::Runs { epoch: self.judge.model.latest_start }));
        }
    }

    fn order(&mut self, order: Order) {
        if self.judge.model.in_progress {
            self.orders.give(order);
        }
    }

    fn alive(&self, which: usize) -> Option<usize> {
        let alive = self.runtime.tasks();
        (!alive.is_empty()).then(|| alive[which % alive.len()])
    }

    fn poll_task(&mut self, id: usize) {
        let task = self.tasks[id].expect("it is alive");
        let fate = match task {
            Task::Runs { epoch } => self.obey(epoch),
            Task::Owns { epoch } => {
                let before = self.judge.model;
                match self.judge.step(Event::Fire { epoch, now: self.now }) {
                    Told::Run => {
                        self.started(before, false);
                        let epoch = self.judge.model.latest_start;
                        self.tasks[id] = Ok(Task::Runs { epoch });
                        self.obey(epoch)
                    }
                    Told::Gone => Some(Fate::Gone),
                    Told::Cancelled => Some(Fate::Cancelled),
                    _ => None,
                }
            }
        };
        if let Some(fate) = fate {
            self.tasks[id] = Err(fate);
        }
        assert_eq!(self.runtime.poll(id), fate.is_some(), "{task:?}, {fate:?}");
    }

    /// The model's part of a poll of the function.
    fn obey(&mut self, epoch: u64) -> Option<Fate> {
        let fate = match self.orders.is_given()? {
            Order::Trigger => {
                self.reached.count("inside");
                self.call();
                return None;
            }
            Order::Return => Fate::Returned,
            Order::Panic => Fate::Panicked,
        };
        let has_panicked = fate == Fate::Panicked;
        self.reached.count(if has_panicked { "panicked" } else { "completed" });
        self.finish(epoch);
        self.settled.settle(epoch, has_panicked && self.wrong != Some(Wrong::PanicCovers));
        Some(fate)
    }

    fn finish(&mut self, epoch: u64) {
        assert_eq!(self.judge.step(Event::Finish { epoch }), Told::Finished);
    }

    fn drop_task(&mut self, which: usize) {
        let Some(id) = self.alive(which) else { return };
        match self.tasks[id].expect("it is alive") {
            Task::Owns { epoch } => {
                let told = self.judge.step(Event::Abandon { epoch });
                if told == Told::Owed {
                    self.reached.count("owed");
                }
            }
            Task::Runs { epoch } => {
                self.reached.count("a run stopped");
                self.judge.step(Event::Owe);
                self.uncovered += 1;
                self.finish(epoch);
                // It has covered nobody.
                if self.wrong == Some(Wrong::StopCovers) {
                    self.settled.settle(epoch, false);
                }
                self.orders.take();
            }
        }
        self.tasks[id] = Err(Fate::Dropped);
        self.runtime.drop_task(id);
    }

    /// G5: once nobody is woken any more, nobody has anything to do.
    fn settle(&mut self) {
        loop {
            if let Some(id) = self.runtime.woken() {
                self.poll_task(id);
            } else if let Some(which) = self.callers.iter().position(|caller| caller.future.is_woken()) {
                self.poll_caller(which);
            } else {
                break;
            }
        }
        for id in self.runtime.tasks() {
            if let Ok(Task::Owns { epoch }) = self.tasks[id] {
                let told = self.judge.model.clone().step(Event::Fire { epoch, now: self.now });
                assert!(matches!(told, Told::Busy | Told::Early(_)), "G5: nobody woke an owner: {told:?}");
            }
        }
        for caller in &self.callers {
            assert_eq!(self.expected(caller), None, "G5: nobody woke a caller");
        }
    }

    fn started(&mut self, before: Model, is_flush: bool) {
        let gap = u128::from(self.judge.model.latest_start) - u128::from(before.latest_start);
        let spaced = before.latest_start == 0 || gap >= u128::from(before.threshold);
        assert!(spaced || is_flush, "G1: {gap} ns after the start before it");
        self.uncovered = 0;
        self.reached.count("run");
        if before.promise == Promise::Orphaned || is_flush {
            self.reached.count("taken over");
        }
    }

    fn promised(&mut self, what: &'static str) {
        self.uncovered += 1;
        self.reached.count(what);
    }

    fn check_invariants(&self) {
        let seen = self.throttle.snapshot();
        let model = &self.judge.model;
        assert_eq!(decode(&seen), *model);
        let alive: Vec<_> = (0..self.tasks.len()).filter(|&id| self.tasks[id].is_ok()).collect();
        assert_eq!(self.runtime.tasks(), alive);
        let count = |task: fn(u64) -> Task| {
            self.tasks.iter().filter(|found| **found == Ok(task(model.latest_start))).count()
        };
        let runs = self.tasks.iter().filter(|task| matches!(task, Ok(Task::Runs { .. }))).count();
        assert_eq!(runs, usize::from(model.in_progress), "G2: one task runs exactly when one is in progress");
        let owners = count(|epoch| Task::Owns { epoch });
        let has_owner = matches!(seen.deferral, DeferralStatus::Pending | DeferralStatus::Cancelled);
        assert_eq!(owners, usize::from(has_owner), "G4: one owner exactly when one is due");
        if self.uncovered > 0 {
            assert!(seen.next_run_at.is_some() || seen.is_owed(), "G3: {} calls are lost", self.uncovered);
        }
    }
}
