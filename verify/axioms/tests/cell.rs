//! The cell that processes share in mapped memory: each step is a relaxed access of 128 bits between two `SeqCst`
//! fences. Its shapes, by every model: with all fences, and with each one left out. To the axioms a process is a
//! thread, because a fence orders all that share memory.
//!
//! They are read off `fenced`, `load` and `compare_and_swap` in `cluster/src/register/shared_memory/mapped.rs` by
//! hand. That one access of 128 bits is one access is a premise; the last test shows what comes of two.

use axioms::Order::{Relaxed, SeqCst};
use axioms::{FinalState, Location, Model, Program, Thread};
use evidence::Check;
use evidence::Guarantee::{C3, G3};
use watchdog as _;

/// The cell: nothing is pending, a run is pending, it is in progress, it has finished.
const IDLE: u64 = 0;
const PENDING: u64 = 1;
const RUNNING: u64 = 2;
const FINISHED: u64 = 3;

/// Returned if a move did not come about.
const NEVER: u64 = 99;

/// The fence before a step, and the one after it.
type Fences = [bool; 2];

fn step<T>(t: &mut Thread, [before, after]: Fences, access: impl FnOnce(&mut Thread) -> T) -> T {
    let fence = |t: &mut Thread, there| t.fence(if there { SeqCst } else { Relaxed });
    fence(t, before);
    let done = access(t);
    fence(t, after);
    done
}

/// How the processor reads 128 bits.
#[derive(Clone, Copy, Debug)]
enum Reads {
    /// By a load: `vmovdqa`, or `ldp`.
    Load,
    /// By writing back what it has read: `cmpxchg16b`, `casp`, or `ldxp` and `stxp`.
    WriteBack,
    /// By a compare-and-swap that fails, of a caller that expected another cell.
    Failure,
}

fn read(t: &mut Thread, cell: Location, reads: Reads) -> u64 {
    match reads {
        Reads::Load => t.load(cell, Relaxed),
        Reads::WriteBack => t.fetch_add(cell, 0, Relaxed),
        Reads::Failure => {
            t.compare_exchange(cell, NEVER, NEVER, Relaxed, Relaxed).unwrap_or_else(|found| found)
        }
    }
}

/// A compare-and-swap. A pair of `ldxp` and `stxp` may fail on the cell that it expects, and is tried again.
fn swap(t: &mut Thread, cell: Location, old: u64, new: u64) -> bool {
    loop {
        match t.compare_exchange_weak(cell, old, new, Relaxed, Relaxed) {
            Ok(_) => return true,
            Err(found) if found == old => {}
            Err(_) => return false,
        }
    }
}

/// Two processes meet at the cell. The fences are those of the first and those of the second.
struct Meeting {
    what: &'static str,
    make: fn(Reads, [Fences; 2]) -> Program,
    wrong: fn(&FinalState) -> bool,
    reached: fn(&FinalState) -> bool,
    /// The fences that it rests on: of which process, and before or after its step.
    needs: [(usize, usize); 2],
}

fn shared(begins: u64) -> (Program, Location, Location) {
    let mut program = Program::new();
    program.spurious_failures(1);
    let (cell, data) = (program.location(begins), program.location(0));
    (program, cell, data)
}

/// The second process starts the pending run, and looks at the data.
fn starts(program: &mut Program, cell: Location, data: Location, fences: Fences) {
    program.thread(move |t| {
        if !step(t, fences, |t| swap(t, cell, PENDING, RUNNING)) {
            return [NEVER];
        }
        [t.load(data, Relaxed)]
    });
}

fn coalesces(reads: Reads, [caller, runner]: [Fences; 2]) -> Program {
    let (mut program, cell, data) = shared(PENDING);
    program.thread(move |t| {
        t.store(data, 1, Relaxed);
        [step(t, caller, |t| read(t, cell, reads))]
    });
    starts(&mut program, cell, data, runner);
    program
}

fn defers(_: Reads, [caller, runner]: [Fences; 2]) -> Program {
    let (mut program, cell, data) = shared(IDLE);
    program.thread(move |t| {
        t.store(data, 1, Relaxed);
        [u64::from(step(t, caller, |t| swap(t, cell, IDLE, PENDING)))]
    });
    starts(&mut program, cell, data, runner);
    program
}

fn finishes(reads: Reads, [runner, observer]: [Fences; 2]) -> Program {
    let (mut program, cell, data) = shared(RUNNING);
    program.thread(move |t| {
        t.store(data, 1, Relaxed);
        [u64::from(step(t, runner, |t| swap(t, cell, RUNNING, FINISHED)))]
    });
    program.thread(move |t| {
        let seen = step(t, observer, |t| read(t, cell, reads));
        [if seen == FINISHED { t.load(data, Relaxed) } else { NEVER }]
    });
    program
}

const MEETINGS: [Meeting; 3] = [
    Meeting {
        what: "a call of a process that finds a run pending is seen by that run in another process",
        make: coalesces,
        wrong: |o| o.threads == [[PENDING], [0]],
        reached: |o| o.threads == [[PENDING], [1]],
        needs: [(0, 0), (1, 1)],
    },
    Meeting {
        what: "a call of a process that leaves a run pending is seen by the process that starts it",
        make: defers,
        wrong: |o| o.threads[1] == [0],
        reached: |o| o.threads[1] == [1],
        needs: [(0, 0), (1, 1)],
    },
    Meeting {
        what: "a process that sees a run finished sees what it did",
        make: finishes,
        wrong: |o| o.threads[1] == [0],
        reached: |o| o.threads[1] == [1],
        needs: [(0, 0), (1, 1)],
    },
];

const ALL: Fences = [true; 2];

