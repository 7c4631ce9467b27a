//! Histories of real threads on the shipped `Throttle` are linearizable: each decision of each call happens at
//! one point in time, and gets the answer there that the reference model gives.

#[path = "play/throttle.rs"]
mod play;

use atomic_throttle::{
    Clock, Coalesced, Manual, Moved, NotFlushed, Outcome, Throttle, Timestamp, WaitError, state,
};
use evidence::Guarantee::{G1, G2, G3, G4, G6, G9};
use histories::reached::Reached;
use histories::seeds::seeds;
use histories::throttle_script::Plan;
use histories::throttle_spec::ThrottleSpec;
use watchdog as _;

/// Each decision with each of its answers that a caller can see.
const OUTCOMES: [&str; 31] = [
    "Arrive Coalesced",
    "Arrive Run",
    "Arrive Waits",
    "ArriveBy Closed",
    "ArriveBy Coalesced",
    "ArriveBy Run",
    "ArriveBy Waits",
    "Cancel No",
    "Cancel Yes",
    "Coalesce Coalesced",
    "Coalesce Nothing",
    "Finish Finished",
    "Flush Busy",
    "Flush Nothing",
    "Flush Run",
    "Leave Owed",
    "Look Cancelled",
    "Look Finished",
    "Look Owed",
    "Look Waits",
    "Owe Coalesced",
    "Owe Owed",
    "Panic Finished",
    "State Model",
    "TryStart Closed",
    "TryStart Run",
    "TryStart Running",
    "Turn Cancelled",
    "Turn Gone",
    "Turn Run",
    "Turn Waits",
];

#[test]
fn histories_of_a_throttle_are_linearizable() {
    let check = evidence::Check::of(
        &[G1, G2, G3, G4, G6, G9],
        "histories: real threads on a Throttle, each decision of a history linearizable to the model",
    );
    let histories = evidence::depth(3_000, 60_000);
    let mut reached = Reached::default();
    for seed in seeds().take(10 * histories) {
        if reached.is_enough(histories, &OUTCOMES) {
            break;
        }
        let history = play::play(&Plan::random(seed), seed, |_| ());
        history.assert_linearizable(&ThrottleSpec::new(history.threshold));
        reached.add(&history);
    }
    reached.assert_all(histories, &OUTCOMES);
    check.passed(reached.histories, "histories");
}
