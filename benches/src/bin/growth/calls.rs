//! The first axis: calls in one window, each of which coalesces into the run that is pending.

use crate::axis::{Contestant, MemoryRule, Role, Sample, Text};
use crate::front::{Background, Blocking, Front};
use crate::references::{FenceAndLoad, UnderMutex};
use crate::runs::Runs;
use crate::timing::clock;
use crate::window::{Window, window};
use benches::statistics::{float, middle, signed};
use std::marker::PhantomData;
use std::time::Duration;

/// The shortest window. A thread falls asleep in less time than this.
const SHORTEST: Duration = Duration::from_millis(2);
/// How often a window may be too short. Each further window is twice as long.
const TRIES: u32 = 12;

pub fn text() -> Text {
    Text {
        file: "calls",
        title: "Cost as work grows: calls in one window",
        along: "calls in one window",
        bytes: "a throttle",
        due: "windows",
        runs: Some("runs a window (must be 1)"),
        notes: vec![
            "Every call but the first two comes while a run is pending, and coalesces: one leading run starts the \
             window, one more call makes a run pending, then the calls of the row are made and timed. Runs are \
             counted from the start of the window, without the leading one, until the window of the pending run is \
             over, too: it must be exactly one."
                .to_owned(),
            "The clock's own cost is taken off. With few calls what is left of it, and code that has not run for a \
             while, weigh more: so do they for the reference, which is timed in the same way. Flatness is judged \
             from 1,000 calls."
                .to_owned(),
            "Memory is what a throttle has allocated while its run is pending, after the calls. Throttle::run has \
             16 bytes of an Arc more than its own 32, and what its owner waits on; Throttled a thread. Under a \
             mutex it is the size alone: there nobody performs the pending run."
                .to_owned(),
        ],
        flat_from: 1_000,
    }
}

/// How often this many calls are made in a round, each time in a window of their own.
pub fn repeats(calls: u64) -> u32 {
    if calls <= 10_000 { 10 } else { 1 }
}

pub fn contestants() -> Vec<Box<dyn Contestant>> {
    vec![
        Box::new(FenceAndLoad::new()),
        Box::new(InWindows::<Blocking>::new("Throttle::run")),
        Box::new(InWindows::<Background>::new("Throttled::trigger")),
        Box::new(UnderMutex::STD),
        Box::new(UnderMutex::PARKING_LOT),
    ]
}

/// A front end in windows that are long enough for the calls.
struct InWindows<F> {
    name: &'static str,
    /// Nanoseconds a call, as last seen.
    estimate: f64,
    front: PhantomData<F>,
}

impl<F: Front> InWindows<F> {
    fn new(name: &'static str) -> Self {
        Self { name, estimate: 100.0, front: PhantomData }
    }

    /// Three times as long as the calls take, by what is known of them, or longer.
    fn threshold(&self, calls: u64) -> Duration {
        SHORTEST.max(Duration::from_secs_f64(3.0 * self.estimate * float(calls) / 1e9) + SHORTEST / 2)
    }

    /// A window that the calls fit into, and the number of windows that were thrown away before it.
    fn fitting(&mut self, calls: u64) -> Result<(Window, u64), String> {
        let mut threshold = self.threshold(calls);
        for thrown_away in 0..TRIES {
            if let Some(window) = window::<F>(threshold, calls, clock()) {
                return Ok((window, thrown_away.into()));
            }
            threshold *= 2;
        }
        Err(format!(
            "{}: {calls} calls do not fit into a window of {threshold:?}: is the machine busy?",
            self.name
        ))
    }
}

impl<F: Front> Contestant for InWindows<F> {
    fn name(&self) -> &'static str {
        self.name
    }

    fn role(&self) -> Role {
        Role::Ours
    }

    fn memory(&self) -> MemoryRule {
        MemoryRule::Constant
    }

    fn sample(&mut self, calls: u64) -> Result<Sample, String> {
        let mut nanos = Vec::new();
        let mut bytes = 0;
        let mut sample = Sample::default();
        for _ in 0..repeats(calls) {
            let (window, thrown_away) = self.fitting(calls)?;
            if window.runs.lost > 0 {
                // Each further measurement would wait as long for its lost run.
                return Err(format!("{}: a run is lost, after {calls} calls in its window", self.name));
            }
            nanos.push(window.nanos);
            sample.runs = Some(sample.runs.map_or(window.runs, |runs: Runs| runs.and(window.runs)));
            bytes = bytes.max(window.bytes);
            sample.added = sample.added.max(Some(window.added));
            sample.thrown_away += thrown_away;
        }
        let nanos = middle(&nanos);
        self.estimate = nanos.clamp(1.0, 1000.0);
        sample.nanos = Some(nanos);
        sample.bytes = Some(signed(bytes));
        Ok(sample)
    }
}
