//! What the thread of a `Throttled` should do: the reference model, and an owner that performs what is due.

use super::op::Setup;
use crate::settled::{Settled, latest_call};
use crate::throttle::clock::Move;
use atomic_throttle::{Ended, NotFlushed, Pending, Shutdown, WaitError};
use reference::planted::{Fault, Judge};
use reference::{Event, MAX, Model, Promise, Told};

/// Where the thread comes to rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Point {
    /// In the function, which is held up.
    InARun,
    Asleep,
    Ended,
}

/// The throttle and its thread, at a point where the thread rests.
pub struct Life {
    pub judge: Judge,
    setup: Setup,
    /// The reading that the clock must have.
    pub now: u64,
    /// No run starts before this time, except by a flush.
    pub rested_at: u64,
    asked: Option<Pending>,
    /// How it ended, or would end now.
    pub shutdown: Shutdown,
    pub has_ended: bool,
    /// A caller waited for the end up to a limit: the drop of the last handle does not wait.
    pub has_given_up: bool,
    settled: Settled,
    pub runs: u64,
    pub panics: u64,
    /// Whether the latest run was started by a flush.
    pub flushed: bool,
    /// Ghost: the calls that were promised a run which has not started yet.
    pub uncovered: Vec<u64>,
}

impl Life {
    pub fn new(setup: Setup, fault: Option<Fault>) -> Self {
        Self {
            judge: Judge::new(Model::new(setup.threshold.min(MAX)), fault),
            setup,
            now: 0,
            rested_at: 0,
            asked: None,
            shutdown: Shutdown::Idle,
            has_ended: false,
            has_given_up: false,
            settled: Settled::default(),
            runs: 0,
            panics: 0,
            flushed: false,
            uncovered: Vec::new(),
        }
    }

    pub fn model(&self) -> &Model {
        &self.judge.model
    }

    fn has(&self, fault: Fault) -> bool {
        self.judge.fault == Some(fault)
    }

    pub fn is_pending(&self) -> bool {
        self.model().promise == Promise::Owned
    }

    pub fn is_owed(&self) -> bool {
        self.model().promise == Promise::Orphaned
    }

    pub fn point(&self) -> Point {
        match (self.has_ended, self.model().in_progress) {
            (true, _) => Point::Ended,
            (false, true) => Point::InARun,
            (false, false) => Point::Asleep,
        }
    }

    /// When the pending run is due, as the thread shows it. It sees that a rest holds the run when none is in progress.
    pub fn next_run_at(&self) -> Option<u64> {
        let rested_at = if self.point() == Point::InARun { 0 } else { self.rested_at };
        self.is_pending().then(|| self.model().deadline().max(rested_at))
    }

    /// Whether calls are refused, and why.
    pub fn ended(&self) -> Option<Ended> {
        let panicked = self.has_ended && self.shutdown == Shutdown::Panicked;
        let over = if panicked { Ended::Panicked } else { Ended::ShutDown };
        (self.has_ended || self.asked.is_some()).then_some(over)
    }

    /// A call. Returns the epoch that it was made in, and whether it wakes the thread.
    pub fn trigger(&mut self, number: u64) -> Result<(u64, bool), Ended> {
        let is_refused = self.ended().filter(|_| !self.is_pending() && !self.has(Fault::TakenAfterTheEnd));
        if let Some(ended) = is_refused {
            return Err(ended);
        }
        let told = self.judge.step(Event::Request);
        self.uncovered.push(number);
        Ok((self.model().latest_start, told == Told::Requested))
    }

    pub fn cancel(&mut self) -> bool {
        let cancelled = self.judge.step(Event::Cancel) == Told::Yes;
        if cancelled {
            self.uncovered.clear();
        }
        cancelled
    }

    pub fn flush(&mut self) -> Result<(), NotFlushed> {
        if self.ended().is_some() {
            return Err(NotFlushed::Ended);
        }
        match self.judge.step(Event::Flush { now: self.now }) {
            Told::Run => self.starts(true),
            Told::Busy => return Err(NotFlushed::Running),
            _ => return Err(NotFlushed::NothingPending),
        }
        Ok(())
    }

    pub fn move_clock(&mut self, movement: Move) {
        self.now = movement.after(self.now);
    }

    /// Asks for the end. If two threads ask, the end that comes sooner counts.
    pub fn end(&mut self, pending: Pending) {
        if !self.has_ended {
            self.asked = self.asked.max(Some(pending));
        }
    }

    /// The run in progress ends, and the thread goes on.
    pub fn end_run(&mut self, panics: bool) {
        let epoch = self.model().latest_start;
        assert_eq!(self.judge.step(Event::Finish { epoch }), Told::Finished);
        if panics {
            self.panics += 1;
        }
        self.settled.settle(epoch, panics);
        if panics && self.has(Fault::PanicClears) {
            self.judge.model.promise = Promise::Nothing;
        }
        if panics && self.setup.fatal {
            let _ = self.judge.step(Event::Abandon { epoch });
            self.has_ended = true;
            self.shutdown = Shutdown::Panicked;
            return;
        }
        let rests = self.setup.rest > 0 && !self.has(Fault::RestForgotten);
        self.rested_at = if rests { self.now.saturating_add(self.setup.rest).min(MAX) } else { 0 };
    }

    /// How many readings of the clock the end of a run takes before the thread looks again.
    pub fn readings_after_a_run(&self) -> usize {
        usize::from(self.setup.rest > 0)
    }

    /// The thread looks, and does what is to be done until it comes to rest.
    pub fn look(&mut self) {
        while self.point() == Point::Asleep {
            let epoch = self.model().latest_start;
            match self.model().promise {
                Promise::Nothing | Promise::Orphaned => {
                    self.has_ended = self.asked.is_some();
                    return;
                }
                Promise::TakenBack => {
                    assert_ne!(self.judge.step(Event::Fire { epoch, now: self.now }), Told::Run);
                }
                Promise::Owned => match self.asked {
                    Some(Pending::Discard) if !self.has(Fault::DiscardForgotten) => {
                        let _ = self.cancel();
                        self.shutdown = Shutdown::Discarded;
                    }
                    Some(Pending::Flush) => {
                        assert_eq!(self.judge.step(Event::Flush { now: self.now }), Told::Run);
                        self.starts(true);
                    }
                    _ if self.now < self.rested_at => return,
                    _ => match self.judge.step(Event::Fire { epoch, now: self.now }) {
                        Told::Run => self.starts(false),
                        _ => return,
                    },
                },
            }
        }
    }

    fn starts(&mut self, by_flush: bool) {
        self.runs += 1;
        self.flushed = by_flush;
        if self.asked.is_some() {
            self.shutdown = Shutdown::Ran;
        }
    }

    /// The result of a wait for the run that covers a call of this epoch, or `None` if the wait goes on.
    pub fn cover(&self, epoch: u64) -> Option<Result<(), WaitError>> {
        self.settled.cover(self.model(), epoch)
    }

    /// The same for a wait for all that was requested.
    pub fn cover_of_all(&self) -> Option<Result<(), WaitError>> {
        latest_call(self.model()).map_or(Some(Ok(())), |epoch| self.cover(epoch))
    }
}
