//! [`Scene`]: a trial in progress. It starts participants, sends them commands, kills and stops them, and
//! collects what the judge needs.
//!
//! It panics if the system does not do what it is asked to do: then there is no trial.
#![allow(clippy::missing_panics_doc, reason = "the module says it once for all functions")]

use crate::judge::{Fact, ProcessLog, Trial, What};
use crate::log::{self, Event, Nanos, Record, Who};
use crate::participant::{Options, Span};
use atomic_throttle_cluster::Drivers;
use atomic_throttle_cluster::register::{Register, RegisterError};
use rustix::process::{Pid, Signal, kill_process};
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

/// A wait this long would be a fault.
const LIMIT: Duration = Duration::from_secs(60);

/// Two clocks that are set to the same time drift apart a little. The clock of the machine is therefore
/// assumed to be less ahead, by this much, than was observed.
pub const DRIFT: Nanos = 1_000_000;

/// A trial in progress. When it is dropped, it kills its participants.
#[derive(Debug)]
pub struct Scene {
    command: Vec<PathBuf>,
    folder: PathBuf,
    defaults: Options,
    participants: Vec<Participant>,
    facts: Vec<Fact>,
    ahead: Option<i64>,
}

#[derive(Debug)]
struct Participant {
    who: Who,
    child: Option<Child>,
    /// How many calls it was asked to make.
    called: u64,
    /// When it was stopped, if it is.
    stopped: Option<Nanos>,
}

impl Scene {
    /// A trial without participants. `command` is a program that calls
    /// [`participant::main`](crate::participant::main), with the arguments that come before the options; its
    /// files go to `folder`.
    #[must_use]
    pub fn new(command: &[&Path], folder: &Path, driver: &str, threshold: Duration, lease: Duration) -> Self {
        let defaults = Options {
            driver: driver.to_owned(),
            threshold,
            lease,
            run_for: Span::millis(1, 5),
            calls_every: None,
            log: PathBuf::new(),
            seed: 0,
            limit: LIMIT,
            idle_look: None,
            hold: None,
            receiver: Some(folder.join("receiver")),
            fault: None,
        };
        Self {
            command: command.iter().map(|&part| part.to_owned()).collect(),
            folder: folder.to_owned(),
            defaults,
            participants: Vec::new(),
            facts: Vec::new(),
            ahead: None,
        }
    }

    /// The options of participants for which no others are given.
    pub fn defaults(&mut self) -> &mut Options {
        &mut self.defaults
    }

    /// Declares that the clock of the register runs like the clock of the machine: stamps are then judged by
    /// that clock as well.
    ///
    /// # Errors
    ///
    /// If the register does not answer.
    pub fn compare_clocks(&mut self) -> Result<(), RegisterError> {
        let register = self.register();
        for _ in 0..5 {
            let before = log::now();
            let now = register.read()?.now.as_nanos();
            let ahead = i64::try_from(i128::from(before) - i128::from(now) - i128::from(DRIFT)).ok();
            self.ahead = self.ahead.max(ahead);
        }
        Ok(())
    }

    /// The register, for reading.
    #[must_use]
    pub fn register(&self) -> Arc<dyn Register> {
        Drivers::standard().open(&self.defaults.driver).expect("the register of the trial").register
    }

    /// Starts a process at this seat.
    pub fn start(&mut self, seat: u32) -> Who {
        self.start_with(seat, |_| {})
    }

    /// Starts a process at this seat, with options of its own.
    pub fn start_with(&mut self, seat: u32, change: impl FnOnce(&mut Options)) -> Who {
        let before = self.participants.iter().filter(|participant| participant.who.seat == seat).count();
        let who = Who { seat, incarnation: u32::try_from(before).expect("they are few") };
        let mut options = self.defaults.clone();
        options.log = self.log_of(who);
        options.hold = Some(self.hold_of(who));
        options.seed = (options.seed << 16) ^ (u64::from(who.seat) << 8) ^ u64::from(who.incarnation);
        change(&mut options);
        let child = Command::new(&self.command[0])
            .args(&self.command[1..])
            .args(options.args())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .expect("a participant can be started");
        self.participants.push(Participant { who, child: Some(child), called: 0, stopped: None });
        who
    }

    /// The participants that have not been killed, and have not been asked to end.
    #[must_use]
    pub fn alive(&self) -> Vec<Who> {
        self.participants.iter().filter(|one| one.child.is_some()).map(|one| one.who).collect()
    }

    /// Sends a line to the standard input of a participant.
    pub fn tell(&mut self, who: Who, command: &str) {
        let child = self.of(who).child.as_mut().expect("it was not killed");
        let mut input = child.stdin.as_ref().expect("it is piped");
        writeln!(input, "{command}").expect("a participant reads its input");
    }

    /// Makes one call there.
    pub fn call(&mut self, who: Who) {
        self.of(who).called += 1;
        self.tell(who, "call");
    }

    /// From now on, runs of this participant do not end until they are released.
    pub fn hold(&self, who: Who) {
        fs::write(self.hold_of(who), []).expect("the folder of the trial takes files");
    }

    /// Lets the run there end.
    pub fn release(&self, who: Who) {
        fs::remove_file(self.hold_of(who)).expect("it was held");
    }

    /// Kills all of them at once, wherever they are.
    pub fn kill(&mut self, all: &[Who]) {
        let from = log::now();
        for &who in all {
            self.signal(who, Signal::KILL);
        }
        for &who in all {
            let participant = self.of(who);
            participant.stopped = None;
            let child = participant.child.take();
            child.expect("it was not killed before").wait().expect("a child can be waited for");
            self.note(from, What::Killed { who });
        }
    }

