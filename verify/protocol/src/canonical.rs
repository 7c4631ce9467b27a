//! One system for all that differ only by a shift of time, so that there are finitely many.
//!
//! The latest start is shifted to one number. Older epochs keep their order and nothing else. A clock
//! that is far behind the start, or far past every window, stands at the nearest reading that is. A test
//! shows of every system explored that shifted ones do the same.

use crate::system::{Operation, Sleep, System, Thread};
use crate::transitions::MAX;

/// `last` of every canonical system in which something ran: there is room below for older epochs.
const LAST: u64 = 16;

/// The leases explored: shorter than a threshold and as long, longer, and one that is never over.
pub const LEASES: [u64; 3] = [1, LONGEST, MAX];

/// How far the clock goes behind the latest start.
const BEHIND: u64 = 1;

/// The thresholds explored: none, short ones, and one whose window never ends.
pub const THRESHOLDS: [u64; 4] = [0, 1, LONGEST, MAX];

/// The longest of those whose window ends, and of the leases that end.
const LONGEST: u64 = 2;

/// Past every window and every lease that ends.
const AHEAD: u64 = LONGEST + 1;

/// Each reading and each threshold.
#[must_use]
pub fn surroundings(system: &System) -> Vec<Operation> {
    let first = system.last().saturating_sub(BEHIND);
    let clocks = (first..=system.last() + AHEAD).map(|to| Operation::Clock { to });
    clocks.chain(THRESHOLDS.map(|to| Operation::SetThreshold { to })).collect()
}

/// Whether later readings are no different from this one.
#[must_use]
pub fn is_past_every_window(system: &System) -> bool {
    system.now >= system.last() + AHEAD
}

#[must_use]
pub fn canonical(mut system: System) -> System {
    let last = system.last();
    system.now = system.now.clamp(last.saturating_sub(BEHIND), last + AHEAD);
    if last > 0 {
        relocate(&mut system, LAST, &|rank| LAST - 1 - rank);
    }
    system.tidy();
    system
}

/// Shifts time so that the latest start is at `last`, and names the older epochs, the latest first, by
/// `older`.
///
/// # Panics
///
/// If nothing ran: that system cannot be shifted.
pub fn relocate(system: &mut System, last: u64, older: &dyn Fn(u64) -> u64) {
    let from = system.last();
    assert!(from > 0 && system.started == from, "the ghost and the word agree that something ran");
    let mut epochs: Vec<_> = system.threads.iter().filter_map(held).filter(|epoch| *epoch != from).collect();
    epochs.sort_unstable();
    epochs.dedup();
    let shifted = |time: u64| (time + last).saturating_sub(from);
    let renamed = |epoch: u64| {
        let rank = epochs.iter().rev().position(|older| *older == epoch);
        rank.map_or(last, |rank| older(rank as u64))
    };
    for thread in &mut system.threads {
        match thread {
            Thread::Idle => {}
            Thread::Runs { epoch } => *epoch = renamed(*epoch),
            Thread::Owns { epoch, sleep } => {
                *epoch = renamed(*epoch);
                if let Sleep::Until(due) = sleep {
                    *due = shifted(*due);
                }
            }
        }
    }
    system.now = shifted(system.now);
    system.started = last;
    let flags = system.word & crate::transitions::FLAGS;
    system.word = crate::transitions::word(last, flags).to_word();
}

fn held(thread: &Thread) -> Option<u64> {
    match thread {
        Thread::Idle => None,
        Thread::Runs { epoch } | Thread::Owns { epoch, .. } => Some(*epoch),
    }
}
