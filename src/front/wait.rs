//! Waiting for a deadline, a finish or a cancel: the owner waits for its turn, a coalesced call for its run.
//!
//! A waiter first counts itself, then looks at the word and the clock. A thread that moves one of them does
//! that first, then looks at the count. Both fence in between, so one of the two sees the other, and no
//! wake-up is lost (G5). The event ensures that a counted waiter hears a notification: it lists its listeners
//! under a lock, and a waiter looks once more after it is listed.

use crate::clock::{Clock, Moved};
use crate::front::failure::Failure;
use crate::gate::{Deferral, Fired, Gate};
use crate::state::{Abandon, DeferralStatus, Epoch};
use crate::sync::{AtomicU32, Event, EventListener, Ordering, fence, orders, wait, wait_for};
use crate::time::Timestamp;
use core::error::Error;
use core::{fmt, mem};
use std::sync::Arc;

/// How the wait of a deferral's owner ended.
pub(crate) enum Turn<S> {
    /// Its run has started.
    Run(S),
    /// Another caller's run covers it.
    Gone,
    /// The deferral was cancelled.
    Cancelled,
    /// The limit passed; the run is owed.
    Owed,
}

/// Why a wait for the covering run ended without it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum WaitError {
    /// The pending run was cancelled.
    Cancelled,
    /// The owner left before the run started, by a panic or at its limit. The run is owed: call again to
    /// adopt it.
    Owed,
    /// The run that covers the call returned this error, and is not tried again. By a [`Throttled`](crate::Throttled) only.
    Failed(Arc<Failure>),
    /// The run that covers the call panicked, and is not tried again. Not by a [`Throttle`](crate::Throttle).
    Panicked,
    /// Whether the run that covers the call succeeded is forgotten: more than 16 runs have failed since.
    Forgotten,
    /// The limit passed before the run was seen to finish.
    TimedOut,
    /// The wait was called inside a run of the same throttle. That may be the covering run itself, or one
    /// that the covering run has to wait for.
    InsideRun,
    /// This process is a forked child, and the thread that performs the run is in the parent. It performs the run
    /// there, and not here. A [`Throttle`](crate::Throttle) may be called again; one that has a thread must be
    /// started again.
    Forked,
}

impl fmt::Display for WaitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Cancelled => "the pending run was cancelled: call again for another",
            Self::Owed => "the owner of the pending run left: call again and adopt it",
            Self::Failed(failure) => return write!(f, "the run failed, call again for another: {failure}"),
            Self::Panicked => "the run panicked: call again for another",
            Self::Forgotten => "whether the run succeeded is forgotten, because many have failed since: wait sooner",
            Self::TimedOut => "the run was not seen to finish within the limit: wait on",
            Self::InsideRun => "a run cannot wait for itself or for the run after it: wait outside of it",
            Self::Forked => {
                "the thread that performs the run is in the parent of this forked child: call again, or start \
                 another throttle here"
            }
        })
    }
}

impl Error for WaitError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Failed(failure) => failure.source(),
            _ => None,
        }
    }
}

/// Two failures are equal if they are of the same run.
impl PartialEq for WaitError {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Failed(one), Self::Failed(other)) => Arc::ptr_eq(one, other),
            _ => mem::discriminant(self) == mem::discriminant(other),
        }
    }
}

impl Eq for WaitError {}

/// The parts of a throttle that waiting needs, whatever is waited for.
pub(crate) struct Waiting<'t, C> {
    pub(crate) clock: &'t C,
    pub(crate) event: &'t Event,
    /// How many threads wait, or are about to.
    pub(crate) waiters: &'t AtomicU32,
}

impl<C> Clone for Waiting<'_, C> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<C> Copy for Waiting<'_, C> {}

