//! What a set of histories reached, so that a test can show that it checked what it claims to check.

use crate::history::History;
use std::collections::BTreeMap;
use std::fmt;

/// Counts over many histories.
#[derive(Debug, Default)]
pub struct Reached {
    pub histories: usize,
    pub with_overlap: usize,
    pub calls: usize,
    pub overlaps: usize,
    /// How often an operation got an answer, by the first word of each: `"Arrive Defer"`.
    pub outcomes: BTreeMap<String, usize>,
}

impl Reached {
    /// Adds what `history` reached.
    pub fn add<O, A>(&mut self, history: &History<O, A>)
    where
        O: fmt::Debug + fmt::Display + Clone,
        A: fmt::Debug + fmt::Display + Clone + PartialEq,
    {
        let overlaps = history.overlaps();
        self.histories += 1;
        self.with_overlap += usize::from(overlaps > 0);
        self.calls += history.calls.len();
        self.overlaps += overlaps;
        for call in &history.calls {
            let outcome = format!("{} {}", first_word(&call.operation), first_word(&call.answer));
            *self.outcomes.entry(outcome).or_default() += 1;
        }
    }

    /// Whether there are this many histories, at least half as many concurrent ones, and each of these
    /// outcomes. The machine decides how often threads meet, so some checks need more histories than others.
    #[must_use]
    pub fn is_enough(&self, histories: usize, all: &[&str]) -> bool {
        let reached = all.iter().all(|outcome| self.outcomes.contains_key(*outcome));
        reached && self.histories >= histories && self.with_overlap * 2 >= histories
    }

    /// Asserts that half as many histories were concurrent, and that the outcomes were `all` of these.
    ///
    /// # Panics
    ///
    /// If one is missing, or one is not in `all`.
    pub fn assert_all(&self, histories: usize, all: &[&str]) {
        println!("{self}");
        assert!(self.with_overlap * 2 >= histories, "few histories are concurrent");
        let reached: Vec<&str> = self.outcomes.keys().map(String::as_str).collect();
        assert_eq!(reached, all, "the outcomes that were reached, and those that there are");
    }
}

impl fmt::Display for Reached {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { histories, with_overlap, calls, overlaps, outcomes } = self;
        write!(f, "{histories} histories, {with_overlap} with overlapping calls; {calls} calls, ")?;
        writeln!(f, "{overlaps} overlapping pairs")?;
        outcomes.iter().try_for_each(|(outcome, count)| writeln!(f, "{count:>8}  {outcome}"))
    }
}

fn first_word(text: &impl fmt::Display) -> String {
    text.to_string().chars().take_while(|char| char.is_alphanumeric()).collect()
}
