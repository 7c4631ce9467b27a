//! Keeps the checker from looking at the same thing twice.
//!
//! `LinearizabilityTester` tries the orders of a history one after the other. Many of them lead to the same
//! place: the same calls are done and the model is in the same state, only in another order. What can follow is
//! then the same, too. Without a memory of those places it would take hours to make sure that a history has no
//! order at all. The tester asks a specification about each step, so the specification can have that memory: it
//! refuses a step to a place where the search has been.

use stateright::semantics::SequentialSpec;
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

/// How many calls of each thread are done.
type Done = Vec<usize>;

/// `spec`, and the places where the search has been. An operation comes with its thread.
#[derive(Clone, Debug)]
pub struct Remembering<S> {
    spec: S,
    done: Done,
    been: Rc<RefCell<HashMap<Done, Vec<S>>>>,
}

impl<S> Remembering<S> {
    /// For a history of so many threads.
    pub fn new(spec: S, threads: usize) -> Self {
        Self { spec, done: vec![0; threads], been: Rc::default() }
    }
}

impl<S: SequentialSpec + Clone + PartialEq> SequentialSpec for Remembering<S> {
    type Op = (usize, S::Op);
    type Ret = S::Ret;

    fn invoke(&mut self, (thread, operation): &Self::Op) -> S::Ret {
        self.done[*thread] += 1;
        self.spec.invoke(operation)
    }

    fn is_valid_step(&mut self, (thread, operation): &Self::Op, answer: &S::Ret) -> bool {
        self.done[*thread] += 1;
        if !self.spec.is_valid_step(operation, answer) {
            return false;
        }
        let mut been = self.been.borrow_mut();
        let states = been.entry(self.done.clone()).or_default();
        let first_time = !states.contains(&self.spec);
        if first_time {
            states.push(self.spec.clone());
        }
        first_time
    }
}
