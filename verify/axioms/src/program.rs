//! A program: locations, and threads that use them.

use crate::candidates::{self, Candidates};
use crate::foresee;
use crate::generate;
use crate::judgement::Judgement;
use crate::model::Model;
use crate::thread::{Seen, Thread, Unfolding};
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

/// A place in memory that holds one value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Location(pub(crate) usize);

type Body = dyn Fn(&mut Thread) -> Vec<u64>;

type Unfoldings = HashMap<(usize, Vec<Seen>), Rc<Unfolding>>;

/// A few threads over a few locations.
#[derive(Default)]
pub struct Program {
    pub(crate) initial: Vec<u64>,
    pub(crate) spurious_failures: usize,
    threads: Vec<Box<Body>>,
    /// What the threads do, by what they have seen, so that each function runs once for each series.
    unfoldings: RefCell<Unfoldings>,
}

impl Program {
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A location that holds `initial` before any thread begins.
    pub fn location(&mut self, initial: u64) -> Location {
        self.initial.push(initial);
        Location(self.initial.len() - 1)
    }

    /// Adds a thread. `body` runs many times, so it may depend on nothing but what it reads. Its result is its
    /// part of the [`FinalState`](crate::FinalState).
    pub fn thread<const N: usize>(&mut self, body: impl Fn(&mut Thread) -> [u64; N] + 'static) {
        self.threads.push(Box::new(move |thread| body(thread).to_vec()));
    }

    /// How often a weak compare-and-swap of each thread may fail on the value that it expects. The default is
    /// 0.
    pub fn spurious_failures(&mut self, most: usize) {
        self.spurious_failures = most;
    }

    /// All executions that `model` allows.
    #[must_use]
    pub fn judge(&self, model: Model) -> Judgement {
        if model.buffers() {
            return foresee::judge(self, model);
        }
        let mut judgement = Judgement::default();
        generate::executions(self, model, |execution, returned| judgement.add(model, execution, returned));
        judgement
    }

    /// Gives the same by trying all candidates, and also says how many there were. It is for the smallest
    /// programs, without loops: the more values a location takes, the more candidates there are.
    #[must_use]
    pub fn judge_candidates(&self, model: Model) -> Candidates {
        candidates::judge(self, model)
    }

    pub(crate) fn threads(&self) -> usize {
        self.threads.len()
    }

    pub(crate) fn unfold(&self, thread: usize, seen: &[Seen]) -> Rc<Unfolding> {
        let key = (thread, seen.to_vec());
        if let Some(known) = self.unfoldings.borrow().get(&key) {
            return Rc::clone(known);
        }
        let unfolding = Rc::new(Thread::unfold(&*self.threads[thread], seen.to_vec()));
        self.unfoldings.borrow_mut().insert(key, Rc::clone(&unfolding));
        unfolding
    }
}
