//! Numbers matter only as far as the abstraction says. A transition depends on time only through the window
//! and the deadline, on epochs only through equality, and on `last` only in that it grows.
//!
//! [`Table`] is the transition without numbers, read off one representative of each word and act.
//! [`Numbers`] are then compared with it: each must do what the table says.

use crate::act::Act;
use crate::lease::World;
use crate::promises::{self, Taken};
use crate::representatives::{times, with_all_guards};
use crate::system::Operation;
use crate::transitions::{Event, FLAGS, LAST_MAX, Told, Transitions, kind, policy, word};
use crate::violation::Violation;
use crate::word::Word;
use std::collections::HashMap;

pub const LINK: &str = "a transition depends on its numbers only as far as the abstraction says";

/// The transition without numbers.
pub struct Table {
    rows: HashMap<(Word, Act), (Told, Word)>,
}

impl Table {
    #[must_use]
    pub fn of(transitions: &Transitions, world: World) -> Self {
        let mut rows = HashMap::new();
        for before in Word::all(world) {
            for times in times(before.window, before.lease) {
                let system = with_all_guards(before, times);
                let (state, policy) = (system.state(), system.policy());
                for operation in system.operations(&[]) {
                    let row = match (operation, system.event(operation)) {
                        (_, Some(event)) => {
                            let (after, told) = (transitions.step)(state, policy, event);
                            (kind(told), Word::of(after, policy, system.now))
                        }
                        (Operation::Coalesce, None) if (transitions.coalesces)(state) => {
                            (Told::Coalesced, before)
                        }
                        (Operation::Coalesce, None) => (Told::No, before),
                        (Operation::Look { .. }, None) => (Told::Gone, before),
                        (_, None) => (Told::Nothing, before),
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
    /// Empty: without a lease.
    pub leases: &'n [u64],
    /// Given `last` and the threshold; with a lease given `last` and either.
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
    let mut compared = Compared::default();
    let world = if numbers.leases.is_empty() { World::WithoutLease } else { World::WithLease };
    let table = Table::of(transitions, world);
    let leases: Vec<_> = match world {
        World::WithoutLease => vec![None],
        World::WithLease => numbers.leases.iter().copied().map(Some).collect(),
    };
    for &last in numbers.lasts {
        for &threshold in numbers.thresholds {
            let others = (numbers.others)(last, threshold);
            for &lease in &leases {
                let mut readings = (numbers.readings)(last, threshold);
                readings.extend(lease.into_iter().flat_map(|lease| (numbers.readings)(last, lease)));
                readings.sort_unstable();
                readings.dedup();
                for now in readings {
                    let events = events(now, &others, world);
                    for flags in 0..=FLAGS {
                        let (before, policy) = (word(last, flags), policy(threshold, lease));
                        for &event in &events {
                            let (after, told) = (transitions.step)(before, policy, event);
                            let taken = Taken { before, policy, event, told, after };
                            compare_one(&table, &taken, now, &mut compared)?;
                        }
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
    let before = Word::of(taken.before, taken.policy, now);
    let after = Word::of(taken.after, taken.policy, now);
    let act = Act::of(taken.event, taken.before, taken.policy);
    if table.agrees(before, act, (kind(taken.told), after)) {
        Ok(())
    } else {
        Err(Violation::of(LINK, &(taken, act, after)))
    }
}

/// Every event at this reading; those with an epoch or a deadline once for each of `others`.
fn events(now: u64, others: &[u64], world: World) -> Vec<Event> {
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
    events.retain(|event| world == World::WithoutLease || !event.is_of_a_gate());
    events
}
