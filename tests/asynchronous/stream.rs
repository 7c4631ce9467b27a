//! The stream adaptor: exact instants on tokio's paused clock, and any timetable against a plain model.

use super::by_hand::{ByHand, Driven};
use super::calls::{WINDOW, millis};
use super::data::at;
use super::paused;
use atomic_throttle::asynchronous::stream::throttle;
use atomic_throttle::{Clock, NoRuntime, Runtime, Timestamp, Tokio};
use evidence::Check;
use evidence::Guarantee::{G1, G3, G5, G6};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use smol::stream::{Stream, StreamExt, iter, unfold};
use std::future::pending;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::Duration;
use tokio::time::{Instant, sleep, sleep_until, timeout};

/// Items, each some time after the one before it; then the end, some time after the last.
#[derive(Clone, Debug)]
struct Timetable {
    /// In milliseconds.
    gaps: Vec<u64>,
    until_the_end: u64,
}

impl Timetable {
    /// The items are their own numbers.
    fn stream(&self) -> impl Stream<Item = usize> + use<> {
        let table = self.clone();
        let mut due = Instant::now();
        unfold(0, move |item| {
            let gap = table.gaps.get(item).copied();
            due += millis(gap.unwrap_or(table.until_the_end));
            async move {
                sleep_until(due).await;
                gap.map(|_| (item, item + 1))
            }
        })
    }

    /// When each item comes, and when the end does.
    fn times(&self) -> (Vec<u64>, u64) {
        let mut time = 0;
        let come = self.gaps.iter().map(|gap| (time += gap, time).1).collect();
        (come, time + self.until_the_end)
    }
}

/// The items with the times at which they were emitted, and the time of the end.
async fn emitted(stream: impl Stream<Item = usize>) -> (Vec<(u64, usize)>, u64) {
    let start = Instant::now();
    let now = || u64::try_from(start.elapsed().as_millis()).unwrap();
    let (mut stream, mut items) = (pin!(stream), Vec::new());
    while let Some(item) = stream.next().await {
        items.push((now(), item));
    }
    assert!(stream.next().await.is_none(), "it has ended for good");
    (items, now())
}

async fn thinned(gaps: &[u64], until_the_end: u64) -> (Vec<(u64, usize)>, u64) {
    let table = Timetable { gaps: gaps.to_vec(), until_the_end };
    emitted(throttle(table.stream(), WINDOW, Tokio::current())).await
}

#[test]
fn the_first_item_at_once_then_the_latest_of_each_window() {
    paused(async {
        assert_eq!(thinned(&[5, 30, 30, 30, 130], 500).await, (vec![(5, 0), (105, 3), (225, 4)], 725));
    });
}

#[test]
fn the_last_item_is_emitted_after_the_stream_has_ended() {
    paused(async {
        assert_eq!(thinned(&[0, 10, 10], 0).await, (vec![(0, 0), (100, 2)], 100));
        assert_eq!(thinned(&[0, 10], 500).await, (vec![(0, 0), (100, 1)], 510));
        assert_eq!(thinned(&[0], 10).await, (vec![(0, 0)], 10));
        assert_eq!(thinned(&[], 7).await, (vec![], 7));
    });
}

#[test]
fn an_item_after_a_trailing_one_keeps_the_gap() {
    paused(async {
        assert_eq!(thinned(&[0, 10, 100], 0).await, (vec![(0, 0), (100, 1), (200, 2)], 200));
    });
}

#[test]
fn whoever_polls_late_gets_the_latest_item_and_the_window_starts_there() {
    paused(async {
        let table = Timetable { gaps: vec![0, 10, 10, 250], until_the_end: 0 };
        let mut stream = pin!(throttle(table.stream(), WINDOW, Tokio::current()));
        let start = Instant::now();
        assert_eq!(stream.next().await, Some(0));
        assert!(timeout(millis(15), stream.next()).await.is_err(), "an item is held back");
        sleep(millis(235)).await;
        assert_eq!((stream.next().await, start.elapsed()), (Some(2), millis(250)));
        assert_eq!((stream.next().await, start.elapsed()), (Some(3), millis(350)));
        assert_eq!(stream.next().await, None);
    });
}

#[test]
fn a_wait_for_the_next_item_that_is_dropped_loses_none() {
    paused(async {
        let table = Timetable { gaps: vec![0, 10, 10], until_the_end: 0 };
        let mut stream = pin!(throttle(table.stream(), WINDOW, Tokio::current()));
        let mut items = Vec::new();
        for _ in 0..50 {
            if let Ok(Some(item)) = timeout(millis(3), stream.next()).await {
                items.push(item);
            }
        }
        assert_eq!(items, [0, 2]);
    });
}