impl<'t, C: Clock> Waiting<'t, C> {
    /// Wakes all waiters, so that they look again. Call it after a move of what they look at.
    ///
    /// Cost while nobody waits: one fence, one load.
    #[inline]
    pub(crate) fn notify(&self) {
        // Store buffering: this side moves the word and reads the count, the other counts itself and reads the word.
        fence(&orders::NOTIFY);
        // ORDERING: Relaxed; the fence orders it.
        if self.waiters.load(Ordering::Relaxed) != 0 {
            Self::wake(self.event, self.clock);
        }
    }

    // Does not take `self`: otherwise a caller that wakes nobody would write its parts to memory as well.
    #[cold]
    fn wake(event: &Event, clock: &C) {
        heard(event, clock).notify(usize::MAX);
    }

    /// Waits until the owner's run has started, by `fire`, or it has nothing left to wait for, or the clock has reached
    /// `limit`. Calls `left_owed` if the owner leaves the run owed, by its limit or by unwinding.
    pub(crate) fn for_turn<S>(
        self,
        deferral: Deferral<'t>,
        limit: Option<Timestamp>,
        fire: impl Fn(Deferral<'t>, Timestamp) -> Result<S, Fired<'t>>,
        left_owed: impl Fn(),
    ) -> Turn<S> {
        let mut owner = Owner { waiting: self, deferral: Some(deferral), left_owed };
        let turn = self.until(|| {
            let now = self.clock.now();
            match owner.fire(now, &fire) {
                Ok(turn) => Ok(Some(turn)),
                Err(_) if limit.is_some_and(|limit| now >= limit) => Ok(None),
                Err(due) => Err(earlier(due, limit)),
            }
        });
        turn.unwrap_or_else(|| owner.leave())
    }

    /// Waits until the run that covers a call coalesced in `epoch` has finished, or will not come, or
    /// the clock has reached `limit`.
    pub(crate) fn for_cover(
        self,
        gate: &Gate,
        epoch: Epoch,
        limit: Option<Timestamp>,
    ) -> Result<(), WaitError> {
        if let Some(result) = look_for_cover(gate, epoch) {
            return result;
        }
        let mut cover = Cover::new(epoch);
        self.until(|| match cover.look(gate) {
            Some(result) => Ok(result),
            None if limit.is_some_and(|limit| self.clock.now() >= limit) => Ok(Err(WaitError::TimedOut)),
            None => Err(limit),
        })
    }

    /// Waits until `look` returns `Ok`. An `Err` says until when it need not be called again, unless there is
    /// a notification.
    pub(crate) fn until<T>(self, mut look: impl FnMut() -> Result<T, Option<Timestamp>>) -> T {
        let _registered = Registered::new(self.waiters);
        loop {
            let listener = self.event().listen();
            match look() {
                Ok(found) => return found,
                Err(deadline) => self.sleep(listener, deadline),
            }
        }
    }

    /// Waits in a task until `look` finds something. It is asked again after each notification.
    pub(crate) async fn notified_until<T>(self, mut look: impl FnMut() -> Option<T>) -> T {
        // The order keeps wake-ups from being lost: count, listen, look, and only then wait.
        let _registered = Registered::new(self.waiters);
        loop {
            let listener = self.event().listen();
            match look() {
                Some(found) => return found,
                None => listener.await,
            }
        }
    }

    /// Sleeps until notified, at most until the clock reads `until`.
    fn sleep(&self, listener: EventListener, until: Option<Timestamp>) {
        match until {
            Some(until) if until != Timestamp::NEVER && self.clock.moved().is_none() => {
                // Read the clock again: this thread may have been preempted since it decided to sleep.
                let left = until.saturating_since(self.clock.now());
                wait_for(listener, self.clock.longest_wait().map_or(left, |longest| left.min(longest)));
            }
            _ => wait(listener),
        }
    }

    pub(crate) fn event(&self) -> &'t Event {
        heard(self.event, self.clock)
    }
}

