//! A row of the table: a program, an outcome, and whether it is allowed.

use axioms::{FinalState, Model, Program};

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Verdict {
    Allowed,
    Forbidden,
    /// Forbidden in the paper's model, allowed since C++20.
    AllowedSinceCpp20,
    /// Forbidden by the axiom against values out of thin air, and allowed without it.
    AllowedBuffered,
}

pub use Verdict::{Allowed, AllowedBuffered, AllowedSinceCpp20, Forbidden};

impl Verdict {
    pub fn allows(self, model: Model) -> bool {
        match self {
            Allowed => true,
            Forbidden => false,
            AllowedSinceCpp20 => model != Model::RC11,
            AllowedBuffered => model == Model::BUFFERED,
        }
    }
}

/// Lahav, Vafeiadis, Kang, Hur, Dreyer: Repairing Sequential Consistency in C/C++11, PLDI 2017. The
/// verdict is discussed there.
pub const PLDI17: &str = "Lahav et al., PLDI 2017";

/// Batty, Owens, Sarkar, Sewell, Weber: Mathematizing C++ Concurrency, POPL 2011. The verdict is
/// discussed there, and RC11 leaves it as it is.
pub const POPL11: &str = "Batty et al., POPL 2011";

/// The C++20 standard, on release sequences and coherence.
pub const RACES: &str = "C++20, [intro.races]";

/// The C++20 standard, on SC accesses and fences.
pub const ORDER: &str = "C++20, [atomics.order]";

/// The C++20 standard, on release and acquire fences.
pub const FENCES: &str = "C++20, [atomics.fences]";

/// We know of no printed verdict: it follows by hand from the axioms of the paper.
pub const BY_HAND: &str = "by hand, from the axioms of PLDI 2017";

pub struct Row {
    pub name: String,
    pub program: Program,
    pub asked: fn(&FinalState) -> bool,
    pub verdict: Verdict,
    pub source: &'static str,
}

pub fn row(
    name: impl Into<String>,
    verdict: Verdict,
    source: &'static str,
    program: Program,
    asked: fn(&FinalState) -> bool,
) -> Row {
    Row { name: name.into(), program, asked, verdict, source }
}
