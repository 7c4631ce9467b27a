//! Numbers matter only as far as the abstraction says: a transition depends on time only through the
//! window and the deadline, on epochs only through equality, on `last` only in that it grows.
//!
//! [`Table`] is the transition without numbers, read off one representative of each word and act.
//! [`Numbers`] are then compared with it: each must do what the table says.

use crate::act::Act;
use crate::promises::{self, Taken};
use crate::representatives::{times, with_all_guards};
use crate::transitions::{Event, FLAGS, LAST_MAX, Told, Transitions, kind, word};
use crate::violation::Violation;
use crate::word::Word;
use atomic_throttle::Threshold;
use std::collections::HashMap;

pub const LINK: &str = "a transition depends on its numbers only as far as the abstraction says";

/// The transition without numbers.
pub struct Table {
    rows: HashMap<(Word, Act), (Told, Word)>,
}

impl Table {
    #[must_use]
    pub fn of(transitions: &Transitions) -> Self {
        let mut rows = HashMap::new();
        for before in Word::all() {
            for times in times(before.window) {
                let system = with_all_guards(before, times);
                let (state, threshold) = (system.state(), system.threshold());
                for operation in system.operations(&[]) {
                    let row = match system.event(operation) {
                        Some(event) => {
                            let (after, told) = (transitions.step)(state, threshold, event);
                            (kind(told), Word::of(after, threshold, system.now))
                        }
                        None if (transitions.coalesces)(state) => (Told::Coalesced, before),
                        None => (Told::No, before),
                    };
                    rows.entry((before, system.act(operation))).or_insert(row);
                }
            }
        }
        Self { rows }
    }

    #[must_use]
    pub fn agrees(&self, before: Word, act: Act, row: (Told, Word)) -> bool {
        self.rows.get(&(before, act)) == Some(&row)
    }

    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows.len()
    }
}

/// Numbers to compare with the table, each with each.
pub struct Numbers<'n> {
    pub lasts: &'n [u64],
    pub thresholds: &'n [u64],
    /// Given `last` and the threshold.
    pub readings: &'n dyn Fn(u64, u64) -> Vec<u64>,
    /// Epochs and deadlines, given `last` and the threshold.
    pub others: &'n dyn Fn(u64, u64) -> Vec<u64>,
}

/// What was compared.
#[derive(Debug, Default)]
pub struct Compared {
    pub transitions: usize,
    /// Starts from the greatest `last`, the one place from which it cannot grow.
    pub at_the_last_start_of_all: usize,
}

/// # Errors
///
/// The first transition that does not do what the table says, or breaks a promise.
pub fn compare(transitions: &Transitions, numbers: &Numbers<'_>) -> Result<Compared, Violation> {
    let table = Table::of(transitions);
    let mut compared = Compared::default();
    for &last in numbers.lasts {
        for &threshold in numbers.thresholds {
            let others = (numbers.others)(last, threshold);
            for now in (numbers.readings)(last, threshold) {
                let events = events(now, &others);
                for flags in 0..=FLAGS {
                    let before = word(last, flags);
                    for &event in &events {
                        let threshold = Threshold::from_nanos(threshold);
                        let (after, told) = (transitions.step)(before, threshold, event);
                        let taken = Taken { before, threshold, event, told, after };
                        compare_one(&table, &taken, now, &mut compared)?;
                    }
                }
            }
        }
    }
    Ok(compared)
}

fn compare_one(table: &Table, taken: &Taken, now: u64, compared: &mut Compared) -> Result<(), Violation> {
    compared.transitions += 1;
    let from_the_end = taken.before.epoch().as_u64() == LAST_MAX && taken.told == Told::Run;
    match promises::check(taken) {
        Err(broken) if broken.rule == promises::GROWTH && from_the_end => {
            compared.at_the_last_start_of_all += 1;
            if taken.after.epoch() != taken.before.epoch() {
                return Err(broken);
            }
        }
        result => result?,
    }
    let before = Word::of(taken.before, taken.threshold, now);
    let after = Word::of(taken.after, taken.threshold, now);
    let act = Act::of(taken.event, taken.before, taken.threshold);
    if table.agrees(before, act, (kind(taken.told), after)) {
        Ok(())
    } else {
        Err(Violation::of(LINK, &(taken, act, after)))
    }
}

/// Every event at this reading; those with an epoch or a deadline once for each of `others`.
fn events(now: u64, others: &[u64]) -> Vec<Event> {
    let mut events = vec![Event::Arrive { now }, Event::Request, Event::Owe, Event::TryStart { now }];
    events.extend([Event::Cancel, Event::Flush { now }]);
    for &other in others {
        let epoch = other & LAST_MAX;
        events.extend([
            Event::ArriveBy { now, latest: other },
            Event::Fire { epoch, now },
            Event::Abandon { epoch },
            Event::Finish { epoch },
        ]);
    }
    events
}
