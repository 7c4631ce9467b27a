//! What holds of the keys of a `Keyed`: four threads that call, evict, panic, and move the clock.

#[path = "keyed/properties.rs"]
mod properties;

mod subject {
    pub use atomic_throttle::{Clock, Keyed, KeyedBuilder, KeyedError, KeyedRun, Manual, Timestamp};
}

use evidence::Guarantee::{G1, G2, G6, G8, G9};
use schedules::hold;
use watchdog as _;

#[test]
fn runs_of_a_key_keep_their_distance() {
    let claim = "4 threads: runs of a key exclude each other and keep their distance, with evictions between";
    hold(&[G1, G2], claim, properties::runs_of_a_key_keep_their_distance);
}

#[test]
fn runs_by_named_thresholds_keep_their_distance() {
    let claim = "4 threads: runs of a key are apart by the threshold that the later call names, with evictions between";
    hold(&[G1, G2], claim, properties::runs_by_named_thresholds_keep_their_distance);
}

#[test]
fn a_longer_threshold_holds_for_a_call_that_waits() {
    let claim = "2 threads: a call that waits for a lock while the threshold becomes longer decides by that";
    hold(&[G1], claim, properties::a_longer_threshold_holds_for_a_call_that_waits);
}

#[test]
fn panics_finish_their_runs() {
    hold(&[G6], "4 threads: a run of a key that panics finishes", properties::panics_finish_their_runs);
}

#[test]
fn the_limit_is_kept() {
    let claim = "4 threads: never more keys than the limit, and idle ones make room";
    hold(&[G8, G9], claim, properties::the_limit_is_kept);
}

#[test]
fn a_longer_threshold_holds_for_a_call_on_a_known_key() {
    let claim = "2 threads: a call on a known key while the threshold becomes longer, and the key runs, decides by that";
    hold(&[G1], claim, properties::a_longer_threshold_holds_for_a_call_on_a_known_key);
}

#[test]
fn a_snapshot_has_the_threshold_of_its_run() {
    let claim = "2 threads: a snapshot shows the window of a run by no threshold from before it";
    hold(&[G8], claim, properties::a_snapshot_has_the_threshold_of_its_run);
}

#[test]
fn a_key_is_kept_for_a_call_that_names_a_threshold() {
    let claim = "2 threads: a key is not evicted in the window by which a call was refused";
    hold(&[G1], claim, properties::a_key_is_kept_for_a_call_that_names_a_threshold);
}

#[test]
fn idle_keys_make_room_for_as_many() {
    let claim = "3 threads: where as many keys are idle as come, none is refused for want of room";
    hold(&[G8, G9], claim, properties::idle_keys_make_room_for_as_many);
}
