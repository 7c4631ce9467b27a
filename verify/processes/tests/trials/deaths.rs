//! `kill -9`.

use crate::place::Place;
use crate::{good, is_called, is_deferral, is_end, is_start};
use evidence::Check;
use evidence::Guarantee::{C1, C2, C3, C5, C6};
use processes::judge::{Figures, Trial};
use processes::log::{Event, Who};
use processes::scene::Scene;
use std::time::Duration;

const THRESHOLD: Duration = Duration::from_millis(100);
/// For runs that are allowed to end.
const LONG: Duration = Duration::from_secs(600);
/// For runs that are killed.
const SHORT: Duration = Duration::from_millis(700);

/// A process that is in a run, which is held.
fn runner(scene: &mut Scene, seat: u32) -> Who {
    let who = scene.start(seat);
    scene.hold(who);
    scene.call(who);
    scene.until(who, 1, is_start);
    who
}

/// A process that has made the next run pending. That run does not come while another one is in progress.
fn owner(scene: &mut Scene, seat: u32) -> Who {
    let who = scene.start(seat);
    scene.call(who);
    scene.until(who, 1, is_deferral);
    who
}

/// A process whose call was taken while a run was pending.
fn watcher(scene: &mut Scene, seat: u32) -> Who {
    let who = scene.start(seat);
    scene.call(who);
    scene.until(who, 1, is_called);
    who
}

/// Plays the same trial at each register, and judges it.
fn everywhere(what: &str, trial: impl Fn(&Place) -> Trial, look: impl Fn(&Trial, &Figures)) {
    let check = Check::of(&[C1, C2, C3, C5, C6], format!("trials, real processes: {what}"));
    let mut places = 0;
    for place in Place::ALL {
        // On a slow machine the lease was over before; then it was another trial.
        let in_time = (0..10).find_map(|_| {
            let place = place()?;
            let trial = trial(&place);
            let figures = good(&trial).figures;
            println!("{}: {what}: {figures:?}", place.name);
            was_in_time(&trial).then_some((trial, figures))
        });
        if let Some((trial, figures)) = in_time {
            look(&trial, &figures);
            places += 1;
        }
    }
    check.passed(places, "histories");
}

/// Whether exactly one run had begun when processes were killed.
fn was_in_time(trial: &Trial) -> bool {
    let killed = trial.facts.iter().map(|fact| fact.until).max();
    let records = trial.logs.iter().flat_map(|log| &log.records);
    let starts = records.filter(|record| is_start(record.event) && Some(record.at) < killed);
    starts.count() == 1
}

fn epochs(trial: &Trial) -> Vec<u64> {
    let records = trial.logs.iter().flat_map(|log| &log.records);
    let mut epochs: Vec<_> = records
        .filter_map(|record| match record.event {
            Event::Started { epoch } => Some(epoch),
            _ => None,
        })
        .collect();
    epochs.sort_unstable();
    epochs
}

#[test]
fn the_owner_of_the_pending_run_is_killed_and_a_watcher_takes_over() {
    everywhere(
        "the owner of the pending run is killed, and a watcher takes over",
        |place| {
            let mut scene = place.scene(THRESHOLD, LONG);
            let runner = runner(&mut scene, 0);
            let owner = owner(&mut scene, 1);
            let watcher = watcher(&mut scene, 2);
            scene.kill(&[owner]);
            scene.release(runner);
            scene.until_covered(watcher);
            scene.until_covered(runner);
            scene.end()
        },
        |_, figures| {
            assert_eq!((figures.runs, figures.takeovers, figures.lost), (2, 1, 0));
            assert_eq!(figures.seats[2].runs, 1);
        },
    );
}

#[test]
fn the_owner_is_killed_when_nobody_watches_and_the_next_caller_takes_over() {
    everywhere(
        "the owner of the pending run is killed, and the next caller takes over",
        |place| {
            let mut scene = place.scene(THRESHOLD, LONG);
            let runner = runner(&mut scene, 0);
            let owner = owner(&mut scene, 1);
            scene.kill(&[owner]);
            scene.release(runner);
            scene.until_covered(runner);
            let next = scene.start(2);
            scene.call(next);
            scene.until_covered(next);
            scene.end()
        },
        |_, figures| assert_eq!((figures.runs, figures.takeovers, figures.lost), (2, 1, 0)),
    );
}

