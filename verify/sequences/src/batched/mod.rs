//! Sequences of operations on a `Batched`, with its real thread, against a queue.
//!
//! After each operation the driver waits until the thread is asleep or held up in a run, so that each batch
//! is known. What several producers do at once is no part of this.

pub mod subject;

use crate::patience::{PATIENCE, panic_quietly, until};
use atomic_throttle::state::DeferralStatus;
use atomic_throttle::{Batch, Batched, Manual, NotFlushed, Pending, Shutdown, Throttled, Timestamp};
use reference::reached::Reached;
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);

/// One operation. `from_byte` makes one of any byte.
#[derive(Clone, Copy, Debug)]
pub enum Op {
    Push,
    /// The run in progress takes so many items of its batch, and then returns or panics.
    End {
        takes: usize,
        panics: bool,
    },
    Cancel,
    Flush,
    Advance {
        by: Duration,
    },
    /// Takes what no run received, unless a run is in progress.
    TakeRemaining,
}

impl Op {
    pub fn from_byte(byte: u8) -> Self {
        let value = byte >> 4;
        match byte & 15 {
            0..=4 => Self::Push,
            5..=9 => Self::End { takes: usize::from(value & 7), panics: value & 8 != 0 },
            10 => Self::Cancel,
            11 => Self::Flush,
            12..=14 => Self::Advance { by: SECOND / 2 * u32::from(value & 3) },
            _ => Self::TakeRemaining,
        }
    }
}

/// How the end treats what is pending.
pub fn end(byte: u8) -> Pending {
    [Pending::Finish, Pending::Flush, Pending::Discard][usize::from(byte % 3)]
}

/// All that a sequence can reach.
pub const ALL: [&str; 14] = [
    "operation",
    "pushed",
    "run",
    "an empty batch",
    "a batch of many",
    "all was taken",
    "some was left",
    "left by a panic",
    "cancelled with items",
    "flushed",
    "taken",
    "finished",
    "discarded",
    "remaining after the end",
];

/// A deliberate error in the expected answers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Wrong {
    NewestFirst,
    LeftIsLost,
    LeftIsNotAskedFor,
    PanicLosesTheBatch,
    PanicGivesAgain,
    CancelLosesItems,
    PushedLaterIsGiven,
    DiscardLosesItems,
}

impl Wrong {
    pub const ALL: [Self; 8] = [
        Self::NewestFirst,
        Self::LeftIsLost,
        Self::LeftIsNotAskedFor,
        Self::PanicLosesTheBatch,
        Self::PanicGivesAgain,
        Self::CancelLosesItems,
        Self::PushedLaterIsGiven,
        Self::DiscardLosesItems,
    ];

    /// The error in words.
    pub fn name(self) -> &'static str {
        match self {
            Self::NewestFirst => "the newest item comes first",
            Self::LeftIsLost => "what a run leaves in its batch is lost",
            Self::LeftIsNotAskedFor => "no run comes for what was left in a batch",
            Self::PanicLosesTheBatch => "a run that panics loses its batch",
            Self::PanicGivesAgain => "what a run took before it panicked is given again",
            Self::CancelLosesItems => "a cancel loses the items",
            Self::PushedLaterIsGiven => "an item that is pushed during a run is in its batch",
            Self::DiscardLosesItems => "items are lost when the end discards the run for them",
        }
    }
}

/// The plan for a run.
struct Plan {
    takes: usize,
    panics: bool,
}

/// A run that is held up.
struct Held {
    epoch: u64,
    /// How many items its batch has.
    batch: usize,
}

struct Play {
    // Dropped before the throttle: its thread must not be held up when it is joined.
    plans: Sender<Plan>,
    begun: Receiver<usize>,
    given: Receiver<Vec<u32>>,
    batched: Batched<u32>,
    clock: Arc<Manual>,
    wrong: Option<Wrong>,
    /// What no run has taken, in the order in which it is due.
    waiting: VecDeque<u32>,
    pushed: u32,
    /// Whether a run is due.
    asked: bool,
    held: Option<Held>,
    reached: Reached,
}

/// Plays `operations` on a throttle and on a queue. Panics where they differ.
pub fn play(wrong: Option<Wrong>, end: Pending, operations: impl IntoIterator<Item = Op>) -> Reached {
    let clock = Arc::new(Manual::new(Timestamp::ZERO.saturating_add(SECOND)));
    let builder = Throttled::builder(SECOND).clock(Arc::clone(&clock)).pending_on_drop(Pending::Discard);
    let (plans, orders) = channel::<Plan>();
    let (begins, begun) = channel();
    let (batches, given) = channel();
    let f = move |batch: &mut Batch<'_, u32>| {
        // Nobody listens if the driver has found a difference and left.
        let _ = begins.send(batch.size_hint().1.expect("a batch has a size"));
        let Plan { takes, panics } = orders.recv().unwrap_or(Plan { takes: usize::MAX, panics: false });
        let _ = batches.send(batch.take(takes).collect());
        if panics {
            panic_quietly();
        }
    };
    let mut play = Play {
        plans,
        begun,
        given,
        batched: builder.spawn_batched(f).expect("a thread"),
        clock,
        wrong,
        waiting: VecDeque::new(),
        pushed: 0,
        asked: false,
        held: None,
        reached: Reached::default(),
    };
    for operation in operations {
        play.perform(operation);
        play.rest();
        play.reached.count("operation");
    }
    play.end(end)
}

