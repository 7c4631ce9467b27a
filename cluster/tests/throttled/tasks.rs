//! Tickets that are awaited, and such as live on their own.

use crate::failing::{Failing, Fault};
use crate::{LIMIT, THRESHOLD};
use atomic_throttle_cluster::register::Register;
use atomic_throttle_cluster::{ClusterThrottled, OwnedTicket, WaitError};
use futures_lite::future::block_on;
use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::sync::{Arc, Mutex, mpsc};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

type Cover = Pin<Box<dyn Future<Output = Result<(), WaitError>> + Send>>;

/// A throttle whose runs wait for a word each.
fn held() -> (ClusterThrottled, mpsc::Sender<()>) {
    let (go, held) = mpsc::channel();
    let throttled = ClusterThrottled::in_memory(THRESHOLD).spawn(move |_| {
        let _ = held.recv();
    });
    (throttled.unwrap(), go)
}

#[test]
fn a_ticket_is_awaited_until_its_call_is_covered() {
    let (throttled, go) = held();
    let nothing = throttled.all();
    assert!(block_on(nothing.into_future()).is_ok(), "nothing was called");
    let first = throttled.trigger().unwrap();
    let owned: OwnedTicket = first.into_owned();
    let waiting = std::thread::spawn(|| block_on(owned.into_future()));
    go.send(()).unwrap();
    assert!(block_on(first.into_future()).is_ok());
    assert!(waiting.join().unwrap().is_ok() && first.is_covered());
    let second = throttled.trigger().unwrap();
    assert!(!second.is_covered());
    go.send(()).unwrap();
    assert!(block_on(throttled.all().into_future()).is_ok());
    assert!(second.is_covered());
}

#[test]
fn an_owned_ticket_does_not_keep_the_throttle_going() {
    let (throttled, go) = held();
    let ticket = throttled.trigger().unwrap().into_owned();
    go.send(()).unwrap();
    drop(go);
    drop(throttled);
    // The drop has waited for the run.
    assert!(ticket.is_covered() && ticket.wait_for(Duration::ZERO).is_ok());
}

/// Counts how often it is called, and may panic.
struct Counting {
    called: Mutex<u32>,
    panics: bool,
}

impl Wake for Counting {
    fn wake(self: Arc<Self>) {
        *self.called.lock().unwrap() += 1;
        assert!(!self.panics, "on purpose");
    }
}

fn counting(panics: bool) -> (Arc<Counting>, Waker) {
    let counting = Arc::new(Counting { called: Mutex::new(0), panics });
    (Arc::clone(&counting), Waker::from(counting))
}

fn poll(cover: &mut Cover, waker: &Waker) -> Poll<Result<(), WaitError>> {
    cover.as_mut().poll(&mut Context::from_waker(waker))
}

#[test]
fn the_end_wakes_each_task_once_and_a_waker_that_panics_is_no_business_of_the_thread() {
    let register = Arc::new(Failing::default());
    register.set(Some(Fault::Unreachable));
    let throttled = ClusterThrottled::builder(THRESHOLD)
        .register(Arc::clone(&register) as Arc<dyn Register>)
        .spawn(|_| ())
        .unwrap();
    let ticket = throttled.trigger().unwrap().into_owned();
    let (mut one, mut other): (Cover, Cover) = (ticket.clone().into_future(), ticket.into_future());
    let ((panicked, panics), (told, tells)) = (counting(true), counting(false));
    for _ in 0..3 {
        assert!(poll(&mut one, &panics).is_pending() && poll(&mut other, &tells).is_pending());
    }
    assert!(throttled.shutdown(Duration::ZERO).is_err(), "the register is away");
    // It waits for nothing; the thread may take a moment.
    while *told.called.lock().unwrap() == 0 {
        std::thread::yield_now();
    }
    assert!(matches!(poll(&mut one, &panics), Poll::Ready(Err(WaitError::Ended))));
    assert!(matches!(poll(&mut other, &tells), Poll::Ready(Err(WaitError::Ended))));
    let count =
        |counting: &Counting| *counting.called.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    assert_eq!((count(&panicked), count(&told)), (1, 1));
    // The thread has outlived the panic.
    assert!(throttled.shutdown(LIMIT).is_err());
}

#[test]
fn a_run_that_awaits_its_own_end_is_refused() {
    let (tell, told) = mpsc::channel();
    let (hand, handed) = mpsc::channel::<OwnedTicket>();
    let throttled = ClusterThrottled::in_memory(THRESHOLD)
        .spawn(move |_| {
            let ticket = handed.recv().unwrap();
            tell.send(block_on(ticket.into_future())).unwrap();
        })
        .unwrap();
    let ticket = throttled.trigger().unwrap();
    hand.send(ticket.into_owned()).unwrap();
    assert!(matches!(told.recv_timeout(LIMIT), Ok(Err(WaitError::InsideRun))));
    assert!(block_on(ticket.into_future()).is_ok());
}
