//! Sequences of all operations of an `AsyncThrottle`, its tasks polled, woken and dropped one by one, checked
//! step by step against the reference model and against the guarantees.

use super::by_hand::{ByHand, Driven};
use super::reference::planted::{Fault, Judge};
use super::reference::reached::Reached;
use super::reference::sequence::interesting;
use super::reference::{Event, MAX, Model, Promise, Told, shipped};
use atomic_throttle::asynchronous::Outcome;
use atomic_throttle::{AsyncThrottle, NotFlushed, Threshold, Timestamp, WaitError};
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};
use std::time::Duration;

/// One operation. `from_bytes` makes one of any two bytes.
#[derive(Clone, Copy, Debug)]
pub enum Op {
    /// Triggers, and waits by the ticket.
    Trigger,
    Run,
    /// The function of the run in progress triggers at its next poll.
    TriggerInside,
    Wait,
    PollTask {
        which: usize,
    },
    DropTask {
        which: usize,
    },
    PollCaller {
        which: usize,
    },
    DropCaller {
        which: usize,
    },
    /// The function of the run in progress returns at its next poll.
    Return,
    /// Or panics.
    Panic,
    Cancel,
    Flush,
    /// Whoever was woken is polled, until nobody is.
    Settle,
    Advance {
        by: u64,
    },
    GoBack {
        by: u64,
    },
    Jump {
        to: u64,
    },
    SetThreshold {
        to: u64,
    },
}

impl Op {
    pub fn from_bytes(kind: u8, value: u8) -> Self {
        let (time, which) = (interesting(value), usize::from(value));
        match kind % 24 {
            0..=2 => Self::Trigger,
            3 | 4 => Self::Run,
            5 => Self::TriggerInside,
            6 => Self::Wait,
            7..=9 => Self::PollTask { which },
            10 => Self::DropTask { which },
            11 => Self::PollCaller { which },
            12 => Self::DropCaller { which },
            13 | 14 => Self::Return,
            15 => Self::Panic,
            16 => Self::Cancel,
            17 => Self::Flush,
            18 | 19 => Self::Settle,
            20 => Self::Advance { by: time },
            21 => Self::GoBack { by: time },
            22 => Self::Jump { to: time },
            _ => Self::SetThreshold { to: time },
        }
    }
}

/// All that a sequence can reach.
pub const ALL: [&str; 14] = [
    "operation",
    "run",
    "deferred",
    "coalesced",
    "taken over",
    "owed",
    "cancelled",
    "a run stopped",
    "completed",
    "panicked",
    "inside",
    "told owed",
    "told cancelled",
    "told panicked",
];

/// What is wrong on purpose in what is expected.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Wrong {
    Step(Fault),
    /// A run that panicked counts as one that completed.
    PanicCovers,
    /// A run that was stopped counts as one that completed.
    StopCovers,
}

impl Wrong {
    pub const ALL: [Self; 7] = {
        let [a, b, c, d, e] = Fault::OF_A_STEP;
        [
            Self::Step(a),
            Self::Step(b),
            Self::Step(c),
            Self::Step(d),
            Self::Step(e),
            Self::PanicCovers,
            Self::StopCovers,
        ]
    };

    /// What is wrong, in words.
    pub fn name(self) -> &'static str {
        match self {
            Self::Step(fault) => fault.name(),
            Self::PanicCovers => "a wait takes a run that panicked for one that completed",
            Self::StopCovers => "a wait takes a run that was stopped for one that completed",
        }
    }
}

/// What the function of the run in progress is to do when it is polled.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Order {
    Return,
    Panic,
    Trigger,
}

/// What the functions of the runs obey.
#[derive(Clone, Default)]
struct Orders(Arc<Mutex<(Option<Order>, Option<Waker>)>>);

impl Orders {
    fn give(&self, order: Order) {
        let mut orders = self.0.lock().unwrap();
        orders.0 = Some(order);
        orders.1.take().map(Waker::wake).unwrap_or_default();
    }

    fn take(&self) -> Option<Order> {
        self.0.lock().unwrap().0.take()
    }

