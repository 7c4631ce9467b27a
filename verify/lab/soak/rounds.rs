//! The rounds of a soak: one storm after the other.

use crate::draw::Asked;
use atomic_throttle::Throttle;
use clap::Parser;
use indicatif::ProgressBar;
use lab::front::{Asynchronous, Background, Blocking, Front, KeyedLeading, KeyedTrailing, Which};
use lab::judge::Verdict;
use lab::options::Options;
use lab::record::Run;
use lab::whole::{self, Whole};
use std::sync::Arc;
use std::time::Duration;

/// The front ends, in the order of their rounds. `Throttle` has two in six: in it callers own deferrals, so
/// most can happen there.
pub const TURNS: [Which; 6] =
    [Which::Blocking, Which::Background, Which::Async, Which::Blocking, Which::Keyed, Which::KeyedLeading];

/// The result of a round.
pub struct Round {
    pub which: Which,
    /// How to repeat it.
    pub line: String,
    pub verdict: Verdict,
}

/// A series of rounds.
pub struct Rounds {
    asked: Asked,
    turns: &'static [Which],
    /// That of all rounds of `Throttle`. The other front ends end with each round, and begin with it.
    throttle: Arc<Throttle>,
    before: Option<Run>,
    number: usize,
}

impl Rounds {
    /// Of these front ends, in turn.
    pub fn new(asked: Asked, turns: &'static [Which]) -> Self {
        Self { asked, turns, throttle: Arc::new(Throttle::new(Duration::ZERO)), before: None, number: 0 }
    }

    /// One more round.
    pub fn next(&mut self) -> Result<Round, String> {
        let which = self.turns[self.number % self.turns.len()];
        let line = self.asked.line(self.number as u64, which, self.number / self.turns.len());
        self.number += 1;
        let verdict = self.perform(&options(&line)?)?.verdict;
        Ok(Round { which, line, verdict })
    }

    pub fn perform(&mut self, options: &Options) -> Result<Whole, String> {
        match options.front {
            Which::Blocking => self.go_on(options),
            Which::Background => afresh::<Background>(options),
            Which::Async => afresh::<Asynchronous>(options),
            Which::Keyed => afresh::<KeyedTrailing>(options),
            Which::KeyedLeading => afresh::<KeyedLeading>(options),
        }
    }

    /// A storm on the throttle of the storms before.
    fn go_on(&mut self, options: &Options) -> Result<Whole, String> {
        let (throttle, bar) = (&self.throttle, ProgressBar::hidden());
        let on = |recorder: &_| Ok(Blocking::on(throttle, options, recorder));
        let whole = whole::perform_on(options, &bar, self.before, on)?;
        self.before = whole.last_run().or(self.before);
        Ok(whole)
    }
}

/// A storm on a front end that begins with it.
fn afresh<F: Front>(options: &Options) -> Result<Whole, String> {
    whole::perform::<F>(options, &ProgressBar::hidden())
}

pub fn options(line: &str) -> Result<Options, String> {
    let options = Options::try_parse_from(std::iter::once("storm").chain(line.split_whitespace()));
    let options = options.map_err(|e| e.to_string())?;
    options.check().map_err(|unfit| unfit.to_string())?;
    Ok(options)
}

#[cfg(test)]
#[path = "rounds_tests.rs"]
mod tests;
