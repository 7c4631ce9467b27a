//! A Redis that does not answer: it is stopped, gone, or behind a closed connection.

use crate::good;
use crate::place::{Place, at_port};
use evidence::Check;
use evidence::Guarantee::{C3, C5, C8};
use processes::judge::What;
use processes::log::{Event, Who, now};
use processes::scene::Scene;
use server::cut::{Cut, Fault};
use std::time::Duration;

const THRESHOLD: Duration = Duration::from_millis(100);
const LEASE: Duration = Duration::from_secs(600);

/// The calls of both were covered before.
fn two(scene: &mut Scene) -> [Who; 2] {
    [0, 1].map(|seat| {
        let who = scene.start(seat);
        scene.call(who);
        scene.until_covered(who);
        who
    })
}

/// Calls while the register does not answer: they are taken, and a caller that waits with a limit learns why
/// it was reached.
fn calls_stay_owed(scene: &mut Scene, all: [Who; 2]) {
    for who in all {
        scene.call(who);
        let told = |event| matches!(event, Event::TimedOut { call: 2, unanswered: true });
        // It takes some time until it is known that the register does not answer.
        server::eventually("a wait ends because the register does not answer", || {
            let waits = |event| matches!(event, Event::TimedOut { .. } | Event::Covered { call: 2 });
            let before = scene.records(who).iter().filter(|record| waits(record.event)).count();
            scene.tell(who, "wait 20ms");
            scene.until(who, before + 1, waits);
            scene.has_written(who, told).then_some(())
        });
        assert!(!scene.has_written(who, |event| event == Event::Covered { call: 2 }));
    }
}

fn all_is_covered(mut scene: Scene, all: [Who; 2]) {
    for who in all {
        scene.until_covered(who);
    }
    let figures = good(&scene.end()).figures;
    assert!(figures.unanswered >= 2, "{figures:?}");
    assert!(figures.runs >= 3 && figures.superseded == 0, "{figures:?}");
}

fn check(how: &str) -> Check {
    let what = "calls stay owed, waits say why, and all is covered afterwards";
    Check::of(&[C3, C5, C8], format!("trials, real redis-server: {how}: {what}"))
}

#[test]
fn a_server_that_is_stopped() {
    let check = check("stopped, and continued");
    let Some(mut place) = Place::lasting_redis() else { return };
    let mut scene = place.scene(THRESHOLD, LEASE);
    let all = two(&mut scene);
    let from = now();
    place.server().pause();
    calls_stay_owed(&mut scene, all);
    place.server().resume();
    scene.note(from, What::Away);
    all_is_covered(scene, all);
    check.passed(1, "histories");
}

#[test]
fn a_server_that_is_gone() {
    let check = check("killed, and started again later");
    let Some(mut place) = Place::lasting_redis() else { return };
    let mut scene = place.scene(THRESHOLD, LEASE);
    let all = two(&mut scene);
    let from = now();
    place.server().kill();
    calls_stay_owed(&mut scene, all);
    // A process that begins while there is no server is served when there is one.
    let new = scene.start(2);
    scene.call(new);
    place.server().start_again();
    scene.note(from, What::Away);
    scene.until_covered(new);
    all_is_covered(scene, all);
    check.passed(1, "histories");
}

#[test]
fn a_way_that_is_closed() {
    for (how, fault) in [("connections are closed", Fault::Refuse), ("replies are kept back", Fault::Swallow)]
    {
        let check = check(how);
        let Some(mut place) = Place::lasting_redis() else { return };
        let cut = Cut::to(place.server().port());
        let mut scene = place.scene(THRESHOLD, LEASE);
        scene.defaults().driver = at_port(cut.port());
        let all = two(&mut scene);
        let from = now();
        cut.fail(fault);
        calls_stay_owed(&mut scene, all);
        cut.pass();
        scene.note(from, What::Away);
        all_is_covered(scene, all);
        check.passed(1, "histories");
    }
}

/// After a long outage the next planned try is 5 to 10 s away. A process that ends does not wait for it.
#[test]
fn a_server_that_was_away_for_long_is_asked_at_once_by_those_that_end() {
    let what = "away until tries are rare, then back: those that end within a few seconds are covered";
    let check = Check::of(&[C5, C8], format!("trials, real redis-server: {what}"));
    let Some(mut place) = Place::lasting_redis() else { return };
    let mut scene = place.scene(THRESHOLD, LEASE);
    scene.defaults().limit = Duration::from_secs(4);
    let all = two(&mut scene);
    let from = now();
    place.server().kill();
    for who in all {
        scene.call(who);
    }
    // The delays of 20 ms, 40 ms and so on have added up to ten seconds.
    std::thread::sleep(Duration::from_secs(12));
    place.server().start_again();
    scene.note(from, What::Away);
    // It ends with a fault if a call is left.
    let figures = good(&scene.end()).figures;
    assert!(figures.runs >= 3 && figures.lost == 0, "{figures:?}");
    check.passed(1, "histories");
}
