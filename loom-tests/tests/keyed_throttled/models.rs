//! The models. The file that declares this module says what `subject` is: the library, or its sources with
//! a planted fault.
//!
//! None of them asserts: they count what must not happen, so that a test can look for a planted fault. All keys
//! are in one shard. The first call on a key is due at once, so the thread may reach for it at any moment.

use crate::subject::{DeferralStatus, Ended, NotTaken, Pending, Shutdown, WaitError};
pub use crate::witness::Seen;
use crate::witness::{Builder, DUE, Subject};
use loom::thread;
use std::panic::resume_unwind;

const PANICKED: Result<(), NotTaken> = Err(NotTaken::Ended(Ended::Panicked));

/// A call while the throttle ends. `one`: it was refused. `other`: it was pending when the end was asked for.
fn call_against_an_end(pending: Pending, seen: &Seen) {
    let subject = Subject::new();
    let caller = thread::spawn({
        let subject = subject.clone();
        move || subject.call(0, 0)
    });
    let shutdown = subject.throttled.shutdown(pending).wait();
    let told = caller.join().expect("no panic");
    let taken = u64::from(told.is_ok());
    let discarded = u64::from(shutdown == Ok(Shutdown::Discarded));
    seen.must(told.is_ok() || told == Err(NotTaken::Ended(Ended::ShutDown)));
    seen.must(discarded == 0 || pending == Pending::Discard);
    seen.must(shutdown != Ok(Shutdown::Panicked) && discarded <= taken);
    seen.must(subject.accounts(taken - taken.min(discarded), discarded));
    seen.must(subject.is_seen(0) == (taken > discarded));
    seen.one.count_if(told.is_err());
    seen.other.count_if(told.is_ok() && matches!(shutdown, Ok(Shutdown::Ran | Shutdown::Discarded)));
}

pub fn call_against_an_end_that_finishes(seen: &Seen) {
    call_against_an_end(Pending::Finish, seen);
}

pub fn call_against_an_end_that_flushes(seen: &Seen) {
    call_against_an_end(Pending::Flush, seen);
}

pub fn call_against_an_end_that_discards(seen: &Seen) {
    call_against_an_end(Pending::Discard, seen);
}

/// Two first calls on one key. `one`: they have one run. `other`: each has its own.
pub fn two_callers(seen: &Seen) {
    let subject = Subject::new();
    // The second run is due at once, too.
    subject.throttled.set_threshold(std::time::Duration::ZERO);
    let other = thread::spawn({
        let subject = subject.clone();
        move || subject.call(0, 1).is_ok()
    });
    let taken = subject.call(0, 0).is_ok();
    seen.must(other.join().expect("no panic") && taken);
    seen.must(subject.throttled.all().wait() == Ok(()));
    seen.must(subject.is_seen(0) && subject.is_seen(1));
    let ended = subject.throttled.shutdown(Pending::Finish).wait();
    seen.must(ended == Ok(Shutdown::Idle) && subject.accounts(2, 0));
    let runs = subject.throttled.runs();
    seen.must(runs == 1 || runs == 2);
    seen.one.count_if(runs == 1);
    seen.other.count_if(runs == 2);
}

/// Two calls coalesce, under the lock that readers share, until a flush. `one`: both do. `other`: one has a run
/// of its own.
pub fn two_callers_who_coalesce(seen: &Seen) {
    let subject = Subject::after_a_run(0);
    seen.must(subject.call(0, 0).is_ok());
    let other = thread::spawn({
        let subject = subject.clone();
        move || subject.call(0, 1).is_ok()
    });
    let taken = subject.call(0, 2).is_ok();
    let was_flushed = subject.throttled.flush(&0).is_ok();
    seen.must(other.join().expect("no panic") && taken && was_flushed);
    let ended = subject.throttled.shutdown(Pending::Flush).wait();
    seen.must(ended.is_ok_and(|ended| ended != Shutdown::Panicked));
    seen.must(subject.accounts(4, 0) && subject.is_seen(1) && subject.is_seen(2));
    let runs = subject.throttled.runs();
    seen.must(runs == 2 || runs == 3);
    seen.one.count_if(runs == 2);
    seen.other.count_if(runs == 3);
}

/// A flush when the window ends, and a call after it. `one`: the flush started the run. `other`: the thread
/// did.
pub fn flush_against_the_deadline(seen: &Seen) {
    let subject = Subject::after_a_run(0);
    seen.must(subject.call(0, 1).is_ok());
    let other = thread::spawn({
        let subject = subject.clone();
        move || {
            let was_flushed = subject.throttled.flush(&0).is_ok();
            (was_flushed, subject.call(0, 2).is_ok())
        }
    });
    subject.clock.set(DUE);
    let (was_flushed, taken) = other.join().expect("no panic");
    // The third run is in the window of the second.
    let ended = subject.throttled.shutdown(Pending::Flush).wait();
    seen.must(taken && ended == Ok(Shutdown::Ran) && subject.throttled.runs() == 3);
    seen.must(subject.accounts(3, 0) && subject.is_seen(1) && subject.is_seen(2));
    seen.one.count_if(was_flushed);
    seen.other.count_if(!was_flushed);
}

