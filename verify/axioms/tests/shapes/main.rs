//! The argument of the fences in its smallest form: each promise as a few operations on a word and some data,
//! judged for every combination of two orderings. So the tests assert that the orderings in the sources are
//! enough, and also that no weaker pair is: by the language, also where loads are buffered, and on each processor.
//! A processor may do with less. What each of them gives for free is asserted, too.
//!
//! These shapes are read off `src/gate/mod.rs` and `src/front/wait.rs` by hand, and may drift from them. The
//! sources themselves are judged in `tests/gate`.

mod claim;

use axioms::Order::{self, AcqRel, Acquire, NonAtomic, Relaxed, Release, SeqCst};
use axioms::{Location, Model, Program, Thread};
use claim::{Claim, NEVER, both_sc, release_and_acquire};
use evidence::Check;
use evidence::Guarantee::{G2, G3, G5};
use watchdog as _;

/// As a fence, Relaxed means none.
const ALL: [Order; 5] = [Relaxed, Acquire, Release, AcqRel, SeqCst];
const OF_LOADS: [Order; 3] = [Relaxed, Acquire, SeqCst];

/// The word in an epoch, with nothing pending. The other two have a run pending, and a run in progress.
const fn idle(epoch: u64) -> u64 {
    10 * epoch
}
const fn pending(epoch: u64) -> u64 {
    10 * epoch + 2
}
const fn running(epoch: u64) -> u64 {
    10 * epoch + 1
}

/// The shape for a pair of orderings.
type Shape = fn(Order, Order) -> Program;

fn move_word(t: &mut Thread, word: Location, from: u64, to: u64, order: Order) -> bool {
    t.compare_exchange(word, from, to, order, Relaxed).is_ok()
}

fn a_coalesced_call() -> (Claim<'static>, Shape) {
    let claim = Claim {
        guarantees: &[G3],
        what: "a coalesced call is seen by the run that starts",
        orderings: [("fence before the decision", &ALL), ("fence after the start", &ALL)],
        fences: [true; 2],
        behind_an_addition: [false; 2],
        sufficient: both_sc,
        wrong: |o| o.threads == [[pending(1)], [0]],
        reached: |o| o.threads == [[pending(1)], [1]],
    };
    (claim, |call, start| {
        let mut program = Program::new();
        let (word, data) = (program.location(pending(1)), program.location(0));
        program.thread(move |t| {
            t.store(data, 1, Relaxed);
            t.fence(call);
            [t.load(word, Relaxed)]
        });
        program.thread(move |t| {
            let moved = move_word(t, word, pending(1), running(2), Relaxed);
            t.fence(start);
            let seen = t.load(data, Relaxed);
            [if moved { seen } else { NEVER }]
        });
        program
    })
}

#[test]
fn a_coalesced_call_is_seen_by_the_run() {
    let (claim, shape) = a_coalesced_call();
    claim.judge(shape);
}

/// The first run finishes, a second window has a deferral of its own, and the run of that starts.
fn two_windows() -> (Claim<'static>, Shape) {
    let claim = Claim {
        guarantees: &[G3],
        what: "over two windows the first run of a later epoch covers",
        orderings: [("fence before the decision", &ALL), ("fences after the starts", &ALL)],
        fences: [true; 2],
        behind_an_addition: [false; 2],
        sufficient: both_sc,
        wrong: |o| {
            let told = |epoch| o.threads[0][0] == pending(epoch);
            (told(1) && o.threads[1][0] == 0) || (told(2) && o.threads[1][1] == 0)
        },
        reached: |o| o.threads == [[pending(2), 0], [0, 1]] || o.threads == [[pending(1), 0], [1, 1]],
    };
    (claim, |call, start| {
        let mut program = Program::new();
        let (word, data) = (program.location(pending(1)), program.location(0));
        program.thread(move |t| {
            t.store(data, 1, Relaxed);
            t.fence(call);
            [t.load(word, Relaxed), 0]
        });
        program.thread(move |t| {
            let mut run = |from, epoch, after: &[u64]| {
                let mut moved = move_word(t, word, from, running(epoch), Relaxed);
                t.fence(start);
                let seen = t.load(data, Relaxed);
                moved &= move_word(t, word, running(epoch), idle(epoch), Release);
                for &next in after {
                    moved &= move_word(t, word, idle(epoch), next, Relaxed);
                }
                if moved { seen } else { NEVER }
            };
            [run(pending(1), 2, &[pending(2)]), run(pending(2), 3, &[])]
        });
        program
    })
}

