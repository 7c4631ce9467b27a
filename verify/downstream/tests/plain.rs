//! The same crate on std's atomics, as it is used. `cargo test --manifest-path verify/downstream/Cargo.toml` runs
//! it from another folder, where cargo does not find the flags.
#![cfg(not(atomic_throttle_loom))]

use atomic_throttle::{Manual, Throttle, Timestamp};
use downstream::{Settings, Store};
use std::sync::Mutex;
use std::thread;
use std::time::Duration;
use watchdog as _;

#[derive(Default)]
struct Saved(Mutex<Vec<u64>>);

impl Store for Saved {
    fn save(&self, version: u64) {
        self.0.lock().expect("no panic").push(version);
    }
}

#[test]
fn changes_in_one_window_are_saved_together() {
    let clock = Manual::new(Timestamp::from_nanos(1));
    let throttle = Throttle::with_clock(Duration::from_secs(1), clock);
    let settings = Settings::new(throttle, Saved::default());
    assert!(settings.changed());
    thread::scope(|scope| {
        scope.spawn(|| assert!(settings.changed()));
        while !settings.saving().is_pending() {
            thread::yield_now();
        }
        assert!(settings.changed());
        settings.wait_no_more();
    });
    assert_eq!(*settings.store().0.lock().expect("no panic"), [1, 3]);
}
