//! Events of the front ends that own their runs themselves: on a thread, in a task.

#[cfg(feature = "async")]
use super::by_hand::{ByHand, Driven};
use super::support::{SECOND, at, panic_quietly, until};
use super::watcher::{react_to, subscribe, told_by};
use atomic_throttle::state::DeferralStatus;
use atomic_throttle::{Manual, Pending, Shutdown, Step, Throttled};
use evidence::Check;
use evidence::Guarantee::{G3, G6};
#[cfg(feature = "async")]
use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::sync::mpsc;

#[test]
fn a_thread_of_its_own() {
    let check = Check::of(&[G3, G6], "events of the background: each once, none of a call that is coalesced");
    subscribe();
    let clock = Arc::new(Manual::new(at(1)));
    let (go, gate) = mpsc::channel::<()>();
    let number = AtomicU64::new(0);
    let throttled = Throttled::builder(SECOND)
        .clock(Arc::clone(&clock))
        .pending_on_drop(Pending::Discard)
        .fatal_panics()
        .spawn(move || {
            if number.fetch_add(1, SeqCst) == 3 {
                gate.recv().unwrap_or(());
                panic_quietly();
            }
        })
        .expect("a thread");
    let trigger = || throttled.trigger().expect("it goes on");
    let told = |number: usize| until(|| told_by("Throttled").len() >= number);

    trigger().wait().expect("it completes");
    let deferred = trigger();
    told(2);
    for _ in 0..1000 {
        trigger();
    }
    clock.set(at(2));
    deferred.wait().expect("it completes");
    trigger();
    told(4);
    assert!(throttled.cancel());
    until(|| throttled.snapshot().deferral != DeferralStatus::Cancelled);
    trigger();
    told(6);
    throttled.flush().expect("one is pending");
    throttled.all().wait().expect("it completes");
    clock.set(at(4));
    trigger();
    until(|| throttled.runs() == 4);
    trigger();
    go.send(()).expect("the run waits for it");
    assert_eq!(throttled.shutdown(Pending::Finish).wait(), Ok(Shutdown::Panicked));

    let another = Throttled::builder(SECOND).clock(Arc::new(Manual::new(at(7)))).spawn(|| ());
    let another = another.expect("a thread");
    another.trigger().expect("it goes on").wait().expect("it completes");
    another.trigger().expect("it goes on");
    told(12);
    assert_eq!(another.shutdown(Pending::Discard).wait(), Ok(Shutdown::Discarded));

    // A pace holds its run, and a subscriber that hears of it calls it.
    let clock = Arc::new(Manual::new(at(9)));
    let builder = Throttled::builder(SECOND).delay(2 * SECOND).clock(Arc::clone(&clock));
    let (held, mut by_hand) = builder.by_hand(|| ());
    held.trigger().expect("it goes on");
    let inside = held.clone();
    react_to("Throttled", move || {
        inside.cancel();
        inside.trigger().expect("it goes on");
    });
    assert_eq!(by_hand.step(), Step::Until(at(11)));
    react_to("Throttled", || ());
    assert_eq!(by_hand.step(), Step::Until(at(11)), "one event for it");
    clock.set(at(11));
    assert_eq!(by_hand.step(), Step::Ran);

    #[cfg(feature = "async")]
    dropped_in_a_run();

    let in_a_task: &[&str] = if cfg!(feature = "async") {
        &[
            "DEBUG run: (a run starts) started_at=12s edge=Leading",
            "WARN abandonment: (the owner left: a run is owed) after=12s",
        ]
    } else {
        &[]
    };
    assert_eq!(
        told_by("Throttled"),
        [
            &[
                "DEBUG run: (a run starts) started_at=1s edge=Leading",
                "TRACE deferral: (a run is deferred) due=2s",
                "DEBUG run: (a run starts) started_at=2s edge=Trailing",
                "TRACE deferral: (a run is deferred) due=3s",
                "DEBUG cancel: (the pending run is cancelled) after=2s",
                "TRACE deferral: (a run is deferred) due=3s",
                "DEBUG run: (a run starts) started_at=2.000000001s edge=Flushed",
                "DEBUG run: (a run starts) started_at=4s edge=Leading",
                "ERROR panic: (a run panicked) started_at=4s panic=on purpose",
                "WARN abandonment: (the owner left: a run is owed) after=4s",
                "DEBUG run: (a run starts) started_at=7s edge=Leading",
                "TRACE deferral: (a run is deferred) due=8s",
                "DEBUG cancel: (the pending run is cancelled) after=7s",
                "TRACE deferral: (a run is deferred) due=11s",
                "DEBUG run: (a run starts) started_at=11s edge=Trailing",
            ],
            in_a_task,
        ]
        .concat()
    );
    check.passed(17, "cases");
}

