//! G7: what each operation of a gate costs, counted and not timed: fences, accesses of the word and of the threshold.
//! The docs of each operation state these numbers. That no call waits for another's progress is shown in
//! `loom-tests/tests/progress`.

#[cfg(not(atomic_throttle_hook))]
compile_error!("run this with `cargo test` inside `verify/cost`, where .cargo/config.toml sets the flag");

mod counts;

use atomic_throttle::gate::{Arrival, Fired};
use atomic_throttle::{
    Epoch, Gate, Keyed, Manual, Outcome, Pending, Refused, State, Threshold, Throttle, Throttled, Timestamp,
};
use counts::{Counts, counted, overtaken};
use evidence::Check;
use evidence::Guarantee::{G1, G7};
use std::time::Duration;
use watchdog as _;

const THRESHOLD: Threshold = Threshold::from_nanos(10);
const FIRST: Timestamp = Timestamp::from_nanos(1);
const INSIDE: Timestamp = Timestamp::from_nanos(2);
const AFTER: Timestamp = Timestamp::from_nanos(11);

/// A gate in each of its eight shapes. The guards are leaked.
fn gates() -> impl Iterator<Item = Gate> {
    [false, true].into_iter().flat_map(|running| {
        (0..4).map(move |deferral| {
            let gate = Gate::new(THRESHOLD);
            let run = gate.try_start(FIRST).expect("the first call runs");
            if running {
                std::mem::forget(run);
            } else {
                run.finish();
            }
            match deferral {
                0 => {}
                1 => _ = gate.owe(),
                _ => _ = gate.request(),
            }
            if deferral == 3 {
                assert!(gate.cancel());
            }
            gate
        })
    })
}

/// Some epoch, for the operations that take one.
fn epoch() -> Epoch {
    State::NEW.try_start(FIRST, THRESHOLD).0.epoch()
}

