//! SIGSTOP and SIGCONT: a process that does not know that it was stopped.

use crate::place::Place;
use crate::{good, is_called, is_deferral, is_end, is_start};
use evidence::Check;
use evidence::Guarantee::{C1, C2, C3, C5, C6, C9};
use processes::log::Event;
use std::time::Duration;

const THRESHOLD: Duration = Duration::from_millis(100);

#[test]
fn a_run_that_is_stopped_for_longer_than_its_lease_does_not_disturb_when_it_goes_on() {
    let check = Check::of(
        &[C2, C3, C6, C9],
        "trials, real processes: stopped for longer than the lease, a run is superseded, ends late, learns that it \
         is stale, and its token is refused",
    );
    let mut count = 0;
    for place in Place::all() {
        let mut scene = place.scene(THRESHOLD, Duration::from_millis(500));
        let late = scene.start(0);
        scene.hold(late);
        scene.call(late);
        scene.until(late, 1, is_start);
        scene.stop(late);
        let other = scene.start(1);
        scene.call(other);
        scene.until_covered(other);
        scene.release(late);
        scene.go_on(late);
        scene.until(late, 1, is_end);
        assert!(scene.has_written(late, |event| matches!(event, Event::Offered { accepted: false, .. })));
        assert!(scene.has_written(late, |event| matches!(event, Event::Ended { current: Some(false), .. })));
        // The run of the other process covers it, since its own is superseded.
        scene.until_covered(late);
        for who in [late, other] {
            scene.call(who);
            scene.until_covered(who);
        }
        let figures = good(&scene.end()).figures;
        assert_eq!((figures.superseded, figures.cut_short, figures.lost), (1, 0, 0), "{}", place.name);
        count += 1;
    }
    check.passed(count, "histories");
}

#[test]
fn an_owner_that_is_stopped_is_stood_in_for_and_goes_on_with_the_others() {
    let check = Check::of(
        &[C1, C2, C3, C5, C6],
        "trials, real processes: the owner of the pending run is stopped, another one performs it, and it goes on",
    );
    let mut count = 0;
    for place in Place::all() {
        let mut scene = place.scene(THRESHOLD, Duration::from_secs(600));
        let runner = scene.start(0);
        scene.hold(runner);
        scene.call(runner);
        scene.until(runner, 1, is_start);
        let owner = scene.start(1);
        scene.call(owner);
        scene.until(owner, 1, is_deferral);
        let watcher = scene.start(2);
        scene.call(watcher);
        scene.until(watcher, 1, is_called);
        scene.stop(owner);
        scene.release(runner);
        scene.until_covered(watcher);
        scene.go_on(owner);
        scene.until_covered(owner);
        scene.call(owner);
        scene.until_covered(owner);
        let figures = good(&scene.end()).figures;
        assert_eq!((figures.runs, figures.takeovers), (3, 1), "{}", place.name);
        count += 1;
    }
    check.passed(count, "histories");
}
