//! [`Pace`]: what C5 and C7 say about when a process looks again, at any threshold. Nothing waits here: a
//! test passes times in, and gets times back. The simulation and the trials show what several processes do by
//! it.

use atomic_throttle::{Threshold, Timestamp};
use atomic_throttle_cluster::course::{Pace, Plan, Until, Wait};
use evidence::Check;
use evidence::Guarantee::{C5, C6, C7};
use rand::SeedableRng;
use rand::rngs::StdRng;
use std::time::Duration;
use watchdog as _;

const MILLISECOND: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);
const DRAWS: u64 = 100;
const HOUR: Duration = Duration::from_secs(3600);

fn thresholds() -> impl Iterator<Item = Duration> {
    let nanos =
        [1, 1_000, 1_000_000, 20_000_000, 100_000_000, 1_000_000_000, 60_000_000_000, 3_600_000_000_000];
    nanos.into_iter().map(Duration::from_nanos)
}

/// The time on the clock of the register, and another time on the clock of the process.
const NOW: Timestamp = Timestamp::from_nanos(5_000_000_000_000);
const LOCAL: Timestamp = Timestamp::from_nanos(70_000_000_000_000);

fn pace(threshold: Duration) -> Pace {
    Pace::new(Threshold::try_new(threshold).unwrap())
}

fn rng(seed: u64) -> StdRng {
    StdRng::seed_from_u64(seed)
}

fn plan(pace: &mut Pace, until: Until, rng: &mut StdRng) -> Plan {
    pace.plan(Wait { now: NOW, until }, LOCAL, rng)
}

/// How long the process does not look.
fn pause(plan: Plan) -> Duration {
    plan.at.expect("it looks again").saturating_since(LOCAL)
}

#[test]
fn the_owner_looks_when_it_is_due_and_the_others_a_little_later_at_random() {
    let check =
        Check::of(&[C5], "cases: the owner looks when it is due, the others within a sixth of the threshold");
    let mut cases = 0;
    for threshold in thresholds() {
        let due = NOW.saturating_add(threshold);
        let latest = (threshold / 6).clamp(5 * MILLISECOND, 1050 * MILLISECOND);
        let mut late = Vec::new();
        for seed in 0..DRAWS {
            let own = plan(&mut pace(threshold), Until::Due(due), &mut rng(seed));
            assert_eq!((pause(own), own.take_at), (threshold, None));
            let pause = pause(plan(&mut pace(threshold), Until::Overdue(due), &mut rng(seed)));
            late.push(pause.checked_sub(threshold).expect("not before it is due"));
            cases += 1;
        }
        let (first, last) = (*late.iter().min().unwrap(), *late.iter().max().unwrap());
        assert!(
            first >= pace(threshold).grace() && first >= MILLISECOND,
            "{threshold:?}: the owner is first"
        );
        assert!(last <= latest, "{threshold:?}: {last:?}");
        // Not all at once.
        assert!(
            last.abs_diff(first) > (threshold / 16).clamp(2 * MILLISECOND, 500 * MILLISECOND),
            "{threshold:?}"
        );
    }
    check.passed(cases, "cases");
}

#[test]
fn calls_are_taken_once_more_before_it_is_due() {
    let check =
        Check::of(&[C7], "cases: calls that came meanwhile are taken once, before the run of another is due");
    let mut cases = 0;
    for threshold in thresholds() {
        let before = |left: Duration, seed| {
            let due = NOW.saturating_add(left);
            plan(&mut pace(threshold), Until::Overdue(due), &mut rng(seed)).take_at
        };
        let mut all = Vec::new();
        for seed in 0..DRAWS {
            let take_at = before(threshold, seed).expect("there is time").saturating_since(LOCAL);
            let lead = threshold.checked_sub(take_at).expect("before it is due");
            assert!(lead >= (threshold / 16).min(SECOND / 2) && lead <= (threshold / 8).min(SECOND));
            all.push(lead);
            // The early look is done, or there was no time for it.
            assert_eq!(before((threshold / 32).min(SECOND / 4), seed), None, "{threshold:?}");
            cases += 1;
        }
        assert!(threshold < MILLISECOND || all.iter().min() < all.iter().max(), "{threshold:?}: all at once");
    }
    check.passed(cases, "cases");
}

