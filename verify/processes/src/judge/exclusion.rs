//! Spacing, exclusion, epochs and tokens: what two runs must not do to each other.

use super::history::{History, Run};
use super::{Breach, Fact, Trial, What};
use crate::log::Nanos;

/// A breach by the run that began second, against the one that began first.
struct Against<'h> {
    first: &'h Run,
    second: &'h Run,
    breach: Breach,
}

/// Judges the runs. Returns how many came early because the register had lost its data.
pub(super) fn judge(trial: &Trial, history: &History, breaches: &mut Vec<Breach>) -> usize {
    let against = pairs(trial, &history.runs);
    let (forgiven, early) = forgive(trial, &against);
    let unforgiven = against.iter().zip(forgiven).filter(|(_, forgiven)| !forgiven);
    breaches.extend(unforgiven.map(|(against, _)| against.breach));
    if let Some(ahead) = trial.ahead {
        let too_early = history
            .runs
            .iter()
            .filter(|run| i128::from(run.started) < i128::from(run.epoch) + i128::from(ahead));
        breaches.extend(too_early.map(|run| Breach::BeforeItsStamp { epoch: run.epoch }));
    }
    currency(trial, history, breaches);
    owners(trial, history, breaches);
    tokens(history, breaches);
    early
}

fn pairs<'h>(trial: &Trial, runs: &'h [Run]) -> Vec<Against<'h>> {
    let mut against = Vec::new();
    let mut add = |one: &'h Run, other: &'h Run, breach| {
        let (first, second) = if one.started <= other.started { (one, other) } else { (other, one) };
        against.push(Against { first, second, breach });
    };
    let mut busy_until = 0;
    for (at, younger) in runs.iter().enumerate() {
        if let Some(older) = at.checked_sub(1).map(|before| &runs[before]) {
            let (before, after) = (older.epoch, younger.epoch);
            if before == after {
                add(older, younger, Breach::Twice { epoch: after });
            } else if after - before < trial.threshold {
                add(older, younger, Breach::TooSoon { before, after });
            }
        }
        if younger.started < busy_until {
            for older in &runs[..at] {
                let overlaps = younger.started < older.until && older.epoch < younger.epoch;
                if overlaps && younger.epoch - older.epoch < trial.lease {
                    add(older, younger, Breach::Overlap { older: older.epoch, younger: younger.epoch });
                }
            }
        }
        busy_until = busy_until.max(younger.until);
    }
    against
}

/// If a register has lost its data, one run may come as if there had been no runs before it, from a process
/// that performed none of them. One more may come if its start was under way at the loss, so that its stamp
/// is from before the loss.
fn forgive(trial: &Trial, against: &[Against<'_>]) -> (Vec<bool>, usize) {
    let mut forgiven = vec![false; against.len()];
    let mut count = 0;
    for fact in trial.facts.iter().filter(|fact| fact.what == What::Forgot) {
        let was_under_way = |run: &Run| {
            let ahead = trial.ahead.unwrap_or(i64::MIN);
            i128::from(run.epoch) + i128::from(ahead) < i128::from(fact.from)
        };
        let any = |_: &Run| true;
        for may_be in [&was_under_way as &dyn Fn(&Run) -> bool, &any] {
            let left =
                against.iter().zip(&forgiven).filter(|(_, forgiven)| !**forgiven).map(|(pair, _)| pair);
            let seconds = left.filter(|pair| is_across(fact, pair)).map(|pair| pair.second);
            let Some(early) = seconds.filter(|run| may_be(run)).min_by_key(|run| run.started) else {
                continue;
            };
            count += 1;
            for (pair, forgiven) in against.iter().zip(&mut forgiven) {
                *forgiven |= is_by(early, fact, pair);
            }
        }
    }
    (forgiven, count)
}

/// Whether this pair follows from this early run.
fn is_by(early: &Run, fact: &Fact, pair: &Against<'_>) -> bool {
    let is_early = is_across(fact, pair) && pair.second.epoch == early.epoch;
    // The register knows the early run in place of the run that it has forgotten. Processes that come after
    // the early run do not know the forgotten one either.
    let is_after = pair.first.started <= fact.until
        && pair.first.until > early.started
        && pair.second.epoch > early.epoch
        && matches!(pair.breach, Breach::Overlap { .. });
    is_early || is_after
}

fn is_across(fact: &Fact, pair: &Against<'_>) -> bool {
    pair.first.started <= fact.until && fact.from <= pair.second.started && pair.first.who != pair.second.who
}

/// What runs learned about being the latest one.
fn currency(trial: &Trial, history: &History, breaches: &mut Vec<Breach>) {
    let deaths = !history.killed.is_empty();
    for run in &history.runs {
        let Some((asked, current, answered)) = run.asked else { continue };
        let mut younger = history.runs.iter().filter(|younger| younger.epoch > run.epoch);
        let has_forgotten = trial.facts.iter().any(|fact| fact.what == What::Forgot && fact.from <= answered);
        if has_forgotten {
            // What the register says about earlier runs proves little then.
            continue;
        }
        if current && younger.any(|younger| younger.started < asked) {
            breaches.push(Breach::FalselyCurrent { epoch: run.epoch });
        } else if !current
            && !younger.any(|younger| may_be_before(trial, younger, answered))
            // A process may have started a run without writing that down: it was killed, or got no answer,
            // and it learns of the start only while the lease holds.
            && !deaths
            && !history.failed.iter().any(|failed| may_be_before(trial, run, *failed))
        {
            breaches.push(Breach::FalselyStale { epoch: run.epoch });
        }
    }
}

/// Whether the run may have been started before that time of the machine.
fn may_be_before(trial: &Trial, run: &Run, at: Nanos) -> bool {
    trial.ahead.is_none_or(|ahead| i128::from(run.epoch) + i128::from(ahead) <= i128::from(at))
}

/// Checks that each pending run had one owner.
fn owners(trial: &Trial, history: &History, breaches: &mut Vec<Breach>) {
    if trial.facts.iter().any(|fact| fact.what == What::Forgot) {
        // A pending run may have to be made pending once more.
        return;
    }
    let mut deferrals = history.deferrals.clone();
    deferrals.sort_unstable();
    let twice = deferrals.windows(2).filter(|pair| pair[0].0 == pair[1].0 && pair[0].1 != pair[1].1);
    breaches.extend(twice.map(|pair| Breach::TwoOwners { epoch: pair[0].0 }));
}

/// Checks the answers of a receiver to tokens. It answers one after the other, and the runs write that down
/// meanwhile.
fn tokens(history: &History, breaches: &mut Vec<Breach>) {
    let deaths = !history.killed.is_empty();
    let mut offers: Vec<_> = history
        .runs
        .iter()
        .filter_map(|run| run.offered.map(|(at, accepted)| (at, accepted, run.epoch)))
        .collect();
    offers.sort_unstable();
    let mut greatest = 0;
    for (_, accepted, epoch) in offers {
        let is_greatest = epoch > greatest;
        if accepted != is_greatest && (accepted || !deaths) {
            breaches.push(Breach::Token { epoch });
        }
        if accepted {
            greatest = greatest.max(epoch);
        }
    }
}
