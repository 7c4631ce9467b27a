//! Faults planted in the model. The shipped code must contradict each of them: a comparison that does not
//! notice a fault compares nothing.

use super::reached::Reached;
use super::{Event, MAX, Model, Told, edges};
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::sync::Once;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The window is over one nanosecond before its end.
    OpensEarly,
    /// After a cancel the next call need not keep its distance.
    CancelOpens,
    /// A start where the clock stands still has the stamp of the start before it.
    StampRepeats,
    /// What is pending is gone when the run in progress finishes.
    FinishClears,
    /// A call that can neither run nor wait leaves nothing behind.
    OweForgotten,
    /// The owner keeps the deadline that it began to wait with.
    ThresholdUnnoticed,
    /// The owner waits on after its limit.
    LimitForgotten,
    /// A call is taken although the end was asked for.
    TakenAfterTheEnd,
    /// What was to be discarded is performed.
    DiscardForgotten,
    /// What is pending is gone when the run in progress panics.
    PanicClears,
    /// A run does not wait for the rest after the one before it.
    RestForgotten,
    /// A lease is over one nanosecond before its end.
    LeaseOverEarly,
    /// A lease that ends after the last reading is over at it.
    LeaseSaturates,
    /// A run in progress keeps others out whatever its lease.
    LeaseIgnored,
    /// A lease that is over opens the window, too.
    LeaseOpens,
    /// A thread that sees that a lease is over ends the run.
    LeaseEndsTheRun,
    /// A late finish counts as one of the run in progress.
    LateFinishCounts,
}

impl Fault {
    /// The faults of a model alone; the others need an owner that waits.
    pub const OF_A_STEP: [Self; 5] =
        [Self::OpensEarly, Self::CancelOpens, Self::StampRepeats, Self::FinishClears, Self::OweForgotten];

    /// The faults of a step with a lease.
    pub const OF_A_LEASE: [Self; 6] = [
        Self::LeaseOverEarly,
        Self::LeaseSaturates,
        Self::LeaseIgnored,
        Self::LeaseOpens,
        Self::LeaseEndsTheRun,
        Self::LateFinishCounts,
    ];

    /// The faults of a throttle whose callers wait.
    pub const ALL: [Self; 7] = [
        Self::OpensEarly,
        Self::CancelOpens,
        Self::StampRepeats,
        Self::FinishClears,
        Self::OweForgotten,
        Self::ThresholdUnnoticed,
        Self::LimitForgotten,
    ];

    /// The faults of a throttle with a thread of its own.
    pub const OF_A_BACKGROUND: [Self; 9] = [
        Self::OpensEarly,
        Self::CancelOpens,
        Self::StampRepeats,
        Self::FinishClears,
        Self::ThresholdUnnoticed,
        Self::TakenAfterTheEnd,
        Self::DiscardForgotten,
        Self::PanicClears,
        Self::RestForgotten,
    ];

    /// The fault in words.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::OpensEarly => "the window opens a nanosecond early",
            Self::CancelOpens => "a cancel opens the window",
            Self::StampRepeats => "a start repeats the stamp of the one before it",
            Self::FinishClears => "a finish clears what is pending",
            Self::OweForgotten => "a nested call is forgotten",
            Self::ThresholdUnnoticed => "an owner does not notice a changed threshold",
            Self::LimitForgotten => "an owner waits on after its limit",
            Self::TakenAfterTheEnd => "a call is taken after the end was asked for",
            Self::DiscardForgotten => "what was to be discarded is performed",
            Self::PanicClears => "a panic clears what is pending",
            Self::RestForgotten => "a run does not wait for the rest after the one before it",
            Self::LeaseOverEarly => "a lease is over a nanosecond early",
            Self::LeaseSaturates => "a lease that ends after the last reading is over at it",
            Self::LeaseIgnored => "a lease is never over",
            Self::LeaseOpens => "a lease that is over opens the window",
            Self::LeaseEndsTheRun => "whoever sees that a lease is over ends the run",
            Self::LateFinishCounts => "a late finish ends the run in progress",
        }
    }
}

/// The model while it judges a sequence, with at most one fault.
pub struct Judge {
    pub model: Model,
    pub fault: Option<Fault>,
    /// The edges that it reached.
    pub edges: Reached,
    /// Whether the latest window was cancelled.
    cancelled: bool,
}

