//! What the tests write before a call, what their runs read, and when.

use atomic_throttle::Timestamp;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

pub const SECOND: Duration = Duration::from_secs(1);

/// The time `seconds` after the origin.
pub fn at(seconds: u64) -> Timestamp {
    Timestamp::ZERO.saturating_add(Duration::from_secs(seconds))
}

/// Goes on at its second poll.
pub async fn yield_once() {
    let mut has_yielded = false;
    std::future::poll_fn(|cx| {
        if std::mem::replace(&mut has_yielded, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// What was written before a call, and what the runs have read of it.
#[derive(Clone, Default)]
pub struct Data(Arc<Mutex<(u32, Vec<u32>)>>);

impl Data {
    pub fn write(&self, value: u32) {
        self.0.lock().unwrap().0 = value;
    }

    /// What a run does.
    pub fn read(&self) {
        let mut data = self.0.lock().unwrap();
        let value = data.0;
        data.1.push(value);
    }

    /// What the runs have read.
    pub fn seen(&self) -> Vec<u32> {
        self.0.lock().unwrap().1.clone()
    }

    /// A function that reads twice, with an await in between, so that its runs have a middle.
    pub fn reader(&self) -> impl FnOnce() -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + 'static {
        let data = self.clone();
        move || {
            Box::pin(async move {
                yield_once().await;
                data.read();
            })
        }
    }
}
