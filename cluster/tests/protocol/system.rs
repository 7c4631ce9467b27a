//! [`System`]: processes, the register and the clocks at one moment, with what the judge remembers.

use crate::judge::{Broken, Judge};
use crate::process::{Phase, Process};
use crate::register::Shelf;
use crate::setting::{Faults, Setting};
use atomic_throttle_cluster::Cell;
use atomic_throttle_cluster::register::Mark;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct System {
    /// True time.
    pub time: u64,
    pub shelf: Shelf,
    pub processes: Vec<Process>,
    pub calls: Vec<Call>,
    /// A compare-and-swap without an answer that may still be done.
    pub flight: Option<Flight>,
    /// What may still fail.
    pub left: Faults,
    pub judge: Judge,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Call {
    pub process: usize,
    pub stage: Stage,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stage {
    /// It waits at the gate of its process.
    Made,
    /// It was taken, with all others that waited then.
    Taken(u64),
    /// It was reported as covered.
    Told,
    /// Its process died before it was covered, and before it had reached the register.
    Lost,
    /// Its process died before it was covered, and after it had reached the register: others cover it.
    Left,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Flight {
    pub process: usize,
    pub old: Cell,
    pub new: Cell,
    pub mark: Mark,
    pub starts: bool,
    pub read_at: u64,
    /// The calls that are covered by the run which this finishes.
    pub finishes: Option<u8>,
}

impl System {
    pub fn new(setting: &Setting) -> Self {
        Self {
            time: 0,
            shelf: Shelf::new(),
            processes: (0..setting.processes).map(|number| Process::new(setting, number)).collect(),
            calls: Vec::new(),
            flight: None,
            left: setting.faults,
            judge: Judge::default(),
        }
    }

    pub fn clock(&self) -> u64 {
        self.shelf.clock(self.time).as_nanos()
    }

    pub fn calls_of(&self, process: usize) -> impl Iterator<Item = &Call> {
        self.calls.iter().filter(move |call| call.process == process)
    }

    /// Whether calls wait at the gate of that process.
    pub fn has_made(&self, process: usize) -> bool {
        self.calls_of(process).any(|call| call.stage == Stage::Made)
    }

    /// Whether a call of this process is not yet reported as covered.
    pub fn is_waited_for(&self, process: usize) -> bool {
        self.calls_of(process).any(|call| matches!(call.stage, Stage::Made | Stage::Taken(_)))
    }

    /// Whether a call waits for a run that is still promised to it.
    pub fn is_open(&self, number: usize) -> bool {
        match self.calls[number].stage {
            Stage::Made | Stage::Taken(_) => true,
            // Somebody must live who can run.
            Stage::Left => !self.judge.has_finished(number) && self.processes.iter().any(Process::is_alive),
            Stage::Told | Stage::Lost => false,
        }
    }

    /// All calls that were made, one bit each.
    pub fn all_calls(&self) -> u8 {
        (1 << self.calls.len()) - 1
    }

    /// All calls that were taken and have no outcome yet, one bit each.
    pub fn taken(&self) -> u8 {
        let numbered = self.calls.iter().enumerate();
        let taken = numbered.filter(|(_, call)| matches!(call.stage, Stage::Taken(_)));
        taken.map(|(number, _)| 1 << number).sum()
    }

    pub fn take(&mut self, process: usize) {
        let owner = &mut self.processes[process];
        owner.takes += 1;
        for call in self.calls.iter_mut().filter(|call| call.process == process) {
            if call.stage == Stage::Made {
                call.stage = Stage::Taken(owner.takes);
            }
        }
    }

    /// Records the outcome of the calls of this process.
    pub fn tell(&mut self, process: usize) -> Result<(), Broken> {
        let owner = &self.processes[process];
        for (number, call) in self.calls.iter_mut().enumerate() {
            match call.stage {
                Stage::Taken(name) if call.process == process => {
                    if owner.covered().is_some_and(|covered| covered >= name) {
                        self.judge.told(number)?;
                        call.stage = Stage::Told;
                    } else if !owner.course.is_owed() {
                        return Err(Broken::LOST);
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    pub fn die(&mut self, setting: &Setting, process: usize) {
        let reached = self.processes[process].reached;
        self.processes[process] = Process { phase: Phase::Dead, ..Process::new(setting, process) };
        for call in self.calls.iter_mut().filter(|call| call.process == process) {
            call.stage = match call.stage {
                Stage::Told => Stage::Told,
                Stage::Taken(name) if setting.idle_looks && name <= reached => Stage::Left,
                _ => Stage::Lost,
            };
        }
    }
}
