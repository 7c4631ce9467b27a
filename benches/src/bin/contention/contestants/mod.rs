//! The contestants. To add one, add a line to [`list`].

mod ours;
pub mod peers;
mod references;

use self::references::limit;
use crate::scenario::Runs;
use crate::subject::Prepared;
#[cfg(target_os = "linux")]
use atomic_throttle::clock::CoarseFirst;
use atomic_throttle::clock::Tsc;
use atomic_throttle::{Clock, Monotonic};
use benches::peers::{Stamp, governor_quanta, governor_std, leaky_bucket, ratelimit};
use benches::promises::Promises;
use measure_options::contention::Scenario;
use std::hint::black_box;
use std::sync::atomic::{Ordering, fence};
use std::time::Instant;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// What a call is made of.
    Limit,
    Ours,
    Peer,
}

pub struct Contestant {
    pub name: &'static str,
    pub role: Role,
    pub promises: Promises,
    /// What else a reader must know about it.
    pub note: &'static str,
    pub runs: Runs,
    /// Whether a call waits for the end of the window, as the owner of a deferral.
    owners_wait: bool,
    scenarios: &'static [Scenario],
    prepare: Box<dyn Fn(Scenario) -> Prepared>,
}

impl Contestant {
    /// Makes a new one and brings it into the state of a scenario.
    pub fn prepare(&self, scenario: Scenario) -> Prepared {
        (self.prepare)(scenario)
    }

    pub fn takes_part(&self, scenario: Scenario) -> bool {
        self.scenarios.contains(&scenario)
    }

    /// How many of its callers always wait for a window to end.
    pub fn waiting(&self, scenario: Scenario) -> usize {
        usize::from(self.owners_wait && scenario == Scenario::Window)
    }
}

/// A value that a limit's word never holds. A decision compares what it loads, so a limit does, too.
const NEVER: u64 = u64::MAX;

/// All of them, in the order of the tables.
pub fn list() -> Vec<Contestant> {
    vec![
        limit("an empty call", "what the measuring itself takes", |_| false),
        limit("relaxed load", "loses updates", |word| word.load(Ordering::Relaxed) == NEVER),
        limit("fence + load", "the least that can promise visibility", |word| {
            fence(Ordering::SeqCst);
            word.load(Ordering::Relaxed) == NEVER
        }),
        limit("CAS", "one try to move a word that all share", |word| {
            let before = word.load(Ordering::Relaxed);
            let tried = word.compare_exchange_weak(before, before + 1, Ordering::Relaxed, Ordering::Relaxed);
            tried == Err(NEVER)
        }),
        limit("Instant::now", "the least that a decision by an ordered clock needs", |_| {
            black_box(Instant::now());
            false
        }),
        ours::run("Throttle::run", "the owner waits in its call", || Monotonic),
        ours::try_run("Throttle::try_run", "", Promises::LEADING, || Monotonic),
        #[cfg(target_os = "linux")]
        ours::try_run(
            "try_run, coarse first",
            "refuses by a clock that lags",
            Promises::LEADING,
            CoarseFirst::new,
        ),
        ours::try_run("try_run, TSC", "on the processor's counter", Promises::UNORDERED_LEADING, || Tsc),
        ours::trigger("Throttled::trigger", "a thread of its own runs the function"),
        peers::leading::<std::sync::Mutex<_>>("std Mutex, leading"),
        peers::leading::<parking_lot::Mutex<_>>("parking_lot, leading"),
        peers::both_edges::<std::sync::Mutex<_>>("std Mutex, both edges"),
        peers::both_edges::<parking_lot::Mutex<_>>("parking_lot, both edges"),
        peers::limiter("governor, std clock", Promises::SPACING, governor_std, |it| it.check().is_ok()),
        peers::limiter("governor, quanta clock", Promises::UNORDERED_SPACING, governor_quanta, |it| {
            it.check().is_ok()
        }),
        peers::limiter("ratelimit", Promises::RATE, ratelimit, |it| it.try_wait().is_ok()),
        peers::limiter("leaky-bucket", Promises::RATE, leaky_bucket, |it| it.try_acquire(1)),
        // It refuses a reading that is older than another thread's.
        peers::gate(
            "abseil-style stamp",
            "decides only, on Monotonic",
            Stamp::PROMISES,
            Runs::Alone,
            Stamp::new,
            |it| it.check(Monotonic.now().as_nanos()),
        ),
        peers::notify("tokio Notify::notify_one"),
        peers::crossbeam_channel("crossbeam channel, full"),
        peers::std_channel("std channel, full"),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn names_tell_contestants_apart() {
        let names: BTreeSet<&str> = list().iter().map(|contestant| contestant.name).collect();
        assert_eq!(names.len(), list().len());
    }

    #[test]
    fn each_scenario_has_its_yardstick_ours_and_peers() {
        for scenario in Scenario::ALL {
            let all = list();
            let here = || all.iter().filter(|contestant| contestant.takes_part(scenario));
            let limits = here().filter(|contestant| contestant.role == Role::Limit);
            assert!(limits.map(|limit| limit.name).any(|name| name == scenario.yardstick()));
            for role in [Role::Ours, Role::Peer] {
                assert!(here().any(|contestant| contestant.role == role), "{scenario:?} {role:?}");
            }
        }
    }
}
