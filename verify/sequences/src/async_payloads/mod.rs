//! Sequences of all operations of an `AsyncThrottle` with each payload, its tasks polled, woken and dropped one by one.
//!
//! The reference model says which runs come, and plain values what they are given.

pub mod front;
mod model;
pub mod op;
pub mod subject;
pub mod wrong;

use self::front::{Front, Orders, Said};
use self::model::{Given, Values};
use self::op::{Op, Order};
use self::wrong::Wrong;
use crate::by_hand::ByHand;
use crate::payloads::op::Kind;
use atomic_throttle::state::DeferralStatus;
use atomic_throttle::{NotFlushed, Timestamp};
use reference::reached::Reached;
use reference::{Event, Model, Promise, Told};
use std::time::Duration;

/// What a task of the throttle does at present.
#[derive(Clone, Debug, PartialEq)]
enum Task {
    Owns { epoch: u64 },
    Runs { epoch: u64, given: Given, was_polled: bool },
}

struct Play {
    runtime: ByHand,
    front: Front,
    orders: Orders,
    gate: Model,
    values: Values,
    now: u64,
    /// By their numbers in the runtime. `None`: it has ended.
    tasks: Vec<Option<Task>>,
    is_shut_down: bool,
    next_value: u32,
    /// What the functions are to report.
    given: Vec<Vec<u32>>,
    said: Vec<Said>,
}

/// Plays `operations` on a throttle and on a model. Panics where they differ.
fn play(
    wrong: Option<Wrong>,
    kind: Kind,
    threshold: u64,
    operations: impl IntoIterator<Item = Op>,
) -> Reached {
    let runtime = ByHand::new(Timestamp::ZERO);
    let mut play = Play {
        front: Front::new(kind, threshold, &runtime),
        runtime,
        orders: Orders::default(),
        gate: Model::new(threshold),
        values: Values { kind, wrong, next: Vec::new(), reached: Reached::default() },
        now: 0,
        tasks: Vec::new(),
        is_shut_down: false,
        next_value: 1,
        given: Vec::new(),
        said: Vec::new(),
    };
    for operation in operations {
        play.perform(operation);
        play.look();
        play.values.reached.count("operation");
    }
    play.settle();
    play.look();
    // The tasks hold the throttle, and so the runtime that holds the tasks.
    play.shut_down();
    assert_eq!(play.front.take(), play.values.next, "G10: each value once");
    assert_eq!(play.front.take(), []);
    play.values.reached
}

impl Play {
    fn perform(&mut self, operation: Op) {
        match operation {
            Op::Call(how) => {
                let value = self.value();
                let expected = self.call(value);
                assert_eq!(self.front.call(how, value, &self.orders), expected, "G10: {how:?}");
            }
            Op::CallInside => {
                let value = self.value();
                self.order(Order::Call(value));
            }
            Op::PollTask { which } => {
                if let Some(id) = self.alive(which) {
                    self.poll_task(id);
                }
            }
            Op::DropTask { which } => {
                if let Some(id) = self.alive(which) {
                    self.dropped(id);
                    self.runtime.drop_task(id);
                }
            }
            Op::Order(order) => self.order(order),
            Op::Cancel => {
                let expected = self.cancel();
                assert_eq!(self.front.cancel(), expected);
                if expected {
                    self.values.reached.count("cancelled");
                    if self.values.is_wrong(Wrong::CancelLosesValues) {
                        self.values.next.clear();
                    }
                }
            }
            Op::Take => {
                if !self.values.is_wrong(Wrong::TakeLeavesTheRun) {
                    self.cancel();
                }
                let expected = self.values.start().values;
                if !expected.is_empty() {
                    self.values.reached.count("taken");
                }
                assert_eq!(self.front.take(), expected, "G10: what no run was given");
            }
            Op::Flush => self.flush(),
            Op::Settle => self.settle(),
            Op::Advance { by } => {
                self.now += by;
                self.runtime.clock().advance(Duration::from_nanos(by));
            }
            Op::SetThreshold { to } => {
                self.gate.threshold = to;
                self.front.set_threshold(to);
            }
            Op::ShutDown => self.shut_down(),
            Op::StartAgain => {
                self.is_shut_down = false;
                self.runtime.start_again();
            }
        }
    }

