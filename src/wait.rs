//! Waiting for a deadline, a finish or a cancel: the owner for its turn, a coalesced call for its run.
//!
//! Whoever waits first registers with the event, then looks at the word and the clock; whoever moves
//! one of them does that first, then notifies. The event fences on both sides, so one of the two sees
//! the other, and no wake-up is lost (G5).

use crate::clock::{Clock, Moved};
use crate::gate::{Deferral, Fired, Gate, Run};
use crate::state::{DeferralStatus, Epoch};
use crate::sync::{Event, wait, wait_for};
use crate::time::Timestamp;
use core::fmt;

/// What the owner of a deferral waited for.
pub(crate) enum Turn<'g> {
    /// Its run has started.
    Run(Run<'g>),
    /// A run by somebody else covers it.
    Gone,
    /// The deferral was cancelled.
    Cancelled,
    /// The limit passed; the run is owed.
    Owed,
}

/// Why a wait for the covering run ended without it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum WaitError {
    /// The pending run was cancelled.
    Cancelled,
    /// The owner left, by a panic or at its limit, before the run started. The run is owed: call again
    /// and adopt it.
    Owed,
    /// The limit passed. The run is still pending or in progress.
    TimedOut,
    /// The wait was asked for inside a run of the same throttle, which the covering run has to wait
    /// for.
    InsideRun,
}

impl fmt::Display for WaitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Cancelled => "the pending run was cancelled: call again for another",
            Self::Owed => "the owner of the pending run left: call again and adopt it",
            Self::TimedOut => "the run had not finished within the limit: wait on",
            Self::InsideRun => "a run cannot wait for the run after it: wait outside of it",
        })
    }
}

impl core::error::Error for WaitError {}

/// The parts of a throttle that waiting needs.
pub(crate) struct Waiting<'t, C> {
    pub(crate) gate: &'t Gate,
    pub(crate) clock: &'t C,
    pub(crate) event: &'t Event,
}

impl<C> Clone for Waiting<'_, C> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<C> Copy for Waiting<'_, C> {}

impl<'t, C: Clock> Waiting<'t, C> {
    /// Wakes all who wait, so that they look again.
    #[inline]
    pub(crate) fn notify(&self) {
        self.event().notify(usize::MAX);
    }

    /// Waits until the owner's run has started, or it has nothing to wait for, or the clock has reached
    /// `limit`.
    pub(crate) fn for_turn(self, deferral: Deferral<'t>, limit: Option<Timestamp>) -> Turn<'t> {
        let mut owner = Owner { waiting: self, deferral: Some(deferral) };
        loop {
            let listener = self.event().listen();
            let now = self.clock.now();
            let due = match owner.fire(now) {
                Ok(turn) => return turn,
                Err(due) => due,
            };
            if limit.is_some_and(|limit| now >= limit) {
                return owner.leave();
            }
            self.sleep(listener, now, earlier(due, limit));
        }
    }

    /// Waits until the run that covers a call coalesced in `epoch` has finished, or will not come, or
    /// the clock has reached `limit`.
    pub(crate) fn for_cover(self, epoch: Epoch, limit: Option<Timestamp>) -> Result<(), WaitError> {
        let mut cover = Cover { epoch, run: None };
        if let Some(result) = cover.look(self.gate) {
            return result;
        }
        loop {
            let listener = self.event().listen();
            if let Some(result) = cover.look(self.gate) {
                return result;
            }
            let Some(limit) = limit else {
                wait(listener);
                continue;
            };
            let now = self.clock.now();
            if now >= limit {
                return Err(WaitError::TimedOut);
            }
            self.sleep(listener, now, Some(limit));
        }
    }

    /// Sleeps until notified, at most until the clock reads `until`.
    fn sleep(&self, listener: crate::sync::EventListener, now: Timestamp, until: Option<Timestamp>) {
        match until {
            Some(until) if until != Timestamp::NEVER && self.clock.moved().is_none() => {
                wait_for(listener, until.saturating_since(now));
            }
            _ => wait(listener),
        }
    }

    /// A clock that is moved by hand has an event of its own, so that one wait hears of both.
    fn event(&self) -> &'t Event {
        self.clock.moved().map_or(self.event, Moved::event)
    }
}

fn earlier(a: Option<Timestamp>, b: Option<Timestamp>) -> Option<Timestamp> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}

/// The owner of a deferral while it waits. If it leaves, by its limit or by unwinding, those who wait
/// for its run are told.
struct Owner<'t, C: Clock> {
    waiting: Waiting<'t, C>,
    deferral: Option<Deferral<'t>>,
}

impl<'t, C: Clock> Owner<'t, C> {
    /// `Err` with the deadline, if there is one, while it is not yet its turn.
    fn fire(&mut self, now: Timestamp) -> Result<Turn<'t>, Option<Timestamp>> {
        match self.deferral.take().map(|deferral| deferral.fire(now)) {
            Some(Fired::Run(run)) => Ok(Turn::Run(run)),
            Some(Fired::Cancelled) => Ok(Turn::Cancelled),
            Some(Fired::Busy(deferral)) => {
                self.deferral = Some(deferral);
                Err(None)
            }
            Some(Fired::Early { deferral, due }) => {
                self.deferral = Some(deferral);
                Err(Some(due))
            }
            Some(Fired::Gone) | None => Ok(Turn::Gone),
        }
    }

    fn leave(mut self) -> Turn<'t> {
        use crate::state::Abandon;
        match self.deferral.take().map(Deferral::abandon) {
            Some(Abandon::Owed) => {
                self.waiting.notify();
                Turn::Owed
            }
            Some(Abandon::Cancelled) => Turn::Cancelled,
            Some(Abandon::Gone) | None => Turn::Gone,
        }
    }
}

impl<C: Clock> Drop for Owner<'_, C> {
    fn drop(&mut self) {
        if let Some(deferral) = self.deferral.take() {
            drop(deferral);
            self.waiting.notify();
        }
    }
}

/// A coalesced call that looks for the run that covers it.
struct Cover {
    /// The epoch that the call was coalesced in.
    epoch: Epoch,
    /// The first run seen after it.
    run: Option<Epoch>,
}

impl Cover {
    fn look(&mut self, gate: &Gate) -> Option<Result<(), WaitError>> {
        let state = gate.state();
        if state.epoch() > self.epoch {
            let run = *self.run.get_or_insert(state.epoch());
            return (!state.is_running() || state.epoch() != run).then_some(Ok(()));
        }
        match state.deferral() {
            DeferralStatus::Pending => None,
            DeferralStatus::Owed => Some(Err(WaitError::Owed)),
            DeferralStatus::None | DeferralStatus::Cancelled => Some(Err(WaitError::Cancelled)),
        }
    }
}
