//! The task of a [`Throttled`](super::Throttled), which drives its engine: one that is spawned, or a future of the user's.
//!
//! A task can be dropped at any await. What a run was given is then brought home, its calls are left owed, and the throttle
//! ends. The order of these is that of the locals in `Driver::work`: the future of the function is dropped first, then what
//! holds the run, then the engine.

// First on the page.
mod spawn;

mod driver;

use super::engine::{Engine, Next, Started};
use crate::front::asynchronous::Runtime;
use crate::front::asynchronous::until::notified;
use crate::front::failure::{AnyError, Thrown, caught_in_task};
use crate::front::owner::{Shutdown, discard, discard_panics};
use crate::front::payload::{Home, Payload};
use crate::front::wait::Registered;
use core::future::{pending, poll_fn};
use core::pin::pin;
use core::task::Poll;
use std::boxed::Box;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// Drives an engine in a task.
pub(super) struct Driver<P: Payload, R> {
    engine: Engine<P>,
    runtime: Arc<R>,
    /// How many runs in a row may give way to their successors.
    superseding: u32,
    /// How many have.
    superseded: u32,
}

impl<P: Payload, R: Runtime> Driver<P, R> {
    pub(super) fn new(engine: Engine<P>, runtime: Arc<R>, superseding: u32) -> Self {
        Self { engine, runtime, superseding, superseded: 0 }
    }

    /// The life of a task that is spawned.
    async fn work<Fut>(mut self, mut call: impl FnMut(P::Given, &Home<P::Given>) -> Fut)
    where
        Fut: Future<Output = Result<(), AnyError>>,
    {
        let shutdown = loop {
            let (mut running, given) = match self.next().await {
                Ok(next) => next,
                Err(shutdown) => break shutdown,
            };
            let home = running.home.clone();
            let result = self.perform(async { call(given, &home).await }).await;
            if !self.finish(&mut running, result) {
                break Shutdown::Panicked;
            }
        };
        discard_panics(|| drop(call));
        self.end(shutdown);
    }

    /// The life of a future of the user's.
    async fn lend(mut self, mut f: impl AsyncFnMut(&mut P::Given) -> Result<(), AnyError>) {
        let shutdown = loop {
            let (mut running, given) = match self.next().await {
                Ok(next) => next,
                Err(shutdown) => break shutdown,
            };
            let mut lent = Lent { given: Some(given), home: running.home.clone() };
            let result = match &mut lent.given {
                Some(given) => self.perform(async { f(given).await }).await,
                None => None,
            };
            drop(lent);
            if !self.finish(&mut running, result) {
                break Shutdown::Panicked;
            }
        };
        discard_panics(|| drop(f));
        self.end(shutdown);
    }

    /// Waits for the next run that has something to be given. `Err`: how the throttle is to end.
    async fn next(&mut self) -> Result<(Running<P>, P::Given), Shutdown> {
        let shared = Arc::clone(self.engine.shared());
        let frame = &shared.frame;
        let _registered = Registered::new(frame.waiters());
        loop {
            let listener = frame.waiting().event().listen();
            // The clock may panic.
            match catch_unwind(AssertUnwindSafe(|| self.engine.look())) {
                Ok(Ok(Next::Perform(mut started))) => {
                    if let Some(given) = self.engine.begin(&mut started) {
                        return Ok((Running::new(started), given));
                    }
                }
                Ok(Ok(Next::End)) => return Err(self.engine.conclude()),
                Ok(Err(deadline)) => notified(listener, &*self.runtime, deadline).await,
                Err(payload) => {
                    discard(payload);
                    return Err(Shutdown::Panicked);
                }
            }
        }
    }

    /// Polls the function to its end. `None`: it has given way to its successor.
    async fn perform(&mut self, f: impl Future<Output = Result<(), AnyError>>) -> Option<Result<(), Thrown>> {
        let shared = Arc::clone(self.engine.shared());
        let frame = &shared.frame;
        if self.superseded >= self.superseding {
            return Some(caught_in_task(|| frame.step_inside(), f).await);
        }
        // In a box, so that it can be dropped inside the run.
        let mut caught = Some(Box::pin(caught_in_task(|| frame.step_inside(), f)));
        let mut successor = pin!(self.successor());
        let result = poll_fn(|cx| {
            if let Some(Poll::Ready(result)) = caught.as_mut().map(|caught| caught.as_mut().poll(cx)) {
                return Poll::Ready(Some(result));
            }
            successor.as_mut().poll(cx).map(|()| None)
        })
        .await;
        let _inside = frame.step_inside();
        discard_panics(|| drop(caught.take()));
        result
    }

    /// Waits until the pending run could start, but for the one in progress.
    // By a `&mut`, because the hooks of the engine are not `Sync`.
    async fn successor(&mut self) {
        let shared = Arc::clone(self.engine.shared());
        let frame = &shared.frame;
        let _registered = Registered::new(frame.waiters());
        loop {
            let listener = frame.waiting().event().listen();
            match catch_unwind(AssertUnwindSafe(|| self.engine.look_for_successor())) {
                Ok(Ok(())) => return,
                Ok(Err(deadline)) => notified(listener, &*self.runtime, deadline).await,
                Err(payload) => {
                    // The run goes on. The next look at the clock, after it, ends all this.
                    discard(payload);
                    pending::<()>().await;
                }
            }
        }
    }

    /// After the function. Returns whether to go on.
    fn finish(&mut self, running: &mut Running<P>, result: Option<Result<(), Thrown>>) -> bool {
        let Some(started) = running.started.take() else { return true };
        let given = running.home.take();
        if let Some(result) = result {
            self.superseded = 0;
            // The clock may panic.
            let finished = catch_unwind(AssertUnwindSafe(|| self.engine.finish(started, given, result)));
            finished.unwrap_or_else(|payload| {
                discard(payload);
                false
            })
        } else {
            self.superseded += 1;
            // The clock may panic: the next look at it ends all this.
            discard_panics(|| self.engine.supersede(started, given));
            true
        }
    }

    /// What the function and the hooks hold is dropped by then: who sees the end finds it free.
    fn end(mut self, shutdown: Shutdown) {
        self.engine.drop_hooks();
        self.engine.end(shutdown);
    }
}

/// A run whose function is being polled. Dropped, it brings home what the function was given.
struct Running<P: Payload> {
    started: Option<Started<P>>,
    home: Home<P::Given>,
}

impl<P: Payload> Running<P> {
    fn new(started: Started<P>) -> Self {
        Self { home: Home::new(started.followed()), started: Some(started) }
    }
}

impl<P: Payload> Drop for Running<P> {
    fn drop(&mut self) {
        if let Some(mut started) = self.started.take() {
            started.bring_home(self.home.take());
        }
    }
}

/// What a function borrows. It goes home when this is dropped, in the middle of a run as well.
struct Lent<G> {
    given: Option<G>,
    home: Home<G>,
}

impl<G> Drop for Lent<G> {
    fn drop(&mut self) {
        if let Some(given) = self.given.take() {
            self.home.keep(given);
        }
    }
}
