//! Sequences of operations on a `Throttled` of each payload, with its real thread, against plain values and numbers.
//! Runs fail, and are tried again as a policy says.
//!
//! After each operation the driver waits until the thread is asleep or held up in a run, so that what each run is given
//! is known. What several callers do at once is no part of this.

mod agenda;
mod finish;
mod front;
mod model;
pub mod op;
pub mod subject;
mod wrong;

use self::agenda::{Agenda, Told};
use self::front::{Front, Run};
use self::model::Slot;
use self::op::{Kind, Op, Plan, Policy, SECOND, Setup};
use self::wrong::Wrong;
use crate::patience::until;
use crate::watched::{THREAD, Watched};
use atomic_throttle::state::DeferralStatus;
use atomic_throttle::{NotFlushed, OwnedTicket, Pending, Retry, Throttled, Timestamp};
use reference::reached::Reached;
use std::cell::RefCell;
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

/// How many tickets are looked at after each operation.
const TICKETS: usize = 6;

/// A run that is held up.
struct Held {
    epoch: u64,
    given: Vec<u32>,
}

struct Play {
    // Dropped before the throttle: its thread must not be held up when it is joined.
    plans: Option<Sender<Plan>>,
    begun: Receiver<Vec<u32>>,
    front: Front,
    clock: Arc<Watched>,
    slot: Slot,
    agenda: Agenda,
    calls: u32,
    /// Whether a flush has started a run that has not begun.
    is_flushed: bool,
    held: Option<Held>,
    /// Each with the number of runs before its call.
    tickets: VecDeque<(usize, OwnedTicket)>,
    reached: Reached,
}

/// Plays `operations` on a throttle and on a model. Panics where they differ.
fn play(wrong: Option<Wrong>, setup: Setup, operations: impl IntoIterator<Item = Op>) -> Reached {
    let clock = Arc::new(Watched::new(Timestamp::ZERO.saturating_add(SECOND)));
    let builder = Throttled::builder(SECOND).name(THREAD).clock(Arc::clone(&clock));
    let mut builder = builder.pending_on_drop(Pending::Discard);
    if let Some(Policy { at_most, back_off }) = setup.policy {
        builder = builder.retry(Retry::by(move |_, _| Some(back_off)).at_most(at_most));
    }
    let (plans, orders) = channel();
    let (begins, begun) = channel();
    let run = Run { begins, plans: orders, last: setup.last };
    let mut play = Play {
        plans: Some(plans),
        begun,
        front: Front::start(setup.kind, builder, run),
        clock,
        slot: Slot { kind: setup.kind, wrong, values: Vec::new() },
        agenda: Agenda::new(wrong, setup.policy, SECOND),
        calls: 0,
        is_flushed: false,
        held: None,
        tickets: VecDeque::new(),
        reached: Reached::default(),
    };
    for operation in operations {
        play.perform(operation);
        play.rest();
        play.reached.count("operation");
    }
    play.end(setup)
}

impl Play {
    fn perform(&mut self, operation: Op) {
        match operation {
            Op::Trigger => self.trigger(),
            Op::End(plan) => self.end_run(plan),
            Op::Cancel => {
                assert_eq!(self.front.cancel(), self.agenda.asked);
                if self.agenda.asked {
                    self.reached.count("cancelled with values");
                    self.give_up();
                    if self.slot.is_wrong(Wrong::CancelLosesValues) {
                        self.slot.values.clear();
                    }
                }
            }
            Op::Flush => self.flush(),
            Op::Advance { by } => self.advance(by),
            Op::Take => self.take(),
        }
    }

    fn trigger(&mut self) {
        let value = self.calls;
        self.calls += 1;
        let called = self.front.trigger(value);
        if self.slot.is_full() {
            assert_eq!(called.err(), Some(Some(value)), "G10: a refused value comes back");
            self.reached.count("full");
            if !self.agenda.asked {
                self.reached.count("full of what a cancel has left");
                if !self.slot.is_wrong(Wrong::FullAsksForNothing) {
                    self.agenda.call();
                }
            }
            return;
        }
        let ticket = called.expect("it goes on");
        let brought = self.slot.brought(value);
        if self.slot.kind == Kind::Latest && !self.slot.values.is_empty() {
            self.reached.count("a newer value in place of an older one");
        }
        match &mut self.held {
            Some(held) if self.slot.wrong == Some(Wrong::BroughtLaterIsGiven) => held.given.push(brought),
            _ => self.slot.put(brought),
        }
        if self.is_held_by_a_back_off() {
            self.reached.count("a call in a back-off");
        }
        self.agenda.call();
        self.tickets.push_back((self.agenda.runs, ticket));
        self.tickets.drain(..self.tickets.len().saturating_sub(TICKETS));
        self.reached.count("taken call");
    }

