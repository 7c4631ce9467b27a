//! Dropping: the future of a caller at every poll, and the tasks of the throttle at every await.

use super::by_hand::{ByHand, Driven};
use super::data::{Data, SECOND, at};
use atomic_throttle::Outcome;
use atomic_throttle::state::DeferralStatus;
use atomic_throttle::{AsyncThrottle, WaitError};
use evidence::Check;
use evidence::Guarantee::{G1, G3, G5, G6};
use std::task::Poll;

/// A throttle, with its runtime and what its runs read.
struct Place {
    runtime: ByHand,
    throttle: AsyncThrottle<ByHand>,
    data: Data,
}

impl Place {
    /// Nothing ran yet.
    fn idle() -> Self {
        let runtime = ByHand::new(at(1));
        Self { throttle: runtime.throttle(SECOND), runtime, data: Data::default() }
    }

    /// In the window of the first run.
    fn closed() -> Self {
        let place = Self::idle();
        place.throttle.trigger(place.data.reader()).unwrap();
        place.runtime.settle();
        assert_eq!(place.data.seen(), [0]);
        place
    }

    /// In the window of the first run, which is still in progress.
    fn busy() -> Self {
        let place = Self::idle();
        place.throttle.trigger(place.data.reader()).unwrap();
        assert!(!place.runtime.poll(0));
        place
    }

    /// In the window of the first run, with another one pending.
    fn pending() -> Self {
        let place = Self::closed();
        place.throttle.trigger(place.data.reader()).unwrap();
        place
    }

    /// What the caller's future is, from here on: it writes first.
    fn run(&self) -> Driven<()> {
        self.data.write(7);
        let (throttle, function) = (self.throttle.clone(), self.data.reader());
        Driven::new(async move {
            if let Outcome::Coalesced(ticket) = throttle.run(function).await.unwrap() {
                ticket.await.unwrap();
            }
        })
    }

    /// One thing more that happens: a task is polled once, or the window ends.
    fn step(&self) {
        for id in self.runtime.tasks() {
            self.runtime.poll(id);
        }
        self.runtime.clock().advance(SECOND / 2);
    }

    fn finish(&self) {
        for _ in 0..4 {
            self.runtime.settle();
            self.runtime.clock().advance(SECOND / 2);
        }
        let seen = self.throttle.snapshot();
        assert!(!seen.running && seen.deferral == DeferralStatus::None, "{seen:?}");
    }
}

/// How often the future can be polled before it ends. It was dropped once after each number of polls.
fn drop_the_caller_at_every_poll(place: fn() -> Place) -> usize {
    for polls in 0.. {
        let place = place();
        let mut run = place.run();
        let has_ended = (0..polls).any(|_| {
            let polled = run.poll();
            place.step();
            polled.is_ready()
        });
        drop(run);
        place.finish();
        // Before its first poll it has asked for nothing.
        let is_covered = place.data.seen().last() == Some(&7);
        assert!(is_covered || polls == 0, "dropped after {polls} polls: {:?}", place.data.seen());
        if has_ended {
            return polls;
        }
    }
    unreachable!("it ends")
}

#[test]
fn a_caller_that_is_dropped_loses_nothing() {
    let claim = "async: the future of a caller dropped at every poll: its call is covered";
    let check = Check::of(&[G3, G6], claim);
    let mut dropped = 0;
    for place in [Place::idle, Place::closed, Place::busy, Place::pending] {
        let polls = drop_the_caller_at_every_poll(place);
        assert!(polls >= 2, "it awaits");
        dropped += polls;
    }
    check.passed(dropped, "cases");
}

/// Drops the task that was spawned last after `polls` polls, with time passing between them. Returns whether
/// the task had ended.
fn drop_the_task(place: &Place, polls: usize) -> bool {
    let id = *place.runtime.tasks().last().expect("it was spawned");
    let has_ended = (0..polls).any(|_| {
        for other in place.runtime.tasks() {
            if other != id {
                place.runtime.poll(other);
            }
        }
        let has_ended = place.runtime.poll(id);
        place.runtime.clock().advance(SECOND / 2);
        has_ended
    });
    place.runtime.drop_task(id);
    has_ended
}

fn poll_once<T: Send + 'static>(future: impl Future<Output = T> + Send + 'static) -> Poll<T> {
    Driven::new(future).poll()
}