/// If calls come all the time, each look is planned again, but the time of the early one is drawn only once.
#[test]
fn calls_are_taken_early_once_per_window() {
    let check = Check::of(&[C7], "cases: calls that come all the time are taken early once per window");
    let mut cases = 0;
    for threshold in thresholds().filter(|threshold| *threshold >= MILLISECOND) {
        for seed in 0..DRAWS {
            let (mut pace, mut rng) = (pace(threshold), rng(seed));
            // The same time on both clocks.
            let mut now = LOCAL;
            for _ in 0..3 {
                let due = now.saturating_add(threshold);
                let mut looks = 0;
                while let Some(early) =
                    pace.plan(Wait { now, until: Until::Overdue(due) }, now, &mut rng).take_at
                {
                    now = early;
                    looks += 1;
                }
                assert_eq!(looks, 1, "{threshold:?}");
                now = due;
                cases += 1;
            }
        }
    }
    check.passed(cases, "cases");
}

/// Nobody announces that a run has finished. Its lease distinguishes it from the next run.
#[test]
fn the_end_of_the_next_run_is_looked_for_as_soon() {
    let until = |lease_end| Until::Finished { lease_end: NOW.saturating_add(lease_end) };
    for threshold in thresholds() {
        let (mut pace, mut rng) = (pace(threshold), rng(1));
        for run in 1..4 {
            let first = pause(plan(&mut pace, until(run * HOUR), &mut rng));
            assert!(
                first <= (threshold / 32).clamp(2 * MILLISECOND, 40 * MILLISECOND),
                "{threshold:?}: {first:?}"
            );
            let all: Vec<_> = (0..20).map(|_| pause(plan(&mut pace, until(run * HOUR), &mut rng))).collect();
            assert!(
                all.iter().all(|later| *later >= MILLISECOND) && all[19] > first,
                "{threshold:?}: {all:?}"
            );
        }
    }
}

#[test]
fn the_end_of_a_run_is_looked_for_ever_less_often() {
    let check = Check::of(
        &[C5, C7],
        "cases: the end of a run is looked for ever less often, at last twice per threshold",
    );
    let mut cases = 0;
    let until = Until::Finished { lease_end: Timestamp::NEVER };
    for threshold in thresholds() {
        let longest = (threshold / 2).clamp(100 * MILLISECOND, 2 * SECOND);
        for seed in 0..DRAWS {
            let (mut pace, mut rng) = (pace(threshold), rng(seed));
            let first = pause(plan(&mut pace, until, &mut rng));
            assert!(
                first <= (threshold / 32).clamp(2 * MILLISECOND, 40 * MILLISECOND),
                "{threshold:?}: {first:?}"
            );
            let all: Vec<_> = (0..60).map(|_| pause(plan(&mut pace, until, &mut rng))).collect();
            assert!(
                all.iter().all(|pause| *pause >= MILLISECOND && *pause <= longest),
                "{threshold:?}: {all:?}"
            );
            let second = (threshold / 16).clamp(4 * MILLISECOND, 80 * MILLISECOND);
            assert!(all[0] <= second, "{threshold:?}: {all:?}");
            assert!(all[20..].iter().all(|pause| *pause >= longest / 2), "{threshold:?}: {all:?}");
            // There was another wait in between, so the next run is another one.
            let due = NOW.saturating_add(threshold);
            let _ =
                plan(&mut pace, if seed % 2 == 0 { Until::Due(due) } else { Until::Overdue(due) }, &mut rng);
            let again = pause(plan(&mut pace, until, &mut rng));
            assert!(
                again <= (threshold / 32).clamp(2 * MILLISECOND, 40 * MILLISECOND),
                "{threshold:?}: {again:?}"
            );
            cases += 1;
        }
    }
    check.passed(cases, "cases");
}

#[test]
fn the_end_of_a_lease_is_not_missed() {
    let check = Check::of(
        &[C5, C6],
        "cases: a run is looked at when its lease is over, by each process at another time",
    );
    let mut cases = 0;
    for threshold in thresholds() {
        for left in [Duration::ZERO, MILLISECOND, SECOND] {
            let until = Until::Finished { lease_end: NOW.saturating_add(left) };
            let mut late = Vec::new();
            for seed in 0..DRAWS {
                let (mut pace, mut rng) = (pace(threshold), rng(seed));
                for _ in 0..30 {
                    let pause = pause(plan(&mut pace, until, &mut rng));
                    assert!(pause <= left + pace.spread(), "{threshold:?}, {left:?}: {pause:?}");
                    late.push(pause);
                }
                cases += 1;
            }
            assert!(late.iter().min() < late.iter().max(), "{threshold:?}: all at once");
        }
    }
    check.passed(cases, "cases");
}

#[test]
fn what_is_never_due_is_not_looked_at() {
    for until in [Until::Due(Timestamp::NEVER), Until::Overdue(Timestamp::NEVER)] {
        assert_eq!(plan(&mut pace(HOUR), until, &mut rng(0)), Plan { at: None, take_at: None });
    }
}