#[test]
fn the_one_that_is_running_is_killed_and_superseded_after_its_lease() {
    everywhere(
        "the one that is running is killed, and superseded after its lease",
        |place| {
            let mut scene = place.scene(THRESHOLD, SHORT);
            let runner = runner(&mut scene, 0);
            let watcher = watcher(&mut scene, 1);
            scene.kill(&[runner]);
            scene.until_covered(watcher);
            scene.end()
        },
        |trial, figures| {
            assert_eq!((figures.runs, figures.cut_short, figures.lost), (2, 1, 0));
            let epochs = epochs(trial);
            assert!(epochs[1] - epochs[0] >= trial.lease, "{epochs:?}");
        },
    );
}

#[test]
fn the_runner_the_owner_and_a_watcher_are_killed_at_once() {
    everywhere(
        "the one that is running, the owner and a watcher are killed at once; one watcher is left",
        |place| {
            let mut scene = place.scene(THRESHOLD, SHORT);
            let runner = runner(&mut scene, 0);
            let owner = owner(&mut scene, 1);
            let watchers = [watcher(&mut scene, 2), watcher(&mut scene, 3)];
            scene.kill(&[runner, owner, watchers[0]]);
            scene.until_covered(watchers[1]);
            scene.end()
        },
        |_, figures| assert_eq!((figures.runs, figures.cut_short, figures.lost), (2, 1, 0)),
    );
}

/// A mean time between looks that is short, so that the trial is.
const IDLE_LOOK: Duration = Duration::from_millis(50);

/// A process that looks while nobody calls it.
fn idle(scene: &mut Scene, seat: u32) -> Who {
    scene.start_with(seat, |options| options.idle_look = Some(IDLE_LOOK))
}

/// A process whose two calls have had a run and made another one pending, and which is killed then. The window
/// is long enough for that.
fn killed_with_a_pending_run(scene: &mut Scene, seat: u32) {
    let who = scene.start(seat);
    scene.call(who);
    scene.until_covered(who);
    scene.call(who);
    scene.until(who, 1, is_deferral);
    scene.kill(&[who]);
}

const WINDOW: Duration = Duration::from_secs(1);

#[test]
fn the_only_caller_is_killed_and_an_idle_process_runs_for_it() {
    everywhere(
        "the only process that called is killed, and one of two that nobody calls runs for it",
        |place| {
            let mut scene = place.scene(WINDOW, LONG);
            let others = [idle(&mut scene, 1), idle(&mut scene, 2)];
            killed_with_a_pending_run(&mut scene, 0);
            scene.until_any(&others, is_end);
            scene.end()
        },
        |_, figures| {
            assert_eq!((figures.runs, figures.takeovers, figures.lost, figures.inherited), (2, 1, 0, 1));
            assert_eq!(figures.seats[0].runs, 1);
        },
    );
}

#[test]
fn the_only_caller_is_killed_and_its_own_restart_runs_for_it() {
    everywhere(
        "the only process that called is killed and restarted, and the new one runs for it",
        |place| {
            let mut scene = place.scene(WINDOW, LONG);
            killed_with_a_pending_run(&mut scene, 0);
            let again = scene.start_with(0, |options| options.idle_look = Some(LONG));
            scene.until(again, 1, is_end);
            scene.end()
        },
        |_, figures| assert_eq!((figures.runs, figures.lost, figures.inherited), (2, 0, 1)),
    );
}

#[test]
fn the_only_caller_is_killed_in_its_run_and_an_idle_process_runs_for_it() {
    everywhere(
        "the only process that called is killed in its run, and one that nobody calls runs when its lease is over",
        |place| {
            let mut scene = place.scene(THRESHOLD, SHORT);
            let other = idle(&mut scene, 1);
            let runner = runner(&mut scene, 0);
            scene.kill(&[runner]);
            scene.until(other, 1, is_end);
            scene.end()
        },
        |trial, figures| {
            assert_eq!((figures.runs, figures.cut_short, figures.lost, figures.inherited), (2, 1, 0, 1));
            let epochs = epochs(trial);
            assert!(epochs[1] - epochs[0] >= trial.lease, "{epochs:?}");
        },
    );
}

#[test]
fn all_that_made_a_call_are_killed_and_nothing_is_wedged() {
    everywhere(
        "all that made a call are killed and nobody looks; only their calls are lost, and who comes later runs",
        |place| {
            let mut scene = place.scene(THRESHOLD, SHORT);
            let idle = scene.start(3);
            let all = [runner(&mut scene, 0), owner(&mut scene, 1), watcher(&mut scene, 2)];
            scene.kill(&all);
            let later = scene.start(0);
            scene.call(later);
            scene.until_covered(later);
            scene.call(idle);
            scene.until_covered(idle);
            scene.end()
        },
        |_, figures| assert_eq!((figures.cut_short, figures.lost, figures.processes), (1, 0, 5)),
    );
}
