//! What both processors decide in the same way. Both are multi-copy atomic: a write is seen by all other
//! threads at once. So a dependency is enough where other processors need a barrier.

use crate::bodies::*;
use crate::row::{Allowed, Asked, BY_HAND, Body, Forbidden, Row, Verdict, row};
use axioms::Location;
use axioms::Order::Relaxed;
use axioms::Thread;

/// The verdicts of ARM that are older than its version 8, and hold there, too.
const TUTORIAL: &str =
    "Maranget, Sarkar, Sewell: A Tutorial Introduction to the ARM and POWER Relaxed Memory Models";
const POPL18: &str = "Pulte et al., POPL 2018, on multi-copy atomicity";
const MANUAL: &str = "RISC-V unprivileged manual, RVWMO Explanatory Material";

/// The source of a verdict: for `ARMv8`, and for RISC-V.
type Sources = [&'static str; 2];

const OLD: Sources = [TUTORIAL, BY_HAND];
const COPIES: Sources = [POPL18, MANUAL];
const BOTH: Sources = [TUTORIAL, MANUAL];
const NEITHER: Sources = [BY_HAND; 2];

type Entry<'e> = (&'static str, Verdict, Sources, &'e [Body], Asked);

/// The last thread saw the flag, and not the data.
pub const MISSED: Asked = |o| o.threads[o.threads.len() - 1] == [1, 0];
pub const BOTH_MISSED: Asked = |o| o.threads.iter().all(|thread| thread[0] == 0);
pub const BOTH_SAW: Asked = |o| o.threads.iter().all(|thread| thread[0] == 1);

/// Those of `ARMv8` have the sources with number 0, and those of RISC-V with number 1.
pub fn rows(source: usize) -> Vec<Row> {
    let all: [&[Entry]; 5] =
        [&message_passing(), &forwarded(), &buffering(), &with_a_final_value(), &of_three_and_more()];
    let mut rows: Vec<Row> = all
        .into_iter()
        .flatten()
        .map(|&(name, verdict, sources, bodies, asked)| row(name, verdict, sources[source], bodies, asked))
        .collect();
    rows.extend(one_location(source));
    rows
}

fn message_passing() -> [Entry<'static>; 7] {
    [
        ("MP", Allowed, OLD, &[wx_wy, ry_rx], MISSED),
        ("MP, barriers", Forbidden, OLD, &[wx_full_wy, ry_full_rx], MISSED),
        ("MP, barrier and address", Forbidden, OLD, &[wx_full_wy, ry_address_rx], MISSED),
        ("MP, barrier and branch", Allowed, OLD, &[wx_full_wy, ry_control_rx], MISSED),
        ("MP, barrier in the writer alone", Allowed, OLD, &[wx_full_wy, ry_rx], MISSED),
        ("MP, barrier in the reader alone", Allowed, OLD, &[wx_wy, ry_full_rx], MISSED),
        ("MP, address alone", Allowed, OLD, &[wx_wy, ry_address_rx], MISSED),
    ]
}

/// MP with a barrier in the writer; the reader forwards a value to itself on the way.
fn forwarded() -> [Entry<'static>; 9] {
    [
        ("PPOCA", Allowed, BOTH, &[wx_full_wy, ry_control_wz_rz_address_rx], MISSED),
        ("PPOAA", Forbidden, OLD, &[wx_full_wy, ry_address_wz_rz_address_rx], MISSED),
        (
            "MP, data and forwarded",
            Forbidden,
            [BY_HAND, MANUAL],
            &[wx_full_wy, ry_data_wz_rz_address_rx],
            MISSED,
        ),
        (
            "MP, data and another one forwarded",
            Allowed,
            [BY_HAND, MANUAL],
            &[wx_full_wy, ry_data_wz_wz_rz_address_rx],
            MISSED,
        ),
        ("MP, fri-rfi", Allowed, [BY_HAND, MANUAL], &[wx_full_wy, ry_wy2_ry_address_rx], MISSED),
        ("RSW", Allowed, BOTH, &[wz, wx_full_wy, ry_address_rz_rz_address_rx], MISSED),
        ("RDW", Forbidden, BOTH, &[wz, wx_full_wy, ry_address_rz_rz_address_rx], |o| o.threads[2] == [1, 10]),
        ("SB, forwarded, address", Allowed, NEITHER, &[wx_rx_address_ry, wy_ry_address_rx], |o| {
            o.threads == [[1, 0], [1, 0]]
        }),
        (
            "MP, address and behind it a write",
            Forbidden,
            [BY_HAND, MANUAL],
            &[rx_full_wy, ry_address_rz_wx],
            BOTH_SAW,
        ),
    ]
}

/// SB and LB.
fn buffering() -> [Entry<'static>; 11] {
    [
        ("SB", Allowed, OLD, &[wx_ry, wy_rx], BOTH_MISSED),
        ("SB, barriers", Forbidden, OLD, &[wx_full_ry, wy_full_rx], BOTH_MISSED),
        ("SB, barrier in one alone", Allowed, NEITHER, &[wx_full_ry, wy_rx], BOTH_MISSED),
        ("SB, barriers of loads", Allowed, NEITHER, &[wx_acquire_ry, wy_acquire_rx], BOTH_MISSED),
        ("LB", Allowed, OLD, &[rx_wy, ry_wx], BOTH_SAW),
        ("LB, data", Forbidden, OLD, &[rx_data_wy, ry_data_wx], BOTH_SAW),
        ("LB, addresses", Forbidden, OLD, &[rx_address_wy, ry_address_wx], BOTH_SAW),
        ("LB, branches", Forbidden, OLD, &[rx_control_wy, ry_control_wx], BOTH_SAW),
        ("LB, data in one alone", Allowed, OLD, &[rx_data_wy, ry_wx], BOTH_SAW),
        ("LB, barrier and data", Forbidden, OLD, &[rx_full_wy, ry_data_wx], BOTH_SAW),
        ("LB, barrier of loads and data", Forbidden, NEITHER, &[rx_acquire_wy, ry_data_wx], BOTH_SAW),
    ]
}

/// S, R and 2+2W.
fn with_a_final_value() -> [Entry<'static>; 7] {
    let s: Asked = |o| o.threads[1][0] == 1 && o.memory[0] == 2;
    let r: Asked = |o| o.threads[1][0] == 0 && o.memory[1] == 1;
    let two: Asked = |o| o.memory[..2] == [2, 2];
    [
        ("S", Allowed, OLD, &[wx2_wy, ry_wx], s),
        ("S, barrier and data", Forbidden, OLD, &[wx2_full_wy, ry_data_wx], s),
        ("S, barrier alone", Allowed, OLD, &[wx2_full_wy, ry_wx], s),
        ("R, barriers", Forbidden, OLD, &[wx_full_wy2, wy_full_rx], r),
        ("R, barrier in the writer alone", Allowed, NEITHER, &[wx_full_wy2, wy_rx], r),
        ("2+2W", Allowed, OLD, &[wx2_wy, wy2_wx], two),
        ("2+2W, barriers", Forbidden, OLD, &[wx2_full_wy, wy2_full_wx], two),
    ]
}

/// WRC, ISA2, RWC and IRIW.
fn of_three_and_more() -> [Entry<'static>; 9] {
    let through: Asked = |o| o.threads[1][0] == 1 && MISSED(o);
    let rwc: Asked = |o| o.threads[1] == [1, 0] && o.threads[2][0] == 0;
    let iriw: Asked = |o| o.threads[2..] == [[1, 0], [1, 0]];
    [
        ("WRC, data and address", Forbidden, COPIES, &[wx, rx_data_wy, ry_address_rx], through),
        ("WRC, data alone", Allowed, OLD, &[wx, rx_data_wy, ry_rx], through),
        ("WRC, address alone", Allowed, OLD, &[wx, rx_wy, ry_address_rx], through),
        (
            "ISA2, barrier, data and address",
            Forbidden,
            OLD,
            &[wx_full_wy, ry_data_wz, rz_address_rx],
            through,
        ),
        ("RWC, address and barrier", Forbidden, COPIES, &[wx, rx_address_ry, wy_full_rx], rwc),
        ("RWC, barrier in the reader alone", Allowed, NEITHER, &[wx, rx_full_ry, wy_rx], rwc),
        ("IRIW", Allowed, OLD, &[wx, wy, rx_ry, ry_rx], iriw),
        ("IRIW, addresses", Forbidden, COPIES, &[wx, wy, rx_address_ry, ry_address_rx], iriw),
        ("IRIW, barriers", Forbidden, OLD, &[wx, wy, rx_full_ry, ry_full_rx], iriw),
    ]
}

/// The accesses of one location.
fn one_location(source: usize) -> Vec<Row> {
    fn adds(t: &mut Thread, [x, ..]: &[Location; 3]) -> [u64; 2] {
        [t.fetch_add(*x, 1, Relaxed), 0]
    }
    fn swaps(t: &mut Thread, [x, ..]: &[Location; 3]) -> [u64; 2] {
        let (Ok(seen) | Err(seen)) = t.compare_exchange(*x, 0, 1, Relaxed, Relaxed);
        [seen, 0]
    }
    fn writes_2(t: &mut Thread, [x, ..]: &[Location; 3]) -> [u64; 2] {
        t.store(*x, 2, Relaxed);
        [0; 2]
    }
    fn reads_twice(t: &mut Thread, [x, ..]: &[Location; 3]) -> [u64; 2] {
        [t.load(*x, Relaxed), t.load(*x, Relaxed)]
    }
    fn writes_and_reads(t: &mut Thread, [x, ..]: &[Location; 3]) -> [u64; 2] {
        t.store(*x, 1, Relaxed);
        [t.load(*x, Relaxed), 0]
    }
    fn reads_and_writes(t: &mut Thread, [x, ..]: &[Location; 3]) -> [u64; 2] {
        let seen = t.load(*x, Relaxed);
        t.store(*x, 1, Relaxed);
        [seen, 0]
    }
    let entries: [Entry; 8] = [
        ("CoRR", Forbidden, BOTH, &[wx, reads_twice], |o| o.threads[1] == [1, 0]),
        ("CoWR", Forbidden, OLD, &[writes_and_reads, writes_2], |o| o.threads[0][0] == 2 && o.memory[0] == 1),
        ("CoRW1", Forbidden, OLD, &[reads_and_writes], |o| o.threads[0][0] == 1),
        ("CoRW2", Forbidden, OLD, &[reads_and_writes, writes_2], |o| {
            o.threads[0][0] == 2 && o.memory[0] == 2
        }),
        ("two additions read the same", Forbidden, [BY_HAND, MANUAL], &[adds, adds], |o| {
            o.threads[0][0] == o.threads[1][0]
        }),
        ("two compare-and-swaps succeed", Forbidden, [BY_HAND, MANUAL], &[swaps, swaps], |o| {
            o.threads[0][0] == o.threads[1][0]
        }),
        ("a write comes between", Forbidden, [BY_HAND, MANUAL], &[adds, writes_2], |o| {
            o.threads[0][0] == 0 && o.memory[0] == 1
        }),
        ("a write comes after", Allowed, NEITHER, &[adds, writes_2], |o| {
            o.threads[0][0] == 0 && o.memory[0] == 2
        }),
    ];
    let rows = entries.into_iter();
    rows.map(|(name, verdict, sources, bodies, asked)| row(name, verdict, sources[source], bodies, asked))
        .collect()
}
