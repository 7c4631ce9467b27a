//! The library's `sync`, whose operations are recorded for the axioms to judge.
//!
//! An atomic is a location of the program that is being put together; its operations go to the thread that is
//! being unfolded. The orders have names, so a test can weaken one of them.

use axioms::{Order, Program, Thread};
use std::cell::{Cell, RefCell};
use std::fmt;
use std::panic::{self, AssertUnwindSafe};

pub(crate) use std::sync::atomic::Ordering;

#[path = "../../../../src/sync/orders.rs"]
#[allow(dead_code)]
pub(crate) mod orders;

/// The fence before the decision of a call, whichever call it is.
pub const DECISION: &str = "a decision";

/// An ordering that is weaker than in the sources.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Planted {
    /// The name of the order, or [`DECISION`].
    pub at: &'static str,
    /// The order in its place. Relaxed leaves a fence out.
    pub order: Order,
}

impl fmt::Display for Planted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.at, self.order) {
            (DECISION, Order::Relaxed) => f.write_str("no fence before a decision"),
            (DECISION, order) => write!(f, "the fence before a decision is {order:?}"),
            ("FINISH" | "LOOK", order) => write!(f, "`{}` is {order:?}", self.at),
            (at, Order::Relaxed) => write!(f, "no fence `{at}`"),
            (at, order) => write!(f, "the fence `{at}` is {order:?}"),
        }
    }
}

thread_local! {
    static PROGRAM: RefCell<Program> = RefCell::default();
    static THREAD: RefCell<Thread> = RefCell::default();
    static PLANTED: Cell<Option<Planted>> = const { Cell::new(None) };
    static ASLEEP: Cell<bool> = const { Cell::new(false) };
    static WAKES: Cell<bool> = const { Cell::new(false) };
    static WORD: Cell<u64> = const { Cell::new(0) };
}

/// Makes atomics that are locations of `program`. The word of a gate begins as `word`.
pub fn with_atomics_of<T>(program: &mut Program, word: u64, make: impl FnOnce() -> T) -> T {
    WORD.set(word);
    PROGRAM.replace(std::mem::take(program));
    let atomics = make();
    *program = PROGRAM.take();
    atomics
}

/// Performs `body` as `thread`. `None` if it went to sleep.
pub fn perform<T>(thread: &mut Thread, planted: Option<Planted>, body: impl FnOnce() -> T) -> Option<T> {
    /// Unwinding ends the loan, too.
    struct Lent<'t>(&'t mut Thread);
    impl Drop for Lent<'_> {
        fn drop(&mut self) {
            *self.0 = THREAD.take();
        }
    }
    PLANTED.set(planted);
    ASLEEP.set(false);
    WAKES.set(false);
    THREAD.replace(std::mem::take(thread));
    let _lent = Lent(thread);
    match panic::catch_unwind(AssertUnwindSafe(body)) {
        Ok(returned) => Some(returned),
        Err(_) if ASLEEP.get() => None,
        Err(payload) => panic::resume_unwind(payload),
    }
}

/// Whether this thread has woken a listening one.
pub fn has_woken() -> bool {
    WAKES.get()
}

/// A sleeping thread does nothing. It also does not do what its destructors do while its function unwinds.
fn record<T>(operation: impl FnOnce(&mut Thread) -> T) -> Option<T> {
    (!ASLEEP.get()).then(|| THREAD.with_borrow_mut(operation))
}

impl Planted {
    fn is_at(self, name: &str) -> bool {
        let is_decision = ["COALESCE", "ARRIVE", "ARRIVE_BY", "REQUEST", "OWE"].contains(&name);
        self.at == name || is_decision && self.at == DECISION
    }
}

/// The order that is asked for, or the weaker one that is planted in its place.
fn named(asked: &orders::Order) -> Order {
    let planted = PLANTED.get().filter(|planted| planted.is_at(asked.name));
    planted.map_or_else(|| order(asked.ordering), |planted| planted.order)
}

std::thread_local!(static NAMED: Cell<Option<Order>> = const { Cell::new(None) });

/// The ordering of a named access. The access that comes next has the order that is planted there.
pub(crate) fn ordering(asked: &'static orders::Order) -> Ordering {
    NAMED.set(Some(named(asked)));
    asked.ordering
}

/// The order of an access: that of its name, if it has one.
fn accessed(asked: Ordering) -> Order {
    match asked {
        Ordering::Relaxed => Order::Relaxed,
        _ => NAMED.take().unwrap_or_else(|| order(asked)),
    }
}

fn order(asked: Ordering) -> Order {
    match asked {
        Ordering::Relaxed => Order::Relaxed,
        Ordering::Acquire => Order::Acquire,
        Ordering::Release => Order::Release,
        Ordering::AcqRel => Order::AcqRel,
        Ordering::SeqCst => Order::SeqCst,
        other => panic!("{other:?} has no model"),
    }
}

