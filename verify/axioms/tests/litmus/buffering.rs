//! Store buffering, load buffering, and their neighbours with two writes to one location.

use crate::row::{Allowed, AllowedBuffered, BY_HAND, Forbidden, ORDER, PLDI17, POPL11, Row, row};
use axioms::Order::{self, AcqRel, Acquire, Relaxed, Release, SeqCst};
use axioms::Program;

const NO_FENCE: Order = Relaxed;

pub fn rows() -> Vec<Row> {
    let mut rows = store_buffering();
    rows.extend(load_buffering());
    rows.extend(thin_air());
    rows.extend(foreseen());
    rows.extend(two_writes_each());
    rows.extend(write_against_read());
    rows
}

fn store_buffering() -> Vec<Row> {
    let sb = |writes: [Order; 2], reads: [Order; 2], fences: [Order; 2]| {
        let mut program = Program::new();
        let (x, y) = (program.location(0), program.location(0));
        for (thread, (mine, other)) in [(x, y), (y, x)].into_iter().enumerate() {
            program.thread(move |t| {
                t.store(mine, 1, writes[thread]);
                t.fence(fences[thread]);
                [t.load(other, reads[thread])]
            });
        }
        program
    };
    let plain = |fences| sb([Relaxed; 2], [Relaxed; 2], fences);
    [
        ("SB, relaxed", Allowed, POPL11, plain([NO_FENCE; 2])),
        ("SB, release and acquire", Allowed, POPL11, sb([Release; 2], [Acquire; 2], [NO_FENCE; 2])),
        ("SB, SC accesses", Forbidden, POPL11, sb([SeqCst; 2], [SeqCst; 2], [NO_FENCE; 2])),
        ("SB, SC but for one write", Allowed, BY_HAND, sb([Release, SeqCst], [SeqCst; 2], [NO_FENCE; 2])),
        ("SB, SC but for one read", Allowed, BY_HAND, sb([SeqCst; 2], [SeqCst, Acquire], [NO_FENCE; 2])),
        ("SB, SC fences", Forbidden, ORDER, plain([SeqCst; 2])),
        ("SB, SC fence in the first alone", Allowed, ORDER, plain([SeqCst, NO_FENCE])),
        ("SB, SC fence in the second alone", Allowed, ORDER, plain([NO_FENCE, SeqCst])),
        ("SB, SC fence and acq-rel fence", Allowed, ORDER, plain([SeqCst, AcqRel])),
        ("SB, SC fence and acquire fence", Allowed, ORDER, plain([Acquire, SeqCst])),
        ("SB, acq-rel fences", Allowed, ORDER, plain([AcqRel; 2])),
        ("SB, SC fence against SC accesses", Forbidden, ORDER, {
            sb([Relaxed, SeqCst], [Relaxed, SeqCst], [SeqCst, NO_FENCE])
        }),
    ]
    .into_iter()
    .map(|(name, verdict, source, program)| row(name, verdict, source, program, |o| o.threads == [[0], [0]]))
    .collect()
}

fn load_buffering() -> Vec<Row> {
    let lb = |read: Order, write: Order| {
        let mut program = Program::new();
        let (x, y) = (program.location(0), program.location(0));
        for (from, to) in [(x, y), (y, x)] {
            program.thread(move |t| {
                let read = t.load(from, read);
                t.store(to, 1, write);
                [read]
            });
        }
        program
    };
    vec![
        row("LB, relaxed", AllowedBuffered, PLDI17, lb(Relaxed, Relaxed), |o| o.threads == [[1], [1]]),
        row("LB, acquire", AllowedBuffered, BY_HAND, lb(Acquire, Relaxed), |o| o.threads == [[1], [1]]),
        row("LB, release", AllowedBuffered, BY_HAND, lb(Relaxed, Release), |o| o.threads == [[1], [1]]),
        row("LB, acquire and release", Forbidden, POPL11, lb(Acquire, Release), |o| o.threads == [[1], [1]]),
        row("LB, one of the two", Allowed, BY_HAND, lb(Relaxed, Relaxed), |o| o.threads == [[1], [0]]),
    ]
}

/// Values that justify themselves. That one is forbidden although no axiom of C++20 does so: here a value is
/// foreseen only if some execution writes it without that.
fn thin_air() -> Vec<Row> {
    let program = |otherwise: bool| {
        let mut program = Program::new();
        let (x, y) = (program.location(0), program.location(0));
        program.thread(move |t| {
            let seen = t.load(x, Relaxed);
            if seen == 1 {
                t.store(y, 1, Relaxed);
            }
            [seen]
        });
        program.thread(move |t| {
            let seen = t.load(y, Relaxed);
            if seen == 1 || otherwise {
                t.store(x, 1, Relaxed);
            }
            [seen]
        });
        program
    };
    vec![
        row("LB, a branch that writes the same", AllowedBuffered, BY_HAND, program(true), |o| {
            o.threads == [[1], [1]]
        }),
        row("LB, out of thin air", Forbidden, PLDI17, program(false), |o| o.threads == [[1], [1]]),
    ]
}

