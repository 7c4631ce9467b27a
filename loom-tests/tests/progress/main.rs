//! G7: a thread that has to try again was overtaken by another one that got through, so some thread always gets
//! through; and a call that coalesces never tries twice.
//!
//! A hook counts. Loom does not explore a compare-and-swap that fails without cause, which some processors have; such
//! a failure costs one more pass of the loop.

mod done;

use atomic_throttle::Gate;
use done::{Done, done, fail_first};
use evidence::Guarantee::G7;
use evidence::caught;
use loom::sync::Arc;
use loom::thread;
use loom_tests::{Bound, DUE, LEADING, THRESHOLD, Tally, explore, search};
use watchdog as _;

/// An operation that moves the word of a gate with a pending run. Its guard is dropped, which is another
/// operation.
type Operation = (&'static str, fn(&Gate));

const OPERATIONS: [Operation; 6] = [
    ("arrive", |gate| drop(gate.arrive(DUE))),
    ("request", |gate| _ = gate.request()),
    ("owe", |gate| _ = gate.owe()),
    ("try_start", |gate| drop(gate.try_start(DUE))),
    ("cancel", |gate| _ = gate.cancel()),
    ("flush", |gate| drop(gate.flush(LEADING))),
];

/// What was counted over all executions.
#[derive(Clone, Default)]
struct Seen {
    retried: Tally,
    /// A thread lost more compare-and-swaps than others won.
    in_vain: Tally,
}

/// A gate with a pending run that nobody owns any more.
fn pending() -> Gate {
    done::count();
    let gate = Gate::new(THRESHOLD);
    drop(gate.try_start(LEADING));
    let _ = gate.request();
    let _ = done();
    gate
}

/// Runs all of `operations` at once, each in a thread.
fn at_once(operations: Vec<Operation>, seen: &Seen) -> impl Fn() + Send + Sync + 'static {
    let seen = seen.clone();
    move || {
        let gate = Arc::new(pending());
        let spawn = |&(_, operation): &Operation| {
            let gate = Arc::clone(&gate);
            thread::spawn(move || {
                operation(&gate);
                done()
            })
        };
        let others: Vec<_> = operations[1..].iter().map(spawn).collect();
        operations[0].1(&gate);
        let mut all = vec![done()];
        all.extend(others.into_iter().map(|other| other.join().expect("no panic")));

        let moved: usize = all.iter().map(|done| done.moved).sum();
        seen.retried.count_if(all.iter().any(|done| done.lost > 0));
        seen.in_vain.count_if(all.iter().any(|done| done.lost > moved - done.moved));
    }
}

#[test]
fn whoever_tries_again_was_overtaken_by_one_who_got_through() {
    for (index, one) in OPERATIONS.into_iter().enumerate() {
        let seen = Seen::default();
        let claim = format!("{} against others: a lost compare-and-swap is another's success", one.0);
        let check = evidence::Check::of(&[G7], format!("loom, all interleavings: {claim}"));
        let mut executions = 0;
        // Each pair occurs once.
        for other in &OPERATIONS[index..] {
            executions += search(Bound::Exhaustive, at_once(vec![one, *other], &seen));
        }
        assert!(executions > 100, "{claim}: explored {executions}");
        assert!(seen.retried.total() > 0, "{claim}");
        assert_eq!(seen.in_vain.total(), 0, "{claim}");
        check.passed(executions, "executions");
    }
}

#[test]
fn of_three_threads_some_get_through() {
    let seen = Seen::default();
    let [arrive, request, .., cancel, _flush] = OPERATIONS;
    explore(
        Bound::Preemptions(evidence::depth(3, 4)),
        &[G7],
        "three operations: a lost compare-and-swap is another's success",
        at_once(vec![arrive, request, cancel], &seen),
    )
    .at_least(500)
    .reached(&seen.retried, "somebody tried again")
    .never(&seen.in_vain, "somebody lost more often than others got through")
    .passed();
}

#[test]
fn a_call_that_coalesces_loads_once_and_writes_nothing() {
    let coalesced = Tally::new();
    let counted = coalesced.clone();
    explore(
        Bound::Exhaustive,
        &[G7],
        "coalesce loads once and writes nothing, whatever others do",
        move || {
            let gate = Arc::new(pending());
            let caller = thread::spawn({
                let gate = Arc::clone(&gate);
                move || (gate.coalesce().is_some(), done())
            });
            drop(gate.flush(DUE));
            let _ = gate.request();
            let (told, done) = caller.join().expect("no panic");
            assert_eq!(done, Done { loads: 1, moved: 0, lost: 0 });
            counted.count_if(told);
        },
    )
    .at_least(10)
    .reached(&coalesced, "it coalesced")
    .passed();
}

#[test]
fn a_retry_without_a_cause_is_found() {
    let seen = Seen::default();
    fail_first(true);
    let executions = search(Bound::Exhaustive, at_once(vec![OPERATIONS[0], OPERATIONS[4]], &seen));
    fail_first(false);
    let in_vain = seen.in_vain.total();
    assert!(in_vain > 0, "not found in {executions} executions");
    caught(
        "a compare-and-swap that fails though nobody is in its way",
        &format!("loom: a thread tries again for nothing in {in_vain} of {executions} executions"),
    );
}