/// The event that waiters listen to. A clock that is moved by hand has its own event, so that one wait hears
/// of moves of the clock and of the word.
fn heard<'t, C: Clock>(event: &'t Event, clock: &'t C) -> &'t Event {
    clock.moved().map_or(event, Moved::event)
}

pub(crate) fn earlier(a: Option<Timestamp>, b: Option<Timestamp>) -> Option<Timestamp> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}

/// A waiter, which counts itself before it looks.
pub(crate) struct Registered<'t>(&'t AtomicU32);

impl<'t> Registered<'t> {
    pub(crate) fn new(waiters: &'t AtomicU32) -> Self {
        // ORDERING: Relaxed; the fence orders it.
        waiters.fetch_add(1, Ordering::Relaxed);
        fence(&orders::REGISTER);
        Self(waiters)
    }
}

impl Drop for Registered<'_> {
    fn drop(&mut self) {
        // ORDERING: Relaxed. This thread no longer looks, so a notification may miss it. A count that stays
        // too high for a moment costs one notification.
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Notifies when it is dropped, by unwinding as well.
pub(crate) struct NotifyOnDrop<'t, C: Clock>(pub(crate) Waiting<'t, C>);

impl<C: Clock> Drop for NotifyOnDrop<'_, C> {
    fn drop(&mut self) {
        self.0.notify();
    }
}

/// The owner of a deferral while it waits. If it leaves, by its limit or by unwinding, it wakes those who
/// wait for its run.
struct Owner<'t, C: Clock, F: Fn()> {
    waiting: Waiting<'t, C>,
    deferral: Option<Deferral<'t>>,
    left_owed: F,
}

impl<'t, C: Clock, F: Fn()> Owner<'t, C, F> {
    /// While it is not yet its turn, `Err` with the deadline, if there is one.
    fn fire<S>(
        &mut self,
        now: Timestamp,
        fire: impl Fn(Deferral<'t>, Timestamp) -> Result<S, Fired<'t>>,
    ) -> Result<Turn<S>, Option<Timestamp>> {
        let Some(deferral) = self.deferral.take() else { return Ok(Turn::Gone) };
        match fire(deferral, now) {
            Ok(started) => Ok(Turn::Run(started)),
            Err(Fired::Cancelled) => Ok(Turn::Cancelled),
            Err(Fired::Busy(deferral)) => {
                self.deferral = Some(deferral);
                Err(None)
            }
            Err(Fired::Early { deferral, due }) => {
                self.deferral = Some(deferral);
                Err(Some(due))
            }
            Err(Fired::Gone | Fired::Run(_)) => Ok(Turn::Gone),
        }
    }

    fn leave<S>(&mut self) -> Turn<S> {
        match self.deferral.take().map(Deferral::abandon) {
            Some(Abandon::Owed) => {
                self.waiting.notify();
                (self.left_owed)();
                Turn::Owed
            }
            Some(Abandon::Cancelled) => Turn::Cancelled,
            Some(Abandon::Gone) | None => Turn::Gone,
        }
    }
}

impl<C: Clock, F: Fn()> Drop for Owner<'_, C, F> {
    fn drop(&mut self) {
        let _ = self.leave::<()>();
    }
}

/// How a wait for the run that covers a call coalesced in `epoch` would end at once, if it would.
pub(crate) fn look_for_cover(gate: &Gate, epoch: Epoch) -> Option<Result<(), WaitError>> {
    Cover::new(epoch).look(gate)
}

/// A coalesced call, looking for the run that covers it.
pub(crate) struct Cover {
    /// The epoch that the call was coalesced in.
    epoch: Epoch,
    /// The first run seen after it.
    run: Option<Epoch>,
}

impl Cover {
    pub(crate) fn new(epoch: Epoch) -> Self {
        Self { epoch, run: None }
    }

    /// How a wait would end at once, if it would. It waits for the first run that it has seen.
    pub(crate) fn look(&mut self, gate: &Gate) -> Option<Result<(), WaitError>> {
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
