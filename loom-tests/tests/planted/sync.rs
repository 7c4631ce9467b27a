//! The library's `sync` with a planted fault: a thread can leave out its fences.

#[path = "../../../src/sync/mod.rs"]
#[allow(dead_code, unused_imports)]
mod shipped;

pub(crate) use shipped::{AtomicU64, AtomicWord, Ordering, const_unless_loom};
use std::cell::Cell;

loom::thread_local!(static LEFT_OUT: Cell<bool> = Cell::new(false));

pub fn leave_out_fences_of_this_thread() {
    LEFT_OUT.with(|left_out| left_out.set(true));
}

pub(crate) fn fence(ordering: Ordering) {
    if !LEFT_OUT.with(Cell::get) {
        shipped::fence(ordering);
    }
}
