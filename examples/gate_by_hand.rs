//! A main loop without `std`: an interrupt asks for a run, and the loop performs it, at most every 300 ms. No thread waits,
//! and the handler neither locks nor reads a clock. Here `Manual` stands for the timer of the machine, and the loop calls
//! the handler where an interrupt would. Prints what happens at each tick of one second.

use atomic_throttle::gate::Fired;
use atomic_throttle::{Clock, Gate, Manual, Threshold, Timestamp};
use main_error::MainResult;
use std::io::{self, Write};
use std::time::Duration;

static GATE: Gate = Gate::new(Threshold::new(Duration::from_millis(300)));
static TIMER: Manual = Manual::new(Timestamp::from_nanos(1));

const TICK: Duration = Duration::from_millis(100);
/// The ticks at which interrupts come.
const INTERRUPTS: [usize; 6] = [0, 1, 1, 2, 5, 9];

/// The handler. The run that it asks for sees what it wrote before, through atomics.
fn interrupt() {
    let _ = GATE.request(); // The interrupt has woken the loop already.
}

fn main() -> MainResult {
    let mut out = io::stdout().lock();
    let mut runs = 0;
    for tick in 0.. {
        let now = TIMER.now();
        for _ in INTERRUPTS.iter().filter(|at| **at == tick) {
            interrupt();
            writeln!(out, "{now:>12?}  interrupt")?;
        }
        // The loop is the one owner of all that is asked for.
        let state = GATE.state();
        if state.has_owner() {
            match GATE.claim(state.epoch()).fire(now) {
                Fired::Run(run) => {
                    runs += 1;
                    writeln!(out, "{now:>12?}  run {runs}")?;
                    run.finish();
                }
                Fired::Early { deferral, due } => {
                    writeln!(out, "{now:>12?}  pending until {due:?}")?;
                    let _ = deferral.detach(); // It stays pending: claimed again at the next tick.
                }
                Fired::Busy(_) | Fired::Gone | Fired::Cancelled => {
                    unreachable!("the loop alone runs, and cancels")
                }
            }
        } else if tick > 9 {
            break;
        }
        TIMER.advance(TICK);
    }
    writeln!(out, "{runs} runs for {} interrupts", INTERRUPTS.len())?;
    Ok(())
}
