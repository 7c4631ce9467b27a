//! The task of a [`KeyedThrottled`](super::KeyedThrottled), which drives its engine and polls the functions of several runs,
//! of as many keys.
//!
//! It can be dropped at any await. What the runs were given is then brought home, their calls are left owed, and the
//! throttle ends. The order of these is that of the locals in `Driver::serve`: the futures of the functions are dropped
//! first, each before what holds its run, and the engine last.

use super::active::Item;
use super::engine::{Engine, Next, Started};
use super::shared::Shared;
use crate::front::asynchronous::Runtime;
use crate::front::asynchronous::until::notified;
use crate::front::failure::{AnyError, Thrown, caught_in_task};
use crate::front::owner::{AnyClock, Shutdown, discard, discard_panics};
use crate::front::payload::{Followed, Home, Payload};
use crate::front::wait::{Registered, Waiting};
use crate::state::State;
use crate::sync::read;
use core::future::poll_fn;
use core::hash::{BuildHasher, Hash};
use core::pin::{Pin, pin};
use core::task::Poll;
use futures_core::Stream;
use futures_util::stream::FuturesUnordered;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// Drives an engine in a task.
pub(super) struct Driver<K: Hash + Eq, P: Payload, S: BuildHasher, R> {
    pub(super) engine: Engine<K, P, S>,
    pub(super) runtime: Arc<R>,
    /// How many runs may be in progress at once.
    pub(super) at_once: usize,
}

/// A run whose function has ended.
struct Performed<K: Hash + Eq, P: Payload, S: BuildHasher> {
    running: Running<K, P, S>,
    result: Result<(), Thrown>,
}

impl<K, P, S, R> Driver<K, P, S, R>
where
    K: Hash + Eq + Send + Sync + 'static,
    P: Payload,
    S: BuildHasher + Send + Sync + 'static,
    R: Runtime,
{
    /// The life of the task.
    pub(super) async fn work<Fut>(mut self, call: impl Fn(&K, P::Given, &Home<P::Given>) -> Fut)
    where
        Fut: Future<Output = Result<(), AnyError>>,
    {
        let shutdown = self.serve(&call).await;
        discard_panics(|| drop(call));
        self.engine.drop_hooks();
        self.engine.end(shutdown);
    }

    async fn serve<Fut>(&mut self, call: &impl Fn(&K, P::Given, &Home<P::Given>) -> Fut) -> Shutdown
    where
        Fut: Future<Output = Result<(), AnyError>>,
    {
        let shared = Arc::clone(self.engine.shared());
        let runtime = Arc::clone(&self.runtime);
        let _registered = Registered::new(shared.waiters());
        let mut runs = FuturesUnordered::new();
        loop {
            let listener = shared.waiting().event().listen();
            // The clock may panic, and what drops a key.
            let looked = catch_unwind(AssertUnwindSafe(|| {
                if runs.len() < self.at_once {
                    return self.engine.look();
                }
                self.engine.look_without_start();
                Err(None)
            }));
            match looked {
                Ok(Ok(Next::Perform(mut started))) => {
                    let Some(given) = self.engine.begin(&mut started) else {
                        if !self.engine.finish(started, None, Ok(())) {
                            return Shutdown::Panicked;
                        }
                        continue;
                    };
                    let mut running = Running::new(started);
                    let inside = shared.step_inside();
                    let called = catch_unwind(AssertUnwindSafe(|| call(running.key(), given, &running.home)));
                    drop(inside);
                    match called {
                        Ok(function) => runs.push(perform(&shared, (function, running))),
                        Err(payload) => {
                            if !self.finish(&mut running, Err(Thrown::Panic(payload))) {
                                return Shutdown::Panicked;
                            }
                        }
                    }
                }
                Ok(Ok(Next::End)) => return self.engine.conclude(),
                Ok(Err(deadline)) => {
                    let performed = next_of(&mut runs, notified(listener, &*runtime, deadline)).await;
                    if let Some(Performed { mut running, result }) = performed {
                        if !self.finish(&mut running, result) {
                            return Shutdown::Panicked;
                        }
                    }
                }
                Err(payload) => {
                    discard(payload);
                    return Shutdown::Panicked;
                }
            }
        }
    }

    /// After the function. Returns whether to go on.
    fn finish(&mut self, running: &mut Running<K, P, S>, result: Result<(), Thrown>) -> bool {
        let Some(started) = running.started.take() else { return true };
        let given = running.home.take();
        // The hooks are the user's, and part of the run.
        let shared = Arc::clone(self.engine.shared());
        let _inside = shared.step_inside();
        // What drops a key may panic.
        let finished = catch_unwind(AssertUnwindSafe(|| self.engine.finish(started, given, result)));
        finished.unwrap_or_else(|payload| {
            discard(payload);
            false
        })
    }
}

