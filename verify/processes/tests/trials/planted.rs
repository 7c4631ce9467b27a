//! Faults that are planted in a participant; the judge must condemn each.

use crate::place::Place;
use crate::{is_end, is_start, told};
use processes::judge::{Breach, Trial, judge};
use processes::log::Who;
use processes::participant::Fault;
use processes::scene::Scene;
use std::time::Duration;

const THRESHOLD: Duration = Duration::from_millis(50);
const LONG: Duration = Duration::from_secs(600);

fn condemned(fault: &str, trial: &Trial, is_it: impl Fn(&Breach) -> bool) {
    let breaches = judge(trial).breaches;
    let Some(breach) = breaches.iter().find(|breach| is_it(breach)) else {
        panic!("{fault}: not found among {breaches:?}\n{}", told(trial));
    };
    // Epochs and processes differ from trial to trial.
    let promise = breach.to_string().split(':').next().map_or_else(String::new, str::to_owned);
    evidence::caught(fault, &format!("trials, real processes: condemned for {promise}"));
}

fn with(scene: &mut Scene, seat: u32, fault: Fault) -> Who {
    scene.start_with(seat, |options| options.fault = Some(fault))
}

#[test]
fn a_call_that_reaches_nobody() {
    let place = Place::shm();
    let mut scene = place.scene(THRESHOLD, LONG);
    let deaf = with(&mut scene, 0, Fault::Deaf);
    scene.call(deaf);
    scene.until(deaf, 1, is_end);
    scene.call(deaf);
    condemned("a call that reaches no throttle", &scene.end(), |breach| {
        *breach == Breach::NotCovered { who: deaf, call: 2 }
    });
}

#[test]
fn a_call_that_is_believed_to_be_covered_as_soon_as_it_is_taken() {
    let place = Place::shm();
    let mut scene = place.scene(THRESHOLD, LONG);
    let boastful = with(&mut scene, 0, Fault::Boastful);
    scene.hold(boastful);
    scene.call(boastful);
    scene.until(boastful, 1, is_start);
    scene.release(boastful);
    condemned("a call that is believed to be covered as soon as it is taken", &scene.end(), |breach| {
        *breach == Breach::FalselyCovered { who: boastful, call: 1 }
    });
}

#[test]
fn a_run_that_is_performed_twice() {
    let place = Place::shm();
    let mut scene = place.scene(THRESHOLD, LONG);
    let twice = with(&mut scene, 0, Fault::Twice);
    scene.call(twice);
    condemned("a run that is performed twice", &scene.end(), |breach| matches!(breach, Breach::Twice { .. }));
}

#[test]
fn a_process_that_ends_in_its_run() {
    let place = Place::shm();
    let mut scene = place.scene(THRESHOLD, LONG);
    let dies = with(&mut scene, 0, Fault::Dies);
    scene.call(dies);
    condemned("a process that ends in its run", &scene.end(), |breach| *breach == Breach::Died { who: dies });
}

#[test]
fn a_run_in_progress_that_is_taken_for_a_finished_one() {
    let place = Place::shm();
    let mut scene = place.scene(THRESHOLD, LONG);
    let runner = scene.start(0);
    scene.hold(runner);
    scene.call(runner);
    scene.until(runner, 1, is_start);
    let blind = with(&mut scene, 1, Fault::Blind);
    scene.call(blind);
    scene.until(blind, 1, is_end);
    scene.release(runner);
    condemned("a register that shows runs in progress as finished", &scene.end(), |breach| {
        matches!(breach, Breach::Overlap { .. })
    });
}

#[test]
fn a_register_that_forgets() {
    let place = Place::shm();
    // The window does not end within the trial.
    let mut scene = place.scene(LONG, LONG);
    let runner = scene.start(0);
    scene.call(runner);
    scene.until(runner, 1, is_end);
    let forgetful = with(&mut scene, 1, Fault::Forgetful);
    scene.call(forgetful);
    scene.until(forgetful, 1, is_end);
    // A forgotten run does not finish: the trial would wait for it to the end.
    scene.kill(&[forgetful]);
    condemned("a register that forgets without a recorded loss", &scene.end(), |breach| {
        matches!(breach, Breach::TooSoon { .. })
    });
}

#[test]
fn a_clock_that_is_ahead() {
    let place = Place::shm();
    let mut scene = place.scene(THRESHOLD, LONG);
    scene.compare_clocks().unwrap();
    let hasty = with(&mut scene, 0, Fault::Hasty);
    scene.call(hasty);
    condemned("a clock that is ahead", &scene.end(), |breach| {
        matches!(breach, Breach::BeforeItsStamp { .. })
    });
}

#[test]
fn a_superseded_run_that_believes_to_be_current() {
    let place = Place::shm();
    let mut scene = place.scene(THRESHOLD, Duration::from_millis(300));
    let stale = with(&mut scene, 0, Fault::Stale);
    scene.hold(stale);
    scene.call(stale);
    scene.until(stale, 1, is_start);
    let other = scene.start(1);
    scene.call(other);
    scene.until_covered(other);
    scene.release(stale);
    condemned("a superseded run that believes to be current", &scene.end(), |breach| {
        matches!(breach, Breach::FalselyCurrent { .. })
    });
}
