//! Everything that can happen next.

use crate::event::{Event, Fate, Take};
use crate::process::{Phase, Process};
use crate::setting::{Loss, Setting};
use crate::system::System;
use atomic_throttle_cluster::Cell;

impl System {
    /// Everything that can happen next.
    pub fn events(&self, setting: &Setting) -> Vec<Event> {
        let mut events = Vec::new();
        if self.time < setting.horizon && !(setting.prompt && self.would_be_late(setting)) {
            events.push(Event::Tick);
        }
        if self.calls.len() < setting.calls {
            // It does not matter which of the processes without calls is called next.
            let fresh = self.calls.iter().map(|call| call.process + 1).max().unwrap_or(0);
            let callable = (0..setting.processes).filter(|&p| p <= fresh && self.processes[p].is_alive());
            events.extend(callable.map(Event::Call));
        }
        for process in 0..setting.processes {
            self.events_of(setting, process, &mut events);
        }
        let left = self.left;
        let is_deciding = self.processes.iter().any(Process::is_deciding);
        let may_lose = setting.loss != Loss::BetweenDecisions || !is_deciding;
        events.extend(self.flight.map(|_| Event::Land));
        let others = [
            (left.losses, Event::Lose, self.shelf.held != self.shelf.replica && may_lose),
            (left.catch_ups, Event::CatchUp, self.shelf.held != self.shelf.replica),
            (left.back, Event::ClockBack, true),
            (left.forward, Event::ClockForward, true),
        ];
        let possible = others.into_iter().filter(|&(left, _, matters)| left > 0 && matters);
        events.extend(possible.map(|(_, event, _)| event));
        events
    }

    fn events_of(&self, setting: &Setting, process: usize, events: &mut Vec<Event>) {
        let owner = &self.processes[process];
        let takes = self.has_made(process).then_some(Take::Calls);
        match owner.phase {
            Phase::Dead => return,
            Phase::Idle => {
                // A look at a register that nobody waits for does nothing.
                let for_others = setting.idle_looks && self.shelf.held.cell.is_open();
                let nothing = (owner.course.is_owed() || for_others).then_some(Take::Nothing);
                events.extend(takes.into_iter().chain(nothing).map(|take| Event::Look(process, take)));
            }
            Phase::Answered { .. } => events.push(Event::Decide(process)),
            Phase::Swapping { old, starts, .. } => {
                let wins = starts && old == self.shelf.held.cell;
                let takes = takes.filter(|_| wins).into_iter().chain([Take::Nothing]);
                events.extend(takes.map(|take| Event::Swap(process, take)));
            }
            Phase::Won { .. } => events.push(Event::Answer(process)),
            Phase::Cleared { .. } => {
                events
                    .extend(takes.into_iter().chain([Take::Nothing]).map(|take| Event::Begin(process, take)));
            }
            Phase::Performing(_) => events.push(Event::End(process)),
            Phase::Ended(_) => {
                events.extend([Event::ReadToFinish(process), Event::AssumeToFinish(process)]);
            }
            Phase::Finishing { .. } => events.push(Event::Finish(process)),
        }
        let swaps = matches!(owner.phase, Phase::Swapping { .. } | Phase::Finishing { .. });
        if swaps && self.left.unanswered > 0 {
            let fates = [Fate::Done, Fate::NotDone, Fate::OnItsWay];
            let possible = fates.into_iter().filter(|&f| f != Fate::OnItsWay || self.flight.is_none());
            events.extend(possible.map(|fate| Event::Unanswered(process, fate)));
        }
        // A process without calls that does nothing knows nothing, and its death changes nothing.
        let matters = owner.phase != Phase::Idle || self.calls_of(process).next().is_some();
        if self.left.deaths > 0 && matters {
            events.push(Event::Die(process));
        }
    }

    /// Whether a run would be in progress beyond its lease if time passed now.
    fn would_be_late(&self, setting: &Setting) -> bool {
        let Some(lease) = setting.lease else { return false };
        let started = |cell: Cell| cell.epoch().as_u64();
        self.processes.iter().any(|process| {
            let epoch = match process.phase {
                Phase::Swapping { new, starts: true, .. } | Phase::Won { new, .. } => Some(started(new)),
                Phase::Cleared { epoch, .. } => Some(epoch.as_u64()),
                _ => process.holds().map(|run| run.epoch.as_u64()),
            };
            epoch.is_some_and(|epoch| self.clock() + 1 >= epoch + lease)
        })
    }
}