/// An atomic that holds a `u64`.
pub(crate) struct AtomicU64(axioms::Location);

impl AtomicU64 {
    pub(crate) fn new(value: u64) -> Self {
        Self(PROGRAM.with_borrow_mut(|program| program.location(value)))
    }

    pub(crate) fn load(&self, asked: Ordering) -> u64 {
        let order = accessed(asked);
        record(|thread| thread.load(self.0, order)).unwrap_or(0)
    }

    pub(crate) fn store(&self, value: u64, asked: Ordering) {
        record(|thread| thread.store(self.0, value, order(asked)));
    }
}

/// The atomic that the retry loop moves.
pub(crate) struct AtomicWord(AtomicU64);

impl AtomicWord {
    /// The word begins where the program does, and not as that of a new gate.
    pub(crate) fn new(_new: u64) -> Self {
        Self(AtomicU64::new(WORD.get()))
    }

    pub(crate) fn load(&self, asked: Ordering) -> u64 {
        self.0.load(asked)
    }

    /// The retry loop performs it for all its callers. Of these only `finish` asks for Release.
    pub(crate) fn compare_exchange_weak(
        &self,
        current: u64,
        new: u64,
        success: Ordering,
        failure: Ordering,
    ) -> Result<u64, u64> {
        // The word may be compared again: the name stays.
        let success = match success {
            Ordering::Relaxed => Order::Relaxed,
            _ => NAMED.get().unwrap_or_else(|| order(success)),
        };
        let exchange = |thread: &mut Thread| {
            thread.compare_exchange_weak(self.0.0, current, new, success, order(failure))
        };
        record(exchange).unwrap_or(Ok(current))
    }
}

pub(crate) fn fence(asked: &'static orders::Order) {
    let order = named(asked);
    record(|thread| thread.fence(order));
}

/// Memory that is not atomic.
pub(crate) struct Plain(axioms::Location);

impl Plain {
    pub(crate) fn new(value: u64) -> Self {
        Self(AtomicU64::new(value).0)
    }

    pub(crate) fn read(&self) -> u64 {
        record(|thread| thread.load(self.0, Order::NonAtomic)).unwrap_or(0)
    }

    pub(crate) fn write(&self, value: u64) {
        record(|thread| thread.store(self.0, value, Order::NonAtomic));
    }
}

/// An atomic that holds a `u32`.
pub(crate) struct AtomicU32(axioms::Location);

impl AtomicU32 {
    pub(crate) fn new(value: u32) -> Self {
        Self(AtomicU64::new(value.into()).0)
    }

    pub(crate) fn load(&self, asked: Ordering) -> u32 {
        low_half(record(|thread| thread.load(self.0, order(asked))))
    }

    pub(crate) fn fetch_add(&self, value: u32, asked: Ordering) -> u32 {
        low_half(record(|thread| thread.fetch_add(self.0, value.into(), order(asked))))
    }

    pub(crate) fn fetch_sub(&self, value: u32, asked: Ordering) -> u32 {
        low_half(record(|thread| thread.fetch_add(self.0, 0_u64.wrapping_sub(value.into()), order(asked))))
    }
}

fn low_half(value: Option<u64>) -> u32 {
    u32::try_from(value.unwrap_or(0)).expect("a count of a few threads")
}

/// An event that lists its listeners under a lock: as much of `event_listener` as the library uses. Each use
/// of the lock is a read-modify-write that acquires and releases.
pub(crate) struct Event(axioms::Location);

pub(crate) struct EventListener;

impl Event {
    pub(crate) fn new() -> Self {
        Self(AtomicU64::new(0).0)
    }

    pub(crate) fn listen(&self) -> EventListener {
        record(|thread| thread.fetch_add(self.0, 1, Order::AcqRel));
        EventListener
    }

    pub(crate) fn notify(&self, _most: usize) {
        let listening = record(|thread| thread.fetch_add(self.0, 0, Order::AcqRel));
        WAKES.set(listening.is_some_and(|listening| listening > 0));
    }
}

/// Goes to sleep: after this the thread does nothing.
pub(crate) fn wait(_listener: EventListener) {
    struct Sleep;
    ASLEEP.set(true);
    panic::resume_unwind(Box::new(Sleep));
}

/// Time does not pass in a program of the model.
pub(crate) fn wait_for(listener: EventListener, _limit: std::time::Duration) {
    wait(listener);
}

/// The atomics of a program cannot be built in a constant.
macro_rules! const_unless_loom {
    ($(#[$meta:meta])* $visibility:vis const fn $($rest:tt)*) => {
        $(#[$meta])*
        $visibility fn $($rest)*
    };
}
pub(crate) use const_unless_loom;
