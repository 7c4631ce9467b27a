//! A runtime whose tasks are polled, and dropped, one by one and by hand.

use atomic_throttle::{AsyncThrottle, Clock, Manual, Moved, NoRuntime, Runtime, Timestamp};
use std::future::pending;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

/// Whether a future was woken since it was last polled.
struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// A future that is polled by hand.
pub struct Driven<T> {
    future: Pin<Box<dyn Future<Output = T> + Send>>,
    woken: Arc<Woken>,
}

impl<T> Driven<T> {
    pub fn new(future: impl Future<Output = T> + Send + 'static) -> Self {
        Self { future: Box::pin(future), woken: Arc::new(Woken(AtomicBool::new(true))) }
    }

    pub fn poll(&mut self) -> Poll<T> {
        self.woken.0.store(false, Ordering::SeqCst);
        let waker = Waker::from(Arc::clone(&self.woken));
        self.future.as_mut().poll(&mut Context::from_waker(&waker))
    }

    pub fn is_woken(&self) -> bool {
        self.woken.0.load(Ordering::SeqCst)
    }
}

#[derive(Clone)]
pub struct ByHand(Arc<Inner>);

struct Inner {
    clock: Manual,
    /// By the order in which they were spawned; `None` once they have ended or were dropped.
    tasks: Mutex<Vec<Option<Driven<()>>>>,
    is_shut_down: AtomicBool,
    /// How many tasks panicked.
    panics: AtomicUsize,
}

impl ByHand {
    pub fn new(now: Timestamp) -> Self {
        let tasks = Mutex::new(Vec::new());
        Self(Arc::new(Inner {
            clock: Manual::new(now),
            tasks,
            is_shut_down: AtomicBool::new(false),
            panics: AtomicUsize::new(0),
        }))
    }

    pub fn throttle(&self, threshold: Duration) -> AsyncThrottle<Self> {
        AsyncThrottle::with_runtime(threshold, self.clone())
    }

    pub fn clock(&self) -> &Manual {
        &self.0.clock
    }

    /// The tasks that are alive.
    pub fn tasks(&self) -> Vec<usize> {
        let tasks = self.0.tasks.lock().unwrap();
        tasks.iter().enumerate().filter(|(_, task)| task.is_some()).map(|(id, _)| id).collect()
    }

    fn take(&self, id: usize) -> Option<Driven<()>> {
        self.0.tasks.lock().unwrap()[id].take()
    }

    /// Polls a task, woken or not. Whether it has ended.
    pub fn poll(&self, id: usize) -> bool {
        // Taken out of the list, because the task may spawn others.
        let Some(mut task) = self.take(id) else { return true };
        match catch_unwind(AssertUnwindSafe(|| task.poll())) {
            Ok(Poll::Pending) => self.0.tasks.lock().unwrap()[id] = Some(task),
            // A task that panics is dropped, as tokio does.
            Ok(Poll::Ready(())) => return true,
            Err(_) => {
                self.0.panics.fetch_add(1, Ordering::SeqCst);
                return true;
            }
        }
        false
    }

    /// How many tasks let a panic through to the runtime.
    pub fn panics(&self) -> usize {
        self.0.panics.load(Ordering::SeqCst)
    }

    /// Polls those that were woken, until there are none.
    pub fn settle(&self) {
        while let Some(id) = self.woken() {
            self.poll(id);
        }
    }

    /// The first one that was woken.
    pub fn woken(&self) -> Option<usize> {
        let tasks = self.0.tasks.lock().unwrap();
        tasks.iter().position(|task| task.as_ref().is_some_and(Driven::is_woken))
    }

    pub fn drop_task(&self, id: usize) {
        drop(self.take(id));
    }

    /// Drops all tasks, and each that is spawned from now on.
    pub fn shut_down(&self) {
        self.0.is_shut_down.store(true, Ordering::SeqCst);
        for id in self.tasks() {
            self.drop_task(id);
        }
    }

    pub fn start_again(&self) {
        self.0.is_shut_down.store(false, Ordering::SeqCst);
    }
}

impl Clock for ByHand {
    fn now(&self) -> Timestamp {
        self.0.clock.now()
    }

    fn moved(&self) -> Option<&Moved> {
        self.0.clock.moved()
    }
}

impl Runtime for ByHand {
    fn sleep_until(&self, _: Timestamp) -> impl Future<Output = ()> + Send + 'static {
        // Waiting threads and tasks notice each move of the clock, and must not ask for this.
        pending()
    }

    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) -> Result<(), NoRuntime> {
        if !self.0.is_shut_down.load(Ordering::SeqCst) {
            self.0.tasks.lock().unwrap().push(Some(Driven::new(task)));
        }
        Ok(())
    }
}
