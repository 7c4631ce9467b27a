//! What cannot be seen from outside of the thread: these tests are the thread.

use super::*;
use crate::cell::Cell;
use crate::register::{Memory, Register};
use crate::throttled::keeper::Keeper;
use atomic_throttle::lease::{Lease, Policy};
use atomic_throttle::{OnDrop, Threshold};
use core::error::Error;
use core::fmt;
use core::task::{Context, Waker};
use core::time::Duration;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Mutex, OnceLock};
use std::task::Wake;

const HOUR: Lease = Lease::new(Duration::from_secs(3600));

/// One that does not look by itself.
fn worker() -> Worker<impl FnMut(&Run<'_>)> {
    worker_of(Arc::new(Memory::new()), Lease::from_nanos(1), |_: &Run<'_>| ())
}

fn worker_of<F: FnMut(&Run<'_>)>(register: Arc<dyn Register>, lease: Lease, f: F) -> Worker<F> {
    let shared = Arc::new(Shared::new(register));
    shared.set_thread(sync::current_thread());
    let policy = Policy::new(Threshold::ZERO).with_lease(lease);
    Worker {
        shared,
        course: Course::new(policy, Mark::random(), sync::now()),
        pace: Pace::new(Threshold::ZERO),
        f,
        on_error: None,
        on_panic: None,
        idle_look: None,
        state: Progress::new(None),
    }
}

impl<F: FnMut(&Run<'_>)> Worker<F> {
    /// Takes a call, and looks.
    fn is_called_and_looks(&mut self) {
        self.shared.request().unwrap();
        self.state.taken = self.shared.take();
        let asked = sync::now();
        let reading = self.read().unwrap();
        assert!(self.look(reading, asked) == Woken::Look);
    }

    /// The hook tells what `look` sees at each trouble.
    fn tells_of_troubles<T: Send + 'static>(
        &mut self,
        look: impl Fn(&Shared, &Trouble) -> T + Send + 'static,
    ) -> Receiver<T> {
        let (shared, (told, tells)) = (Arc::clone(&self.shared), channel());
        self.on_error = Some(Box::new(move |trouble| told.send(look(&shared, trouble)).unwrap()));
        tells
    }
}

fn unreachable() -> RegisterError {
    RegisterError::new(RegisterErrorKind::Unreachable, &"r".into())
}

/// When it is called, or dropped as the cause of an error, it tells whether an error is shown.
struct Looks(Arc<Shared>, Mutex<Sender<bool>>);

impl Looks {
    fn new(shared: &Arc<Shared>) -> (Self, Receiver<bool>) {
        let (told, tells) = channel();
        (Self(Arc::clone(shared), Mutex::new(told)), tells)
    }

    fn tell(&self) {
        let shows = self.0.status().error.is_some();
        self.1.lock().unwrap().send(shows).unwrap();
    }
}

impl Wake for Looks {
    fn wake(self: Arc<Self>) {
        self.tell();
    }
}

struct Cause(Looks);

impl fmt::Debug for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Cause")
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a cause")
    }
}

impl Error for Cause {}

impl Drop for Cause {
    fn drop(&mut self) {
        self.0.tell();
    }
}

/// A task waits for the cover of call number 1. When it is woken, it tells whether an error is shown.
fn waits(shared: &Arc<Shared>) -> Receiver<bool> {
    let (looks, tells) = Looks::new(shared);
    let waker = Waker::from(Arc::new(looks));
    // On another thread: the one of the worker may not wait for a run.
    std::thread::scope(|scope| {
        scope.spawn(|| assert!(shared.poll_cover(1, &Context::from_waker(&waker)).is_pending()));
    });
    tells
}

/// Answers a swap only after the clock has gone on, and fails where it is told to.
#[derive(Debug, Default)]
struct Scripted {
    memory: Memory,
    swaps: AtomicU32,
    /// The number of a swap that fails.
    fails: Option<u32>,
    answered: OnceLock<Timestamp>,
}

impl Register for Scripted {
    fn read(&self) -> Result<Reading, RegisterError> {
        self.memory.read()
    }

    fn compare_and_swap(&self, old: Cell, new: Cell, mark: Mark) -> Result<Swap, RegisterError> {
        if Some(self.swaps.fetch_add(1, Relaxed)) == self.fails {
            return Err(unreachable());
        }
        let asked = sync::now();
        while sync::now() == asked {}
        self.answered.get_or_init(sync::now);
        self.memory.compare_and_swap(old, new, mark)
    }
}

