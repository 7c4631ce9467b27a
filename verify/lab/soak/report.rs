//! The result of a soak.

use crate::memory::MemoryGauge;
use crate::rounds::Round;
use evidence::Guarantee::{self, G1, G2, G3, G4, G5, G6, G9, G10};
use evidence::{Check, Line};
use lab::front::Which;
use lab::judge::Verdict;
use lab::record::{Event, Kind};
use lab::rows;
use lab::table::{self, figures_in, plain};

/// The claims of a soak in which everything held, of `Throttle` but for the last one.
const CLAIMS: [(&[Guarantee], &str); 9] = [
    (&[G1], "soak: no start before the smallest threshold that was in force, while it changed"),
    (&[G2], "soak: runs do not overlap, and each sees what the one before it left"),
    (&[G3], "soak: the first run after each promise has seen its call"),
    (&[G4], "soak: no owner leaves unasked, and none outlives its call"),
    (&[G5], "soak: every call returned"),
    (&[G6], "soak: panics arrive at their callers, and the throttle goes on"),
    (&[G4, G6], "soak: after each round a call alone runs, and nothing pending is left without an owner"),
    (&[G9], "soak: no call from inside a run hangs, runs, or waits for its own run"),
    (&[G6], "soak: after each round of whatever front end no thread is left behind"),
];

/// What became of the calls.
const KINDS: [(Kind, &str); 9] = [
    (Kind::RanAtOnce, "  ran at once"),
    (Kind::Deferred, "  ran deferred"),
    (Kind::Coalesced, "  coalesced"),
    (Kind::Taken, "  taken"),
    (Kind::Refused, "  refused"),
    (Kind::Cancelled, "  cancelled"),
    (Kind::Owed, "  left owed"),
    (Kind::Dropped, "  future dropped"),
    (Kind::Panicked, "  panicked"),
];

/// What happened beside them.
const EVENTS: [(Event, &str); 5] = [
    (Event::Nested, "calls, flushes and cancels from inside runs"),
    (Event::Wait, "waits for a run"),
    (Event::Flushed, "flushes that started a run"),
    (Event::Cancel, "cancels that gave up a run"),
    (Event::Change, "changes of the threshold"),
];

/// All rounds of one front end.
struct FrontSum {
    which: Which,
    check: Check,
    rounds: u64,
    sum: Verdict,
}

impl FrontSum {
    fn begin(which: Which) -> Self {
        let name = which.name();
        let (guarantees, what): (&[_], _) = if which == Which::Background {
            let what =
                "spacing, delays, exclusion, coverage by runs that succeed, and what each run is given hold";
            (&[G1, G2, G3, G5, G6, G10], what)
        } else if which.defers() {
            (&[G1, G2, G3, G5, G6], "spacing, exclusion, coverage and counts hold, and each round ends")
        } else {
            (&[G1, G2, G5, G6], "spacing and exclusion hold, panics arrive, and each round ends")
        };
        let check = Check::of(guarantees, format!("soak, {name}: {what}"));
        Self { which, check, rounds: 0, sum: Verdict::default() }
    }

    fn is_empty(&self) -> bool {
        let Verdict { spaced, covered, paced, carried, .. } = self.sum;
        let is_throttled = self.which == Which::Background;
        spaced == 0 || self.which.defers() && covered == 0 || is_throttled && (paced == 0 || carried == 0)
    }
}

/// All rounds so far.
pub struct Report {
    checks: Vec<Check>,
    /// What the checks have shown.
    evidence: Vec<Line>,
    fronts: Vec<FrontSum>,
    has_broken: bool,
    /// Rounds after which the threads were counted, and how many were left behind.
    counted: u64,
    threads_left: usize,
    memory: MemoryGauge,
    /// Whether a claim was left without a case.
    empty: bool,
}

impl Report {
    /// For rounds of these front ends. The first is `Throttle`.
    pub fn begin(turns: &[Which]) -> Self {
        let mut fronts: Vec<FrontSum> = Vec::new();
        for &which in turns {
            if fronts.iter().all(|front| front.which != which) {
                fronts.push(FrontSum::begin(which));
            }
        }
        Self {
            checks: CLAIMS.iter().map(|&(guarantees, what)| Check::of(guarantees, what)).collect(),
            evidence: Vec::new(),
            fronts,
            has_broken: false,
            counted: 0,
            threads_left: 0,
            memory: MemoryGauge::default(),
            empty: false,
        }
    }

    /// Adds a round, and says at once what it broke.
    pub fn add(&mut self, round: Round) {
        let Round { which, line, verdict } = round;
        for broken in &verdict.broken {
            eprintln!("{} broken in a round of {}: {}", broken.guarantee, which.name(), broken.how);
        }
        if !verdict.broken.is_empty() {
            eprintln!("cargo run --release --package lab --example storm -- {line}");
            self.has_broken = true;
        }
        if let Some(of_front) = self.fronts.iter_mut().find(|sum| sum.which == which) {
            of_front.rounds += 1;
            of_front.sum.add(verdict);
        }
    }

