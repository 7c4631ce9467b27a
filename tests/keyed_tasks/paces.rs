//! Delay, debounce and enough, each key by itself.

use super::subject::{Seen, runtime};
use super::support::{SECOND, at};
use atomic_throttle::{Batch, Carried, KeyedThrottled};
use std::time::Duration;

#[test]
fn a_delay_is_from_the_first_call_on_its_key() {
    let (runtime, seen) = (runtime(), Seen::new());
    let inside = seen.clone();
    let save = KeyedThrottled::<&str>::builder(Duration::ZERO)
        .delay(SECOND * 3)
        .counting()
        .spawn_on(runtime.clone(), async move |key, calls| inside.add(key, calls))
        .unwrap();
    save.trigger(&"a").unwrap();
    runtime.poll(0);
    runtime.clock().set(at(2));
    save.trigger(&"a").unwrap();
    save.trigger(&"b").unwrap();
    assert_eq!(save.snapshot(&"a").unwrap().next_run_at, Some(at(4)));
    runtime.clock().set(at(4));
    runtime.poll(0);
    assert_eq!(seen.take(), [("a", 2)]);
    runtime.clock().set(at(5));
    runtime.poll(0);
    assert_eq!(seen.take(), [("b", 1)]);
}

#[test]
fn a_debounce_waits_for_quiet_and_not_beyond_its_bound() {
    let (runtime, seen) = (runtime(), Seen::new());
    let inside = seen.clone();
    let save = KeyedThrottled::<&str>::builder(Duration::ZERO)
        .debounce(SECOND * 2, SECOND * 5)
        .counting()
        .spawn_on(runtime.clone(), async move |key, calls| inside.add(key, calls))
        .unwrap();
    save.trigger(&"quiet").unwrap();
    // Calls on this one never stop.
    for second in 1..=6 {
        runtime.clock().set(at(second));
        save.trigger(&"busy").unwrap();
        runtime.poll(0);
        let expected = match second {
            3 => vec![("quiet", 1)],
            6 => vec![("busy", 6)],
            _ => vec![],
        };
        assert_eq!(seen.take(), expected, "at {second}");
    }
}

#[test]
fn enough_ends_a_delay_of_its_key() {
    let (runtime, seen) = (runtime(), Seen::new());
    let inside = seen.clone();
    let insert = KeyedThrottled::<&str>::builder(SECOND)
        .collecting()
        .delay(SECOND * 100)
        .enough(3)
        .spawn_on(runtime.clone(), async move |key, rows: Carried<Batch<u32>>| inside.add(key, rows.len()))
        .unwrap();
    for row in 0..2 {
        insert.trigger(&"a", row).unwrap();
        insert.trigger(&"b", row).unwrap();
    }
    runtime.poll(0);
    assert_eq!(seen.take(), []);
    insert.trigger(&"a", 2).unwrap();
    assert!(runtime.woken().is_some(), "the call that brings enough wakes the owner");
    runtime.poll(0);
    assert_eq!(seen.take(), [("a", 3)]);
    // Never the window.
    for row in 0..3 {
        insert.trigger(&"a", row).unwrap();
    }
    runtime.poll(0);
    assert_eq!(seen.take(), []);
    runtime.clock().set(at(2));
    runtime.poll(0);
    assert_eq!((seen.take(), insert.pending()), (vec![("a", 3)], 1));
    // What was handed over twice is forgotten in the end, and the rest of the delay holds the other key.
    runtime.clock().set(at(101));
    runtime.poll(0);
    assert_eq!((seen.take(), insert.pending()), (vec![("b", 2)], 0));
}
