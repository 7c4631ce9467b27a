//! A [`Throttle`]: one of the waiters owns the deferral, the others wait for its run.

use super::station::{DAY, Platform, Release, Station, unlike};
use atomic_throttle::{Outcome, Throttle};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

pub(super) struct Blocking {
    throttle: Throttle,
    platform: Platform,
}

impl Blocking {
    pub(super) fn new(waiters: usize, stop: &Arc<AtomicBool>) -> Self {
        let throttle = Throttle::new(DAY);
        // A window is in progress from the first round on.
        let _ = throttle.run(|| ());
        // The owner waits within its call, and cannot say so.
        Self { throttle, platform: Platform::new(waiters, waiters - 1, stop) }
    }
}

impl Station for Blocking {
    fn name(&self) -> &'static str {
        "Throttle"
    }

    fn wait(&self, _: u64, release: Release) -> Result<(), String> {
        match (self.throttle.run(|| ()), release) {
            (Outcome::Coalesced(covered), _) => {
                self.platform.waits();
                let ended = covered.wait();
                if ended == release.ends() { Ok(()) } else { Err(unlike(release, ended)) }
            }
            (Outcome::Cancelled, Release::Cancel)
            | (Outcome::RanDeferred(()), Release::Finish(_) | Release::Threshold) => Ok(()),
            (outcome, _) => Err(unlike(release, outcome)),
        }
    }

    fn conduct(&self, _: u64, release: Release) -> Result<(), String> {
        let Self { throttle, platform } = self;
        let gather = || platform.gather(|| throttle.is_pending());
        throttle.set_threshold(release.threshold());
        if let Release::Finish(_) = release {
            let outcome = throttle.run(gather);
            return if outcome.ran() { Ok(()) } else { Err(unlike(release, outcome)) };
        }
        gather();
        match release {
            Release::Flush => throttle.flush(|| ()).map_err(|why| unlike(release, why)),
            Release::Cancel if throttle.cancel() => Ok(()),
            Release::Cancel => Err(unlike(release, "nothing: no run was pending")),
            Release::Threshold | Release::Finish(_) => {
                throttle.set_threshold(Duration::ZERO);
                Ok(())
            }
        }
    }

    fn platform(&self) -> &Platform {
        &self.platform
    }

    fn retime(&self) {
        self.throttle.retime();
    }

    fn free(&self) {
        self.throttle.set_threshold(Duration::ZERO);
    }

    fn state(&self) -> String {
        format!("{:?}", self.throttle.snapshot())
    }
}
