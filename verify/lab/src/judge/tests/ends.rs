//! G4 to G6, and what must never be.

use super::Planted;
use crate::judge::ends::NEVER;
use crate::record::{Event, Kind};
use atomic_throttle::state::DeferralStatus;
use evidence::Guarantee::{G4, G5, G6};
use evidence::caught;

#[test]
fn g4_an_owner_that_left() {
    assert_eq!(Planted::good().left(DeferralStatus::Pending).broken(), [G4]);
    assert_eq!(Planted::good().left(DeferralStatus::Cancelled).broken(), [G4]);
    assert_eq!(Planted::good().left(DeferralStatus::Owed).with(&[Event::Owed]).broken(), []);
    caught("a deferral without an owner", "soak: in two planted histories");
    assert_eq!(Planted::good().left(DeferralStatus::Owed).broken(), [G5], "no owner said that it left");
}

#[test]
fn g4_an_owner_that_nobody_cancelled() {
    use Event::Cancel;
    use Kind::Cancelled;
    let planted = |owners: &[Kind], cancels: &[Event]| Planted::good().called(owners).with(cancels).broken();
    assert_eq!(planted(&[Cancelled], &[]), [G4]);
    assert_eq!(planted(&[Cancelled, Cancelled], &[Cancel]), [G4]);
    assert_eq!(planted(&[Cancelled], &[Cancel, Cancel]), []);
}

#[test]
fn g6_a_run_that_nobody_performs_and_a_panic_that_did_not_arrive() {
    let mut planted = Planted::good();
    planted.end.is_running = true;
    assert_eq!(planted.broken(), [G6]);
    caught("a run that never ends", "soak: in a planted history");

    let mut planted = Planted::good();
    planted.end.panics = 1;
    assert_eq!(planted.broken(), [], "it may not have to");
    for (arrived, expected) in [(0, vec![G6]), (1, vec![]), (2, vec![G6])] {
        planted.end.arrived = Some(arrived);
        assert_eq!(planted.broken(), expected, "{arrived}");
    }
}

#[test]
fn g6_a_call_that_was_not_taken() {
    assert_eq!(Planted::good().called(&[Kind::NotTaken]).broken(), [G6]);
}

#[test]
fn what_must_never_be() {
    for (event, guarantee, _) in NEVER {
        assert_eq!(Planted::good().with(&[event]).broken(), [guarantee], "{event:?}");
    }
}
