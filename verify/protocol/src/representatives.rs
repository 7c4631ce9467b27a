//! Concrete numbers that stand for a word or a configuration without them.

use crate::configuration::{Configuration, Count};
use crate::lease::LeasePhase;
use crate::system::{Operation, Sleep, System, Thread};
use crate::transitions::{LAST_MAX, MAX, word};
use crate::window::Window;
use crate::word::Word;

/// Numbers in which the time stands to the window in one way, and to the lease in one way.
#[derive(Clone, Copy, Debug)]
pub struct Times {
    pub last: u64,
    pub threshold: u64,
    pub lease: Option<u64>,
    pub now: u64,
}

/// Small, large and extreme ones. The very last start is left out: from there `last` cannot grow.
#[must_use]
pub fn times(window: Window, stands: LeasePhase) -> Vec<Times> {
    let (lasts, thresholds, leases): (&[u64], &[u64], &[Option<u64>]) = match stands {
        LeasePhase::Without => (
            &[7, 1, 2, 0, 1_000, MAX / 2, MAX - 1, MAX, MAX + 1, LAST_MAX - 1],
            &[0, 1, 2, 5, 1_000, MAX / 2, MAX],
            &[None],
        ),
        _ => (&[7, 0, MAX - 1, LAST_MAX - 1], &[0, 5, MAX], &[Some(1), Some(5), Some(9), Some(MAX)]),
    };
    let mut found = Vec::new();
    for &last in lasts {
        for &threshold in thresholds {
            for &lease in leases {
                for now in readings(last, threshold, lease) {
                    let times = Times { last, threshold, lease, now };
                    if Window::of(last, threshold, now) == window
                        && LeasePhase::of(last, lease, now) == stands
                    {
                        found.push(times);
                    }
                }
            }
        }
    }
    found
}

fn readings(last: u64, threshold: u64, lease: Option<u64>) -> Vec<u64> {
    let around = |center: u64| [center.saturating_sub(1), center, center.saturating_add(1)];
    let mut readings = vec![0, 1, 1_000, MAX];
    readings.extend(around(last));
    readings.extend(around(last.saturating_add(threshold)));
    readings.extend(lease.into_iter().flat_map(|lease| around(last.saturating_add(lease))));
    readings.retain(|reading| *reading <= MAX);
    readings.sort_unstable();
    readings.dedup();
    readings
}

/// Moves of the clock, the threshold and the lease that reach every window, from every one.
#[must_use]
pub fn surroundings(system: &System) -> Vec<Operation> {
    let readings = readings(system.last(), system.threshold, system.lease);
    let thresholds = [0, 1, 2, 1_000, MAX / 2, MAX];
    let leases: &[u64] = if system.lease.is_some() { &[1, 2, MAX] } else { &[] };
    let clocks = readings.into_iter().map(|to| Operation::Clock { to });
    let thresholds = thresholds.into_iter().map(|to| Operation::SetThreshold { to });
    clocks.chain(thresholds).chain(leases.iter().map(|to| Operation::SetLease { to: *to })).collect()
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

/// How many guards of older epochs there are.
#[derive(Clone, Copy, Debug)]
pub struct Older {
    pub runs: usize,
    pub deferrals: usize,
}

/// A system of this configuration, which must hold the invariants, with that many older guards. `None` if there
/// is none, because nothing is older than the first epoch.
#[must_use]
pub fn with_guards(configuration: &Configuration, times: Times, older: Older) -> Option<System> {
    let last = times.last;
    let mut threads = vec![Thread::Idle];
    if configuration.runs.current != Count::None {
        threads.push(Thread::Runs { epoch: last });
    }
    if configuration.deferrals.current != Count::None {
        threads.push(Thread::Owns { epoch: last, sleep: Sleep::Awake });
    }
    for nth in 0..older.deferrals {
        let epoch = [last.checked_sub(1)?, 0, last / 2][nth];
        threads.push(Thread::Owns { epoch, sleep: Sleep::Awake });
    }
    for nth in 0..older.runs {
        let epoch = [last.checked_sub(1)?, 0, last / 2][nth];
        threads.push(Thread::Runs { epoch });
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
        lease: times.lease,
        now: times.now,
        threads,
        uncovered,
        started: times.last,
    };
    system.tidy();
    debug_assert_eq!(Window::of(times.last, times.threshold, times.now), word_of.window);
    system
}
