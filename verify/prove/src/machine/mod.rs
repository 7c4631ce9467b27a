//! Executes IR symbolically, path by path: every branch is taken both ways, each under its condition.
//!
//! Poison is tracked: a value knows under which condition it is poison, by what the compiler claims of it and of what
//! it was made from. Where poison would be undefined behaviour, the path has an end of its own, which must be shown to
//! be impossible. A function must be without loops.
//!
//! A call that takes and gives only numbers is executed by itself. What its paths give is merged into one value,
//! so that small functions do not multiply the paths.

mod call;
mod compute;
mod intrinsics;
mod memory;
mod state;
mod step;
#[cfg(test)]
mod tests;

use crate::ir::Program;
use crate::term::{Term, Terms};
use std::cell::Cell;
use std::collections::HashMap;

pub use self::state::{End, How};

use self::call::Known;
use self::state::{Frame, Gives, Path, Value};

/// A function as one term for each of its results.
#[derive(Debug)]
pub struct Summary {
    pub results: Vec<Term>,
    /// Where it does anything but return: it panics, or what it does is undefined.
    pub fails: Term,
    /// How each path ends.
    pub ends: Vec<End>,
}

/// So many steps on all paths together are more than any of these functions should take.
const STEPS: usize = 2_000_000;

/// Executes functions of a program.
pub struct Machine<'p> {
    terms: &'p Terms,
    program: &'p Program,
    known: Known,
    /// How many values were made that could be anything.
    unknown: Cell<usize>,
    steps: Cell<usize>,
}

impl<'p> Machine<'p> {
    #[must_use]
    pub fn new(terms: &'p Terms, program: &'p Program) -> Self {
        Self { terms, program, known: Known::default(), unknown: Cell::new(0), steps: Cell::new(0) }
    }

    /// What the exported function returns for these arguments: numbers of 64 bits, as many as `results`.
    ///
    /// # Errors
    ///
    /// If anything in it is not known, or it has a loop.
    pub fn summary(&self, path: &str, arguments: &[Term], results: usize) -> Result<Summary, String> {
        let ends = self.ends(path, arguments, results).map_err(|why| format!("{path}: {why}"))?;
        let terms = self.terms;
        let mut summary = Summary { results: vec![terms.constant(0, 64); results], fails: terms.no(), ends };
        let mut reached = terms.no();
        for end in &summary.ends {
            match &end.how {
                How::Returned(values) => {
                    reached = terms.or(reached, end.condition);
                    for (result, value) in summary.results.iter_mut().zip(values) {
                        *result = terms.choose(end.condition, *value, *result);
                    }
                }
                How::Panicked(_) | How::Undefined(_) | How::Gave(_) => {
                    summary.fails = terms.or(summary.fails, end.condition);
                }
            }
        }
        // Every value leads to some end: no path was forgotten.
        summary.fails = terms.or(summary.fails, terms.not(reached));
        Ok(summary)
    }

    fn ends(&self, path: &str, arguments: &[Term], results: usize) -> Result<Vec<End>, String> {
        let name = self.program.exported(path)?;
        self.steps.set(0);
        self.explore(self.entry(&name, arguments, results)?)
    }

    /// All ends of what begins here.
    fn explore(&self, path: Path) -> Result<Vec<End>, String> {
        let (mut open, mut ends) = (vec![path], Vec::new());
        while let Some(path) = open.pop() {
            self.steps.set(self.steps.get() + 1);
            if self.steps.get() > STEPS {
                return Err("it takes too many steps".to_owned());
            }
            self.step(path, &mut open, &mut ends)?;
        }
        Ok(ends)
    }

    /// The path that begins with this function. Its results may come as a value, or at a place that it is given.
    fn entry(&self, name: &str, arguments: &[Term], results: usize) -> Result<Path, String> {
        let found = self.function(0, name)?.ok_or("it is only declared")?;
        let mut memory = Vec::new();
        let mut variables = HashMap::new();
        let (mut values, mut by_place) = (arguments.iter(), false);
        for parameter in &found.1.parameters {
            let value = if parameter.pointed.is_result {
                by_place = true;
                memory.push(vec![memory::Byte::Unknown; results * 8]);
                Value::place(0)
            } else {
                Value::sure(self.terms, *values.next().ok_or("it takes more arguments")?)
            };
            self.check_parameter(parameter, &value, memory.first())?;
            variables.insert(parameter.name.clone(), value);
        }
        if values.next().is_some() {
            return Err("it takes fewer arguments".to_owned());
        }
        let frame = Frame::new(found, variables, None);
        let decided = HashMap::new();
        let condition = self.terms.yes();
        let gives = if by_place { Gives::NumbersByPlace(results) } else { Gives::Numbers(results) };
        Ok(Path { condition, decided, memory, frames: vec![frame], gives })
    }

    /// A value that could be anything.
    fn anything(&self, width: u32) -> Term {
        self.unknown.set(self.unknown.get() + 1);
        self.terms.variable(&format!("unknown{}", self.unknown.get()), width)
    }
}
