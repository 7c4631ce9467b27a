//! The third axis: threads that make the same call at once, on any number of cores.

use crate::axis::{Contestant, MemoryRule, Role, Sample, Text};
use crate::front::{Background, Blocking, Front, defer};
use crate::memory::in_use;
use crate::references::FenceAndLoad;
use crate::runs::Runs;
use crate::storm::{self, THRESHOLD};
use crate::timing::nanos;
use crate::together::{Together, together};
use atomic_throttle::Throttle;
use benches::machine::cores;
use benches::statistics::{float, signed};
use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::{Duration, Instant};

/// A threshold that is longer than any measurement.
const HOUR: Duration = Duration::from_secs(3600);

/// How long each row is measured in a round.
#[derive(Clone, Copy, Debug)]
pub struct Length {
    pub calls: Duration,
    /// Windows in which runs are counted.
    pub windows: u32,
}

impl Length {
    pub fn of(quick: bool) -> Self {
        if quick {
            Self { calls: Duration::from_millis(10), windows: 10 }
        } else {
            Self { calls: Duration::from_millis(40), windows: 20 }
        }
    }
}

pub fn text() -> Text {
    let cores = cores();
    Text {
        file: "threads",
        title: "Cost as work grows: threads",
        along: "threads",
        bytes: "a throttle",
        due: "windows",
        runs: Some("runs a window (at most 1)"),
        notes: vec![
            format!(
                "Time a call and thread: the time from the first start to the last end, times the cores that the \
                 threads had ({cores}, or as many as there were threads), divided by all calls. So a thread that waits \
                 for a core costs nothing, and a line that rises is contention."
            ),
            format!(
                "Runs are counted while all threads call without a pause, on a throttle with a window of {THRESHOLD:?}: \
                 two starts must be a window apart, by their stamps, and the last call of each thread must be \
                 covered. Fewer runs than windows are no error: whoever runs next needs a core, which all other \
                 threads want, too."
            ),
            "Memory is what a throttle has allocated while its run is pending, and all that the calls of all threads \
             have added to it. The threads themselves are not in it."
                .to_owned(),
        ],
        flat_from: 1,
    }
}

pub fn contestants(length: Length) -> Vec<Box<dyn Contestant>> {
    let row = |name, role, measure, storm| {
        let (estimate, memory) =
            (50.0, if role == Role::Ours { MemoryRule::Constant } else { MemoryRule::NotJudged });
        Box::new(Parallel { name, role, memory, length, estimate, measure, storm }) as Box<dyn Contestant>
    };
    vec![
        row(FenceAndLoad::NAME, Role::Reference, fence_and_load, None),
        row("Throttle::run, coalesced", Role::Ours, coalesced::<Blocking>, Some(storm::blocking)),
        row("Throttled::trigger, coalesced", Role::Ours, coalesced::<Background>, Some(storm::background)),
        row("Instant::now", Role::Reference, instant_now, None),
        row("Throttle::try_run, refused", Role::Ours, refused, None),
    ]
}

/// Counts the runs of so many threads in so many windows.
type Storm = fn(u64, u32) -> Result<Runs, String>;

struct Parallel {
    name: &'static str,
    role: Role,
    memory: MemoryRule,
    length: Length,
    /// Nanoseconds a call, as last seen.
    estimate: f64,
    /// Measures this many threads with this many calls each. It also returns the bytes of the throttle.
    measure: fn(u64, u64) -> (Together, i64),
    storm: Option<Storm>,
}

impl Contestant for Parallel {
    fn name(&self) -> &'static str {
        self.name
    }

    fn role(&self) -> Role {
        self.role
    }

    fn memory(&self) -> MemoryRule {
        self.memory
    }

    fn sample(&mut self, threads: u64) -> Result<Sample, String> {
        let at_once = float(threads.min(cores() as u64));
        let each = nanos(self.length.calls) * at_once / self.estimate / float(threads);
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "about so many")]
        let (done, bytes) = (self.measure)(threads, each as u64 + 1);
        self.estimate = done.nanos.clamp(0.1, 10_000.0);
        Ok(Sample {
            nanos: Some(done.nanos),
            runs: self.storm.map(|storm| storm(threads, self.length.windows)).transpose()?,
            bytes: (self.role == Role::Ours).then(|| signed(bytes + done.added)),
            added: Some(done.added),
            ..Sample::default()
        })
    }
}

fn fence_and_load(threads: u64, calls: u64) -> (Together, i64) {
    let word = &black_box(FenceAndLoad::new());
    (together(threads, calls, || word.call()), 0)
}

fn instant_now(threads: u64, calls: u64) -> (Together, i64) {
    (together(threads, calls, Instant::now), 0)
}

fn coalesced<F: Front + Sync>(threads: u64, calls: u64) -> (Together, i64) {
    let runs = Arc::new(AtomicU64::new(0));
    let before = in_use();
    let front = F::start(HOUR, &runs);
    front.lead();
    let owner = defer(&front);
    let bytes = in_use() - before - owner.bytes;
    let done = together(threads, calls, front.call());
    front.end(owner);
    (done, bytes)
}

fn refused(threads: u64, calls: u64) -> (Together, i64) {
    let before = in_use();
    let throttle = Arc::new(Throttle::new(HOUR));
    let throttle = &**black_box(&throttle);
    assert!(throttle.try_run(|| ()).is_ok());
    let bytes = in_use() - before;
    (together(threads, calls, || throttle.try_run(|| ()).is_err()), bytes)
}
