//! The instructions that `ARMv8` has for acquire and release, its barriers, and its read-modify-writes.

use crate::bodies::*;
use crate::common::{BOTH_MISSED, MISSED};
use crate::row::{Allowed, AllowedForPairs, Asked, BY_HAND, Body, Forbidden, Row, Verdict, row};
use axioms::Dependency::Control;
use axioms::Order::{self, AcqRel, Acquire, Relaxed, Release, SeqCst};
use axioms::{Location, Thread};

const POPL16: &str = "Flur et al.: Modelling the ARMv8 Architecture, Operationally, POPL 2016";
const MAPPINGS: &str = "Sewell et al.: C/C++11 mappings to processors";
const MANUAL: &str = "Arm Architecture Reference Manual, B2.3";
/// That pairs allow it is from the kernel, and that one instruction does not, from the model.
const LINUX: &str = "Linux, commit 8e86f0b409a4, on full barriers; aarch64.cat";
/// Since then a write of a read-modify-write may be read back early, and only its read is before what acquires.
const RELAXED: &str =
    "Arm Architecture Reference Manual, issue H.a, atomic-ordered-before; herdtools7, 28515ad2d";

type Places = [Location; 3];
type Entry<'e> = (&'static str, Verdict, &'static str, &'e [Body], Asked);

pub fn rows() -> Vec<Row> {
    let mut rows = crate::common::rows(0);
    let all: [&[Entry]; 2] = [&accesses(), &updates()];
    let own = all.into_iter().flatten();
    rows.extend(own.map(|&(name, verdict, source, bodies, asked)| row(name, verdict, source, bodies, asked)));
    rows
}

fn passes(t: &mut Thread, [x, y, _]: Places, release: Order) -> [u64; 2] {
    t.store(x, 1, Relaxed);
    t.store(y, 1, release);
    [0; 2]
}

fn looks(t: &mut Thread, [x, y, _]: Places, acquire: Order) -> [u64; 2] {
    [t.load(y, acquire), t.load(x, Relaxed)]
}

fn stores_and_loads(t: &mut Thread, stored: Location, loaded: Location, load: Order) -> [u64; 2] {
    t.store(stored, 1, SeqCst);
    [t.load(loaded, load), 0]
}

fn wx_stlr_y(t: &mut Thread, &places: &Places) -> [u64; 2] {
    passes(t, places, Release)
}

fn ldar_y_rx(t: &mut Thread, &places: &Places) -> [u64; 2] {
    looks(t, places, SeqCst)
}

fn ldapr_y_rx(t: &mut Thread, &places: &Places) -> [u64; 2] {
    looks(t, places, Acquire)
}

fn wx_load_barrier_wy(t: &mut Thread, &[x, y, _]: &Places) -> [u64; 2] {
    t.store(x, 1, Relaxed);
    t.fence(Acquire);
    t.store(y, 1, Relaxed);
    [0; 2]
}

/// The flag is released, and then written again.
fn wx_stlr_y_wy2(t: &mut Thread, &[x, y, _]: &Places) -> [u64; 2] {
    t.store(x, 1, Relaxed);
    t.store(y, 5, Release);
    t.store(y, 1, Relaxed);
    [0; 2]
}

fn wx2_stlr_y(t: &mut Thread, &[x, y, _]: &Places) -> [u64; 2] {
    t.store(x, 2, Relaxed);
    t.store(y, 1, Release);
    [0; 2]
}

fn wy2_stlr_x(t: &mut Thread, &[x, y, _]: &Places) -> [u64; 2] {
    t.store(y, 2, Relaxed);
    t.store(x, 1, Release);
    [0; 2]
}

fn stlr_x_ldar_y(t: &mut Thread, &[x, y, _]: &Places) -> [u64; 2] {
    stores_and_loads(t, x, y, SeqCst)
}

