//! [`Event`]: what can happen, and what follows from it.

use crate::judge::Broken;
use crate::process::{Phase, Run, local};
use crate::register::{Held, Origin};
use crate::setting::{Rule, Setting};
use crate::system::{Call, Flight, Stage, System};
use atomic_throttle::{Epoch, Timestamp};
use atomic_throttle_cluster::course::{Act, Move};
use atomic_throttle_cluster::register::Reading;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    Call(usize),
    /// A process reads the register. Before that it takes its calls, or not.
    Look(usize, Take),
    /// The answer of a slow reading arrives.
    Decide(usize),
    /// The compare-and-swap is done, or finds something else. If it starts a run, calls that came meanwhile are
    /// taken before the function begins, or not.
    Swap(usize, Take),
    /// The answer to a start arrives.
    Answer(usize),
    /// The function begins. Calls that came meanwhile are taken before that, or not.
    Begin(usize, Take),
    /// The function comes to its end.
    End(usize),
    /// The register is read to finish the run.
    ReadToFinish(usize),
    /// Instead of that, the register is assumed to hold what it held when the run started.
    AssumeToFinish(usize),
    Finish(usize),
    Tick,
    Die(usize),
    /// The compare-and-swap of that process gets no answer.
    Unanswered(usize, Fate),
    /// The compare-and-swap that was on its way arrives.
    Land,
    Lose,
    CatchUp,
    ClockBack,
    ClockForward,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Take {
    Calls,
    Nothing,
}

/// What becomes of a compare-and-swap without an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    Done,
    NotDone,
    OnItsWay,
}

impl System {
    /// Applies `event`.
    ///
    /// # Errors
    ///
    /// The promise that it breaks.
    pub fn perform(&mut self, setting: &Setting, event: Event) -> Result<(), Broken> {
        match event {
            Event::Call(process) => self.calls.push(Call { process, stage: Stage::Made }),
            Event::Look(process, take) => self.look(setting, process, take)?,
            Event::Decide(process) => self.decide(setting, process)?,
            Event::Swap(process, take) => self.swap(setting, process, take)?,
            Event::Answer(process) => self.answer(setting, process)?,
            Event::Begin(process, take) => self.begin_late(setting, process, take)?,
            Event::End(process) => self.end(process),
            Event::ReadToFinish(process) => self.read_to_finish(setting, process)?,
            Event::AssumeToFinish(process) => {
                let cell = self.processes[process].course.cell();
                let assumed = Reading { cell, now: Timestamp::ZERO, mark: None };
                self.prepare_finish(setting, process, assumed)?;
            }
            Event::Finish(process) => self.finish(setting, process)?,
            Event::Tick => self.pass(setting),
            Event::Die(process) => {
                self.die(setting, process);
                self.left.deaths -= 1;
            }
            Event::Unanswered(process, fate) => {
                self.unanswered(setting, process, fate)?;
                self.left.unanswered -= 1;
                self.pass(setting);
            }
            Event::Land => self.land(setting)?,
            Event::Lose => {
                self.pass(setting);
                self.judge.expose(setting, self.time, true);
                self.shelf.held = self.shelf.replica;
                self.left.losses -= 1;
            }
            Event::CatchUp => {
                self.shelf.replica = self.shelf.held;
                self.left.catch_ups -= 1;
            }
            Event::ClockBack => {
                self.shelf.origin -= setting.clock_step;
                self.left.back -= 1;
            }
            Event::ClockForward => {
                self.pass(setting);
                self.judge.expose(setting, self.time, false);
                self.shelf.origin += setting.clock_step;
                self.left.forward -= 1;
            }
        }
        Ok(())
    }

    /// Time passes. It also passes with each fault that takes longer than a clock needs to move, so that a
    /// reading from before the fault differs from one after it.
    fn pass(&mut self, setting: &Setting) {
        self.time += 1;
        self.judge.time_passed(setting, self.time);
    }

    fn look(&mut self, setting: &Setting, process: usize, take: Take) -> Result<(), Broken> {
        let taken = take == Take::Calls;
        if taken && setting.rule != Rule::TakesAfterReading {
            self.take(process);
        }
        let (held, now) = (self.shelf.held, self.shelf.clock(self.time));
        self.processes[process].phase = Phase::Answered { held, now, read_at: self.time, taken };
        if setting.slow_answers { Ok(()) } else { self.decide(setting, process) }
    }

    fn decide(&mut self, setting: &Setting, process: usize) -> Result<(), Broken> {
        let Phase::Answered { mut held, mut now, read_at, taken } = self.processes[process].phase else {
            unreachable!("only an answer is decided by")
        };
        match setting.rule {
            Rule::TakesAfterReading if taken => self.take(process),
            // The request was slow on its way to the register.
            Rule::LocalTimeFromBeforeTheReading => {
                (held, now) = (self.shelf.held, self.shelf.clock(self.time));
            }
            _ => {}
        }
        self.consider(setting, process, (held, now), read_at, taken)
    }

