//! The parts of a throttle one by one, for checks that use no more than some of them: as the hook, they exist only in
//! the builds of the checks.

use super::Throttle;
use crate::clock::Clock;
use crate::front::wait::{Turn, WaitError};
use crate::gate::{Deferral, Gate, Run};
use crate::state::{Abandon, Epoch};

#[doc(hidden)]
impl<C: Clock> Throttle<C> {
    /// The gate.
    pub fn gate(&self) -> &Gate {
        &self.gate
    }

    /// Waits for the run that covers a call coalesced in `epoch`.
    ///
    /// # Errors
    ///
    /// [`WaitError`] if it will not come.
    pub fn wait_for_cover(&self, epoch: Epoch) -> Result<(), WaitError> {
        self.waiting().for_cover(epoch, None)
    }

    /// Waits, as the owner of `deferral`, for its run to start.
    ///
    /// # Errors
    ///
    /// What became of the deferral, if it has started none.
    pub fn wait_for_turn<'t>(&'t self, deferral: Deferral<'t>) -> Result<Run<'t>, Abandon> {
        match self.waiting().for_turn(deferral, None, || ()) {
            Turn::Run(run) => Ok(run),
            Turn::Gone => Err(Abandon::Gone),
            Turn::Cancelled => Err(Abandon::Cancelled),
            Turn::Owed => Err(Abandon::Owed),
        }
    }
}
