//! [`Caller`]: makes calls, waits for them, and writes down both.

use super::{Fault, Span};
use crate::log::{Event, Log};
use atomic_throttle_cluster::{ClusterThrottled, Ticket, WaitError};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Long enough to be seldom reached, and short enough that a wait sees that the register does not answer.
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

    /// Waits for the latest call, and returns whether it is covered.
    pub(super) fn wait(&self, limit: Duration) -> bool {
        let latest = *self.latest.lock().unwrap_or_else(PoisonError::into_inner);
        latest == 0 || self.note(latest, &self.throttled.all().wait_for(limit))
    }

    fn note(&self, call: u64, waited: &Result<(), WaitError>) -> bool {
        match waited {
            // Nothing is known about a call that reached no throttle.
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

    /// Waits for the calls that it is handed, one after the other, until no more come.
    pub(super) fn watch(&self, tickets: &Receiver<(u64, Ticket<'t>)>) {
        while let Ok((call, ticket)) = tickets.recv() {
            // No second try is needed: the end of the trial waits for the latest call anyway.
            for _ in 0..4 {
                if self.note(call, &ticket.wait_for(PATIENCE)) {
                    break;
                }
            }
        }
    }

    /// Calls until `ends` is closed. While one call is waited for, no one waits for the calls made meanwhile.
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
            // Memoryless, so the calls do not fall into step with the windows.
            let pause = every.1.mul_f64(-(1.0 - rng.random::<f64>()).ln());
            if ends.recv_timeout(pause) != Err(RecvTimeoutError::Timeout) {
                return;
            }
        }
    }
}
