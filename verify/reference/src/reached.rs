//! The things that sequences did, counted by name.

use std::collections::BTreeMap;

/// What sequences did, so that a test can show that it reached what it claims to check.
#[derive(Clone, Debug, Default)]
pub struct Reached(BTreeMap<&'static str, usize>);

impl Reached {
    pub fn count(&mut self, what: &'static str) {
        *self.0.entry(what).or_default() += 1;
    }

    pub fn add(&mut self, other: &Self) {
        for (what, count) in &other.0 {
            *self.0.entry(what).or_default() += count;
        }
    }

    #[must_use]
    pub fn of(&self, what: &str) -> usize {
        self.0.get(what).copied().unwrap_or(0)
    }
}
