//! Replays the inputs that fuzzing found worth keeping, against the right model and against wrong ones. It
//! shows that old findings are still found; it looks for nothing new.

#[path = "../reference/mod.rs"]
mod reference;

#[cfg(all(feature = "async", feature = "batch", feature = "keyed"))]
#[path = "../fronts/mod.rs"]
mod fronts;
#[cfg(all(feature = "async", feature = "batch", feature = "keyed"))]
mod optional;
mod replay;

use evidence::Check;
use reference::planted::Fault;
use reference::reached::Reached;
use reference::{MAX, arithmetic, edges, input, sequence, threads, throttle, throttled};
use replay::{assert_reached, catch, corpus};
use watchdog as _;

/// Shows that the shipped code contradicts a model with each of these faults on some input.
fn catch_all(target: &str, inputs: &[Vec<u8>], faults: &[Fault], replay: impl Fn(Option<Fault>, &[u8])) {
    for &fault in faults {
        catch(target, fault.name(), inputs, |input| replay(Some(fault), input));
    }
}

/// The end of a window, from its start and the threshold.
type WindowEnd = fn(u64, u64) -> u64;

#[test]
fn sequences() {
    let check = Check::of("G1 G2 G3 G4 G6 G8", "fuzz corpus: sequences of operations on a Gate");
    let inputs = corpus("sequences", 50);
    let mut reached = Reached::default();
    for input in &inputs {
        reached.add(&input::sequence(None, input));
    }
    assert_reached(&reached, &sequence::ALL);
    check.passed(inputs.len(), "inputs");
    catch_all("sequences", &inputs, &Fault::OF_A_STEP, |fault, input| _ = input::sequence(fault, input));
}

#[test]
fn transitions() {
    let check = Check::of("G1 G2 G3 G4 G8", "fuzz corpus: one transition at full width, also under a lease");
    let inputs = corpus("transitions", 50);
    let mut reached = Reached::default();
    inputs.iter().filter_map(|input| input::transition(None, input)).for_each(|one| reached.add(&one));
    assert_reached(&reached, edges::OF_A_STEP);
    assert_reached(&reached, edges::OF_A_LEASE);
    check.passed(inputs.len(), "inputs");
    // What a cancel does to a later call shows in a sequence only.
    let faults = [Fault::OpensEarly, Fault::StampRepeats, Fault::FinishClears, Fault::OweForgotten];
    catch_all("transitions", &inputs, &faults, |fault, input| _ = input::transition(fault, input));
    let faults = &Fault::OF_A_LEASE;
    catch_all("transitions", &inputs, faults, |fault, input| _ = input::transition(fault, input));
}

#[test]
fn threads_take_turns() {
    let check = Check::of("G1 G2 G3 G4 G6 G8", "fuzz corpus: threads that take turns on a Gate");
    let inputs = corpus("threads", 50);
    let mut reached = Reached::default();
    for input in &inputs {
        reached.add(&input::threads(None, input));
    }
    assert_reached(&reached, &threads::step::ALL);
    check.passed(inputs.len(), "inputs");
    catch_all("threads", &inputs, &Fault::OF_A_STEP, |fault, input| _ = input::threads(fault, input));
}

#[test]
fn throttles() {
    let claim = "fuzz corpus: sequences of operations on a Throttle, threads that wait";
    let check = Check::of("G1 G2 G3 G4 G5 G6 G8 G9", claim);
    let inputs = corpus("throttle", 50);
    let mut reached = Reached::default();
    for input in &inputs {
        reached.add(&input::throttle(None, input));
    }
    assert_reached(&reached, &throttle::ALL);
    check.passed(inputs.len(), "inputs");
    catch_all("throttle", &inputs, &Fault::ALL, |fault, input| _ = input::throttle(fault, input));
}

#[test]
fn throttleds() {
    let claim = "fuzz corpus: sequences of operations on a Throttled, with its thread";
    let check = Check::of("G1 G2 G3 G4 G5 G6 G8 G9", claim);
    let inputs = corpus("throttled", 50);
    let mut reached = Reached::default();
    for input in &inputs {
        reached.add(&input::throttled(None, input));
    }
    assert_reached(&reached, &throttled::ALL);
    check.passed(inputs.len(), "inputs");
    let faults = Fault::OF_A_BACKGROUND;
    catch_all("throttled", &inputs, &faults, |fault, input| _ = input::throttled(fault, input));
}

#[test]
fn times_and_thresholds() {
    let check = Check::of("G8", "fuzz corpus: arithmetic at full width, against wider numbers");
    let inputs = corpus("arithmetic", 10);
    let mut reached = Reached::default();
    let replay = |input: &Vec<u8>| input::arithmetic(arithmetic::window_end, input);
    inputs.iter().filter_map(replay).for_each(|one| reached.add(&one));
    assert_reached(&reached, edges::OF_NUMBERS);
    check.passed(inputs.len(), "inputs");

    let wrong: [(&str, WindowEnd); 3] = [
        ("a window that ends after the last reading ends at it", |start, threshold| {
            arithmetic::window_end(start, threshold).min(MAX)
        }),
        ("a threshold of 0 closes the window", |start, threshold| match threshold {
            0 => start.min(MAX),
            _ => arithmetic::window_end(start, threshold),
        }),
        ("a throttle that never ran has a window", |start, threshold| match start {
            0 => threshold,
            _ => arithmetic::window_end(start, threshold),
        }),
    ];
    for (fault, end) in wrong {
        catch("arithmetic", fault, &inputs, |input| _ = input::arithmetic(end, input));
    }
}
