//! Reports and pictures of made-up storms, and that a broken promise is reported as broken.

use super::clocks::Clocks;
use super::options::{Cli, LEASE, Options};
use super::order::log_of;
use super::storm::{Past, Setting};
use super::{Summary, conclude, exit_code, picture, storm, tell, threads};
use ::processes::judge::{Fact, ProcessLog, Trial, What};
use ::processes::log::{Event, Nanos, Record, Who};
use atomic_throttle_cluster::Cell;
use atomic_throttle_cluster::register::{Mark, Memory, Reading, Register, RegisterError, Swap};
use clap::Parser;
use indicatif::ProgressBar;
use lab::chart::legible::{faults, forms, words};
use lab::chart::{BLUE, GREEN, GREY, INK, ORANGE, PALE, PURPLE, VERMILLION};
use std::fs;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

const MS: Nanos = 1_000_000;
const A: Who = Who { seat: 0, incarnation: 0 };
const A2: Who = Who { seat: 0, incarnation: 1 };
const B: Who = Who { seat: 1, incarnation: 0 };

fn options(arguments: &str) -> Options {
    Cli::parse_from(std::iter::once("storm").chain(arguments.split_whitespace())).options
}

/// The records of one process; times in milliseconds. Each run is stamped when it starts.
struct LifeLog {
    who: Who,
    records: Vec<Record>,
}

impl LifeLog {
    fn of(who: Who, from: Nanos) -> Self {
        Self { who, records: Vec::new() }.at(from, Event::Opened { pid: 1 })
    }

    fn at(mut self, at: Nanos, event: Event) -> Self {
        self.records.push(Record { at: at * MS, event });
        self
    }

    fn call(self, at: Nanos, call: u64) -> Self {
        self.at(at, Event::Calling { call }).at(at, Event::Called { call })
    }

    fn defer(self, at: Nanos, epoch: Nanos) -> Self {
        self.at(at, Event::Deferred { epoch: epoch * MS })
    }

    fn start(self, at: Nanos) -> Self {
        self.at(at, Event::Started { epoch: at * MS })
    }

    fn end(self, started: Nanos, at: Nanos, accepted: bool) -> Self {
        let epoch = started * MS;
        let ended = Event::Ended { epoch, asked: at * MS, current: Some(accepted) };
        self.at(at, Event::Offered { epoch, accepted }).at(at, ended)
    }

    fn closed(self, at: Nanos) -> Self {
        self.at(at, Event::Closed { covered: true, commands: 7 })
    }
}

/// A runs and dies as the owner of the next run, then in a run in its next life. B takes over, is stopped in a run for
/// longer than the lease, and finds itself superseded by the third life of A, which also performs the run that B has
/// made pending last.
fn eventful() -> (Vec<LifeLog>, Vec<Fact>) {
    let a = LifeLog::of(A, 0).call(10, 1).start(20).end(20, 40, true).call(50, 2).defer(51, 20).call(70, 3);
    let a2 = LifeLog::of(A2, 200).call(290, 1).defer(291, 275).start(525);
    let b = LifeLog::of(B, 0)
        .call(60, 1)
        .start(275)
        .end(275, 295, true)
        .at(296, Event::Covered { call: 1 })
        .call(600, 2)
        .defer(601, 525)
        .start(2525)
        .end(2525, 4850, false)
        .call(4860, 3)
        .defer(4861, 4525)
        .closed(4900);
    let a3 = LifeLog::of(Who { seat: 0, incarnation: 2 }, 700)
        .call(2530, 1)
        .defer(2531, 2525)
        .start(4525)
        .end(4525, 4545, true)
        .start(4880)
        .end(4880, 4890, true)
        .closed(4900);
    let fact = |from, until, what| Fact { from: from * MS, until: until * MS, what };
    let facts = vec![
        fact(100, 101, What::Killed { who: A }),
        fact(530, 531, What::Killed { who: A2 }),
        fact(2530, 4840, What::Stopped { who: B }),
    ];
    (vec![a, a2, b, a3], facts)
}

fn trial(lives: Vec<LifeLog>, facts: Vec<Fact>) -> Trial {
    let logs = lives.into_iter().map(|life| ProcessLog { who: life.who, records: life.records });
    Trial { threshold: 250 * MS, lease: 2000 * MS, ahead: Some(0), facts, logs: logs.collect() }
}

fn past(trial: &Trial) -> Past {
    Past {
        whos: trial.logs.iter().map(|log| log.who).collect(),
        facts: trial.facts.clone(),
        clocks: Clocks::default(),
        lasted: Duration::from_secs(5),
        stuck: Vec::new(),
    }
}

fn told(trial: &Trial) -> Summary {
    tell(&options("--driver shm:/dev/shm/storm --kill-every 2s"), "a made-up storm", trial, &past(trial))
}

