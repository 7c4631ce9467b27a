//! [`Caller`]: makes calls, waits for them, and writes down both.

use super::{Fault, Span};
use crate::log::{Event, Log};
use atomic_throttle_cluster::{ClusterThrottled, Ticket, WaitError};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Long enough that it is seldom reached, short enough that an answer to it is seen while a register is away.
const PATIENCE: Duration = Duration::from_millis(500);

pub(super) struct Caller<'t> {
    throttled: &'t ClusterThrottled,
    log: &'t Log,
    fault: Option<Fault>,
    /// The number of the latest call. The lock is held for a call: numbers are in the order of calls.
    latest: Mutex<u64>,
}

impl<'t> Caller<'t> {
    pub(super) fn new(throttled: &'t ClusterThrottled, log: &'t Log, fault: Option<Fault>) -> Self {
        Self { throttled, log, fault, latest: Mutex::new(0) }
    }

    pub(super) fn call(&self) -> Option<(u64, Ticket<'t>)> {
        let mut latest = self.latest.lock().unwrap_or_else(PoisonError::into_inner);
        *latest += 1;
        let call = *latest;
        self.log.write(Event::Calling { call });
        if self.fault == Some(Fault::Deaf) && call > 1 {
            self.log.write(Event::Called { call });
            return None;
        }
        let taken = self.throttled.trigger().ok();
        self.log.write(if taken.is_some() { Event::Called { call } } else { Event::Refused { call } });
        if self.fault == Some(Fault::Boastful) {
            self.log.write(Event::Covered { call });
        }
        taken.map(|ticket| (call, ticket))
    }

    /// Waits for the latest call, and says whether it is covered.
    pub(super) fn wait(&self, limit: Duration) -> bool {
        let latest = *self.latest.lock().unwrap_or_else(PoisonError::into_inner);
        latest == 0 || self.note(latest, &self.throttled.wait_for(limit))
    }

    fn note(&self, call: u64, waited: &Result<(), WaitError>) -> bool {
        match waited {
            // Of a call that reached nobody nothing is known.
            Ok(()) if self.fault == Some(Fault::Deaf) => {}
            Ok(()) => {
                self.log.write(Event::Covered { call });
            }
            Err(WaitError::TimedOut { register }) => {
                self.log.write(Event::TimedOut { call, unanswered: register.is_some() });
            }
            Err(_) => {}
        }
        waited.is_ok()
    }

    /// Waits for one call after the other of those that it is handed, until no more come.
    pub(super) fn watch(&self, tickets: &Receiver<(u64, Ticket<'t>)>) {
        while let Ok((call, ticket)) = tickets.recv() {
            // Whether it is tried again: the end of the trial waits for the latest call anyway.
            for _ in 0..4 {
                if self.note(call, &ticket.wait_for(PATIENCE)) {
                    break;
                }
            }
        }
    }

    /// Until `ends` is closed. Of calls that are made while another one is waited for nobody waits.
    pub(super) fn call_in_bursts(
        &self,
        every: Span,
        seed: u64,
        hand: &SyncSender<(u64, Ticket<'t>)>,
        ends: &Receiver<()>,
    ) {
        let mut rng = StdRng::seed_from_u64(seed);
        loop {
            for _ in 0..rng.random_range(1..=20) {
                if let Some(called) = self.call() {
                    let _ = hand.try_send(called);
                }
                if ends.recv_timeout(every.0) != Err(RecvTimeoutError::Timeout) {
                    return;
                }
            }
            // Memoryless: in no step with a window.
            let pause = every.1.mul_f64(-(1.0 - rng.random::<f64>()).ln());
            if ends.recv_timeout(pause) != Err(RecvTimeoutError::Timeout) {
                return;
            }
        }
    }
}