fn stlr_y_ldar_x(t: &mut Thread, &[x, y, _]: &Places) -> [u64; 2] {
    stores_and_loads(t, y, x, SeqCst)
}

fn stlr_x_ldapr_y(t: &mut Thread, &[x, y, _]: &Places) -> [u64; 2] {
    stores_and_loads(t, x, y, Acquire)
}

fn stlr_y_ldapr_x(t: &mut Thread, &[x, y, _]: &Places) -> [u64; 2] {
    stores_and_loads(t, y, x, Acquire)
}

fn accesses() -> [Entry<'static>; 11] {
    let both_twice: Asked = |o| o.memory[..2] == [2, 2];
    [
        ("MP, stlr and ldar", Forbidden, POPL16, &[wx_stlr_y, ldar_y_rx], MISSED),
        ("MP, stlr and ldapr", Forbidden, MANUAL, &[wx_stlr_y, ldapr_y_rx], MISSED),
        ("MP, stlr alone", Allowed, POPL16, &[wx_stlr_y, ry_rx], MISSED),
        ("MP, ldar alone", Allowed, POPL16, &[wx_wy, ldar_y_rx], MISSED),
        ("MP, dmb and dmb ishld", Forbidden, MANUAL, &[wx_full_wy, ry_acquire_rx], MISSED),
        ("MP, dmb ishld between writes", Allowed, MANUAL, &[wx_load_barrier_wy, ry_full_rx], MISSED),
        ("MP, stlr overwritten, ldar", Forbidden, BY_HAND, &[wx_stlr_y_wy2, ldar_y_rx], MISSED),
        ("SB, stlr and ldar", Forbidden, MAPPINGS, &[stlr_x_ldar_y, stlr_y_ldar_x], BOTH_MISSED),
        ("SB, stlr and ldapr", Allowed, MANUAL, &[stlr_x_ldapr_y, stlr_y_ldapr_x], BOTH_MISSED),
        ("2+2W, stlr", Forbidden, BY_HAND, &[wx2_stlr_y, wy2_stlr_x], both_twice),
        ("2+2W, stlr in one alone", Allowed, BY_HAND, &[wx2_stlr_y, wy2_wx], both_twice),
    ]
}

/// Writes, adds elsewhere, and reads.
fn wx_update_z_ry(t: &mut Thread, &[x, y, z]: &Places) -> [u64; 2] {
    t.store(x, 1, Relaxed);
    t.fetch_add(z, 1, AcqRel);
    [t.load(y, Relaxed), 0]
}

fn update_x_ldapr_x_ry(t: &mut Thread, &[x, y, _]: &Places) -> [u64; 2] {
    t.exchange(x, 1, Relaxed);
    [t.load(x, Acquire), t.load(y, Relaxed)]
}

fn update_y_ldapr_y_rx(t: &mut Thread, &[x, y, _]: &Places) -> [u64; 2] {
    t.exchange(y, 1, Relaxed);
    [t.load(y, Acquire), t.load(x, Relaxed)]
}

fn adds_to_y_reads_y_rx(t: &mut Thread, [x, y, _]: Places, back: Order) -> [u64; 2] {
    let seen = t.fetch_add(y, 1, Relaxed);
    let own = t.load(y, back);
    let last = t.load(x, Relaxed);
    [seen, if own == 2 { last } else { 9 }]
}

fn update_y_ldapr_back_rx(t: &mut Thread, &places: &Places) -> [u64; 2] {
    adds_to_y_reads_y_rx(t, places, Acquire)
}

fn update_y_ldr_back_rx(t: &mut Thread, &places: &Places) -> [u64; 2] {
    adds_to_y_reads_y_rx(t, places, Relaxed)
}

/// Behind a branch it writes `z`, updates it, and reads that back with acquire.
fn ry_control_wz_update_z_ldar_z_rx(t: &mut Thread, &[x, y, z]: &Places) -> [u64; 2] {
    let seen = t.load(y, Relaxed);
    t.depend(Control);
    t.store(z, 1, Relaxed);
    t.exchange(z, 2, Relaxed);
    t.load(z, SeqCst);
    [seen, t.load(x, Relaxed)]
}

