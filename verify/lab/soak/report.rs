//! The result of a soak.

use crate::fronts::{FrontRound, Perform};
use crate::judge::{Broken, Verdict};
use crate::memory::MemoryGauge;
use crate::plan::Plan;
use crate::record::Event;
use crate::storm::front::Which;
use evidence::Guarantee::{self, G1, G2, G3, G4, G5, G6};
use evidence::{Check, Line};
use lab::table::{count, figures_in, plain};

/// The claims of a soak in which everything held.
const CLAIMS: [(&[Guarantee], &str); 8] = [
    (&[G1], "soak: no start before the smallest threshold that was in force, while it changed"),
    (&[G2], "soak: runs do not overlap, and each sees what the one before it left"),
    (&[G3], "soak: the first run after each promise has seen its call"),
    (&[G4], "soak: no owner leaves unasked, and none outlives its call"),
    (&[G5], "soak: every call returned"),
    (&[G6], "soak: panics arrive at their callers, and the throttle goes on"),
    (&[G4, G6], "soak: after each round a call alone runs, and nothing pending is left without an owner"),
    (&[G6], "soak: after each round of whatever front end no thread is left behind"),
];

/// All rounds of one of the other front ends.
struct FrontSum {
    which: Which,
    /// Until it has passed.
    check: Option<Check>,
    rounds: u64,
    runs: u64,
    promises: u64,
}

impl FrontSum {
    fn begin(which: Which) -> Self {
        let name = which.name();
        let what = format!("soak, {name}: spacing, exclusion, coverage and counts hold, and each round ends");
        Self { which, check: Some(Check::of(&[G1, G2, G3, G5, G6], what)), rounds: 0, runs: 0, promises: 0 }
    }
}

/// All rounds so far.
pub struct Report {
    checks: Vec<Check>,
    /// What the checks have shown.
    evidence: Vec<Line>,
    rounds: u64,
    sum: Verdict,
    fronts: Vec<FrontSum>,
    /// How often a front end broke a guarantee.
    broken_fronts: usize,
    /// Rounds after which the threads were counted, and how many were left behind.
    counted: u64,
    threads_left: usize,
    memory: MemoryGauge,
    /// Whether a claim was left without a case.
    empty: bool,
}

impl Report {
    /// For soaks with these front ends beside the first.
    pub fn begin(fronts: &[(Which, Perform)]) -> Self {
        Self {
            checks: CLAIMS.iter().map(|&(guarantees, what)| Check::of(guarantees, what)).collect(),
            rounds: 0,
            sum: Verdict::default(),
            fronts: fronts.iter().map(|&(which, _)| FrontSum::begin(which)).collect(),
            broken_fronts: 0,
            counted: 0,
            threads_left: 0,
            memory: MemoryGauge::default(),
            empty: false,
            evidence: Vec::new(),
        }
    }

    /// Adds a round of the front end at this place, and says at once what it broke.
    pub fn add_front(&mut self, place: usize, round: FrontRound) {
        let FrontRound { which, line, promises, verdict } = round;
        for broken in &verdict.broken {
            eprintln!("{} broken in a round of {}: {}", broken.guarantee, which.name(), broken.how);
        }
        if !verdict.broken.is_empty() {
            eprintln!("cargo run --release --example storm -- {line}");
        }
        self.broken_fronts += verdict.broken.len();
        let sum = &mut self.fronts[place];
        sum.rounds += 1;
        sum.runs += verdict.runs as u64;
        sum.promises += promises;
    }

    /// Notes that so many threads were left behind after a round.
    pub fn left_behind(&mut self, threads: usize) {
        if threads > 0 {
            eprintln!("G6 broken: {threads} threads were left behind");
        }
        self.counted += 1;
        self.threads_left += threads;
    }

    /// Adds a round, and says at once what it broke.
    pub fn add(&mut self, plan: &Plan, round: Verdict) {
        for Broken { guarantee, how } in &round.broken {
            eprintln!("{guarantee} broken in round {}: {how}", self.rounds);
        }
        if !round.broken.is_empty() {
            eprintln!("{plan:?}");
        }
        self.rounds += 1;
        let sum = &mut self.sum;
        sum.tally += round.tally;
        sum.runs += round.runs;
        sum.spaced += round.spaced;
        sum.covered += round.covered;
        sum.cancelled += round.cancelled;
        sum.vague += round.vague;
        sum.broken.extend(round.broken);
    }

