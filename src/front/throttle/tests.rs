//! What cannot be seen from outside of a throttle.

use super::*;
use crate::clock::Manual;
use crate::front::wait::Turn;
use crate::front::wait::WaitError;
use crate::gate::{Arrival, Fired};
use crate::sync::Ordering;
use crate::time::Timestamp;

#[test]
fn whoever_has_waited_is_counted_no_more() {
    let throttle = Throttle::with_clock(Duration::from_secs(1), Manual::new(Timestamp::from_nanos(1)));
    assert!(throttle.try_run(|| ()).is_ok());
    let Arrival::Defer(deferral) = throttle.core.gate.arrive(throttle.core.clock.now()) else {
        panic!("closed")
    };
    let covered =
        throttle.core.waiting().for_cover(&throttle.core.gate, deferral.epoch(), Some(Timestamp::ZERO));
    assert_eq!(covered, Err(WaitError::TimedOut));
    let never = |deferral, _| Err::<(), _>(Fired::Busy(deferral));
    let turn = throttle.core.waiting().for_turn(deferral, Some(Timestamp::ZERO), never, || ());
    assert!(matches!(turn, Turn::Owed));
    let waiters = throttle.core.waiters.load(Ordering::Relaxed);
    assert_eq!(waiters, 0);
}
