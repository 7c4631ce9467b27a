//! G7: what each operation costs, counted and not timed: fences, accesses of the word, clock readings,
//! allocations. The docs of each operation state these numbers.
//! The shipped sources of the gate are built here a second time, on a `sync` that counts. That no call waits
//! for another's progress is shown in `loom-tests/tests/progress`.

mod support;

#[path = "../src/gate/mod.rs"]
#[allow(dead_code, unused_imports)]
mod gate;
#[path = "../src/state/mod.rs"]
#[allow(dead_code)]
mod state;
#[path = "cost/sync.rs"]
mod sync;
#[path = "../src/time.rs"]
#[allow(dead_code)]
mod time;

// The doc comments of the sources link to names at the root of the crate.
use watchdog as _;

#[allow(unused_imports)]
use gate::{Arrival, Fired, Gate};

use allocation_counter::measure;
use atomic_throttle::{Clock, Manual, Moved, Outcome, Throttle};
use evidence::Check;
use state::{Epoch, Refused, State};
use std::cell::Cell;
use std::time::Duration;
use sync::{Counts, counted, overtaken};
use time::{Threshold, Timestamp};

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
    Counts { fences, loads: 1, swaps, threshold_loads, stores: 0 }
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
        Check::of("G7", "counting: one load of the word, one compare-and-swap at most, and its fences");
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

/// The window is over when each of these decides. Before it has moved the word, the threshold becomes longer, and its
/// compare-and-swap fails.
#[test]
fn a_decision_that_is_made_again_goes_by_the_threshold_of_then() {
    const LONGER: u64 = 20;
    const DUE: Timestamp = Timestamp::from_nanos(21);
    const CLOSED: Refused = Refused::Closed { retry_at: DUE, refused_at: AFTER };
    let check = Check::of("G1", "a decision that is made again goes by the threshold of then");
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
    check.passed(4, "operations");
}

std::thread_local!(static READINGS: Cell<usize> = const { Cell::new(0) });

/// A clock that counts how often each thread reads it.
struct Counting(Manual);

impl Clock for Counting {
    fn now(&self) -> atomic_throttle::Timestamp {
        READINGS.set(READINGS.get() + 1);
        self.0.now()
    }

    fn moved(&self) -> Option<&Moved> {
        self.0.moved()
    }
}

/// A throttle whose first run has finished, at second 1.
fn after_a_run() -> Throttle<Counting> {
    let throttle = Throttle::with_clock(support::SECOND, Counting(Manual::new(support::at(1))));
    assert!(throttle.run(|| ()).ran());
    throttle
}

/// What `f` does in this thread: clock readings and allocations.
fn readings_and_allocations(f: impl FnOnce()) -> (usize, u64) {
    let before = READINGS.get();
    let allocations = measure(f).count_total;
    (READINGS.get() - before, allocations)
}

#[test]
fn a_call_that_does_not_wait_reads_the_clock_once_and_allocates_nothing() {
    let check = Check::of("G7", "counting: clock readings and allocations of calls that do not wait");
    let throttle = after_a_run();
    let unthrottled = after_a_run();
    unthrottled.set_threshold(Duration::ZERO);
    let calls: [(&str, &dyn Fn(), usize); 6] = [
        ("refused: closed", &|| assert!(throttle.try_run(|| ()).is_err()), 1),
        ("refused: its limit", &|| assert!(throttle.run_within(Duration::ZERO, || ()).is_err()), 1),
        ("nothing to cancel", &|| assert!(!throttle.cancel()), 0),
        ("nothing to flush", &|| assert!(throttle.flush(|| ()).is_err()), 1),
        ("a run at once", &|| assert!(unthrottled.run(|| ()).ran()), 1),
        ("a run now or never", &|| assert!(unthrottled.try_run(|| ()).is_ok()), 1),
    ];
    for (name, call, readings) in calls {
        assert_eq!(readings_and_allocations(call), (readings, 0), "{name}");
    }
    check.passed(calls.len(), "cases");
}

#[test]
fn a_coalesced_call_reads_no_clock_and_allocates_nothing() {
    const CALLS: usize = 1000;
    let check = Check::of("G7", "counting: clock readings and allocations of coalesced calls");
    let throttle = after_a_run();
    std::thread::scope(|scope| {
        let owner = scope.spawn(|| throttle.run(|| ()).ran());
        support::until(|| throttle.is_pending());
        let mut coalesced = 0;
        let cost = readings_and_allocations(|| {
            for _ in 0..CALLS {
                coalesced += usize::from(matches!(throttle.run(|| ()), Outcome::Coalesced(_)));
            }
        });
        // Before anything is asserted: a failure must not leave the owner waiting.
        throttle.clock().0.set(support::at(2));
        assert!(owner.join().expect("no panic"));
        assert_eq!((coalesced, cost), (CALLS, (0, 0)));
    });
    check.passed(CALLS, "calls");
}
