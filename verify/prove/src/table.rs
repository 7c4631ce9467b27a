//! The table of transitions, in numbers: what its words mean, by `docs/word.md` and by nothing of the library.
//!
//! All numbers here are so wide that no sum of them overflows.

use crate::term::{Op, Term, Terms};
use rows::{Condition, Deferral, Next, Row};
use std::collections::BTreeMap;

/// The width of the numbers of the specification.
pub const WIDE: u32 = 96;

/// The latest reading of a clock.
pub const MAX: u128 = (1 << 61) - (1 << 56);

/// The last start that the word can hold.
pub const LAST: u128 = (1 << 61) - 1;

/// What no reading reaches.
pub const NEVER: u128 = u64::MAX as u128;

/// An event, and the arguments of its wrapper after the word. It returns the next word, the outcome, `due` or
/// `retry_at`, and `refused_at`.
pub struct Event {
    pub name: &'static str,
    pub arguments: &'static [&'static str],
}

const fn event(name: &'static str, arguments: &'static [&'static str]) -> Event {
    Event { name, arguments }
}

const UNDER: &[&str] = &["now", "threshold", "has_lease", "lease"];

pub const EVENTS: [Event; 12] = [
    event("arrive", &["now", "threshold"]),
    event("arrive_under", UNDER),
    event("arrive_by", &["now", "latest", "threshold"]),
    event("request", &[]),
    event("owe", &[]),
    event("try_start", &["now", "threshold"]),
    event("fire", &["epoch", "now", "threshold"]),
    event("abandon", &["epoch"]),
    event("cancel", &[]),
    event("flush", &["now"]),
    event("flush_under", UNDER),
    event("finish", &["epoch"]),
];

/// How many numbers the wrapper of an event returns.
pub const RESULTS: usize = 4;

/// The outcomes, by the names of the table. The wrappers in `exports` return the place of an outcome here.
pub const OUTCOMES: [&str; 16] = [
    "false",
    "true",
    "Run",
    "Defer",
    "Coalesced",
    "Closed",
    "Running",
    "Gone",
    "Cancelled",
    "Busy",
    "Early",
    "Nothing",
    "Requested",
    "Owed",
    "Finished",
    "Ignored",
];

/// The place of an outcome among those of the wrappers.
#[must_use]
pub fn outcome(name: &str) -> Option<u128> {
    (0..).zip(OUTCOMES).find_map(|(place, known)| (known == name).then_some(place))
}

/// `d` as it stands in the word.
#[must_use]
pub fn bits(deferral: Deferral) -> u128 {
    match deferral {
        Deferral::None => 0b00,
        Deferral::Pending => 0b01,
        Deferral::Cancelled => 0b10,
        Deferral::Owed => 0b11,
    }
}

/// A word and the arguments of an event, as the table sees them.
pub struct Case<'t> {
    terms: &'t Terms,
    pub word: Term,
    pub last: Term,
    pub deferral: Term,
    pub running: Term,
    numbers: BTreeMap<&'static str, Term>,
}

/// A number of the specification.
pub fn number(terms: &Terms, value: u128) -> Term {
    terms.constant(value, WIDE)
}

/// The parts of a word: `last`, `d` and `r`.
pub fn fields(terms: &Terms, word: Term) -> [Term; 3] {
    [(3, 61), (1, 2), (0, 1)].map(|(low, width)| terms.extend(terms.part(low, width, word), WIDE))
}

/// A number that counts as a timestamp: a reading is at most `MAX`, and `NEVER` stays.
pub fn timestamp(terms: &Terms, raw: Term) -> Term {
    let (raw, never) = (terms.extend(raw, WIDE), number(terms, NEVER));
    terms.choose(terms.equal(raw, never), never, terms.least(raw, number(terms, MAX)))
}

/// The end of what begins at `last` and takes `length`.
pub fn end(terms: &Terms, last: Term, length: Term) -> Term {
    let end = terms.of(Op::Add, last, length);
    terms.choose(terms.less(number(terms, MAX), end), number(terms, NEVER), end)
}

/// The end of the window: none if nothing ran, or no spacing is asked for.
pub fn window_end(terms: &Terms, last: Term, threshold: Term) -> Term {
    let zero = number(terms, 0);
    let is_none = terms.or(terms.equal(last, zero), terms.equal(threshold, zero));
    terms.choose(is_none, zero, end(terms, last, threshold))
}

impl<'t> Case<'t> {
    /// The raw numbers that the wrapper gets, and what they count as.
    pub fn new(terms: &'t Terms, event: &Event, raw: &BTreeMap<&'static str, Term>) -> Self {
        let word = raw["word"];
        let [last, deferral, running] = fields(terms, word);
        let max = number(terms, MAX);
        let mut numbers = BTreeMap::new();
        for name in event.arguments {
            let wide = terms.extend(raw[name], WIDE);
            let counts_as = match *name {
                "now" | "threshold" => terms.least(wide, max),
                "latest" => timestamp(terms, raw[name]),
                "epoch" => terms.least(wide, number(terms, LAST)),
                "lease" => terms.greatest(number(terms, 1), terms.least(wide, max)),
                _ => wide,
            };
            numbers.insert(*name, counts_as);
        }
        Self { terms, word, last, deferral, running, numbers }
    }

