//! A forked child, in a model.

use atomic_throttle::hook::{self, Hook};
use std::cell::Cell;
use std::rc::Rc;

/// A fault of a library in a forked child.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Fault {
    /// The first who asks is not told that it is a child.
    NoticesLate,
    /// Nobody is woken.
    WakesNobody,
}

thread_local! {
    static FAULT: Cell<Option<Fault>> = const { Cell::new(None) };
}

/// Shows the process as another one.
struct InAChild {
    fault: Option<Fault>,
    is_asked: Cell<bool>,
}

impl Hook for InAChild {
    fn process_id(&self, id: u32) -> u32 {
        let is_asked = self.is_asked.replace(true);
        if self.fault == Some(Fault::NoticesLate) && !is_asked { id } else { id.wrapping_add(1) }
    }

    fn notify(&self, listeners: usize) -> Option<usize> {
        (self.fault != Some(Fault::WakesNobody)).then_some(listeners)
    }
}

/// From here on all threads are in a forked child. Threads that were there before stand for those of the parent.
pub fn fork() {
    hook::plant(Some(Rc::new(InAChild { fault: FAULT.get(), is_asked: Cell::new(false) })));
}

/// The end of the child.
pub fn end() {
    hook::plant(None);
}

/// Each child from here on has this fault.
pub fn plant(fault: Option<Fault>) {
    end();
    FAULT.set(fault);
}
