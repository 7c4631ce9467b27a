//! The final answers of callers: the actual ones, and the expected ones.

use super::{Fate, Play, Wrong};
use crate::by_hand::Driven;
use atomic_throttle::WaitError;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::task::Poll;

/// The final answer to a caller.
#[derive(Debug, PartialEq)]
pub enum Said {
    Waited(Result<(), WaitError>),
    Ran(&'static str, u32),
    Panicked,
    Cancelled,
    Owed,
}

pub struct Caller {
    pub future: Driven<Said>,
    /// The runs with a greater epoch cover its call. `None`: it waits for nothing.
    pub after: Option<u64>,
    /// The task of its own function, if the function matters to it.
    pub task: Option<(usize, &'static str)>,
}

impl Play {
    /// What a wait for the runs after `after` returns at this moment.
    fn cover(&self, after: u64) -> Option<Result<(), WaitError>> {
        match self.settled.cover(&self.judge.model, after) {
            Some(Err(WaitError::Panicked)) if self.wrong == Some(Wrong::LaterRunHides) => {
                let is_hidden = self.settled.has_later_success(after);
                Some(if is_hidden { Ok(()) } else { Err(WaitError::Panicked) })
            }
            told => told,
        }
    }

    /// What a caller gets at this moment.
    pub(super) fn expected(&self, caller: &Caller) -> Option<Said> {
        let Some(after) = caller.after else { return Some(Said::Waited(Ok(()))) };
        let waited = || self.cover(after).map(Said::Waited);
        let Some((task, edge)) = caller.task else { return waited() };
        match self.tasks[task] {
            Ok(_) => None,
            Err(Fate::Returned) => Some(Said::Ran(edge, 7)),
            Err(Fate::Panicked) => Some(Said::Panicked),
            Err(Fate::Gone) => waited(),
            Err(Fate::Cancelled) => Some(Said::Cancelled),
            Err(Fate::Dropped) => match self.cover(after) {
                Some(Err(WaitError::Owed)) => Some(Said::Owed),
                Some(Err(WaitError::Cancelled)) => Some(Said::Cancelled),
                _ => waited(),
            },
        }
    }

    pub(super) fn poll_caller(&mut self, which: usize) {
        let expected = self.expected(&self.callers[which]);
        let future = &mut self.callers[which].future;
        let said = match catch_unwind(AssertUnwindSafe(|| future.poll())) {
            Ok(Poll::Ready(said)) => Some(said),
            Ok(Poll::Pending) => None,
            Err(payload) if payload.downcast_ref() == Some(&"on purpose") => Some(Said::Panicked),
            Err(payload) => resume_unwind(payload),
        };
        assert_eq!(said, expected);
        match said {
            Some(Said::Waited(Err(WaitError::Owed)) | Said::Owed) => self.reached.count("told owed"),
            Some(Said::Waited(Err(WaitError::Cancelled)) | Said::Cancelled) => {
                self.reached.count("told cancelled");
            }
            Some(Said::Waited(Err(WaitError::Panicked)) | Said::Panicked) => {
                self.reached.count("told panicked");
            }
            _ => {}
        }
        // A caller that a dropped task left behind goes on with its ticket.
        let fate = self.callers[which].task.map(|(task, _)| self.tasks[task]);
        if said.is_some() {
            drop(self.callers.swap_remove(which));
        } else if matches!(fate, Some(Err(_))) {
            self.callers[which].task = None;
        }
    }
}
