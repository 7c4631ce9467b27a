//! All operations of a background throttle, by three threads, its own function, and one that ends it, in an
//! order that shuttle chooses with the schedule.

use super::background::Background;
use super::witness::{CALLS, Coverage};
use super::{CALLERS, WINDOW, panic_quietly};
use crate::subject::{Ended, Epoch, NotFlushed, Pending, Shutdown, Throttled, WaitError};
use atomic_throttle::state::DeferralStatus;
use schedules::Tally;
use shuttle::rand::{Rng, thread_rng};
use shuttle::thread;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Ends every window: the longest threshold, and the number of flushes on top, because each lets a stamp run
/// ahead.
const LONG: Duration = Duration::from_nanos(40);

/// What the runs note, and a handle for one of them to drop.
#[derive(Default)]
struct Notes {
    handle: Mutex<Option<Throttled>>,
    epochs: Mutex<Vec<Epoch>>,
}

/// What the threads note.
struct Mixture {
    background: Arc<Background>,
    notes: Arc<Notes>,
    is_fatal: bool,
    flushes: AtomicUsize,
    cancels_begun: AtomicUsize,
    cancels_ended: AtomicUsize,
    /// How many cancels had ended when each call began.
    cancels_before: [AtomicUsize; CALLERS * CALLS],
    /// Which calls were taken.
    taken: [AtomicBool; CALLERS * CALLS],
    /// Whether some end may have discarded the pending run.
    discards: AtomicBool,
    /// Whether some end may have started it before the window was over.
    flushing_end: AtomicBool,
}

fn one_in(number: u32) -> bool {
    thread_rng().gen_range(0..number) == 0
}

fn any_pending() -> Pending {
    [Pending::Finish, Pending::Flush, Pending::Discard][thread_rng().gen_range(0..3)]
}

/// What every run does after it has read the words: calls the throttle itself, or panics.
fn inside(background: &Background, notes: &Notes) {
    let handle = notes.handle.lock().expect("no panic").take();
    drop(handle);
    if let Some(itself) = background.itself() {
        notes.epochs.lock().expect("no panic").push(itself.snapshot().epoch);
        match thread_rng().gen_range(0..6) {
            0 => assert!(matches!(itself.flush(), Err(NotFlushed::Running | NotFlushed::Ended)), "G9"),
            1 => {
                let waited = itself.all().wait();
                assert!(matches!(waited, Err(WaitError::InsideRun | WaitError::Cancelled)), "G9: {waited:?}");
            }
            2 => assert_eq!(itself.shutdown(Pending::Finish).wait_for(LONG), Err(WaitError::InsideRun), "G9"),
            3 => {
                let _ = itself.trigger();
                // No other thread may come to do so.
                background.clock.advance(LONG);
            }
            _ => {}
        }
    }
    if one_in(5) {
        background.panics.fetch_add(1, SeqCst);
        panic_quietly();
    }
}

impl Mixture {
    fn note_end(&self, pending: Pending) -> Pending {
        self.discards.fetch_or(pending == Pending::Discard, SeqCst);
        self.flushing_end.fetch_or(pending == Pending::Flush, SeqCst);
        pending
    }

    /// One call that leaves its word. Notes what is promised to it then.
    fn call(&self, throttled: &Throttled, number: usize) {
        let coverage = &self.background.coverage;
        self.cancels_before[number].store(self.cancels_ended.load(SeqCst), SeqCst);
        coverage.leave_word(number);
        let call = match throttled.trigger() {
            Ok(call) => call,
            Err(Ended::Panicked) => return assert!(self.is_fatal, "no panic was to be fatal"),
            Err(_) => return,
        };
        self.taken[number].store(true, SeqCst);
        let waited = match thread_rng().gen_range(0..4) {
            0 => call.wait_for(Duration::ZERO),
            1 => {
                self.background.clock.advance(LONG);
                call.wait()
            }
            2 => {
                self.background.clock.advance(LONG);
                throttled.all().wait_for(LONG).and_then(|()| call.wait_for(Duration::ZERO))
            }
            _ => return,
        };
        match waited {
            Ok(()) => assert!(coverage.covers(number), "G3: the run missed a call"),
            Err(WaitError::Cancelled) => self.assert_given_up(number),
            Err(WaitError::Owed) => assert!(self.is_fatal, "an owner left"),
            Err(WaitError::Panicked) => assert!(self.background.panics.load(SeqCst) > 0, "nothing panicked"),
            Err(WaitError::TimedOut) => {}
            Err(why) => panic!("{why}"),
        }
    }

    fn assert_given_up(&self, number: usize) {
        let cancelled = self.cancels_begun.load(SeqCst) > self.cancels_before[number].load(SeqCst);
        let discarded = self.discards.load(SeqCst);
        assert!(cancelled || discarded, "G3: a call is neither covered nor cancelled nor owed");
    }