    fn is_given(&self) -> Option<Order> {
        self.0.lock().unwrap().0
    }

    /// What each run does. In a box, for it may ask for another of its kind.
    fn obey(self, throttle: AsyncThrottle<ByHand>) -> Pin<Box<dyn Future<Output = u32> + Send>> {
        Box::pin(poll_fn(move |cx| {
            loop {
                match self.take() {
                    None => {
                        self.0.lock().unwrap().1 = Some(cx.waker().clone());
                        return Poll::Pending;
                    }
                    Some(Order::Return) => return Poll::Ready(7),
                    Some(Order::Panic) => resume_unwind(Box::new("on purpose")),
                    Some(Order::Trigger) => {
                        let (orders, again) = (self.clone(), throttle.clone());
                        let _ = throttle.trigger(move || orders.obey(again)).unwrap();
                    }
                }
            }
        }))
    }
}

/// What a task of the throttle does at present.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Task {
    Owns { epoch: u64 },
    Runs { epoch: u64 },
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq)]
enum End {
    Completed,
    Panicked,
    Stopped,
}

/// What a caller is told in the end.
#[derive(Debug, PartialEq)]
enum Said {
    Waited(Result<(), WaitError>),
    Ran(&'static str, u32),
    Panicked,
    Cancelled,
    Owed,
}

struct Caller {
    future: Driven<Said>,
    /// The runs with a greater epoch cover its call. `None`: it waits for nothing.
    after: Option<u64>,
    /// The task of its own function, if the function matters to it.
    task: Option<(usize, &'static str)>,
}

pub struct Play {
    runtime: ByHand,
    throttle: AsyncThrottle<ByHand>,
    orders: Orders,
    judge: Judge,
    wrong: Option<Wrong>,
    now: u64,
    /// By their numbers in the runtime; `None` once they have ended, with what became of the function.
    tasks: Vec<Result<Task, Fate>>,
    callers: Vec<Caller>,
    runs: Vec<(u64, End)>,
    /// Calls that were promised a run which has not started yet.
    uncovered: u64,
    reached: Reached,
}

/// What became of the function of a task that is no more.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fate {
    Returned,
    Panicked,
    Gone,
    Cancelled,
    Dropped,
}

/// Plays `operations` on a throttle and on the model. Panics where they differ or a guarantee breaks.
pub fn check(wrong: Option<Wrong>, threshold: u64, operations: impl IntoIterator<Item = Op>) -> Reached {
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
        runs: Vec::new(),
        uncovered: 0,
        reached: Reached::default(),
    };
    for operation in operations {
        play.perform(operation);
        play.check_invariants();
        play.reached.count("operation");
    }
    play.perform(Op::Settle);
    // The tasks hold the throttle, and so the runtime that holds them.
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

