//! A hook that records what a thread does, for the axioms to judge.
//!
//! A number of the library is a location of the program that is being put together; each access of it goes to the
//! thread that is being unfolded, and returns what that thread finds there. The orders have names, so a test can
//! weaken one of them.

use atomic_throttle::hook::{self, Hook, Number, What};
use axioms::{Location, Order, Program, Thread};
use std::cell::{Cell, RefCell};
use std::fmt;
use std::mem;
use std::panic::{self, AssertUnwindSafe};
use std::rc::Rc;
use std::sync::atomic::Ordering;

/// The fence before the decision of a call, whichever call it is.
pub const DECISION: &str = "a decision";

/// An ordering that is weaker than in the sources.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Planted {
    /// The name of the order, or [`DECISION`].
    pub at: &'static str,
    /// The ordering in its place. Relaxed leaves a fence out.
    pub order: Ordering,
}

impl Planted {
    fn is_at(self, name: &str) -> bool {
        let is_decision = ["COALESCE", "ARRIVE", "ARRIVE_BY", "REQUEST", "OWE"].contains(&name);
        self.at == name || is_decision && self.at == DECISION
    }
}

impl fmt::Display for Planted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.at, self.order) {
            (DECISION, Ordering::Relaxed) => f.write_str("no fence before a decision"),
            (DECISION, order) => write!(f, "the fence before a decision is {order:?}"),
            ("FINISH" | "LOOK", order) => write!(f, "`{}` is {order:?}", self.at),
            (at, Ordering::Relaxed) => write!(f, "no fence `{at}`"),
            (at, order) => write!(f, "the fence `{at}` is {order:?}"),
        }
    }
}

fn order(ordering: Ordering) -> Order {
    match ordering {
        Ordering::Relaxed => Order::Relaxed,
        Ordering::Acquire => Order::Acquire,
        Ordering::Release => Order::Release,
        Ordering::AcqRel => Order::AcqRel,
        Ordering::SeqCst => Order::SeqCst,
        other => panic!("{other:?} has no model"),
    }
}

/// The locations of a program that the library uses.
#[derive(Clone, Debug)]
pub struct Locations {
    /// By their addresses.
    numbers: Vec<(usize, Location)>,
    /// The event lists its listeners under a lock: as much of it as the library uses. Each use of the lock is a
    /// read-modify-write that acquires and releases. There is one event, so it needs no address.
    event: Location,
}

/// Makes locations of all numbers that `looks` loads. The word of a gate begins as `word`, and not as that of a new
/// gate.
pub fn locations(program: &mut Program, word: u64, looks: impl FnOnce()) -> Locations {
    let found = Rc::new(Found::default());
    with(&found, looks);
    let initial = |number: &Initial| if number.is_word { word } else { number.value };
    let numbers = found.0.borrow().iter().map(|it| (it.address, program.location(initial(it)))).collect();
    Locations { numbers, event: program.location(0) }
}

struct Initial {
    address: usize,
    is_word: bool,
    value: u64,
}

/// Each number that was loaded, once.
#[derive(Default)]
struct Found(RefCell<Vec<Initial>>);

impl Hook for Found {
    fn load(&self, number: Number<'_>) -> u64 {
        let (address, value) = (number.address(), number.load());
        let mut found = self.0.borrow_mut();
        if found.iter().all(|known| known.address != address) {
            found.push(Initial { address, is_word: number.is_word(), value });
        }
        value
    }
}

/// Calls `body` while the library asks `hook`.
fn with<T>(hook: &Rc<impl Hook + 'static>, body: impl FnOnce() -> T) -> T {
    /// A thread that ends before its time unwinds.
    struct Removed;
    impl Drop for Removed {
        fn drop(&mut self) {
            hook::plant(None);
        }
    }
    hook::plant(Some(Rc::clone(hook) as Rc<dyn Hook>));
    let _removed = Removed;
    body()
}

/// A thread that is being unfolded, while the library asks for it.
pub struct Recorder {
    thread: RefCell<Thread>,
    locations: Locations,
    planted: Option<Planted>,
    is_asleep: Cell<bool>,
    wakes: Cell<bool>,
}

