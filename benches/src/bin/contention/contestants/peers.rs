//! What a program would use instead.

use super::{Contestant, Role};
use crate::scenario::Runs;
use crate::subject::{Prepared, subject};
use benches::Padded;
use benches::peers::{Both, BothEdges, Leading, Lock};
use benches::promises::Promises;
use measure_options::contention::Scenario;
use std::pin::pin;
use std::sync::Arc;
use std::sync::mpsc::sync_channel;
use std::time::{Duration, Instant};
use tokio::sync::Notify;

/// At once or not at all: `make` takes the threshold, and `call` returns whether it ran, or was granted.
pub fn gate<T: Send + Sync + 'static>(
    name: &'static str,
    note: &'static str,
    promises: Promises,
    runs: Runs,
    make: impl Fn(Duration) -> T + 'static,
    call: impl Fn(&T) -> bool + Copy + Send + Sync + 'static,
) -> Contestant {
    let prepare = move |scenario| -> Prepared {
        let it = make(Scenario::threshold(scenario));
        if scenario == Scenario::Refused {
            assert!(call(&it), "the first call runs");
        }
        subject(Arc::new(Padded(it)), call).ready()
    };
    Contestant {
        name,
        role: Role::Peer,
        promises,
        note,
        runs,
        owners_wait: false,
        scenarios: &[Scenario::Refused, Scenario::Admitted, Scenario::Window],
        prepare: Box::new(prepare),
    }
}

/// A rate limiter.
pub fn limiter<T: Send + Sync + 'static>(
    name: &'static str,
    promises: Promises,
    make: fn(Duration) -> T,
    call: impl Fn(&T) -> bool + Copy + Send + Sync + 'static,
) -> Contestant {
    gate(name, "decides only", promises, Runs::Always, make, call)
}

/// A leading edge under a mutex.
pub fn leading<M>(name: &'static str) -> Contestant
where
    M: Lock<Option<Instant>> + Send + Sync + 'static,
{
    let call = |gate: &Leading<M>| gate.try_run(|| ()).is_some();
    gate(
        name,
        "a call waits for the run of another",
        Leading::<M>::PROMISES,
        Runs::Always,
        Leading::new,
        call,
    )
}

/// Both edges under a mutex.
pub fn both_edges<M>(name: &'static str) -> Contestant
where
    M: Lock<Both> + Send + Sync + 'static,
    M::Condvar: Send + Sync + 'static,
{
    let prepare = |scenario| {
        let both = BothEdges::<M>::new(Scenario::threshold(scenario));
        if scenario == Scenario::Coalesced {
            both.defer();
        }
        subject(Arc::new(Padded(both)), |both| both.run_or_wait(|| ())).ready()
    };
    Contestant {
        name,
        role: Role::Peer,
        promises: BothEdges::<M>::PROMISES,
        note: "the owner waits in its call",
        runs: Runs::Alone,
        owners_wait: true,
        scenarios: &[Scenario::Coalesced, Scenario::Admitted, Scenario::Window],
        prepare: Box::new(prepare),
    }
}

/// Remembers one request to a worker until the worker looks.
fn waker(
    name: &'static str,
    note: &'static str,
    promises: Promises,
    prepare: fn(Scenario) -> Prepared,
) -> Contestant {
    Contestant {
        name,
        role: Role::Peer,
        promises,
        note,
        runs: Runs::Alone,
        owners_wait: false,
        scenarios: &[Scenario::Coalesced],
        prepare: Box::new(prepare),
    }
}

/// It remembers one request, and wakes no thread while none waits.
pub fn notify(name: &'static str) -> Contestant {
    waker(name, "wakes a task", Promises::WAKE, |_| {
        let notify = Notify::new();
        notify.notify_one();
        let call = |notify: &Notify| {
            notify.notify_one();
            false
        };
        // Whether a worker that asks now would go on at once.
        let pending = |notify: &Notify| pin!(notify.notified()).as_mut().enable();
        subject(Arc::new(Padded(notify)), call).still_pending(pending).ready()
    })
}

/// A channel to a worker, of capacity 1: it is full while a request is pending.
pub fn crossbeam_channel(name: &'static str) -> Contestant {
    waker(name, "wakes a thread", Promises::FULL_CHANNEL, |_| {
        let (sender, receiver) = crossbeam_channel::bounded::<()>(1);
        sender.send(()).expect("the receiver lives");
        let calls = subject(Arc::new(Padded(sender)), |sender| sender.try_send(()).is_ok());
        calls.kept_by(receiver).still_pending(crossbeam_channel::Sender::is_full).ready()
    })
}

/// The same with the channel of the standard library.
pub fn std_channel(name: &'static str) -> Contestant {
    waker(name, "wakes a thread", Promises::FULL_CHANNEL, |_| {
        let (sender, receiver) = sync_channel(1);
        sender.send(()).expect("the receiver lives");
        let calls = subject(Arc::new(Padded(sender)), |sender| sender.try_send(()).is_ok());
        calls.kept_by(receiver).still_pending(|sender| sender.try_send(()).is_err()).ready()
    })
}
