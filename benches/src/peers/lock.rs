//! The two mutexes, as the peers use them.

use std::sync::PoisonError;
use std::time::Duration;

/// A mutex with a condition variable of its own kind.
pub trait Lock<T> {
    type Condvar: Wake + Default;
    fn new(value: T) -> Self;
    fn hold<R>(&self, f: impl FnOnce(&mut T) -> R) -> R;
    /// Calls `look` until it is done: at first, and again after each wake-up or time-out.
    fn hold_until<R>(&self, condvar: &Self::Condvar, look: impl FnMut(&mut T) -> Look<R>) -> R;
}

/// The result of one look under a lock.
pub enum Look<R> {
    Done(R),
    /// Wait for at most this long, then look again.
    Wait(Duration),
}

/// A condition variable, with the operations of the measured calls.
pub trait Wake {
    fn notify_all(&self);
}

impl<T> Lock<T> for std::sync::Mutex<T> {
    type Condvar = std::sync::Condvar;

    fn new(value: T) -> Self {
        Self::new(value)
    }

    #[inline]
    fn hold<R>(&self, f: impl FnOnce(&mut T) -> R) -> R {
        f(&mut self.lock().unwrap_or_else(PoisonError::into_inner))
    }

    #[inline]
    fn hold_until<R>(&self, condvar: &Self::Condvar, mut look: impl FnMut(&mut T) -> Look<R>) -> R {
        let mut held = self.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            match look(&mut held) {
                Look::Done(done) => return done,
                Look::Wait(time) => {
                    held = condvar.wait_timeout(held, time).unwrap_or_else(PoisonError::into_inner).0;
                }
            }
        }
    }
}

impl Wake for std::sync::Condvar {
    fn notify_all(&self) {
        self.notify_all();
    }
}

impl<T> Lock<T> for parking_lot::Mutex<T> {
    type Condvar = parking_lot::Condvar;

    fn new(value: T) -> Self {
        Self::new(value)
    }

    #[inline]
    fn hold<R>(&self, f: impl FnOnce(&mut T) -> R) -> R {
        f(&mut self.lock())
    }

    #[inline]
    fn hold_until<R>(&self, condvar: &Self::Condvar, mut look: impl FnMut(&mut T) -> Look<R>) -> R {
        let mut held = self.lock();
        loop {
            match look(&mut held) {
                Look::Done(done) => return done,
                Look::Wait(time) => {
                    condvar.wait_for(&mut held, time);
                }
            }
        }
    }
}

impl Wake for parking_lot::Condvar {
    fn notify_all(&self) {
        self.notify_all();
    }
}
