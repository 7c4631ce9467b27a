//! [`Observed`]: a register that counts its commands and writes down which process makes a run pending. On
//! request it breaks its promises.

use super::Fault;
use crate::log::{Event, Log};
use atomic_throttle_cluster::Cell;
use atomic_throttle_cluster::register::{Mark, Reading, Register, RegisterError, Swap};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

#[derive(Debug)]
pub(super) struct Observed {
    register: Arc<dyn Register>,
    log: Arc<Log>,
    fault: Option<Fault>,
    commands: AtomicU64,
    /// The cell that this process has written last.
    put: Mutex<Option<Cell>>,
}

impl Observed {
    pub(super) fn new(register: Arc<dyn Register>, log: Arc<Log>, fault: Option<Fault>) -> Self {
        Self { register, log, fault, commands: AtomicU64::new(0), put: Mutex::new(None) }
    }

    pub(super) fn commands(&self) -> u64 {
        self.commands.load(Relaxed)
    }

    /// What a participant with the fault sees in place of `reading`.
    fn seen(&self, mut reading: Reading) -> Reading {
        match self.fault {
            Some(Fault::Blind) => reading.cell = reading.cell.finish(reading.cell.epoch()).0,
            Some(Fault::Forgetful) => reading.cell = Cell::NEW,
            Some(Fault::Hasty) => reading.now = reading.now.saturating_add(Duration::from_secs(1)),
            Some(Fault::Stale) => {
                let put = self.put.lock().unwrap_or_else(PoisonError::into_inner);
                reading.cell = put.filter(|put| put.state().is_running()).unwrap_or(reading.cell);
            }
            _ => {}
        }
        reading
    }

    /// Replaces whatever the register holds by `new`, if the participant sees that as `old`.
    fn swap_seen(&self, old: Cell, new: Cell, mark: Mark) -> Result<Swap, RegisterError> {
        loop {
            let reading = self.register.read()?;
            let seen = self.seen(reading);
            if seen.cell != old {
                return Ok(Swap::Differs(seen));
            }
            if let Swap::Done(now) = self.register.compare_and_swap(reading.cell, new, mark)? {
                return Ok(Swap::Done(now));
            }
        }
    }
}

impl Register for Observed {
    fn read(&self) -> Result<Reading, RegisterError> {
        self.commands.fetch_add(1, Relaxed);
        self.register.read().map(|reading| self.seen(reading))
    }

    fn compare_and_swap(&self, old: Cell, new: Cell, mark: Mark) -> Result<Swap, RegisterError> {
        self.commands.fetch_add(1, Relaxed);
        let swapped = match self.fault {
            Some(Fault::Blind | Fault::Forgetful) => self.swap_seen(old, new, mark),
            _ => self.register.compare_and_swap(old, new, mark),
        }?;
        if matches!(swapped, Swap::Done(_)) {
            *self.put.lock().unwrap_or_else(PoisonError::into_inner) = Some(new);
            if new.epoch() == old.epoch() && new.is_pending() && !old.is_pending() {
                self.log.write(Event::Deferred { epoch: new.epoch().as_u64() });
            }
        }
        Ok(swapped)
    }

    fn answers_within(&self) -> Option<Duration> {
        self.register.answers_within()
    }

    fn forgets_after(&self) -> Option<Duration> {
        self.register.forgets_after()
    }
}
