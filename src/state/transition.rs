//! The transitions: pure, total functions from one state to the next and an outcome.

use super::{
    Abandon, Arrive, CANCELLED, DEFERRAL, DeferralStatus, Epoch, Finish, Fire, Flush, LAST_SHIFT, NONE, OWED,
    Owe, PENDING, RUNNING, Refused, Request, State, TryStart, policy::Policy,
};
use crate::time::{START_MAX, Threshold, Timestamp};

/// # Transitions
impl State {
    /// A call that may run now, and that waits for the end of the window if it becomes the owner.
    ///
    /// | event | when | r | d | next | outcome |
    /// |---|---|---|---|---|---|
    /// | `arrive(now)` | open | 0 | any | start | `Run` |
    /// | `arrive(now)` | closed | 0 | none, owed | d=pending | `Defer` |
    /// | `arrive(now)` | | 1 | none, owed | d=pending | `Defer` |
    /// | `arrive(now)` | closed | 0 | pending | same | `Coalesced` |
    /// | `arrive(now)` | | 1 | pending | same | `Coalesced` |
    /// | `arrive(now)` | closed | 0 | cancelled | d=pending | `Coalesced` |
    /// | `arrive(now)` | | 1 | cancelled | d=pending | `Coalesced` |
    #[inline]
    pub const fn arrive(self, now: Timestamp, threshold: Threshold) -> (Self, Arrive) {
        if self.can_start(now, threshold) {
            return (self.start(now), Arrive::Run);
        }
        let pending = self.with_deferral(PENDING);
        if self.has_owner() {
            (pending, Arrive::Coalesced)
        } else {
            (pending, Arrive::Defer { due: self.window_end(threshold) })
        }
    }

    /// As [`arrive`](Self::arrive), under a policy: a start may also supersede a run in progress, if the lease
    /// of that run is over.
    ///
    /// An owner asks by this again whether it is its turn. On `Coalesced` it still has to wait, until
    /// [`window_end`](Self::window_end), and while a run is in progress until
    /// [`lease_end`](Self::lease_end) at the latest.
    ///
    /// | event | when | r | d | next | outcome |
    /// |---|---|---|---|---|---|
    /// | `arrive_under(now)` | open | 0 | any | start | `Run` |
    /// | `arrive_under(now)` | open, lease over | 1 | any | start | `Run` |
    /// | `arrive_under(now)` | closed | any | none, owed | d=pending | `Defer` |
    /// | `arrive_under(now)` | open, lease holds | 1 | none, owed | d=pending | `Defer` |
    /// | `arrive_under(now)` | closed | any | pending | same | `Coalesced` |
    /// | `arrive_under(now)` | open, lease holds | 1 | pending | same | `Coalesced` |
    /// | `arrive_under(now)` | closed | any | cancelled | d=pending | `Coalesced` |
    /// | `arrive_under(now)` | open, lease holds | 1 | cancelled | d=pending | `Coalesced` |
    #[inline]
    pub const fn arrive_under(self, now: Timestamp, policy: Policy) -> (Self, Arrive) {
        let (next, outcome) = self.without_expired_run(now, policy).arrive(now, policy.threshold);
        (next.with_run_of(self), outcome)
    }

    /// As [`arrive`](Self::arrive), for a call that cannot wait longer than until `latest`.
    ///
    /// | event | when | r | d | next | outcome |
    /// |---|---|---|---|---|---|
    /// | `arrive_by(now, latest)` | open | 0 | any | start | `Run` |
    /// | `arrive_by(now, latest)` | closed, due <= latest | 0 | none, owed | d=pending | `Defer` |
    /// | `arrive_by(now, latest)` | due <= latest | 1 | none, owed | d=pending | `Defer` |
    /// | `arrive_by(now, latest)` | closed, due > latest | 0 | none, owed | same | `Closed` |
    /// | `arrive_by(now, latest)` | due > latest | 1 | none, owed | same | `Closed` |
    /// | `arrive_by(now, latest)` | closed | 0 | pending | same | `Coalesced` |
    /// | `arrive_by(now, latest)` | | 1 | pending | same | `Coalesced` |
    /// | `arrive_by(now, latest)` | closed | 0 | cancelled | d=pending | `Coalesced` |
    /// | `arrive_by(now, latest)` | | 1 | cancelled | d=pending | `Coalesced` |
    ///
    /// # Errors
    ///
    /// [`Refused::Closed`] if the call would be deferred to a time after `latest`.
    #[inline]
    pub const fn arrive_by(
        self,
        now: Timestamp,
        latest: Timestamp,
        threshold: Threshold,
    ) -> (Self, Result<Arrive, Refused>) {
        let due = self.window_end(threshold);
        let makes_deferral = !self.can_start(now, threshold) && !self.has_owner();
        if makes_deferral && due.as_nanos() > latest.as_nanos() {
            return (self, Err(Refused::Closed { retry_at: due, refused_at: now.clamped() }));
        }
        let (next, outcome) = self.arrive(now, threshold);
        (next, Ok(outcome))
    }

