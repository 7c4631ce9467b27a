//! Calls that were cancelled, and that a later run of their key covers all the same.

use atomic_throttle::{KeyedThrottled, OnDrop, Pending, Retry, WaitError};
use std::sync::mpsc;
use std::time::Duration;

const LONG: Duration = Duration::from_secs(3600);

#[test]
fn a_call_whose_failed_run_was_cancelled_waits_for_the_end_of_the_run_that_covers_it() {
    let (entered, entering) = mpsc::channel();
    let (let_go, leave) = mpsc::channel::<Result<(), &str>>();
    let builder = KeyedThrottled::<u8>::builder(Duration::ZERO).retry(Retry::by(|_, _| Some(LONG)));
    // A failed assertion must not wait for a run that nobody lets go.
    let builder = builder.on_drop(OnDrop::Detach);
    let throttled = builder.spawn(move |_| {
        entered.send(()).unwrap();
        leave.recv().unwrap()
    });
    let throttled = throttled.unwrap();
    let first = throttled.trigger(&1).unwrap();
    entering.recv().unwrap();
    let_go.send(Err("it fails")).unwrap();
    // It is tried again, in an hour.
    while !throttled.is_pending(&1) {
        std::thread::yield_now();
    }
    assert!(throttled.cancel(&1));
    assert_eq!(first.wait_for(Duration::ZERO), Err(WaitError::Cancelled));
    let second = throttled.trigger(&1).unwrap();
    entering.recv().unwrap();
    assert_eq!(first.wait_for(Duration::ZERO), Err(WaitError::TimedOut), "the run that covers it goes on");
    assert_eq!(second.wait_for(Duration::ZERO), Err(WaitError::TimedOut));
    let_go.send(Ok(())).unwrap();
    assert_eq!((second.wait(), first.wait()), (Ok(()), Ok(())));
    throttled.shutdown(Pending::Finish).wait().unwrap();
}
