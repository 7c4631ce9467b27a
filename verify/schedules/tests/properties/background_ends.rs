//! G3: a call that comes while a background throttle ends is refused, or covered, or given up as that end
//! promises. The thread has ended when the last handle has been dropped.

use super::background::{Background, is_idle};
use super::witness::{CALLS, Coverage};
use super::{CALLERS, until};
use crate::subject::{Ended, Pending, Shutdown, Throttled};
use schedules::Tally;
use shuttle::rand::{Rng, thread_rng};
use shuttle::thread;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::Duration;

const WAYS: [Pending; 3] = [Pending::Finish, Pending::Flush, Pending::Discard];

/// Calls until it is refused, and returns how many calls were taken.
fn call_until_refused(throttled: &Throttled, background: &Background, caller: usize) -> usize {
    for call in 0..CALLS {
        background.coverage.leave_word(Coverage::number(caller, call));
        if let Err(why) = throttled.trigger() {
            assert_eq!(why, Ended::ShutDown);
            return call;
        }
    }
    CALLS
}

/// Three threads call while two end it, each in its own way.
pub fn by_a_shutdown(refused: &Tally) {
    let (throttled, background) = Background::start(Duration::ZERO);
    let [here, there] = [(); 2].map(|()| WAYS[thread_rng().gen_range(0..3)]);
    let (taken, shutdown) = thread::scope(|scope| {
        let callers: Vec<_> = (1..CALLERS)
            .map(|caller| {
                let (throttled, background) = (&throttled, &background);
                scope.spawn(move || (caller, call_until_refused(throttled, background, caller)))
            })
            .collect();
        // Shuttle's scope must not wait for anything but its threads.
        let [shutdown, other] = [here, there]
            .map(|pending| {
                let (throttled, background) = (&throttled, &background);
                scope.spawn(move || {
                    let shutdown = throttled.shutdown(pending).wait().expect("outside of the run");
                    assert!(background.has_ended.load(SeqCst), "the thread goes on after a shutdown");
                    shutdown
                })
            })
            .map(|ends| ends.join().expect("no panic"));
        assert_eq!(shutdown, other, "two were told otherwise");
        let taken: Vec<_> = callers.into_iter().map(|caller| caller.join().expect("no panic")).collect();
        (taken, shutdown)
    });
    assert!(is_idle(&throttled), "G3: a run is left pending");
    let may_discard = here == Pending::Discard || there == Pending::Discard;
    assert!(may_discard || shutdown != Shutdown::Discarded);
    for (caller, taken) in taken {
        refused.count_if(taken < CALLS);
        for number in (0..taken).map(|call| Coverage::number(caller, call)) {
            let covered = background.coverage.covers(number);
            assert!(
                covered || shutdown == Shutdown::Discarded,
                "G3: a call is neither covered nor discarded"
            );
        }
    }
    background.assert_counts(&throttled);
}

/// Each thread has a handle, calls, and drops it. The thread that drops the last one waits for the background
/// thread.
pub fn by_the_last_handle(last: &Tally) {
    let pending = WAYS[thread_rng().gen_range(0..3)];
    let (throttled, background) =
        Background::start_with(Duration::ZERO, |builder| builder.pending_on_drop(pending), |_| ());
    let callers: Vec<_> = (0..CALLERS)
        .map(|caller| {
            let (throttled, background) = (throttled.clone(), Arc::clone(&background));
            thread::spawn(move || {
                assert_eq!(call_until_refused(&throttled, &background, caller), CALLS);
                assert!(!background.has_ended.load(SeqCst), "it ended, and a handle was left");
                drop(throttled);
                background.has_ended.load(SeqCst)
            })
        })
        .collect();
    drop(throttled);
    let ended = callers.into_iter().map(|caller| caller.join().expect("no panic"));
    last.count_if(ended.filter(|ended| *ended).count() == 1);
    assert!(background.has_ended.load(SeqCst), "the thread goes on without a handle");
    let covers_all = background.coverage.covers_all();
    assert!(covers_all || pending == Pending::Discard, "G3: a call is covered by no run");
    assert_eq!(background.panics.load(SeqCst), 0);
}

/// The last handle is dropped inside the run, so no thread waits for the background thread. It ends all the
/// same.
pub fn by_the_last_handle_inside_the_run(inside: &Tally) {
    let slot: Arc<Mutex<Option<Throttled>>> = Arc::default();
    let dropped = Arc::new(AtomicBool::new(false));
    let (taken, was_dropped) = (Arc::clone(&slot), Arc::clone(&dropped));
    let (throttled, background) = Background::start_with(
        Duration::ZERO,
        |builder| builder,
        move |_| {
            let handle = taken.lock().expect("no panic").take();
            was_dropped.fetch_or(handle.is_some(), SeqCst);
            drop(handle);
        },
    );
    let callers = [(); CALLERS].map(|()| {
        let throttled = throttled.clone();
        thread::spawn(move || throttled.trigger().map(|_| ()).expect("a handle is left"))
    });
    *slot.lock().expect("no panic") = Some(throttled.clone());
    drop(throttled);
    for caller in callers {
        caller.join().expect("no panic");
    }
    inside.count_if(dropped.load(SeqCst));
    // The runs may have come too soon to drop it.
    let left = slot.lock().expect("no panic").take();
    drop(left);
    until(|| background.has_ended.load(SeqCst));
}
