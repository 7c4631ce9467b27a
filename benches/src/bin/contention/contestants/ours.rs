//! The library's own calls, on any clock.

use super::{Contestant, Role, peers};
use crate::scenario::Runs;
use crate::subject::{Prepared, subject};
use atomic_throttle::{Clock, Pending, Throttle, Throttled};
use benches::Padded;
use benches::promises::Promises;
use measure_options::contention::Scenario;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// `Throttle::try_run`: at once or not at all.
pub fn try_run<C: Clock + Send + Sync + 'static>(
    name: &'static str,
    note: &'static str,
    promises: Promises,
    clock: fn() -> C,
) -> Contestant {
    // During a run it does not wait.
    let gate = peers::gate(
        name,
        note,
        promises,
        Runs::Alone,
        move |threshold| Throttle::with_clock(threshold, clock()),
        |throttle| throttle.try_run(|| ()).is_ok(),
    );
    Contestant { role: Role::Ours, ..gate }
}

/// `Throttle::run`: both edges.
pub fn run<C: Clock + Send + Sync + 'static>(
    name: &'static str,
    note: &'static str,
    clock: fn() -> C,
) -> Contestant {
    let prepare = move |scenario: Scenario| {
        let throttle = Throttle::with_clock(scenario.threshold(), clock());
        let throttle = Arc::new(Padded(throttle));
        let calls = subject(Arc::clone(&throttle), |throttle| throttle.run(|| ()).ran());
        if scenario == Scenario::Coalesced {
            calls.kept_by(Owner::new(throttle)).still_pending(Throttle::is_pending).ready()
        } else {
            calls.ready()
        }
    };
    Contestant {
        name,
        role: Role::Ours,
        promises: Promises::ALL,
        note,
        runs: Runs::Alone,
        owners_wait: true,
        scenarios: &[Scenario::Coalesced, Scenario::Admitted, Scenario::Window],
        prepare: Box::new(prepare),
    }
}

/// The owner of a deferral, which waits in its call until it is dropped.
struct Owner<C: Clock + Send + Sync + 'static> {
    throttle: Arc<Padded<Throttle<C>>>,
    thread: Option<JoinHandle<()>>,
}

impl<C: Clock + Send + Sync + 'static> Owner<C> {
    fn new(throttle: Arc<Padded<Throttle<C>>>) -> Self {
        assert!(throttle.0.try_run(|| ()).is_ok(), "the first call runs");
        let its = Arc::clone(&throttle);
        let thread = thread::spawn(move || {
            let _ = its.0.run(|| ());
        });
        while !throttle.0.is_pending() {
            assert!(!thread.is_finished(), "the window is closed, so the second call waits");
            thread::yield_now();
        }
        Self { throttle, thread: Some(thread) }
    }
}

impl<C: Clock + Send + Sync + 'static> Drop for Owner<C> {
    fn drop(&mut self) {
        self.throttle.0.cancel();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// `Throttled::trigger`: never waits, and never runs the function itself.
pub fn trigger(name: &'static str, note: &'static str) -> Contestant {
    // No caller runs it. A refused call, which nothing here causes, counts as one that ran; then the figure
    // is refused as well.
    let call = |throttled: &Throttled| throttled.trigger().is_err();
    let prepare = move |scenario| -> Prepared {
        let throttled = spawn(Scenario::threshold(scenario));
        if scenario == Scenario::Coalesced {
            throttled.trigger().expect("it goes on").wait().expect("it completes");
            throttled.trigger().expect("it goes on");
            // The first one ran.
            let calls = subject(Arc::new(Padded(throttled)), call).runs_elsewhere(|it| Some(it.runs() - 1));
            calls.still_pending(Throttled::is_pending).ready()
        } else {
            // The run that was promised to the last calls is counted, too.
            let calls = subject(Arc::new(Padded(throttled)), call);
            calls.runs_elsewhere(|it| it.all().wait().ok().map(|()| it.runs())).ready()
        }
    };
    Contestant {
        name,
        role: Role::Ours,
        promises: Promises::ALL,
        note,
        runs: Runs::Alone,
        owners_wait: false,
        scenarios: &[Scenario::Coalesced, Scenario::Window],
        prepare: Box::new(prepare),
    }
}

fn spawn(threshold: Duration) -> Throttled {
    Throttled::builder(threshold).pending_on_drop(Pending::Discard).spawn(|| ()).expect("a thread")
}
