//! A Redis that is killed and started again, with all its data or without any.

use crate::place::Place;
use crate::{good, is_deferral, is_end, is_start};
use evidence::Check;
use evidence::Guarantee::{C1, C2, C3, C5, C8};
use processes::judge::What;
use processes::log::now;
use processes::scene::Scene;
use std::time::Duration;

const THRESHOLD: Duration = Duration::from_millis(300);
/// For windows that do not end within the trial.
const LONG: Duration = Duration::from_secs(600);

fn forget(place: &mut Place, scene: &mut Scene) {
    let from = now();
    place.server().restart();
    scene.note(from, What::Forgot);
}

#[test]
fn a_server_that_keeps_its_data_is_restarted_under_a_run_and_a_pending_one() {
    let check = Check::of(
        &[C1, C2, C3, C5, C8],
        "trials, real redis-server: killed and restarted with `appendfsync always` under a run and a pending one, \
         nothing is early, lost or wedged",
    );
    let Some(mut place) = Place::lasting_redis() else { return };
    let mut scene = place.scene(THRESHOLD, LONG);
    scene.compare_clocks().unwrap();
    let runner = scene.start(0);
    scene.hold(runner);
    scene.call(runner);
    scene.until(runner, 1, is_start);
    let owner = scene.start(1);
    scene.call(owner);
    scene.until(owner, 1, is_deferral);
    place.server().restart();
    let new = scene.start(2);
    scene.call(new);
    scene.release(runner);
    for who in [runner, owner, new] {
        scene.until_covered(who);
    }
    let figures = good(&scene.end()).figures;
    assert_eq!((figures.superseded, figures.early), (0, 0));
    check.passed(1, "histories");
}

#[test]
fn nothing_is_early_where_the_one_that_remembers_calls() {
    let check = Check::of(
        &[C1, C3, C8],
        "trials, real redis-server: all data lost; by a process that remembers no run comes early",
    );
    let Some(mut place) = Place::fleeting_redis() else { return };
    let mut scene = place.scene(THRESHOLD, LONG);
    let remembers = scene.start(0);
    let rounds: usize = 4;
    for round in 1..=rounds {
        scene.call(remembers);
        scene.until(remembers, round, is_end);
        forget(&mut place, &mut scene);
    }
    scene.call(remembers);
    scene.until_covered(remembers);
    // What it knows is in the register again, so others come no earlier.
    let new = scene.start(1);
    scene.call(new);
    scene.until_covered(new);
    let figures = good(&scene.end()).figures;
    assert_eq!(figures.early, 0);
    check.passed(rounds, "histories");
}

#[test]
fn one_run_is_early_where_nobody_remembers_and_no_second_one() {
    let check = Check::of(
        &[C1, C2, C3, C8],
        "trials, real redis-server: all data lost and no process left that remembers; one run comes early, and no other",
    );
    let Some(mut place) = Place::fleeting_redis() else { return };
    // The runs come in threes: the first is gone, the second is early, the third is not.
    let mut scene = place.scene(LONG, LONG);
    let first = scene.start(0);
    scene.call(first);
    scene.until_covered(first);
    scene.kill(&[first]);
    forget(&mut place, &mut scene);
    let early = scene.start(1);
    scene.call(early);
    scene.until_covered(early);
    let third = scene.start(2);
    scene.call(third);
    scene.until(third, 1, is_deferral);
    // Its turn would come in ten minutes.
    scene.kill(&[third]);
    let figures = good(&scene.end()).figures;
    assert_eq!((figures.runs, figures.early), (2, 1));
    check.passed(1, "histories");
}

#[test]
fn one_run_is_early_where_the_one_that_remembers_has_no_calls() {
    let check = Check::of(
        &[C1, C2, C3, C8],
        "trials, real redis-server: all data lost, and the one that remembers is idle, so it asks nothing: one run of \
         another one comes early",
    );
    let Some(mut place) = Place::fleeting_redis() else { return };
    let mut scene = place.scene(LONG, LONG);
    let idle = scene.start(0);
    scene.call(idle);
    scene.until_covered(idle);
    forget(&mut place, &mut scene);
    let early = scene.start(1);
    scene.call(early);
    scene.until_covered(early);
    let figures = good(&scene.end()).figures;
    assert_eq!((figures.runs, figures.early), (2, 1));
    check.passed(1, "histories");
}

#[test]
fn a_run_in_progress_when_all_is_lost_is_known_again_when_it_ends() {
    let check = Check::of(
        &[C1, C2, C3, C8],
        "trials, real redis-server: all data lost under a run; who remembers it puts it back, and calls are covered",
    );
    let Some(mut place) = Place::fleeting_redis() else { return };
    let mut scene = place.scene(THRESHOLD, LONG);
    let runner = scene.start(0);
    scene.hold(runner);
    scene.call(runner);
    scene.until(runner, 1, is_start);
    let owner = scene.start(1);
    scene.call(owner);
    scene.until(owner, 1, is_deferral);
    forget(&mut place, &mut scene);
    // The owner remembers. It looks when the window is over, and puts the run in progress back.
    let register = scene.register();
    let is_back = || register.read().is_ok_and(|reading| reading.cell.state().is_running());
    server::eventually("the run is known again", || is_back().then_some(()));
    scene.release(runner);
    scene.until_covered(runner);
    scene.until_covered(owner);
    let figures = good(&scene.end()).figures;
    assert_eq!((figures.runs, figures.superseded, figures.early), (2, 0, 0));
    check.passed(1, "histories");
}
