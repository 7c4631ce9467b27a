//! The library's `sync`, for the sources that are built a second time.

#[path = "../../../../src/sync/mod.rs"]
#[allow(dead_code, unused_imports)]
mod shipped;

#[path = "count.rs"]
mod count;
#[path = "event.rs"]
mod event;
#[path = "word.rs"]
mod word;

pub(crate) use count::AtomicU32;
pub(crate) use event::{Event, EventListener, wait, wait_for};
pub(crate) use shipped::{
    AtomicU64, Forked, JoinHandle, Mutex, MutexGuard, Ordering, Process, ThreadBuilder, const_unless_loom,
    fence, wake_on_time,
};
pub(crate) use word::AtomicWord;

use crate::fault::{Fault, planted};

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    if planted() == Fault::LookBeforeLocking {
        word::look();
    }
    shipped::lock(mutex)
}

pub(crate) fn this_thread() -> u32 {
    use std::sync::atomic::AtomicU32;
    static LATEST: AtomicU32 = AtomicU32::new(1);
    match planted() {
        Fault::OneNumber => 1,
        Fault::NewNumbers => LATEST.fetch_add(1, Ordering::Relaxed) + 1,
        _ => shipped::this_thread(),
    }
}
