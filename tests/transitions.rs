//! Every transition against the reference model: exhaustively at small times, and at the edges of the
//! full width.

mod reference;

use atomic_throttle::Threshold;
use evidence::Check;
use reference::planted::{Fault, Judge, contradicts};
use reference::{Event, MAX, Model, NEVER, Promise, shipped};

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
    let check =
        Check::of("G1 G2 G3 G4 G8", "enumeration: every transition for times below 16, against the model");
    let times: Vec<u64> = (0..16).collect();
    let compared = compare(&times, &times, &times, &times);
    assert_eq!(compared, 16_usize.pow(4) * 4 * 2 * 10);
    check.passed(compared, "transitions");
}

#[test]
fn all_transitions_at_the_edges_of_the_width() {
    let check = Check::of("G1 G2 G3 G4 G8", "enumeration: every transition at the edges of the full width");
    let around = |center: u64| [center - 2, center - 1, center];
    let mut readings = vec![0, 1, 2, 1_000];
    readings.extend(around(1 << 32));
    readings.extend(around(MAX / 2));
    readings.extend(around(MAX));
    // A start may lie beyond the last reading: the clock stood still there, and runs were flushed.
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
    use atomic_throttle::state::{Flush, State, TryStart};

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
