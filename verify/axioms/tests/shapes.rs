//! The argument of the fences in its smallest form: each promise as a few operations on a word and some data,
//! judged for every combination of two orderings. So the tests assert that the orderings in the sources are
//! enough, and also that no weaker pair is. None of it rests on the axiom against values out of thin air, which
//! is stronger than what C++ promises.
//!
//! These shapes are read off `src/gate/mod.rs` and `src/front/wait.rs` by hand, and may drift from them. The
//! sources themselves are judged in `tests/gate`.

use axioms::Order::{self, AcqRel, Acquire, NonAtomic, Relaxed, Release, SeqCst};
use axioms::{Candidates, Departure, FinalState, Location, Model, Program, Thread};
use evidence::Check;
use evidence::Guarantee::{self, G2, G3, G5};
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

/// Returned in place of a value if a move failed although no other thread moves the word. Some candidates do
/// return it; the model allows none of them.
const NEVER: u64 = 99;

/// The claim about a shape.
struct Claim<'c> {
    guarantees: &'static [Guarantee],
    what: &'static str,
    /// The two orderings that are varied: what they are, and their values.
    orderings: [(&'static str, &'c [Order]); 2],
    /// Which pairs suffice.
    sufficient: fn(Order, Order) -> bool,
    wrong: fn(&FinalState) -> bool,
    /// If no execution reached this, the claim would be empty.
    reached: fn(&FinalState) -> bool,
}

fn is_release(order: Order) -> bool {
    matches!(order, Release | AcqRel | SeqCst)
}

fn is_acquire(order: Order) -> bool {
    matches!(order, Acquire | AcqRel | SeqCst)
}

fn both_sc(first: Order, second: Order) -> bool {
    first == SeqCst && second == SeqCst
}

fn release_and_acquire(first: Order, second: Order) -> bool {
    is_release(first) && is_acquire(second)
}

impl Claim<'_> {
    /// Judges the shape for each pair of orderings: something goes wrong exactly if the pair does not suffice.
    fn judge(&self, shape: impl Fn(Order, Order) -> Program) {
        let check = Check::of(self.guarantees, format!("RC11, all candidates: {}", self.what));
        let [(first_site, firsts), (second_site, seconds)] = self.orderings;
        let (mut tried, mut insufficient, mut failing, mut executions) = (0, 0, 0, 0);
        for &first in firsts {
            for &second in seconds {
                let case = format!("{first_site} {first:?}, {second_site} {second:?}");
                let candidates = self.candidates(&shape(first, second), &case);
                let wrong = candidates.judgement.count(self.wrong);
                println!("{}: {case}: {wrong} wrong of {}", self.what, candidates.judgement.executions);
                if (self.sufficient)(first, second) {
                    assert_eq!(wrong, 0, "{}: {case} suffices", self.what);
                    tried += candidates.tried;
                } else {
                    assert!(wrong > 0, "{}: {case} does not suffice", self.what);
                    insufficient += 1;
                    failing += wrong;
                    executions += candidates.judgement.executions;
                }
            }
        }
        evidence::caught(
            &format!("{}: any weaker pair of {first_site} and {second_site}", self.what),
            &format!("RC11: each of {insufficient} pairs fails, in {failing} of {executions} executions"),
        );
        check.passed(tried, "cases");
    }

    /// Judges all candidates, after the builder and the neighbouring models were seen to agree with them.
    fn candidates(&self, program: &Program, case: &str) -> Candidates {
        let candidates = program.judge_candidates(Model::CPP20);
        let judgement = &candidates.judgement;
        assert_eq!(program.judge(Model::CPP20), *judgement, "{case}: the builder misses none");
        assert_eq!(program.judge(Model::RC11), *judgement, "{case}: nothing rests on what C++20 changed");
        let buffered = program.judge_candidates(Model::CPP20.with(Departure::ThinAir)).judgement;
        assert_eq!(buffered, *judgement, "{case}: nothing rests on the axiom against thin air");
        assert_eq!(judgement.count(|o| o.threads.concat().contains(&NEVER)), 0, "{case}: a move fails");
        assert!(judgement.count(self.reached) > 0, "{case}: the claim is empty");
        candidates
    }
}

fn move_word(t: &mut Thread, word: Location, from: u64, to: u64, order: Order) -> bool {
    t.compare_exchange(word, from, to, order, Relaxed).is_ok()
}

