//! The cell of the cluster.

use crate::{COALESCED, DEFER, FINISHED, IGNORED, RUN, policy, time};
use atomic_throttle::lease;
use atomic_throttle::state::{Arrive, Finish};
use atomic_throttle_cluster::Cell;

/// A cell as a register holds it. Every two numbers are one.
const fn read(word: u64, finished: u64) -> Cell {
    let both = (finished as u128) << 64 | word as u128;
    Cell::from_bytes(both.to_le_bytes())
}

const fn written(cell: Cell) -> (u64, u64) {
    let both = u128::from_le_bytes(cell.to_bytes());
    #[allow(clippy::cast_possible_truncation, reason = "its two halves")]
    (both as u64, (both >> 64) as u64)
}

/// What is written back of a cell that was read.
#[inline(never)]
pub fn cell(word: u64, finished: u64) -> (u64, u64) {
    written(read(word, finished))
}

/// The finished epoch, and whether the cell is put back, open, and pending.
#[inline(never)]
pub fn cell_view(word: u64, finished: u64) -> (u64, u64, u64, u64) {
    let cell = read(word, finished);
    let flag = |yes: bool| u64::from(yes);
    (cell.finished().as_u64(), flag(cell.is_put_back()), flag(cell.is_open()), flag(cell.is_pending()))
}

#[inline(never)]
pub fn cell_join(word: u64, finished: u64, seen_word: u64, seen_finished: u64) -> (u64, u64) {
    written(read(word, finished).join(read(seen_word, seen_finished)))
}

#[inline(never)]
pub fn cell_arrive(
    word: u64,
    finished: u64,
    now: u64,
    threshold: u64,
    has_lease: u64,
    lease: u64,
) -> (u64, u64) {
    let policy = policy(threshold, has_lease, lease);
    let (next, _) = read(word, finished).arrive(time(now), policy);
    written(next)
}

/// The outcome of [`cell_arrive`], and when it is due.
#[inline(never)]
pub fn cell_arrive_told(
    word: u64,
    finished: u64,
    now: u64,
    threshold: u64,
    has_lease: u64,
    lease: u64,
) -> (u64, u64) {
    let policy = policy(threshold, has_lease, lease);
    match read(word, finished).arrive(time(now), policy).1 {
        Arrive::Run => (RUN, 0),
        Arrive::Defer { due } => (DEFER, due.as_nanos()),
        Arrive::Coalesced => (COALESCED, 0),
    }
}

#[inline(never)]
pub fn cell_finish(word: u64, finished: u64, epoch: u64) -> (u64, u64) {
    let (next, _) = read(word, finished).finish(lease::epoch(epoch));
    written(next)
}

/// The outcome of [`cell_finish`].
#[inline(never)]
pub fn cell_finish_told(word: u64, finished: u64, epoch: u64) -> u64 {
    match read(word, finished).finish(lease::epoch(epoch)).1 {
        Finish::Finished => FINISHED,
        Finish::Ignored => IGNORED,
    }
}
