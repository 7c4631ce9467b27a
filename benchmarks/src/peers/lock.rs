//! The two mutexes, as the peers use them.

use std::sync::PoisonError;

/// A mutex with a condition variable of its own kind.
pub trait Lock<T> {
    type Condvar: Wake + Default;
    fn new(value: T) -> Self;
    fn hold<R>(&self, f: impl FnOnce(&mut T) -> R) -> R;
}

/// A condition variable, by what the measured calls do with it.
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
}

impl Wake for parking_lot::Condvar {
    fn notify_all(&self) {
        self.notify_all();
    }
}
