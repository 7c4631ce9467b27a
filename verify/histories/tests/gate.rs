//! Histories of real threads on the shipped `Gate` are linearizable: each operation happens at one point in
//! time, and gets the answer there that the reference model gives.

#[path = "play/gate.rs"]
mod play;

use atomic_throttle::{Threshold, Timestamp, gate, state};
use evidence::Guarantee::{G1, G2, G3, G4};
use histories::gate_spec::GateSpec;
use histories::reached::Reached;
use histories::script::Plan;
use histories::seeds::seeds;
use watchdog as _;

/// Each operation with each of its answers in the transition table.
const OUTCOMES: [&str; 31] = [
    "Abandon Cancelled",
    "Abandon Gone",
    "Abandon Owed",
    "Arrive Coalesced",
    "Arrive Defer",
    "Arrive Run",
    "ArriveBy Closed",
    "ArriveBy Coalesced",
    "ArriveBy Defer",
    "ArriveBy Run",
    "Cancel No",
    "Cancel Yes",
    "Coalesce Coalesced",
    "Coalesce Nothing",
    "Finish Model",
    "Fire Busy",
    "Fire Cancelled",
    "Fire Early",
    "Fire Gone",
    "Fire Run",
    "Flush Busy",
    "Flush Nothing",
    "Flush Run",
    "Owe Coalesced",
    "Owe Owed",
    "Request Coalesced",
    "Request Requested",
    "State Model",
    "TryStart Closed",
    "TryStart Run",
    "TryStart Running",
];

#[test]
fn histories_of_a_gate_are_linearizable() {
    let check = evidence::Check::of(
        &[G1, G2, G3, G4],
        "histories: real threads on a Gate, each history linearizable to the reference model",
    );
    let histories = evidence::depth(5_000, 100_000);
    let mut reached = Reached::default();
    for seed in seeds().take(10 * histories) {
        if reached.is_enough(histories, &OUTCOMES) {
            break;
        }
        let history = play::play(&Plan::random(seed), seed, |_| ());
        history.assert_linearizable(&GateSpec::new(history.threshold));
        reached.add(&history);
    }
    reached.assert_all(histories, &OUTCOMES);
    check.passed(reached.histories, "histories");
}
