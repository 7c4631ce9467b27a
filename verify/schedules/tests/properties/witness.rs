//! Witnesses, which see what happens. A witness keeps its notes where shuttle does not look, so that no other
//! thread may go on while it takes a note: the notes are exact.

use super::CALLERS;
use shuttle::sync::atomic::AtomicBool as Step;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

/// Sees whether two runs overlap (G2).
pub struct Alone {
    inside: AtomicBool,
    /// A run touches it, so that other threads may go on meanwhile.
    step: Step,
}

/// A thread that is inside a run.
pub struct Inside<'w>(&'w Alone);

impl Alone {
    pub fn new() -> Self {
        Self { inside: AtomicBool::new(false), step: Step::new(false) }
    }

    pub fn enter(&self) -> Inside<'_> {
        assert!(!self.inside.swap(true, SeqCst), "G2: two runs overlap");
        self.step.store(true, SeqCst);
        Inside(self)
    }
}

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        self.0.inside.store(false, SeqCst);
    }
}

/// How many calls each thread makes.
pub const CALLS: usize = 2;

/// Sees which calls are covered (G3): each call leaves its word, each run reads those of all calls.
pub struct Coverage {
    words: [Step; CALLERS * CALLS],
    read: [AtomicBool; CALLERS * CALLS],
}

impl Coverage {
    pub fn new() -> Self {
        Self {
            words: std::array::from_fn(|_| Step::new(false)),
            read: std::array::from_fn(|_| AtomicBool::new(false)),
        }
    }

    /// The number of a call of a thread.
    pub fn number(caller: usize, call: usize) -> usize {
        caller * CALLS + call
    }

    /// What a call does before it asks for a run.
    pub fn leave_word(&self, number: usize) {
        self.words[number].store(true, SeqCst);
    }

    /// What a run does.
    pub fn read_words(&self) {
        for (word, read) in self.words.iter().zip(&self.read) {
            if word.load(SeqCst) {
                read.store(true, SeqCst);
            }
        }
    }

    /// Whether that call has left its word.
    pub fn has_word(&self, number: usize) -> bool {
        self.words[number].load(SeqCst)
    }

    /// Whether a run has read the word of that call.
    pub fn covers(&self, number: usize) -> bool {
        self.read[number].load(SeqCst)
    }

    pub fn covers_all(&self) -> bool {
        self.read.iter().all(|read| read.load(SeqCst))
    }
}
