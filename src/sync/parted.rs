//! A lock for readers and writers, under loom, whose readers order nothing for each other.
//!
//! loom's own lock has each reader see what the readers before it did, and so would hide that an access under it
//! needs an ordering. No lock promises that. Here a thread that reads locks one part, and a thread that writes locks
//! all of them, one after the other. So two readers share nothing, unless they share a part.

use core::ops::{Deref, DerefMut};
use loom::sync::{Mutex, MutexGuard};
use std::sync::{LockResult, PoisonError, TryLockError, TryLockResult};

/// A model of keys has three threads at most.
const PARTS: usize = 3;

/// The data are in a lock of the system that is never waited for: who locks it has its parts.
pub(crate) struct RwLock<T> {
    parts: [Mutex<()>; PARTS],
    data: std::sync::RwLock<T>,
}

/// The data are let go before the part.
pub(crate) struct RwLockReadGuard<'l, T> {
    data: std::sync::RwLockReadGuard<'l, T>,
    _part: MutexGuard<'l, ()>,
}

pub(crate) struct RwLockWriteGuard<'l, T> {
    data: std::sync::RwLockWriteGuard<'l, T>,
    _parts: [MutexGuard<'l, ()>; PARTS],
}

impl<T> RwLock<T> {
    pub(crate) fn new(data: T) -> Self {
        Self { parts: [(); PARTS].map(Mutex::new), data: std::sync::RwLock::new(data) }
    }

    fn part(&self) -> &Mutex<()> {
        &self.parts[super::stripe() % PARTS]
    }

    fn reading<'l>(&'l self, part: MutexGuard<'l, ()>) -> RwLockReadGuard<'l, T> {
        let data = self.data.try_read().or_else(unpoisoned).expect("no writer has this part");
        RwLockReadGuard { data, _part: part }
    }

    fn writing<'l>(&'l self, parts: [MutexGuard<'l, ()>; PARTS]) -> RwLockWriteGuard<'l, T> {
        let data = self.data.try_write().or_else(unpoisoned).expect("nobody else has any part");
        RwLockWriteGuard { data, _parts: parts }
    }

    pub(crate) fn read(&self) -> LockResult<RwLockReadGuard<'_, T>> {
        Ok(self.reading(locked(self.part())))
    }

    pub(crate) fn try_read(&self) -> TryLockResult<RwLockReadGuard<'_, T>> {
        Ok(self.reading(at_once(self.part())?))
    }

    pub(crate) fn write(&self) -> LockResult<RwLockWriteGuard<'_, T>> {
        let [one, two, three] = &self.parts;
        Ok(self.writing([locked(one), locked(two), locked(three)]))
    }

    pub(crate) fn try_write(&self) -> TryLockResult<RwLockWriteGuard<'_, T>> {
        let [one, two, three] = &self.parts;
        Ok(self.writing([at_once(one)?, at_once(two)?, at_once(three)?]))
    }
}

fn unpoisoned<G>(failed: TryLockError<G>) -> Result<G, &'static str> {
    match failed {
        TryLockError::Poisoned(poisoned) => Ok(poisoned.into_inner()),
        TryLockError::WouldBlock => Err("another thread has the data"),
    }
}

fn locked(part: &Mutex<()>) -> MutexGuard<'_, ()> {
    part.lock().unwrap_or_else(PoisonError::into_inner)
}

fn at_once<G>(part: &Mutex<()>) -> Result<MutexGuard<'_, ()>, TryLockError<G>> {
    match part.try_lock() {
        Ok(part) => Ok(part),
        Err(TryLockError::Poisoned(poisoned)) => Ok(poisoned.into_inner()),
        Err(TryLockError::WouldBlock) => Err(TryLockError::WouldBlock),
    }
}

impl<T> Deref for RwLockReadGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.data
    }
}

impl<T> Deref for RwLockWriteGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.data
    }
}

impl<T> DerefMut for RwLockWriteGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.data
    }
}
