//! Faults that were reported of other throttles, one test each.

use super::calls::{Starts, WINDOW, millis};
use super::data::Data;
use super::paused;
use atomic_throttle::AsyncThrottle;
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::{advance, sleep};

#[test]
fn an_event_during_a_run_is_not_lost() {
    paused(async {
        let (throttle, data) = (AsyncThrottle::new(WINDOW), Data::default());
        let (end, ended) = oneshot::channel();
        let reading = data.clone();
        throttle
            .trigger(async move || {
                reading.read();
                ended.await.unwrap();
            })
            .unwrap();
        sleep(WINDOW * 2).await;
        data.write(1);
        throttle.trigger(data.reader()).unwrap();
        end.send(()).unwrap();
        assert_eq!(throttle.all().await, Ok(()));
        assert_eq!(data.seen(), [0, 1]);
    });
}

#[test]
fn a_leading_run_right_after_a_trailing_one_keeps_the_gap() {
    paused(async {
        let (throttle, starts) = (AsyncThrottle::new(WINDOW), Starts::new());
        throttle.trigger(starts.noting()).unwrap();
        throttle.trigger(starts.noting()).unwrap();
        assert_eq!(throttle.all().await, Ok(()));
        advance(millis(1)).await;
        throttle.trigger(starts.noting()).unwrap();
        assert_eq!(throttle.all().await, Ok(()));
        assert_eq!(starts.all(), [Duration::ZERO, WINDOW, WINDOW * 2]);
    });
}

#[test]
fn a_cancel_keeps_the_window() {
    paused(async {
        let (throttle, starts) = (AsyncThrottle::new(WINDOW), Starts::new());
        assert!(throttle.run(starts.noting()).await.unwrap().ran());
        throttle.trigger(starts.noting()).unwrap();
        assert!(throttle.cancel());
        advance(millis(1)).await;
        throttle.trigger(starts.noting()).unwrap();
        assert_eq!(throttle.all().await, Ok(()));
        assert_eq!(starts.all(), [Duration::ZERO, WINDOW]);
    });
}

#[test]
fn a_panic_on_the_leading_edge_leaves_it_alive() {
    paused(async {
        let (throttle, starts) = (AsyncThrottle::new(WINDOW), Starts::new());
        throttle.trigger(async || std::panic::resume_unwind(Box::new("on purpose"))).unwrap();
        throttle.trigger(starts.noting()).unwrap();
        assert_eq!(throttle.all().await, Ok(()));
        assert_eq!(starts.all(), [WINDOW]);
    });
}

#[test]
fn handles_dropped_during_a_run_and_before_one_lose_nothing() {
    paused(async {
        let data = Data::default();
        let throttle = AsyncThrottle::new(WINDOW);
        throttle.trigger(data.reader()).unwrap();
        data.write(1);
        throttle.trigger(data.reader()).unwrap();
        drop(throttle);
        sleep(WINDOW).await;
        sleep(millis(1)).await;
        assert_eq!(data.seen(), [1, 1]);
    });
}

#[test]
fn two_throttles_on_one_runtime_do_not_hold_up_each_other() {
    paused(async {
        let (one, other, starts) =
            (AsyncThrottle::new(WINDOW), AsyncThrottle::new(WINDOW / 2), Starts::new());
        one.trigger(std::future::pending::<()>).unwrap();
        other.trigger(starts.noting()).unwrap();
        other.trigger(starts.noting()).unwrap();
        assert_eq!(other.all().await, Ok(()));
        assert_eq!(starts.all(), [Duration::ZERO, WINDOW / 2]);
    });
}
