//! Message passing: by accesses, by fences, by a failed compare-and-swap, and through other threads.

use crate::row::{Allowed, AllowedSinceCpp20, BY_HAND, FENCES, Forbidden, POPL11, RACES, Row, Verdict, row};
use axioms::Order::{self, AcqRel, Acquire, Relaxed, Release, SeqCst};
use axioms::{FinalState, Program, Thread};

const NO_FENCE: Order = Relaxed;

pub fn rows() -> Vec<Row> {
    let mut rows = message_passing();
    rows.extend(by_compare_and_swap());
    rows.extend(release_sequences());
    rows.extend(through_another());
    rows
}

/// The last thread saw the flag, but not the data.
fn missed(outcome: &FinalState) -> bool {
    outcome.threads[outcome.threads.len() - 1] == [1, 0]
}

fn message_passing() -> Vec<Row> {
    let mp = |write: Order, read: Order, fences: [Order; 2]| {
        let mut program = Program::new();
        let (data, flag) = (program.location(0), program.location(0));
        program.thread(move |t| {
            t.store(data, 1, Relaxed);
            t.fence(fences[0]);
            t.store(flag, 1, write);
            []
        });
        program.thread(move |t| {
            let seen = t.load(flag, read);
            t.fence(fences[1]);
            [seen, t.load(data, Relaxed)]
        });
        program
    };
    let rows: [(&str, Verdict, &'static str, Program); 12] = [
        ("MP, relaxed", Allowed, POPL11, mp(Relaxed, Relaxed, [NO_FENCE; 2])),
        ("MP, release and acquire", Forbidden, POPL11, mp(Release, Acquire, [NO_FENCE; 2])),
        ("MP, SC", Forbidden, POPL11, mp(SeqCst, SeqCst, [NO_FENCE; 2])),
        ("MP, release alone", Allowed, POPL11, mp(Release, Relaxed, [NO_FENCE; 2])),
        ("MP, acquire alone", Allowed, POPL11, mp(Relaxed, Acquire, [NO_FENCE; 2])),
        ("MP, release and acquire fences", Forbidden, FENCES, mp(Relaxed, Relaxed, [Release, Acquire])),
        ("MP, SC fences", Forbidden, FENCES, mp(Relaxed, Relaxed, [SeqCst; 2])),
        ("MP, release fence, acquire load", Forbidden, FENCES, mp(Relaxed, Acquire, [Release, NO_FENCE])),
        ("MP, release store, acquire fence", Forbidden, FENCES, mp(Release, Relaxed, [NO_FENCE, Acquire])),
        ("MP, release fence alone", Allowed, FENCES, mp(Relaxed, Relaxed, [Release, NO_FENCE])),
        ("MP, acquire fence alone", Allowed, FENCES, mp(Relaxed, Relaxed, [NO_FENCE, Acquire])),
        ("MP, fences the wrong way round", Allowed, FENCES, mp(Relaxed, Relaxed, [Acquire, Release])),
    ];
    rows.into_iter()
        .map(|(name, verdict, source, program)| row(name, verdict, source, program, missed))
        .collect()
}

/// The flag is read by a compare-and-swap.
fn by_compare_and_swap() -> Vec<Row> {
    let program = |expected: u64, success: Order, failure: Order| {
        let mut program = Program::new();
        let (data, flag) = (program.location(0), program.location(0));
        program.thread(move |t| {
            t.store(data, 1, Relaxed);
            t.store(flag, 1, Release);
            []
        });
        program.thread(move |t| {
            let (Ok(seen) | Err(seen)) = t.compare_exchange(flag, expected, 7, success, failure);
            [seen, t.load(data, Relaxed)]
        });
        program
    };
    vec![
        row("CAS succeeds, acquire", Forbidden, RACES, program(1, Acquire, Relaxed), missed),
        row("CAS succeeds, relaxed", Allowed, RACES, program(1, Relaxed, Acquire), missed),
        row("CAS fails, acquire", Forbidden, RACES, program(5, Relaxed, Acquire), missed),
        row("CAS fails, relaxed", Allowed, RACES, program(5, AcqRel, Relaxed), missed),
    ]
}

fn release_sequences() -> Vec<Row> {
    fn program<const N: usize>(
        first: u64,
        middle: impl Fn(&mut Thread, axioms::Location) -> [u64; N] + 'static,
        fences: [Order; 2],
        orders: [Order; 2],
    ) -> Program {
        let mut program = Program::new();
        let (data, flag) = (program.location(0), program.location(0));
        program.thread(move |t| {
            t.store(data, 1, Relaxed);
            t.fence(fences[0]);
            t.store(flag, first, orders[0]);
            []
        });
        program.thread(move |t| middle(t, flag));
        program.thread(move |t| {
            let passed_on = t.load(flag, orders[1]) == 6;
            t.fence(fences[1]);
            [u64::from(passed_on), t.load(data, Relaxed)]
        });
        program
    }
    let none = [NO_FENCE; 2];
    let add = |t: &mut Thread, flag| [t.fetch_add(flag, 1, Relaxed)];
    let add_twice = |t: &mut Thread, flag| [t.fetch_add(flag, 1, Relaxed), t.fetch_add(flag, 1, Relaxed)];
    let swap = |t: &mut Thread, flag| {
        [t.compare_exchange(flag, 5, 6, Release, Relaxed).unwrap_or_else(|found| found)]
    };
    let read_and_write = |t: &mut Thread, flag| {
        if t.load(flag, Relaxed) == 5 {
            t.store(flag, 6, Relaxed);
        }
        []
    };
    let write = |t: &mut Thread, flag| {
        t.store(flag, 6, Relaxed);
        []
    };
    let same_thread = |same_location: bool| {
        let mut program = Program::new();
        let (data, flag, other) = (program.location(0), program.location(0), program.location(0));
        program.thread(move |t| {
            t.store(data, 1, Relaxed);
            t.store(if same_location { flag } else { other }, 2, Release);
            t.store(flag, 1, Relaxed);
            []
        });
        program.thread(move |t| [t.load(flag, Acquire), t.load(data, Relaxed)]);
        program
    };
    vec![
        row("release, RMW, acquire", Forbidden, RACES, program(5, add, none, [Release, Acquire]), missed),
        row(
            "release, RMW that releases, acquire",
            Forbidden,
            RACES,
            program(5, swap, none, [Release, Acquire]),
            missed,
        ),
        row(
            "release, RMW, RMW, acquire",
            Forbidden,
            RACES,
            program(4, add_twice, none, [Release, Acquire]),
            missed,
        ),
        row("relaxed, RMW, acquire", Allowed, RACES, program(5, add, none, [Relaxed, Acquire]), missed),
        row(
            "release fence, RMW, acquire fence",
            Forbidden,
            FENCES,
            program(5, add, [Release, Acquire], [Relaxed; 2]),
            missed,
        ),
        row(
            "release, a load and a store of another, acquire",
            Allowed,
            RACES,
            program(5, read_and_write, none, [Release, Acquire]),
            missed,
        ),
        row(
            "release, a store of another behind it, acquire",
            Allowed,
            RACES,
            program(5, write, none, [Release, Acquire]),
            |o| o.threads[2] == [1, 0] && o.memory[1] == 6,
        ),
        row("release, a store of its own, acquire", AllowedSinceCpp20, RACES, same_thread(true), missed),
        row("release elsewhere, a store of its own, acquire", Allowed, RACES, same_thread(false), missed),
    ]
}

/// WRC and ISA2.
fn through_another() -> Vec<Row> {
    let wrc = |write: Order, read: Order| {
        let mut program = Program::new();
        let (x, y) = (program.location(0), program.location(0));
        program.thread(move |t| {
            t.store(x, 1, write);
            []
        });
        program.thread(move |t| {
            if t.load(x, read) == 1 {
                t.store(y, 1, write);
            }
            []
        });
        program.thread(move |t| [t.load(y, read), t.load(x, read)]);
        program
    };
    let isa2 = |write: Order, read: Order| {
        let mut program = Program::new();
        let (x, y, z) = (program.location(0), program.location(0), program.location(0));
        program.thread(move |t| {
            t.store(x, 1, Relaxed);
            t.store(y, 1, write);
            []
        });
        program.thread(move |t| {
            if t.load(y, read) == 1 {
                t.store(z, 1, write);
            }
            []
        });
        program.thread(move |t| [t.load(z, read), t.load(x, Relaxed)]);
        program
    };
    vec![
        row("WRC, relaxed", Allowed, RACES, wrc(Relaxed, Relaxed), missed),
        row("WRC, release and acquire", Forbidden, RACES, wrc(Release, Acquire), missed),
        row("ISA2, relaxed", Allowed, BY_HAND, isa2(Relaxed, Relaxed), missed),
        row("ISA2, release and acquire", Forbidden, RACES, isa2(Release, Acquire), missed),
    ]
}
