//! Keys with a thread: the child does not have it.

use super::support::{SECOND, at, until};
use super::{Finally, held};
use atomic_throttle::{Ended, KeyedThrottled, Manual, NotFlushed, NotTaken, Pending, WaitError};
use evidence::Check;
use evidence::Guarantee::G3;
use forked::in_child;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::SeqCst};
use std::thread;
use std::time::Duration;

#[test]
fn a_child_waits_for_no_key() {
    const FORKED: Result<(), NotTaken> = Err(NotTaken::Ended(Ended::Forked));
    let check =
        Check::of(&[G3], "tests: in a forked child no call on a key that is not pending is taken and lost");
    let (keyed, let_go): (KeyedThrottled<String>, _) = held(|clock, mut f| {
        KeyedThrottled::builder(SECOND).clock(clock).spawn(move |_: &String| f()).expect("a thread")
    });
    let weak = keyed.downgrade();
    let mut own = Some(keyed.clone());
    keyed.trigger("a").unwrap();
    until(|| keyed.runs() == 1);
    keyed.trigger("a").unwrap();
    in_child(|| {
        let keyed = own.take().unwrap();
        assert_eq!(keyed.trigger("a").map(drop), Ok(()), "it does not look");
        assert_eq!((keyed.trigger("b").map(drop), weak.trigger("b")), (FORKED, FORKED));
        assert_eq!((keyed.flush("a").map(drop), keyed.cancel("a")), (Err(NotFlushed::Ended), false));
        assert_eq!(
            (keyed.all().wait(), keyed.all().wait_for(Duration::MAX)),
            (Err(WaitError::Forked), Err(WaitError::Forked))
        );
        assert_eq!(keyed.shutdown(Pending::Discard).wait(), Err(WaitError::Forked));
        assert_eq!(keyed.shutdown(Pending::Discard).wait_for(Duration::MAX), Err(WaitError::Forked));
        assert_eq!((keyed.evict(), keyed.allocated_bytes(), keyed.contains("a")), (0, 0, false));
        keyed.set_threshold(Duration::ZERO);
        drop(weak.upgrade());
    });
    drop(own);
    let mut last = Some(keyed);
    in_child(|| drop(last.take()));
    drop(let_go);
    assert!(last.unwrap().shutdown(Pending::Discard).wait().is_ok());
    check.passed(1, "child");
}

/// A key whose comparison the test can hold up, under the lock of its shard.
#[derive(Clone, Eq)]
struct Slow;

/// The comparison that is held up, counted down to 1.
static COMPARISONS: AtomicU32 = AtomicU32::new(u32::MAX);
static IS_HELD_UP: AtomicBool = AtomicBool::new(false);
static GOES_ON: AtomicBool = AtomicBool::new(false);

impl PartialEq for Slow {
    fn eq(&self, _: &Self) -> bool {
        if COMPARISONS.fetch_sub(1, SeqCst) == 1 {
            IS_HELD_UP.store(true, SeqCst);
            until(|| GOES_ON.load(SeqCst));
        }
        true
    }
}

impl std::hash::Hash for Slow {
    fn hash<H: std::hash::Hasher>(&self, _: &mut H) {}
}

#[test]
fn a_child_does_not_wait_for_the_lock_of_a_key() {
    let keyed =
        KeyedThrottled::builder(SECOND).clock(Manual::new(at(1))).spawn(|_: &Slow| ()).expect("a thread");
    keyed.trigger(&Slow).unwrap();
    keyed.all().wait().unwrap();
    thread::scope(|scope| {
        // The second comparison of a call that is not coalesced is under the lock of a writer.
        COMPARISONS.store(2, SeqCst);
        scope.spawn(|| keyed.trigger(&Slow));
        let _go_on = Finally(|| GOES_ON.store(true, SeqCst));
        until(|| IS_HELD_UP.load(SeqCst));
        in_child(|| {
            assert_eq!(keyed.trigger(&Slow).map(drop), Err(NotTaken::Ended(Ended::Forked)));
            assert!(!keyed.contains(&Slow));
        });
    });
    assert!(keyed.shutdown(Pending::Discard).wait().is_ok());
}
