//! A thread that sees that a run has finished sees what it did: a waiter by the state, the next run by its
//! start.

use atomic_throttle::Threshold;
use atomic_throttle::gate::{Arrival, Gate};
use evidence::Guarantee::{G2, G3};
use loom::sync::Arc;
use loom::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use loom::thread;
use loom_tests::{Bound, LEADING, Tally, explore};
use watchdog as _;

#[test]
fn to_whoever_looks_at_the_state() {
    let finished = Tally::new();
    let counted = finished.clone();
    explore(Bound::Exhaustive, &[G2, G3], "a finish against whoever looks at the state", move || {
        let shared = Arc::new((Gate::new(Threshold::ZERO), AtomicUsize::new(0)));
        let runner = thread::spawn({
            let shared = Arc::clone(&shared);
            move || {
                let Arrival::Run(run) = shared.0.arrive(LEADING) else { panic!("nobody else runs") };
                shared.1.store(1, Relaxed);
                run.finish();
            }
        });
        let state = shared.0.state();
        let done = state.epoch().as_u64() > 0 && !state.is_running();
        if done {
            assert_eq!(shared.1.load(Relaxed), 1, "the waiter missed what the run did");
        }
        counted.count_if(done);
        runner.join().expect("no panic");
    })
    .at_least(40)
    .reached(&finished, "the run was seen to have finished")
    .passed();
}

#[test]
fn to_the_next_run() {
    let second = Tally::new();
    let counted = second.clone();
    explore(Bound::Exhaustive, &[G2], "a finish against the next run", move || {
        let shared = Arc::new((Gate::new(Threshold::ZERO), AtomicUsize::new(0)));
        let runner = thread::spawn({
            let shared = Arc::clone(&shared);
            move || {
                let Ok(run) = shared.0.try_start(LEADING) else { return };
                shared.1.store(1, Relaxed);
                run.finish();
            }
        });
        if let Ok(run) = shared.0.try_start(LEADING) {
            let is_second = run.epoch().as_u64() > LEADING.as_nanos();
            if is_second {
                assert_eq!(shared.1.load(Relaxed), 1, "the second run missed the first");
            }
            counted.count_if(is_second);
            run.finish();
        }
        runner.join().expect("no panic");
    })
    .at_least(500)
    .reached(&second, "it was the second run")
    .passed();
}
