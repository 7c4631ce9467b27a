//! The transition table of docs/word.md, executed row by row, and compared with the documentation of the
//! transitions.

mod reference;

use atomic_throttle::Threshold;
use atomic_throttle::lease::Policy;
use evidence::Check;
use reference::planted::contradicts;
use reference::{Event, MAX, Model, Promise, Told, shipped};
use std::collections::BTreeMap;
use watchdog as _;

const DESIGN: &str = include_str!("../docs/word.md");
const TRANSITIONS: &str = include_str!("../src/state/transition.rs");
const HEADER: &str = "| event | when | r | d | next | outcome |";

/// A row, as it stands in the table.
#[derive(Clone, Debug)]
struct Row {
    text: String,
    event: String,
    when: Vec<String>,
    running: String,
    deferral: Vec<String>,
    next: String,
    outcome: String,
}

impl Row {
    fn parse(line: &str) -> Self {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let [event, when, running, deferral, next, outcome] = cells[..] else {
            panic!("a row of six cells: {line}")
        };
        let list = |cell: &str| {
            cell.split(',').map(|item| item.trim().to_owned()).filter(|item| !item.is_empty()).collect()
        };
        Self {
            text: line.to_owned(),
            event: event.trim_matches('`').to_owned(),
            when: list(when),
            running: running.to_owned(),
            deferral: list(deferral),
            next: next.to_owned(),
            outcome: outcome.trim_matches('`').to_owned(),
        }
    }

    fn applies(&self, case: &Case) -> bool {
        let running = self.running == "any" || self.running == u8::from(case.before.in_progress).to_string();
        let deferral = self.deferral.iter().any(|name| name == "any" || name == deferral_name(&case.before));
        self.event == case.event_name && running && deferral && self.when.iter().all(|c| case.holds(c))
    }

    /// The state that the row says comes next.
    fn next(&self, case: &Case) -> Model {
        let mut next = case.before;
        match self.next.as_str() {
            "same" => {}
            "start" => {
                next.latest_start = case.now.max(next.latest_start + 1);
                next.in_progress = true;
                next.promise = Promise::Nothing;
            }
            "r=0" => next.in_progress = false,
            "d=none" => next.promise = Promise::Nothing,
            "d=pending" => next.promise = Promise::Owned,
            "d=cancelled" => next.promise = Promise::TakenBack,
            "d=owed" => next.promise = Promise::Orphaned,
            other => panic!("no such next state: {other} in {}", self.text),
        }
        next
    }
}

/// The rows of a table in `text`, each without `prefix`.
fn rows(text: &str, prefix: &str) -> Vec<Row> {
    let lines: Vec<&str> = text.lines().map(|line| line.trim().trim_start_matches(prefix).trim()).collect();
    let mut rows = Vec::new();
    let mut inside = false;
    for line in lines {
        if line == HEADER {
            inside = true;
        } else if !line.starts_with('|') {
            inside = false;
        } else if inside && !line.starts_with("|---") {
            rows.push(Row::parse(line));
        }
    }
    rows
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

    fn holds(&self, condition: &str) -> bool {
        match condition {
            "open" => self.now >= self.due(),
            "closed" => self.now < self.due(),
            "lease over" => self.is_lease_over(),
            "lease holds" => !self.is_lease_over(),
            "due <= latest" => self.due() <= self.latest,
            "due > latest" => self.due() > self.latest,
            "last == epoch" => self.before.latest_start == self.epoch,
            "last != epoch" => self.before.latest_start != self.epoch,
            other => panic!("no such condition: {other}"),
        }
    }
}

fn deferral_name(model: &Model) -> &'static str {
    match model.promise {
        Promise::Nothing => "none",
        Promise::Owned => "pending",
        Promise::TakenBack => "cancelled",
        Promise::Orphaned => "owed",
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
        let applying: Vec<&Row> = rows.iter().filter(|row| row.applies(case)).collect();
        let [row] = applying[..] else { panic!("{} rows apply to {case:?}", applying.len()) };
        let (next, told) = case.step();
        assert_eq!(outcome_name(told), row.outcome, "{} in {case:?}", row.text);
        assert_eq!(next, row.next(case), "{} in {case:?}", row.text);
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
    let check = Check::of("G1 G2 G3 G4 G6", claim);
    let rows = rows(DESIGN, "");
    let executed = execute(&rows, &cases());
    assert_eq!(rows.len(), 57, "the table is read whole");
    check.passed(executed, "cases");
}

/// Makes a row wrong.
type Spoil = fn(&mut Row);

/// A table with a wrong row does not pass, whichever row it is.
#[test]
fn a_wrong_row_is_found() {
    let (rows, cases) = (rows(DESIGN, ""), cases());
    let faults: [(&str, Spoil); 3] = [
        ("a row with another outcome", |row| "another".clone_into(&mut row.outcome)),
        ("a row with another next state", |row| {
            let next = if row.next == "d=owed" { "d=none" } else { "d=owed" };
            next.clone_into(&mut row.next);
        }),
        ("a row that applies in other states", |row| {
            let running = if row.running == "1" { "0" } else { "1" };
            running.clone_into(&mut row.running);
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
    let documented: Vec<String> = rows(TRANSITIONS, "///").into_iter().map(|row| row.text).collect();
    let designed: Vec<String> = rows(DESIGN, "").into_iter().map(|row| row.text).collect();
    assert_eq!(documented, designed);
}