    fn value(&mut self) -> u32 {
        self.next_value += 1;
        self.next_value
    }

    fn order(&mut self, order: Order) {
        if self.gate.in_progress {
            self.orders.give(order);
        }
    }

    fn cancel(&mut self) -> bool {
        self.gate.step(Event::Cancel) == Told::Yes
    }

    /// The model's part of a call.
    fn call(&mut self, value: u32) -> Said {
        let before = self.gate;
        let told = match before.promise {
            Promise::Owned => Told::Coalesced,
            _ => self.gate.step(Event::Arrive { now: self.now }),
        };
        let was_left = !self.values.next.is_empty();
        let is_full = self.values.is_full();
        if told == Told::Run {
            if is_full {
                self.values.reached.count("full, and runs");
            }
            if !(is_full && self.values.is_wrong(Wrong::RunNeedsRoom)) {
                self.values.reached.count(if was_left {
                    "ran at once with what was left"
                } else {
                    "ran at once"
                });
                self.values.put(value);
                self.started();
                return Said::Taken;
            }
        }
        if is_full {
            let is_pending = before.promise == Promise::Owned;
            self.values.reached.count(if is_pending {
                "full while a run is pending"
            } else {
                "full of what was left"
            });
            if !self.values.is_wrong(Wrong::FullAsksForARun) {
                self.gate = before;
            }
            if self.values.is_wrong(Wrong::RefusedIsLeft) {
                self.values.put(value);
            }
            return Said::Full(value);
        }
        self.values.put(value);
        match told {
            Told::Defer(_) => self.spawned(Task::Owns { epoch: before.latest_start }),
            Told::Coalesced if before.promise == Promise::Owned => self.values.reached.count("coalesced"),
            Told::Coalesced => self.values.reached.count("revived"),
            told => panic!("a call is never told {told:?}"),
        }
        Said::Taken
    }

    /// A run has started in a call, which spawns its task.
    fn started(&mut self) {
        let given = self.values.start();
        self.spawned(Task::Runs { epoch: self.gate.latest_start, given, was_polled: false });
    }

    fn spawned(&mut self, task: Task) {
        self.tasks.push(Some(task));
        if self.is_shut_down {
            self.values.reached.count("dropped as it was spawned");
            self.dropped(self.tasks.len() - 1);
            // It never was in the runtime.
            self.tasks.pop();
        }
    }

    fn flush(&mut self) {
        let before = self.gate.promise;
        let expected = match self.gate.step(Event::Flush { now: self.now }) {
            Told::Run => Ok(()),
            Told::Busy => Err(NotFlushed::Running),
            _ => Err(NotFlushed::NothingPending),
        };
        if expected.is_ok() {
            let is_owed = before == Promise::Orphaned;
            self.values.reached.count(if is_owed { "flushed what was owed" } else { "flushed" });
            let values = self.values.next.clone();
            self.started();
            if self.values.is_wrong(Wrong::FlushLeavesTheValues) {
                self.values.next = values;
            }
        }
        assert_eq!(self.front.flush(&self.orders), expected);
    }

    fn alive(&self, which: usize) -> Option<usize> {
        let alive = self.runtime.tasks();
        (!alive.is_empty()).then(|| alive[which % alive.len()])
    }

    fn poll_task(&mut self, id: usize) {
        let goes_on = match self.tasks[id].clone().expect("it is alive") {
            Task::Runs { epoch, given, was_polled } => self.poll_run(epoch, given, was_polled),
            Task::Owns { epoch } => match self.gate.step(Event::Fire { epoch, now: self.now }) {
                Told::Run => {
                    let given = self.values.start();
                    let is_many = given.values.len() > 1;
                    self.values.reached.count(if is_many {
                        "ran deferred with many"
                    } else {
                        "ran deferred"
                    });
                    self.poll_run(self.gate.latest_start, given, false)
                }
                Told::Gone | Told::Cancelled => None,
                _ => Some(Task::Owns { epoch }),
            },
        };
        let has_ended = goes_on.is_none();
        self.tasks[id] = goes_on;
        assert_eq!(self.runtime.poll(id), has_ended);
    }

