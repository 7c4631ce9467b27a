//! A threshold that is changed while others decide: each decision uses one that was set at some moment of its
//! call. Word and threshold together are not one linearizable object.
//!
//! A hook lets threads yield before each access to the word.

#[path = "planted/fault.rs"]
#[allow(dead_code, reason = "the other test plants them")]
mod fault;
#[path = "../../tests/play/gate.rs"]
mod play;

use atomic_throttle::gate::{self, Arrival, Gate};
use atomic_throttle::{Threshold, Timestamp, state};
use evidence::Guarantee::{G1, G3, G4};
use fault::{Fault, before_next_swap, plant};
use histories::script::Plan;
use histories::seeds::seeds;
use histories::threshold_spec::{ThresholdSpec, as_if_unchanged, as_one_object, as_promised};
use watchdog as _;

#[test]
fn each_decision_goes_by_a_threshold_of_its_time() {
    let check = evidence::Check::of(
        &[G1, G3, G4],
        "histories: a changed threshold, each decision by one that was set during its call",
    );
    let (mut histories, mut not_one_object, mut changes_matter) = (0, 0, 0);
    for seed in seeds().take(evidence::depth(1_500, 30_000)) {
        let history =
            play::play(&Plan::with_changed_threshold(seed), seed, |seed| plant(Fault::Nothing, seed));
        let spec = ThresholdSpec::new(history.threshold);
        as_promised(&history).assert_linearizable(&spec);
        not_one_object += usize::from(!as_one_object(&history).is_linearizable(spec));
        changes_matter += usize::from(!as_if_unchanged(&history).is_linearizable(spec));
        histories += 1;
    }
    println!("of {histories}: {changes_matter} are rejected if changes are left out,");
    println!("{not_one_object} if word and threshold are taken for one object");
    assert!(changes_matter > 0, "the changes make no difference");
    check.passed(histories, "histories");
    evidence::caught(
        "a gate that does not notice a changed threshold",
        &format!("histories: {changes_matter} of {histories} are rejected"),
    );
}

/// The history that `threshold_spec` draws happens. `checker.rs` judges it.
#[test]
fn a_deferral_may_come_after_the_change_that_makes_it_needless() {
    static GATE: Gate = Gate::new(Threshold::from_nanos(10));
    let at = Timestamp::from_nanos;
    let Arrival::Run(run) = GATE.arrive(at(5)) else { panic!("the first call runs") };
    run.finish();

    before_next_swap(|| {
        GATE.set_threshold(Threshold::ZERO);
        assert!(GATE.coalesce().is_none(), "the arrival has not happened yet");
    });
    let Arrival::Defer(deferral) = GATE.arrive(at(6)) else { panic!("it went by the threshold before") };
    assert_eq!(deferral.due(), Timestamp::ZERO, "the change has happened");
}
