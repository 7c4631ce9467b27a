//! The library's `sync`, with faults that a model plants: one for the whole model, or one fence that one
//! of its threads leaves out.

#[path = "../../../src/sync/mod.rs"]
#[allow(dead_code, unused_imports)]
mod shipped;

pub(crate) use shipped::{
    AtomicU32, AtomicU64, JoinHandle, Mutex, MutexGuard, Ordering, ThreadBuilder, const_unless_loom,
    wake_on_time,
};

use std::cell::Cell;
use std::sync::Arc;

/// What is wrong.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Fault {
    Nothing,
    /// Every fence is Release and Acquire alone.
    WeakFences,
    /// A decision is a load and a later store.
    LoadThenStore,
    /// A finish moves the word without Release.
    RelaxedFinish,
    /// Whoever looks at the state loads it without Acquire.
    RelaxedState,
    /// Whoever waits is not woken.
    WakesNobody,
    /// Of those who wait, one is woken.
    WakesOne,
    /// Whoever waits looks first, and is listed when it goes to sleep.
    LooksBeforeItListens,
    /// A thread does not know itself again.
    NoIdentity,
    /// Whoever holds a lock goes by the word as it was before.
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

// How many fences this thread of the model has still to make until it leaves one out; 0 for never.
loom::thread_local!(static LEAVES_OUT: Cell<usize> = Cell::new(0));

/// The `nth` fence of this thread of the model is left out, from 1.
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

// Whether this thread of the model is to leave out its next notification.
loom::thread_local!(static LEAVES_OUT_NOTIFICATION: Cell<bool> = Cell::new(false));

/// The next notification by this thread of the model that somebody waits for wakes nobody.
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
            // Whatever was moved since the load is overwritten.
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
    /// Not listed before it sleeps.
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
