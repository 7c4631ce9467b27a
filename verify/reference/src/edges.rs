//! The edges of the range and of the window, by name.
//!
//! A fuzzer keeps an input that takes a branch which no other takes. So each edge is a branch of its own,
//! and a corpus holds an input for each; the replay asserts that it does.

use super::reached::Reached;
use super::{Event, MAX, Model, NEVER, Promise, Told};

/// Names and conditions: a list of the names, and a function that counts those that hold.
macro_rules! edges {
    (fn $note:ident($($argument:ident: $type:ty),*), all in $all:ident, $($name:literal: $holds:expr;)*) => {
        pub const $all: &[&str] = &[$($name),*];

        pub fn $note(reached: &mut Reached, $($argument: $type),*) {
            $(if $holds {
                reached.count($name);
            })*
        }
    };
}

/// One event in one state, and what the model told.
pub fn of_a_step(reached: &mut Reached, before: &Model, event: Event, told: Told) {
    let (now, latest) = match event {
        Event::Arrive { now } | Event::TryStart { now } | Event::Fire { now, .. } | Event::Flush { now } => {
            (Some(now), None)
        }
        Event::ArriveBy { now, latest } => (Some(now), Some(latest)),
        _ => (None, None),
    };
    let due = before.deadline();
    let waits = matches!(told, Told::Closed(_) | Told::Early(_) | Told::Defer(_));
    let looks = Step { before: *before, event, told, now, latest, due, waits };
    note_step(reached, &looks);
}

/// One event in one state.
pub struct Step {
    before: Model,
    event: Event,
    told: Told,
    now: Option<u64>,
    latest: Option<u64>,
    due: u64,
    waits: bool,
}

impl Step {
    fn starts(&self) -> bool {
        self.told == Told::Run
    }

    fn is_early(&self) -> bool {
        self.waits && !self.before.in_progress
    }
}

edges! {
    fn note_step(s: &Step), all in OF_A_STEP,
    "starts at the end of the window": s.starts() && s.due > 0 && s.now == Some(s.due);
    "starts before the end of the window": s.starts() && s.now < Some(s.due);
    "starts without a threshold": s.starts() && s.before.threshold == 0 && s.before.latest_start > 0;
    "starts where the clock stands still": s.starts() && s.now == Some(s.before.latest_start);
    "starts where the clock went back": s.starts() && s.now < Some(s.before.latest_start);
    "a nanosecond early": s.is_early() && s.now.map(|now| now + 1) == Some(s.due);
    "the window ends at the last reading": s.is_early() && s.due == MAX;
    "the window never ends": s.is_early() && s.due == NEVER;
    "due at the limit": matches!(s.told, Told::Defer(_)) && s.latest == Some(s.due);
    "due a nanosecond after the limit": matches!(s.told, Told::Closed(_)) && s.latest == Some(s.due - 1);
    "finishes with a run pending": s.told == Told::Finished && s.before.promise == Promise::Owned;
    "finishes with a run owed": s.told == Told::Finished && s.before.promise == Promise::Orphaned;
    "finishes what is not in progress": s.told == Told::Ignored;
    "owes": s.event == Event::Owe && s.before.promise == Promise::Nothing;
    "owes what is owed": s.event == Event::Owe && s.before.promise == Promise::Orphaned;
    "owes what was cancelled": s.event == Event::Owe && s.before.promise == Promise::TakenBack;
    "requests what is owed": s.told == Told::Requested && s.before.promise == Promise::Orphaned;
    "fires what is gone": s.told == Told::Gone && s.now.is_some();
    "fires what was cancelled": s.told == Told::Cancelled && s.now.is_some();
    "fires during a run": s.told == Told::Busy && s.before.promise == Promise::Owned && s.now.is_some();
    "abandons what was cancelled": s.told == Told::Cancelled && s.now.is_none();
    "abandons what is gone": s.told == Told::Gone && s.now.is_none();
    "abandons": s.told == Told::Owed && s.event != Event::Owe;
    "cancels what is owed": s.told == Told::Yes && s.before.promise == Promise::Orphaned;
    "cancels nothing": s.told == Told::No && s.before.promise == Promise::Nothing;
    "cancels what was cancelled": s.told == Told::No && s.before.promise == Promise::TakenBack;
}

