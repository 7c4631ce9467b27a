//! The bits `aq` and `rl` of RISC-V, its fences, and what its rules say about read-modify-writes.

use crate::bodies::*;
use crate::common::{BOTH_MISSED, MISSED};
use crate::row::{Allowed, AllowedForPairs, Asked, BY_HAND, Body, Forbidden, Row, Verdict, row};
use axioms::Dependency::Address;
use axioms::Order::{AcqRel, Acquire, Relaxed, Release, SeqCst};
use axioms::{Location, Order, Thread};

const FORWARDING: &str = "RISC-V unprivileged manual, RVWMO Explanatory Material, on the load value axiom";
const RULE_3: &str = "RISC-V unprivileged manual, RVWMO Explanatory Material, on rule 3";
const ANNOTATIONS: &str = "RISC-V unprivileged manual, RVWMO Explanatory Material, on rules 5 to 8";
const FENCES: &str = "RISC-V unprivileged manual, RVWMO Explanatory Material, on rule 4";

type Places = [Location; 3];
type Entry<'e> = (&'static str, Verdict, &'static str, &'e [Body], Asked);

pub fn rows() -> Vec<Row> {
    let mut rows = crate::common::rows(1);
    let all: [&[Entry]; 2] = [&fences(), &updates()];
    let own = all.into_iter().flatten();
    rows.extend(own.map(|&(name, verdict, source, bodies, asked)| row(name, verdict, source, bodies, asked)));
    rows
}

fn passes(t: &mut Thread, [x, y, _]: Places, fence: Order) -> [u64; 2] {
    t.store(x, 1, Relaxed);
    t.fence(fence);
    t.store(y, 1, Relaxed);
    [0; 2]
}

fn wx_rw_w_wy(t: &mut Thread, &places: &Places) -> [u64; 2] {
    passes(t, places, Release)
}

fn wx_tso_wy(t: &mut Thread, &places: &Places) -> [u64; 2] {
    passes(t, places, AcqRel)
}

fn wx_r_rw_wy(t: &mut Thread, &places: &Places) -> [u64; 2] {
    passes(t, places, Acquire)
}

fn ry_rw_w_rx(t: &mut Thread, &[x, y, _]: &Places) -> [u64; 2] {
    let seen = t.load(y, Relaxed);
    t.fence(Release);
    [seen, t.load(x, Relaxed)]
}

fn ry_tso_rx(t: &mut Thread, &[x, y, _]: &Places) -> [u64; 2] {
    let seen = t.load(y, Relaxed);
    t.fence(AcqRel);
    [seen, t.load(x, Relaxed)]
}

fn wx_tso_ry(t: &mut Thread, &[x, y, _]: &Places) -> [u64; 2] {
    t.store(x, 1, Relaxed);
    t.fence(AcqRel);
    [t.load(y, Relaxed), 0]
}

fn wy_tso_rx(t: &mut Thread, &[x, y, _]: &Places) -> [u64; 2] {
    t.store(y, 1, Relaxed);
    t.fence(AcqRel);
    [t.load(x, Relaxed), 0]
}

/// The manual's example of forwarding: it reads back what it wrote, and fences its reads.
fn wx_rx_r_rw_ry(t: &mut Thread, &[x, y, _]: &Places) -> [u64; 2] {
    t.store(x, 1, Relaxed);
    let own = t.load(x, Relaxed);
    t.fence(Acquire);
    [own, t.load(y, Relaxed)]
}

fn wy_ry_r_rw_rx(t: &mut Thread, &[x, y, _]: &Places) -> [u64; 2] {
    t.store(y, 1, Relaxed);
    let own = t.load(y, Relaxed);
    t.fence(Acquire);
    [own, t.load(x, Relaxed)]
}

const FORWARDED: Asked = |o| o.threads == [[1, 0], [1, 0]];

fn fences() -> [Entry<'static>; 6] {
    [
        ("MP, fence rw,w and fence r,rw", Forbidden, FENCES, &[wx_rw_w_wy, ry_acquire_rx], MISSED),
        ("MP, fence.tso", Forbidden, FENCES, &[wx_tso_wy, ry_tso_rx], MISSED),
        ("MP, fence r,rw between writes", Allowed, FENCES, &[wx_r_rw_wy, ry_full_rx], MISSED),
        ("MP, fence rw,w between reads", Allowed, FENCES, &[wx_full_wy, ry_rw_w_rx], MISSED),
        ("SB, fence.tso", Allowed, FENCES, &[wx_tso_ry, wy_tso_rx], BOTH_MISSED),
        ("SB, forwarded, fence r,rw", Allowed, FORWARDING, &[wx_rx_r_rw_ry, wy_ry_r_rw_rx], FORWARDED),
    ]
}

fn update_x_rx_r_rw_ry(t: &mut Thread, &[x, y, _]: &Places) -> [u64; 2] {
    t.exchange(x, 1, Relaxed);
    let own = t.load(x, Relaxed);
    t.fence(Acquire);
    [own, t.load(y, Relaxed)]
}

fn update_y_ry_r_rw_rx(t: &mut Thread, &[x, y, _]: &Places) -> [u64; 2] {
    t.exchange(y, 1, Relaxed);
    let own = t.load(y, Relaxed);
    t.fence(Acquire);
    [own, t.load(x, Relaxed)]
}

fn wx_update_y_rl(t: &mut Thread, &[x, y, _]: &Places) -> [u64; 2] {
    t.store(x, 1, Relaxed);
    t.fetch_add(y, 1, Release);
    [0; 2]
}

