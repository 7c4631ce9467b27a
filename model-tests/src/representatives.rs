//! Concrete numbers that stand for a word or a configuration without them.

use crate::configuration::{Configuration, Count};
use crate::system::{Operation, Sleep, System, Thread};
use crate::transitions::{LAST_MAX, MAX, word};
use crate::window::Window;
use crate::word::Word;

/// Numbers in which the time stands to the window in one way.
#[derive(Clone, Copy, Debug)]
pub struct Times {
    pub last: u64,
    pub threshold: u64,
    pub now: u64,
}

/// Small, large and extreme ones. The very last start is left out: from there `last` cannot grow.
#[must_use]
pub fn times(window: Window) -> Vec<Times> {
    let mut found = Vec::new();
    for last in [7, 1, 2, 0, 1_000, MAX / 2, MAX - 1, MAX, MAX + 1, LAST_MAX - 1] {
        for threshold in [0, 1, 2, 5, 1_000, MAX / 2, MAX] {
            for now in readings(last, threshold) {
                if Window::of(last, threshold, now) == window {
                    found.push(Times { last, threshold, now });
                }
            }
        }
    }
    found
}

fn readings(last: u64, threshold: u64) -> Vec<u64> {
    let end = last.saturating_add(threshold);
    let around = |center: u64| [center.saturating_sub(1), center, center.saturating_add(1)];
    let mut readings = vec![0, 1, 1_000, MAX];
    readings.extend(around(last));
    readings.extend(around(end));
    readings.retain(|reading| *reading <= MAX);
    readings.sort_unstable();
    readings.dedup();
    readings
}

/// Moves of the clock and the threshold that reach every window, from every one.
#[must_use]
pub fn surroundings(system: &System) -> Vec<Operation> {
    let readings = readings(system.last(), system.threshold);
    let thresholds = [0, 1, 2, 1_000, MAX / 2, MAX];
    let clocks = readings.into_iter().map(|to| Operation::Clock { to });
    clocks.chain(thresholds.into_iter().map(|to| Operation::SetThreshold { to })).collect()
}

/// A system in which this word has guards of every sort, whether it can have them or not.
#[must_use]
pub fn with_all_guards(word_of: Word, times: Times) -> System {
    let older = times.last.checked_sub(1);
    let owns = |epoch| Thread::Owns { epoch, sleep: Sleep::Awake };
    let mut threads = vec![Thread::Idle, Thread::Runs { epoch: times.last }, owns(times.last)];
    threads.extend(older.into_iter().flat_map(|epoch| [Thread::Runs { epoch }, owns(epoch)]));
    system(word_of, times, threads, false)
}

/// A system of this configuration, which must hold the invariants, with that many older deferrals;
/// `None` if there is none, for nothing is older than the first epoch.
#[must_use]
pub fn with_guards(configuration: &Configuration, times: Times, older: usize) -> Option<System> {
    let last = times.last;
    let mut threads = vec![Thread::Idle];
    if configuration.runs.current != Count::None {
        threads.push(Thread::Runs { epoch: last });
    }
    if configuration.deferrals.current != Count::None {
        threads.push(Thread::Owns { epoch: last, sleep: Sleep::Awake });
    }
    for nth in 0..older {
        let epoch = [last.checked_sub(1)?, 0, last / 2][nth];
        threads.push(Thread::Owns { epoch, sleep: Sleep::Awake });
    }
    Some(system(configuration.word, times, threads, configuration.uncovered))
}

/// Of how many guards there are representatives: `Many` becomes one or stays many when one goes.
#[must_use]
pub fn sizes(count: Count) -> &'static [usize] {
    match count {
        Count::None => &[0],
        Count::One => &[1],
        Count::Many => &[2, 3],
    }
}

fn system(word_of: Word, times: Times, threads: Vec<Thread>, uncovered: bool) -> System {
    let mut system = System {
        word: word(times.last, word_of.flags()).to_word(),
        threshold: times.threshold,
        now: times.now,
        threads,
        uncovered,
        started: times.last,
    };
    system.tidy();
    debug_assert_eq!(Window::of(times.last, times.threshold, times.now), word_of.window);
    system
}