impl Judge {
    #[must_use]
    pub fn new(model: Model, fault: Option<Fault>) -> Self {
        Self { model, fault, edges: Reached::default(), cancelled: false }
    }

    pub fn step(&mut self, event: Event) -> Told {
        self.step_under(None, event)
    }

    /// With a lease, in nanoseconds.
    ///
    /// # Panics
    ///
    /// If an event of a gate has one.
    pub fn step_under(&mut self, lease: Option<u64>, event: Event) -> Told {
        let before = self.model;
        let is_over = before.in_progress && now(event).is_some_and(|now| !before.excludes(now, lease));
        let told = match self.fault {
            Some(Fault::OpensEarly) if self.would_run_later(event) => self.without_a_window(event),
            Some(Fault::CancelOpens) if self.cancelled => self.without_a_window(event),
            Some(Fault::LeaseOverEarly) => self.model.step_under(lease.map(|lease| lease - 1), event),
            Some(Fault::LeaseSaturates) if now(event) == Some(MAX) => {
                self.model.step_under(lease.map(|_| 0), event)
            }
            Some(Fault::LeaseIgnored) => self.model.step(event),
            Some(Fault::LeaseOpens) if is_over => {
                self.model.in_progress = false;
                let told = self.without_a_window(event);
                self.model.in_progress = true;
                told
            }
            Some(Fault::LateFinishCounts) if matches!(event, Event::Finish { .. }) => {
                self.model.step(Event::Finish { epoch: before.latest_start })
            }
            _ => self.model.step_under(lease, event),
        };
        self.model.in_progress &=
            !(self.fault == Some(Fault::LeaseEndsTheRun) && is_over && told != Told::Run);
        edges::of_a_step(&mut self.edges, &before, event, told);
        edges::of_a_lease(&mut self.edges, &before, lease, event, told);
        self.cancelled = told == Told::Yes || self.cancelled && told != Told::Run;
        match (self.fault, told) {
            (Some(Fault::StampRepeats), Told::Run) => {
                let now = now(event).expect("a start has a time");
                self.model.latest_start = now.max(before.latest_start);
            }
            (Some(Fault::FinishClears), Told::Finished) => self.model.promise = super::Promise::Nothing,
            (Some(Fault::OweForgotten), Told::Owed) if event == Event::Owe => self.model = before,
            _ => {}
        }
        told
    }

    /// Whether the event would start a run a nanosecond later.
    fn would_run_later(&self, event: Event) -> bool {
        let later = match event {
            Event::Arrive { now } => Event::Arrive { now: now + 1 },
            Event::ArriveBy { now, latest } => Event::ArriveBy { now: now + 1, latest },
            Event::TryStart { now } => Event::TryStart { now: now + 1 },
            Event::Fire { epoch, now } => Event::Fire { epoch, now: now + 1 },
            other => other,
        };
        let mut model = self.model;
        model.step(later) == Told::Run
    }

    /// The event as if the window were over, if it starts a run then.
    fn without_a_window(&mut self, event: Event) -> Told {
        let mut open = Model { threshold: 0, ..self.model };
        if open.step(event) != Told::Run {
            return self.model.step(event);
        }
        self.model = Model { threshold: self.model.threshold, ..open };
        Told::Run
    }
}

/// The time that the event comes with.
#[must_use]
pub fn now(event: Event) -> Option<u64> {
    match event {
        Event::Arrive { now }
        | Event::ArriveBy { now, .. }
        | Event::TryStart { now }
        | Event::Fire { now, .. }
        | Event::Flush { now } => Some(now),
        Event::Request | Event::Owe | Event::Abandon { .. } | Event::Cancel | Event::Finish { .. } => None,
    }
}

thread_local! {
    static IS_EXPECTED: Cell<bool> = const { Cell::new(false) };
}

/// Whether `check` panics, as a comparison that finds a difference does. The panic hook stays silent.
pub fn contradicts<T>(check: impl FnOnce() -> T) -> bool {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let others = take_hook();
        set_hook(Box::new(move |info| {
            if !IS_EXPECTED.get() {
                others(info);
            }
        }));
    });
    IS_EXPECTED.set(true);
    let found = catch_unwind(AssertUnwindSafe(check)).is_err();
    IS_EXPECTED.set(false);
    found
}