/// Performs `body` as `thread`. `None` if it went to sleep.
pub fn perform<T>(
    thread: &mut Thread,
    locations: &Locations,
    fault: Option<Planted>,
    body: impl FnOnce(&Recorder) -> T,
) -> Option<T> {
    let recorder = Rc::new(Recorder {
        thread: RefCell::new(mem::take(thread)),
        locations: locations.clone(),
        planted: fault,
        is_asleep: Cell::new(false),
        wakes: Cell::new(false),
    });
    let result = panic::catch_unwind(AssertUnwindSafe(|| with(&recorder, || body(&recorder))));
    *thread = recorder.thread.take();
    match result {
        Ok(returned) => Some(returned),
        Err(_) if recorder.is_asleep.get() => None,
        Err(payload) => panic::resume_unwind(payload),
    }
}

impl Recorder {
    /// Whether this thread has woken a listening one.
    pub fn has_woken(&self) -> bool {
        self.wakes.get()
    }

    /// Loads data of the test's own.
    pub fn load(&self, location: Location, order: Order) -> u64 {
        self.record(|thread| thread.load(location, order)).unwrap_or(0)
    }

    /// Stores data of the test's own.
    pub fn store(&self, location: Location, value: u64, order: Order) {
        self.record(|thread| thread.store(location, value, order));
    }

    /// A sleeping thread does nothing. It also does not do what its destructors do while its function unwinds.
    fn record<T>(&self, operation: impl FnOnce(&mut Thread) -> T) -> Option<T> {
        (!self.is_asleep.get()).then(|| operation(&mut self.thread.borrow_mut()))
    }

    fn location(&self, number: Number<'_>) -> Location {
        let known = self.locations.numbers.iter().find(|(address, _)| *address == number.address());
        known.expect("a number that was not looked at").1
    }

    /// Uses the lock of the event: how many listen now, and `more` from then on.
    fn lock_event(&self, more: u64) -> Option<u64> {
        self.record(|thread| thread.fetch_add(self.locations.event, more, Order::AcqRel))
    }
}

impl Hook for Recorder {
    fn order(&self, asked: &'static hook::Order) -> Option<Ordering> {
        let fault = self.planted.filter(|fault| fault.is_at(asked.name));
        let ordering = fault.map_or(asked.ordering, |fault| fault.order);
        if asked.what != What::Fence {
            return Some(ordering);
        }
        self.record(|thread| thread.fence(order(ordering)));
        None
    }

    fn load(&self, number: Number<'_>) -> u64 {
        self.load(self.location(number), order(number.ordering()))
    }

    fn store(&self, number: Number<'_>, value: u64) {
        self.store(self.location(number), value, order(number.ordering()));
    }

    fn swap(&self, number: Number<'_>, current: u64, new: u64) -> Result<u64, u64> {
        let (success, failure) = (order(number.ordering()), order(number.on_failure()));
        let location = self.location(number);
        self.record(|thread| thread.compare_exchange_weak(location, current, new, success, failure))
            .unwrap_or(Ok(current))
    }

    fn exchange(&self, _number: Number<'_>, _value: u64) -> u64 {
        panic!("the axioms have no action for an exchange, and the gate makes none")
    }

    fn fetch_add(&self, number: Number<'_>, value: u64) -> u64 {
        let (location, order) = (self.location(number), order(number.ordering()));
        self.record(|thread| thread.fetch_add(location, value, order)).unwrap_or(0)
    }

    fn listens_late(&self) -> bool {
        self.lock_event(1);
        false
    }

    fn notify(&self, _listeners: usize) -> Option<usize> {
        self.wakes.set(self.lock_event(0).is_some_and(|listening| listening > 0));
        None
    }

    /// Goes to sleep: after this the thread does nothing. Time does not pass in a program of the model.
    fn wait(&self) {
        struct Sleep;
        self.is_asleep.set(true);
        panic::resume_unwind(Box::new(Sleep));
    }
}
