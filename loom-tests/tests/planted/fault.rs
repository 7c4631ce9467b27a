//! The faults: one for the whole model, or one that a thread of the model has in what it does next.

use atomic_throttle::hook::{self, Hook, Number, Order, What};
use loom::sync::atomic::Ordering;
use std::cell::Cell;
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

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
    RelaxedLook,
    /// A call is counted by a Release alone.
    ReleasesCount,
    /// A call is counted by an Acquire alone.
    AcquiresCount,
    /// What a run is told of is taken without Acquire.
    RelaxedTake,
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
std::thread_local! {
    static PLANTED: Cell<Fault> = const { Cell::new(Fault::Nothing) };
    static STRANGERS: Cell<u32> = const { Cell::new(u32::MAX / 2) };
}

loom::lazy_static! {
    // The word of the model. It is no part of the model.
    static ref WORD: AtomicU64 = AtomicU64::new(0);
}

loom::thread_local! {
    // The fence that this thread of the model leaves out when it next comes to it.
    static LEAVES_OUT: Cell<Option<&'static str>> = Cell::new(None);
    // Whether this thread of the model leaves out its next notification.
    static LEAVES_OUT_NOTIFICATION: Cell<bool> = Cell::new(false);
    // The word of the model as it was before this thread locked.
    static LOOKED: Cell<Option<u64>> = Cell::new(None);
}

/// Plants `fault` in all models that this thread explores from now on.
pub fn plant(fault: Fault) {
    PLANTED.set(fault);
    hook::plant(Some(Rc::new(Planted)));
}

pub fn is_planted(fault: Fault) -> bool {
    PLANTED.get() == fault
}

/// This thread of the model leaves out this fence when it next comes to it.
pub fn leave_out_fence(order: Option<&Order>) {
    LEAVES_OUT.with(|left| left.set(order.map(|order| order.name)));
}

/// This thread's next notification that another one waits for wakes nobody.
pub fn leave_out_notification() {
    LEAVES_OUT_NOTIFICATION.with(|left| left.set(true));
}

struct Planted;

impl Hook for Planted {
    fn order(&self, order: &'static Order) -> Option<Ordering> {
        if LEAVES_OUT.with(Cell::get) == Some(order.name) {
            leave_out_fence(None);
            return None;
        }
        match (PLANTED.get(), order.name, order.what) {
            (Fault::WeakFences, _, What::Fence) => Some(Ordering::AcqRel),
            (Fault::RelaxedFinish, "FINISH", _)
            | (Fault::RelaxedLook, "LOOK", _)
            | (Fault::RelaxedTake, "TELL", _) => None,
            (Fault::ReleasesCount, "COUNT", _) => Some(Ordering::Release),
            (Fault::AcquiresCount, "COUNT", _) => Some(Ordering::Acquire),
            _ => Some(order.ordering),
        }
    }

    fn load(&self, number: Number<'_>) -> u64 {
        let looks = number.is_word() && number.ordering() == Ordering::Acquire;
        let looked = if looks { LOOKED.with(Cell::take) } else { None };
        looked.unwrap_or_else(|| number.load())
    }

    fn swap(&self, number: Number<'_>, current: u64, new: u64) -> Result<u64, u64> {
        let mut found = number.swap(current, new);
        if !number.is_word() {
            return found;
        }
        if is_planted(Fault::LoadThenStore) {
            // The store overwrites whatever was moved since the load.
            while let Err(now) = found {
                found = number.swap(now, new);
            }
        }
        if found.is_ok() {
            WORD.store(new, Relaxed);
        }
        found
    }

    fn lock(&self) {
        if is_planted(Fault::LooksBeforeItLocks) {
            LOOKED.with(|looked| looked.set(Some(WORD.load(Relaxed))));
        }
    }

    fn notify(&self, listeners: usize) -> Option<usize> {
        let is_left_out = LEAVES_OUT_NOTIFICATION.with(|left| left.replace(false));
        match PLANTED.get() {
            Fault::WakesNobody => None,
            Fault::WakesOne => Some(1),
            _ => (!is_left_out).then_some(listeners),
        }
    }

    fn listens_late(&self) -> bool {
        is_planted(Fault::LooksBeforeItListens)
    }

    fn this_thread(&self, number: u32) -> u32 {
        if is_planted(Fault::NoIdentity) {
            STRANGERS.set(STRANGERS.get() + 1);
            return STRANGERS.get();
        }
        number
    }
}
