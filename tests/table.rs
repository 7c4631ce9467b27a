//! The transition table of docs/word.md, executed row by row, and compared with the documentation of the
//! transitions.

use atomic_throttle::Threshold;
use atomic_throttle::lease::Policy;
use evidence::Check;
use evidence::Guarantee::{G1, G2, G3, G4, G6};
use reference::planted::contradicts;
use reference::{Event, MAX, Model, Promise, Told, shipped};
use rows::{Condition, Deferral, Next, Row};
use std::collections::BTreeMap;
use watchdog as _;

const DESIGN: &str = include_str!("../docs/word.md");
const TRANSITIONS: &str = include_str!("../src/state/transition.rs");

fn applies(row: &Row, case: &Case) -> bool {
    row.event == case.event_name
        && row.running.is_none_or(|running| running == case.before.in_progress)
        && row.deferral.contains(&deferral(case.before.promise))
        && row.when.iter().all(|condition| case.holds(*condition))
}

/// The state that the row says comes next.
fn next(row: &Row, case: &Case) -> Model {
    let mut next = case.before;
    match row.next {
        Next::Same => {}
        Next::Start => {
            next.latest_start = case.now.max(next.latest_start + 1);
            next.in_progress = true;
            next.promise = Promise::Nothing;
        }
        Next::Finished => next.in_progress = false,
        Next::Deferral(Deferral::None) => next.promise = Promise::Nothing,
        Next::Deferral(Deferral::Pending) => next.promise = Promise::Owned,
        Next::Deferral(Deferral::Cancelled) => next.promise = Promise::TakenBack,
        Next::Deferral(Deferral::Owed) => next.promise = Promise::Orphaned,
    }
    next
}

fn table(text: &str) -> Vec<Row> {
    rows::rows(text).expect("the table can be read")
}

/// One event in one state.
#[derive(Debug)]
struct Case {
    before: Model,
    /// For the forms under a policy.
    under: Option<Policy>,
    event_name: &'static str,
    event: Event,
    now: u64,
    epoch: u64,
    latest: u64,
}

impl Case {
    fn due(&self) -> u64 {
        let spaced = self.before.latest_start > 0 && self.before.threshold > 0;
        if spaced { self.before.latest_start + self.before.threshold } else { 0 }
    }

    fn is_lease_over(&self) -> bool {
        let lease = self.under.and_then(|policy| policy.lease);
        lease.is_some_and(|lease| self.now >= self.before.latest_start + lease.as_nanos())
    }

    fn step(&self) -> (Model, Told) {
        let before = shipped::encode(&self.before);
        let threshold = Threshold::from_nanos(self.before.threshold);
        let (state, told) = match self.under {
            None => shipped::step(before, threshold, self.event),
            Some(policy) => shipped::step_under(before, policy, self.event),
        };
        (shipped::decode(state, threshold), told)
    }

    fn holds(&self, condition: Condition) -> bool {
        match condition {
            Condition::Open => self.now >= self.due(),
            Condition::Closed => self.now < self.due(),
            Condition::LeaseOver => self.is_lease_over(),
            Condition::LeaseHolds => !self.is_lease_over(),
            Condition::DueByLatest => self.due() <= self.latest,
            Condition::DueAfterLatest => self.due() > self.latest,
            Condition::OfThisEpoch => self.before.latest_start == self.epoch,
            Condition::OfAnotherEpoch => self.before.latest_start != self.epoch,
        }
    }
}

fn deferral(promise: Promise) -> Deferral {
    match promise {
        Promise::Nothing => Deferral::None,
        Promise::Owned => Deferral::Pending,
        Promise::TakenBack => Deferral::Cancelled,
        Promise::Orphaned => Deferral::Owed,
    }
}

fn outcome_name(told: Told) -> &'static str {
    match told {
        Told::Run => "Run",
        Told::Defer(_) => "Defer",
        Told::Coalesced => "Coalesced",
        Told::Closed(_) => "Closed",
        Told::Running => "Running",
        Told::Requested => "Requested",
        Told::Gone => "Gone",
        Told::Cancelled => "Cancelled",
        Told::Busy => "Busy",
        Told::Early(_) => "Early",
        Told::Owed => "Owed",
        Told::Yes => "true",
        Told::No => "false",
        Told::Nothing => "Nothing",
        Told::Finished => "Finished",
        Told::Ignored => "Ignored",
    }
}

/// None, shorter than the threshold of 4, as long, longer, and one that is never over.
const LEASES: [Option<u64>; 5] = [None, Some(1), Some(4), Some(5), Some(MAX)];

