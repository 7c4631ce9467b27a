//! Which model kills a weaker order.

use crate::weaken::models::Model;
use crate::weaken::order::Order;
use crate::weaken::reply::{Ending, Reply};
use crate::weaken::weaker::Weaker;
use evidence::weakening::{NOTHING, REMOVED};
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
    /// The orders that the library has, and the names of those that it reached.
    pub orders: BTreeSet<Order>,
    pub reached: BTreeSet<String>,
    /// How long it took. `None` if it was stopped: then it is not yet known whether it passes, and what else it
    /// reaches.
    pub time: Option<Duration>,
}

/// The fate of a weaker order.
#[derive(Clone, Debug, PartialEq)]
pub enum Judgement {
    /// The model found an execution that breaks what it asserts.
    Killed { model: String, how: String, time: Duration },
    /// No model found one. The judgement keeps what else was seen.
    Survived { seen: Vec<String> },
    /// No model found one, and this one did not end in time: it shows nothing.
    Undecided { model: String },
    /// No model reaches it.
    Unreached,
}

/// Runs a model for a short time with nothing weakened. `None` if the model should not be asked.
pub fn control(run: &impl Run, model: &Model) -> Result<Option<Control>, String> {
    control_within(run, model, QUICK)
}

fn control_within(run: &impl Run, model: &Model, limit: Duration) -> Result<Option<Control>, String> {
    let (Reply { ending, orders, reached }, time) = run(model, NOTHING, limit)?;
    let time = match ending {
        Ending::Passed => Some(time),
        Ending::TimedOut => None,
        Ending::Aside => return Ok(None),
        Ending::Broken(why) | Ending::Afterwards(why) => {
            return Err(format!("{model} fails with nothing weakened: {why}"));
        }
    };
    Ok(Some(Control { model: model.clone(), orders, reached, time }))
}

/// Asks the models that reach the order, the quickest first, until one finds a broken execution.
pub fn judge(run: &impl Run, name: &str, weaker: Weaker, controls: &[Control]) -> Result<Judgement, String> {
    let plan = plan(name, weaker);
    let (mut reached, mut seen, mut late) = (false, Vec::new(), None);
    for Control { model, time, .. } in candidates(name, controls) {
        // A weaker ordering has more executions.
        let limit = time.map_or(LIMIT, |time| time * 10 + QUICK * 10);
        let (reply, took) = run(model, &plan, limit)?;
        let reached_here = reply.reached.contains(name);
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

/// The models that may reach the order: first the quick ones, then those that were seen to reach it, then those
/// that were stopped before they could.
fn candidates<'c>(name: &str, controls: &'c [Control]) -> Vec<&'c Control> {
    let reaches = |control: &Control| control.reached.contains(name);
    let mut found: Vec<_> =
        controls.iter().filter(|control| reaches(control) || control.time.is_none()).collect();
    found.sort_by_key(|control| (control.time.is_none(), !reaches(control), control.time));
    found
}

/// The text that says to the models what to weaken.
fn plan(name: &str, weaker: Weaker) -> String {
    match weaker {
        Weaker::Ordering(ordering) => format!("{name}={ordering:?}"),
        Weaker::Removed => format!("{name}={REMOVED}"),
    }
}

#[cfg(test)]
mod tests;