    /// A call that never runs itself: it leaves that to the one background owner.
    ///
    /// | event | when | r | d | next | outcome |
    /// |---|---|---|---|---|---|
    /// | `request()` | | any | none, owed | d=pending | `Requested` |
    /// | `request()` | | any | pending | same | `Coalesced` |
    /// | `request()` | | any | cancelled | d=pending | `Coalesced` |
    #[inline]
    pub const fn request(self) -> (Self, Request) {
        let outcome = if self.has_owner() { Request::Coalesced } else { Request::Requested };
        (self.with_deferral(PENDING), outcome)
    }

    /// A call that can neither run nor wait, such as one inside a run.
    ///
    /// | event | when | r | d | next | outcome |
    /// |---|---|---|---|---|---|
    /// | `owe()` | | any | none, owed | d=owed | `Owed` |
    /// | `owe()` | | any | pending | same | `Coalesced` |
    /// | `owe()` | | any | cancelled | d=pending | `Coalesced` |
    #[inline]
    pub const fn owe(self) -> (Self, Owe) {
        if self.has_owner() {
            (self.with_deferral(PENDING), Owe::Coalesced)
        } else {
            (self.with_deferral(OWED), Owe::Owed)
        }
    }

    /// A call that runs now or not at all: the leading edge only.
    ///
    /// | event | when | r | d | next | outcome |
    /// |---|---|---|---|---|---|
    /// | `try_start(now)` | open | 0 | any | start | `Run` |
    /// | `try_start(now)` | closed | 0 | any | same | `Closed` |
    /// | `try_start(now)` | | 1 | any | same | `Running` |
    #[inline]
    pub const fn try_start(self, now: Timestamp, threshold: Threshold) -> (Self, TryStart) {
        if self.can_start(now, threshold) {
            return (self.start(now), TryStart::Run);
        }
        let refused = if self.is_running() {
            Refused::Running
        } else {
            Refused::Closed { retry_at: self.window_end(threshold), refused_at: now.clamped() }
        };
        (self, TryStart::Refused(refused))
    }

    /// Why [`try_start`](Self::try_start) would refuse. `None`: it would start a run.
    #[inline]
    pub(crate) const fn refuses(self, now: Timestamp, threshold: Threshold) -> Option<Refused> {
        match self.try_start(now, threshold).1 {
            TryStart::Run => None,
            TryStart::Refused(refused) => Some(refused),
        }
    }

    /// The owner of the deferral made in `epoch` asks whether it is its turn.
    ///
    /// | event | when | r | d | next | outcome |
    /// |---|---|---|---|---|---|
    /// | `fire(epoch, now)` | last != epoch | any | any | same | `Gone` |
    /// | `fire(epoch, now)` | last == epoch | any | none, owed | same | `Gone` |
    /// | `fire(epoch, now)` | last == epoch | any | cancelled | d=none | `Cancelled` |
    /// | `fire(epoch, now)` | last == epoch | 1 | pending | same | `Busy` |
    /// | `fire(epoch, now)` | last == epoch, closed | 0 | pending | same | `Early` |
    /// | `fire(epoch, now)` | last == epoch, open | 0 | pending | start | `Run` |
    #[inline]
    pub const fn fire(self, epoch: Epoch, now: Timestamp, threshold: Threshold) -> (Self, Fire) {
        if self.last() != epoch.0 {
            return (self, Fire::Gone);
        }
        match self.deferral() {
            DeferralStatus::None | DeferralStatus::Owed => (self, Fire::Gone),
            DeferralStatus::Cancelled => (self.with_deferral(NONE), Fire::Cancelled),
            DeferralStatus::Pending if self.is_running() => (self, Fire::Busy),
            DeferralStatus::Pending if self.is_open(now, threshold) => (self.start(now), Fire::Run),
            DeferralStatus::Pending => (self, Fire::Early { due: self.window_end(threshold) }),
        }
    }

    /// The owner of the deferral made in `epoch` leaves without having run.
    ///
    /// | event | when | r | d | next | outcome |
    /// |---|---|---|---|---|---|
    /// | `abandon(epoch)` | last != epoch | any | any | same | `Gone` |
    /// | `abandon(epoch)` | last == epoch | any | pending | d=owed | `Owed` |
    /// | `abandon(epoch)` | last == epoch | any | cancelled | d=none | `Cancelled` |
    /// | `abandon(epoch)` | last == epoch | any | none, owed | same | `Gone` |
    #[inline]
    pub const fn abandon(self, epoch: Epoch) -> (Self, Abandon) {
        if self.last() != epoch.0 {
            return (self, Abandon::Gone);
        }
        match self.deferral() {
            DeferralStatus::Pending => (self.with_deferral(OWED), Abandon::Owed),
            DeferralStatus::Cancelled => (self.with_deferral(NONE), Abandon::Cancelled),
            DeferralStatus::None | DeferralStatus::Owed => (self, Abandon::Gone),
        }
    }