    /// The model's part of a call. Which runs cover it, and whether it made a task.
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
            Said::Waited(ticket.wait().await)
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
                Outcome::Coalesced(ticket) => Said::Waited(ticket.wait().await),
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
        let future = Driven::new(async move { Said::Waited(throttle.wait().await) });
        let model = &self.judge.model;
        let after = match model.promise {
            Promise::Owned | Promise::Orphaned => Some(model.latest_start),
            _ if model.in_progress => Some(model.latest_start - 1),
            _ => None,
        };
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
        let (end, fate) = match self.orders.is_given()? {
            Order::Trigger => {
                self.reached.count("inside");
                self.call();
                return None;
            }
            Order::Return => (End::Completed, Fate::Returned),
            Order::Panic => (End::Panicked, Fate::Panicked),
        };
        self.reached.count(if end == End::Completed { "completed" } else { "panicked" });
        self.ended(epoch, end);
        Some(fate)
    }

    fn ended(&mut self, epoch: u64, end: End) {
        assert_eq!(self.judge.step(Event::Finish { epoch }), Told::Finished);
        self.runs.push((epoch, end));
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
                self.ended(epoch, End::Stopped);
                self.orders.take();
            }
        }
        self.tasks[id] = Err(Fate::Dropped);
        self.runtime.drop_task(id);
    }

    /// What a wait for the runs after `after` is told at this moment.
    fn cover(&self, after: u64) -> Option<Result<(), WaitError>> {
        let model = &self.judge.model;
        let ended = |end| self.runs.iter().any(|&(epoch, how)| epoch > after && how == end);
        let panicked = ended(End::Panicked);
        if ended(End::Completed) || panicked && self.wrong == Some(Wrong::PanicCovers) {
            return Some(Ok(()));
        }
        if ended(End::Stopped) && self.wrong == Some(Wrong::StopCovers) {
            return Some(Ok(()));
        }
        if panicked {
            return Some(Err(WaitError::Panicked));
        }
        match model.promise {
            _ if model.in_progress && model.latest_start > after => None,
            Promise::Owned => None,
            Promise::Orphaned => Some(Err(WaitError::Owed)),
            Promise::Nothing | Promise::TakenBack => Some(Err(WaitError::Cancelled)),
        }
    }

    /// What a caller is told at this moment.
    fn expected(&self, caller: &Caller) -> Option<Said> {
        let Some(after) = caller.after else { return Some(Said::Waited(Ok(()))) };
        let waited = || self.cover(after).map(Said::Waited);
        let Some((task, edge)) = caller.task else { return waited() };
        match self.tasks[task] {
            Ok(_) => None,
            Err(Fate::Returned) => Some(Said::Ran(edge, 7)),
            Err(Fate::Panicked) => Some(Said::Panicked),
            Err(Fate::Gone) => waited(),
            Err(Fate::Cancelled) => Some(Said::Cancelled),
            Err(Fate::Dropped) => match self.cover(after) {
                Some(Err(WaitError::Owed)) => Some(Said::Owed),
                Some(Err(WaitError::Cancelled)) => Some(Said::Cancelled),
                _ => waited(),
            },
        }
    }

    fn poll_caller(&mut self, which: usize) {
        let expected = self.expected(&self.callers[which]);
        let future = &mut self.callers[which].future;
        let said = match catch_unwind(AssertUnwindSafe(|| future.poll())) {
            Ok(Poll::Ready(said)) => Some(said),
            Ok(Poll::Pending) => None,
            Err(payload) if payload.downcast_ref() == Some(&"on purpose") => Some(Said::Panicked),
            Err(payload) => resume_unwind(payload),
        };
        assert_eq!(said, expected);
        match said {
            Some(Said::Waited(Err(WaitError::Owed)) | Said::Owed) => self.reached.count("told owed"),
            Some(Said::Waited(Err(WaitError::Cancelled)) | Said::Cancelled) => {
                self.reached.count("told cancelled");
            }
            Some(Said::Waited(Err(WaitError::Panicked)) | Said::Panicked) => {
                self.reached.count("told panicked");
            }
            _ => {}
        }
        // One that a dropped task left behind goes on by its ticket.
        let fate = self.callers[which].task.map(|(task, _)| self.tasks[task]);
        if said.is_some() {
            drop(self.callers.swap_remove(which));
        } else if matches!(fate, Some(Err(_))) {
            self.callers[which].task = None;
        }
    }

    /// G5: when nobody is woken any more, nobody has anything to do.
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
        let state = self.throttle.state();
        let model = &self.judge.model;
        assert_eq!(shipped::decode(state, self.throttle.threshold()), *model);
        let alive: Vec<_> = (0..self.tasks.len()).filter(|&id| self.tasks[id].is_ok()).collect();
        assert_eq!(self.runtime.tasks(), alive);
        let count = |task: fn(u64) -> Task| {
            self.tasks.iter().filter(|found| **found == Ok(task(model.latest_start))).count()
        };
        let runs = self.tasks.iter().filter(|task| matches!(task, Ok(Task::Runs { .. }))).count();
        assert_eq!(runs, usize::from(model.in_progress), "G2: one task runs exactly when one is in progress");
        let owners = count(|epoch| Task::Owns { epoch });
        assert_eq!(owners, usize::from(state.has_owner()), "G4: one owner exactly when one is due");
        if self.uncovered > 0 {
            assert!(state.is_pending() || state.is_owed(), "G3: {} calls are lost", self.uncovered);
        }
    }
}