#[test]
fn a_stream_that_is_always_ready_keeps_neither_the_item_nor_the_thread() {
    let runtime = ByHand::new(at(1));
    let endless = throttle(iter(0..), WINDOW, runtime.clone());
    let mut next = Driven::new(async move {
        let mut endless = pin!(endless);
        (endless.next().await, endless.next().await)
    });
    assert!(next.poll().is_pending());
    assert!(next.is_woken(), "it goes on when others have had their turn");
    assert!(next.poll().is_pending());
    runtime.clock().advance(WINDOW);
    let Poll::Ready((Some(0), Some(latest))) = next.poll() else { panic!("the window is over") };
    assert!(latest > 128);
}

#[test]
fn it_hears_of_a_clock_that_is_moved_by_hand() {
    let runtime = ByHand::new(at(1));
    let mut stream = pin!(throttle(iter([1, 2, 3]), WINDOW, runtime.clone()));
    let mut poll = || stream.as_mut().poll_next(&mut Context::from_waker(Waker::noop()));
    assert_eq!(poll(), Poll::Ready(Some(1)));
    assert_eq!(poll(), Poll::Pending);
    runtime.clock().advance(WINDOW / 2);
    assert_eq!(poll(), Poll::Pending);
    runtime.clock().go_back(WINDOW);
    assert_eq!(poll(), Poll::Pending);
    runtime.clock().advance(WINDOW * 3 / 2);
    assert_eq!(poll(), Poll::Ready(Some(3)));
    assert_eq!(poll(), Poll::Ready(None));
}

#[test]
fn its_size_hint_holds() {
    let runtime = ByHand::new(at(1));
    let mut stream = throttle(iter(0..5), WINDOW, runtime.clone());
    assert_eq!(stream.size_hint(), (1, Some(5)));
    let mut poll = || {
        let polled = Pin::new(&mut stream).poll_next(&mut Context::from_waker(Waker::noop()));
        (polled, stream.size_hint())
    };
    assert_eq!(poll(), (Poll::Ready(Some(0)), (1, Some(4))));
    assert_eq!(poll(), (Poll::Pending, (1, Some(1))));
    runtime.clock().advance(WINDOW);
    assert_eq!(poll(), (Poll::Ready(Some(4)), (0, Some(0))));
    assert!(format!("{stream:?}").contains("next_at: None"), "{stream:?}");
}

/// The error of the model.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    FirstOfAWindow,
    LastIsLost,
    WindowFromTheItem,
}

/// The expected output: a plain loop over the items, in milliseconds.
fn model(fault: Option<Fault>, table: &Timetable, window: u64) -> (Vec<(u64, usize)>, u64) {
    let (times, end) = table.times();
    let mut out: Vec<(u64, usize)> = Vec::new();
    let mut held: Option<(u64, usize)> = None;
    let over = |out: &Vec<(u64, usize)>, held: Option<(u64, usize)>| match (out.last(), held) {
        (Some(&(_, _)), Some((came, _))) if fault == Some(Fault::WindowFromTheItem) => came + window,
        (Some(&(start, _)), _) => start + window,
        (None, _) => 0,
    };
    for (item, time) in times.into_iter().enumerate() {
        // An item that comes just when the window ends is still the latest.
        if let Some((_, latest)) = held {
            let due = over(&out, held);
            if due < time {
                out.push((due, latest));
                held = None;
            }
        }
        if held.is_some() {
            if fault != Some(Fault::FirstOfAWindow) {
                held = Some((time, item));
            }
        } else if time >= over(&out, None) {
            out.push((time, item));
        } else {
            held = Some((time, item));
        }
    }
    let Some((_, latest)) = held else { return (out, end) };
    let due = over(&out, held);
    if fault == Some(Fault::LastIsLost) && due >= end {
        return (out, end);
    }
    out.push((due, latest));
    (out, due.max(end))
}

/// A clock that stands at its end, where a window never ends.
struct AtItsEnd(AtomicUsize);

impl Clock for AtItsEnd {
    fn now(&self) -> Timestamp {
        assert!(self.0.fetch_add(1, Ordering::Relaxed) < 10, "it goes on reading");
        Timestamp::NEVER
    }
}

impl Runtime for AtItsEnd {
    fn sleep_until(&self, _: Timestamp) -> impl Future<Output = ()> + Send + 'static {
        pending()
    }

    fn spawn(&self, _: impl Future<Output = ()> + Send + 'static) -> Result<(), NoRuntime> {
        Err(NoRuntime)
    }
}

#[test]
fn a_clock_that_reads_never_makes_no_poll_spin() {
    let mut stream = pin!(throttle(iter([1, 2]), millis(1), AtItsEnd(AtomicUsize::new(0))));
    let cx = &mut Context::from_waker(Waker::noop());
    assert_eq!(stream.as_mut().poll_next(cx), Poll::Ready(Some(1)));
    assert_eq!(stream.as_mut().poll_next(cx), Poll::Pending);
}

fn timetables() -> impl Strategy<Value = (u64, Timetable)> {
    let gap = prop_oneof![4 => 0_u64..30, 1 => 0_u64..300];
    (0_u64..120, vec(gap, 0..40), 0_u64..200)
        .prop_map(|(window, gaps, until_the_end)| (window, Timetable { gaps, until_the_end }))
}

