//! Keys with a thread: the child does not have it.

use super::support::{SECOND, at, until};
use super::{Finally, held};
use atomic_throttle::{Ended, KeyedThrottled, Manual, NotFlushed, NotTaken, Pending, Threshold, WaitError};
use evidence::Check;
use evidence::Guarantee::G3;
use forked::in_child;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::SeqCst};
use std::time::Duration;
use std::{process, thread};

#[test]
fn a_child_waits_for_no_key() {
    const FORKED: Result<(), NotTaken> = Err(NotTaken::Ended(Ended::Forked));
    let check =
        Check::of(&[G3], "tests: in a forked child no call on a key that is not pending is taken and lost");
    let (keyed, let_go): (KeyedThrottled<String>, _) = held(|clock, mut f| {
        // Where this fails, nothing moves the clock any more.
        let builder = KeyedThrottled::builder(SECOND).clock(clock).pending_on_drop(Pending::Discard);
        builder.spawn(move |_: &String| f()).expect("a thread")
    });
    let weak = keyed.downgrade();
    let mut own = Some(keyed.clone());
    let of_nothing = keyed.all();
    keyed.trigger("a").unwrap();
    until(|| keyed.runs() == 1);
    keyed.trigger("a").unwrap();
    in_child(|| {
        let keyed = own.take().unwrap();
        assert_eq!(keyed.trigger("a").map(drop), Ok(()), "it does not look");
        assert_eq!(of_nothing.wait(), Ok(()), "it was over before the fork");
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
    drop(of_nothing);
    let mut last = Some(keyed);
    in_child(|| drop(last.take()));
    drop(let_go);
    assert!(last.unwrap().shutdown(Pending::Discard).wait().is_ok());
    check.passed(1, "child");
}

/// The thread that is held up.
const SLOW: &str = "slow";

/// Holds up a thread in a comparison of keys, under the locks that it has then.
struct Hold {
    /// Its comparison that is held up, counted down to 1.
    comparisons: AtomicU32,
    is_held_up: AtomicBool,
    goes_on: AtomicBool,
}

impl Hold {
    const fn new() -> Self {
        Self {
            comparisons: AtomicU32::new(u32::MAX),
            is_held_up: AtomicBool::new(false),
            goes_on: AtomicBool::new(false),
        }
    }

    fn compare(&self) {
        if thread::current().name() == Some(SLOW) && self.comparisons.fetch_sub(1, SeqCst) == 1 {
            self.is_held_up.store(true, SeqCst);
            until(|| self.goes_on.load(SeqCst));
        }
    }

    /// Has another thread do this, up to that comparison, and does the rest meanwhile.
    fn meanwhile(&self, comparison: u32, other: impl FnOnce() + Send, rest: impl FnOnce()) {
        thread::scope(|scope| {
            self.comparisons.store(comparison, SeqCst);
            thread::Builder::new().name(SLOW.to_owned()).spawn_scoped(scope, other).expect("a thread");
            let _go_on = Finally(|| self.goes_on.store(true, SeqCst));
            until(|| self.is_held_up.load(SeqCst));
            rest();
        });
    }
}

#[derive(Clone)]
struct Slow(u8, &'static Hold);

impl Eq for Slow {}

impl PartialEq for Slow {
    fn eq(&self, other: &Self) -> bool {
        self.1.compare();
        self.0 == other.0
    }
}

impl std::hash::Hash for Slow {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

#[test]
fn a_child_does_not_wait_for_the_lock_of_a_key() {
    static HOLD: Hold = Hold::new();
    let slow = Slow(0, &HOLD);
    let keyed =
        KeyedThrottled::builder(SECOND).clock(Manual::new(at(1))).spawn(|_: &Slow| ()).expect("a thread");
    keyed.trigger(&slow).unwrap();
    keyed.all().wait().unwrap();
    // The second comparison of a call that is not coalesced is under the lock of a writer.
    let call = || _ = keyed.trigger(&slow);
    HOLD.meanwhile(2, call, || {
        in_child(|| {
            assert_eq!(keyed.trigger(&slow).map(drop), Err(NotTaken::Ended(Ended::Forked)));
            assert!(!keyed.contains(&slow));
        });
    });
    assert!(keyed.shutdown(Pending::Discard).wait().is_ok());
}

/// The function that says the thresholds may wait for a thread of the parent, too.
#[test]
fn a_child_does_not_wait_for_the_lock_of_all_keys() {
    static HOLD: Hold = Hold::new();
    let check = Check::of(&[G3], "tests: a forked child while a thread of its parent flushes a key");
    let parent = process::id();
    let keyed = KeyedThrottled::builder(SECOND)
        .clock(Manual::new(at(1)))
        .shards(2)
        .threshold_of(move |_| {
            assert_eq!(process::id(), parent, "it is not asked in a child");
            Threshold::new(SECOND)
        })
        .pending_on_drop(Pending::Discard)
        .spawn(|_: &Slow| ())
        .expect("a thread");
    // So many that some are in the shard of the first one, and some in the other.
    let [slow, others @ ..] = std::array::from_fn::<_, 40, _>(|name| Slow(name.try_into().unwrap(), &HOLD));
    keyed.trigger(&slow).unwrap();
    keyed.all().wait().unwrap();
    let tickets = others.each_ref().map(|key| keyed.all_of(key));
    keyed.trigger(&slow).unwrap();
    let all = keyed.all();
    // The third comparison of a flush is under both locks.
    let flush = || _ = keyed.flush(&slow);
    HOLD.meanwhile(3, flush, || {
        in_child(|| {
            assert_eq!(
                (all.wait(), all.wait_for(Duration::MAX)),
                (Err(WaitError::Forked), Err(WaitError::Forked))
            );
            for key in &others {
                assert_eq!(keyed.trigger(key).map(drop), Err(NotTaken::Ended(Ended::Forked)));
            }
            assert!(keyed.snapshot(&slow).is_none());
            // Nobody has called: there is nothing to wait for.
            assert!(tickets.iter().all(|ticket| ticket.wait().is_ok()));
        });
    });
    drop(all);
    assert!(keyed.shutdown(Pending::Discard).wait().is_ok());
    check.passed(1, "child");
}
