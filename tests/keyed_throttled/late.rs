//! Decisions of a thread that was held up between two readings of the clock: it decides by the time and
//! threshold that the caller had seen, not by those that it read before.

use super::support::{SECOND, at};
use atomic_throttle::{Clock, KeyedThrottled, Manual, Pending, Timestamp};
use std::hash::{Hash, Hasher};
use std::sync::mpsc;
use std::sync::{Arc, Mutex};
use std::thread;

type Spring = Box<dyn FnOnce() + Send>;

/// A key whose drop on the thread does something, once.
struct Trap {
    name: &'static str,
    spring: Arc<Mutex<Option<Spring>>>,
}

impl Clone for Trap {
    fn clone(&self) -> Self {
        Self { name: self.name, spring: Arc::clone(&self.spring) }
    }
}

impl Drop for Trap {
    fn drop(&mut self) {
        if thread::current().name() == Some("trap") {
            let spring = self.spring.lock().unwrap().take();
            if let Some(spring) = spring {
                spring();
            }
        }
    }
}

impl PartialEq for Trap {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Trap {}

impl Hash for Trap {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

fn key(name: &'static str) -> Trap {
    Trap { name, spring: Arc::default() }
}

/// A thread that is held up.
struct Halted {
    throttled: KeyedThrottled<Trap>,
    clock: Arc<Manual>,
    /// Each run, and what the clock reads in it.
    runs: mpsc::Receiver<(&'static str, Timestamp)>,
    go_on: mpsc::Sender<()>,
}

/// A thread that has read 3 s, and the threshold of 1 s, and is then held up: it drops a key that it evicted.
fn halted() -> Halted {
    let clock = Arc::new(Manual::new(at(1)));
    let reads = Arc::clone(&clock);
    let (told, runs) = mpsc::channel();
    let (go, gate) = mpsc::channel::<()>();
    let throttled = KeyedThrottled::<Trap>::builder(SECOND)
        .name("trap")
        .shards(1)
        .clock(Arc::clone(&clock))
        .pending_on_drop(Pending::Discard)
        .spawn(move |key| {
            let _ = told.send((key.name, reads.now()));
            if key.name == "long" {
                gate.recv().unwrap_or(());
            }
        })
        .expect("a thread");
    let trap = key("trap");
    for key in [&trap, &key("a")] {
        assert_eq!((throttled.trigger(key).map(drop), throttled.all().wait()), (Ok(()), Ok(())));
        assert_eq!(runs.recv(), Ok((key.name, at(1))));
    }
    assert_eq!(throttled.trigger(&key("long")).map(drop), Ok(()));
    assert_eq!(runs.recv(), Ok(("long", at(1))));
    clock.set(at(3));
    let (go_on, hold) = mpsc::channel::<()>();
    let (is_there, here) = mpsc::channel();
    *trap.spring.lock().unwrap() = Some(Box::new(move || {
        let _ = is_there.send(());
        hold.recv().unwrap_or(());
    }));
    go.send(()).unwrap();
    here.recv().expect("the thread drops the key");
    Halted { throttled, clock, runs, go_on }
}

#[test]
fn a_run_is_stamped_after_the_call_that_asked_for_it() {
    let Halted { throttled, clock, runs, go_on } = halted();
    clock.set(at(100));
    assert_eq!(throttled.trigger(&key("a")).map(drop), Ok(()));
    go_on.send(()).unwrap();
    assert_eq!(throttled.all().wait(), Ok(()));
    assert_eq!(runs.recv(), Ok(("a", at(100))));
    assert_eq!(throttled.trigger(&key("a")).map(drop), Ok(()));
    assert_eq!(throttled.trigger(&key("marker")).map(drop), Ok(()));
    assert_eq!(runs.recv(), Ok(("marker", at(100))), "two runs of one key, and the clock has not moved");
}

#[test]
fn a_call_after_a_longer_threshold_keeps_to_it() {
    let Halted { throttled, clock, runs, go_on } = halted();
    throttled.set_threshold(SECOND * 1000);
    // It ran at 1 s, and the clock reads 3 s.
    assert_eq!(throttled.trigger(&key("a")).map(drop), Ok(()));
    go_on.send(()).unwrap();
    // The yields give the thread its chance to run the key too soon, and decide nothing.
    (0..10_000).for_each(|_| thread::yield_now());
    clock.set(at(1001));
    assert_eq!(runs.recv(), Ok(("a", at(1001))), "its last run was at 1 s");
}
