//! The result of a storm, in processes or in threads.

use super::clocks::Clocks;
use super::options::Options;
use super::order::{Order, log_of};
use ::processes::judge::{Fact, ProcessLog, Trial};
use ::processes::log::{Who, read};
use std::path::Path;
use std::time::Duration;

/// The setting of a storm.
pub struct Setting<'s> {
    pub options: &'s Options,
    pub lease: Duration,
    pub seed: u64,
    /// For the logs.
    pub folder: &'s Path,
}

impl Setting<'_> {
    pub fn order(&self, who: Who) -> Order {
        Order::new(self.options, self.lease, self.seed, self.folder, who)
    }
}

/// A storm that is over.
pub struct Past {
    /// All processes that took part.
    pub whos: Vec<Who>,
    pub facts: Vec<Fact>,
    pub clocks: Clocks,
    pub lasted: Duration,
    /// What should have ended and did not.
    pub stuck: Vec<String>,
}

/// All that the judge gets.
pub fn trial(setting: &Setting<'_>, past: &Past) -> Result<Trial, String> {
    let log = |&who: &Who| {
        let path = log_of(setting.folder, who);
        let records = read(&path).map_err(|e| format!("cannot read {}: {e}", path.display()))?;
        Ok(ProcessLog { who, records })
    };
    Ok(Trial {
        threshold: nanos(setting.options.threshold()),
        lease: nanos(setting.lease),
        ahead: past.clocks.ahead(),
        facts: past.facts.clone(),
        logs: past.whos.iter().map(log).collect::<Result<_, String>>()?,
    })
}

pub fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
