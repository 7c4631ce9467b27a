//! What is judged: the shipped transitions, the fast path, and whom the waiting layer wakes.

pub use reference::shipped::policy;
pub use reference::{Event, MAX, NEVER, Told};

use atomic_throttle::State;
use atomic_throttle::lease::Policy;
use reference::shipped;

/// One transition of the word.
pub type Step = fn(State, Policy, Event) -> (State, Told);

/// The parts of the protocol, each of which can be replaced by a faulty one.
#[derive(Clone, Copy)]
pub struct Transitions {
    pub step: Step,
    /// Whether the fast path (`Gate::coalesce`) answers that the pending run covers the call.
    pub coalesces: fn(State) -> bool,
    /// Whether sleeping owners are woken then.
    pub wakes: fn(Cause) -> bool,
    /// Whether an owner that a run in progress holds up looks again when the lease of that run is over.
    pub looks_at_lease_end: bool,
}

/// Why an owner may have to look again: what the waiting layer promises to the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// Another call started the run in the owner's place.
    OwnerReleased,
    RunFinished,
    DeferralCancelled,
    ThresholdChanged,
}

/// What is shipped.
pub const SHIPPED: Transitions =
    Transitions { step, coalesces: State::is_pending, wakes: |_| true, looks_at_lease_end: true };

/// Without a lease, as a gate does it.
fn step(state: State, policy: Policy, event: Event) -> (State, Told) {
    match policy.lease {
        None => shipped::step(state, policy.threshold, event),
        Some(_) => shipped::step_under(state, policy, event),
    }
}

/// The answer without the time that comes with it.
#[must_use]
pub fn kind(told: Told) -> Told {
    match told {
        Told::Defer(_) => Told::Defer(0),
        Told::Closed(_) => Told::Closed(0),
        Told::Early(_) => Told::Early(0),
        other => other,
    }
}

/// The word of these parts: for representatives and planted faults.
#[must_use]
pub fn word(last: u64, flags: u64) -> State {
    State::from_word(last << FLAGS.count_ones() | flags & FLAGS)
}

/// The bits of the word below `last`.
pub const FLAGS: u64 = 0b111;

/// The greatest value of `last`.
pub const LAST_MAX: u64 = u64::MAX >> FLAGS.count_ones();
