//! [`Figures`]: how much there was to judge, and how fast it went. They decide nothing.

use super::coverage::Covering;
use super::history::{Call, History, Run};
use super::{Trial, What};
use crate::log::{Nanos, Who};

/// How much there was to judge, and how fast it went.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Processes that have written anything.
    pub processes: usize,
    /// Calls that were made.
    pub calls: usize,
    /// Calls that no run covers, because their process was killed.
    pub lost: usize,
    /// Calls of processes that were killed before they saw them covered, and that a run covers.
    pub inherited: usize,
    /// Runs that began.
    pub runs: usize,
    /// Runs whose process was killed in them.
    pub cut_short: usize,
    /// Runs that had not ended when a younger one began, and so cover no calls.
    pub superseded: usize,
    /// Runs with no call between the start of the run before, which covers all earlier calls, and their own
    /// start.
    pub needless: usize,
    /// Runs that another process had made pending.
    pub takeovers: usize,
    /// Runs that came early because the register had lost its data.
    pub early: usize,
    /// Waits that reached their limit.
    pub timed_out: usize,
    /// The waits among them whose caller learned that the register does not answer.
    pub unanswered: usize,
    /// Commands to the register, of the processes that ended by themselves.
    pub commands: u64,
    /// The least time of the machine between the starts of two functions. It may be less than the threshold: a
    /// process may be held up between its stamp and its function.
    pub closest: Option<Nanos>,
    /// From the moment at which a pending run was due to its start by its owner. Only if the two clocks are
    /// known to run alike.
    pub to_start: Vec<Nanos>,
    /// From the death of a process that was running, or owned the pending run, to the next start.
    pub to_takeover: Vec<Nanos>,
    /// For each seat, what its processes have done.
    pub seats: Vec<SeatFigures>,
}

/// What the processes of one seat have done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SeatFigures {
    /// Processes.
    pub processes: usize,
    /// The killed ones among them.
    pub killed: usize,
    /// Calls.
    pub calls: usize,
    /// Runs.
    pub runs: usize,
}

impl Figures {
    pub(super) fn of(trial: &Trial, history: &History, early: usize) -> Self {
        let covering = Covering::of(&history.runs);
        let mut in_time: Vec<&Run> = history.runs.iter().collect();
        in_time.sort_by_key(|run| run.started);
        let calls: Vec<Nanos> = history.calls.iter().map(|call| call.at).collect();
        let pairs = || in_time.windows(2).map(|pair| (pair[0], pair[1]));
        let takes_over = |run: &&Run| is_takeover(history, run);
        Self {
            processes: trial.logs.iter().filter(|log| !log.records.is_empty()).count(),
            calls: calls.len(),
            lost: history.calls.iter().filter(|call| covering.first_end(call.at) == Nanos::MAX).count(),
            inherited: history.calls.iter().filter(|call| is_inherited(history, &covering, call)).count(),
            runs: history.runs.len(),
            cut_short: history.runs.iter().filter(|run| run.ended.is_none()).count(),
            superseded: history.runs.iter().filter(|run| run.superseded).count(),
            needless: pairs()
                .filter(|(before, run)| before.covers() && !is_any_in(&calls, before.started, run.started))
                .count(),
            takeovers: history.runs.iter().filter(takes_over).count(),
            early,
            timed_out: history.timed_out,
            unanswered: history.unanswered,
            commands: history.commands,
            closest: pairs().map(|(before, run)| run.started - before.started).min(),
            to_start: pairs().filter_map(|(before, run)| to_start(trial, history, before, run)).collect(),
            to_takeover: to_takeover(history, &in_time),
            seats: seats(trial, history),
        }
    }
}

fn is_inherited(history: &History, covering: &Covering, call: &Call) -> bool {
    let killed = history.killed(call.who);
    call.covered.is_none()
        && killed.is_some_and(|fact| (fact.until..Nanos::MAX).contains(&covering.first_end(call.at)))
}

fn is_any_in(times: &[Nanos], from: Nanos, until: Nanos) -> bool {
    let at = times.partition_point(|&at| at <= from);
    times.get(at).is_some_and(|&at| at < until)
}

/// The owner of the run that was pending when this one began.
fn owner(history: &History, run: &Run) -> Option<Who> {
    let before = history.runs.iter().rev().find(|before| before.epoch < run.epoch)?;
    history.deferrals.iter().find(|(epoch, ..)| *epoch == before.epoch).map(|&(_, who, _)| who)
}

fn is_takeover(history: &History, run: &Run) -> bool {
    owner(history, run).is_some_and(|owner| owner != run.who)
}

fn to_start(trial: &Trial, history: &History, before: &Run, run: &Run) -> Option<Nanos> {
    let ahead = trial.ahead?;
    if owner(history, run) != Some(run.who) || before.ended.is_none() {
        return None;
    }
    let window_end = i128::from(before.epoch) + i128::from(trial.threshold) + i128::from(ahead);
    let due = Nanos::try_from(window_end).ok()?.max(before.until);
    run.started.checked_sub(due)
}

fn to_takeover(history: &History, in_time: &[&Run]) -> Vec<Nanos> {
    let deaths = history.killed.iter().filter(|(who, fact)| {
        let latest = in_time.iter().rev().find(|run| run.started <= fact.from);
        latest.is_some_and(|latest| {
            let was_in_it = latest.who == *who && latest.ended.is_none();
            was_in_it
                || history.deferrals.iter().any(|(epoch, owner, _)| owner == who && *epoch == latest.epoch)
        })
    });
    let next = |after: Nanos| in_time.iter().map(|run| run.started).find(|&started| started > after);
    deaths.filter_map(|(_, fact)| next(fact.until).map(|started| started - fact.until)).collect()
}

fn seats(trial: &Trial, history: &History) -> Vec<SeatFigures> {
    let mut seats = Vec::new();
    let mut of = |who: Who, add: fn(&mut SeatFigures)| {
        let seat = who.seat as usize;
        if seats.len() <= seat {
            seats.resize(seat + 1, SeatFigures::default());
        }
        add(&mut seats[seat]);
    };
    trial.logs.iter().for_each(|log| of(log.who, |seat| seat.processes += 1));
    let killed = trial.facts.iter().filter_map(|fact| match fact.what {
        What::Killed { who } => Some(who),
        _ => None,
    });
    killed.for_each(|who| of(who, |seat| seat.killed += 1));
    history.calls.iter().for_each(|call| of(call.who, |seat| seat.calls += 1));
    history.runs.iter().for_each(|run| of(run.who, |seat| seat.runs += 1));
    seats
}
