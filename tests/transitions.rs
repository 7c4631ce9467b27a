//! Every transition against the reference model: exhaustively at small times, and at the edges of the
//! full width.

use atomic_throttle::lease::{self, Lease, Policy};
use atomic_throttle::state::{Arrive, Epoch, Finish, State};
use atomic_throttle::{Threshold, Timestamp};
use evidence::Check;
use evidence::Guarantee::{G1, G2, G3, G4, G6, G8};
use reference::planted::{Fault, Judge, contradicts};
use reference::{Event, MAX, Model, NEVER, Promise, Told, shipped};
use watchdog as _;

const PROMISES: [Promise; 4] = [Promise::Nothing, Promise::Owned, Promise::TakenBack, Promise::Orphaned];

fn events(now: u64, other: u64) -> [Event; 10] {
    [
        Event::Arrive { now },
        Event::ArriveBy { now, latest: other },
        Event::Request,
        Event::Owe,
        Event::TryStart { now },
        Event::Fire { epoch: other, now },
        Event::Abandon { epoch: other },
        Event::Cancel,
        Event::Flush { now },
        Event::Finish { epoch: other },
    ]
}

/// Compares every event in every state whose numbers are in these lists; returns how many.
fn compare(starts: &[u64], thresholds: &[u64], nows: &[u64], others: &[u64]) -> usize {
    let mut compared = 0;
    for_each(starts, thresholds, nows, others, |before, event| {
        compare_one(before, event, None);
        compared += 1;
    });
    compared
}

fn for_each(
    starts: &[u64],
    thresholds: &[u64],
    nows: &[u64],
    others: &[u64],
    mut look: impl FnMut(Model, Event),
) {
    for &latest_start in starts {
        for &threshold in thresholds {
            for promise in PROMISES {
                for in_progress in [false, true] {
                    let before = Model { threshold, latest_start, in_progress, promise };
                    for &now in nows {
                        for &other in others {
                            for event in events(now, other) {
                                look(before, event);
                            }
                        }
                    }
                }
            }
        }
    }
}

fn compare_one(before: Model, event: Event, fault: Option<Fault>) {
    let threshold = Threshold::from_nanos(before.threshold);
    let mut judge = Judge::new(before, fault);
    let expected = judge.step(event);
    let (state, told) = shipped::step(shipped::encode(&before), threshold, event);
    assert_eq!(told, expected, "{event:?} in {before:?}");
    assert_eq!(shipped::decode(state, threshold), judge.model, "{event:?} in {before:?}");
}

#[test]
fn all_transitions_at_small_width() {
    let check = Check::of(
        &[G1, G2, G3, G4, G8],
        "enumeration: every transition for times below 16, against the model",
    );
    let times: Vec<u64> = (0..16).collect();
    let compared = compare(&times, &times, &times, &times);
    assert_eq!(compared, 16_usize.pow(4) * 4 * 2 * 10);
    check.passed(compared, "transitions");
}

#[test]
fn all_transitions_at_the_edges_of_the_width() {
    let check =
        Check::of(&[G1, G2, G3, G4, G8], "enumeration: every transition at the edges of the full width");
    let around = |center: u64| [center - 2, center - 1, center];
    let mut readings = vec![0, 1, 2, 1_000];
    readings.extend(around(1 << 32));
    readings.extend(around(MAX / 2));
    readings.extend(around(MAX));
    // A start may lie beyond the last reading, if runs were flushed while the clock stood still there.
    let mut starts = readings.clone();
    starts.extend([MAX + 1, MAX + 2, (1 << 61) - 2]);
    let mut others = starts.clone();
    others.push(NEVER);
    let compared = compare(&starts, &readings, &readings, &others);
    assert_eq!(compared, 16 * 13 * 13 * 17 * 4 * 2 * 10);
    check.passed(compared, "transitions");
}

