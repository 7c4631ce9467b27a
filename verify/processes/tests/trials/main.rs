//! Processes die, stop and come back, and the register is restarted, stopped, cut off and set to another
//! time: real processes at a file in shared memory and at a real Redis server.
//!
//! If a moment matters it is made, not waited for: a run is held until it has been killed. A test only waits
//! for what must come, and no test looks at how long anything took.

mod clock;
mod cuts;
mod deaths;
mod failover;
mod losses;
mod outages;
mod place;
mod planted;
mod random;
mod stops;
use processes::judge::{Trial, Verdict, judge};
use processes::log::Event;
use watchdog as _;

/// Judges a trial in which every promise must hold.
#[track_caller]
fn good(trial: &Trial) -> Verdict {
    let verdict = judge(trial);
    assert!(verdict.is_good(), "{:#?}\n{}", verdict.breaches, told(trial));
    verdict
}

/// All that happened, in the order of time.
fn told(trial: &Trial) -> String {
    let records = trial.logs.iter().flat_map(|log| {
        log.records.iter().map(|record| (record.at, format!("{} {}: {:?}", record.at, log.who, record.event)))
    });
    let facts = trial.facts.iter().map(|fact| (fact.from, format!("{fact:?}")));
    let mut lines: Vec<_> = records.chain(facts).collect();
    lines.sort();
    lines.into_iter().map(|(_, line)| line).collect::<Vec<_>>().join("\n")
}

fn is_start(event: Event) -> bool {
    matches!(event, Event::Started { .. })
}

fn is_end(event: Event) -> bool {
    matches!(event, Event::Ended { .. })
}

fn is_deferral(event: Event) -> bool {
    matches!(event, Event::Deferred { .. })
}

fn is_called(event: Event) -> bool {
    matches!(event, Event::Called { .. })
}
