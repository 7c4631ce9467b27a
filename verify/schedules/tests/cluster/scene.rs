//! Processes at one register, and what their runs and callers note.

use crate::subject::{
    Cell, ClusterThrottled, ClusterThrottledBuilder, Mark, Memory, Reading, Register, RegisterError,
    RegisterErrorKind, Run, Swap,
};
use atomic_throttle::lease::Policy;
use atomic_throttle::{Threshold, Timestamp};
use shuttle::rand::{Rng, thread_rng};
use shuttle::thread;
use std::panic::resume_unwind;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

pub const WINDOW: Duration = Duration::from_millis(10);
/// A time that is longer than any schedule lets pass.
pub const LONG: Duration = Duration::from_secs(10_000_000);
pub const FOREVER: Duration = Duration::MAX;

/// It is not part of the model: shuttle does not see it.
#[derive(Default)]
struct Notes {
    started: u64,
    /// The latest run that has returned or panicked.
    ended: u64,
    inside: u32,
    last_start: Option<Timestamp>,
    /// The first fault that a run has found. It is reported later: a panic of the run would be caught.
    complaint: Option<&'static str>,
}

/// The trouble that is made on purpose.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    Nothing,
    /// Runs may panic.
    Panics,
    /// The register fails by chance.
    Fails,
    /// The register panics by chance, against its promise.
    Breaks,
    /// Runs may be superseded, so two may be in progress.
    Supersedes,
}

#[derive(Clone)]
pub struct Scene {
    register: Arc<dyn Register>,
    notes: Arc<Mutex<Notes>>,
    trouble: Trouble,
}

impl Scene {
    pub fn new(trouble: Trouble) -> Self {
        let memory = Memory::new();
        let register: Arc<dyn Register> = match trouble {
            Trouble::Fails | Trouble::Breaks => {
                let breaks = trouble == Trouble::Breaks;
                Arc::new(Failing { memory, name: "failing".into(), breaks })
            }
            _ => Arc::new(memory),
        };
        Self { register, notes: Arc::default(), trouble }
    }

    fn note<T>(&self, note: impl FnOnce(&mut Notes) -> T) -> T {
        note(&mut self.notes.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// A process of its own, as far as the others can tell.
    pub fn process(&self, lease: Duration, f: impl Fn(&Run<'_>) + Send + 'static) -> ClusterThrottled {
        self.process_that_hears_of_errors(lease, f, || ())
    }

    pub fn process_that_hears_of_errors(
        &self,
        lease: Duration,
        f: impl Fn(&Run<'_>) + Send + 'static,
        hears: impl Fn() + Send + 'static,
    ) -> ClusterThrottled {
        let scene = self.clone();
        // Without idle looks a thread that has nothing to do rests, and a schedule in which nobody does anything
        // is a deadlock that shuttle reports.
        let builder = self.builder(lease).idle_look(None).on_error(move |_| hears());
        builder.spawn(move |run| scene.run(run, &f)).expect("a thread")
    }

    /// A process that looks at the register although nobody calls it.
    pub fn idle_process(&self, lease: Duration, f: impl Fn(&Run<'_>) + Send + 'static) -> ClusterThrottled {
        let scene = self.clone();
        self.builder(lease).idle_look(WINDOW).spawn(move |run| scene.run(run, &f)).expect("a thread")
    }

    fn builder(&self, lease: Duration) -> ClusterThrottledBuilder {
        ClusterThrottled::builder(WINDOW)
            .register(Arc::clone(&self.register))
            .lease(lease)
            .drop_limit(FOREVER)
    }

    /// The register holds a run that has finished, and one that is pending; the processes of both are gone.
    pub fn leave_a_pending_run(&self) {
        let policy = Policy::new(Threshold::new(WINDOW));
        let before = self.register.read().expect("it answers");
        let (running, _) = before.cell.arrive(before.now, policy);
        let (pending, _) = running.finish(running.epoch()).0.arrive(before.now, policy);
        let swap = self.register.compare_and_swap(before.cell, pending, Mark::random());
        assert!(matches!(swap, Ok(Swap::Done(_))) && pending.is_pending());
    }

    fn run(&self, run: &Run<'_>, f: &impl Fn(&Run<'_>)) {
        // A register that may fail says nothing about the start.
        let may_fail = matches!(self.trouble, Trouble::Fails | Trouble::Breaks);
        let start = if may_fail { None } else { self.register.read().ok() };
        let number = self.note(|notes| {
            if notes.inside > 0 && self.trouble != Trouble::Supersedes {
                notes.complaint.get_or_insert("C2: two runs at once");
            }
            if let Some(start) = start.filter(|reading| reading.cell.epoch() == run.epoch()) {
                notes.starts_at(start.cell);
            }
            notes.inside += 1;
            notes.started += 1;
            notes.started
        });
        thread::yield_now();
        f(run);
        self.note(|notes| {
            notes.inside -= 1;
            notes.ended = notes.ended.max(number);
        });
        if self.trouble == Trouble::Panics && thread_rng().r#gen() {
            resume_unwind(Box::new("on purpose"));
        }
    }

    /// The number of runs that have started: a later one covers a call that is made now.
    pub fn started(&self) -> u64 {
        self.note(|notes| notes.started)
    }

    /// Whether a run has ended that started after the first `started` ones.
    pub fn is_covered(&self, started: u64) -> bool {
        self.note(|notes| notes.ended > started)
    }

    /// Call it from within a run.
    pub fn complain_unless(&self, is_right: bool, complaint: &'static str) {
        if !is_right {
            self.note(|notes| _ = notes.complaint.get_or_insert(complaint));
        }
    }

    /// Call it when all have ended.
    pub fn check(&self) {
        assert_eq!(self.note(|notes| notes.complaint), None);
    }

    /// A call, and a wait until it is covered.
    pub fn call(&self, throttled: &ClusterThrottled) {
        let before = self.started();
        let ticket = throttled.trigger().expect("nobody ends it");
        assert!(ticket.wait_for(FOREVER).is_ok(), "nobody ends it");
        assert!(self.is_covered(before), "C3: covered by no run");
    }
}

impl Notes {
    fn starts_at(&mut self, cell: Cell) {
        let at = cell.epoch().started_at();
        let last = self.last_start.replace(at);
        if last.is_some_and(|last| at.saturating_since(last) < WINDOW) {
            self.complaint.get_or_insert("C1: two runs too close");
        }
    }
}

/// A register that fails at random, before or after it has done what it was asked for.
#[derive(Debug)]
struct Failing {
    memory: Memory,
    name: Arc<str>,
    breaks: bool,
}

impl Failing {
    fn fail(&self) -> Result<(), RegisterError> {
        if thread_rng().gen_range(0..4) > 0 {
            return Ok(());
        }
        if self.breaks {
            resume_unwind(Box::new("on purpose"));
        }
        Err(RegisterError::new(RegisterErrorKind::Unreachable, &self.name))
    }
}

impl Register for Failing {
    fn read(&self) -> Result<Reading, RegisterError> {
        self.fail()?;
        self.memory.read()
    }

    fn compare_and_swap(&self, old: Cell, new: Cell, mark: Mark) -> Result<Swap, RegisterError> {
        self.fail()?;
        let swap = self.memory.compare_and_swap(old, new, mark)?;
        self.fail().map(|()| swap)
    }
}