#[test]
fn the_first_run_of_a_later_epoch_covers() {
    let (claim, shape) = two_windows();
    claim.judge(shape);
}

fn a_wait() -> (Claim<'static>, Shape) {
    let claim = Claim {
        guarantees: &[G5],
        what: "who moves the word sees the waiter, or the waiter sees the word",
        orderings: [("fence of the waiter", &ALL), ("fence of the notification", &ALL)],
        fences: [true; 2],
        behind_an_addition: [true, false],
        sufficient: both_sc,
        wrong: |o| o.threads == [[pending(1)], [0]],
        reached: |o| o.threads == [[pending(1)], [1]],
    };
    (claim, |waiter, notification| {
        let mut program = Program::new();
        let (word, waiters) = (program.location(pending(1)), program.location(0));
        program.thread(move |t| {
            t.fetch_add(waiters, 1, Relaxed);
            t.fence(waiter);
            [t.load(word, Acquire)]
        });
        program.thread(move |t| {
            let moved = move_word(t, word, pending(1), running(2), Relaxed);
            t.fence(notification);
            let seen = t.load(waiters, Relaxed);
            [if moved { seen } else { NEVER }]
        });
        program
    })
}

#[test]
fn no_wake_up_is_lost() {
    let (claim, shape) = a_wait();
    claim.judge(shape);
}

/// A run writes and finishes, and a later call may have moved the word on.
fn finishing(finish: Order, reads: impl Fn(&mut Thread, [Location; 2]) -> [u64; 2] + 'static) -> Program {
    let mut program = Program::new();
    let (word, data) = (program.location(running(1)), program.location(0));
    program.thread(move |t| {
        t.store(data, 1, Relaxed);
        [if move_word(t, word, running(1), idle(1), finish) { 1 } else { NEVER }]
    });
    program.thread(move |t| reads(t, [word, data]));
    program.thread(move |t| [move_word(t, word, idle(1), pending(1), Relaxed).into()]);
    program
}

fn a_finish_and_who_looks() -> (Claim<'static>, Shape) {
    let claim = Claim {
        guarantees: &[G3],
        what: "whoever sees a run finished sees what it did, also after a later call",
        orderings: [("finish", &ALL), ("load of the state", &OF_LOADS)],
        fences: [false; 2],
        behind_an_addition: [false; 2],
        sufficient: release_and_acquire,
        wrong: |o| o.threads[1][0] != running(1) && o.threads[1][1] == 0,
        reached: |o| o.threads[1] == [pending(1), 1],
    };
    (claim, |finish, load| {
        finishing(finish, move |t, [word, data]| [t.load(word, load), t.load(data, Relaxed)])
    })
}

#[test]
fn whoever_sees_a_run_finished_sees_what_it_did() {
    let (claim, shape) = a_finish_and_who_looks();
    claim.judge(shape);
}

fn a_finish_and_the_next_run() -> (Claim<'static>, Shape) {
    let claim = Claim {
        guarantees: &[G2],
        what: "the next run sees what the one before it did, also after a later call",
        orderings: [("finish", &ALL), ("fence after the start", &ALL)],
        fences: [false, true],
        behind_an_addition: [false; 2],
        sufficient: release_and_acquire,
        wrong: |o| o.threads[1][0] != 0 && o.threads[1][1] == 0,
        reached: |o| o.threads[1] == [pending(1), 1],
    };
    (claim, |finish, start| {
        finishing(finish, move |t, [word, data]| {
            for from in [idle(1), pending(1)] {
                if move_word(t, word, from, running(2), Relaxed) {
                    t.fence(start);
                    return [from, t.load(data, Relaxed)];
                }
            }
            [0, 0]
        })
    })
}