#[test]
fn a_coalesced_call_is_seen_by_the_run() {
    let claim = Claim {
        guarantees: &[G3],
        what: "a coalesced call is seen by the run that starts",
        orderings: [("fence before the decision", &ALL), ("fence after the start", &ALL)],
        sufficient: both_sc,
        wrong: |o| o.threads == [[pending(1)], [0]],
        reached: |o| o.threads == [[pending(1)], [1]],
    };
    claim.judge(|call, start| {
        let mut program = Program::new();
        let (word, data) = (program.location(pending(1)), program.location(0));
        program.thread(move |t| {
            t.store(data, 1, Relaxed);
            t.fence(call);
            [t.load(word, Relaxed)]
        });
        program.thread(move |t| {
            if !move_word(t, word, pending(1), running(2), Relaxed) {
                return [NEVER];
            }
            t.fence(start);
            [t.load(data, Relaxed)]
        });
        program
    });
}

/// The first run finishes, a second window has a deferral of its own, and the run of that starts.
#[test]
fn the_first_run_of_a_later_epoch_covers() {
    let claim = Claim {
        guarantees: &[G3],
        what: "over two windows the first run of a later epoch covers",
        orderings: [("fence before the decision", &ALL), ("fences after the starts", &ALL)],
        sufficient: both_sc,
        wrong: |o| {
            let told = |epoch| o.threads[0][0] == pending(epoch);
            (told(1) && o.threads[1][0] == 0) || (told(2) && o.threads[1][1] == 0)
        },
        reached: |o| o.threads == [[pending(2), 0], [0, 1]] || o.threads == [[pending(1), 0], [1, 1]],
    };
    claim.judge(|call, start| {
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
                moved = moved && move_word(t, word, running(epoch), idle(epoch), Release);
                for &next in after {
                    moved = moved && move_word(t, word, idle(epoch), next, Relaxed);
                }
                if moved { seen } else { NEVER }
            };
            [run(pending(1), 2, &[pending(2)]), run(pending(2), 3, &[])]
        });
        program
    });
}

#[test]
fn no_wake_up_is_lost() {
    let claim = Claim {
        guarantees: &[G5],
        what: "who moves the word sees the waiter, or the waiter sees the word",
        orderings: [("fence of the waiter", &ALL), ("fence of the notification", &ALL)],
        sufficient: both_sc,
        wrong: |o| o.threads == [[pending(1)], [0]],
        reached: |o| o.threads == [[pending(1)], [1]],
    };
    claim.judge(|waiter, notification| {
        let mut program = Program::new();
        let (word, waiters) = (program.location(pending(1)), program.location(0));
        program.thread(move |t| {
            t.fetch_add(waiters, 1, Relaxed);
            t.fence(waiter);
            [t.load(word, Acquire)]
        });
        program.thread(move |t| {
            if !move_word(t, word, pending(1), running(2), Relaxed) {
                return [NEVER];
            }
            t.fence(notification);
            [t.load(waiters, Relaxed)]
        });
        program
    });
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

#[test]
fn whoever_sees_a_run_finished_sees_what_it_did() {
    let claim = Claim {
        guarantees: &[G3],
        what: "whoever sees a run finished sees what it did, also after a later call",
        orderings: [("finish", &ALL), ("load of the state", &OF_LOADS)],
        sufficient: release_and_acquire,
        wrong: |o| o.threads[1][0] != running(1) && o.threads[1][1] == 0,
        reached: |o| o.threads[1] == [pending(1), 1],
    };
    claim.judge(|finish, load| {
        finishing(finish, move |t, [word, data]| [t.load(word, load), t.load(data, Relaxed)])
    });
}

#[test]
fn the_next_run_sees_what_the_one_before_it_did() {
    let claim = Claim {
        guarantees: &[G2],
        what: "the next run sees what the one before it did, also after a later call",
        orderings: [("finish", &ALL), ("fence after the start", &ALL)],
        sufficient: release_and_acquire,
        wrong: |o| o.threads[1][0] != 0 && o.threads[1][1] == 0,
        reached: |o| o.threads[1] == [pending(1), 1],
    };
    claim.judge(|finish, start| {
        finishing(finish, move |t, [word, data]| {
            for from in [idle(1), pending(1)] {
                if move_word(t, word, from, running(2), Relaxed) {
                    t.fence(start);
                    return [from, t.load(data, Relaxed)];
                }
            }
            [0, 0]
        })
    });
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

#[test]
fn a_run_that_takes_over_sees_what_the_owner_wrote() {
    let claim = Claim {
        guarantees: &[G3],
        what: "a run that takes over sees what the owner wrote",
        orderings: [("fence before the decision", &ALL), ("fence after the start", &ALL)],
        sufficient: release_and_acquire,
        wrong: |o| o.threads[1] == [1, 0],
        reached: |o| o.threads[1] == [1, 1],
    };
    claim.judge(|call, start| taking_over(Relaxed, call, start));
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
