//! The handles of coalesced calls, and the threads that wait by them.

use super::super::helper::Handle;
use super::Play;
use crate::patience::until;
use atomic_throttle::WaitError;
use reference::Promise;
use std::thread::ScopedJoinHandle;
use std::time::Duration;

/// A thread that waits by a handle.
pub struct Waiter<'s> {
    epoch: u64,
    thread: ScopedJoinHandle<'s, Result<(), WaitError>>,
}

impl<'t: 's, 's> Play<'s, '_, 't> {
    /// The result of a wait by a handle of this epoch, or `None` if the wait goes on.
    fn cover(&self, epoch: u64) -> Option<Result<(), WaitError>> {
        let model = self.judge.model;
        if model.latest_start > epoch {
            return (!model.in_progress).then_some(Ok(()));
        }
        match model.promise {
            Promise::Owned => None,
            Promise::Orphaned => Some(Err(WaitError::Owed)),
            Promise::Nothing | Promise::TakenBack => Some(Err(WaitError::Cancelled)),
        }
    }

    pub fn ask(&mut self, inside: bool, which: usize) {
        let Some(handle) = self.handle(which) else { return };
        let otherwise = Err(if inside { WaitError::InsideRun } else { WaitError::TimedOut });
        let expected = self.cover(handle.epoch().as_u64()).unwrap_or(otherwise);
        let result = self.at(inside, move |_| handle.wait_for(Duration::ZERO));
        assert_eq!(result, expected, "the handle of epoch {:?}", handle.epoch());
        if inside {
            assert_eq!(self.at(inside, move |_| handle.wait()), expected);
        }
        match result {
            Err(WaitError::TimedOut) => self.reached.count("timed out"),
            Err(WaitError::InsideRun) => self.reached.count("refused inside"),
            _ => {}
        }
    }

    pub fn wait_elsewhere(&mut self, which: usize) {
        let Some(handle) = self.handle(which).filter(|_| self.waiters.len() < 2) else { return };
        let thread = self.scope.spawn(move || handle.wait());
        self.waiters.push(Waiter { epoch: handle.epoch().as_u64(), thread });
    }

    fn handle(&self, which: usize) -> Option<Handle<'t>> {
        self.handles.get(which % self.handles.len().max(1)).copied()
    }

    /// The waits that must be over return, and with the right answer.
    pub fn settle_waiters(&mut self) {
        for waiter in std::mem::take(&mut self.waiters) {
            if let Some(expected) = self.cover(waiter.epoch) {
                until(|| waiter.thread.is_finished() || !self.agrees());
                assert!(waiter.thread.is_finished(), "a wait goes on after its run, or the model is wrong");
                assert_eq!(waiter.thread.join().expect("a wait does not panic"), expected);
                self.reached.count("waited");
            } else {
                // While a later run is in progress, a waiter may or may not have seen the one between.
                let is_pending = self.judge.model.latest_start == waiter.epoch;
                assert!(!is_pending || !waiter.thread.is_finished(), "a wait ends before its run");
                self.waiters.push(waiter);
            }
        }
    }
}
