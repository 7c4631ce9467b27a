//! G4: a deferral that is pending, or cancelled and not yet acknowledged, has exactly one owner; any other
//! has none.
//!
//! It looks at a gate, where the owners can be seen: the threads that hold a `Deferral` of the epoch.

use super::{CALLERS, WINDOW};
use crate::subject::{Arrival, Deferral, Epoch, Fired, Gate, Threshold, Timestamp};
use schedules::Tally;
use shuttle::thread;
use std::sync::{Mutex, MutexGuard, PoisonError};

const THRESHOLD: Threshold = Threshold::new(WINDOW);
const LEADING: Timestamp = Timestamp::from_nanos(1);
const INSIDE: Timestamp = Timestamp::from_nanos(2);
const DUE: Timestamp = Timestamp::from_nanos(11);

/// The epochs in which a deferral is held. Shuttle does not look here, so an entry and its move of the word are
/// one step.
struct Owners<'g> {
    gate: &'g Gate,
    epochs: Mutex<Vec<Epoch>>,
}

impl<'g> Owners<'g> {
    fn come(&self, deferral: &Deferral<'g>) {
        self.epochs().push(deferral.epoch());
        self.look();
    }

    fn go(&self, epoch: Epoch) {
        let at = self.epochs().iter().position(|held| *held == epoch).expect("it came");
        self.epochs().swap_remove(at);
    }

    /// No other thread may go on after the state is read, so the two agree.
    fn look(&self) {
        let state = self.gate.state();
        let owners = self.epochs().iter().filter(|epoch| **epoch == state.epoch()).count();
        // Once one thread has complained and unwinds, the others have nothing to add.
        if !std::thread::panicking() {
            assert_eq!(owners, usize::from(state.has_owner()), "G4: the owners of {state:?}");
        }
    }

    fn epochs(&self) -> MutexGuard<'_, Vec<Epoch>> {
        self.epochs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Arrives, and fires as an owner until the deferral is spent, or leaves it when it is early.
    fn arrive_and_fire(&self, now: Timestamp, deferred: &Tally) {
        let mut held = match self.gate.arrive(now) {
            Arrival::Run(run) => {
                run.finish();
                return;
            }
            Arrival::Coalesced(_) => return,
            Arrival::Defer(deferral) => deferral,
        };
        deferred.count();
        self.come(&held);
        let epoch = held.epoch();
        loop {
            match held.fire(DUE) {
                Fired::Busy(deferral) => held = deferral,
                Fired::Early { deferral, .. } => {
                    // Dropping it leaves the run owed.
                    drop(deferral);
                    break self.go(epoch);
                }
                Fired::Run(run) => {
                    self.go(epoch);
                    self.look();
                    break drop(run);
                }
                Fired::Gone | Fired::Cancelled => break self.go(epoch),
            }
            thread::yield_now();
        }
        self.look();
    }
}

pub fn of_each_deferral(deferred: &Tally) {
    let gate = Gate::new(THRESHOLD);
    gate.try_start(LEADING).expect("the first").finish();
    let owners = Owners { gate: &gate, epochs: Mutex::new(Vec::new()) };
    thread::scope(|scope| {
        for _ in 0..CALLERS {
            scope.spawn(|| {
                owners.arrive_and_fire(INSIDE, deferred);
                owners.arrive_and_fire(INSIDE, deferred);
            });
        }
        scope.spawn(|| {
            gate.cancel();
            owners.look();
            drop(gate.flush(INSIDE));
            owners.look();
            gate.set_threshold(Threshold::from_nanos(20));
            owners.look();
        });
    });
    assert!(owners.epochs().is_empty());
    assert!(!gate.state().has_owner() && !gate.state().is_running());
}
