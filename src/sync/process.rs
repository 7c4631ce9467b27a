//! Forked children. A child has a copy of all that its parent had, but of the threads only the one that forked.
//! What the others held, they hold there for ever: locks, runs, deferrals.
//!
//! The process id is asked for where a thread is about to wait or to lock, and when a thread first needs a number.
//! It costs as much as many coalesced calls, so those do not ask. Nothing here notices a child whose id is that of
//! its parent: the first processes of two PID namespaces are both number 1.
//!
//! The atomics are not those of the model checkers. All threads of a model are in one process, unless its hook says otherwise.

use super::{process_id, this_thread};
use core::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::process;

/// A process: the one that made a throttle.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Process(u32);

impl Process {
    pub(crate) fn this() -> Self {
        Self(id())
    }

    /// Whether this is a forked child of that process.
    pub(crate) fn is_forked(self) -> bool {
        self.0 != id()
    }
}

/// Where there are no processes, none forks; and to ask for an id would panic there.
fn id() -> u32 {
    process_id(if cfg!(all(target_family = "wasm", not(unix))) { 1 } else { process::id() })
}

/// To be kept in an atomic.
impl From<Process> for u64 {
    fn from(process: Process) -> Self {
        process.0.into()
    }
}

/// The latest number that a thread was given.
static LATEST: AtomicU32 = AtomicU32::new(0);

/// The process that has last asked, in the upper half, and the first number that it gave to a thread, or will give.
static NUMBERING: AtomicU64 = AtomicU64::new(0);

/// A number that no other thread has. Numbers repeat after 2^32 threads, so two living threads share one only
/// if that many threads were started between them.
#[cold]
pub(super) fn next_thread() -> u32 {
    first_number();
    loop {
        // ORDERING: Relaxed. The read-modify-write alone makes the number unique.
        let number = LATEST.fetch_add(1, Ordering::Relaxed).wrapping_add(1);
        if number != 0 {
            return number;
        }
    }
}

/// The first number of a thread in this process. Threads of its parent have smaller ones, and in a forked child so
/// has the thread that forked.
fn first_number() -> u32 {
    let process = u64::from(id()) << 32;
    // ORDERING: Relaxed. The value publishes nothing. A thread of this process that has been given a number sees at
    // least the value that it saw then.
    let known = NUMBERING.load(Ordering::Relaxed);
    let first = |numbering| u32::try_from(numbering & u64::from(u32::MAX)).unwrap_or_default();
    if known & !u64::from(u32::MAX) == process {
        return first(known);
    }
    // ORDERING: Relaxed. Another thread may be given the next number meanwhile. Then the exchange below fails.
    let next = LATEST.load(Ordering::Relaxed).wrapping_add(1);
    // ORDERING: Relaxed, as the load.
    match NUMBERING.compare_exchange(known, process | u64::from(next), Ordering::Relaxed, Ordering::Relaxed) {
        Ok(_) => next,
        Err(meanwhile) => first(meanwhile),
    }
}

/// What the thread that forked knows of the other threads, in the child.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Forked {
    first: u32,
    this: u32,
}

impl Forked {
    /// `None` if this process is no forked child, or if this thread may not be the one that forked: then another
    /// thread with an old number may be that one.
    pub(crate) fn look() -> Option<Self> {
        let this = this_thread();
        let first = first_number();
        let is_child = first > 1;
        (is_child && (this < first || super::is_main_thread())).then_some(Self { first, this })
    }

    /// Whether the thread with this number was left in the parent.
    pub(crate) fn has_lost(self, thread: u32) -> bool {
        thread != 0 && thread < self.first && thread != self.this
    }

    /// Whether no other thread of this process has a number.
    pub(crate) fn is_alone(self) -> bool {
        // ORDERING: Relaxed. A thread that is given a number at this moment has not yet done what it needs it for.
        let latest = LATEST.load(Ordering::Relaxed);
        let own = u32::from(self.this >= self.first);
        latest == self.first - 1 + own
    }
}
