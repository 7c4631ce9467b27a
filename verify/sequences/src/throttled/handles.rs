//! The handles of calls, the threads that wait by them, and those that wait for the end.

use super::op::{Deed, Op};
use super::play::Play;
use crate::patience::until;
use atomic_throttle::{Pending, Shutdown, WaitError};
use std::thread::ScopedJoinHandle;
use std::time::Duration;

/// A thread that waits by a handle.
pub struct Waiter<'s> {
    epoch: u64,
    thread: ScopedJoinHandle<'s, Result<(), WaitError>>,
}

/// A thread that waits for the end.
pub type EndWaiter<'s> = ScopedJoinHandle<'s, Result<Shutdown, WaitError>>;

impl<'t: 's, 's> Play<'s, '_, 't> {
    pub fn ask(&mut self, which: usize) {
        let Some(&handle) = self.handles.get(which % self.handles.len().max(1)) else { return };
        let expected = self.life.cover(handle.epoch().as_u64());
        let result = handle.wait_for(Duration::ZERO);
        let is_over = expected.is_some();
        assert_eq!(result, expected.unwrap_or(Err(WaitError::TimedOut)), "epoch {:?}", handle.epoch());
        if is_over {
            assert_eq!(handle.wait(), result);
        }
        self.count(&result);
    }

    pub fn ask_for_all(&mut self, inside: bool) {
        let expected = self.life.cover_of_all();
        let otherwise = Err(if inside { WaitError::InsideRun } else { WaitError::TimedOut });
        let result = self.at(inside, |throttled| throttled.all().wait_for(Duration::ZERO));
        let is_over = inside || expected.is_some();
        assert_eq!(result, expected.unwrap_or(otherwise));
        if is_over {
            assert_eq!(self.at(inside, |throttled| throttled.all().wait()), result);
        }
        self.count(&result);
    }

    fn count(&mut self, result: &Result<(), WaitError>) {
        self.reached.count(match result {
            Ok(()) => "covered",
            Err(WaitError::Cancelled) => "told of a cancel",
            Err(WaitError::Owed) => "told of what is owed",
            Err(WaitError::Panicked) => "told of a panic",
            Err(WaitError::InsideRun) => "refused inside",
            Err(_) => "timed out",
        });
    }

    pub fn wait_elsewhere(&mut self, which: usize) {
        let handle = self.handles.get(which % self.handles.len().max(1)).copied();
        let Some(handle) = handle.filter(|_| self.waiters.len() < 2) else { return };
        let thread = self.scope.spawn(move || handle.wait());
        let epoch = handle.epoch().as_u64();
        self.waiters.push(Waiter { epoch, thread });
    }

    pub fn shutdown_elsewhere(&mut self, pending: Pending) {
        if self.end_waiters.is_empty() {
            self.perform(Op { deed: Deed::Shutdown(pending), inside: false });
            let throttled = self.throttled;
            self.end_waiters.push(self.scope.spawn(move || throttled.shutdown(pending).wait()));
        }
    }

    /// The waits that must be over return, and with the right answer.
    pub fn settle_waiters(&mut self) {
        for waiter in std::mem::take(&mut self.waiters) {
            if let Some(expected) = self.life.cover(waiter.epoch) {
                until(|| waiter.thread.is_finished());
                let result = waiter.thread.join().expect("a wait does not panic");
                assert_eq!(result, expected);
                self.reached.count("waited");
            } else {
                let is_pending = self.life.model().latest_start == waiter.epoch;
                assert!(!is_pending || !waiter.thread.is_finished(), "a wait ends before its run");
                self.waiters.push(waiter);
            }
        }
        if self.life.has_ended {
            for waiter in std::mem::take(&mut self.end_waiters) {
                assert_eq!(waiter.join().expect("no panic"), Ok(self.life.shutdown));
                self.reached.count("waited for the end");
            }
        }
        assert!(self.end_waiters.iter().all(|waiter| !waiter.is_finished()), "it has not ended");
    }
}
