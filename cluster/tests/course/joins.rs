//! What is remembered of several cells.

use super::inputs::cell;
use atomic_throttle::lease::{Lease, Policy};
use atomic_throttle::state::Finish;
use atomic_throttle::{Epoch, State, Threshold, Timestamp};
use atomic_throttle_cluster::Cell;
use evidence::Guarantee::{C3, C8};
use evidence::{Check, depth};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

/// What a cell means apart from the finished epoch, which is only what the register says.
fn word(cell: Cell) -> State {
    cell.state()
}

#[test]
fn what_is_remembered_is_a_join() {
    let check = Check::of(&[C3, C8], "sequences: the words of cells join, whatever order they are seen in");
    let cases = depth(5_000, 1_000_000);
    let mut runner =
        TestRunner::new(ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() });
    let strategy = (cell(), cell(), cell(), 0..4_u8);
    runner
        .run(&strategy, |(a, b, c, same)| {
            // Often both are of one epoch.
            let beside = |other: Cell| {
                let word = a.epoch().as_u64() << 3 | other.state().to_word() & 7;
                Cell::new(State::from_word(word), other.finished())
            };
            let b = if same > 0 { beside(b) } else { b };
            let c = if same > 1 { beside(c) } else { c };
            prop_assert_eq!(word(a.join(b)), word(b.join(a)));
            prop_assert_eq!(word(a.join(b).join(c)), word(a.join(b.join(c))));
            prop_assert_eq!(a.join(a), a);
            prop_assert_eq!(a.join(b).join(b), a.join(b));
            prop_assert!(a.join(b).epoch() == a.epoch().max(b.epoch()));
            prop_assert_eq!(a.join(b).finished(), a.finished());
            prop_assert_eq!(Cell::from_bytes(a.to_bytes()), a);
            // It may have been put back.
            prop_assert_eq!(Cell::from_bytes(a.join(b).to_bytes()), a.join(b));
            Ok(())
        })
        .unwrap_or_else(|failed| panic!("{failed}"));
    check.passed(cases as usize, "cases");
}

/// A run that has ended stays ended, and a run that is pending stays pending, whichever of the two cells is
/// read.
#[test]
fn within_an_epoch_nothing_goes_back() {
    let policy = Policy::new(Threshold::from_nanos(10)).with_lease(Lease::from_nanos(5));
    let (running, _) = Cell::NEW.arrive(Timestamp::from_nanos(50), policy);
    let (pending, _) = running.arrive(Timestamp::from_nanos(51), policy);
    let (ended, outcome) = running.finish(running.epoch());
    assert_eq!(outcome, Finish::Finished);
    assert!(pending.is_pending() && !ended.is_pending() && !Cell::NEW.is_pending());
    for both in [pending.join(ended), ended.join(pending)] {
        assert!(both.is_pending() && !both.state().is_running());
    }
    assert_eq!(pending.join(ended).finished(), Epoch::NEVER_RAN);
    assert_eq!(ended.join(pending).finished(), running.epoch());
}
