//! Which model kills a weakened site.

use crate::weaken::models::Model;
use crate::weaken::reply::{Ending, Reply};
use crate::weaken::switch::{NOTHING, REMOVED};
use crate::weaken::weaker::Weaker;
use std::collections::BTreeSet;
use std::time::Duration;

/// A model that takes longer than this with nothing weakened is asked only when no quicker one kills.
const QUICK: Duration = Duration::from_secs(2);
/// How long any other model may take.
const LIMIT: Duration = Duration::from_secs(300);

/// Runs a model with a plan, for at most a time. Returns the reply and the time that the model took.
pub trait Run: Fn(&Model, &str, Duration) -> Result<(Reply, Duration), String> + Sync {}
impl<R: Fn(&Model, &str, Duration) -> Result<(Reply, Duration), String> + Sync> Run for R {}

/// A model, and what it did while nothing was weakened.
#[derive(Clone, Debug)]
pub struct Control {
    pub model: Model,
    /// The sites that it reached.
    pub reached: BTreeSet<usize>,
    /// How long it took. `None` if it was stopped: then it is not yet known whether it passes, and what else it
    /// reaches.
    pub time: Option<Duration>,
}

/// The fate of a weakened site.
#[derive(Clone, Debug, PartialEq)]
pub enum Judgement {
    /// The model found an execution that breaks what it asserts.
    Killed { model: String, how: String, time: Duration },
    /// No model found one. The judgement keeps what else was seen.
    Survived { seen: Vec<String> },
    /// No model found one, and this one did not end in time: it shows nothing.
    Undecided { model: String },
    /// No model reaches the site.
    Unreached,
}

/// Runs a model for a short time with nothing weakened. `None` if the model should not be asked.
pub fn control(run: &impl Run, model: &Model) -> Result<Option<Control>, String> {
    control_within(run, model, QUICK)
}

fn control_within(run: &impl Run, model: &Model, limit: Duration) -> Result<Option<Control>, String> {
    let (Reply { ending, reached }, time) = run(model, NOTHING, limit)?;
    let time = match ending {
        Ending::Passed => Some(time),
        Ending::TimedOut => None,
        Ending::Aside => return Ok(None),
        Ending::Broken(why) | Ending::Afterwards(why) => {
            return Err(format!("{model} fails with nothing weakened: {why}"));
        }
    };
    Ok(Some(Control { model: model.clone(), reached, time }))
}

/// Asks the models that reach the site, the quickest first, until one finds a broken execution.
pub fn judge(run: &impl Run, site: usize, weaker: Weaker, controls: &[Control]) -> Result<Judgement, String> {
    let plan = plan(site, weaker);
    let (mut reached, mut seen, mut late) = (false, Vec::new(), None);
    for Control { model, time, .. } in candidates(site, controls) {
        // A weaker ordering has more executions.
        let limit = time.map_or(LIMIT, |time| time * 10 + QUICK * 10);
        let (reply, took) = run(model, &plan, limit)?;
        let reached_here = reply.reached.contains(&site);
        reached |= reached_here;
        match reply.ending {
            Ending::Broken(why) if !reached_here => {
                return Err(format!("{model} fails without what is weakened: {why}"));
            }
            Ending::Broken(how) => {
                if time.is_none() && control_within(run, model, LIMIT)?.is_none_or(|it| it.time.is_none()) {
                    return Err(format!("{model} does not end in time with nothing weakened"));
                }
                return Ok(Judgement::Killed { model: model.to_string(), how, time: took });
            }
            Ending::Afterwards(why) => seen.push(format!("{model} noticed afterwards: {why}")),
            Ending::TimedOut => late = Some(model.to_string()),
            Ending::Passed | Ending::Aside => {}
        }
    }
    Ok(match late {
        _ if !reached => Judgement::Unreached,
        Some(model) => Judgement::Undecided { model },
        None => Judgement::Survived { seen },
    })
}

/// The models that may reach the site: first the quick ones, then those that were seen to reach it, then those
/// that were stopped before they could.
fn candidates(site: usize, controls: &[Control]) -> Vec<&Control> {
    let reaches = |control: &Control| control.reached.contains(&site);
    let mut found: Vec<_> =
        controls.iter().filter(|control| reaches(control) || control.time.is_none()).collect();
    found.sort_by_key(|control| (control.time.is_none(), !reaches(control), control.time));
    found
}

/// The text that says to the switch what to weaken.
fn plan(site: usize, weaker: Weaker) -> String {
    match weaker {
        Weaker::Ordering(ordering) => format!("{site}={ordering:?}"),
        Weaker::Removed => format!("{site}={REMOVED}"),
    }
}

#[cfg(test)]
mod tests;