/// The words of the line with this beginning.
fn line<'t>(text: &'t str, begins: &str) -> Vec<&'t str> {
    let line = text.lines().find(|line| line.trim_start().starts_with(begins));
    line.unwrap_or_else(|| panic!("no line begins with {begins}: {text}")).split_whitespace().collect()
}

#[test]
fn the_tables_tell_what_happened() {
    let (lives, facts) = eventful();
    let told = told(&trial(lives, facts));
    assert_eq!(told.broken, [""; 0]);
    // lives, stops, calls, covered by others, runs, takeovers, superseded, died in a run, died as owner
    assert_eq!(line(&told.text, "1 "), ["1", "3", "0", "5", "3", "4", "1", "0", "1", "1"]);
    assert_eq!(line(&told.text, "2 "), ["2", "1", "1", "3", "2", "2", "1", "1", "0", "0"]);
    assert_eq!(line(&told.text, "all "), ["all", "4", "1", "8", "5", "6", "2", "1", "1", "1"]);
    for (what, value) in [
        ("calls ", "8"),
        ("runs ", "6"),
        ("cut short", "1"),
        ("superseded", "1"),
        ("needless", "0"),
        ("taken over", "2"),
        ("from one that had died", "1"),
        ("of those, not covered", "0"),
        ("shortest gap", "250,000,000"),
        ("commands to", "14"),
    ] {
        let words = line(&told.text, what);
        assert!(words.contains(&value), "{what}: {words:?}");
    }
    for (guarantee, looked_at) in [
        ("C1 ", "5 pairs of runs"),
        ("C3 ", "4 calls of processes that lived on"),
        ("C5 ", "2 asked to end"),
        ("C6 ", "2 deaths: 1 in a run, 1 as owner of the pending run"),
        ("C9 ", "5 tokens, 1 of them refused; 5 runs asked"),
    ] {
        let words = line(&told.text, guarantee).join(" ");
        assert!(words.contains(looked_at) && words.ends_with("held"), "{words}");
    }
    assert!(told.text.ends_with("C5 liveness, C6 death and C9 fencing held."), "{}", told.text);
    assert!(told.text.contains("SIGKILL"));
}

#[test]
fn the_picture_shows_what_happened() {
    let (lives, facts) = eventful();
    let trial = trial(lives, facts);
    let told = told(&trial);
    let svg = picture::draw("a made-up storm", "process", &trial, &told.story).unwrap();
    for text in [
        "At a made-up storm.",
        "process 1",
        "process 2",
        "runs of all",
        "superseded run",
        "killed",
        "stopped",
    ] {
        assert_eq!(words(&svg).iter().filter(|words| words.text == text).count(), 1, "{text}");
    }
    assert_eq!(faults(&svg), [""; 0]);
    // Two deaths and one in the legend, each of two strokes, and the two times that the seat was empty.
    assert_eq!(forms(&svg, "polyline", VERMILLION), 2 * 3 + 2);
    for (what, colour, marks) in [
        // In the legend first.
        ("next lives", GREEN, 1 + 2),
        ("the run that was cut short, in the lane of its process and in that of all runs", VERMILLION, 1 + 2),
        ("calls, but for the last one, before which the slice ends", BLUE, 1 + 7),
        ("runs that finished in the slice, in both lanes", INK, 1 + 2 * 2),
        ("a process that was stopped", GREY, 1 + 1),
        ("the time for which a process owned the pending run, and its beginning", ORANGE, 2 + 2 * 4),
        ("the run that was superseded, with its start, in both lanes", PURPLE, 1 + 2 * 2),
        ("every other window of four", PALE[0], 2),
    ] {
        assert_eq!(forms(&svg, "rect", colour), marks, "{what}");
    }

    let quiet =
        self::trial(vec![LifeLog::of(A, 0).call(10, 1).start(20).end(20, 40, true).closed(300)], Vec::new());
    let svg = picture::draw("a quiet storm", "front end", &quiet, &self::told(&quiet).story).unwrap();
    assert!(svg.contains("front end 1") && !svg.contains("killed"));
}

#[test]
fn where_nothing_was_tried_nothing_is_said_to_hold() {
    let told = told(&trial(vec![LifeLog::of(A, 0).closed(300)], Vec::new()));
    assert_eq!(told.broken, [""; 0]);
    for guarantee in ["C1 ", "C2 ", "C3 ", "C6 ", "C9 "] {
        assert!(line(&told.text, guarantee).join(" ").ends_with("not tried"), "{guarantee}");
    }
    assert!(told.text.ends_with("\nC5 liveness held."), "{}", told.text);
}

