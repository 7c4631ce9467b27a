//! G3, G6 and G10 of what calls on a key bring: a value against a start, a take, an eviction, and a run that fails; and two
//! faults that these models find.
//!
//! Loom's locks order more than those of the standard library do, so these models are about steps, not about orders.

#[path = "keyed_payloads/models.rs"]
mod models;

use atomic_throttle::hook::{self, Hook};
use evidence::Guarantee::{self, G3, G6, G10};
use evidence::depth;
use loom_tests::{Bound, explore, search};
use models::Seen;
use std::rc::Rc;
use watchdog as _;

/// `of` are the two situations that the model counts.
fn holds(
    most: usize,
    guarantees: &'static [Guarantee],
    claim: &str,
    model: fn(&Seen),
    of: [&str; 2],
    minimum: usize,
) {
    let seen = Seen::default();
    let counted = seen.clone();
    let bound = Bound::Preemptions(depth(most, most + 1));
    explore(bound, guarantees, claim, move || model(&counted))
        .never(&seen.broken, claim)
        .at_least(minimum)
        .reached(&seen.one, of[0])
        .reached(&seen.other, of[1])
        .passed();
}

#[test]
fn value_against_a_start() {
    let claim = "a value that is brought to a key while its run starts is given to one run";
    holds(2, &[G3, G10], claim, models::value_against_a_start, ["one run", "two runs"], 100);
}

#[test]
fn take_against_a_start() {
    let claim = "a value of a key is taken or given, and its ticket is told which";
    holds(2, &[G3, G10], claim, models::take_against_a_start, ["it was taken", "it was given"], 100);
}

#[test]
fn value_against_an_eviction() {
    let claim = "a value that is brought to a key while it is evicted is given to one run";
    let of = ["the other evicted it", "the other did not"];
    holds(1, &[G3, G10], claim, models::value_against_an_eviction, of, 100);
}

#[test]
fn value_against_a_run_that_fails() {
    let claim =
        "a run of a key that fails is tried again with what it was given, also while another value comes";
    holds(2, &[G6, G10], claim, models::value_against_a_run_that_fails, ["one run", "two runs"], 100);
}

struct PutsLate;

impl Hook for PutsLate {
    fn puts_after_the_decision(&self) -> bool {
        true
    }
}

struct TakesEarly;

impl Hook for TakesEarly {
    fn takes_before_the_start(&self) -> bool {
        true
    }
}

fn finds(fault: Rc<dyn Hook>, named: &str, model: fn(&Seen)) {
    let seen = Seen::default();
    let counted = seen.clone();
    hook::plant(Some(fault));
    let executions = search(Bound::Preemptions(2), move || model(&counted));
    hook::plant(None);
    let broken = seen.broken.total();
    assert!(broken > 0, "{named} was not found in {executions} executions");
    evidence::caught(named, &format!("loom: {broken} times in {executions} executions"));
}

#[test]
fn what_is_taken_before_the_start() {
    let named = "what a run of a key is given is taken before its start";
    finds(Rc::new(TakesEarly), named, models::value_against_a_start);
}

#[test]
fn a_value_that_is_put_late() {
    let named = "a value of a key is put after the decision of its call";
    finds(Rc::new(PutsLate), named, models::value_against_a_start);
}
