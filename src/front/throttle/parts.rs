//! The parts of a throttle one by one, for checks that use no more than some of them: as the hook, they exist only in
//! the builds of the checks.

use super::Throttle;
use crate::clock::Clock;
use crate::front::payload::{Count, Payload};
use crate::front::wait::{Turn, WaitError};
use crate::gate::{Deferral, Fired, Gate, Run};
use crate::state::{Abandon, Epoch};

#[doc(hidden)]
impl<C: Clock, P: Payload> Throttle<C, P> {
    /// The gate.
    pub fn gate(&self) -> &Gate {
        &self.core.gate
    }

    /// Waits for the run that covers a call coalesced in `epoch`.
    ///
    /// # Errors
    ///
    /// [`WaitError`] if it will not come.
    pub fn wait_for_cover(&self, epoch: Epoch) -> Result<(), WaitError> {
        self.core.waiting().for_cover(&self.core.gate, epoch, None)
    }

    /// Waits, as the owner of `deferral`, for its run to start.
    ///
    /// # Errors
    ///
    /// What became of the deferral, if it has started none.
    pub fn wait_for_turn<'t>(&'t self, deferral: Deferral<'t>) -> Result<Run<'t>, Abandon> {
        let fire = |deferral: Deferral<'t>, now| match deferral.fire(now) {
            Fired::Run(run) => Ok(run),
            not_started => Err(not_started),
        };
        match self.core.waiting().for_turn(deferral, None, fire, || ()) {
            Turn::Run(run) => Ok(run),
            Turn::Gone => Err(Abandon::Gone),
            Turn::Cancelled => Err(Abandon::Cancelled),
            Turn::Owed => Err(Abandon::Owed),
        }
    }
}

#[doc(hidden)]
impl<C> Throttle<C, Count> {
    /// Counts a call, and decides nothing.
    pub fn count(&self) {
        self.payload.count();
    }

    /// Decides a call that is counted.
    #[must_use]
    pub fn coalesce_counted(&self) -> Option<Epoch> {
        self.core.gate.coalesce_unfenced()
    }

    /// What a run that has started is given.
    #[must_use]
    pub fn told(&self) -> u64 {
        self.payload.take_all().unwrap_or(0)
    }
}
