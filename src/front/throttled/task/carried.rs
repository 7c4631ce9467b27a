//! [`Carried`]: what a run in a task is given.

use crate::sync::{Mutex, brings_home, lock};
use core::fmt;
use core::ops::{Deref, DerefMut};
use std::sync::Arc;

/// What a run in a task is given: it derefs to the value.
///
/// It is a guard. Where the run fails and is [tried again](crate::Builder::retry), or where its task is dropped in the
/// middle, the value is still there for the next run. So keep it until the work is done, or take the value out with
/// [`into_inner`](Self::into_inner): then the run cannot be tried again with it.
pub struct Carried<T> {
    value: Option<T>,
    home: Home<T>,
}

impl<T> Carried<T> {
    pub(super) fn new(value: T, home: &Home<T>) -> Self {
        Self { value: Some(value), home: home.clone() }
    }

    /// The value itself. If the run fails now, it does not come back.
    #[must_use]
    #[allow(clippy::missing_panics_doc, reason = "it is there until this takes it")]
    pub fn into_inner(mut self) -> T {
        self.value.take().expect("nobody else takes it")
    }
}

impl<T> Deref for Carried<T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.value.as_ref().expect("nobody takes it before `into_inner`")
    }
}

impl<T> DerefMut for Carried<T> {
    fn deref_mut(&mut self) -> &mut T {
        self.value.as_mut().expect("nobody takes it before `into_inner`")
    }
}

impl<T> Drop for Carried<T> {
    fn drop(&mut self) {
        if let Some(value) = self.value.take() {
            self.home.keep(value);
        }
    }
}

impl<T: fmt::Debug> fmt::Debug for Carried<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Carried").field(&**self).finish()
    }
}

/// Where what a run was given comes back to.
pub(super) struct Home<G>(Arc<Mutex<Option<G>>>);

impl<G> Home<G> {
    pub(super) fn keep(&self, given: G) {
        if brings_home() {
            *lock(&self.0) = Some(given);
        }
    }

    pub(super) fn take(&self) -> Option<G> {
        lock(&self.0).take()
    }
}

impl<G> Default for Home<G> {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(None)))
    }
}

impl<G> Clone for Home<G> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}
