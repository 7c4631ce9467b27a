//! C5 of one state: what follows from it if nothing fails from then on, every process keeps looking, and
//! every function ends within the lease of its run.
//!
//! From each reached state, some such continuations are followed to their end. The processes take their steps
//! in either order, functions end at once or as late as they may, and a compare-and-swap that is still on its
//! way arrives first, or never. These are not all fair continuations. But no order can hold all processes up
//! for ever: a compare-and-swap finds another cell only if one of another process was done, and each of those
//! starts a run, makes one pending, finishes one or puts back what was forgotten.

use crate::event::{Event, Take};
use crate::judge::Broken;
use crate::process::Phase;
use crate::setting::Setting;
use crate::system::System;

#[derive(Clone, Copy, Debug)]
struct Continuation {
    reversed: bool,
    /// Functions take as long as they may.
    late: bool,
    lands: bool,
}

/// How long it takes, in true time, until all calls of living processes are covered: the longest of all
/// continuations.
///
/// # Errors
///
/// The promise that is broken on the way, or by a wait longer than the patience of the setting.
pub fn waits(setting: &Setting, system: &System) -> Result<u64, Broken> {
    let mut longest = 0;
    for (reversed, late) in [(false, false), (true, false), (false, true), (true, true)] {
        let landings: &[bool] = if system.flight.is_some() { &[false, true] } else { &[false] };
        for &lands in landings {
            longest = longest.max(follow(setting, system, Continuation { reversed, late, lands })?);
        }
    }
    Ok(longest)
}

fn follow(setting: &Setting, system: &System, continuation: Continuation) -> Result<u64, Broken> {
    let mut system = system.clone();
    if continuation.lands {
        system.perform(setting, Event::Land)?;
    }
    for waited in 0..=setting.patience() {
        let mut order: Vec<_> = (0..setting.processes).collect();
        if continuation.reversed {
            order.reverse();
        }
        for process in order {
            proceed(setting, &mut system, process, continuation.late)?;
        }
        if !(0..system.calls.len()).any(|call| system.is_open(call)) {
            return Ok(waited);
        }
        system.perform(setting, Event::Tick)?;
    }
    Err(Broken::LIVENESS)
}

/// More steps than a process takes at one moment, unless its swap fails again and again.
const STEPS: usize = 12;

/// Lets a process do all that it can do without time passing; it looks once.
fn proceed(setting: &Setting, system: &mut System, process: usize, late: bool) -> Result<(), Broken> {
    let mut has_looked = false;
    for _ in 0..STEPS {
        let event = match system.processes[process].phase {
            Phase::Dead => return Ok(()),
            Phase::Idle if has_looked || !(setting.idle_looks || system.is_waited_for(process)) => {
                return Ok(());
            }
            Phase::Idle => {
                has_looked = true;
                let take = if system.has_made(process) { Take::Calls } else { Take::Nothing };
                Event::Look(process, take)
            }
            Phase::Answered { .. } => Event::Decide(process),
            Phase::Swapping { .. } => Event::Swap(process, Take::Nothing),
            Phase::Won { .. } => Event::Answer(process),
            Phase::Cleared { .. } => Event::Begin(process, Take::Nothing),
            Phase::Performing(run) => {
                let lease = setting.lease.unwrap_or(setting.threshold);
                let truly = system.time + 1 < run.origin.read_at + lease;
                if late && truly && system.clock() + 1 < run.epoch.as_u64() + lease {
                    return Ok(());
                }
                Event::End(process)
            }
            Phase::Ended(_) => Event::ReadToFinish(process),
            Phase::Finishing { .. } => Event::Finish(process),
        };
        system.perform(setting, event)?;
    }
    Ok(())
}