/// At the end of the field `last` cannot grow. Nothing panics, exclusion holds, and no window opens.
#[test]
fn the_last_start_of_all() {
    use atomic_throttle::Timestamp;
    use atomic_throttle::state::{Flush, TryStart};

    let end = State::from_word((((1 << 61) - 1) << 3) | 0b010);
    let threshold = Threshold::from_nanos(1);
    let (_, refused) = end.try_start(Timestamp::MAX, threshold);
    assert!(matches!(refused, TryStart::Refused(_)));
    let (running, flushed) = end.flush(Timestamp::MAX);
    assert_eq!(flushed, Flush::Run);
    assert!(running.is_running());
    assert_eq!(running.epoch(), end.epoch());
    let (_, refused) = running.try_start(Timestamp::MAX, Threshold::ZERO);
    assert!(matches!(refused, TryStart::Refused(_)));
}

/// The events that have a form under a policy, and the finish, which comes late there.
fn events_under(now: u64, epochs: &[u64]) -> Vec<Event> {
    let finishes = epochs.iter().map(|&epoch| Event::Finish { epoch });
    [Event::Arrive { now }, Event::Flush { now }].into_iter().chain(finishes).collect()
}

/// An epoch that is kept as a number comes back as it was; what is no epoch becomes the greatest.
#[test]
fn an_epoch_is_its_number() {
    let greatest = (1 << 61) - 1;
    for number in [0, 1, 1_000, MAX, MAX + 1, greatest - 1, greatest] {
        let epoch = lease::epoch(number);
        assert_eq!(epoch.as_u64(), number);
        assert_eq!(epoch, State::from_word(number << 3 | 0b011).epoch());
        assert_eq!(State::from_word(number << 3 | 1).finish(epoch).1, Finish::Finished);
    }
    assert_eq!(lease::epoch(0), Epoch::NEVER_RAN);
    for beyond in [greatest + 1, NEVER - 1, NEVER] {
        assert_eq!(lease::epoch(beyond).as_u64(), greatest);
    }
}

/// None, the shortest, those around the threshold, and those that are over at the end of the range or never.
fn leases(threshold: u64, latest_start: u64) -> Vec<Option<u64>> {
    let to_the_end = MAX.saturating_sub(latest_start);
    let around = [threshold.saturating_sub(1), threshold, threshold + 3];
    let mut leases: Vec<u64> = around.into_iter().chain([1, to_the_end, to_the_end + 1, MAX]).collect();
    leases.retain(|lease| (1..=MAX).contains(lease));
    leases.sort_unstable();
    leases.dedup();
    [None].into_iter().chain(leases.into_iter().map(Some)).collect()
}

/// What must hold for the form under a policy, besides what the model says: a lease only adds starts.
fn compare_one_under(before: Model, lease: Option<u64>, event: Event, fault: Option<Fault>) {
    let policy = shipped::policy(before.threshold, lease);
    let state = shipped::encode(&before);
    let mut judge = Judge::new(before, fault);
    let expected = judge.step_under(lease, event);
    let (under, told) = shipped::step_under(state, policy, event);
    assert_eq!(told, expected, "{event:?} in {before:?}, {policy:?}");
    assert_eq!(shipped::decode(under, policy.threshold), judge.model, "{event:?} in {before:?}, {policy:?}");

    let (plain, told_without) = shipped::step(state, policy.threshold, event);
    if lease.is_none() {
        assert_eq!((under, told), (plain, told_without), "without a lease {event:?} in {before:?}");
    }
    if told == Told::Run {
        assert!(under.epoch() > state.epoch(), "{event:?} in {before:?}, {policy:?}");
    }
    if told != Told::Run || told_without == Told::Run {
        assert_eq!(under, plain, "{event:?} in {before:?}, {policy:?}");
    }
}

fn for_each_under(
    starts: &[u64],
    thresholds: &[u64],
    nows: &[u64],
    epochs: &[u64],
    mut look: impl FnMut(Model, Option<u64>, Event),
) {
    for &latest_start in starts {
        for &threshold in thresholds {
            for lease in leases(threshold, latest_start) {
                let ends = lease.map_or(vec![], |lease| {
                    let end = latest_start.saturating_add(lease).min(MAX);
                    vec![end.saturating_sub(1), end]
                });
                for &now in nows.iter().chain(&ends) {
                    for event in events_under(now, epochs) {
                        let states = states(latest_start, threshold);
                        states.for_each(|before| look(before, lease, event));
                    }
                }
            }
        }
    }
}

