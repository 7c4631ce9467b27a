//! One thread of a program: a function that runs again with each series of values it may read.

use crate::order::Order;
use crate::program::Location;
use std::any::Any;
use std::panic::{self, AssertUnwindSafe};

/// What a thread does to memory.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Action {
    Store {
        location: Location,
        value: u64,
        order: Order,
    },
    Fence {
        order: Order,
    },
    Depend {
        how: Dependency,
    },
    Load {
        location: Location,
        order: Order,
    },
    Add {
        location: Location,
        value: u64,
        order: Order,
    },
    Exchange {
        location: Location,
        value: u64,
        order: Order,
    },
    CompareExchange {
        location: Location,
        expected: u64,
        new: u64,
        success: Order,
        failure: Order,
        weak: bool,
    },
}

/// How an access depends on a read before it, in the sense of processors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dependency {
    /// Its address is computed from what was read.
    Address,
    /// The value that it writes is computed from what was read.
    Data,
    /// It stands behind a branch on what was read, as all that follows does.
    Control,
}

/// What a read, or the read of a read-modify-write, found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Seen {
    pub(crate) value: u64,
    /// The value that was written in its place.
    pub(crate) written: Option<u64>,
}

impl Action {
    /// The location that it reads, if it reads one.
    pub(crate) fn reads(&self) -> Option<Location> {
        match *self {
            Self::Store { .. } | Self::Fence { .. } | Self::Depend { .. } => None,
            Self::Load { location, .. }
            | Self::Add { location, .. }
            | Self::Exchange { location, .. }
            | Self::CompareExchange { location, .. } => Some(location),
        }
    }

    /// The location that it may write, if there is one.
    pub(crate) fn writes(&self) -> Option<Location> {
        match *self {
            Self::Load { .. } | Self::Fence { .. } | Self::Depend { .. } => None,
            Self::Store { location, .. }
            | Self::Add { location, .. }
            | Self::Exchange { location, .. }
            | Self::CompareExchange { location, .. } => Some(location),
        }
    }

    /// The possible results if it reads `value`.
    pub(crate) fn answers(&self, value: u64, may_fail: bool) -> Vec<Seen> {
        let only_read = Seen { value, written: None };
        match *self {
            Self::Store { .. } | Self::Fence { .. } | Self::Depend { .. } => Vec::new(),
            Self::Load { .. } => vec![only_read],
            Self::Add { value: added, .. } => {
                vec![Seen { value, written: Some(value.wrapping_add(added)) }]
            }
            Self::Exchange { value: new, .. } => vec![Seen { value, written: Some(new) }],
            Self::CompareExchange { expected, .. } if value != expected => vec![only_read],
            Self::CompareExchange { new, weak, .. } => {
                let mut answers = vec![Seen { value, written: Some(new) }];
                if weak && may_fail {
                    answers.push(only_read);
                }
                answers
            }
        }
    }

    /// Whether `seen` is a compare-and-swap that failed on the value that it expected.
    pub(crate) fn failed_spuriously(&self, seen: Seen) -> bool {
        matches!(*self, Self::CompareExchange { expected, .. }
            if seen.value == expected && seen.written.is_none())
    }

    /// The order of the access that found `seen`.
    pub(crate) fn order(&self, seen: Seen) -> Order {
        match *self {
            Self::Store { order, .. }
            | Self::Fence { order }
            | Self::Load { order, .. }
            | Self::Add { order, .. }
            | Self::Exchange { order, .. } => order,
            Self::Depend { .. } => Order::Relaxed,
            Self::CompareExchange { success, failure, .. } => {
                if seen.written.is_some() {
                    success
                } else {
                    failure
                }
            }
        }
    }
}

/// What a thread does if its reads find a given series of values.
#[derive(Debug)]
pub(crate) struct Unfolding {
    /// The last one is a read that the series has no answer for, unless the thread ended.
    pub(crate) actions: Vec<Action>,
    /// The values that the thread returned, if it ended.
    pub(crate) returned: Option<Vec<u64>>,
    /// What it panicked with, if it did.
    pub(crate) panicked: Option<String>,
}

impl Unfolding {
    pub(crate) fn has_ended(&self) -> bool {
        self.returned.is_some() || self.panicked.is_some()
    }