/// A cancel, and a call after it. `one`: the call has revived the cancelled run, or made another one pending.
/// `other`: the cancel came too late.
pub fn cancel_and_a_call(seen: &Seen) {
    let subject = Subject::new();
    subject.throttled.set_threshold(std::time::Duration::ZERO);
    seen.must(subject.call(0, 0).is_ok());
    let was_cancelled = subject.throttled.cancel(&0);
    seen.must(subject.call(0, 1).is_ok());
    seen.must(subject.throttled.all().wait() == Ok(()));
    seen.must(subject.is_seen(1));
    let ended = subject.throttled.shutdown(Pending::Finish).wait();
    let cancelled = u64::from(was_cancelled);
    seen.must(ended == Ok(Shutdown::Idle) && subject.throttled.runs() == 2 - cancelled);
    seen.must(subject.accounts(2 - cancelled, cancelled));
    seen.one.count_if(was_cancelled);
    seen.other.count_if(!was_cancelled);
}

/// Another thread cancels during a wait. `one`: the wait reports it. `other`: the run came sooner.
pub fn cancel_against_a_wait(seen: &Seen) {
    let subject = Subject::new();
    seen.must(subject.call(0, 0).is_ok());
    let other = thread::spawn({
        let throttled = subject.throttled.clone();
        move || throttled.cancel(&0)
    });
    let waited = subject.throttled.all().wait();
    let was_seen = subject.is_seen(0);
    let was_cancelled = other.join().expect("no panic");
    // A wait that begins after the cancel has nothing to wait for.
    seen.must(match waited {
        Ok(()) => was_seen || was_cancelled,
        Err(WaitError::Cancelled) => was_cancelled,
        Err(_) => false,
    });
    seen.must(subject.throttled.shutdown(Pending::Finish).wait().is_ok());
    let cancelled = u64::from(was_cancelled);
    seen.must(subject.accounts(1 - cancelled, cancelled));
    seen.one.count_if(waited.is_err());
    seen.other.count_if(!was_cancelled);
}

/// The unwinding drops nothing of the model, so no other thread of the model sees it.
fn fatal() -> Subject {
    Subject::running(Builder::fatal_panics, || resume_unwind(Box::new("on purpose")))
}

/// A wait, and a call after it, when a panic is fatal. `one`: the wait reports it. `other`: the wait was over
/// before.
pub fn call_after_a_fatal_panic(seen: &Seen) {
    let subject = fatal();
    seen.must(subject.call(0, 0).is_ok());
    let waited = subject.throttled.all().wait();
    // A wait that begins after the panic was reported has nothing to wait for.
    let told = subject.call(1, 1);
    seen.must(matches!(waited, Ok(()) | Err(WaitError::Panicked)));
    seen.must(told == PANICKED);
    seen.must(subject.throttled.shutdown(Pending::Discard).wait() == Ok(Shutdown::Panicked));
    seen.must(subject.accounts(1, 0) && !subject.throttled.contains(&1));
    seen.one.count_if(waited.is_err());
    seen.other.count_if(waited.is_ok());
}

/// A call on another key, which may be pending when the panic comes; a flush may hand it over. `one`: it was
/// left owed. `other`: it was refused.
fn call_against_a_fatal_panic(is_flushed: bool, seen: &Seen) {
    let subject = fatal();
    seen.must(subject.call(0, 0).is_ok());
    let told = subject.call(1, 1);
    seen.must(told.is_ok() || told == PANICKED);
    if is_flushed {
        _ = subject.throttled.flush(&1);
    }
    let waited = subject.throttled.all().wait();
    seen.must(subject.call(1, 2) == PANICKED);
    seen.must(subject.throttled.shutdown(Pending::Discard).wait() == Ok(Shutdown::Panicked));
    // If both calls were taken, the one that ran first has panicked.
    let left = u64::from(told.is_ok());
    seen.must(subject.throttled.runs() == 1 && subject.accounts(1, left));
    let states = [0, 1].map(|key| subject.throttled.snapshot(&key));
    let owed = states.iter().flatten().filter(|state| state.deferral == DeferralStatus::Owed).count() as u64;
    seen.must(owed == left && states.iter().flatten().all(|state| !state.running));
    seen.must(waited != Err(WaitError::Owed) || left == 1);
    let again = if left == 1 { Err(WaitError::Owed) } else { Ok(()) };
    seen.must(subject.throttled.all().wait() == again);
    seen.one.count_if(left == 1);
    seen.other.count_if(left == 0);
}

pub fn call_against_a_fatal_panic_of_another_key(seen: &Seen) {
    call_against_a_fatal_panic(false, seen);
}

pub fn flush_against_a_fatal_panic_of_another_key(seen: &Seen) {
    call_against_a_fatal_panic(true, seen);
}

/// A key whose window is over is evicted, by the thread or by another one, while a call comes. `one`: the other
/// thread evicted it. `other`: it did not.
pub fn eviction_against_a_call(seen: &Seen) {
    let subject = Subject::after_a_run(0);
    subject.clock.set(DUE);
    let other = thread::spawn({
        let throttled = subject.throttled.clone();
        move || throttled.evict()
    });
    let taken = subject.call(0, 1).is_ok();
    let evicted = other.join().expect("no panic");
    let ended = subject.throttled.shutdown(Pending::Finish).wait();
    seen.must(taken && matches!(ended, Ok(Shutdown::Idle | Shutdown::Ran)));
    seen.must(subject.throttled.runs() == 2 && subject.accounts(2, 0) && subject.is_seen(1));
    seen.must(subject.throttled.contains(&0) && subject.throttled.len() == 1);
    seen.one.count_if(evicted == 1);
    seen.other.count_if(evicted == 0);
}