/// The process counts the time since the start of a run by its own clock. A reading from before the
/// answer would count the time on the way too, and the next run could come early.
#[test]
fn the_time_on_the_way_to_the_register_is_no_time_since_the_start() {
    let register = Arc::new(Scripted::default());
    let mut worker = worker_of(Arc::clone(&register) as Arc<dyn Register>, HOUR, |_: &Run<'_>| ());
    worker.is_called_and_looks();
    let (epoch, answered) = (worker.course.cell().epoch(), *register.answered.get().unwrap());
    // The clock of the register stands still.
    let left = worker.course.lease_left(epoch, epoch.started_at(), answered);
    assert_eq!(left, HOUR.as_duration());
}

/// Others may have superseded it. Nothing may be owed here: the run was for calls of others.
#[test]
fn a_run_that_is_answered_too_late_does_not_count_and_is_looked_at_again() {
    let mut worker = worker_of(Arc::new(Memory::new()), HOUR, |_: &Run<'_>| panic!("it began"));
    worker.state.is_first_look = false;
    let (running, _) = Cell::NEW.arrive(sync::now(), worker.course.policy());
    let lease_end = running.epoch().lease_end(HOUR);
    assert!(worker.perform(running.epoch(), lease_end, sync::now()) == Woken::Look);
    assert_eq!(worker.shared.status().runs, 0);
    assert!(worker.is_owed() && worker.state.is_first_look);
}

#[test]
fn a_panic_is_counted_before_the_hook_is_called() {
    let mut worker = worker_of(Arc::new(Memory::new()), HOUR, |_: &Run<'_>| panic!("a function"));
    let (shared, (told, tells)) = (Arc::clone(&worker.shared), channel());
    worker.on_panic = Some(Box::new(move |_| told.send(shared.status().panics).unwrap()));
    worker.is_called_and_looks();
    assert_eq!(tells.try_iter().collect::<Vec<_>>(), [1]);
}

#[test]
fn the_hook_finds_the_error_that_it_is_called_for() {
    let mut worker = worker();
    let tells = worker.tells_of_troubles(|shared, _| shared.status().error.is_some());
    worker.failed(unreachable());
    assert_eq!(tells.try_iter().collect::<Vec<_>>(), [true]);
}

/// It answers, but holds a run of the far future.
#[test]
fn a_register_that_is_far_ahead_never_seems_well() {
    let mut worker = worker();
    let (looks, tells) = Looks::new(&worker.shared);
    worker.shared.failed(unreachable().with_source(Cause(looks)));
    worker.state.is_far_ahead = true;
    worker.state.retry = Some(Retry::new(&mut sync::rng()));
    worker.answered();
    assert_eq!(tells.try_iter().collect::<Vec<_>>(), [true], "one error takes the place of the other");
    assert!(worker.state.retry.is_none(), "the next outage begins with a short delay");
}

/// A caller that learns that its call is covered finds no error of before.
#[test]
fn an_error_is_gone_when_a_call_is_seen_to_be_covered_by_another_process() {
    let mut worker = worker();
    worker.shared.request().unwrap();
    let (taken, policy, now) = (worker.shared.take(), worker.course.policy(), sync::now());
    let unused = Reading { cell: Cell::NEW, now, mark: None };
    assert!(matches!(worker.course.look(unused, now, taken), Act::Swap(_)));
    let tells = waits(&worker.shared);
    worker.shared.failed(unreachable());
    let (running, _) = Cell::NEW.arrive(now, policy);
    let (cell, _) = running.finish(running.epoch());
    assert!(worker.look(Reading { cell, now, mark: None }, now) == Woken::Look);
    assert_eq!(tells.try_iter().collect::<Vec<_>>(), [false]);
}

/// As above, where the end of the own run fails at first. Somebody asks for a try during the run: the
/// pause after the failure must still know that.
#[test]
fn an_error_at_the_end_of_a_run_is_gone_when_its_calls_are_covered() {
    let register = Arc::new(Scripted { fails: Some(1), ..Scripted::default() });
    let mut worker = worker_of(register, HOUR, |run: &Run<'_>| run.shared.ask_for_a_try());
    let covered = waits(&worker.shared);
    let asked = worker.tells_of_troubles(|shared, trouble| {
        matches!(trouble, Trouble::Register(_)) && shared.is_asked_for_a_try()
    });
    worker.is_called_and_looks();
    assert_eq!(covered.try_iter().collect::<Vec<_>>(), [false]);
    assert_eq!(asked.try_iter().collect::<Vec<_>>(), [true, false], "the error, and its end");
}

#[test]
fn who_learns_that_an_outage_is_over_finds_what_became_of_the_run() {
    let register = Arc::new(Scripted { fails: Some(1), ..Scripted::default() });
    let at_register = Arc::clone(&register);
    let policy = Policy::new(Threshold::ZERO).with_lease(HOUR);
    let is_superseded = move |run: &Run<'_>| {
        let cell = at_register.memory.read().unwrap().cell;
        let (new, _) = cell.arrive(run.epoch.lease_end(HOUR), policy);
        assert!(new.epoch() > run.epoch);
        let swap = at_register.memory.compare_and_swap(cell, new, Mark::NOBODY).unwrap();
        assert!(matches!(swap, Swap::Done(_)));
    };
    let mut worker = worker_of(register, HOUR, is_superseded);
    let counts = worker.tells_of_troubles(|shared, _| shared.status().superseded);
    worker.is_called_and_looks();
    assert_eq!(counts.try_iter().collect::<Vec<_>>(), [0, 1]);
}

/// It looks once more for calls of others that are overdue. After that it must rest, and not ask the register
/// again and again.
#[test]
fn a_look_for_others_is_the_last_one() {
    let mut worker = worker();
    // That look is due.
    worker.state.idle_until = Timestamp::ZERO;
    let reading = worker.read().unwrap();
    assert!(worker.look(reading, sync::now()) == Woken::Look && !worker.is_owed());
    assert_eq!(worker.state.idle_until, Timestamp::NEVER);
}

/// A call that the end has taken, too, must end the sleep early. Otherwise it would be taken only after
/// the next run had begun; it would then need another run, and the end may have no time for that.
#[test]
fn a_call_that_the_end_has_taken_is_looked_at_early() {
    let worker = worker();
    let shared = Arc::clone(&worker.shared);
    let early = Plan { at: None, take_at: Some(Timestamp::ZERO) };
    assert!(!shared.is_called());
    shared.request().unwrap();
    assert!(worker.sleep(early) == Woken::Look);
    let keeper = Keeper::new(Arc::clone(&shared), Duration::ZERO, OnDrop::Wait);
    // Long enough to be different from the end of the sleep.
    keeper.end(Duration::from_secs(20)).unwrap();
    assert!(worker.sleep(early) == Woken::Look);
    assert!(shared.take().is_some() && !shared.is_called());
    shared.request_again().unwrap();
    assert!(shared.is_called() && shared.request().is_err() && shared.gate.coalesce().is_none());
    assert!(worker.sleep(early) == Woken::Look);
}
