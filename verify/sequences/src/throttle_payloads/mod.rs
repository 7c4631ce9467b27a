//! Sequences of operations on a `Throttle` of each payload, with a real thread for the owner that waits, against plain
//! values.
//!
//! The model says after each operation whether the owner goes or stays, and the driver waits for that. What several callers
//! do at once is no part of this.

mod front;
mod model;
pub mod op;
pub mod subject;
pub mod wrong;

use self::front::{Front, Said};
use self::model::{Model, Next, nanos};
use self::op::{How, Op, THRESHOLD};
use self::wrong::Wrong;
use crate::patience::{PATIENCE, until};
use crate::payloads::op::{Kind, SECOND};
use crate::throttle::clock::{Move, count_looks};
use atomic_throttle::state::DeferralStatus;
use reference::reached::Reached;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

/// The thread of the call that waits.
struct Owner {
    said: Receiver<Said>,
    looks: Arc<AtomicUsize>,
    /// The number of its looks at the clock whose outcome the driver knows: that of the call, and one before it sleeps.
    known: usize,
}

impl Owner {
    /// Waits until it has looked so often, or has gone. Each move that it hears of makes it look once.
    fn has_looked(&self) {
        // Acquire: pairs with the count of a look.
        until(|| self.looks.load(Ordering::Acquire) >= self.known || Arc::strong_count(&self.looks) == 1);
    }
}

struct Play {
    front: Arc<Front>,
    model: Model,
    owner: Option<Owner>,
    values: u32,
}

/// Plays `operations` on a throttle and on a model. Panics where they differ.
fn play(wrong: Option<Wrong>, kind: Kind, operations: impl IntoIterator<Item = Op>) -> Reached {
    let model = Model {
        kind,
        wrong,
        now: 0,
        threshold: nanos(THRESHOLD),
        last: None,
        next: Next::None,
        values: Vec::new(),
        reached: Reached::default(),
    };
    let mut play = Play { front: Arc::new(Front::new(kind)), model, owner: None, values: 1 };
    play.advance(nanos(SECOND));
    for operation in operations {
        play.perform(operation);
        play.look();
        play.model.reached.count("operation");
    }
    play.end()
}

impl Play {
    fn perform(&mut self, operation: Op) {
        // Those after it are for calls inside its run.
        let value = self.values;
        self.values += 4;
        match operation {
            Op::Call { how, script } => {
                let was_pending = matches!(self.model.next, Next::Pending(_));
                // Of a wrong model the driver waits for nobody.
                let may_wait = self.model.may_wait(how);
                match self.model.call(how, value, script) {
                    Some(expected) => {
                        let said = if may_wait {
                            let said = self.start(how, value, script).said.try_recv();
                            said.expect("the call returns at once")
                        } else {
                            self.front.call(how, value, script)
                        };
                        assert_eq!(said, expected, "G10: {how:?}");
                        self.owner_is_released(was_pending);
                    }
                    None => self.owner = Some(self.start(how, value, script)),
                }
            }
            Op::Overtake(script) => {
                let was_pending = matches!(self.model.next, Next::Pending(_));
                self.shift(self.model.threshold);
                let expected = self.model.call(How::Try, value, script).expect("it never waits");
                assert_eq!(self.front.call(How::Try, value, script), expected, "G10: it takes over");
                self.owner_is_released(was_pending);
                if was_pending && self.owner.is_none() {
                    self.model.reached.count("taken over");
                }
                self.front.clock().notify();
                self.owner_hears();
            }
            Op::Flush(script) => {
                let was_pending = matches!(self.model.next, Next::Pending(_));
                let expected = self.model.flush(value, script);
                assert_eq!(self.front.flush(value, script), expected, "G10: a flush");
                self.owner_is_released(was_pending);
            }
            Op::Cancel => {
                assert_eq!(self.front.cancel(), self.model.cancel());
                self.owner_is_cancelled();
            }
            Op::Take => {
                assert_eq!(self.front.take(), self.model.take(), "G10: what no run was given");
                self.owner_is_cancelled();
            }
            Op::Advance { by } => self.advance(nanos(by)),
            Op::SetThreshold { to } => self.set_threshold(to),
            Op::Outlast => {
                let Next::Pending(model::Owner { limit: Some(limit), .. }) = self.model.next else { return };
                self.set_threshold(SECOND * 8);
                self.advance(limit.saturating_sub(self.model.now));
                self.set_threshold(THRESHOLD);
            }
        }
    }