    /// What the thread returned at its end.
    ///
    /// # Panics
    ///
    /// If it panicked in place of that.
    pub(crate) fn end(&self) -> Vec<u64> {
        if let Some(message) = &self.panicked {
            panic!("a thread panics: {message}");
        }
        self.returned.clone().expect("only a read stops a thread")
    }
}

/// The thread as its function sees it: the operations that it may perform.
///
/// The default is a thread that ends at its first read. It stands in while the real one is lent out.
#[derive(Debug, Default)]
pub struct Thread {
    seen: Vec<Seen>,
    answered: usize,
    actions: Vec<Action>,
    stopped: bool,
}

/// The payload that unwinds a function where its series of values ends.
struct Stopped;

const MOST_ACTIONS: usize = 64;

fn message(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| payload.downcast_ref::<String>().cloned()).unwrap_or_else(|| "no text".to_owned())
}

impl Thread {
    pub(crate) fn unfold(body: &dyn Fn(&mut Self) -> Vec<u64>, seen: Vec<Seen>) -> Unfolding {
        let mut thread = Self { seen, answered: 0, actions: Vec::new(), stopped: false };
        let mut panicked = None;
        let returned = match panic::catch_unwind(AssertUnwindSafe(|| body(&mut thread))) {
            Ok(returned) => Some(returned),
            Err(payload) if payload.is::<Stopped>() => None,
            Err(payload) => {
                panicked = Some(message(&*payload));
                None
            }
        };
        Unfolding { actions: thread.actions, returned, panicked }
    }

    pub fn load(&mut self, location: Location, order: Order) -> u64 {
        self.read(Action::Load { location, order }).value
    }

    pub fn store(&mut self, location: Location, value: u64, order: Order) {
        self.act(Action::Store { location, value, order });
    }

    /// Returns the value before.
    pub fn fetch_add(&mut self, location: Location, value: u64, order: Order) -> u64 {
        self.read(Action::Add { location, value, order }).value
    }

    /// Returns the value before.
    pub fn exchange(&mut self, location: Location, value: u64, order: Order) -> u64 {
        self.read(Action::Exchange { location, value, order }).value
    }

    /// # Errors
    ///
    /// The value that was found in place of `expected`.
    pub fn compare_exchange(
        &mut self,
        location: Location,
        expected: u64,
        new: u64,
        success: Order,
        failure: Order,
    ) -> Result<u64, u64> {
        let weak = false;
        self.compare(Action::CompareExchange { location, expected, new, success, failure, weak })
    }

    /// Does what [`compare_exchange`](Self::compare_exchange) does, but may also fail on the value that it
    /// expects: in each thread as often as [`Program::spurious_failures`](crate::Program::spurious_failures)
    /// says.
    ///
    /// # Errors
    ///
    /// The value that was found.
    pub fn compare_exchange_weak(
        &mut self,
        location: Location,
        expected: u64,
        new: u64,
        success: Order,
        failure: Order,
    ) -> Result<u64, u64> {
        let weak = true;
        self.compare(Action::CompareExchange { location, expected, new, success, failure, weak })
    }

    /// A fence. With [`Order::Relaxed`] there is none.
    pub fn fence(&mut self, order: Order) {
        if order != Order::Relaxed {
            self.act(Action::Fence { order });
        }
    }

    /// The next access depends on the last read. Processors keep the two in order, and the language does not.
    pub fn depend(&mut self, how: Dependency) {
        self.act(Action::Depend { how });
    }

    fn compare(&mut self, action: Action) -> Result<u64, u64> {
        let seen = self.read(action);
        if seen.written.is_some() { Ok(seen.value) } else { Err(seen.value) }
    }

    fn read(&mut self, action: Action) -> Seen {
        self.act(action);
        if let Some(&seen) = self.seen.get(self.answered) {
            self.answered += 1;
            return seen;
        }
        if !self.stopped {
            self.stopped = true;
            panic::resume_unwind(Box::new(Stopped));
        }
        // A destructor acts while the function unwinds. None of this is recorded.
        Seen { value: 0, written: Some(0) }
    }

    fn act(&mut self, action: Action) {
        if !self.stopped {
            assert!(self.actions.len() < MOST_ACTIONS, "a thread of more than {MOST_ACTIONS} actions");
            self.actions.push(action);
        }
    }
}