    /// Lets the course of this process decide by what was read at `read_at`.
    fn consider(
        &mut self,
        setting: &Setting,
        process: usize,
        (held, now): (Held, Timestamp),
        read_at: u64,
        taken: bool,
    ) -> Result<(), Broken> {
        let reading = read(setting, held, now);
        let local = self.local(setting, read_at);
        let act = self.processes[process].look(setting.rule, reading, local, taken);
        if matches!(act, Act::Wait(_)) {
            self.processes[process].reached = self.processes[process].takes;
        }
        self.follow(setting, process, act, held.origin, read_at)?;
        self.tell(process)
    }

    fn follow(
        &mut self,
        setting: &Setting,
        process: usize,
        act: Act,
        origin: Origin,
        read_at: u64,
    ) -> Result<(), Broken> {
        self.processes[process].phase = match act {
            Act::Rest | Act::Wait(_) => Phase::Idle,
            Act::Swap(Move { old, new, starts }) => Phase::Swapping { old, new, starts, read_at },
            Act::Perform(epoch) => return self.begin(setting, process, epoch, origin),
        };
        Ok(())
    }

    /// The function of a run begins.
    fn begin(
        &mut self,
        setting: &Setting,
        process: usize,
        epoch: Epoch,
        origin: Origin,
    ) -> Result<(), Broken> {
        let (covers, knows) = (self.all_calls(), self.taken());
        let run = Run { epoch, covers, knows, origin, is_half_finished: false };
        for other in self.processes.iter().filter_map(|other| other.performs()) {
            self.judge.overlap(setting, &run, other)?;
        }
        self.processes[process].phase = Phase::Performing(run);
        Ok(())
    }

    fn swap(&mut self, setting: &Setting, process: usize, take: Take) -> Result<(), Broken> {
        let Phase::Swapping { old, new, starts, read_at } = self.processes[process].phase else {
            unreachable!("only a move is swapped")
        };
        let (step, now) = (Move { old, new, starts }, self.shelf.clock(self.time));
        if !self.put(setting, self.flight_of(setting, process))? {
            return self.consider(setting, process, (self.shelf.held, now), self.time, false);
        }
        let local = self.local(setting, self.time);
        let owner = &mut self.processes[process];
        owner.reached = owner.takes;
        if !starts && new.is_pending() && !old.is_pending() {
            owner.deferred_in = Some(new.epoch());
        }
        let origin = self.shelf.held.origin;
        if starts && setting.slow_answers {
            owner.phase = Phase::Won { old, new, now, origin };
            return Ok(());
        }
        let act = owner.course.moved(step, now, local);
        if take == Take::Calls {
            self.take_before_it_begins(setting, process, new.epoch());
        }
        self.follow(setting, process, act, origin, read_at)?;
        self.tell(process)
    }

    fn answer(&mut self, setting: &Setting, process: usize) -> Result<(), Broken> {
        let Phase::Won { old, new, now, origin } = self.processes[process].phase else {
            unreachable!("only a start that was done is answered")
        };
        let local = self.local(setting, self.time);
        let act = self.processes[process].course.moved(Move { old, new, starts: true }, now, local);
        let Act::Perform(epoch) = act else { unreachable!("a start was done") };
        let is_in_time = self.is_in_time(setting, process, epoch, now, origin)?;
        self.processes[process].phase =
            if is_in_time { Phase::Cleared { epoch, origin } } else { Phase::Idle };
        self.tell(process)
    }

    /// Whether the lease of the run holds, as far as its process can know: it has asked when the start was
    /// done.
    fn is_in_time(
        &self,
        setting: &Setting,
        process: usize,
        epoch: Epoch,
        now: Timestamp,
        origin: Origin,
    ) -> Result<bool, Broken> {
        let asked = local(origin.started_at);
        let left = self.processes[process].course.lease_left(epoch, now, asked);
        let is_in_time = local(self.time) < asked.saturating_add(left);
        if !is_in_time && setting.rule != Rule::BeginsAfterItsLease {
            return Ok(false);
        }
        let is_over = setting.lease.is_some_and(|lease| self.time >= origin.started_at + lease);
        if is_over { Err(Broken::LATE) } else { Ok(true) }
    }

    fn begin_late(&mut self, setting: &Setting, process: usize, take: Take) -> Result<(), Broken> {
        let Phase::Cleared { epoch, origin } = self.processes[process].phase else {
            unreachable!("only a run that was cleared begins")
        };
        if take == Take::Calls {
            self.take_before_it_begins(setting, process, epoch);
        }
        self.begin(setting, process, epoch, origin)
    }

    fn take_before_it_begins(&mut self, setting: &Setting, process: usize, epoch: Epoch) {
        self.take(process);
        let owner = &mut self.processes[process];
        owner.course.cover(owner.takes);
        owner.covering = (setting.rule == Rule::AnyFinishCovers).then_some((owner.takes, epoch));
    }

