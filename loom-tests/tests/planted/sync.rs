//! The library's `sync`, with faults that a model plants: one for the whole model, or one fence that one
//! of its threads leaves out.

#[path = "../../../src/sync/mod.rs"]
#[allow(dead_code, unused_imports)]
mod shipped;

pub(crate) use shipped::{
    AtomicU32, AtomicU64, Forked, JoinHandle, Mutex, MutexGuard, Ordering, Process, ThreadBuilder,
    const_unless_loom, wake_on_time,
};

use std::cell::Cell;
use std::sync::Arc;

/// The fault.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Fault {
    Nothing,
    /// Every fence is Release and Acquire alone.
    WeakFences,
    /// A decision is a load and a later store.
    LoadThenStore,
    /// A finish moves the word without Release.
    RelaxedFinish,
    /// A look at the state is a load without Acquire.
    RelaxedState,
    /// A waiting thread is not woken.
    WakesNobody,
    /// Only one of the waiting threads is woken.
    WakesOne,
    /// A waiting thread looks first, and is listed when it goes to sleep.
    LooksBeforeItListens,
    /// A thread does not recognize itself.
    NoIdentity,
    /// A thread that holds a lock uses the word as it was before it locked.
    LooksBeforeItLocks,
    /// A flush starts its run without a fence. The model leaves it out.
    NoFenceInFlush,
}

// All threads of a model are coroutines of the thread that explores it.
std::thread_local!(static PLANTED: Cell<Fault> = const { Cell::new(Fault::Nothing) });

/// Plants `fault` in all models that this thread explores from now on.
pub fn plant(fault: Fault) {
    PLANTED.set(fault);
}

pub(crate) fn is_planted(fault: Fault) -> bool {
    PLANTED.get() == fault
}

// The number of fences that this thread of the model has still to make, up to the one that it leaves out; 0 for
// never.
loom::thread_local!(static LEAVES_OUT: Cell<usize> = Cell::new(0));

/// This thread of the model leaves out its `nth` fence, from 1.
pub fn leave_out_fence(nth: usize) {
    LEAVES_OUT.with(|left| left.set(nth));
}

pub(crate) fn fence(ordering: Ordering) {
    let left = LEAVES_OUT.with(Cell::get);
    LEAVES_OUT.with(|cell| cell.set(left.saturating_sub(1)));
    if left != 1 {
        shipped::fence(if is_planted(Fault::WeakFences) { Ordering::AcqRel } else { ordering });
    }
}

// Whether this thread of the model leaves out its next notification.
loom::thread_local!(static LEAVES_OUT_NOTIFICATION: Cell<bool> = Cell::new(false));

/// This thread's next notification that another one waits for wakes nobody.
pub fn leave_out_notification() {
    LEAVES_OUT_NOTIFICATION.with(|left| left.set(true));
}

std::thread_local!(static WORD: Cell<u64> = const { Cell::new(0) });
// The word of the model as it was before this thread locked.
loom::thread_local!(static LOOKED: Cell<Option<u64>> = Cell::new(None));

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    if is_planted(Fault::LooksBeforeItLocks) {
        LOOKED.with(|looked| looked.set(Some(WORD.get())));
    }
    shipped::lock(mutex)
}

#[derive(Debug)]
pub(crate) struct AtomicWord(shipped::AtomicWord);

impl AtomicWord {
    pub(crate) fn new(value: u64) -> Self {
        WORD.set(value);
        Self(shipped::AtomicWord::new(value))
    }

    pub(crate) fn load(&self, order: Ordering) -> u64 {
        if let (Ordering::Acquire, Some(looked)) = (order, LOOKED.with(Cell::take)) {
            return looked;
        }
        self.0.load(if is_planted(Fault::RelaxedState) { Ordering::Relaxed } else { order })
    }

    pub(crate) fn compare_exchange_weak(
        &self,
        current: u64,
        new: u64,
        success: Ordering,
        failure: Ordering,
    ) -> Result<u64, u64> {
        let success = if is_planted(Fault::RelaxedFinish) { Ordering::Relaxed } else { success };
        let mut found = self.0.compare_exchange_weak(current, new, success, failure);
        if is_planted(Fault::LoadThenStore) {
            // The store overwrites whatever was moved since the load.
            while let Err(now) = found {
                found = self.0.compare_exchange_weak(now, new, success, failure);
            }
        }
        if found.is_ok() {
            WORD.set(new);
        }
        found
    }
}

#[derive(Debug)]
pub(crate) struct Event(Arc<shipped::Event>);

impl Event {
    pub(crate) fn new() -> Self {
        Self(Arc::new(shipped::Event::new()))
    }

    pub(crate) fn notify(&self, most: usize) {
        let left_out = LEAVES_OUT_NOTIFICATION.with(|left| left.replace(false));
        if !left_out && !is_planted(Fault::WakesNobody) {
            self.0.notify(if is_planted(Fault::WakesOne) { 1 } else { most });
        }
    }

    pub(crate) fn listen(&self) -> EventListener {
        if is_planted(Fault::LooksBeforeItListens) {
            return EventListener::Later(Arc::clone(&self.0));
        }
        EventListener::Listed(self.0.listen())
    }
}

#[derive(Debug)]
pub(crate) enum EventListener {
    Listed(shipped::EventListener),
    /// The listener is not listed before it sleeps.
    Later(Arc<shipped::Event>),
}

fn listed(listener: EventListener) -> shipped::EventListener {
    match listener {
        EventListener::Listed(listener) => listener,
        EventListener::Later(event) => event.listen(),
    }
}

pub(crate) fn wait(listener: EventListener) {
    shipped::wait(listed(listener));
}

pub(crate) fn wait_for(listener: EventListener, limit: std::time::Duration) {
    shipped::wait_for(listed(listener), limit);
}

pub(crate) fn this_thread() -> u32 {
    std::thread_local!(static STRANGERS: Cell<u32> = const { Cell::new(u32::MAX / 2) });
    if is_planted(Fault::NoIdentity) {
        STRANGERS.set(STRANGERS.get() + 1);
        return STRANGERS.get();
    }
    shipped::this_thread()
}
