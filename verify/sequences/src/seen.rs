//! What a front end shows, in the words of the model.

use atomic_throttle::Snapshot;
use reference::{Model, shipped};

pub fn decode(seen: &Snapshot) -> Model {
    shipped::shown(seen.threshold, seen.epoch, seen.running, seen.deferral)
}
