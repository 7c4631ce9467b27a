//! A runtime of shuttle's, which may drop its tasks.

use atomic_throttle::{Clock, Manual, Moved, NoRuntime, Runtime, Timestamp};
use shuttle::rand::{Rng, thread_rng};
use std::future::{pending, poll_fn};
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

pub const WINDOW: Duration = Duration::from_nanos(10);

/// Shuttle's tasks, on a clock that is moved by hand.
#[derive(Clone)]
pub struct OnShuttle {
    clock: Arc<Manual>,
    drops: Arc<Mutex<Drops>>,
}

impl OnShuttle {
    pub fn new(drops: Drops) -> Self {
        let clock = Arc::new(Manual::new(Timestamp::from_nanos(100)));
        Self { clock, drops: Arc::new(Mutex::new(drops)) }
    }

    /// What becomes of the tasks that are spawned from now on.
    pub fn drop_tasks(&self, drops: Drops) {
        *self.drops.lock().expect("nobody panics with it") = drops;
    }

    pub fn advance(&self, by: Duration) {
        self.clock.advance(by);
    }
}

/// What becomes of the tasks that are spawned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Drops {
    /// Tasks are polled to their end.
    None,
    /// Tasks that have not ended before are dropped at one of their first polls, and their window ends.
    AtAnyPoll,
    /// Tasks are dropped when they have been polled once.
    AtTheSecondPoll,
    /// Tasks are neither polled nor dropped: in a forked child those of the parent are so.
    Never,
}

impl Clock for OnShuttle {
    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    fn moved(&self) -> Option<&Moved> {
        self.clock.moved()
    }
}

impl Runtime for OnShuttle {
    fn sleep_until(&self, _: Timestamp) -> impl Future<Output = ()> + Send + 'static {
        // The throttle hears of each move of the clock.
        pending()
    }

    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) -> Result<(), NoRuntime> {
        let drops = *self.drops.lock().expect("nobody panics with it");
        let mut polls_left = match drops {
            Drops::None => None,
            Drops::Never => {
                std::mem::forget(task);
                return Ok(());
            }
            Drops::AtAnyPoll => Some(thread_rng().gen_range(0..4)),
            Drops::AtTheSecondPoll => Some(1),
        };
        let clock = Arc::clone(&self.clock);
        let mut task = Some(Box::pin(task));
        shuttle::future::spawn(poll_fn(move |cx| {
            if polls_left == Some(0) {
                // A runtime that shuts down does the same.
                task = None;
                if drops == Drops::AtAnyPoll {
                    clock.advance(WINDOW);
                }
                return Poll::Ready(());
            }
            polls_left = polls_left.map(|polls: u32| polls - 1);
            if drops == Drops::AtTheSecondPoll {
                cx.waker().wake_by_ref();
            }
            task.as_mut().map_or(Poll::Ready(()), |task| task.as_mut().poll(cx))
        }));
        Ok(())
    }
}