    /// Stops it wherever it is.
    pub fn stop(&mut self, who: Who) {
        let from = log::now();
        self.signal(who, Signal::STOP);
        self.of(who).stopped.get_or_insert(from);
    }

    /// Lets it continue.
    pub fn go_on(&mut self, who: Who) {
        self.signal(who, Signal::CONT);
        if let Some(from) = self.of(who).stopped.take() {
            self.note(from, What::Stopped { who });
        }
    }

    /// Notes that this was done since `from`.
    pub fn note(&mut self, from: Nanos, what: What) {
        self.facts.push(Fact { from, until: log::now(), what });
    }

    /// What it has written so far.
    #[must_use]
    pub fn records(&self, who: Who) -> Vec<Record> {
        log::read(&self.log_of(who)).expect("participants write logs")
    }

    /// Whether it has written such a record.
    #[must_use]
    pub fn has_written(&self, who: Who, is_it: impl Fn(Event) -> bool) -> bool {
        self.records(who).iter().any(|record| is_it(record.event))
    }

    /// Waits until it has written as many such records.
    #[track_caller]
    pub fn until(&self, who: Who, times: usize, is_it: impl Fn(Event) -> bool) {
        let written = || self.records(who).iter().filter(|record| is_it(record.event)).count() >= times;
        assert!(wait_for(written), "{who} has not written it: {}", self.last_of(who));
    }

    /// Waits until one of them has written such an event.
    #[track_caller]
    pub fn until_any(&self, of: &[Who], is_it: impl Fn(Event) -> bool) {
        let written = || of.iter().any(|who| self.records(*who).iter().any(|record| is_it(record.event)));
        assert!(wait_for(written), "none of {of:?} has written it");
    }

    /// Waits until all calls are covered that it was asked to make; only for participants that do not call by
    /// themselves.
    #[track_caller]
    pub fn until_covered(&mut self, who: Who) {
        // The last call that it makes would not be the last one that it was asked to make.
        assert!(self.defaults.calls_every.is_none(), "{who} calls by itself");
        self.tell(who, &format!("wait {}s", LIMIT.as_secs()));
        let call = self.of(who).called;
        let is_covered = || self.has_written(who, |event| event == Event::Covered { call });
        assert!(call == 0 || wait_for(is_covered), "calls of {who} are not covered: {}", self.last_of(who));
    }

    /// Makes a call there, and waits until that or a later one is covered; for participants that call by
    /// themselves.
    #[track_caller]
    pub fn until_covered_again(&mut self, who: Who) {
        let from = log::now();
        self.call(who);
        let is_covered = || {
            let records = self.records(who);
            let since = records.iter().filter(|record| record.at >= from);
            let calling = since
                .filter_map(|one| if let Event::Calling { call } = one.event { Some(call) } else { None });
            let first = calling.min().unwrap_or(u64::MAX);
            records.iter().any(|one| matches!(one.event, Event::Covered { call } if call >= first))
        };
        assert!(wait_for(is_covered), "calls of {who} are not covered: {}", self.last_of(who));
    }

    /// Asks all remaining participants to end, and returns what is known about the trial.
    #[must_use]
    pub fn end(mut self) -> Trial {
        let stopped: Vec<_> =
            self.participants.iter().filter(|one| one.stopped.is_some()).map(|one| one.who).collect();
        for who in stopped {
            self.go_on(who);
        }
        for participant in &mut self.participants {
            // All of them first, so that they continue together.
            drop(participant.child.as_mut().and_then(|child| child.stdin.take()));
        }
        for at in 0..self.participants.len() {
            let Some(child) = &mut self.participants[at].child else { continue };
            let has_ended = wait_for(|| child.try_wait().expect("a child can be asked").is_some());
            let who = self.participants[at].who;
            assert!(has_ended, "{who} does not end: {}", self.last_of(who));
            self.participants[at].child = None;
        }
        let nanos = |duration: Duration| Nanos::try_from(duration.as_nanos()).expect("a trial is short");
        Trial {
            threshold: nanos(self.defaults.threshold),
            lease: nanos(self.defaults.lease),
            ahead: self.ahead,
            facts: std::mem::take(&mut self.facts),
            logs: self
                .participants
                .iter()
                .map(|one| ProcessLog { who: one.who, records: self.records(one.who) })
                .collect(),
        }
    }

    /// The end of its log.
    fn last_of(&self, who: Who) -> String {
        let records = self.records(who);
        format!("{:?}", &records[records.len().saturating_sub(40)..]).replace("Record", "\nRecord")
    }

    fn of(&mut self, who: Who) -> &mut Participant {
        self.participants.iter_mut().find(|one| one.who == who).expect("it was started here")
    }

    fn signal(&mut self, who: Who, signal: Signal) {
        let child = self.of(who).child.as_ref().expect("it was not killed before");
        kill_process(Pid::from_child(child), signal).expect("a child takes signals");
    }

    fn log_of(&self, who: Who) -> PathBuf {
        self.folder.join(format!("log-{who}"))
    }

    fn hold_of(&self, who: Who) -> PathBuf {
        self.folder.join(format!("hold-{who}"))
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        for child in self.participants.iter_mut().filter_map(|one| one.child.as_mut()) {
            // It may have ended by itself.
            let _: io::Result<_> = child.kill().and_then(|()| child.wait());
        }
    }
}

fn wait_for(mut is_so: impl FnMut() -> bool) -> bool {
    let within = Instant::now() + LIMIT * 3;
    while !is_so() {
        if Instant::now() >= within {
            return false;
        }
        thread::sleep(Duration::from_millis(2));
    }
    true
}
