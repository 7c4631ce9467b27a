//! The findings of the judge for each guarantee, and how much there was to look at.

use super::story::{Fate, Story};
use ::processes::judge::{Breach, Figures, Trial, What};
use ::processes::log::Event;
use evidence::Guarantee::{self, C1, C2, C3, C5, C6, C9};
use lab::rows::Row;

/// All of them. A finding that belongs to none, such as a log that no process can have written, is in the
/// last row.
pub fn of(
    trial: &Trial,
    story: &Story,
    figures: &Figures,
    breaches: &[Breach],
    stuck: &[String],
) -> Vec<Row> {
    let told: Vec<String> = breaches.iter().map(Breach::to_string).chain(stuck.iter().cloned()).collect();
    let known = [C1, C2, C3, C5, C6, C9];
    let belongs = |text: &str, guarantee: Guarantee| text.starts_with(&format!("{guarantee}: "));
    let row = |guarantee, says, count: usize, what: String| Row {
        guarantee: Some(guarantee),
        says,
        looked_at: what,
        is_shown: count > 0,
        broken: told.iter().filter(|text| belongs(text, guarantee)).cloned().collect(),
    };
    let events = |is_one: fn(&Event) -> bool| {
        trial.logs.iter().flat_map(|log| &log.records).filter(|record| is_one(&record.event)).count()
    };
    let asked = events(|event| matches!(event, Event::Ended { current: Some(_), .. }));
    let offered = events(|event| matches!(event, Event::Offered { .. }));
    let refused = events(|event| matches!(event, Event::Offered { accepted: false, .. }));
    let ended = events(|event| matches!(event, Event::Closed { .. }));
    let killed = trial.facts.iter().filter(|fact| matches!(fact.what, What::Killed { .. })).count();
    let pairs = figures.runs.saturating_sub(1);
    let judged = story.seats.iter().flat_map(|seat| &seat.lives).filter(|life| life.killed.is_none());
    let judged = judged.map(|life| life.calls.len()).sum::<usize>();
    let in_a_run = story.runs.iter().filter(|run| run.fate == Fate::CutShort).count();
    let owners = story.seats.iter().flat_map(|seat| &seat.lives).filter(|life| life.died_as_owner).count();
    let logs = trial.logs.len();
    vec![
        row(C1, "spacing", pairs, format!("{pairs} pairs of runs")),
        row(C2, "exclusion within the lease", pairs, format!("{pairs} pairs of runs")),
        row(
            C3,
            "coverage by a run that finished",
            judged,
            format!("{judged} calls of processes that lived on"),
        ),
        row(C5, "liveness", ended, format!("{ended} asked to end, and their last calls")),
        row(
            C6,
            "death",
            killed,
            format!("{killed} deaths: {in_a_run} in a run, {owners} as owner of the pending run"),
        ),
        row(
            C9,
            "fencing",
            offered,
            format!(
                "{offered} tokens, {refused} of them refused; {asked} runs asked whether they were current"
            ),
        ),
        Row {
            guarantee: None,
            says: "all processes wrote what one can write",
            looked_at: format!("{logs} logs"),
            is_shown: true,
            broken: told
                .iter()
                .filter(|text| !known.iter().any(|&guarantee| belongs(text, guarantee)))
                .cloned()
                .collect(),
        },
    ]
}
