//! [`Watched`]: a register that records which process makes a run pending, and counts its requests.

use ::processes::log::{Event, Log};
use atomic_throttle_cluster::Cell;
use atomic_throttle_cluster::register::{Mark, Reading, Register, RegisterError, Swap};
use core::time::Duration;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

#[derive(Debug)]
pub struct Watched {
    register: Arc<dyn Register>,
    log: Arc<Log>,
    commands: AtomicU64,
}

impl Watched {
    pub fn new(register: Arc<dyn Register>, log: Arc<Log>) -> Self {
        Self { register, log, commands: AtomicU64::new(0) }
    }

    /// The number of requests.
    pub fn commands(&self) -> u64 {
        self.commands.load(Relaxed)
    }
}

impl Register for Watched {
    fn read(&self) -> Result<Reading, RegisterError> {
        self.commands.fetch_add(1, Relaxed);
        self.register.read()
    }

    fn compare_and_swap(&self, old: Cell, new: Cell, mark: Mark) -> Result<Swap, RegisterError> {
        self.commands.fetch_add(1, Relaxed);
        let swap = self.register.compare_and_swap(old, new, mark)?;
        let was_pending = old.is_pending() && old.epoch() == new.epoch();
        if matches!(swap, Swap::Done(_)) && new.is_pending() && !was_pending {
            self.log.write(Event::Deferred { epoch: new.epoch().as_u64() });
        }
        Ok(swap)
    }

    fn answers_within(&self) -> Option<Duration> {
        self.register.answers_within()
    }

    fn forgets_after(&self) -> Option<Duration> {
        self.register.forgets_after()
    }
}

#[cfg(test)]
mod tests {
    use super::Watched;
    use ::processes::log::{Event, Log, read};
    use atomic_throttle::Threshold;
    use atomic_throttle::lease::Policy;
    use atomic_throttle_cluster::Cell;
    use atomic_throttle_cluster::register::{Mark, Memory, Register, Swap};
    use std::sync::Arc;

    #[test]
    fn only_who_makes_a_run_pending_owns_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let log = Arc::new(Log::create(&path).unwrap());
        let watched = Watched::new(Arc::new(Memory::new()), Arc::clone(&log));
        let (now, policy) = (watched.read().unwrap().now, Policy::new(Threshold::ZERO));
        let running = Cell::NEW.arrive(now, policy).0;
        let pending = running.arrive(now, policy).0;
        let ended = pending.finish(pending.epoch()).0;
        let swap = |old, new| matches!(watched.compare_and_swap(old, new, Mark::random()), Ok(Swap::Done(_)));
        assert!(!swap(running, pending), "another one would own it");
        assert!(swap(Cell::NEW, running) && swap(running, pending) && swap(pending, ended));
        let events: Vec<Event> = read(&path).unwrap().into_iter().map(|record| record.event).collect();
        assert_eq!(events, [Event::Deferred { epoch: running.epoch().as_u64() }]);
        assert_eq!(watched.commands(), 5);
    }
}
