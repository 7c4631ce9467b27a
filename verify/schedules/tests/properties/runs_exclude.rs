//! G2: runs never overlap, whichever operations start them.

use super::{throttle, witness::Alone};
use crate::subject::{NotFlushed, Refused};
use schedules::Tally;
use shuttle::thread;
use std::time::Duration;

/// The threshold is zero, so that nothing but exclusion keeps the runs apart.
pub fn whatever_starts_them(met: &Tally) {
    let throttle = throttle(Duration::ZERO);
    let alone = Alone::new();
    let function = || drop(alone.enter());
    thread::scope(|scope| {
        scope.spawn(|| {
            let _ = throttle.run(function);
            let _ = throttle.run(function);
        });
        scope.spawn(|| {
            met.count_if(throttle.try_run(function) == Err(Refused::Running));
            let _ = throttle.run(function);
        });
        scope.spawn(|| {
            let _ = throttle.run_within(Duration::ZERO, function);
            met.count_if(throttle.flush(function) == Err(NotFlushed::Running));
        });
        scope.spawn(|| {
            met.count_if(throttle.flush(function) == Err(NotFlushed::Running));
            let _ = throttle.try_run(function);
        });
    });
    let seen = throttle.snapshot();
    assert!(!seen.running && seen.next_run_at.is_none());
}