#[test]
fn the_next_run_sees_what_the_one_before_it_did() {
    let (claim, shape) = a_finish_and_the_next_run();
    claim.judge(shape);
}

/// The owner's call left its run pending, and another thread starts in its place.
fn taking_over(data_order: Order, call: Order, start: Order) -> Program {
    let mut program = Program::new();
    let (word, data) = (program.location(idle(1)), program.location(0));
    program.thread(move |t| {
        t.store(data, 1, data_order);
        t.fence(call);
        [if move_word(t, word, idle(1), pending(1), Relaxed) { 1 } else { NEVER }]
    });
    program.thread(move |t| {
        if !move_word(t, word, pending(1), running(2), Relaxed) {
            return [0, 0];
        }
        t.fence(start);
        [1, t.load(data, data_order)]
    });
    program
}

fn a_takeover() -> (Claim<'static>, Shape) {
    let claim = Claim {
        guarantees: &[G3],
        what: "a run that takes over sees what the owner wrote",
        orderings: [("fence before the decision", &ALL), ("fence after the start", &ALL)],
        fences: [true; 2],
        behind_an_addition: [false; 2],
        sufficient: release_and_acquire,
        wrong: |o| o.threads[1] == [1, 0],
        reached: |o| o.threads[1] == [1, 1],
    };
    (claim, |call, start| taking_over(Relaxed, call, start))
}

#[test]
fn a_run_that_takes_over_sees_what_the_owner_wrote() {
    let (claim, shape) = a_takeover();
    claim.judge(shape);
}

/// If one thread reads the other's move of the word, plain memory is ordered. No thread reads a load that
/// stands behind a fence: only the value arrives. A read-modify-write in place of the load would order it.
#[test]
fn fences_around_a_load_order_no_plain_memory() {
    let check =
        Check::of(&[G3], "RC11, all executions: plain memory races only where a call coalesces by a load");
    let coalescing = |by_load: bool| {
        let mut program = Program::new();
        let (word, data) = (program.location(pending(1)), program.location(0));
        program.thread(move |t| {
            // Only a call before the start may write: the run reads after it.
            t.store(data, 1, NonAtomic);
            if by_load {
                t.fence(SeqCst);
                [t.load(word, Relaxed)]
            } else {
                [t.fetch_add(word, 0, AcqRel)]
            }
        });
        program.thread(move |t| {
            t.fetch_add(word, running(2) - pending(1), AcqRel);
            t.fence(SeqCst);
            [t.load(data, NonAtomic)]
        });
        program.judge(Model::CPP20)
    };
    let mut executions = 0;
    for by_load in [true, false] {
        let judgement = coalescing(by_load);
        assert_eq!(judgement.count(|o| o.threads == [[pending(1)], [0]]), 0, "the value arrives");
        let told = judgement.count(|o| o.threads[0] == [pending(1)]);
        assert!(told > 0, "it coalesces");
        let after_the_start = judgement.executions - told;
        if by_load {
            assert!(judgement.racing > after_the_start, "it races although it coalesces");
        } else {
            assert!(judgement.racing <= after_the_start, "it races only if it comes too late");
        }
        executions += judgement.executions;
    }
    let taken_over = taking_over(NonAtomic, SeqCst, SeqCst).judge(Model::CPP20);
    assert_eq!(taken_over.racing, 0);
    check.passed(executions + taken_over.executions, "executions");
}

/// The shapes without branches, but for the two windows, which are too long for it. By hand: `cargo test --release -- --ignored`, with `herd7` in the path.
#[test]
#[ignore = "it needs herd7, which most systems do not package"]
fn herd_finds_the_same_outcomes() {
    for (claim, shape) in [a_coalesced_call(), a_wait(), a_finish_and_who_looks()] {
        claim.ask_herd(shape);
    }
}