fn wx_ldapr_x_ry(t: &mut Thread, &[x, y, _]: &Places) -> [u64; 2] {
    t.store(x, 1, Relaxed);
    [t.load(x, Acquire), t.load(y, Relaxed)]
}

fn wy_ldapr_y_rx(t: &mut Thread, &[x, y, _]: &Places) -> [u64; 2] {
    t.store(y, 1, Relaxed);
    [t.load(y, Acquire), t.load(x, Relaxed)]
}

fn adds_to_x_and_y(t: &mut Thread, &[x, y, _]: &Places) -> [u64; 2] {
    t.fetch_add(x, 1, Relaxed);
    t.fetch_add(y, 1, Relaxed);
    [0; 2]
}

fn adds_to_y_and_x(t: &mut Thread, &[x, y, _]: &Places) -> [u64; 2] {
    [t.fetch_add(y, 0, Relaxed), t.fetch_add(x, 0, Relaxed)]
}

fn wx_releasing_update_y(t: &mut Thread, &[x, y, _]: &Places) -> [u64; 2] {
    t.store(x, 1, Relaxed);
    t.fetch_add(y, 1, Release);
    [0; 2]
}

fn acquiring_update_y_rx(t: &mut Thread, &[x, y, _]: &Places) -> [u64; 2] {
    [t.fetch_add(y, 0, Acquire), t.load(x, Relaxed)]
}

/// The compare-and-swap fails.
fn acquiring_failure_y_rx(t: &mut Thread, &[x, y, _]: &Places) -> [u64; 2] {
    let (Ok(seen) | Err(seen)) = t.compare_exchange(y, 5, 6, Relaxed, Acquire);
    [seen, t.load(x, Relaxed)]
}

fn updates() -> [Entry<'static>; 11] {
    let forwarded: Asked = |o| o.threads == [[1, 0], [1, 0]];
    [
        ("SB, an update between", AllowedForPairs, LINUX, &[wx_update_z_ry, wy_full_rx], BOTH_MISSED),
        ("SB, an update between in one alone", Allowed, BY_HAND, &[wx_update_z_ry, wy_rx], BOTH_MISSED),
        (
            "SB, forwarded from an update",
            Allowed,
            RELAXED,
            &[update_x_ldapr_x_ry, update_y_ldapr_y_rx],
            forwarded,
        ),
        (
            "MP, an update read back with ldapr",
            Forbidden,
            RELAXED,
            &[wx_stlr_y, update_y_ldapr_back_rx],
            MISSED,
        ),
        ("MP, an update read back with ldr", Allowed, BY_HAND, &[wx_stlr_y, update_y_ldr_back_rx], MISSED),
        (
            "MP, an update behind a branch, read back with ldar",
            Allowed,
            RELAXED,
            &[wx_stlr_y, ry_control_wz_update_z_ldar_z_rx],
            MISSED,
        ),
        ("SB, forwarded, ldapr", Allowed, BY_HAND, &[wx_ldapr_x_ry, wy_ldapr_y_rx], forwarded),
        ("MP, relaxed updates", Allowed, BY_HAND, &[adds_to_x_and_y, adds_to_y_and_x], MISSED),
        (
            "MP, updates that release and acquire",
            Forbidden,
            POPL16,
            &[wx_releasing_update_y, acquiring_update_y_rx],
            MISSED,
        ),
        ("MP, an update that releases alone", Allowed, BY_HAND, &[wx_releasing_update_y, ry_rx], MISSED),
        (
            "MP, a failed swap acquires",
            Forbidden,
            BY_HAND,
            &[wx_releasing_update_y, acquiring_failure_y_rx],
            MISSED,
        ),
    ]
}