    fn is_held_by_a_back_off(&self) -> bool {
        self.agenda.retry_at.is_some_and(|until| until > self.agenda.now)
    }

    fn flush(&mut self) {
        let is_stuck = self.is_held_by_a_back_off() && self.slot.is_wrong(Wrong::FlushIsHeldByTheBackOff);
        let expected = match self.held {
            Some(_) => Err(NotFlushed::Running),
            None if self.agenda.asked && !is_stuck => Ok(()),
            None => Err(NotFlushed::NothingPending),
        };
        assert_eq!(self.front.flush(), expected);
        if expected.is_ok() {
            self.is_flushed = true;
            self.reached.count("flushed");
            if self.is_held_by_a_back_off() {
                self.reached.count("flushed in a back-off");
            }
        }
    }

    fn take(&mut self) {
        let taken = self.front.take();
        assert_eq!(taken, self.slot.take(), "G10: what no run was given");
        if !taken.is_empty() {
            self.reached.count(if self.agenda.asked { "taken, and the run given up" } else { "taken" });
            if self.held.is_some() {
                self.reached.count("taken during a run");
            }
        }
        if self.agenda.asked && !self.slot.is_wrong(Wrong::TakeLeavesTheRun) {
            self.give_up();
        }
    }

    fn give_up(&mut self) {
        if self.agenda.failures > 0 {
            self.reached.count("cancelled in a row of failures");
        }
        self.agenda.cancel();
    }

    fn advance(&mut self, by: Duration) {
        self.clock.time.advance(by);
        self.agenda.now += by;
    }

    /// Waits until the thread has nothing to do before the driver goes on: it is held up in a run, or sleeps.
    ///
    /// It reads the clock once for each look. So when it has begun two, the first is over, and it has seen all.
    fn rest(&mut self) {
        if self.held.is_none() {
            let given = RefCell::new(None);
            let begins = || {
                let mut given = given.borrow_mut();
                *given = given.take().or_else(|| self.begun.try_recv().ok());
                given.is_some()
            };
            for _ in 0..2 {
                let known = self.clock.readings();
                self.clock.time.advance(Duration::ZERO);
                until(|| begins() || self.clock.readings() > known);
            }
            let is_expected = std::mem::take(&mut self.is_flushed) || self.agenda.starts();
            let given = given.into_inner();
            assert_eq!(given.is_some(), is_expected, "G5: a run starts when it is due, and no sooner");
            if let Some(given) = given {
                self.begin(given);
            }
        }
        let seen = self.front.snapshot();
        assert_eq!(seen.running, self.held.is_some());
        let is_pending = seen.deferral == DeferralStatus::Pending;
        assert_eq!(is_pending, self.agenda.asked, "G3: a call is promised a run");
        let due = self.agenda.due().map(|due| Timestamp::ZERO.saturating_add(due));
        assert_eq!(seen.next_run_at, due, "G5: when the run is due");
        assert_eq!(seen.failures, self.agenda.failures, "failures in a row");
        self.look_at_tickets();
    }

    fn begin(&mut self, given: Vec<u32>) {
        assert!(self.agenda.asked, "a run for nobody");
        assert_eq!(given, self.slot.take(), "G10: all that was brought before the run is given to it");
        assert!(!given.is_empty(), "G10: a run without a value");
        self.reached.count("run");
        if given.len() > 1 {
            self.reached.count("a run of many");
        }
        self.agenda.start();
        self.held = Some(Held { epoch: self.front.epoch(), given });
    }

    /// Each ticket is told what the first run that was not tried again has come to.
    fn look_at_tickets(&mut self) {
        let Self { agenda, tickets, reached, .. } = self;
        tickets.retain(|(after, _)| !agenda.may_be_forgotten(*after));
        for (after, ticket) in tickets {
            let told = Told::of(ticket.wait_for(Duration::ZERO));
            assert_eq!(told, agenda.tells(*after), "G3: what a ticket is told");
            match told {
                Told::Succeeded => reached.count("told of a success"),
                Told::Failed(_) | Told::Panicked => reached.count("told of a failure"),
                Told::Cancelled => reached.count("told of a cancel"),
                Told::NotYet => {}
            }
        }
    }
}
