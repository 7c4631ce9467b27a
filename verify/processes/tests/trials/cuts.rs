//! The connection to Redis is cut in the middle of a command: it may have been executed, or not.

use crate::good;
use crate::place::{Place, at_port};
use crate::{is_end, is_start};
use evidence::Check;
use evidence::Guarantee::{C1, C2, C3, C5, C8};
use processes::log::{Event, Record};
use server::cut::{Cut, Fault};
use std::time::Duration;

const THRESHOLD: Duration = Duration::from_millis(30);
const LEASE: Duration = Duration::from_secs(600);
/// The number of bytes between two cuts. Less than any command or answer that matters.
const STEP: usize = 24;

/// Cuts at each place in turn, until a round passes fewer bytes than that. In each round two runs are made
/// pending, started and finished. Returns the records.
fn cut_everywhere(what: &str, fault: impl Fn(usize) -> Fault) -> Option<Vec<Record>> {
    let check = Check::of(
        &[C1, C2, C3, C5, C8],
        format!(
            "trials, real redis-server: {what}, at every {STEP}th byte of a deferral, its start and its finish"
        ),
    );
    let mut place = Place::lasting_redis()?;
    let cut = Cut::to(place.server().port());
    let mut scene = place.scene(THRESHOLD, LEASE);
    scene.compare_clocks().unwrap();
    let other = scene.start(1);
    let who = scene.start_with(0, |options| options.driver = at_port(cut.port()));
    for process in [who, other] {
        scene.call(process);
        scene.until_covered(process);
    }
    let mut rounds = 0;
    loop {
        let (cuts, starts) =
            (cut.cuts(), scene.records(who).iter().filter(|record| is_start(record.event)).count());
        cut.fail(fault(rounds * STEP));
        scene.call(who);
        scene.until(who, starts + 1, is_start);
        scene.call(who);
        scene.until_covered(who);
        cut.pass();
        if cut.cuts() == cuts {
            break;
        }
        rounds += 1;
    }
    let trial = scene.end();
    let figures = good(&trial).figures;
    println!("{what}: {rounds} cuts, {figures:?}");
    // No run was cut short, so none had to be superseded.
    assert_eq!((figures.superseded, figures.cut_short), (0, 0));
    assert!(trial.logs[1].records.iter().any(|record| is_end(record.event)));
    check.passed(rounds, "histories");
    Some(trial.logs.into_iter().find(|log| log.who == who)?.records)
}

#[test]
fn requests_that_do_not_arrive_whole() {
    let Some(records) = cut_everywhere("requests cut off", |after| Fault::Request { after }) else { return };
    assert!(records.iter().any(|record| record.event == Event::Failed));
}

#[test]
fn replies_that_do_not_arrive_whole() {
    let Some(records) = cut_everywhere("replies cut off", |after| Fault::Reply { after }) else { return };
    // Each of the three moves was made, and its process got no answer.
    let failed_after = |is_it: fn(Event) -> bool| {
        let events =
            records.iter().map(|record| record.event).filter(|&event| is_it(event) || event == Event::Failed);
        let events: Vec<_> = events.collect();
        events.windows(2).any(|pair| is_it(pair[0]) && pair[1] == Event::Failed)
    };
    assert!(failed_after(|event| matches!(event, Event::Ended { .. })), "no finish was cut");
    assert!(failed_after(|event| matches!(event, Event::Calling { .. })), "no start or deferral was cut");
}