    /// Judges the memory, and notes what was shown.
    pub fn end(&mut self, memory: MemoryGauge) {
        self.memory = memory;
        if !self.memory.is_flat() {
            eprintln!("the memory grew by {} KiB", self.memory.growth() >> 10);
        }
        let counts = self.counts();
        for front in self.fronts.iter().filter(|front| front.promises == 0 || front.runs == 0) {
            eprintln!("nothing was seen of {}: soak longer", front.which.name());
            self.empty = true;
        }
        for ((guarantees, _), _) in CLAIMS.iter().zip(counts).filter(|(_, (count, _))| *count == 0) {
            eprintln!("nothing was seen of {guarantees:?}: soak longer, with more threads");
            self.empty = true;
        }
        if self.held() {
            for (check, (count, unit)) in self.checks.drain(..).zip(counts) {
                self.evidence.push(check.line(usize::try_from(count).unwrap_or(usize::MAX), unit));
            }
            for front in &mut self.fronts {
                if let Some(check) = front.check.take() {
                    self.evidence.push(check.line(usize::try_from(front.runs).unwrap_or(usize::MAX), "runs"));
                }
            }
        }
    }

    /// How often each claim was checked.
    fn counts(&self) -> [(u64, &'static str); CLAIMS.len()] {
        let tally = &self.sum.tally;
        let owners = tally[Event::RanDeferred] + tally[Event::Cancelled] + tally[Event::Owed];
        [
            (self.sum.spaced, "gaps"),
            (self.sum.runs, "runs"),
            (self.sum.covered, "promises"),
            (owners, "owners"),
            (tally[Event::Call] + tally[Event::Nested], "calls"),
            (tally[Event::Caught], "panics"),
            (self.rounds, "rounds"),
            (self.counted, "rounds"),
        ]
    }

    pub fn held(&self) -> bool {
        let rounds_held = self.sum.broken.is_empty() && self.broken_fronts == 0;
        rounds_held && self.threads_left == 0 && self.memory.is_flat() && !self.empty
    }

    /// What was shown.
    pub fn evidence(&self) -> &[Line] {
        &self.evidence
    }

    pub fn table(&self) -> String {
        let mut table = plain();
        for (what, number, note) in self.rows() {
            table.add_row([what, &count(number), note]);
        }
        for FrontSum { which, rounds, runs, promises, .. } in &self.fronts {
            let note = format!("runs in {rounds} rounds; {} promises", count(*promises));
            table.add_row([which.name(), &count(*runs), &note]);
        }
        let table = figures_in(1, table);
        let verdict = if self.held() { "G1 to G6 held." } else { "Not everything held." };
        format!("\n{table}\n\n{}\n{verdict}", self.describe_memory())
    }

    fn rows(&self) -> Vec<(&'static str, u64, &'static str)> {
        let (sum, tally) = (&self.sum, &self.sum.tally);
        vec![
            ("rounds", self.rounds, ""),
            ("calls", tally[Event::Call], "run, run_within, try_run"),
            ("  coalesced", tally[Event::Coalesced], ""),
            ("  refused", tally[Event::Refused], ""),
            ("  cancelled", tally[Event::Cancelled], "owners"),
            ("  owed", tally[Event::Owed], "at a limit, or inside a run"),
            ("runs", sum.runs, ""),
            ("  at once", tally[Event::RanAtOnce], ""),
            ("  deferred", tally[Event::RanDeferred], ""),
            ("  tried", tally[Event::RanTried], ""),
            ("  flushed", tally[Event::RanFlushed], ""),
            ("  panicked", tally[Event::Caught], "of whatever kind"),
            ("calls inside runs", tally[Event::Nested], ""),
            ("waits by a handle", tally[Event::Wait], ""),
            ("cancels that gave up a run", tally[Event::Cancel], ""),
            ("changes of the threshold", tally[Event::Change], ""),
            ("gaps compared", sum.spaced, "with a threshold above 0: decide G1"),
            ("promises kept", sum.covered, "of each thread and epoch one is counted: decide G3"),
            ("  excused: cancelled", sum.cancelled, "and no run came after"),
            ("  undecided", sum.vague, "left owed while the epoch moved"),
        ]
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
