//! Many tasks on many threads, by the real clock. Nothing here depends on how fast anything is.

use super::super::on_threads;
use super::taken;
use atomic_throttle::{AsyncThrottle, Batch, Carried};
use evidence::Check;
use evidence::Guarantee::{G3, G10};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::task::yield_now;

const THRESHOLD: Duration = Duration::from_micros(300);
const TASKS: u64 = 16;
const CALLS: u64 = 500;

/// Has many tasks make many calls, each with its task and its number.
async fn call<F>(call: impl Fn(u64, u64) -> F + Clone + Send + Sync + 'static)
where
    F: Future<Output = ()> + Send,
{
    let calling: Vec<_> = (0..TASKS)
        .map(|task| {
            let call = call.clone();
            tokio::spawn(async move {
                for number in 0..CALLS {
                    call(task, number).await;
                    yield_now().await;
                }
            })
        })
        .collect();
    for task in calling {
        task.await.unwrap();
    }
}

#[test]
fn calls_are_counted_exactly() {
    on_threads(8, async {
        let check =
            Check::of(&[G3, G10], "tokio, 8 threads, real clock: 16 tasks: each call is counted once");
        let (throttle, sum) = (AsyncThrottle::counting(THRESHOLD), Arc::new(AtomicU64::new(0)));
        let (calling, counted) = (throttle.clone(), Arc::clone(&sum));
        call(move |_, number| {
            let (throttle, sum) = (calling.clone(), Arc::clone(&counted));
            async move {
                let adds = async move |calls| {
                    assert!(calls > 0);
                    sum.fetch_add(calls, Ordering::Relaxed);
                };
                if number % 16 == 0 {
                    assert!(throttle.run(adds).await.is_ok());
                } else {
                    throttle.trigger(adds).unwrap();
                }
            }
        })
        .await;
        assert_eq!(throttle.all().await, Ok(()));
        assert_eq!(throttle.outstanding(), 0);
        assert_eq!(sum.load(Ordering::Relaxed), TASKS * CALLS);
        check.passed(usize::try_from(TASKS * CALLS).unwrap(), "calls");
    });
}

#[test]
fn each_value_is_in_one_batch_in_the_order_of_its_task() {
    on_threads(8, async {
        let check =
            Check::of(&[G3, G10], "tokio, 8 threads, real clock: 16 tasks: each value is in one batch");
        let throttle = AsyncThrottle::collecting(THRESHOLD);
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (calling, given) = (throttle.clone(), Arc::clone(&seen));
        call(move |task, number| {
            let (throttle, seen) = (calling.clone(), Arc::clone(&given));
            async move {
                let keeps = async move |mut batch: Carried<Batch<(u64, u64)>>| {
                    yield_now().await;
                    seen.lock().unwrap().extend(batch.drain());
                };
                let ticket = taken(throttle.trigger((task, number), keeps));
                if number % 16 == 0 {
                    assert_eq!(ticket.await, Ok(()));
                }
            }
        })
        .await;
        assert_eq!(throttle.all().await, Ok(()));
        assert_eq!(throttle.take(), []);
        let seen = std::mem::take(&mut *seen.lock().unwrap());
        for task in 0..TASKS {
            let of_task: Vec<_> =
                seen.iter().filter(|(of, _)| *of == task).map(|(_, number)| *number).collect();
            assert_eq!(of_task, (0..CALLS).collect::<Vec<_>>());
        }
        check.passed(seen.len(), "values");
    });
}
