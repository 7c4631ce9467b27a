//! What SC accesses and SC fences promise to more than two threads.

use crate::row::{Allowed, BY_HAND, Forbidden, ORDER, PLDI17, POPL11, Row, row};
use axioms::Order::{self, AcqRel, Acquire, Relaxed, Release, SeqCst};
use axioms::Program;

const NO_FENCE: Order = Relaxed;

pub fn rows() -> Vec<Row> {
    let mut rows = independent_reads();
    rows.extend(write_to_read());
    rows.extend(repaired_by_rc11());
    rows
}

/// IRIW. Each reader: its first read, its fence, its second read.
fn iriw(write: Order, readers: [[Order; 3]; 2]) -> Program {
    let mut program = Program::new();
    let (x, y) = (program.location(0), program.location(0));
    for location in [x, y] {
        program.thread(move |t| {
            t.store(location, 1, write);
            [0; 2]
        });
    }
    for ([first, fence, second], (a, b)) in readers.into_iter().zip([(x, y), (y, x)]) {
        program.thread(move |t| {
            let seen = t.load(a, first);
            t.fence(fence);
            [seen, t.load(b, second)]
        });
    }
    program
}

fn independent_reads() -> Vec<Row> {
    let both = |write, read, fence| iriw(write, [[read, fence, read]; 2]);
    let fences = |first, second| iriw(Relaxed, [[Relaxed, first, Relaxed], [Relaxed, second, Relaxed]]);
    [
        ("IRIW, relaxed", Allowed, POPL11, both(Relaxed, Relaxed, NO_FENCE)),
        ("IRIW, release and acquire", Allowed, POPL11, both(Release, Acquire, NO_FENCE)),
        ("IRIW, SC accesses", Forbidden, POPL11, both(SeqCst, SeqCst, NO_FENCE)),
        ("IRIW, SC fences", Forbidden, PLDI17, fences(SeqCst, SeqCst)),
        ("IRIW, one SC fence", Allowed, BY_HAND, fences(SeqCst, NO_FENCE)),
        ("IRIW, SC fence and acq-rel fence", Allowed, BY_HAND, fences(SeqCst, AcqRel)),
        ("IRIW, acq-rel fences", Allowed, ORDER, fences(AcqRel, AcqRel)),
        ("IRIW, SC writes, acquire and SC reads", Allowed, PLDI17, {
            iriw(SeqCst, [[Acquire, NO_FENCE, SeqCst]; 2])
        }),
    ]
    .into_iter()
    .map(|(name, verdict, source, program)| {
        row(name, verdict, source, program, |o| o.threads[2..] == [[1, 0], [1, 0]])
    })
    .collect()
}

/// RWC: one thread wrote, a second one read that and fenced, and a third one fenced and misses it.
fn write_to_read() -> Vec<Row> {
    let rwc = |fences: [Order; 2]| {
        let mut program = Program::new();
        let (x, y) = (program.location(0), program.location(0));
        program.thread(move |t| {
            t.store(x, 1, Relaxed);
            [0; 2]
        });
        program.thread(move |t| {
            let seen = t.load(x, Relaxed);
            t.fence(fences[0]);
            [seen, t.load(y, Relaxed)]
        });
        program.thread(move |t| {
            t.store(y, 1, Relaxed);
            t.fence(fences[1]);
            [t.load(x, Relaxed), 0]
        });
        program
    };
    let w_rwc = |order: Order, release: Order, acquire: Order, fence: Order| {
        let mut program = Program::new();
        let (x, y, z) = (program.location(0), program.location(0), program.location(0));
        program.thread(move |t| {
            t.store(x, 1, order);
            t.store(y, 1, release);
            [0; 2]
        });
        program.thread(move |t| {
            let seen = t.load(y, acquire);
            t.fence(fence);
            [seen, t.load(z, order)]
        });
        program.thread(move |t| {
            t.store(z, 1, order);
            t.fence(fence);
            [t.load(x, order), 0]
        });
        program
    };
    [
        ("RWC, SC fences", Forbidden, PLDI17, rwc([SeqCst; 2])),
        ("RWC, SC fence in the reader alone", Allowed, BY_HAND, rwc([SeqCst, AcqRel])),
        ("RWC, SC fence in the writer alone", Allowed, BY_HAND, rwc([AcqRel, SeqCst])),
        (
            "W+RWC, release and acquire, SC fences",
            Forbidden,
            BY_HAND,
            w_rwc(Relaxed, Release, Acquire, SeqCst),
        ),
        ("W+RWC, relaxed, SC fences", Allowed, BY_HAND, w_rwc(Relaxed, Relaxed, Relaxed, SeqCst)),
        (
            "W+RWC, release and acquire, SC accesses",
            Forbidden,
            ORDER,
            w_rwc(SeqCst, Release, Acquire, NO_FENCE),
        ),
        ("W+RWC, relaxed, SC accesses", Allowed, BY_HAND, w_rwc(SeqCst, Relaxed, Relaxed, NO_FENCE)),
    ]
    .into_iter()
    .map(|(name, verdict, source, program)| {
        row(name, verdict, source, program, |o| o.threads[1] == [1, 0] && o.threads[2][0] == 0)
    })
    .collect()
}

/// Z6.U: C++11 forbade it, and the usual ways to compile for Power show it.
fn repaired_by_rc11() -> Vec<Row> {
    let z6u = |release: Order, last: Order| {
        let mut program = Program::new();
        let (x, y) = (program.location(0), program.location(0));
        program.thread(move |t| {
            t.store(x, 1, SeqCst);
            t.store(y, 1, release);
            [0; 2]
        });
        program.thread(move |t| [t.fetch_add(y, 1, SeqCst), t.load(y, last)]);
        program.thread(move |t| {
            t.store(y, 3, SeqCst);
            [t.load(x, SeqCst), 0]
        });
        program
    };
    [
        ("Z6.U, release and relaxed among SC", Allowed, PLDI17, z6u(Release, Relaxed)),
        ("Z6.U, all SC", Forbidden, BY_HAND, z6u(SeqCst, SeqCst)),
    ]
    .into_iter()
    .map(|(name, verdict, source, program)| {
        row(name, verdict, source, program, |o| o.threads[1] == [1, 3] && o.threads[2][0] == 0)
    })
    .collect()
}
