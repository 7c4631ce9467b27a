//! Thresholds of single keys, and changes of them.

use super::subject::{Seen, runtime};
use super::support::{SECOND, at};
use atomic_throttle::{KeyedThrottled, Threshold};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::time::Duration;

#[test]
fn each_key_has_its_own() {
    let (runtime, seen) = (runtime(), Seen::new());
    let inside = seen.clone();
    let save = KeyedThrottled::<&str>::builder(SECOND)
        .threshold_of(|key: &&str| Threshold::new(SECOND * u32::try_from(key.len()).unwrap()))
        .spawn_on(runtime.clone(), async move |key: &'static str| inside.add(key, ()))
        .unwrap();
    for second in 1..=7 {
        runtime.clock().set(at(second));
        save.trigger(&"aa").unwrap();
        save.trigger(&"bbb").unwrap();
        runtime.poll(0);
        let expected: &[_] = match second {
            1 | 7 => &[("aa", ()), ("bbb", ())],
            3 | 5 => &[("aa", ())],
            4 => &[("bbb", ())],
            _ => &[],
        };
        let mut runs = seen.take();
        runs.sort_unstable();
        assert_eq!(runs, expected, "G1, G5: at {second}");
    }
    assert_eq!(save.snapshot(&"bbb").unwrap().threshold, Threshold::new(SECOND * 3));
}

#[test]
fn a_change_re_times_what_is_pending() {
    let (runtime, seen, seconds) = (runtime(), Seen::new(), Arc::new(AtomicU64::new(100)));
    let (inside, of_key) = (seen.clone(), Arc::clone(&seconds));
    let save = KeyedThrottled::<&str>::builder(SECOND)
        .threshold_of(move |_: &&str| Threshold::new(Duration::from_secs(of_key.load(SeqCst))))
        .spawn_on(runtime.clone(), async move |key: &'static str| inside.add(key, ()))
        .unwrap();
    for _ in 0..2 {
        save.trigger(&"a").unwrap();
        runtime.poll(0);
    }
    assert_eq!(seen.take(), [("a", ())]);
    runtime.clock().set(at(3));
    seconds.store(2, SeqCst);
    runtime.poll(0);
    assert_eq!(seen.take(), [], "nobody has said that it has changed");
    save.retime();
    runtime.poll(0);
    assert_eq!(seen.take(), [("a", ())]);
    // Longer again.
    save.trigger(&"a").unwrap();
    runtime.poll(0);
    seconds.store(10, SeqCst);
    save.retime();
    runtime.clock().set(at(5));
    runtime.poll(0);
    assert_eq!(seen.take(), []);
    runtime.clock().set(at(13));
    runtime.poll(0);
    assert_eq!(seen.take(), [("a", ())]);
}

/// No key is evicted before the longest threshold is over, so no other one has to wait for what was forgotten.
#[test]
fn keys_are_kept_for_the_longest() {
    let runtime = runtime();
    let save = KeyedThrottled::<&str>::builder(SECOND)
        .threshold_of(|key: &&str| Threshold::new(if *key == "long" { SECOND * 100 } else { SECOND }))
        .spawn_on(runtime.clone(), async |_: &str| ())
        .unwrap();
    save.trigger(&"short").unwrap();
    save.trigger(&"long").unwrap();
    runtime.poll(0);
    runtime.clock().set(at(50));
    assert_eq!((save.evict(), save.len()), (0, 2));
    runtime.clock().set(at(102));
    assert_eq!((save.evict(), save.len()), (2, 0));
}