/// What only a buffered execution writes, and another thread reads. And one value of two writes.
fn foreseen() -> Vec<Row> {
    let in_two_rounds = || {
        let mut program = Program::new();
        let [x, y, seen, both] = [0; 4].map(|initial| program.location(initial));
        program.thread(move |t| {
            let first = t.load(x, Relaxed);
            t.store(y, 1, Relaxed);
            t.store(seen, first, Relaxed);
            [t.load(both, Relaxed)]
        });
        program.thread(move |t| {
            let second = t.load(y, Relaxed);
            t.store(x, 1, Relaxed);
            if second == 1 && t.load(seen, Relaxed) == 1 {
                t.store(both, 1, Relaxed);
            }
            [0]
        });
        program
    };
    let two_writers = || {
        let mut program = Program::new();
        let x = program.location(0);
        program.thread(move |t| [t.load(x, Relaxed), t.load(x, Relaxed)]);
        for value in [1, 1] {
            program.thread(move |t| {
                t.store(x, value, Relaxed);
                [0, 0]
            });
        }
        program
    };
    vec![
        row("LB, and what follows from it", AllowedBuffered, BY_HAND, in_two_rounds(), |o| {
            o.threads[0] == [1]
        }),
        row("two writes of one value, read twice", Allowed, BY_HAND, two_writers(), |o| {
            o.threads[0] == [1, 1]
        }),
    ]
}

/// 2+2W.
fn two_writes_each() -> Vec<Row> {
    let program = |order: Order, fences: [Order; 2]| {
        let mut program = Program::new();
        let (x, y) = (program.location(0), program.location(0));
        for (fence, (first, second)) in fences.into_iter().zip([(x, y), (y, x)]) {
            program.thread(move |t| {
                t.store(first, 1, order);
                t.fence(fence);
                t.store(second, 2, order);
                []
            });
        }
        program
    };
    [
        ("2+2W, relaxed", Allowed, BY_HAND, program(Relaxed, [NO_FENCE; 2])),
        ("2+2W, release", Allowed, BY_HAND, program(Release, [NO_FENCE; 2])),
        ("2+2W, SC accesses", Forbidden, ORDER, program(SeqCst, [NO_FENCE; 2])),
        ("2+2W, SC fences", Forbidden, ORDER, program(Relaxed, [SeqCst; 2])),
        ("2+2W, one SC fence", Allowed, BY_HAND, program(Relaxed, [SeqCst, NO_FENCE])),
        ("2+2W, acq-rel fences", Allowed, BY_HAND, program(Relaxed, [AcqRel; 2])),
    ]
    .into_iter()
    .map(|(name, verdict, source, program)| row(name, verdict, source, program, |o| o.memory == [1, 1]))
    .collect()
}

/// R and S: one thread writes twice, the other writes and reads.
fn write_against_read() -> Vec<Row> {
    let r = |write: Order, read: Order, fences: [Order; 2]| {
        let mut program = Program::new();
        let (x, y) = (program.location(0), program.location(0));
        program.thread(move |t| {
            t.store(x, 1, write);
            t.fence(fences[0]);
            t.store(y, 1, write);
            []
        });
        program.thread(move |t| {
            t.store(y, 2, write);
            t.fence(fences[1]);
            [t.load(x, read)]
        });
        program
    };
    let s = |write: Order, read: Order| {
        let mut program = Program::new();
        let (x, y) = (program.location(0), program.location(0));
        program.thread(move |t| {
            t.store(x, 2, Relaxed);
            t.store(y, 1, write);
            []
        });
        program.thread(move |t| {
            let seen = t.load(y, read);
            t.store(x, 1, Relaxed);
            [seen]
        });
        program
    };
    let mut rows: Vec<_> = [
        ("R, release and acquire", Allowed, BY_HAND, r(Release, Acquire, [NO_FENCE; 2])),
        ("R, SC accesses", Forbidden, ORDER, r(SeqCst, SeqCst, [NO_FENCE; 2])),
        ("R, SC fences", Forbidden, ORDER, r(Relaxed, Relaxed, [SeqCst; 2])),
        ("R, SC fence and acq-rel fence", Allowed, BY_HAND, r(Relaxed, Relaxed, [SeqCst, AcqRel])),
    ]
    .into_iter()
    .map(|(name, verdict, source, program)| {
        row(name, verdict, source, program, |o| o.threads[1] == [0] && o.memory == [1, 2])
    })
    .collect();
    for (name, verdict, write, read) in [
        ("S, relaxed", Allowed, Relaxed, Relaxed),
        ("S, release and acquire", Forbidden, Release, Acquire),
        ("S, release alone", Allowed, Release, Relaxed),
    ] {
        rows.push(row(name, verdict, BY_HAND, s(write, read), |o| o.threads[1] == [1] && o.memory[0] == 2));
    }
    rows
}