    /// Another thread makes the call. It has ended, or waits.
    fn start(&self, how: How, value: u32, script: op::Script) -> Owner {
        let (sender, said) = channel();
        let looks = Arc::new(AtomicUsize::new(0));
        let (front, counted) = (Arc::clone(&self.front), Arc::clone(&looks));
        thread::spawn(move || {
            count_looks(Some(counted));
            let said = front.call(how, value, script);
            // Nobody listens if the driver has found a difference and left.
            let _ = sender.send(said);
            count_looks(None);
        });
        let owner = Owner { said, looks, known: 2 };
        owner.has_looked();
        owner
    }

    fn set_threshold(&mut self, to: Duration) {
        self.front.set_threshold(to);
        self.model.threshold = nanos(to);
        self.owner_hears();
    }

    fn shift(&mut self, by: u64) {
        self.model.now += by;
        self.front.clock().shift(Move::Advance { by });
    }

    fn advance(&mut self, by: u64) {
        self.shift(by);
        self.front.clock().notify();
        self.owner_hears();
    }

    /// The owner has been notified, once.
    fn owner_hears(&mut self) {
        let expected = self.model.owner_looks();
        let Some(owner) = &mut self.owner else { return };
        if let Some(expected) = expected {
            self.owner_says(&expected);
        } else {
            owner.known += 1;
            owner.has_looked();
        }
    }

    fn owner_says(&mut self, expected: &Said) {
        let owner = self.owner.take().expect("there is an owner");
        let said = owner.said.recv_timeout(PATIENCE).expect("the owner goes");
        assert_eq!(said, *expected, "G10: the owner");
    }

    /// A run has taken the place of the owner, if there was one and there is none now.
    fn owner_is_released(&mut self, was_pending: bool) {
        if was_pending && !matches!(self.model.next, Next::Pending(_)) {
            self.owner_says(&Said::Coalesced);
        }
    }

    fn owner_is_cancelled(&mut self) {
        if self.owner.is_some() && self.model.next == Next::None {
            self.model.reached.count("cancelled owner");
            self.owner_says(&Said::Cancelled);
        }
    }

    fn look(&self) {
        let seen = self.front.snapshot();
        let expected = match self.model.next {
            Next::None => DeferralStatus::None,
            Next::Owed => DeferralStatus::Owed,
            Next::Pending(_) => DeferralStatus::Pending,
        };
        assert_eq!(
            seen.deferral, expected,
            "G3: a run for all that was left, and for nothing else: {seen:?}, at {}",
            self.model.now
        );
        assert!(!seen.running);
        let last = self.model.last.unwrap_or(0);
        assert_eq!(seen.epoch.started_at().as_nanos(), last, "G1: the latest start");
    }

    /// The owner runs, and what is left is taken.
    fn end(mut self) -> Reached {
        // A flush may have left the latest start ahead of the clock.
        self.advance(self.model.threshold + nanos(SECOND));
        self.look();
        assert!(self.owner.is_none(), "G5: the owner goes when the window is over");
        assert_eq!(self.front.take(), self.model.take(), "G10: each value once");
        assert_eq!(self.front.take(), []);
        std::mem::take(&mut self.model.reached)
    }
}

/// Lets the owner go if the driver leaves because it has found a difference.
impl Drop for Play {
    fn drop(&mut self) {
        self.front.set_threshold(Duration::ZERO);
        self.front.cancel();
    }
}