fn shipped(window: u64, table: &Timetable) -> (Vec<(u64, usize)>, u64) {
    paused(async { emitted(throttle(table.stream(), millis(window), Tokio::current())).await })
}

#[test]
fn any_timetable_agrees_with_the_model() {
    let check = Check::of(
        &[G1, G3, G5],
        "proptest: timetables of a throttled stream, exact instants, against a model",
    );
    let cases = evidence::depth(1_000, 20_000);
    let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
    TestRunner::new(config)
        .run(&timetables(), |(window, table)| {
            prop_assert_eq!(shipped(window, &table), model(None, &table, window));
            Ok(())
        })
        .expect("a timetable disagrees with the model");
    check.passed(cases as usize, "sequences");
}

/// The comparison bites: what is shipped contradicts each wrong model.
#[test]
fn wrong_models_are_contradicted() {
    let tries = 200;
    for (fault, name) in [
        (Fault::FirstOfAWindow, "a stream emits the first item of a window in place of the latest"),
        (Fault::LastIsLost, "a stream that ends in a window loses its last item"),
        (Fault::WindowFromTheItem, "the window of a stream starts with the item that is held back"),
    ] {
        let mut runner = TestRunner::deterministic();
        let differs = (0..tries).filter(|_| {
            let (window, table) = timetables().new_tree(&mut runner).expect("a timetable").current();
            shipped(window, &table) != model(Some(fault), &table, window)
        });
        let found = differs.count();
        assert!(found > 0, "{fault:?} is not found");
        evidence::caught(name, &format!("proptest, stream: in {found} of {tries} timetables"));
    }
}

/// A runtime whose sleeps move the clock to their end. One reading of the clock panics.
#[derive(Clone)]
struct Trapped {
    time: Arc<AtomicU64>,
    readings: Arc<AtomicU64>,
    panics_at: u64,
}

impl Clock for Trapped {
    fn now(&self) -> Timestamp {
        if self.readings.fetch_add(1, Ordering::SeqCst) == self.panics_at {
            std::panic::resume_unwind(Box::new("on purpose"))
        }
        Timestamp::from_nanos(self.time.load(Ordering::SeqCst))
    }
}

impl Runtime for Trapped {
    fn sleep_until(&self, deadline: Timestamp) -> impl Future<Output = ()> + Send + 'static {
        self.time.fetch_max(deadline.as_nanos(), Ordering::SeqCst);
        std::future::ready(())
    }

    fn spawn(&self, _: impl Future<Output = ()> + Send + 'static) -> Result<(), NoRuntime> {
        Err(NoRuntime)
    }
}

/// Whichever reading panics, the panic comes out of one poll. The item that is held comes with a later one.
#[test]
fn a_clock_that_panics_in_a_window_loses_no_item() {
    let check =
        Check::of(&[G3, G6], "tests: a stream whose clock panics at any reading loses no item that it holds");
    let mut readings = 0;
    loop {
        let runtime =
            Trapped { time: Arc::new(AtomicU64::new(1_000)), readings: Arc::default(), panics_at: readings };
        let mut stream = pin!(throttle(iter([1, 2, 3]), Duration::from_nanos(100), runtime));
        let (mut items, mut panics) = (Vec::new(), 0);
        let mut cx = Context::from_waker(Waker::noop());
        loop {
            match catch_unwind(AssertUnwindSafe(|| stream.as_mut().poll_next(&mut cx))) {
                Ok(Poll::Ready(Some(item))) => items.push(item),
                Ok(Poll::Ready(None)) => break,
                Ok(Poll::Pending) => {}
                Err(_) => panics += 1,
            }
            assert!(panics <= 1, "reading {readings}: it panics for ever");
        }
        assert_eq!(items.last(), Some(&3), "reading {readings}");
        if panics == 0 {
            break;
        }
        readings += 1;
    }
    assert!(readings >= 4, "each item, the sleep and the window: {readings}");
    check.passed(usize::try_from(readings).unwrap(), "readings");
}

/// The window ends within a poll, after its begin. Its item comes by the time of then: a stream that went by an earlier one
/// would ask for the window again and again, until the clock panics here.
#[test]
fn a_window_that_ends_within_a_poll_is_over() {
    let check =
        Check::of(&[G3, G5], "tests: a stream whose window ends while it is polled goes by the time of then");
    let runtime = Trapped { time: Arc::new(AtomicU64::new(1_000)), readings: Arc::default(), panics_at: 100 };
    let mut stream = pin!(throttle(iter([1, 2, 3]), Duration::from_nanos(100), runtime));
    let mut cx = Context::from_waker(Waker::noop());
    let items = [(); 3].map(|()| stream.as_mut().poll_next(&mut cx));
    assert_eq!(items, [Some(1), Some(3), None].map(Poll::Ready));
    check.passed(1, "window");
}