fn cases() -> Vec<Case> {
    let promises = [Promise::Nothing, Promise::Owned, Promise::TakenBack, Promise::Orphaned];
    let mut cases = Vec::new();
    for (latest_start, threshold) in [(0, 4), (10, 0), (10, 1), (10, 4)] {
        for promise in promises {
            for in_progress in [false, true] {
                let before = Model { threshold, latest_start, in_progress, promise };
                for now in [0, 9, 10, 11, 13, 14, 15] {
                    for other in [0, 9, 10, 11, 13, 14, 15] {
                        cases.extend(cases_of(before, now, other));
                    }
                }
            }
        }
    }
    cases
}

fn cases_of(before: Model, now: u64, other: u64) -> Vec<Case> {
    let (epoch, latest) = (other, other);
    let plain = [
        ("arrive(now)", Event::Arrive { now }),
        ("arrive_by(now, latest)", Event::ArriveBy { now, latest }),
        ("request()", Event::Request),
        ("owe()", Event::Owe),
        ("try_start(now)", Event::TryStart { now }),
        ("fire(epoch, now)", Event::Fire { epoch, now }),
        ("abandon(epoch)", Event::Abandon { epoch }),
        ("cancel()", Event::Cancel),
        ("flush(now)", Event::Flush { now }),
        ("finish(epoch)", Event::Finish { epoch }),
    ];
    let under = [("arrive_under(now)", Event::Arrive { now }), ("flush_under(now)", Event::Flush { now })];
    let case = |(event_name, event), under| Case { before, under, event_name, event, now, epoch, latest };
    let mut cases: Vec<_> = plain.into_iter().map(|event| case(event, None)).collect();
    for lease in LEASES {
        let policy = shipped::policy(before.threshold, lease);
        cases.extend(under.into_iter().map(|event| case(event, Some(policy))));
    }
    cases
}

/// Executes the rows in every case; returns how many that were. Panics where not exactly one row applies,
/// where the code does something else, or where a row is never executed.
fn execute<'c>(rows: &[Row], cases: impl IntoIterator<Item = &'c Case>) -> usize {
    let mut executed: BTreeMap<&str, usize> = BTreeMap::new();
    for case in cases {
        let applying: Vec<&Row> = rows.iter().filter(|row| applies(row, case)).collect();
        let [row] = applying[..] else { panic!("{} rows apply to {case:?}", applying.len()) };
        let (next, told) = case.step();
        assert_eq!(outcome_name(told), row.outcome, "{} in {case:?}", row.text);
        assert_eq!(next, self::next(row, case), "{} in {case:?}", row.text);
        *executed.entry(&row.text).or_default() += 1;
    }
    for row in rows {
        assert!(executed.contains_key(row.text.as_str()), "never executed: {}", row.text);
    }
    executed.values().sum()
}

#[test]
fn the_table_is_executed() {
    let claim = "enumeration: the table of transitions in docs/word.md, executed row by row";
    let check = Check::of(&[G1, G2, G3, G4, G6], claim);
    let rows = table(DESIGN);
    let executed = execute(&rows, &cases());
    assert_eq!(rows.len(), 57, "the table is read whole");
    check.passed(executed, "cases");
}

/// Makes a row wrong.
type Spoil = fn(&mut Row);

/// A table with a wrong row does not pass, whichever row it is.
#[test]
fn a_wrong_row_is_found() {
    let (rows, cases) = (table(DESIGN), cases());
    let faults: [(&str, Spoil); 3] = [
        ("a row with another outcome", |row| "another".clone_into(&mut row.outcome)),
        ("a row with another next state", |row| {
            let owed = Next::Deferral(Deferral::Owed);
            row.next = if row.next == owed { Next::Deferral(Deferral::None) } else { owed };
        }),
        ("a row that applies in other states", |row| {
            row.running = Some(row.running != Some(true));
        }),
    ];
    for (fault, spoil) in faults {
        for right in &rows {
            // A row is judged beside those of its event.
            let beside: Vec<Row> = rows.iter().filter(|row| row.event == right.event).cloned().collect();
            let cases = || cases.iter().filter(|case| case.event_name == right.event);
            let wrong = |row: &Row| {
                let mut row = row.clone();
                if row.text == right.text {
                    spoil(&mut row);
                }
                row
            };
            let wrong: Vec<Row> = beside.iter().map(wrong).collect();
            assert!(!contradicts(|| execute(&beside, cases())), "{}", right.text);
            assert!(contradicts(|| execute(&wrong, cases())), "{fault}: {}", right.text);
        }
        evidence::caught(fault, &format!("enumeration: in each of {} rows", rows.len()));
    }
}

#[test]
fn the_documentation_has_the_same_rows() {
    let documented: Vec<String> = table(TRANSITIONS).into_iter().map(|row| row.text).collect();
    let designed: Vec<String> = table(DESIGN).into_iter().map(|row| row.text).collect();
    assert_eq!(documented, designed);
}
