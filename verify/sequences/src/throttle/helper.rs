//! The threads of the driver: one for each call of `run`, so that a call that waits does not stop it.
//!
//! A function that runs in such a thread does what the driver tells it to do. Time does not decide whether a
//! thread goes or stays: an owner that looked at the clock twice, and went neither time, stays.

use super::clock::{ByHand, count_looks};
use super::op::How;
use crate::patience::{PATIENCE, panic_quietly, until};
use atomic_throttle::{Coalesced, NotFlushed, Outcome, Refused, Throttle};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, OnceLock};
use std::thread::{Scope, ScopedJoinHandle};

/// The outcome of a call, to compare. The number that its function returned names a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Said {
    AtOnce(u64),
    Deferred(u64),
    Coalesced(u64),
    Cancelled,
    Owed,
    Closed(u64),
    Running,
    NothingPending,
    Panicked,
}

pub type Handle<'t> = Coalesced<'t, ByHand>;
/// The outcome of a call, and its handle if it coalesced.
pub type Answer<'t> = (Said, Option<Handle<'t>>);

/// Calls the throttle with `f`. The caller writes to `board` before its call.
pub fn call<'t>(
    throttle: &'t Throttle<ByHand>,
    board: &AtomicU64,
    how: How,
    number: u64,
    f: impl FnOnce() -> u64,
) -> Answer<'t> {
    board.store(number, Ordering::Relaxed);
    let outcome = |outcome: Outcome<u64, Coalesced<'t, ByHand>>| match outcome {
        Outcome::RanAtOnce(value) => (Said::AtOnce(value), None),
        Outcome::RanDeferred(value) => (Said::Deferred(value), None),
        Outcome::Coalesced(handle) => (Said::Coalesced(handle.epoch().as_u64()), Some(handle)),
        Outcome::Cancelled => (Said::Cancelled, None),
        Outcome::Owed => (Said::Owed, None),
    };
    let refused = |refused| match refused {
        Refused::Closed { retry_at, .. } => (Said::Closed(retry_at.as_nanos()), None),
        Refused::Running => (Said::Running, None),
        other => panic!("an unknown refusal: {other:?}"),
    };
    let called = catch_unwind(AssertUnwindSafe(|| match how {
        How::Run => outcome(throttle.run(f)),
        How::RunWithin { max_wait } => throttle.run_within(max_wait, f).map_or_else(refused, outcome),
        How::TryRun => throttle.try_run(f).map_or_else(refused, |value| (Said::AtOnce(value), None)),
        How::Flush => match throttle.flush(f) {
            Ok(value) => (Said::AtOnce(value), None),
            Err(NotFlushed::Running) => (Said::Running, None),
            Err(NotFlushed::NothingPending) => (Said::NothingPending, None),
            Err(other) => panic!("an unknown refusal: {other:?}"),
        },
    }));
    called.unwrap_or_else(|payload| match payload.downcast_ref() {
        Some(&"on purpose") => (Said::Panicked, None),
        _ => resume_unwind(payload),
    })
}

enum Command<'s> {
    Perform(Box<dyn FnOnce() + Send + 's>),
    Return,
    Panic,
}

/// What a thread shows of itself.
#[derive(Default)]
struct Shown {
    /// What its function saw on the board when it began.
    saw: OnceLock<u64>,
    looks: Arc<AtomicUsize>,
}

/// A thread that makes one call.
pub struct Helper<'s, 't> {
    shown: Arc<Shown>,
    /// The number of its looks at the clock whose outcome the driver knows.
    looks_known: usize,
    commands: Sender<Command<'s>>,
    thread: ScopedJoinHandle<'s, Answer<'t>>,
}

impl<'s, 't: 's> Helper<'s, 't> {
    pub fn spawn(
        scope: &'s Scope<'s, '_>,
        throttle: &'t Throttle<ByHand>,
        board: &'t AtomicU64,
        how: How,
        number: u64,
    ) -> Self {
        let shown = Arc::new(Shown::default());
        let (commands, receiver) = channel();
        let inside = Arc::clone(&shown);
        let thread = scope.spawn(move || {
            count_looks(Some(Arc::clone(&inside.looks)));
            call(throttle, board, how, number, || {
                count_looks(None);
                let saw = board.load(Ordering::Relaxed);
                inside.saw.set(saw).expect("a function runs once");
                obey(&receiver);
                number
            })
        });
        // The first look is that of the call itself, before it waits.
        Self { shown, looks_known: 1, commands, thread }
    }

    fn looks(&self) -> usize {
        // Acquire: pairs with the count of a look.
        self.shown.looks.load(Ordering::Acquire)
    }

    fn has_gone(&self) -> bool {
        self.shown.saw.get().is_some() || self.thread.is_finished()
    }

    /// Whether the thread, which was just notified, stays where it waits.
    pub fn stays(&mut self) -> bool {
        until(|| self.has_gone() || self.looks() > self.looks_known);
        self.looks_known += 1;
        !self.has_gone()
    }

    /// Whether the thread, which was just notified, starts its run or returns.
    ///
    /// A thread that has looked may be on its way. If it looks once more, it was not.
    pub fn goes(&self, clock: &ByHand) -> bool {
        until(|| self.has_gone() || self.looks() > self.looks_known);
        if !self.has_gone() {
            clock.notify();
            until(|| self.has_gone() || self.looks() > self.looks_known + 1);
        }
        self.has_gone()
    }

    /// What the function saw on the board when it began: `None` if the thread went without running it.
    pub fn saw(&self, clock: &ByHand) -> Option<u64> {
        assert!(self.goes(clock), "the call waits on, and should not");
        self.shown.saw.get().copied()
    }

    /// Performs `f` inside the run of this thread.
    pub fn perform<A: Send + 's>(&self, f: impl FnOnce() -> A + Send + 's) -> A {
        let (answer, receiver) = channel();
        let send = move || answer.send(f()).expect("the driver waits for the answer");
        self.commands.send(Command::Perform(Box::new(send))).expect("the run is in progress");
        receiver.recv_timeout(PATIENCE).expect("an operation inside a run returns")
    }

    /// Ends the run of this thread.
    pub fn end(self, panics: bool) -> Answer<'t> {
        let command = if panics { Command::Panic } else { Command::Return };
        self.commands.send(command).expect("the run is in progress");
        self.thread.join().expect("the panic is caught in the thread")
    }

    /// The answer of a thread that goes without having run.
    pub fn returned(self, clock: &ByHand) -> Answer<'t> {
        let saw = self.saw(clock);
        assert_eq!(saw, None, "the function ran, and should not");
        self.thread.join().expect("the panic is caught in the thread")
    }
}

/// Does what the driver commands. When the driver is gone, the run ends.
fn obey(commands: &Receiver<Command<'_>>) {
    loop {
        match commands.recv() {
            Ok(Command::Perform(f)) => f(),
            Ok(Command::Panic) => panic_quietly(),
            Ok(Command::Return) | Err(_) => return,
        }
    }
}
