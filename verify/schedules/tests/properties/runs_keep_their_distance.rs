//! G1: two runs start at least one threshold apart, by their stamps.

use super::{CALLERS, WINDOW, end_the_window, throttle, was_deferred};
use schedules::Tally;
use shuttle::thread;
use std::sync::Mutex;

pub fn leading_or_trailing(deferred: &Tally) {
    let throttle = throttle(WINDOW);
    let latest = Mutex::new(None);
    let function = || {
        let stamp = throttle.snapshot().last_run_at.expect("this is a run");
        let before = latest.lock().expect("no panic").replace(stamp);
        if let Some(before) = before {
            assert!(stamp >= before.saturating_add(WINDOW), "G1: {before:?} and then {stamp:?}");
        }
    };
    thread::scope(|scope| {
        for caller in 0..CALLERS {
            let (throttle, function) = (&throttle, &function);
            scope.spawn(move || {
                for _ in 0..2 {
                    let ran = if caller == 0 {
                        throttle.try_run(function).is_ok()
                    } else {
                        let outcome = throttle.run(function);
                        deferred.count_if(was_deferred(&outcome));
                        outcome.ran()
                    };
                    if ran {
                        end_the_window(throttle);
                    }
                }
            });
        }
    });
}