/// What drives a run is dropped in the middle of it.
#[cfg(feature = "async")]
fn dropped_in_a_run() {
    let runtime = ByHand::new(at(12));
    let (throttled, driver) = Throttled::builder(SECOND).driver(runtime, async || pending::<()>().await);
    throttled.trigger().expect("it goes on");
    let mut driver = Driven::new(driver);
    assert!(driver.poll().is_pending());
    drop(driver);
    assert!(throttled.snapshot().is_owed());
}

#[cfg(feature = "tokio")]
#[tokio::test(start_paused = true)]
async fn tasks() {
    use atomic_throttle::AsyncThrottle;
    let check = Check::of(&[G3, G6], "events of tasks: each once, none of a call that is coalesced");
    subscribe();
    let throttle = AsyncThrottle::new(SECOND);
    let first = throttle.snapshot().last_run_at.is_none();
    throttle.trigger(async || ()).expect("a runtime").await.expect("it completes");
    let origin = throttle.snapshot().last_run_at.expect("it ran");
    let deferred = throttle.trigger(async || ()).expect("a runtime");
    for _ in 0..1000 {
        throttle.trigger(async || ()).expect("a runtime");
    }
    deferred.await.expect("it completes");
    throttle.trigger(async || ()).expect("a runtime");
    assert!(throttle.cancel());
    tokio::task::yield_now().await;
    throttle.trigger(async || panic_quietly()).expect("a runtime").await.expect_err("it panics");

    let time = |seconds: u32| format!("{:?}", origin.saturating_add(SECOND * seconds));
    let (zero, one, two) = (time(0), time(1), time(2));
    assert!(first);
    assert_eq!(
        told_by("AsyncThrottle"),
        [
            format!("DEBUG run: (a run starts) started_at={zero} edge=Leading"),
            format!("TRACE deferral: (a run is deferred) due={one}"),
            format!("DEBUG run: (a run starts) started_at={one} edge=Trailing"),
            format!("TRACE deferral: (a run is deferred) due={two}"),
            format!("DEBUG cancel: (the pending run is cancelled) after={one}"),
            format!("TRACE deferral: (a run is deferred) due={two}"),
            format!("DEBUG run: (a run starts) started_at={two} edge=Trailing"),
            format!("ERROR panic: (a run panicked) started_at={two} panic=on purpose"),
        ]
    );

    // A deferral is told of before its task is there, which may begin at once.
    let runtime = ByHand::new(at(1));
    let by_hand = runtime.throttle(SECOND);
    let _ = by_hand.trigger(async || ()).expect("a runtime");
    runtime.settle();
    let tasks = Arc::new(AtomicU64::new(u64::MAX));
    let (seen, of) = (Arc::clone(&tasks), runtime.clone());
    react_to("AsyncThrottle", move || seen.store(of.tasks().len().try_into().expect("a few"), SeqCst));
    let _ = by_hand.trigger(async || ()).expect("a runtime");
    react_to("AsyncThrottle", || ());
    assert_eq!((tasks.load(SeqCst), runtime.tasks().len()), (0, 1));
    check.passed(9, "cases");
}