/// An operation, and what it may cost: fences before the decision, loads of the threshold.
type Operation = (&'static str, fn(&Gate), Counts);

fn at_most(fences: usize, threshold_loads: usize, swaps: usize) -> Counts {
    Counts { fences, loads: 1, swaps, threshold_loads, ..Counts::default() }
}

/// Guards are leaked, so that only the operation itself is counted.
fn operations() -> [Operation; 12] {
    use std::mem::forget;
    [
        ("coalesce", |gate| _ = gate.coalesce(), at_most(1, 0, 0)),
        ("arrive", |gate| forget(gate.arrive(AFTER)), at_most(2, 1, 1)),
        ("arrive inside the window", |gate| forget(gate.arrive(INSIDE)), at_most(1, 1, 1)),
        ("arrive_by", |gate| forget(gate.arrive_by(INSIDE, INSIDE)), at_most(1, 1, 1)),
        ("request", |gate| _ = gate.request(), at_most(1, 0, 1)),
        ("owe", |gate| _ = gate.owe(), at_most(1, 0, 1)),
        ("try_start", |gate| forget(gate.try_start(AFTER)), at_most(1, 1, 1)),
        ("refuses", |gate| _ = gate.refuses(AFTER), at_most(0, 1, 0)),
        ("cancel", |gate| _ = gate.cancel(), at_most(0, 0, 1)),
        ("flush", |gate| forget(gate.flush(INSIDE)), at_most(1, 0, 1)),
        ("fire", |gate| forget(gate.claim(epoch()).fire(AFTER)), at_most(1, 1, 1)),
        ("abandon", |gate| _ = gate.claim(epoch()).abandon(), at_most(0, 0, 1)),
    ]
}

#[test]
fn an_operation_costs_what_its_docs_say() {
    let check =
        Check::of(&[G7], "counting: one load of the word, one compare-and-swap at most, and its fences");
    let mut cases = 0;
    for (name, operation, most) in operations() {
        let mut worst = Counts::default();
        for gate in gates() {
            let before = gate.state();
            let ((), counts) = counted(|| operation(&gate));
            let moved = gate.state() != before;
            assert!(moved == (counts.swaps > 0), "{name} in {before:?} writes only to move the word");
            worst.fences = worst.fences.max(counts.fences);
            worst.loads = worst.loads.max(counts.loads);
            worst.swaps = worst.swaps.max(counts.swaps);
            worst.threshold_loads = worst.threshold_loads.max(counts.threshold_loads);
            worst.stores += counts.stores;
            cases += 1;
        }
        assert_eq!(worst, most, "{name}");
    }
    check.passed(cases, "cases");
}

#[test]
fn a_finish_is_a_load_and_a_compare_and_swap() {
    let gate = Gate::new(THRESHOLD);
    let run = gate.try_start(FIRST).expect("the first call runs");
    let (_, counts) = counted(|| run.finish());
    assert_eq!(counts, Counts { loads: 1, swaps: 1, ..Counts::default() });
}

#[test]
fn a_coalesced_call_is_a_fence_and_a_load() {
    let pending: Vec<_> = gates().filter(|gate| gate.state().is_pending()).collect();
    assert_eq!(pending.len(), 2, "with and without a run in progress");
    for gate in &pending {
        let (epoch, counts) = counted(|| gate.coalesce());
        assert!(epoch.is_some());
        assert_eq!(counts, Counts { fences: 1, loads: 1, ..Counts::default() });
    }
}

/// The addition takes the place of the fence.
#[test]
fn a_call_that_is_counted_and_coalesces_is_an_addition_and_a_load() {
    let throttle = Throttle::counting_with_clock(THRESHOLD.as_duration(), Manual::new(FIRST));
    let _ = throttle.gate().request();
    let (outcome, counts) = counted(|| throttle.run(|calls| calls));
    assert!(matches!(outcome, Outcome::Coalesced(_)));
    assert_eq!(counts, Counts { loads: 1, additions: 1, ..Counts::default() });
    let background = Throttled::builder(Duration::from_secs(3600)).pending_on_drop(Pending::Discard);
    let background = background.counting().spawn(|_| ()).expect("a thread");
    // The leading run; then one is pending.
    background.trigger().expect("it goes on").wait().expect("it completes");
    background.trigger().expect("it goes on");
    let (is_taken, counts) = counted(|| background.trigger().is_ok());
    assert!(is_taken);
    assert_eq!(counts, Counts { loads: 1, additions: 1, ..Counts::default() });
}

#[test]
fn a_refused_call_is_two_loads() {
    let refused = gates().filter(|gate| {
        let (result, counts) = counted(|| gate.try_start(INSIDE).is_err());
        // While a run is in progress the threshold does not matter.
        let threshold_loads = counts.threshold_loads;
        assert_eq!(counts, Counts { loads: 1, threshold_loads, ..Counts::default() });
        assert!(threshold_loads <= 1);
        result
    });
    assert_eq!(refused.count(), 8);
}

/// A throttle in which key 1 is known, with a clock that its window is over by.
fn keyed() -> Keyed<u8, Manual> {
    let keyed = Keyed::with_clock(THRESHOLD.as_duration(), Manual::new(FIRST));
    assert!(keyed.try_run(&1, || ()).is_ok());
    keyed
}

/// Threads that are refused on one key would wait for its line if each of them wrote.
#[test]
fn a_call_on_a_known_key_that_is_refused_writes_nothing() {
    let check =
        Check::of(&[G7], "counting: a refused call on a known key loads its word once, and writes nothing");
    let keyed = keyed();
    let refused = || {
        let (refused, counts) = counted(|| keyed.try_enter(&1).err());
        assert!(refused.is_some());
        // The clock and the threshold are loaded, too.
        assert_eq!(counts, Counts { loads: 1, threshold_loads: counts.threshold_loads, ..Counts::default() });
    };
    refused();
    keyed.clock().set(AFTER);
    let (run, counts) = counted(|| keyed.try_enter(&1).expect("it may run"));
    // It may look at words of other keys, too, to evict them.
    assert_eq!(counts.swaps, 1);
    refused();
    drop(run);
    refused();
    check.passed(3, "states");
}

/// The window is over when each of these decides. Before it has moved the word, the threshold becomes longer, and its
/// compare-and-swap fails.
#[test]
fn a_decision_that_is_made_again_goes_by_the_threshold_of_then() {
    const LONGER: u64 = 20;
    const DUE: Timestamp = Timestamp::from_nanos(21);
    const CLOSED: Refused = Refused::Closed { retry_at: DUE, refused_at: AFTER };
    let check = Check::of(&[G1], "a decision that is made again goes by the threshold of then");
    let after_a_run = || {
        let gate = Gate::new(THRESHOLD);
        gate.try_start(FIRST).expect("the first call runs").finish();
        gate
    };
    let gate = after_a_run();
    assert_eq!(overtaken(LONGER, || gate.try_start(AFTER)).err(), Some(CLOSED), "try_start");
    assert_eq!(overtaken(LONGER, || gate.arrive_by(AFTER, AFTER)).err(), Some(CLOSED), "arrive_by");
    assert!(matches!(overtaken(LONGER, || gate.arrive(AFTER)), Arrival::Defer(_)), "arrive");
    let gate = after_a_run();
    let Arrival::Defer(deferral) = gate.arrive(INSIDE) else { panic!("closed") };
    let fired = overtaken(LONGER, || deferral.fire(AFTER));
    assert!(matches!(fired, Fired::Early { due: DUE, .. }), "fire: {fired:?}");
    // With a value, under its lock. It may wait until the window was to be over, and not for the longer one.
    let throttle = Throttle::latest_with_clock(THRESHOLD.as_duration(), Manual::new(FIRST));
    assert_eq!(throttle.try_run(1, |value| value).ok(), Some(1));
    throttle.clock().set(INSIDE);
    let most = AFTER.saturating_since(INSIDE);
    let brought = overtaken(LONGER, || throttle.run_within(2, most, |value| value));
    assert_eq!(brought.err().map(|rejected| (rejected.retry_at(), rejected.value)), Some((Some(DUE), 2)));
    let keyed = keyed();
    keyed.clock().set(AFTER);
    let told = overtaken(LONGER, || keyed.try_run(&1, || ()));
    assert_eq!(told.err(), Some(CLOSED.into()), "a known key");
    check.passed(6, "operations");
}
