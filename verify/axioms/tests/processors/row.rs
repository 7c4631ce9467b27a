//! A row of the table: a program for a processor, an outcome, and whether it is allowed.

use axioms::{FinalState, Location, Program, Thread};

/// A thread over three locations, which begin as 0. It returns two values.
pub type Body = fn(&mut Thread, &[Location; 3]) -> [u64; 2];

pub type Asked = fn(&FinalState) -> bool;

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Verdict {
    Allowed,
    Forbidden,
    /// Allowed where a read-modify-write is a pair of instructions, and forbidden where it is one.
    AllowedForPairs,
}

pub use Verdict::{Allowed, AllowedForPairs, Forbidden};

pub struct Row {
    pub name: &'static str,
    pub verdict: Verdict,
    pub source: &'static str,
    pub program: Program,
    pub asked: Asked,
}

impl Row {
    pub fn is_allowed(&self, pairs: bool) -> bool {
        match self.verdict {
            Allowed => true,
            Forbidden => false,
            AllowedForPairs => pairs,
        }
    }
}

pub fn row(name: &'static str, verdict: Verdict, source: &'static str, bodies: &[Body], asked: Asked) -> Row {
    let mut program = Program::new();
    let locations = [0; 3].map(|initial| program.location(initial));
    for &body in bodies {
        program.thread(move |thread| body(thread, &locations));
    }
    Row { name, verdict, source, program, asked }
}

/// The verdict follows by hand from the axioms; we know of no printed one.
pub const BY_HAND: &str = "by hand, from the axioms";