/// Each promise, with a run in progress and without.
fn states(latest_start: u64, threshold: u64) -> impl Iterator<Item = Model> {
    PROMISES.into_iter().flat_map(move |promise| {
        [false, true].map(|in_progress| Model { threshold, latest_start, in_progress, promise })
    })
}

#[test]
fn a_lease_adds_starts_and_nothing_else() {
    let claim = "enumeration: under a policy, with any lease, every transition is the model's; without one it is the plain one; a lease only adds starts, and each moves the epoch";
    let check = Check::of(&[G1, G2, G3, G4, G6, G8], claim);
    let small: Vec<u64> = (0..9).collect();
    let wide = [0, 1, 1_000, 1 << 32, MAX / 2, MAX - 1, MAX, MAX + 1, (1 << 61) - 2];
    let readings: Vec<u64> = wide.into_iter().filter(|now| *now <= MAX).collect();
    let (mut compared, mut superseded) = (0_usize, 0_usize);
    let mut look = |before: Model, lease, event| {
        compare_one_under(before, lease, event, None);
        let mut model = before;
        superseded += usize::from(before.in_progress && model.step_under(lease, event) == Told::Run);
        compared += 1;
    };
    for_each_under(&small, &small, &small, &small, &mut look);
    for_each_under(&wide, &readings, &readings, &wide, &mut look);
    assert!(superseded > 5_000, "{superseded} of {compared} supersede");
    check.passed(compared, "transitions");
}

#[test]
fn wrong_models_of_a_lease_are_contradicted() {
    let small: Vec<u64> = (0..4).collect();
    let readings = [0, 1, 2, 3, MAX];
    for fault in Fault::OF_A_LEASE {
        let (mut found, mut compared) = (0_usize, 0_usize);
        for_each_under(&[0, 1, 3, MAX - 1], &small, &readings, &small, |before, lease, event| {
            found += usize::from(contradicts(|| compare_one_under(before, lease, event, Some(fault))));
            compared += 1;
        });
        assert!(found > 0, "{fault:?} is not found");
        evidence::caught(fault.name(), &format!("enumeration: in {found} of {compared} transitions"));
    }
}

/// The clock goes back, so the time that is passed lies within the lease of the first run.
#[test]
fn runs_that_overlap_are_a_lease_apart_by_their_stamps() {
    let policy = Policy::new(Threshold::from_nanos(0)).with_lease(Lease::from_nanos(30));
    let start = |state: State, now| {
        let (next, outcome) = state.arrive_under(Timestamp::from_nanos(now), policy);
        assert_eq!(outcome, Arrive::Run, "at {now}");
        next
    };
    let first = start(State::NEW, 5);
    let second = start(first, 35);
    let (finished, _) = second.finish(second.epoch());
    let third = start(finished, 10);
    assert_eq!(third.epoch().as_u64(), 36, "5 + 30 or later");
    assert_eq!(third.finish(first.epoch()), (third, Finish::Ignored), "the first run is still in progress");
}

/// The comparison bites: the shipped code contradicts each wrong model. `CancelOpens` takes a sequence.
#[test]
fn wrong_models_are_contradicted() {
    let times: Vec<u64> = (0..5).collect();
    for fault in [Fault::OpensEarly, Fault::StampRepeats, Fault::FinishClears, Fault::OweForgotten] {
        let (mut found, mut compared) = (0_usize, 0_usize);
        for_each(&times, &times, &times, &times, |before, event| {
            found += usize::from(contradicts(|| compare_one(before, event, Some(fault))));
            compared += 1;
        });
        assert!(found > 0, "{fault:?} is not found");
        let how = format!("enumeration: in {found} of {compared} transitions below 5");
        evidence::caught(fault.name(), &how);
    }
}
