//! What a fuzzer's bytes mean: shared by the fuzz targets and by the replay of their corpora.

use super::sequence::{Op, Reached, check};
use super::{Event, MAX, Model, NEVER, Promise, shipped};
use atomic_throttle::Threshold;

/// A threshold, then two bytes for each operation.
pub fn sequence(input: &[u8]) -> Reached {
    let Some((&threshold, operations)) = input.split_first() else { return Reached::default() };
    check(u64::from(threshold), operations.chunks_exact(2).map(|pair| Op::from_bytes(pair[0], pair[1])))
}

/// Flags and event, then four numbers of eight bytes: start, threshold, now, and epoch or latest.
/// Compares the shipped transition with the model; `false` if the input is too short.
pub fn transition(input: &[u8]) -> bool {
    let Some((&[flags, kind], rest)) = input.split_first_chunk::<2>() else { return false };
    let mut numbers = [0; 4];
    if rest.len() < 8 * numbers.len() {
        return false;
    }
    for (number, word) in numbers.iter_mut().zip(rest.chunks_exact(8)) {
        *number = u64::from_le_bytes(word.try_into().expect("8 bytes"));
    }
    let [start, threshold, now, other] = numbers;
    let now = now.min(MAX);
    let promise = [Promise::Nothing, Promise::Owned, Promise::TakenBack, Promise::Orphaned]
        [usize::from(flags >> 1 & 3)];
    let mut model = Model {
        threshold: threshold.min(MAX),
        // The last start of all has a test of its own.
        latest_start: start % ((1 << 61) - 1),
        in_progress: flags & 1 == 1,
        promise,
    };
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
    let threshold = Threshold::from_nanos(model.threshold);
    let (state, told) = shipped::step(shipped::encode(&model), threshold, event);
    let before = model;
    assert_eq!(told, model.step(event), "{event:?} in {before:?}");
    assert_eq!(shipped::decode(state, threshold), model, "{event:?} in {before:?}");
    true
}
