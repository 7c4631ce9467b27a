//! If the clock of the register goes back by an hour, nothing is delayed by an hour.

use atomic_throttle::lease::{self, Lease, Policy};
use atomic_throttle::{Threshold, Timestamp};
use atomic_throttle_cluster::course::{Act, Course, Wait};
use atomic_throttle_cluster::register::{Mark, Memory, Reading, Register, RegisterError, Swap};
use atomic_throttle_cluster::{Cell, ClusterThrottled};
use std::sync::{Arc, mpsc};
use std::time::Duration;
use watchdog as _;

const THRESHOLD: Duration = Duration::from_millis(100);
const HOUR: Duration = Duration::from_secs(3600);

#[test]
fn one_that_makes_a_run_pending_does_not_wait_for_the_clock_to_catch_up() {
    let policy =
        Policy::new(Threshold::new(THRESHOLD)).with_lease(Lease::try_from(Duration::from_secs(30)).unwrap());
    let now = Timestamp::ZERO.saturating_add(2 * HOUR);
    let before = Timestamp::ZERO.saturating_add(HOUR);
    let local = Timestamp::ZERO;
    let mut course = Course::new(policy, Mark::random(), local);
    let ran = Cell::NEW.arrive(now, policy).0.finish(lease::epoch(now.as_nanos())).0;
    let Act::Swap(step) = course.look(Reading { cell: ran, now, mark: None }, local, Some(1)) else {
        panic!("it makes a run pending")
    };
    let Act::Wait(Wait { now: seen, .. }) = course.moved(step, before, local) else { panic!("it waits") };
    assert!(seen >= now, "it would wait for an hour: {seen:?}");
}

/// Like [`Memory`], but its clock is an hour behind from the first swap on.
#[derive(Debug, Default)]
struct GoesBack(Memory);

impl Register for GoesBack {
    fn read(&self) -> Result<Reading, RegisterError> {
        let reading = self.0.read()?;
        Ok(Reading { now: reading.now.saturating_add(HOUR), ..reading })
    }

    fn compare_and_swap(&self, old: Cell, new: Cell, mark: Mark) -> Result<Swap, RegisterError> {
        self.0.compare_and_swap(old, new, mark)
    }
}

#[test]
fn a_run_is_not_told_more_than_its_lease() {
    let lease = Duration::from_secs(30);
    let (told, left) = mpsc::channel();
    let throttled = ClusterThrottled::builder(THRESHOLD)
        .register(Arc::new(GoesBack::default()))
        .lease(lease)
        .spawn(move |run| told.send(run.lease_left()).unwrap())
        .unwrap();
    throttled.trigger().unwrap();
    assert!(left.recv().unwrap() <= lease);
}
