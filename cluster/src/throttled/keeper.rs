//! [`Keeper`]: ends the thread when the last handle is dropped.

use super::Left;
use super::limit::Limit;
use super::shared::{Shared, Stage, Told};
use crate::sync;
use atomic_throttle::OnDrop;
use core::time::Duration;
use std::process;
use std::sync::Arc;

/// Ends the thread when the last handle is dropped.
pub(super) struct Keeper {
    shared: Arc<Shared>,
    drop_limit: Duration,
    on_drop: OnDrop,
    /// The process that has the thread.
    process: u32,
}

impl Keeper {
    pub(super) fn new(shared: Arc<Shared>, drop_limit: Duration, on_drop: OnDrop) -> Self {
        Self { shared, drop_limit, on_drop, process: process::id() }
    }

    /// If several callers ask, the earliest limit counts.
    pub(super) fn end(&self, limit: Duration) -> Result<(), Left> {
        self.end_and_wait(limit, &mut Limit::new(limit), |_| true)
    }

    /// The thread goes on within `limit`. Waits for it as long as `wait` and `patience` say.
    fn end_and_wait(
        &self,
        limit: Duration,
        wait: &mut Limit,
        patience: impl Fn(&Told) -> bool,
    ) -> Result<(), Left> {
        let shared = &self.shared;
        let within = sync::now().saturating_add(limit);
        let mut told = shared.told();
        told.stage = match told.stage {
            Stage::Going => Stage::Ending(within),
            Stage::Ending(earlier) => Stage::Ending(earlier.min(within)),
            Stage::Closing | Stage::Ended => told.stage,
        };
        // No call after this point coalesces.
        told.taken = shared.take_locked(&told).or(told.taken);
        told.is_asked_for_a_try = true;
        drop(told);
        shared.wake();
        if shared.is_the_thread() {
            // It ends after this run.
            return Ok(());
        }
        let mut told = shared.told();
        loop {
            if told.stage == Stage::Ended || wait.has_passed() || !patience(&told) {
                let is_left = shared.is_owed(&told);
                return if is_left { Err(Left { register: told.error.clone() }) } else { Ok(()) };
            }
            told = shared.await_change(told, wait);
        }
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        if self.process != process::id() {
            // This is a forked child: it has no such thread, and a thread that does not exist here may hold
            // the lock.
            return;
        }
        let mut wait = Limit::new(match self.on_drop {
            OnDrop::WaitFor(limit) => limit,
            OnDrop::Detach => Duration::ZERO,
            OnDrop::Wait => self.drop_limit,
        });
        // The thread goes on within its own limit. To wait for a register that is away is the business of a
        // shutdown: this drop may be in a task, which must not block.
        let _ = self.end_and_wait(self.drop_limit, &mut wait, |told| told.error.is_none());
    }
}