impl Play {
    fn perform(&mut self, operation: Op) {
        match operation {
            Op::Push => self.push(),
            Op::End { takes, panics } => self.end_run(takes, panics),
            Op::Cancel => {
                assert_eq!(self.batched.throttled().cancel(), self.asked);
                if std::mem::take(&mut self.asked) && !self.waiting.is_empty() {
                    self.reached.count("cancelled with items");
                    if self.is_wrong(Wrong::CancelLosesItems) {
                        self.waiting.clear();
                    }
                }
            }
            Op::Flush => self.flush(),
            Op::Advance { by } => _ = self.clock.advance(by),
            Op::TakeRemaining => self.take_remaining(),
        }
    }

    fn is_wrong(&self, how: Wrong) -> bool {
        self.wrong == Some(how)
    }

    fn push(&mut self) {
        let item = self.pushed;
        assert!(self.batched.trigger(item).is_ok(), "it goes on");
        self.pushed += 1;
        if self.is_wrong(Wrong::NewestFirst) {
            self.waiting.push_front(item);
        } else {
            self.waiting.push_back(item);
        }
        if let (Some(Wrong::PushedLaterIsGiven), Some(held)) = (self.wrong, &mut self.held) {
            held.batch += 1;
        }
        self.asked = true;
        self.reached.count("pushed");
    }

    fn flush(&mut self) {
        let expected = match self.held {
            Some(_) => Err(NotFlushed::Running),
            None if self.asked => Ok(()),
            None => Err(NotFlushed::NothingPending),
        };
        assert_eq!(self.batched.throttled().flush(), expected);
        if expected.is_ok() {
            self.reached.count("flushed");
        }
    }

    fn take_remaining(&mut self) {
        if self.held.is_none() {
            let taken = self.batched.take_remaining();
            assert!(taken.iter().eq(&self.waiting), "{taken:?}, not {:?}", self.waiting);
            if !taken.is_empty() {
                self.reached.count("taken");
            }
            self.waiting.clear();
        }
    }

    fn end_run(&mut self, takes: usize, panics: bool) {
        let Some(held) = self.held.take() else { return };
        self.plans.send(Plan { takes, panics }).expect("the thread lives");
        self.compare_batch(held.batch, takes, panics);
        let throttled = self.batched.throttled();
        // The next one may have started.
        until(|| !throttled.is_running() || throttled.state().epoch().as_u64() != held.epoch);
    }

    /// Compares what the run has taken, and keeps what it leaves.
    fn compare_batch(&mut self, batch: usize, takes: usize, panics: bool) {
        let count = takes.min(batch);
        let expected: Vec<_> = self.waiting.drain(..count).collect();
        let got = self.given.recv_timeout(PATIENCE).expect("the run takes what it is told to take");
        assert_eq!(got, expected);
        let left = batch - count;
        if left > 0 {
            self.asked |= !self.is_wrong(Wrong::LeftIsNotAskedFor);
            self.reached.count(if panics { "left by a panic" } else { "some was left" });
        } else if batch > 0 {
            self.reached.count("all was taken");
        }
        match self.wrong {
            Some(Wrong::LeftIsLost) => drop(self.waiting.drain(..left)),
            Some(Wrong::PanicLosesTheBatch) if panics => drop(self.waiting.drain(..left)),
            Some(Wrong::PanicGivesAgain) if panics => {
                expected.iter().rev().for_each(|item| self.waiting.push_front(*item));
            }
            _ => {}
        }
    }

    /// Waits until the thread has nothing to do before the driver goes on: it is held up in a run, or sleeps.
    fn rest(&mut self) {
        until(|| {
            let seen = self.batched.throttled().snapshot();
            let is_due = seen.deferral == DeferralStatus::Pending && seen.window_end <= self.now();
            seen.running || !is_due
        });
        let is_running = self.batched.throttled().is_running();
        if is_running && self.held.is_none() {
            let batch = self.begun.recv_timeout(PATIENCE).expect("the run begins");
            assert!(self.asked, "a run for nobody");
            assert_eq!(batch, self.waiting.len(), "all that was pushed before the run is in its batch");
            self.asked = false;
            let epoch = self.batched.throttled().state().epoch().as_u64();
            self.held = Some(Held { epoch, batch });
            self.reached.count("run");
            match batch {
                0 => self.reached.count("an empty batch"),
                1 => {}
                _ => self.reached.count("a batch of many"),
            }
        }
        assert_eq!(is_running, self.held.is_some());
        assert_eq!(
            self.batched.throttled().is_pending(),
            self.asked,
            "G3: whoever has asked is promised a run"
        );
    }

    fn now(&self) -> Timestamp {
        atomic_throttle::Clock::now(&self.clock)
    }

    /// What is pending is finished, flushed or discarded; no item is lost by that.
    fn end(mut self, pending: Pending) -> Reached {
        self.end_run(0, true);
        self.rest();
        if pending == Pending::Finish {
            // To the end of any window: nobody else moves the clock.
            self.clock.advance(SECOND * 1_000);
            self.rest();
        }
        drop(self.plans);
        let told = self.batched.throttled().shutdown(pending).expect("it ends");
        let mut rest: Vec<_> = self.given.try_iter().flatten().collect();
        let remaining = self.batched.take_remaining();
        if told == Shutdown::Discarded {
            self.reached.count("discarded");
            if self.wrong == Some(Wrong::DiscardLosesItems) {
                self.waiting.clear();
            }
        } else if !rest.is_empty() {
            self.reached.count("finished");
        }
        if self.asked && pending != Pending::Discard {
            assert!(remaining.is_empty(), "G3: {remaining:?} were promised a run");
        }
        if !remaining.is_empty() {
            self.reached.count("remaining after the end");
        }
        rest.extend(remaining);
        assert!(rest.iter().eq(&self.waiting), "{rest:?}, not {:?}", self.waiting);
        self.reached
    }
}
