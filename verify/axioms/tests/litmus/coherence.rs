//! One location: its reads and writes agree on one order, and nothing comes between the two halves of a
//! read-modify-write. All of this holds even for relaxed accesses.

use crate::row::{Allowed, Forbidden, ORDER, POPL11, RACES, Row, row};
use axioms::Order::Relaxed;
use axioms::{FinalState, Location, Program, Thread};

pub fn rows() -> Vec<Row> {
    let mut rows = reads_and_writes();
    rows.extend(several_readers());
    rows.extend(read_modify_writes());
    rows
}

fn program(threads: Vec<fn(&mut Thread, Location) -> [u64; 2]>) -> Program {
    let mut program = Program::new();
    let x = program.location(0);
    for body in threads {
        program.thread(move |t| body(t, x));
    }
    program
}

fn writes_1(t: &mut Thread, x: Location) -> [u64; 2] {
    t.store(x, 1, Relaxed);
    [0, 0]
}

fn writes_2(t: &mut Thread, x: Location) -> [u64; 2] {
    t.store(x, 2, Relaxed);
    [0, 0]
}

fn reads_twice(t: &mut Thread, x: Location) -> [u64; 2] {
    [t.load(x, Relaxed), t.load(x, Relaxed)]
}

fn reads_and_writes() -> Vec<Row> {
    let forbidden =
        |name: &str, program, asked: fn(&FinalState) -> bool| row(name, Forbidden, POPL11, program, asked);
    let write_twice = || {
        program(vec![|t, x| {
            t.store(x, 1, Relaxed);
            t.store(x, 2, Relaxed);
            [0, t.load(x, Relaxed)]
        }])
    };
    let read_then_write = || {
        let reader = |t: &mut Thread, x: Location| {
            let seen = t.load(x, Relaxed);
            t.store(x, 1, Relaxed);
            [seen, 0]
        };
        program(vec![reader, writes_2])
    };
    let write_then_read = || {
        let reader = |t: &mut Thread, x: Location| {
            t.store(x, 1, Relaxed);
            [t.load(x, Relaxed), 0]
        };
        program(vec![reader, writes_2])
    };
    vec![
        forbidden("CoRR", program(vec![writes_1, reads_twice]), |o| o.threads[1] == [1, 0]),
        row("CoRR, the other way", Allowed, RACES, program(vec![writes_1, reads_twice]), |o| {
            o.threads[1] == [0, 1]
        }),
        forbidden("CoWW", write_twice(), |o| o.memory == [1]),
        forbidden("CoWR, its own write overwritten", write_twice(), |o| o.threads[0][1] != 2),
        forbidden("CoRW1", read_then_write(), |o| o.threads[0][0] == 1),
        forbidden("CoRW2", read_then_write(), |o| o.threads[0][0] == 2 && o.memory == [2]),
        row("CoRW2, the other way", Allowed, RACES, read_then_write(), |o| {
            o.threads[0][0] == 2 && o.memory == [1]
        }),
        forbidden("CoWR", write_then_read(), |o| o.threads[0][0] == 2 && o.memory == [1]),
        row("CoWR, the other way", Allowed, RACES, write_then_read(), |o| {
            o.threads[0][0] == 2 && o.memory == [2]
        }),
        forbidden("CoWR, the initial value", write_then_read(), |o| o.threads[0][0] == 0),
    ]
}

fn several_readers() -> Vec<Row> {
    let four = || program(vec![writes_1, writes_2, reads_twice, reads_twice]);
    vec![
        row("CoRR of two readers, in disagreement", Forbidden, POPL11, four(), |o| {
            o.threads[2..] == [[1, 2], [2, 1]]
        }),
        row("CoRR of two readers, in agreement", Allowed, RACES, four(), |o| {
            o.threads[2..] == [[1, 2], [1, 2]]
        }),
    ]
}

fn read_modify_writes() -> Vec<Row> {
    let adds = |t: &mut Thread, x: Location| [t.fetch_add(x, 1, Relaxed), 0];
    let swaps_in_2 =
        |t: &mut Thread, x: Location| [u64::from(t.compare_exchange(x, 0, 2, Relaxed, Relaxed).is_ok()), 0];
    let swaps_in_3 =
        |t: &mut Thread, x: Location| [u64::from(t.compare_exchange(x, 0, 3, Relaxed, Relaxed).is_ok()), 0];
    let two_adds = || program(vec![adds, adds]);
    let two_swaps = || program(vec![swaps_in_2, swaps_in_3]);
    let add_and_write = || program(vec![adds, writes_2]);
    vec![
        row("two additions read the same", Forbidden, ORDER, two_adds(), |o| {
            o.threads[0][0] == o.threads[1][0]
        }),
        row("an addition is lost", Forbidden, ORDER, two_adds(), |o| o.memory != [2]),
        row("three additions, one lost", Forbidden, ORDER, program(vec![adds; 3]), |o| o.memory != [3]),
        row("a write comes between", Forbidden, ORDER, add_and_write(), |o| {
            o.threads[0][0] == 0 && o.memory == [1]
        }),
        row("a write comes after", Allowed, ORDER, add_and_write(), |o| {
            o.threads[0][0] == 0 && o.memory == [2]
        }),
        row("both compare-and-swaps succeed", Forbidden, ORDER, two_swaps(), |o| {
            o.threads == [[1, 0], [1, 0]]
        }),
        row("both compare-and-swaps fail", Forbidden, ORDER, two_swaps(), |o| o.threads == [[0, 0], [0, 0]]),
        row("one compare-and-swap succeeds", Allowed, ORDER, two_swaps(), |o| {
            o.threads == [[0, 0], [1, 0]] && o.memory == [3]
        }),
    ]
}