fn wx_update_y(t: &mut Thread, &[x, y, _]: &Places) -> [u64; 2] {
    t.store(x, 1, Relaxed);
    t.fetch_add(y, 1, Relaxed);
    [0; 2]
}

fn update_y_aq_rx(t: &mut Thread, &[x, y, _]: &Places) -> [u64; 2] {
    [t.fetch_add(y, 0, Acquire), t.load(x, Relaxed)]
}

fn update_y_rx(t: &mut Thread, &[x, y, _]: &Places) -> [u64; 2] {
    [t.fetch_add(y, 0, Relaxed), t.load(x, Relaxed)]
}

/// The compare-and-swap fails.
fn failure_y_aq_rx(t: &mut Thread, &[x, y, _]: &Places) -> [u64; 2] {
    let (Ok(seen) | Err(seen)) = t.compare_exchange(y, 5, 6, Relaxed, Acquire);
    [seen, t.load(x, Relaxed)]
}

/// A release, and elsewhere an acquire.
fn update_x_rl_update_y_aq(t: &mut Thread, &[x, y, _]: &Places) -> [u64; 2] {
    t.exchange(x, 1, Release);
    [t.fetch_add(y, 0, Acquire), 0]
}

fn update_y_rl_update_x_aq(t: &mut Thread, &[x, y, _]: &Places) -> [u64; 2] {
    t.exchange(y, 1, Release);
    [t.fetch_add(x, 0, Acquire), 0]
}

fn update_x_update_y(t: &mut Thread, &[x, y, _]: &Places) -> [u64; 2] {
    t.exchange(x, 1, Relaxed);
    [t.fetch_add(y, 0, Relaxed), 0]
}

/// A spinlock's release, and what stands after it.
fn wx_update_z_aqrl_ry(t: &mut Thread, &[x, y, z]: &Places) -> [u64; 2] {
    t.store(x, 1, Relaxed);
    t.fetch_add(z, 1, AcqRel);
    [t.load(y, Relaxed), 0]
}

fn wx_update_z_sc_ry(t: &mut Thread, &[x, y, z]: &Places) -> [u64; 2] {
    t.store(x, 1, Relaxed);
    t.fetch_add(z, 1, SeqCst);
    [t.load(y, Relaxed), 0]
}

fn update_x_rx_address_ry(t: &mut Thread, &[x, y, _]: &Places) -> [u64; 2] {
    t.exchange(x, 1, Relaxed);
    let own = t.load(x, Relaxed);
    t.depend(Address);
    [own, t.load(y, Relaxed)]
}

fn update_y_ry_address_rx(t: &mut Thread, &[x, y, _]: &Places) -> [u64; 2] {
    t.exchange(y, 1, Relaxed);
    let own = t.load(y, Relaxed);
    t.depend(Address);
    [own, t.load(x, Relaxed)]
}

/// A fence that orders reads alone, behind an update.
fn update_x_r_rw_ry(t: &mut Thread, &[x, y, _]: &Places) -> [u64; 2] {
    t.fetch_add(x, 1, Relaxed);
    t.fence(Acquire);
    [t.load(y, Relaxed), 0]
}

fn update_x_rw_w_ry(t: &mut Thread, &[x, y, _]: &Places) -> [u64; 2] {
    t.fetch_add(x, 1, Relaxed);
    t.fence(Release);
    [t.load(y, Relaxed), 0]
}

fn updates() -> [Entry<'static>; 13] {
    [
        (
            "SB, forwarded from an update",
            Forbidden,
            RULE_3,
            &[update_x_rx_r_rw_ry, update_y_ry_r_rw_rx],
            FORWARDED,
        ),
        (
            "SB, forwarded from an update, address",
            Forbidden,
            RULE_3,
            &[update_x_rx_address_ry, update_y_ry_address_rx],
            FORWARDED,
        ),
        ("MP, aq and rl", Forbidden, ANNOTATIONS, &[wx_update_y_rl, update_y_aq_rx], MISSED),
        ("MP, rl alone", Allowed, ANNOTATIONS, &[wx_update_y_rl, update_y_rx], MISSED),
        ("MP, aq alone", Allowed, ANNOTATIONS, &[wx_update_y, update_y_aq_rx], MISSED),
        ("MP, a failed swap acquires", Forbidden, BY_HAND, &[wx_update_y_rl, failure_y_aq_rx], MISSED),
        (
            "SB, rl before aq",
            Forbidden,
            ANNOTATIONS,
            &[update_x_rl_update_y_aq, update_y_rl_update_x_aq],
            BOTH_MISSED,
        ),
        ("SB, rl before aq in one alone", Allowed, BY_HAND, &[update_x_rl_update_y_aq, wy_rx], BOTH_MISSED),
        ("SB, relaxed updates", Allowed, BY_HAND, &[update_x_update_y, wy_full_rx], BOTH_MISSED),
        ("SB, aq and rl between", AllowedForPairs, BY_HAND, &[wx_update_z_aqrl_ry, wy_full_rx], BOTH_MISSED),
        ("SB, update, fence r,rw", AllowedForPairs, BY_HAND, &[update_x_r_rw_ry, wy_full_rx], BOTH_MISSED),
        ("SB, update, fence rw,w", Allowed, BY_HAND, &[update_x_rw_w_ry, wy_full_rx], BOTH_MISSED),
        ("SB, an SC update between", Forbidden, BY_HAND, &[wx_update_z_sc_ry, wy_full_rx], BOTH_MISSED),
    ]
}