/// The next of `runs` that is over; `None` if `wait` is over first.
async fn next_of<F: Future>(
    runs: &mut FuturesUnordered<F>,
    wait: impl Future<Output = ()>,
) -> Option<F::Output> {
    let mut wait = pin!(wait);
    poll_fn(|cx| {
        // Without any it would be over at once.
        if !runs.is_empty() {
            if let Poll::Ready(Some(performed)) = Pin::new(&mut *runs).poll_next(cx) {
                return Poll::Ready(Some(performed));
            }
        }
        wait.as_mut().poll(cx).map(|()| None)
    })
    .await
}

/// Polls the function of a run to its end. Where this is dropped, the function goes before what holds its run: also if it
/// has never been polled, so both come in one value.
async fn perform<K, P, S>(
    shared: &Shared<K, P, S>,
    run: (impl Future<Output = Result<(), AnyError>>, Running<K, P, S>),
) -> Performed<K, P, S>
where
    K: Hash + Eq + Send + Sync + 'static,
    P: Payload,
    S: BuildHasher + Send + Sync + 'static,
{
    let (function, running) = run;
    let result = caught_in_task(|| shared.step_inside(), function).await;
    Performed { running, result }
}

/// A run whose function is being polled. Dropped, it brings home what the function was given.
struct Running<K: Hash + Eq, P: Payload, S: BuildHasher> {
    started: Option<Started<K, P, S>>,
    item: Arc<Item<K>>,
    home: Home<P::Given>,
}

impl<K, P, S> Running<K, P, S>
where
    K: Hash + Eq + Send + Sync + 'static,
    P: Payload,
    S: BuildHasher + Send + Sync + 'static,
{
    fn new(started: Started<K, P, S>) -> Self {
        let item = Arc::clone(started.item());
        let run = RunOfKey { shared: Arc::clone(started.shared()), item: Arc::clone(&item) };
        Self { started: Some(started), item, home: Home::new(Arc::new(run)) }
    }

    fn key(&self) -> &K {
        &self.item.key
    }
}

impl<K: Hash + Eq, P: Payload, S: BuildHasher> Drop for Running<K, P, S> {
    fn drop(&mut self) {
        if let Some(mut started) = self.started.take() {
            started.bring_home(self.home.take());
        }
    }
}

/// Says whether another run of a key is to follow.
struct RunOfKey<K, P: Payload, S> {
    shared: Arc<Shared<K, P, S>>,
    item: Arc<Item<K>>,
}

impl<K, P, S> Followed for RunOfKey<K, P, S>
where
    K: Hash + Eq + Send + Sync,
    P: Payload,
    S: BuildHasher + Send + Sync,
{
    fn is_followed(&self) -> bool {
        let shard = read(self.shared.shards.of(self.item.hash));
        shard.state(&self.item.hashed()).is_some_and(State::is_pending)
    }

    fn waiting(&self) -> Waiting<'_, AnyClock> {
        self.shared.waiting()
    }
}