    /// The model's part of a poll of the function. `None`: it has ended.
    fn poll_run(&mut self, epoch: u64, mut given: Given, was_polled: bool) -> Option<Task> {
        if !was_polled {
            self.given.push(given.values.clone());
        }
        match self.orders.is_given() {
            Some(Order::Call(value)) => {
                self.values.reached.count("called inside");
                if self.values.is_wrong(Wrong::InsideIsGivenToThatRun) {
                    given.values.push(value);
                }
                let said = self.call(value);
                self.said.push(said);
            }
            Some(Order::TakeOut(values)) => self.values.take_out(&mut given, values),
            Some(Order::Return { keeps }) => {
                self.ended(epoch, &given, keeps, false);
                return None;
            }
            Some(Order::Panic) => {
                self.values.reached.count("panicked");
                self.ended(epoch, &given, false, true);
                return None;
            }
            None => {}
        }
        Some(Task::Runs { epoch, given, was_polled: true })
    }

    fn ended(&mut self, epoch: u64, given: &Given, keeps: bool, panics: bool) {
        if self.values.end(given, keeps, panics) {
            self.gate.step(Event::Owe);
        }
        self.gate.step(Event::Finish { epoch });
    }

    /// The model's part of the drop of a task.
    fn dropped(&mut self, id: usize) {
        match self.tasks[id].take().expect("it is alive") {
            Task::Owns { epoch } => {
                if self.gate.step(Event::Abandon { epoch }) == Told::Owed {
                    self.values.reached.count("an owner dropped");
                    if self.values.is_wrong(Wrong::OwnerTakesTheValuesAway) {
                        self.values.next.clear();
                    }
                }
            }
            Task::Runs { epoch, given, was_polled } => {
                if self.values.stop(&given, was_polled) {
                    self.gate.step(Event::Owe);
                }
                self.gate.step(Event::Finish { epoch });
                self.orders.take();
            }
        }
    }

    fn shut_down(&mut self) {
        for id in self.runtime.tasks() {
            self.dropped(id);
        }
        self.is_shut_down = true;
        self.runtime.shut_down();
    }

    /// G5: once nobody is woken any more, nobody has anything to do.
    fn settle(&mut self) {
        while let Some(id) = self.runtime.woken() {
            self.poll_task(id);
        }
        for id in self.runtime.tasks() {
            if let Some(Task::Owns { epoch }) = self.tasks[id] {
                let told = self.gate.clone().step(Event::Fire { epoch, now: self.now });
                assert!(matches!(told, Told::Busy | Told::Early(_)), "G5: nobody woke an owner: {told:?}");
            }
        }
    }

    fn look(&mut self) {
        let snapshot = self.front.snapshot();
        let deferral = match self.gate.promise {
            Promise::Nothing => DeferralStatus::None,
            Promise::Owned => DeferralStatus::Pending,
            Promise::TakenBack => DeferralStatus::Cancelled,
            Promise::Orphaned => DeferralStatus::Owed,
        };
        assert_eq!((snapshot.running, snapshot.deferral), (self.gate.in_progress, deferral), "G3");
        let last = snapshot.last_run_at.map_or(0, Timestamp::as_nanos);
        assert_eq!(last, self.gate.latest_start, "G1: the latest start");
        let alive: Vec<_> = (0..self.tasks.len()).filter(|&id| self.tasks[id].is_some()).collect();
        assert_eq!(self.runtime.tasks(), alive);
        // A wrong model is to be contradicted by the throttle, not by itself.
        let is_promised = matches!(self.gate.promise, Promise::Owned | Promise::Orphaned);
        assert!(
            self.values.wrong.is_some() || !is_promised || !self.values.next.is_empty(),
            "a run that is to come finds something"
        );
        let reports = (std::mem::take(&mut self.given), std::mem::take(&mut self.said));
        assert_eq!(self.orders.reports(), reports, "G10: what runs were given");
    }
}