/// Writes the logs of a storm, and lets the program judge it.
fn status(folder: &Path, trial: &Trial) -> ExitCode {
    for log in &trial.logs {
        let lines = log.records.iter().map(|record| serde_json::to_string(record).unwrap() + "\n");
        fs::write(log_of(folder, log.who), lines.collect::<String>()).unwrap();
    }
    let options = options("--driver shm:/dev/shm/storm");
    let setting = Setting { options: &options, lease: Duration::from_secs(2), seed: 1, folder };
    exit_code(conclude(&setting, &past(trial), None).unwrap())
}

#[test]
fn a_promise_that_the_logs_show_broken_is_exit_status_1() {
    let folder = || tempfile::tempdir().unwrap();
    let (lives, facts) = eventful();
    assert_eq!(status(folder().path(), &trial(lives, facts)), ExitCode::SUCCESS);

    let planted = |guarantee: &str, fault: &str, lives: Vec<LifeLog>, facts: Vec<Fact>| {
        let trial = trial(lives, facts);
        let told = told(&trial);
        assert!(told.broken.iter().any(|how| how.starts_with(guarantee)), "{fault}: {:?}", told.broken);
        let row = if guarantee == "the log" { "all processes" } else { guarantee };
        assert!(line(&told.text, row).contains(&"BROKEN"), "{fault}");
        assert_eq!(told.text.matches("BROKEN").count(), 1, "{fault}: no other one");
        assert!(told.text.ends_with("Not every guarantee held."));
        assert_eq!(status(folder().path(), &trial), ExitCode::from(1), "{fault}");
        evidence::caught(
            fault,
            &format!("storm of processes: {guarantee} is reported as broken, exit status 1"),
        );
    };
    let a = || LifeLog::of(A, 0).call(10, 1).start(20).end(20, 40, true);
    let b = || LifeLog::of(B, 0).call(60, 1);
    planted(
        "C1",
        "a run too soon",
        vec![a().closed(900), b().start(269).end(269, 280, true).closed(900)],
        vec![],
    );
    planted(
        "C2",
        "a run beside another, within its lease",
        vec![
            LifeLog::of(A, 0).call(10, 1).start(20).end(20, 400, false).closed(900),
            b().start(300).end(300, 310, true).closed(900),
        ],
        vec![],
    );
    planted("C3", "a call that no run covers", vec![a().closed(900), b().closed(900)], vec![]);
    planted(
        "C5",
        "calls that are owed at the end",
        vec![a().at(900, Event::Closed { covered: false, commands: 1 })],
        vec![],
    );
    planted("C6", "a process that dies by itself", vec![a()], vec![]);
    planted(
        "C9",
        "a stale token that is accepted",
        vec![
            LifeLog::of(A, 0).call(10, 1).start(20).end(20, 4000, true).closed(4900),
            b().start(3000).end(3000, 3010, true).closed(4900),
        ],
        vec![Fact { from: 30 * MS, until: 3900 * MS, what: What::Stopped { who: A } }],
    );
    planted(
        "the log",
        "an end without a start",
        vec![LifeLog::of(A, 0).end(20, 40, true).closed(900)],
        vec![],
    );
}

#[test]
fn what_does_not_end_is_broken() {
    let trial = trial(vec![LifeLog::of(A, 0).closed(300)], Vec::new());
    let stuck =
        Past { stuck: vec!["C5: the process 0.0 was asked to end, and has not".to_owned()], ..past(&trial) };
    let told = tell(&options(""), "a made-up storm", &trial, &stuck);
    assert_eq!(told.broken, stuck.stuck);
    assert!(line(&told.text, "C5 ").contains(&"BROKEN"));
}

#[test]
fn a_storm_in_memory_holds() {
    assert_eq!(storm(&options("--seconds 0.5 --threshold 20ms --run-time 2ms --seed 5")), Ok(true));
}

/// Breaks every promise of a register: no process sees what others have done.
#[derive(Debug)]
struct Forgetful(Memory);

impl Register for Forgetful {
    fn read(&self) -> Result<Reading, RegisterError> {
        Ok(Reading { cell: Cell::NEW, ..self.0.read()? })
    }

    fn compare_and_swap(&self, _: Cell, _: Cell, _: Mark) -> Result<Swap, RegisterError> {
        Ok(Swap::Done(self.0.read()?.now))
    }
}

#[test]
fn a_storm_at_a_register_that_forgets_does_not_hold() {
    let folder = tempfile::tempdir().unwrap();
    let options = options("--seconds 0.5 --threshold 20ms --run-time 2ms --processes 4 --rate 200");
    let setting = Setting { options: &options, lease: LEASE, seed: 5, folder: folder.path() };
    let register: Arc<dyn Register> = Arc::new(Forgetful(Memory::new()));
    let past = threads::rage(&setting, &register, &ProgressBar::hidden()).unwrap();
    assert_eq!(conclude(&setting, &past, None), Ok(false));
    evidence::caught(
        "a register that forgets",
        "storm of processes: runs of four front ends are too close, exit status 1",
    );
}
