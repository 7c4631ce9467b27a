//! [`Server`]: a register on one machine that executes one command after the other.

use crate::process::Asks;
use atomic_throttle::Timestamp;
use atomic_throttle_cluster::Cell;
use atomic_throttle_cluster::register::{Mark, Reading, Swap};
use core::time::Duration;

#[derive(Debug)]
pub struct Server {
    cell: Cell,
    mark: Option<Mark>,
    /// How long one command takes.
    service: Duration,
    free_at: Duration,
    /// When each command was done.
    pub done_at: Vec<Duration>,
    /// The longest that a command had to wait for others.
    pub longest_queue: Duration,
}

/// The answer to a command.
#[derive(Debug)]
pub enum Answer {
    Read(Reading),
    Swapped(Swap),
}

impl Server {
    pub fn new(service: Duration) -> Self {
        Self {
            cell: Cell::NEW,
            mark: None,
            service,
            free_at: Duration::ZERO,
            done_at: Vec::new(),
            longest_queue: Duration::ZERO,
        }
    }

    /// Executes a command that arrives at `at`, after all that arrived before. Returns when it is done.
    pub fn ask(&mut self, at: Duration, asks: Asks) -> (Duration, Answer) {
        let begins = at.max(self.free_at);
        self.longest_queue = self.longest_queue.max(begins.saturating_sub(at));
        let done = begins + self.service;
        self.free_at = done;
        self.done_at.push(done);
        // In microseconds, as the server gives it.
        let now = timestamp(Duration::from_micros(u64::try_from(done.as_micros()).expect("a few years")));
        let reading = Reading { cell: self.cell, now, mark: self.mark };
        let answer = match asks {
            Asks::Read => Answer::Read(reading),
            Asks::Swap(step, _) if step.old != self.cell => Answer::Swapped(Swap::Differs(reading)),
            Asks::Swap(step, mark) => {
                if step.new.epoch() != self.cell.epoch() {
                    self.mark = Some(mark);
                }
                self.cell = step.new;
                Answer::Swapped(Swap::Done(now))
            }
        };
        (done, answer)
    }
}

/// The time of the simulation on every clock: one hour after their origin.
pub fn timestamp(at: Duration) -> Timestamp {
    Timestamp::ZERO.saturating_add(at).saturating_add(Duration::from_secs(3600))
}

/// And back.
pub fn duration(at: Timestamp) -> Duration {
    at.saturating_since(Timestamp::ZERO).saturating_sub(Duration::from_secs(3600))
}