    /// Notes that so many threads were left behind after a round.
    pub fn left_behind(&mut self, threads: usize) {
        if threads > 0 {
            eprintln!("G6 broken: {threads} threads were left behind");
        }
        self.counted += 1;
        self.threads_left += threads;
    }

    /// Judges the memory, and notes what was shown.
    pub fn end(&mut self, memory: MemoryGauge) {
        self.memory = memory;
        if !self.memory.is_flat() {
            eprintln!("the memory grew by {} KiB", self.memory.growth() >> 10);
        }
        let counts = self.counts();
        for front in self.fronts.iter().skip(1).filter(|front| front.is_empty()) {
            eprintln!("nothing was seen of {}: soak longer", front.which.name());
            self.empty = true;
        }
        for ((guarantees, _), _) in CLAIMS.iter().zip(counts).filter(|(_, (count, _))| *count == 0) {
            eprintln!("nothing was seen of {guarantees:?}: soak longer, with more threads");
            self.empty = true;
        }
        if self.held() {
            let number = |count| usize::try_from(count).unwrap_or(usize::MAX);
            let claims = self.checks.drain(..).zip(counts);
            self.evidence.extend(claims.map(|(check, (count, unit))| check.line(number(count), unit)));
            for FrontSum { which, check, sum, .. } in &mut self.fronts {
                let check = std::mem::replace(check, Check::of(&[G1], which.name()));
                if *which != Which::Blocking {
                    self.evidence.push(check.line(number(sum.runs), "runs"));
                }
            }
        }
    }

    /// How often each claim was checked.
    fn counts(&self) -> [(u64, &'static str); CLAIMS.len()] {
        let FrontSum { rounds, sum, .. } = &self.fronts[0];
        let owners = sum.count(Kind::Deferred) + sum.count(Kind::Cancelled) + sum.count(Kind::Owed);
        [
            (sum.spaced, "gaps"),
            (sum.runs, "runs"),
            (sum.covered, "promises"),
            (owners, "owners"),
            (sum.calls(), "calls"),
            (sum.panics, "panics"),
            (*rounds, "rounds"),
            (sum.tally[Event::Nested], "calls"),
            (self.counted, "rounds"),
        ]
    }

    pub fn held(&self) -> bool {
        !self.has_broken && self.threads_left == 0 && self.memory.is_flat() && !self.empty
    }

    /// What was shown.
    pub fn evidence(&self) -> &[Line] {
        &self.evidence
    }

    pub fn table(&self) -> String {
        let mut table = plain();
        let names = self.fronts.iter().map(|front| front.which.name());
        table.set_header(std::iter::once("").chain(names).chain(["decides"]));
        let row = |what: &str, note: &str, count: &dyn Fn(&FrontSum) -> u64| {
            let counts = self.fronts.iter().map(|front| table::count(count(front)));
            std::iter::once(what.to_owned()).chain(counts).chain([note.to_owned()]).collect::<Vec<_>>()
        };
        table.add_row(row("rounds", "", &|front| front.rounds));
        table.add_row(row("calls", "G5", &|front| front.sum.calls()));
        for (kind, what) in KINDS {
            table.add_row(row(what, "", &|front| front.sum.count(kind)));
        }
        table.add_row(row("runs", "G2", &|front| front.sum.runs));
        table.add_row(row("  tried", "", &|front| front.sum.tally[Event::Tried]));
        table.add_row(row("  flushed", "", &|front| front.sum.flushed));
        table.add_row(row("  panicked", "G6", &|front| front.sum.panics));
        for (event, what) in EVENTS {
            table.add_row(row(what, "", &|front| front.sum.tally[event]));
        }
        table.add_row(row("gaps compared with a threshold above 0", "G1", &|front| front.sum.spaced));
        table.add_row(row("promises kept", "G3", &|front| front.sum.covered));
        table.add_row(row("  excused: cancelled", "", &|front| front.sum.cancelled));
        let table = (1..=self.fronts.len()).fold(table, |table, column| figures_in(column, table));
        let all = Verdict::of_all(self.fronts.iter().map(|front| front.sum.clone()));
        let verdict = if self.held() { "All of this held." } else { "Not everything held." };
        let rows = rows::table(&all.rows());
        format!("\n{table}\n\n{rows}\n\n{}\n{verdict}", self.describe_memory())
    }

    fn describe_memory(&self) -> String {
        let memory = &self.memory;
        let (worst, growth) = (memory.worst >> 10, memory.growth() >> 10);
        if memory.worst == 0 {
            "This system does not report the memory in use: its growth was not checked.".to_owned()
        } else if memory.is_known() {
            format!("Memory: {worst} KiB at worst, {growth} KiB above the first rounds.")
        } else {
            format!("Memory: {worst} KiB at worst; too few rounds to tell whether it grows.")
        }
    }
}
