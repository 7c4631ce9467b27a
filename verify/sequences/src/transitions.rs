//! How a fuzzer's bytes drive a sequence: shared by the fuzz targets and by the replay of their corpora.
//!
//! Each of them takes a fault to plant in the model, and panics where the shipped code and the model
//! differ.

use super::planted::{Fault, Judge};
use super::reached::Reached;
use super::{Event, MAX, Model, NEVER, Promise, arithmetic, sequence, shipped, threads, throttle, throttled};
use std::time::Duration;

/// A threshold, then two bytes for each operation on a `Gate`.
pub fn sequence(fault: Option<Fault>, input: &[u8]) -> Reached {
    let Some((&threshold, operations)) = input.split_first() else { return Reached::default() };
    let operations = operations.chunks_exact(2).map(|pair| sequence::Op::from_bytes(pair[0], pair[1]));
    sequence::check_with(fault, u64::from(threshold), operations)
}

/// A threshold, then two bytes for each operation on a `Throttle`, 60 at most.
pub fn throttle(fault: Option<Fault>, input: &[u8]) -> Reached {
    let Some((&threshold, operations)) = input.split_first() else { return Reached::default() };
    let operations = operations.chunks_exact(2).map(|pair| throttle::Op::from_bytes(pair[0], pair[1]));
    throttle::check_with(fault, u64::from(threshold), operations.take(60))
}

/// A threshold and a set-up, then two bytes for each operation on a `Throttled`, 60 at most.
pub fn throttled(fault: Option<Fault>, input: &[u8]) -> Reached {
    let Some((&[threshold, setup], operations)) = input.split_first_chunk::<2>() else {
        return Reached::default();
    };
    let setup = throttled::Setup::from_bytes(threshold, setup);
    let operations = operations.chunks_exact(2).map(|pair| throttled::Op::from_bytes(pair[0], pair[1]));
    throttled::check_with(fault, setup, operations.take(60))
}

/// A threshold, a number of threads, then three bytes for each step: who, what, and a value.
pub fn threads(fault: Option<Fault>, input: &[u8]) -> Reached {
    let Some((&[threshold, count], steps)) = input.split_first_chunk::<2>() else {
        return Reached::default();
    };
    let steps = steps.chunks_exact(3).map(|step| threads::step::Step::from_bytes(step[0], step[1], step[2]));
    threads::check(fault, u64::from(threshold), 3 + usize::from(count % 4), steps)
}

/// How the numbers relate, then six of them, of eight bytes each: two times, a word, a threshold, and a
/// duration in seconds and nanoseconds. `None` if the input is too short.
pub fn arithmetic(window_end: fn(u64, u64) -> u64, input: &[u8]) -> Option<Reached> {
    let (&relation, rest) = input.split_first()?;
    let [time, other, word, threshold, seconds, nanos] = numbers(rest)?;
    // Chance does not find two numbers of 64 bits that are as far apart as a third.
    let longest = MAX.saturating_sub(word >> 3);
    let threshold = [threshold, longest, longest + 1, 0][usize::from(relation & 3)];
    let end = arithmetic::window_end(word >> 3, threshold.min(MAX));
    let time = [time, end, end.saturating_sub(1), NEVER][usize::from(relation >> 2 & 3)];
    let nanos = (nanos % 1_000_000_000).try_into().expect("less than a second");
    let duration = match relation >> 4 & 3 {
        0 => Duration::new(seconds, nanos),
        1 => Duration::from_nanos(MAX),
        2 => Duration::from_nanos(MAX + 1),
        _ => Duration::from_nanos(time),
    };
    Some(arithmetic::check(window_end, [time, other], word, threshold, duration))
}

/// The numbers that the input begins with.
fn numbers<const N: usize>(input: &[u8]) -> Option<[u64; N]> {
    let mut numbers = [0; N];
    for (index, number) in numbers.iter_mut().enumerate() {
        *number = u64::from_le_bytes(*input.get(8 * index..)?.first_chunk()?);
    }
    Some(numbers)
}

/// Flags and event, then four numbers of eight bytes: start, threshold, now, and epoch or latest; then a
/// lease, if there is one, which events of a gate ignore. Compares the shipped transition with the model;
/// `None` if the input is too short.
pub fn transition(fault: Option<Fault>, input: &[u8]) -> Option<Reached> {
    let (&[flags, kind], rest) = input.split_first_chunk::<2>()?;
    let [start, threshold, now, other] = numbers(rest)?;
    let promise = [Promise::Nothing, Promise::Owned, Promise::TakenBack, Promise::Orphaned]
        [usize::from(flags >> 1 & 3)];
    // The very last start has a test of its own.
    let latest_start = start % ((1 << 61) - 1);
    // Chance does not find two numbers of 64 bits that are as far apart as a third.
    let longest = MAX.saturating_sub(latest_start);
    let threshold = [threshold, longest, longest + 1, 0][usize::from(flags >> 4 & 3)].min(MAX);
    let model = Model { threshold, latest_start, in_progress: flags & 1 == 1, promise };
    let due = model.deadline();
    let now = [now, due, due.saturating_sub(1), latest_start][usize::from(flags >> 6)].min(MAX);
    let relation = usize::from(kind / 10);
    let lease = numbers(rest).map(|[_, _, _, _, lease]: [u64; 5]| {
        [lease, threshold, longest, longest + 1][relation % 4].clamp(1, MAX)
    });
    let end = lease.map(|lease| model.lease_end(lease));
    let now = end.map_or(now, |end| [now, now, end, end - 1, MAX, now][relation / 4 % 6].min(MAX));
    let latest = if other > MAX { NEVER } else { other };
    let epoch = if flags & 8 == 0 { model.latest_start } else { other >> 3 };
    let event = match kind % 10 {
        0 => Event::Arrive { now },
        1 => Event::ArriveBy { now, latest },
        2 => Event::Request,
        3 => Event::TryStart { now },
        4 => Event::Fire { epoch, now },
        5 => Event::Abandon { epoch },
        6 => Event::Cancel,
        7 => Event::Flush { now },
        8 => Event::Owe,
        _ => Event::Finish { epoch },
    };
    let lease = lease.filter(|_| !event.is_of_a_gate());
    let policy = shipped::policy(threshold, lease);
    let before = shipped::encode(&model);
    let (state, told) = match lease {
        None => shipped::step(before, policy.threshold, event),
        Some(_) => shipped::step_under(before, policy, event),
    };
    let mut judge = Judge::new(model, fault);
    assert_eq!(told, judge.step_under(lease, event), "{event:?} in {model:?}, {policy:?}");
    assert_eq!(shipped::decode(state, policy.threshold), judge.model, "{event:?} in {model:?}, {policy:?}");
    Some(judge.edges)
}