/// Whatever the task was about to do is owed, the waiting callers learn of it, and the next call adopts it.
fn drop_the_task_at_every_await(place: fn() -> Place, flushes: bool) -> usize {
    for polls in 0.. {
        let place = place();
        place.data.write(7);
        if flushes {
            place.throttle.flush(place.data.reader()).unwrap();
        } else {
            place.throttle.trigger(place.data.reader()).unwrap();
        }
        let throttle = place.throttle.clone();
        let mut waiting = Driven::new(async move { throttle.all().await });
        assert!(waiting.poll().is_pending());
        let has_ended = drop_the_task(&place, polls);
        assert!(waiting.is_woken());
        if has_ended {
            assert_eq!(waiting.poll(), Poll::Ready(Ok(())));
            assert_eq!(place.data.seen().last(), Some(&7));
            return polls;
        }
        place.runtime.settle();
        let seen = place.throttle.snapshot();
        assert!(seen.is_owed() && !seen.running, "{polls}: {seen:?}");
        assert_eq!(waiting.poll(), Poll::Ready(Err(WaitError::Owed)));
        let throttle = place.throttle.clone();
        assert_eq!(poll_once(async move { throttle.all().await }), Poll::Ready(Err(WaitError::Owed)));

        let stopped = place.throttle.snapshot().last_run_at.unwrap();
        place.throttle.trigger(place.data.reader()).unwrap();
        assert!(!place.throttle.snapshot().is_owed(), "it is adopted");
        place.finish();
        assert_eq!(place.data.seen().last(), Some(&7));
        assert!(place.throttle.snapshot().last_run_at.unwrap().saturating_since(stopped) >= SECOND, "G1");
    }
    unreachable!("it ends")
}

#[test]
fn a_task_that_is_dropped_leaves_its_run_owed() {
    let claim = "async: tasks dropped at every await, and unpolled: owed, told, and adopted";
    let check = Check::of(&[G1, G3, G5, G6], claim);
    let leading = drop_the_task_at_every_await(Place::idle_but_not_at_its_first_run, false);
    let trailing = drop_the_task_at_every_await(Place::closed, false);
    let behind_a_run = drop_the_task_at_every_await(Place::busy, false);
    let flushing = drop_the_task_at_every_await(Place::pending, true);
    assert!(leading >= 2 && trailing >= 4 && behind_a_run >= 4 && flushing >= 2);
    check.passed(leading + trailing + behind_a_run + flushing, "cases");
}

impl Place {
    /// The window of the first run is over.
    fn idle_but_not_at_its_first_run() -> Self {
        let place = Self::closed();
        place.runtime.clock().advance(SECOND);
        place
    }
}

#[test]
fn a_run_that_is_stopped_in_the_middle_leaves_what_is_pending_pending() {
    let place = Place::busy();
    place.throttle.trigger(place.data.reader()).unwrap();
    place.runtime.drop_task(0);
    let seen = place.throttle.snapshot();
    assert!(seen.next_run_at.is_some() && !seen.running);
    let throttle = place.throttle.clone();
    let mut waiting = Driven::new(async move { throttle.all().await });
    assert!(waiting.poll().is_pending());
    place.finish();
    assert_eq!(waiting.poll(), Poll::Ready(Ok(())));
    assert_eq!(place.data.seen(), [0]);
}

/// A caller whose function was dropped with its task gets an answer that fits the state of the throttle.
#[test]
fn a_caller_whose_task_is_dropped_is_told() {
    let run = |place: &Place| {
        let (throttle, function) = (place.throttle.clone(), place.data.reader());
        Driven::new(async move {
            match throttle.run(function).await.unwrap() {
                Outcome::Coalesced(ticket) => ticket.await.map(|()| "covered").unwrap(),
                Outcome::Cancelled => "cancelled",
                Outcome::Owed => "owed",
                Outcome::RanAtOnce(()) | Outcome::RanDeferred(()) => "ran",
            }
        })
    };
    let place = Place::closed();
    let mut caller = run(&place);
    assert!(caller.poll().is_pending());
    place.runtime.shut_down();
    assert_eq!(caller.poll(), Poll::Ready("owed"));
    // A runtime that is shut down drops what is spawned on it.
    let mut caller = run(&place);
    assert_eq!(caller.poll(), Poll::Ready("owed"));

    let place = Place::closed();
    let mut caller = run(&place);
    assert!(caller.poll().is_pending());
    assert!(place.throttle.cancel());
    place.runtime.shut_down();
    assert_eq!(caller.poll(), Poll::Ready("cancelled"));

    let place = Place::closed();
    let mut caller = run(&place);
    assert!(caller.poll().is_pending());
    place.runtime.shut_down();
    place.runtime.start_again();
    place.throttle.trigger(place.data.reader()).unwrap();
    assert!(caller.poll().is_pending(), "somebody has adopted it");
    place.finish();
    assert_eq!(caller.poll(), Poll::Ready("covered"));
}

/// The same while the runtime that shuts down still holds the function of the task.
#[test]
fn a_function_is_dropped_with_its_task_and_before_the_run_has_finished() {
    struct SeesTheRun(AsyncThrottle<ByHand>);
    impl Drop for SeesTheRun {
        fn drop(&mut self) {
            assert!(self.0.snapshot().running, "G2: the run lasts until its future has been dropped");
        }
    }
    let place = Place::idle();
    let sees = SeesTheRun(place.throttle.clone());
    place
        .throttle
        .trigger(async move || {
            let _sees = sees;
            std::future::pending::<()>().await;
        })
        .unwrap();
    place.runtime.settle();
    place.runtime.shut_down();
    let snapshot = place.throttle.snapshot();
    assert!(snapshot.is_owed() && !snapshot.running);
}