/// One event in one state under a lease.
pub fn of_a_lease(reached: &mut Reached, before: &Model, lease: Option<u64>, event: Event, told: Told) {
    let now = super::planted::now(event);
    if let Some(lease) = lease {
        note_lease(reached, &Leased { before: *before, end: before.lease_end(lease), event, told, now });
    }
}

/// One event in one state under a lease.
pub struct Leased {
    before: Model,
    end: u64,
    event: Event,
    told: Told,
    now: Option<u64>,
}

impl Leased {
    fn supersedes(&self) -> bool {
        self.told == Told::Run && self.before.in_progress
    }

    /// Whether the lease of a run in progress keeps it out.
    fn is_held_up(&self) -> bool {
        self.before.in_progress && (self.told == Told::Busy || self.joins() && self.is_open())
    }

    /// Whether the lease of a run in progress is over.
    fn is_over(&self) -> bool {
        self.before.in_progress && self.now.is_some_and(|now| now >= self.end)
    }

    /// Whether it is an arrival that is not to run now.
    fn joins(&self) -> bool {
        matches!(self.told, Told::Defer(_) | Told::Coalesced) && self.now.is_some()
    }

    fn is_open(&self) -> bool {
        self.now.is_some_and(|now| self.before.spaced(now))
    }
}

edges! {
    fn note_lease(l: &Leased), all in OF_A_LEASE,
    "supersedes at the end of the lease": l.supersedes() && l.now == Some(l.end);
    "supersedes after the lease": l.supersedes() && l.now > Some(l.end);
    "supersedes at the last reading": l.supersedes() && l.end == MAX;
    "supersedes with a run pending": l.supersedes() && l.before.promise == Promise::Owned;
    "supersedes by an arrival": l.supersedes() && matches!(l.event, Event::Arrive { .. });
    "supersedes by a flush": l.supersedes() && matches!(l.event, Event::Flush { .. });
    "held up a nanosecond before the end of the lease": l.is_held_up() && l.now.map(|now| now + 1) == Some(l.end);
    "an arrival is held up": l.is_held_up() && l.joins();
    "a flush is held up": l.is_held_up() && matches!(l.event, Event::Flush { .. });
    "held up by a lease that never ends": l.is_held_up() && l.end == NEVER && l.now == Some(MAX);
    "the lease is over, the window is not": l.is_over() && l.joins();
    "the lease is over, nothing to flush": l.is_over() && l.told == Told::Nothing;
    "no run, so no lease": l.told == Told::Run && !l.before.in_progress && l.now < Some(l.end);
    "finishes after the lease": l.told == Told::Finished;
    "finishes what was superseded": l.told == Told::Ignored && l.before.in_progress;
}

/// Numbers that are compared, each as wide as it takes.
pub struct Numbers {
    pub now: u64,
    pub earlier: u64,
    pub start: u64,
    pub threshold: u64,
    pub length: u128,
    pub end: u64,
}

edges! {
    fn of_numbers(n: &Numbers), all in OF_NUMBERS,
    "now is the end": n.now == n.end && n.end > 0;
    "now is a nanosecond before the end": n.end > 0 && n.now == n.end - 1;
    "the end is the last reading": n.end == MAX;
    "the end is after the last reading": n.end == NEVER && n.start < MAX;
    "the end is a nanosecond after the last reading": n.start + n.threshold == MAX + 1;
    "the start is after the last reading": n.start > MAX;
    "no threshold": n.threshold == 0 && n.start > 0;
    "no start": n.threshold > 0 && n.start == 0;
    "the duration is the longest": n.length == u128::from(MAX);
    "the duration is a nanosecond too long": n.length == u128::from(MAX) + 1;
    "the duration is wider than 64 bits": n.length > u128::from(u64::MAX);
    "later is the last reading": u128::from(n.now) + n.length == u128::from(MAX);
    "later is after the last reading": u128::from(n.now) + n.length > u128::from(MAX);
    "sooner is the origin": u128::from(n.now) == n.length && n.length > 0;
    "sooner is before the origin": u128::from(n.now) < n.length;
    "never": n.now == NEVER;
    "since never": n.earlier == NEVER && n.now < NEVER;
    "no time since": n.now == n.earlier;
}
