//! The clock of the Redis server is stepped by an hour.

use crate::place::Place;
use crate::{good, is_start};
use evidence::Check;
use evidence::Guarantee::{C1, C2, C3, C5, C8};
use processes::judge::What;
use processes::log::now;
use processes::participant::Span;
use processes::scene::Scene;
use server::{Options, Persistence};
use std::time::Duration;

const THRESHOLD: Duration = Duration::from_millis(100);
const HOUR: i64 = 3600;

fn place() -> Option<Place> {
    Place::redis(Options { persistence: Persistence::Always, fake_clock: true, ..Options::default() })
}

fn step(place: &mut Place, scene: &mut Scene, seconds: i64) {
    let from = now();
    place.server().step_clock(seconds);
    scene.note(from, What::Stepped);
}

/// Processes call all the time, and the clock is stepped several times. After each step, new calls are
/// covered long before the clock is back at its old time.
fn stepped(what: &str, steps: &[i64]) {
    let check =
        Check::of(&[C1, C2, C3, C5, C8], format!("trials, real redis-server: its clock is stepped {what}"));
    let Some(mut place) = place() else { return };
    let mut scene = place.scene(THRESHOLD, Duration::from_secs(600));
    scene.defaults().calls_every = Some(Span::millis(2, 20));
    let all = [0, 1, 2].map(|seat| scene.start(seat));
    let before = scene.register().read().unwrap().now;
    for (at, &seconds) in steps.iter().enumerate() {
        let starts = |scene: &Scene| -> usize {
            all.iter()
                .map(|&who| scene.records(who).iter().filter(|record| is_start(record.event)).count())
                .sum()
        };
        let begun = starts(&scene);
        server::eventually("runs go on", || (starts(&scene) >= begun + 3).then_some(()));
        step(&mut place, &mut scene, seconds);
        // A process that remembers nothing calls too.
        let new = scene.start(u32::try_from(3 + at).unwrap());
        scene.until_covered_again(new);
        for who in all {
            scene.until_covered_again(who);
        }
    }
    let after = scene.register().read().unwrap().now;
    let moved = i128::from(after.as_nanos()) - i128::from(before.as_nanos());
    let steps_seconds: i64 = steps.iter().sum();
    // The server has seen the steps.
    assert!(
        (moved / 1_000_000_000 - i128::from(steps_seconds)).abs() < 1800,
        "{moved} ns by {steps_seconds} s"
    );
    let figures = good(&scene.end()).figures;
    println!("{what}: {figures:?}");
    check.passed(steps.len(), "histories");
}

#[test]
fn an_hour_back() {
    stepped("an hour back", &[-HOUR]);
}

#[test]
fn an_hour_forward() {
    stepped("an hour forward", &[HOUR]);
}

#[test]
fn forward_back_and_back() {
    stepped("an hour forward, and twice back", &[HOUR, -HOUR, -HOUR]);
}

#[test]
fn a_run_is_superseded_when_the_clock_is_past_its_lease() {
    let check = Check::of(
        &[C2, C3, C8],
        "trials, real redis-server: a step of its clock past the lease supersedes a run, whose token is stale then",
    );
    let Some(mut place) = place() else { return };
    let mut scene = place.scene(THRESHOLD, Duration::from_secs(600));
    let runner = scene.start(0);
    scene.hold(runner);
    scene.call(runner);
    scene.until(runner, 1, is_start);
    step(&mut place, &mut scene, HOUR);
    let other = scene.start(1);
    scene.call(other);
    scene.until_covered(other);
    scene.release(runner);
    scene.until_covered(runner);
    let figures = good(&scene.end()).figures;
    assert_eq!((figures.superseded, figures.lost), (1, 0));
    check.passed(1, "histories");
}
