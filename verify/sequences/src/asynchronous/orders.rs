//! The functions of the runs do what the driver orders.

use crate::by_hand::ByHand;
use atomic_throttle::AsyncThrottle;
use std::future::poll_fn;
use std::panic::resume_unwind;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};

/// What the function of the run in progress does when it is polled next.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Order {
    Return,
    Panic,
    Trigger,
}

/// What the functions of the runs obey.
#[derive(Clone, Default)]
pub struct Orders(Arc<Mutex<(Option<Order>, Option<Waker>)>>);

impl Orders {
    pub fn give(&self, order: Order) {
        let mut orders = self.0.lock().unwrap();
        orders.0 = Some(order);
        orders.1.take().map(Waker::wake).unwrap_or_default();
    }

    pub fn take(&self) -> Option<Order> {
        self.0.lock().unwrap().0.take()
    }

    pub fn is_given(&self) -> Option<Order> {
        self.0.lock().unwrap().0
    }

    /// What each run does. It is boxed, because it may ask for another of its kind.
    pub fn obey(self, throttle: AsyncThrottle<ByHand>) -> Pin<Box<dyn Future<Output = u32> + Send>> {
        Box::pin(poll_fn(move |cx| {
            loop {
                match self.take() {
                    None => {
                        self.0.lock().unwrap().1 = Some(cx.waker().clone());
                        return Poll::Pending;
                    }
                    Some(Order::Return) => return Poll::Ready(7),
                    Some(Order::Panic) => resume_unwind(Box::new("on purpose")),
                    Some(Order::Trigger) => {
                        let (orders, again) = (self.clone(), throttle.clone());
                        let _ = throttle.trigger(move || orders.obey(again)).unwrap();
                    }
                }
            }
        }))
    }
}