    /// An argument, as what it counts.
    ///
    /// # Errors
    ///
    /// If the event has no such argument.
    pub fn number(&self, name: &str) -> Result<Term, String> {
        self.numbers.get(name).copied().ok_or_else(|| format!("the event has no {name}"))
    }

    /// The end of the window.
    ///
    /// # Errors
    ///
    /// If the event has no threshold.
    pub fn due(&self) -> Result<Term, String> {
        Ok(window_end(self.terms, self.last, self.number("threshold")?))
    }

    fn is_lease_over(&self) -> Result<Term, String> {
        let terms = self.terms;
        let has_one = terms.not(terms.equal(self.number("has_lease")?, number(terms, 0)));
        let end = end(terms, self.last, self.number("lease")?);
        Ok(terms.and(has_one, terms.at_most(end, self.number("now")?)))
    }

    fn holds(&self, condition: Condition) -> Result<Term, String> {
        let terms = self.terms;
        Ok(match condition {
            Condition::Open => terms.at_most(self.due()?, self.number("now")?),
            Condition::Closed => terms.less(self.number("now")?, self.due()?),
            Condition::LeaseOver => self.is_lease_over()?,
            Condition::LeaseHolds => terms.not(self.is_lease_over()?),
            Condition::DueByLatest => terms.at_most(self.due()?, self.number("latest")?),
            Condition::DueAfterLatest => terms.less(self.number("latest")?, self.due()?),
            Condition::OfThisEpoch => terms.equal(self.last, self.number("epoch")?),
            Condition::OfAnotherEpoch => terms.not(terms.equal(self.last, self.number("epoch")?)),
        })
    }

    /// Whether a row applies.
    ///
    /// # Errors
    ///
    /// If it asks for what the event does not have.
    pub fn applies(&self, row: &Row) -> Result<Term, String> {
        let terms = self.terms;
        let is = |term, value| terms.equal(term, number(terms, value));
        let mut applies = terms.any(row.deferral.iter().map(|it| is(self.deferral, bits(*it))));
        if let Some(running) = row.running {
            applies = terms.and(applies, is(self.running, running.into()));
        }
        for condition in &row.when {
            applies = terms.and(applies, self.holds(*condition)?);
        }
        Ok(applies)
    }

    /// The word of these fields.
    fn packed(&self, last: Term, deferral: Term, running: Term) -> Term {
        let terms = self.terms;
        let part = |width, term| terms.part(0, width, term);
        terms.join(part(61, last), terms.join(part(2, deferral), part(1, running)))
    }

    fn next(&self, next: Next) -> Result<Term, String> {
        let terms = self.terms;
        let number = |value| number(terms, value);
        Ok(match next {
            Next::Same => self.word,
            Next::Start => {
                let after = terms.of(Op::Add, self.last, number(1));
                let stamp = terms.greatest(self.number("now")?, after);
                // From the last of 2^61 starts `last` cannot grow.
                self.packed(terms.least(stamp, number(LAST)), number(bits(Deferral::None)), number(1))
            }
            Next::Finished => self.packed(self.last, self.deferral, number(0)),
            Next::Deferral(deferral) => self.packed(self.last, number(bits(deferral)), self.running),
        })
    }

    /// What the wrapper must return where a row applies.
    ///
    /// # Errors
    ///
    /// If the row names an outcome that is not known, or asks for what the event does not have.
    pub fn results(&self, row: &Row) -> Result<[Term; RESULTS], String> {
        let terms = self.terms;
        let short = |term| terms.part(0, 64, term);
        let zero = terms.constant(0, 64);
        let outcome =
            outcome(&row.outcome).ok_or_else(|| format!("the outcome {} is not known", row.outcome))?;
        let (due, refused_at) = match row.outcome.as_str() {
            "Defer" | "Early" => (short(self.due()?), zero),
            "Closed" => (short(self.due()?), short(self.number("now")?)),
            _ => (zero, zero),
        };
        Ok([self.next(row.next)?, terms.constant(outcome, 64), due, refused_at])
    }
}

/// The rows of each event, in the order of [`EVENTS`].
///
/// # Errors
///
/// If the table cannot be read, names an event that is not known, or has no row for one.
pub fn by_event(text: &str) -> Result<Vec<(&'static Event, Vec<Row>)>, String> {
    let mut rows = rows::rows(text).map_err(|why| why.to_string())?;
    let mut sorted = Vec::new();
    for event in &EVENTS {
        let name = |row: &Row| row.event.split('(').next().unwrap_or_default().to_owned();
        let (of_event, others): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| name(row) == event.name);
        if of_event.is_empty() {
            return Err(format!("there is no row for {}", event.name));
        }
        rows = others;
        sorted.push((event, of_event));
    }
    match rows.first() {
        None => Ok(sorted),
        Some(row) => Err(format!("the event {} is not known", row.event)),
    }
}
