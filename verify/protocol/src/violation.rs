//! A rule that was seen broken.

use std::fmt::{self, Debug, Display};

/// Which rule, and where.
#[derive(Clone, Debug)]
pub struct Violation {
    pub rule: &'static str,
    pub case: String,
}

impl Violation {
    #[must_use]
    pub fn of(rule: &'static str, case: &dyn Debug) -> Self {
        Self { rule, case: format!("{case:?}") }
    }
}

impl Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.rule, self.case)
    }
}
