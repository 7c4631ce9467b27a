//! A [`Throttled`]: its thread owns every deferral, and all waiters wait by tickets.

use super::station::{DAY, Held, Platform, Release, Station, unlike};
use super::{Begin, OWNER};
use atomic_throttle::{Pending, Throttled};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

pub(super) struct Background {
    throttle: Throttled,
    held: Arc<Held>,
}

impl Background {
    pub(super) fn new(waiters: usize, stop: &Arc<AtomicBool>, begin: &Begin) -> Result<Self, String> {
        let held = Arc::new(Held::new(Platform::new(waiters, waiters, stop)));
        let (of_run, mut begin) = (Arc::clone(&held), Some(Arc::clone(begin)));
        let perform = move || {
            if let Some(begin) = begin.take() {
                begin();
            }
            of_run.perform();
        };
        let throttle = Throttled::builder(DAY)
            .name(OWNER)
            .pending_on_drop(Pending::Discard)
            .spawn(perform)
            .map_err(|why| why.to_string())?;
        // A window is in progress from the first round on.
        throttle.trigger().map_err(|why| why.to_string())?.wait().map_err(|why| why.to_string())?;
        Ok(Self { throttle, held })
    }
}

impl Station for Background {
    fn name(&self) -> &'static str {
        "Throttled"
    }

    fn wait(&self, _: u64, release: Release) -> Result<(), String> {
        let ticket = self.throttle.trigger().map_err(|why| unlike(release, why))?;
        self.held.platform.waits();
        let ended = ticket.wait();
        if ended == release.ends() { Ok(()) } else { Err(unlike(release, ended)) }
    }

    fn conduct(&self, _: u64, release: Release) -> Result<(), String> {
        let Self { throttle, held } = self;
        throttle.set_threshold(release.threshold());
        if let Release::Finish(_) = release {
            held.hold();
            // Only this call can wake the thread.
            return throttle.trigger().map(|_| ()).map_err(|why| unlike(release, why));
        }
        held.platform.gather(|| true);
        match release {
            Release::Flush => throttle.flush().map(|_| ()).map_err(|why| unlike(release, why)),
            Release::Cancel if throttle.cancel() => Ok(()),
            Release::Cancel => Err(unlike(release, "nothing: no run was pending")),
            Release::Threshold | Release::Finish(_) => {
                throttle.set_threshold(Duration::ZERO);
                Ok(())
            }
        }
    }

    fn platform(&self) -> &Platform {
        &self.held.platform
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
