//! That guards become what `system` says: every short sequence of operations, on a real `Gate` with real
//! guards and on a `System` side by side.

use atomic_throttle::gate::{Arrival, Deferral, Fired, Flushed, Gate, Run};
use atomic_throttle::state::{Owe, Request};
use atomic_throttle::{Refused, Timestamp};
use evidence::Guarantee::{G3, G4, G6};
use evidence::{Check, depth};
use protocol::system::{Operation, System, Thread};
use protocol::transitions::{SHIPPED, Told, kind};
use watchdog as _;

const THREADS: usize = 3;

/// A gate and the guards that live, by what they are.
struct Real<'g> {
    gate: &'g Gate,
    now: Timestamp,
    runs: Vec<Run<'g>>,
    deferrals: Vec<Deferral<'g>>,
}

impl<'g> Real<'g> {
    fn arrived(&mut self, arrival: Arrival<'g>) -> Told {
        match arrival {
            Arrival::Run(run) => self.started(run),
            Arrival::Defer(deferral) => {
                self.deferrals.push(deferral);
                Told::Defer(0)
            }
            Arrival::Coalesced(_) => Told::Coalesced,
        }
    }

    fn started(&mut self, run: Run<'g>) -> Told {
        self.runs.push(run);
        Told::Run
    }

    /// The guard of the owner of that epoch.
    fn deferral(&mut self, epoch: u64) -> Deferral<'g> {
        let held = self.deferrals.iter().position(|deferral| deferral.epoch().as_u64() == epoch);
        self.deferrals.swap_remove(held.expect("the owner's guard lives"))
    }

    fn fire(&mut self, epoch: u64) -> Told {
        match self.deferral(epoch).fire(self.now) {
            Fired::Run(run) => self.started(run),
            Fired::Gone => Told::Gone,
            Fired::Cancelled => Told::Cancelled,
            Fired::Busy(deferral) => {
                self.deferrals.push(deferral);
                Told::Busy
            }
            Fired::Early { deferral, .. } => {
                self.deferrals.push(deferral);
                Told::Early(0)
            }
        }
    }

    /// Does what `operation` is in `system`. The answer to a dropped guard is lost.
    fn perform(&mut self, system: &System, operation: Operation) -> Option<Told> {
        let now = self.now;
        let told = match operation {
            Operation::Coalesce => self.gate.coalesce().map_or(Told::No, |_| Told::Coalesced),
            Operation::Arrive => self.arrived(self.gate.arrive(now)),
            Operation::ArriveBy { latest } => match self.gate.arrive_by(now, Timestamp::from_nanos(latest)) {
                Ok(arrival) => self.arrived(arrival),
                Err(_) => Told::Closed(0),
            },
            Operation::Request => match self.gate.request() {
                (Request::Requested, epoch) => {
                    self.deferrals.push(self.gate.claim(epoch));
                    Told::Requested
                }
                (Request::Coalesced, _) => Told::Coalesced,
            },
            Operation::Owe => match self.gate.owe() {
                (Owe::Owed, _) => Told::Owed,
                (Owe::Coalesced, _) => Told::Coalesced,
            },
            Operation::TryStart => match self.gate.try_start(now) {
                Ok(run) => self.started(run),
                Err(Refused::Running) => Told::Running,
                Err(_) => Told::Closed(0),
            },
            Operation::Cancel if self.gate.cancel() => Told::Yes,
            Operation::Cancel => Told::No,
            Operation::Flush => match self.gate.flush(now) {
                Flushed::Run(run) => self.started(run),
                Flushed::Busy => Told::Busy,
                Flushed::Nothing => Told::Nothing,
            },
            Operation::Fire { thread } => self.fire(held(system, thread)),
            Operation::Abandon { thread } => {
                drop(self.deferral(held(system, thread)));
                return None;
            }
            Operation::Finish { .. } => {
                drop(self.runs.pop());
                return None;
            }
            Operation::Clock { to } => {
                self.now = Timestamp::from_nanos(to);
                Told::Nothing
            }
            Operation::Look { .. }
            | Operation::SetThreshold { .. }
            | Operation::SetLease { .. }
            | Operation::Die { .. } => unreachable!("not played"),
        };
        Some(told)
    }

    fn guards(&self) -> (Vec<u64>, Vec<u64>) {
        let runs = self.runs.iter().map(|run| run.epoch().as_u64()).collect();
        let mut deferrals: Vec<_> = self.deferrals.iter().map(|deferral| deferral.epoch().as_u64()).collect();
        deferrals.sort_unstable();
        (runs, deferrals)
    }
}

fn held(system: &System, thread: usize) -> u64 {
    match system.threads[thread] {
        Thread::Runs { epoch } | Thread::Owns { epoch, .. } => epoch,
        Thread::Idle => panic!("no guard"),
    }
}

fn guards(system: &System) -> (Vec<u64>, Vec<u64>) {
    let (mut runs, mut deferrals) = (Vec::new(), Vec::new());
    for thread in &system.threads {
        match thread {
            Thread::Idle => {}
            Thread::Runs { epoch } => runs.push(*epoch),
            Thread::Owns { epoch, .. } => deferrals.push(*epoch),
        }
    }
    deferrals.sort_unstable();
    (runs, deferrals)
}

/// Plays `operations` on a new gate, next to the systems that they lead through.
fn play(path: &[(System, Operation, Told)], end: &System) {
    let Some((first, ..)) = path.first() else { return };
    let gate = Gate::new(first.policy().threshold);
    let mut real = Real { gate: &gate, now: Timestamp::ZERO, runs: Vec::new(), deferrals: Vec::new() };
    for (nth, (system, operation, told)) in path.iter().enumerate() {
        let heard = real.perform(system, *operation);
        assert!(heard.is_none_or(|heard| heard == kind(*told)), "{heard:?}, {path:?}");
        let next = path.get(nth + 1).map_or(end, |(next, ..)| next);
        assert_eq!(gate.state(), next.state(), "{path:?}");
        assert_eq!(real.guards(), guards(next), "{path:?}");
    }
}

/// Every sequence of `more` further operations, each played once, and with it all that it begins with.
fn extend(path: &mut Vec<(System, Operation, Told)>, end: &System, more: usize) -> usize {
    if more == 0 {
        play(path, end);
        return 1;
    }
    let clocks = [0, 1, 2].map(|by| Operation::Clock { to: end.last() + by });
    let mut played = 0;
    for operation in end.operations(&clocks) {
        let next = end.perform(&SHIPPED, operation).unwrap_or_else(|violation| panic!("{violation}"));
        let Some((next, told)) = next else { continue };
        path.push((end.clone(), operation, told));
        played += extend(path, &next, more - 1);
        path.pop();
    }
    played
}

#[test]
fn real_guards_become_what_the_proof_says() {
    let length = depth(4, 6);
    let check = Check::of(
        &[G3, G4, G6],
        format!(
            "exploration: a real gate and its guards go where the proof says, in all sequences of {length}"
        ),
    );
    let mut sequences = 0;
    for threshold in [0, 2] {
        sequences += extend(&mut Vec::new(), &System::new(THREADS, threshold, None), length);
    }
    check.passed(sequences, "sequences");
}
