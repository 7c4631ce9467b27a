//! What a check changes in how the threads of the front end wait. It exists only under shuttle.
//!
//! A hook belongs to the thread of the system that plants it. All threads of a schedule share one.

use super::under_shuttle as base;
use super::{MutexGuard, current_thread};
use core::time::Duration;
use std::cell::RefCell;
use std::rc::Rc;

/// A hook. By itself each method does what the library does.
pub trait Hook {
    /// Who learns of a change.
    fn told(&self) -> Told {
        Told::All
    }

    /// Whether a wake-up is lost that comes before its thread parks.
    fn is_woken_too_soon(&self) -> bool {
        false
    }
}

/// Which of the waiting threads learn of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    /// All of them.
    All,
    /// One of them.
    One,
    /// None of them.
    Nobody,
}

std::thread_local!(static HOOK: RefCell<Option<Rc<dyn Hook>>> = const { RefCell::new(None) });

/// From now on the front end asks `hook`, on this thread of the system; `None`: it asks nobody.
pub fn plant(hook: Option<Rc<dyn Hook>>) {
    HOOK.set(hook);
}

/// Asks the hook. Not while it is borrowed: a schedule may go on with another thread meanwhile.
fn ask<T>(question: impl FnOnce(&dyn Hook) -> T) -> Option<T> {
    let hook = HOOK.with_borrow(Option::clone);
    hook.map(|hook| question(&*hook))
}

pub(crate) struct Condvar(base::Condvar);

impl Condvar {
    pub(crate) const fn new() -> Self {
        Self(base::Condvar::new())
    }

    pub(crate) fn notify_all(&self) {
        match ask(|hook| hook.told()).unwrap_or(Told::All) {
            Told::All => self.0.notify_all(),
            Told::One => self.0.notify_one(),
            Told::Nobody => {}
        }
    }
}

pub(crate) fn wait_for<'g, T>(
    changed: &Condvar,
    guard: MutexGuard<'g, T>,
    limit: Duration,
) -> MutexGuard<'g, T> {
    base::wait_for(&changed.0, guard, limit)
}

pub(crate) fn park() {
    if ask(|hook| hook.is_woken_too_soon()) == Some(true) {
        // Takes the token.
        current_thread().unpark();
        base::park();
    }
    base::park();
}
