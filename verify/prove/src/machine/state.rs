//! Where a path is.

use super::memory::Byte;
use crate::ir::{Claims, Function, Instruction, Type};
use crate::term::{Node, Term, Terms};
use std::collections::{HashMap, HashSet};
use std::rc::Rc;

/// The value of a variable.
#[derive(Clone, Debug)]
pub enum Value {
    Bits {
        term: Term,
        poison: Term,
    },
    /// An allocation, and how many bytes into it.
    Pointer {
        allocation: usize,
        offset: usize,
    },
    Aggregate(Vec<Self>),
}

impl Value {
    /// A term that is not poison.
    pub fn sure(terms: &Terms, term: Term) -> Self {
        Self::Bits { term, poison: terms.no() }
    }

    /// The begin of an allocation.
    pub fn place(allocation: usize) -> Self {
        Self::Pointer { allocation, offset: 0 }
    }
}

/// How a path ends.
#[derive(Clone, Debug)]
pub enum How {
    Returned(Vec<Term>),
    /// A call within it gives this, which is merged with what its other paths give.
    Gave(Value),
    /// By a call of this function, which does not return.
    Panicked(String),
    /// What it does here is undefined.
    Undefined(String),
}

/// The end of a path, and when it is reached.
#[derive(Clone, Debug)]
pub struct End {
    pub condition: Term,
    pub how: How,
}

/// Where the result of a call goes.
#[derive(Clone)]
pub struct Expected {
    pub result: Option<String>,
    pub returns: Option<Type>,
    pub claims: Claims,
    pub text: String,
}

/// A call under way.
#[derive(Clone)]
pub struct Frame {
    pub module: usize,
    pub function: Rc<Function>,
    pub block: usize,
    pub at: usize,
    /// The block before this one.
    pub came_from: Option<usize>,
    pub variables: HashMap<String, Value>,
    /// The blocks that it has been in.
    pub visited: HashSet<usize>,
    /// `None` for the first call.
    pub expected: Option<Expected>,
}

impl Frame {
    pub fn new(
        (module, function): (usize, Rc<Function>),
        variables: HashMap<String, Value>,
        expected: Option<Expected>,
    ) -> Self {
        let visited = HashSet::from([0]);
        Self { module, function, block: 0, at: 0, came_from: None, variables, visited, expected }
    }

    /// The instruction that comes next, and moves on.
    pub fn next(&mut self) -> Result<Instruction, String> {
        let block = self.function.blocks.get(self.block).ok_or("a function without a block")?;
        let next = block.instructions.get(self.at).ok_or_else(|| format!("{} does not end", block.label))?;
        self.at += 1;
        Ok(next.clone())
    }

    /// Goes on with a block.
    ///
    /// # Errors
    ///
    /// If it was here before: a loop.
    pub fn enter(&mut self, label: &str) -> Result<(), String> {
        let blocks = self.function.blocks.iter();
        let place = blocks.clone().position(|block| block.label == label);
        let place = place.ok_or_else(|| format!("there is no block {label}"))?;
        if !self.visited.insert(place) {
            return Err(format!("a loop, by {label} of {}", self.function.name));
        }
        (self.came_from, self.block, self.at) = (Some(self.block), place, 0);
        Ok(())
    }
}

impl Path {
    /// Whether this holds, if the branches before have decided that already.
    pub fn decided(&self, terms: &Terms, truth: Term) -> Option<bool> {
        match terms.node(truth).1 {
            Node::Constant(value) => Some(value == 1),
            Node::Not(inner) => Some(!self.decided(terms, inner)?),
            _ => self.decided.get(&truth).copied(),
        }
    }

    /// Decides a branch.
    pub fn decide(&mut self, terms: &Terms, truth: Term, holds: bool) {
        match terms.node(truth).1 {
            Node::Not(inner) => self.decide(terms, inner, !holds),
            _ => drop(self.decided.insert(truth, holds)),
        }
    }
}

/// What the first call of a path returns.
#[derive(Clone, Copy)]
pub enum Gives {
    /// So many numbers.
    Numbers(usize),
    /// So many numbers, which it writes to the first allocation.
    NumbersByPlace(usize),
    /// One value of any kind, to be merged.
    Value,
}

/// One way through the function.
#[derive(Clone)]
pub struct Path {
    /// When it is taken.
    pub condition: Term,
    /// What was decided at its branches.
    pub decided: HashMap<Term, bool>,
    /// The allocations.
    pub memory: Vec<Vec<Byte>>,
    /// The calls under way, the innermost one last.
    pub frames: Vec<Frame>,
    pub gives: Gives,
}