    /// Gives up the pending or owed run, and leaves the window as it is. `true` if there was such a run.
    ///
    /// | event | when | r | d | next | outcome |
    /// |---|---|---|---|---|---|
    /// | `cancel()` | | any | pending | d=cancelled | `true` |
    /// | `cancel()` | | any | owed | d=none | `true` |
    /// | `cancel()` | | any | none, cancelled | same | `false` |
    #[must_use]
    #[inline]
    pub const fn cancel(self) -> (Self, bool) {
        match self.deferral() {
            DeferralStatus::Pending => (self.with_deferral(CANCELLED), true),
            DeferralStatus::Owed => (self.with_deferral(NONE), true),
            DeferralStatus::None | DeferralStatus::Cancelled => (self, false),
        }
    }

    /// Starts the pending or owed run now, even inside the window.
    ///
    /// | event | when | r | d | next | outcome |
    /// |---|---|---|---|---|---|
    /// | `flush(now)` | | 0 | pending, owed | start | `Run` |
    /// | `flush(now)` | | 1 | any | same | `Busy` |
    /// | `flush(now)` | | 0 | none, cancelled | same | `Nothing` |
    #[inline]
    pub const fn flush(self, now: Timestamp) -> (Self, Flush) {
        if self.is_running() {
            return (self, Flush::Busy);
        }
        match self.deferral() {
            DeferralStatus::Pending | DeferralStatus::Owed => (self.start(now), Flush::Run),
            DeferralStatus::None | DeferralStatus::Cancelled => (self, Flush::Nothing),
        }
    }

    /// As [`flush`](Self::flush), under a policy: the start may also supersede a run in progress, if the lease
    /// of that run is over. The threshold of the policy does not matter.
    ///
    /// | event | when | r | d | next | outcome |
    /// |---|---|---|---|---|---|
    /// | `flush_under(now)` | | 0 | pending, owed | start | `Run` |
    /// | `flush_under(now)` | lease over | 1 | pending, owed | start | `Run` |
    /// | `flush_under(now)` | lease holds | 1 | any | same | `Busy` |
    /// | `flush_under(now)` | | 0 | none, cancelled | same | `Nothing` |
    /// | `flush_under(now)` | lease over | 1 | none, cancelled | same | `Nothing` |
    #[inline]
    pub const fn flush_under(self, now: Timestamp, policy: Policy) -> (Self, Flush) {
        let (next, outcome) = self.without_expired_run(now, policy).flush(now);
        (next.with_run_of(self), outcome)
    }

    /// The run that opened `epoch` ends. A run that was superseded ends late, and its end is ignored.
    ///
    /// | event | when | r | d | next | outcome |
    /// |---|---|---|---|---|---|
    /// | `finish(epoch)` | last == epoch | 1 | any | r=0 | `Finished` |
    /// | `finish(epoch)` | last == epoch | 0 | any | same | `Ignored` |
    /// | `finish(epoch)` | last != epoch | any | any | same | `Ignored` |
    #[inline]
    pub const fn finish(self, epoch: Epoch) -> (Self, Finish) {
        if self.last() == epoch.0 && self.is_running() {
            (Self(self.0 & !RUNNING), Finish::Finished)
        } else {
            (self, Finish::Ignored)
        }
    }
}

impl State {
    #[inline]
    const fn with_deferral(self, bits: u64) -> Self {
        Self(self.0 & !DEFERRAL | bits)
    }

    /// `last = max(now, last + 1)`, `d = none`, `r = 1`.
    #[inline]
    const fn start(self, now: Timestamp) -> Self {
        // Saturates only after 2^56 starts beyond `Timestamp::MAX`; see `time::RESERVE`.
        let next = if self.last() == START_MAX { START_MAX } else { self.last() + 1 };
        let stamp = if now.as_reading() > next { now.as_reading() } else { next };
        Self(stamp << LAST_SHIFT | RUNNING)
    }

    #[inline]
    const fn can_start(self, now: Timestamp, threshold: Threshold) -> bool {
        !self.is_running() && self.is_open(now, threshold)
    }

    /// The state as if a run whose lease is over had finished: it keeps nobody out.
    #[inline]
    const fn without_expired_run(self, now: Timestamp, policy: Policy) -> Self {
        match policy.lease {
            Some(lease) if now.as_reading() >= self.lease_end(lease).as_nanos() => Self(self.0 & !RUNNING),
            _ => self,
        }
    }

    /// A run in progress in `before` still is, unless another one has started.
    #[inline]
    const fn with_run_of(self, before: Self) -> Self {
        Self(self.0 | before.0 & RUNNING)
    }
}