    /// One operation that is promised nothing.
    fn disturb(&self, throttled: &Throttled) {
        match thread_rng().gen_range(0..5) {
            0 => {
                self.flushes.fetch_add(usize::from(throttled.flush().is_ok()), SeqCst);
            }
            1 => {
                // A thread that learns of the cancel before this one goes on finds it begun.
                self.cancels_begun.fetch_add(1, SeqCst);
                if throttled.cancel() {
                    self.cancels_ended.fetch_add(1, SeqCst);
                } else {
                    self.cancels_begun.fetch_sub(1, SeqCst);
                }
            }
            2 => throttled.set_threshold(WINDOW * thread_rng().gen_range(1..=2)),
            3 => drop(throttled.clone()),
            _ => {
                self.background.clock.advance(Duration::from_nanos(thread_rng().gen_range(0..=10)));
            }
        }
    }

    /// Ends the throttle, or leaves that to the last handle.
    fn end(&self, throttled: &Throttled) {
        if one_in(2) {
            return;
        }
        let pending = self.note_end(any_pending());
        let shutdown = throttled.shutdown(pending).wait_for(Duration::ZERO).or_else(|why| {
            assert_eq!(why, WaitError::TimedOut);
            self.background.clock.advance(LONG);
            throttled.shutdown(pending).wait()
        });
        let shutdown = shutdown.expect("outside of the run");
        assert!(self.background.has_ended.load(SeqCst), "the thread goes on after a shutdown");
        assert!(self.is_fatal || shutdown != Shutdown::Panicked, "no panic was to be fatal");
        assert!(throttled.trigger().is_err(), "a call is taken after the end");
    }

    /// What must hold when the thread has ended.
    fn settle(&self, throttled: &Throttled) {
        let seen = throttled.snapshot();
        let has_owner = matches!(seen.deferral, DeferralStatus::Pending | DeferralStatus::Cancelled);
        assert!(!seen.running && !has_owner, "G6: it is wedged");
        let fatally = self.is_fatal && self.background.panics.load(SeqCst) > 0;
        for number in (0..CALLERS * CALLS).filter(|number| self.taken[*number].load(SeqCst)) {
            let is_owed = fatally && seen.is_owed();
            if !self.background.coverage.covers(number) && !is_owed {
                self.assert_given_up(number);
            }
        }
        assert!(fatally || !seen.is_owed(), "G3: it is owed, and could have been performed");
        self.background.assert_counts(throttled);
        let epochs = self.notes.epochs.lock().expect("no panic");
        assert_eq!(throttled.runs(), u64::try_from(epochs.len()).expect("a few"));
        let close = epochs
            .windows(2)
            .filter(|pair| pair[1].started_at().saturating_since(pair[0].started_at()) < WINDOW);
        let flushes = self.flushes.load(SeqCst) + usize::from(self.flushing_end.load(SeqCst));
        assert!(close.count() <= flushes, "G1: two runs too close: {epochs:?}");
    }
}

pub fn of_all_operations(owed: &Tally) {
    let notes: Arc<Notes> = Arc::default();
    let for_runs = Arc::clone(&notes);
    let is_fatal = one_in(3);
    let (throttled, background) = Background::start_with(
        WINDOW,
        |builder| {
            let builder = builder.on_panic(|_| panic_quietly());
            if is_fatal { builder.fatal_panics() } else { builder }
        },
        move |background| inside(background, &for_runs),
    );
    let mixture = Arc::new(Mixture {
        background,
        notes,
        is_fatal,
        flushes: AtomicUsize::new(0),
        cancels_begun: AtomicUsize::new(0),
        cancels_ended: AtomicUsize::new(0),
        cancels_before: std::array::from_fn(|_| AtomicUsize::new(0)),
        taken: std::array::from_fn(|_| AtomicBool::new(false)),
        discards: AtomicBool::new(false),
        flushing_end: AtomicBool::new(false),
    });
    *mixture.notes.handle.lock().expect("no panic") = Some(throttled.clone());
    let callers = [0, 1, 2].map(|caller| {
        let (throttled, mixture) = (throttled.clone(), Arc::clone(&mixture));
        thread::spawn(move || {
            for number in (0..CALLS).map(|call| Coverage::number(caller, call)) {
                if one_in(2) {
                    mixture.disturb(&throttled);
                }
                mixture.call(&throttled, number);
            }
            // The call of this thread may still be pending.
            mixture.background.clock.advance(LONG);
        })
    });
    mixture.end(&throttled);
    for caller in callers {
        caller.join().expect("no panic");
    }
    let handle = mixture.notes.handle.lock().expect("no panic").take();
    drop(handle);
    owed.count_if(throttled.snapshot().is_owed());
    assert!(throttled.shutdown(Pending::Finish).wait().is_ok(), "outside of the run");
    mixture.settle(&throttled);
}
