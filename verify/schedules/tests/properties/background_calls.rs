//! G3 and G5: every call of a background throttle is covered, and a thread that waits for it is woken. The
//! clock stands still, so each wake-up comes from the throttle alone.

use super::background::{Background, is_idle};
use super::witness::{CALLS, Coverage};
use super::{CALLERS, WINDOW};
use crate::subject::{NotFlushed, Pending, Shutdown, WaitError};
use schedules::Tally;
use shuttle::thread;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

/// Four threads call and wait, without a threshold.
pub fn are_covered(coalesced: &Tally) {
    let (throttled, background) = Background::start(Duration::ZERO);
    thread::scope(|scope| {
        for caller in 0..CALLERS {
            let (throttled, background) = (&throttled, &background);
            scope.spawn(move || {
                for number in (0..CALLS).map(|call| Coverage::number(caller, call)) {
                    background.coverage.leave_word(number);
                    let call = throttled.trigger().expect("it goes on");
                    let waited = if caller % 2 == 0 { call.wait() } else { throttled.all().wait() };
                    assert_eq!(waited, Ok(()), "G3: nobody cancels, and nothing panics");
                    assert!(background.coverage.covers(number), "G3: the run missed a call");
                }
            });
        }
    });
    assert_eq!(throttled.shutdown(Pending::Finish).wait(), Ok(Shutdown::Idle));
    background.assert_counts(&throttled);
    coalesced.count_if(throttled.runs() < 8);
}

/// One run is pending inside the window; three threads flush it and one gives it up: exactly one of them
/// does.
pub fn are_flushed_once(cancelled: &Tally) {
    let (throttled, background) = Background::start(WINDOW);
    assert_eq!(throttled.trigger().expect("it goes on").wait(), Ok(()));
    background.coverage.leave_word(0);
    let pending = throttled.trigger().expect("it goes on");
    let (flushes, cancels) = (AtomicUsize::new(0), AtomicUsize::new(0));
    thread::scope(|scope| {
        for _ in 1..CALLERS {
            scope.spawn(|| match throttled.flush() {
                Ok(_) => {
                    flushes.fetch_add(1, SeqCst);
                }
                Err(why) => assert!(matches!(why, NotFlushed::Running | NotFlushed::NothingPending)),
            });
        }
        scope.spawn(|| {
            let was_cancelled = throttled.cancel();
            cancels.fetch_add(usize::from(was_cancelled), SeqCst);
            let expected = if was_cancelled { Err(WaitError::Cancelled) } else { Ok(()) };
            assert_eq!(pending.wait(), expected, "G4: who ended the pending run");
        });
    });
    let (flushes, cancels) = (flushes.into_inner(), cancels.into_inner());
    assert_eq!(flushes + cancels, 1, "G4: one deferral ended twice, or never");
    assert_eq!(throttled.shutdown(Pending::Finish).wait(), Ok(Shutdown::Idle));
    assert_eq!(throttled.runs(), 1 + u64::try_from(flushes).expect("a few"));
    assert_eq!(background.coverage.covers(0), flushes == 1, "G3: the run missed a call");
    background.assert_counts(&throttled);
    cancelled.count_if(cancels == 1);
}

/// Three threads wait inside a window for a run that another one brings about.
fn wait_inside_the_window(
    disturb: fn(&Background, &crate::subject::Throttled),
    expected: &Result<(), WaitError>,
) {
    let (throttled, background) = Background::start(WINDOW);
    assert_eq!(throttled.trigger().expect("it goes on").wait(), Ok(()));
    let pending = throttled.trigger().expect("it goes on");
    thread::scope(|scope| {
        for _ in 1..CALLERS {
            scope.spawn(|| assert_eq!(pending.wait(), *expected));
        }
        disturb(&background, &throttled);
    });
    assert_eq!(throttled.shutdown(Pending::Finish).wait(), Ok(Shutdown::Idle));
    assert!(is_idle(&throttled), "wedged");
    assert_eq!(throttled.runs(), 1 + u64::from(expected.is_ok()));
}

pub fn are_woken_by_the_clock(woken: &Tally) {
    wait_inside_the_window(
        |background, _| {
            background.clock.advance(WINDOW);
        },
        &Ok(()),
    );
    woken.count();
}

pub fn are_woken_by_a_shorter_threshold(woken: &Tally) {
    wait_inside_the_window(|_, throttled| throttled.set_threshold(Duration::ZERO), &Ok(()));
    woken.count();
}

pub fn are_woken_by_a_cancel(woken: &Tally) {
    wait_inside_the_window(|_, throttled| assert!(throttled.cancel()), &Err(WaitError::Cancelled));
    woken.count();
}

pub fn are_woken_by_a_flush(woken: &Tally) {
    wait_inside_the_window(|_, throttled| assert_eq!(throttled.flush().map(drop), Ok(())), &Ok(()));
    woken.count();
}

/// A run that waits for itself is refused, while others wait for it.
pub fn inside_the_run_do_not_wait(refused: &Tally) {
    let counted = refused.clone();
    let (throttled, background) = Background::start_with(
        Duration::ZERO,
        |builder| builder,
        move |background| {
            let Some(itself) = background.itself() else { return };
            assert_eq!(itself.all().wait(), Err(WaitError::InsideRun));
            assert_eq!(itself.flush().map(drop), Err(NotFlushed::Running));
            counted.count();
        },
    );
    let throttled = Arc::new(throttled);
    let others = [(); CALLERS].map(|()| {
        let throttled = Arc::clone(&throttled);
        thread::spawn(move || assert_eq!(throttled.trigger().expect("it goes on").wait(), Ok(())))
    });
    for other in others {
        other.join().expect("no panic");
    }
    assert_eq!(throttled.shutdown(Pending::Finish).wait(), Ok(Shutdown::Idle));
    background.assert_counts(&throttled);
}