    fn end(&mut self, process: usize) {
        let Phase::Performing(run) = self.processes[process].phase else {
            unreachable!("only a function that is performed ends")
        };
        self.judge.performed(run.knows);
        self.processes[process].phase = Phase::Ended(run);
    }

    fn read_to_finish(&mut self, setting: &Setting, process: usize) -> Result<(), Broken> {
        let reading = read(setting, self.shelf.held, self.shelf.clock(self.time));
        self.prepare_finish(setting, process, reading)
    }

    fn prepare_finish(&mut self, setting: &Setting, process: usize, reading: Reading) -> Result<(), Broken> {
        let Phase::Ended(run) = self.processes[process].phase else {
            unreachable!("only a run that has ended is finished")
        };
        let local = self.local(setting, self.time);
        let owner = &mut self.processes[process];
        owner.phase = match owner.finish(setting.rule, run, reading, local) {
            Some(Move { old, new, .. }) => Phase::Finishing { run, old, new },
            None => Phase::Idle,
        };
        self.tell(process)
    }

    fn finish(&mut self, setting: &Setting, process: usize) -> Result<(), Broken> {
        let Phase::Finishing { run, old, new } = self.processes[process].phase else {
            unreachable!("only a run that has ended is finished")
        };
        if !self.put(setting, self.flight_of(setting, process))? {
            self.processes[process].phase = Phase::Ended(run);
            return self.read_to_finish(setting, process);
        }
        let local = self.local(setting, self.time);
        let owner = &mut self.processes[process];
        owner.course.finished(Move { old, new, starts: false }, local);
        let is_half = setting.rule == Rule::FinishedInSecondStep && !run.is_half_finished;
        owner.phase = if is_half { Phase::Ended(Run { is_half_finished: true, ..run }) } else { Phase::Idle };
        self.tell(process)
    }

    fn unanswered(&mut self, setting: &Setting, process: usize, fate: Fate) -> Result<(), Broken> {
        let flight = self.flight_of(setting, process);
        match fate {
            Fate::Done => {
                let _ = self.put(setting, flight)?;
            }
            Fate::NotDone => {}
            Fate::OnItsWay => self.flight = Some(flight),
        }
        let phase = &mut self.processes[process].phase;
        *phase = match phase {
            Phase::Finishing { run, .. } => Phase::Ended(*run),
            _ if setting.rule == Rule::KnowsItsRunByTheCell => return Ok(()),
            _ => Phase::Idle,
        };
        Ok(())
    }

    fn land(&mut self, setting: &Setting) -> Result<(), Broken> {
        let flight = self.flight.take().expect("only what is on its way arrives");
        self.put(setting, flight).map(|_| ())
    }

    /// The compare-and-swap that this process is about to send.
    fn flight_of(&self, setting: &Setting, process: usize) -> Flight {
        let owner = &self.processes[process];
        match owner.phase {
            Phase::Swapping { old, new, starts, read_at } => {
                let by_rule = Move { old, new, starts }.mark(&owner.course);
                let own = setting.rule == Rule::PutsBackUnderItsOwnMark;
                let mark = if own { owner.course.mark() } else { by_rule };
                Flight { process, old, new, mark, starts, read_at, finishes: None }
            }
            Phase::Finishing { run, old, new } => {
                let finishes = (new.finished() == run.epoch).then_some(run.covers);
                let mark = Move { old, new, starts: false }.mark(&owner.course);
                Flight { process, old, new, mark, starts: false, read_at: self.time, finishes }
            }
            _ => unreachable!("only a move is swapped"),
        }
    }

    /// Does it at the register, if the register holds the cell that it must.
    ///
    /// Two starts that are decided at the same moment would write the same cell, and after a loss both could
    /// be done. That is left out: a clock that counts nanoseconds keeps them apart.
    fn put(&mut self, setting: &Setting, flight: Flight) -> Result<bool, Broken> {
        let Flight { old, new, mark, read_at, .. } = flight;
        let origin = Origin { read_at, started_at: self.time };
        let is_told_apart = !(flight.starts && self.judge.knows(new.epoch().as_u64()));
        if !(is_told_apart && self.shelf.swap(old, new, mark, origin)) {
            return Ok(false);
        }
        if flight.starts {
            let taken = self.taken();
            self.judge.started(setting, new.epoch().as_u64(), origin, taken)?;
        }
        self.judge.finished(flight.finishes.unwrap_or(0));
        Ok(true)
    }

    fn local(&self, setting: &Setting, read_at: u64) -> Timestamp {
        match setting.rule {
            Rule::TimeOnlyFromTheRegister => local(0),
            Rule::LocalTimeFromBeforeTheReading => local(read_at),
            _ => local(self.time),
        }
    }
}

fn read(setting: &Setting, held: Held, now: Timestamp) -> Reading {
    let keeps_marks = !matches!(setting.rule, Rule::WithoutMarks | Rule::KnowsItsRunByTheCell);
    Reading { cell: held.cell, now, mark: keeps_marks.then_some(held.mark) }
}
