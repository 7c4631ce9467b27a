//! Tries out the shipped transitions: what each event does in each state.

use atomic_throttle::state::{DeferralStatus, State};
use atomic_throttle::{Threshold, Timestamp};
use std::fmt::Debug;

/// The field `d`, in the order in which the report shows it.
pub const DEFERRALS: [&str; 4] = ["owed", "none", "pending", "cancelled"];

/// A state without its time: whether a run is in progress, and the deferral by its place in `DEFERRALS`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Shape {
    pub running: bool,
    pub deferral: usize,
}

impl Shape {
    pub fn all() -> impl Iterator<Item = Self> {
        [false, true]
            .into_iter()
            .flat_map(|running| (0..DEFERRALS.len()).map(move |deferral| Self { running, deferral }))
    }

    pub fn name(self) -> String {
        let deferral = DEFERRALS[self.deferral];
        if self.running { format!("running, {deferral}") } else { deferral.to_owned() }
    }

    fn of(state: State) -> Self {
        let deferral = match state.deferral() {
            DeferralStatus::Owed => 0,
            DeferralStatus::None => 1,
            DeferralStatus::Pending => 2,
            DeferralStatus::Cancelled => 3,
        };
        Self { running: state.is_running(), deferral }
    }
}

/// Inside the window, or after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum When {
    Open,
    Closed,
}

impl When {
    pub const ALL: [Self; 2] = [Self::Open, Self::Closed];

    pub fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Closed => "closed",
        }
    }

    fn now(self) -> Timestamp {
        match self {
            Self::Open => LAST.saturating_add(THRESHOLD.as_duration()),
            Self::Closed => LAST,
        }
    }
}

const LAST: Timestamp = Timestamp::from_nanos(5);
const THRESHOLD: Threshold = Threshold::from_nanos(10);

/// What an event did.
pub struct Done {
    pub next: Shape,
    pub outcome: String,
    /// Whether the word was moved.
    pub moved: bool,
}

/// An event of the transition table. The events of a guard come from the one that the state speaks of.
pub struct Event {
    pub name: &'static str,
    try_out: fn(State, Timestamp) -> (State, String),
}

impl Event {
    pub fn on(&self, shape: Shape, when: When) -> Done {
        let before = state(shape);
        let (after, outcome) = (self.try_out)(before, when.now());
        Done { next: Shape::of(after), outcome, moved: after != before }
    }
}

/// A bounded call that may not wait for the end of the window. It moves the word only as `arrive_by` does.
pub const LATE: Event =
    Event { name: "arrive_by, due > latest", try_out: |state, now| arrive_by(state, now, LAST) };

/// All other events.
pub const EVENTS: [Event; 10] = [
    Event { name: "arrive", try_out: |state, now| told(state.arrive(now, THRESHOLD)) },
    Event { name: "arrive_by", try_out: |state, now| arrive_by(state, now, Timestamp::NEVER) },
    Event { name: "request", try_out: |state, _| told(state.request()) },
    Event { name: "owe", try_out: |state, _| told(state.owe()) },
    Event { name: "try_start", try_out: |state, now| told(state.try_start(now, THRESHOLD)) },
    Event { name: "fire", try_out: |state, now| told(state.fire(state.epoch(), now, THRESHOLD)) },
    Event { name: "abandon", try_out: |state, _| told(state.abandon(state.epoch())) },
    Event { name: "cancel", try_out: |state, _| told(state.cancel()) },
    Event { name: "flush", try_out: |state, now| told(state.flush(now)) },
    Event { name: "finish", try_out: |state, _| told(state.finish(state.epoch())) },
];

fn arrive_by(state: State, now: Timestamp, latest: Timestamp) -> (State, String) {
    let (next, outcome) = state.arrive_by(now, latest, THRESHOLD);
    (next, outcome.map_or_else(|refused| name(&refused), |arrive| name(&arrive)))
}

fn told<O: Debug>((next, outcome): (State, O)) -> (State, String) {
    (next, name(&outcome))
}

/// The outcome's name, without what it holds.
fn name(outcome: &impl Debug) -> String {
    let text = format!("{outcome:?}");
    // A refusal says why.
    let reason = text.strip_prefix("Refused(").unwrap_or(&text);
    reason.chars().take_while(|letter| letter.is_alphanumeric()).collect()
}

/// The state of this shape, reached by transitions alone: nothing here knows about bits.
fn state(shape: Shape) -> State {
    let started = State::NEW.arrive(LAST, THRESHOLD).0;
    let running = if shape.running { started } else { started.finish(started.epoch()).0 };
    let pending = running.request().0;
    match shape.deferral {
        0 => running.owe().0,
        1 => running,
        2 => pending,
        _ => pending.cancel().0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_shape_is_made() {
        for shape in Shape::all() {
            assert_eq!(Shape::of(state(shape)), shape);
        }
        assert_eq!(Shape::all().count(), 8);
    }

    #[test]
    fn a_late_call_moves_the_word_only_as_a_bounded_one() {
        let bounded = &EVENTS[1];
        for (shape, when) in Shape::all().flat_map(|shape| When::ALL.map(|when| (shape, when))) {
            let (late, bounded) = (LATE.on(shape, when), bounded.on(shape, when));
            assert!(!late.moved || late.next == bounded.next, "{shape:?}");
        }
    }

    #[test]
    fn an_event_is_tried_out() {
        let arrive = &EVENTS[0];
        let idle = Shape { running: false, deferral: 1 };
        let open = arrive.on(idle, When::Open);
        assert_eq!((open.next, open.outcome.as_str()), (Shape { running: true, deferral: 1 }, "Run"));
        let closed = arrive.on(idle, When::Closed);
        assert_eq!((closed.next, closed.outcome.as_str()), (Shape { running: false, deferral: 2 }, "Defer"));
        let refused = EVENTS[4].on(idle, When::Closed);
        assert_eq!((refused.moved, refused.outcome.as_str()), (false, "Closed"));
    }
}
