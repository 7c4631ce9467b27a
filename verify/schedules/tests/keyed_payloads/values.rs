//! Threads bring values to keys, while another one evicts, flushes, cancels, takes and ends.

use super::place::{KEYS, LONG, Place, Told, WINDOW};
use super::{below, locked, one_of};
use atomic_throttle::{Pending, WaitError};
use schedules::Tally;
use shuttle::thread::JoinHandle;
use std::time::Duration;

const ENDS: [Pending; 3] = [Pending::Finish, Pending::Flush, Pending::Discard];

fn callers<const N: usize>(place: &Place) -> [JoinHandle<Vec<Told>>; N] {
    std::array::from_fn(|caller| place.caller(u32::try_from(caller).expect("a few")))
}

fn told(callers: impl IntoIterator<Item = JoinHandle<Vec<Told>>>) -> Vec<Told> {
    callers.into_iter().flat_map(|caller| caller.join().expect("no panic")).collect()
}

/// Keys are evicted while values are brought to them, and while their runs start.
pub fn against_evictions(evicted: &Tally) {
    let place = Place::new(Duration::ZERO, 0);
    let callers = callers::<3>(&place);
    for _ in 0..3 {
        place.clock.advance(WINDOW);
        evicted.count_if(place.throttled.evict() > 0);
    }
    let told = told(callers);
    place.judge(&told, Vec::new(), false, false, None);
}

/// Keys are flushed against calls and against each end, with tickets that are waited for.
pub fn against_flushes_and_ends(flushed: &Tally) {
    let place = Place::new(WINDOW, 0);
    let callers = callers::<2>(&place);
    for _ in 0..below(3) {
        let key = below(KEYS);
        let ticket = place.throttled.flush(&key);
        flushed.count_if(ticket.is_ok());
    }
    let end = one_of(&ENDS);
    let _ = place.throttled.shutdown(end);
    // No further call is taken, so this ends each window that a run is pending in.
    place.clock.advance(LONG);
    let told = told(callers);
    place.judge(&told, Vec::new(), false, false, Some(end));
}

/// Keys are taken against calls and starts: each value is given to a run, or taken.
pub fn against_takes(has_taken: &Tally) {
    let place = Place::new(Duration::ZERO, 0);
    let callers = callers::<2>(&place);
    let mut taken = Vec::new();
    for _ in 0..3 {
        taken.extend(place.throttled.take(&below(KEYS)).unwrap_or_default());
    }
    has_taken.count_if(!taken.is_empty());
    let told = told(callers);
    place.judge(&told, taken, true, false, None);
}

/// Keys are cancelled against calls and starts, and who waits is told.
pub fn against_cancels(cancelled: &Tally) {
    let place = Place::new(Duration::ZERO, 0);
    let callers = callers::<2>(&place);
    let mut drops = false;
    for _ in 0..3 {
        drops |= place.throttled.cancel(&below(KEYS));
    }
    cancelled.count_if(drops);
    let told = told(callers);
    place.judge(&told, Vec::new(), drops, drops, None);
}

#[derive(Clone, Copy, PartialEq)]
enum Meanwhile {
    Cancel,
    Flush,
    Take,
    Evict,
    Nothing,
}

/// Runs fail and are tried again, against calls and all that can be done to a key.
pub fn tried_again(tried_again: &Tally) {
    use Meanwhile::{Cancel, Evict, Flush, Nothing, Take};
    let failures = below(3);
    let place = Place::new(Duration::ZERO, failures);
    let callers = callers::<2>(&place);
    let meanwhile = one_of(&[Cancel, Flush, Take, Evict, Nothing]);
    let (mut taken, mut drops) = (Vec::new(), false);
    for _ in 0..2 {
        let key = below(KEYS);
        match meanwhile {
            Cancel => drops |= place.throttled.cancel(&key),
            Flush => drop(place.throttled.flush(&key)),
            Take => taken.extend(place.throttled.take(&key).unwrap_or_default()),
            Evict => _ = place.throttled.evict(),
            Nothing => {}
        }
    }
    let early = one_of(&[Some(Pending::Finish), Some(Pending::Flush), Some(Pending::Discard), None]);
    if let Some(end) = early {
        let _ = place.throttled.shutdown(end);
    }
    let told = told(callers);
    tried_again.count_if(failures > 0 && locked(&place.notes).runs > failures);
    place.judge(&told, taken, drops || meanwhile == Take, drops, early);
}

/// All runs fail, for good: who asks is told so, whenever that is.
pub fn failed_for_good(failed: &Tally) {
    let place = Place::failing();
    let callers = callers::<2>(&place);
    let end = one_of(&ENDS);
    if below(2) == 0 {
        let _ = place.throttled.shutdown(end);
    }
    for Told { value, how, .. } in told(callers) {
        match how {
            Err(WaitError::Failed(_)) => failed.count(),
            Err(WaitError::Cancelled) if end == Pending::Discard => {}
            other => panic!("G6: {value} was told {other:?}, and every run has failed"),
        }
    }
    place.throttled.shutdown(Pending::Finish).wait().expect("outside of the run");
}
