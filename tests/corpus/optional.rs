//! The corpora of the front ends that need a feature.

use super::fronts::{asynchronous, batched, keyed, keyed_throttled, keyed_throttled_model, play};
use super::reference::reached::Reached;
use super::replay::{assert_reached, catch, corpus};
use evidence::Check;

#[test]
fn tasks() {
    let claim =
        "fuzz corpus: sequences of operations on an AsyncThrottle, tasks and callers polled one by one";
    let check = Check::of("G1 G2 G3 G4 G5 G6 G8 G9", claim);
    let inputs = corpus("asynchronous", 50);
    let mut reached = Reached::default();
    for input in &inputs {
        reached.add(&asynchronous(None, input));
    }
    assert_reached(&reached, &play::ALL);
    check.passed(inputs.len(), "inputs");
    for wrong in play::Wrong::ALL {
        let replay = |input: &[u8]| _ = asynchronous(Some(wrong), input);
        catch("asynchronous", wrong.name(), &inputs, replay);
    }
}

#[test]
fn batches() {
    let check =
        Check::of("G3 G5 G6", "fuzz corpus: pushes, runs and cancels of a Batched, each item once, in order");
    let inputs = corpus("batched", 50);
    let mut reached = Reached::default();
    for input in &inputs {
        reached.add(&batched(None, input));
    }
    assert_reached(&reached, &batched::ALL);
    check.passed(inputs.len(), "inputs");
    for wrong in batched::Wrong::ALL {
        catch("batched", wrong.name(), &inputs, |input| _ = batched(Some(wrong), input));
    }
}

#[test]
fn keys() {
    let claim = "fuzz corpus: sequences of operations on a Keyed, evictions and limits, a model for each key";
    let check = Check::of("G1 G2 G6 G8", claim);
    let inputs = corpus("keyed", 50);
    let mut reached = Reached::default();
    for input in &inputs {
        reached.add(&keyed(None, input));
    }
    assert_reached(&reached, &keyed::ALL);
    check.passed(inputs.len(), "inputs");
    for fault in keyed::Fault::ALL {
        catch("keyed", fault.name(), &inputs, |input| _ = keyed(Some(fault), input));
    }
}

#[test]
fn keys_with_a_thread() {
    let claim = "fuzz corpus: sequences of operations on a KeyedThrottled, with its thread, a model for each \
                 key; counts";
    let check = Check::of("G1 G2 G3 G4 G5 G6 G8", claim);
    let inputs = corpus("keyed_throttled", 50);
    let mut reached = Reached::default();
    for input in &inputs {
        reached.add(&keyed_throttled(None, input));
    }
    assert_reached(&reached, &keyed_throttled_model::ALL);
    check.passed(inputs.len(), "inputs");
    for fault in keyed_throttled_model::Fault::ALL {
        catch("keyed_throttled", fault.name(), &inputs, |input| _ = keyed_throttled(Some(fault), input));
    }
}