#[test]
fn what_was_done_before_a_step_is_seen_after_a_later_one() {
    for meeting in MEETINGS {
        for (name, model) in Model::ALL {
            let check = Check::of(&[C3], format!("{name}, the cell of processes: {}", meeting.what));
            let mut executions = 0;
            for reads in [Reads::Load, Reads::WriteBack, Reads::Failure] {
                let judgement = (meeting.make)(reads, [ALL; 2]).judge(model);
                assert_eq!(judgement.count(meeting.wrong), 0, "{name}, {reads:?}: {}", meeting.what);
                assert!(judgement.count(meeting.reached) > 0, "{name}, {reads:?}: {} is empty", meeting.what);
                executions += judgement.executions;
            }
            check.passed(executions, "executions");
        }
    }
}

/// Leaves out each of the four fences of a meeting, on its own. Two of them are for other meetings: each step has
/// both, because it may be the earlier one of two or the later.
#[test]
fn without_one_of_its_fences_it_is_not() {
    for meeting in MEETINGS {
        for fence in [(0, 0), (0, 1), (1, 0), (1, 1)] {
            let (mut found, mut executions) = (0, 0);
            for (name, model) in Model::ALL {
                for reads in [Reads::Load, Reads::WriteBack, Reads::Failure] {
                    let mut fences = [ALL; 2];
                    fences[fence.0][fence.1] = false;
                    let judgement = (meeting.make)(reads, fences).judge(model);
                    let wrong = judgement.count(meeting.wrong);
                    let is_needed = meeting.needs.contains(&fence);
                    assert_eq!(
                        wrong > 0,
                        is_needed,
                        "{name}, {reads:?}: {}, {fence:?}: {wrong}",
                        meeting.what
                    );
                    found += wrong;
                    executions += judgement.executions;
                }
            }
            if found > 0 {
                let (process, place) = (["first", "second"][fence.0], ["before", "after"][fence.1]);
                let fault = format!("{}: no fence {place} the step of the {process}", meeting.what);
                caught_by_all(&fault, found, executions);
            }
        }
    }
}

fn caught_by_all(fault: &str, found: usize, executions: usize) {
    let how =
        format!("each of {} models: it goes wrong in {found} of {executions} executions", Model::ALL.len());
    evidence::caught(fault, &how);
}

/// A caller coalesces in the gate of its own process. The thread of that process takes its call, and finds a run
/// pending in the cell. A third thread, in another process, performs that run. `gate` are the fences of the gate: of
/// the decision and of the start; `steps` those around the look at the cell and around the move of it.
fn through_the_gate(gate: Fences, steps: [Fences; 2]) -> Program {
    let (mut program, cell, data) = shared(PENDING);
    let word = program.location(PENDING);
    program.thread(move |t| {
        t.store(data, 1, Relaxed);
        t.fence(if gate[0] { SeqCst } else { Relaxed });
        [t.load(word, Relaxed)]
    });
    program.thread(move |t| {
        if !swap(t, word, PENDING, RUNNING) {
            return [NEVER];
        }
        t.fence(if gate[1] { SeqCst } else { Relaxed });
        [step(t, steps[0], |t| t.load(cell, Relaxed))]
    });
    starts(&mut program, cell, data, steps[1]);
    program
}

#[test]
fn what_a_caller_wrote_goes_through_its_process_to_the_next() {
    let lost = |o: &FinalState| o.threads == [[PENDING], [PENDING], [0]];
    let seen = |o: &FinalState| o.threads == [[PENDING], [PENDING], [1]];
    for (name, model) in Model::ALL {
        let what =
            format!("{name}, the cell of processes: what a caller wrote goes through its gate and the cell");
        let check = Check::of(&[G3, C3], what);
        let judgement = through_the_gate(ALL, [ALL; 2]).judge(model);
        assert_eq!(judgement.count(lost), 0, "{name}");
        assert!(judgement.count(seen) > 0, "{name}: the claim is empty");
        check.passed(judgement.executions, "executions");
        // The fence after the start of the gate and the one before the look stand beside each other.
        for (gate, steps) in [([true, false], [ALL; 2]), (ALL, [[false, true], ALL])] {
            assert_eq!(
                through_the_gate(gate, steps).judge(model).count(lost),
                0,
                "{name}: one of them is enough"
            );
        }
    }
    for (fault, gate, steps) in [
        ("no fence before the decision in the gate", [false, true], [ALL; 2]),
        ("no fence between the gate and the cell", [true, false], [[false, true], ALL]),
        ("no fence after the move of the cell", ALL, [ALL, [true, false]]),
    ] {
        let (mut found, mut executions) = (0, 0);
        for (name, model) in Model::ALL {
            let judgement = through_the_gate(gate, steps).judge(model);
            assert!(judgement.count(lost) > 0, "{name}: {fault}");
            found += judgement.count(lost);
            executions += judgement.executions;
        }
        caught_by_all(&format!("a caller's data through its gate and the cell: {fault}"), found, executions);
    }
}

/// Two words that move one after the other, with every fence: another process finds the one moved and the other not.
#[test]
fn two_words_in_place_of_one_cell_are_torn() {
    let (mut found, mut executions) = (0, 0);
    for (name, model) in Model::ALL {
        let (mut program, low, high) = shared(IDLE);
        program.thread(move |t| {
            step(t, ALL, |t| t.store(low, 1, Relaxed));
            step(t, ALL, |t| t.store(high, 1, Relaxed));
            []
        });
        program.thread(move |t| [low, high].map(|word| step(t, ALL, |t| t.load(word, Relaxed))));
        let judgement = program.judge(model);
        let torn = judgement.count(|o| o.threads[1] == [1, 0]);
        assert!(torn > 0, "{name}");
        found += torn;
        executions += judgement.executions;
    }
    caught_by_all("the cell moves as two words", found, executions);
}
