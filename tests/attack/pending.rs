//! The same with a trailing edge: a stranger is refused, and what was promised to known keys is kept.

use super::families::FAMILIES;
use super::work::{Key, Seen};
use atomic_throttle::{KeyedThrottled, Manual, NotTaken, Pending, Timestamp};
use evidence::Check;
use evidence::Guarantee::{G3, G8};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);
const MAX: usize = 1000;
const OTHERS: u64 = 100;
const STRANGERS: u64 = 5_000;
/// For an entry, what is kept of a deferral, and the thread's own list, each in tables and lists that may be half
/// empty.
const BYTES: usize = MAX * 300;

#[test]
fn strangers_are_refused_and_pending_runs_of_known_keys_come() {
    let check =
        Check::of(&[G3, G8], "counting: a KeyedThrottled with a limit of 1000 keys under 5000 strangers");
    let mut calls = 0;
    for family in &FAMILIES {
        let clock = Arc::new(Manual::new(Timestamp::from_nanos(1)));
        let of_others = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&of_others);
        let throttled = KeyedThrottled::<Key>::builder(SECOND)
            .clock(Arc::clone(&clock))
            .max_keys(MAX)
            .pending_on_drop(Pending::Discard)
            .spawn(move |key: &Key| {
                counted.fetch_add(u64::from(key.0[1] == u64::MAX), SeqCst);
            })
            .expect("a thread");
        let empty = throttled.allocated_bytes();
        let (mut new, mut known) = (Seen::default(), Seen::default());
        for i in 0..OTHERS {
            assert!(known.note(|| throttled.trigger(&Key([i, u64::MAX])).map(drop)).is_ok());
        }
        assert!(throttled.all().wait().is_ok());
        let mut taken = 0;
        for i in 0..STRANGERS {
            let stranger = Key((family.key)(i));
            let outcome = new.note(|| throttled.trigger(&stranger));
            taken += u64::from(outcome.is_ok());
            assert!(outcome.is_ok() || matches!(outcome, Err(NotTaken::Full { max_keys: MAX, .. })));
            // A run of this key is pending from here on.
            assert!(known.note(|| throttled.trigger(&Key([i % OTHERS, u64::MAX])).map(drop)).is_ok());
            assert!(throttled.len() <= MAX);
        }
        let bytes = throttled.allocated_bytes() - empty;
        assert!(bytes <= BYTES, "{bytes} bytes, at most {BYTES}");
        assert_eq!((taken, throttled.len()), (MAX as u64 - OTHERS, MAX), "{}", family.name);
        assert_eq!(of_others.load(SeqCst), OTHERS, "their windows are not over");
        clock.advance(SECOND);
        assert!(throttled.all().wait().is_ok());
        assert_eq!(of_others.load(SeqCst), 2 * OTHERS, "each pending run came, and no other");
        for seen in [new, known] {
            assert_eq!(seen.is_flat(MAX as u64), Ok(()), "{}", family.name);
        }
        println!("{}: strangers {new:?}, others {known:?}, {bytes} bytes", family.name);
        calls += new.calls + known.calls;
    }
    check.passed(usize::try_from(calls).expect("they are few"), "calls");
}
