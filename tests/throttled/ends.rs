//! The fate of the pending run when the throttle is shut down, or its last handle dropped.

use crate::subject::Subject;
use crate::support::{SECOND, at, until};
use atomic_throttle::{
    Collect, Count, Ended, Latest, Manual, Merge, OnDrop, Payload, Pending, Shutdown, Throttled,
    ThrottledBuilder, WaitError, WeakThrottled,
};
use evidence::Check;
use evidence::Guarantee::G3;
use std::sync::atomic::Ordering::SeqCst;
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::Duration;

#[test]
fn a_shutdown_says_what_became_of_the_pending_run() {
    for (pending, shutdown, runs) in [
        (Pending::Finish, Shutdown::Ran, 2),
        (Pending::Flush, Shutdown::Ran, 2),
        (Pending::Discard, Shutdown::Discarded, 1),
    ] {
        let subject = Subject::new();
        subject.lead();
        let _ = subject.call(2);
        if pending == Pending::Finish {
            let limit = subject.throttled.shutdown(pending).wait_for(Duration::ZERO);
            assert_eq!(limit, Err(WaitError::TimedOut));
            assert!(subject.throttled.trigger().is_ok(), "the pending run covers it");
            subject.clock.set(at(2));
        }
        assert_eq!(subject.throttled.shutdown(pending).wait(), Ok(shutdown), "{pending:?}");
        assert_eq!(subject.throttled.runs(), runs);
        assert_eq!(subject.throttled.trigger().err(), Some(Ended::ShutDown));
        assert_eq!(subject.throttled.shutdown(Pending::Discard).wait(), Ok(shutdown), "it is told again");
    }
    assert_eq!(Subject::new().throttled.shutdown(Pending::Finish).wait(), Ok(Shutdown::Idle));
}

#[test]
fn the_last_handle_finishes_the_pending_run() {
    let subject = Subject::with(|builder| builder.pending_on_drop(Pending::Finish));
    subject.lead();
    let _ = subject.call(2);
    let Subject { throttled, clock, runs, .. } = subject;
    let another = throttled.clone();
    drop(throttled);
    assert!(another.is_pending());
    let dropping = thread::spawn(move || drop(another));
    clock.set(at(2));
    assert_eq!(runs.recv(), Ok(2));
    dropping.join().expect("no panic");
    assert!(runs.recv().is_err(), "the function was dropped");
}

#[test]
fn the_last_handle_may_be_dropped_inside_the_run() {
    let (sender, handle): (Sender<Throttled>, _) = mpsc::channel();
    let subject = Subject::running(|builder| builder, move |_| drop(handle.recv()));
    let _ = subject.call(1);
    let Subject { throttled, runs, .. } = subject;
    let weak = throttled.downgrade();
    sender.send(throttled).unwrap();
    assert_eq!(runs.recv(), Ok(1));
    assert!(runs.recv().is_err(), "the thread has ended, and dropped the function");
    assert!(weak.upgrade().is_none());
}

#[test]
fn the_function_may_trigger_without_being_a_handle() {
    let itself: Arc<OnceLock<WeakThrottled>> = Arc::default();
    let inside = Arc::clone(&itself);
    let subject = Subject::running(
        |builder| builder.pending_on_drop(Pending::Flush),
        move |number| {
            if number == 1 {
                assert_eq!(inside.get().expect("it is set").trigger(), Ok(()));
            }
        },
    );
    let weak = subject.throttled.downgrade();
    assert!(itself.set(weak.clone()).is_ok());
    let _ = subject.call(1);
    assert_eq!(subject.runs.recv(), Ok(1));
    until(|| {
        let seen = subject.throttled.snapshot();
        seen.next_run_at.is_some() && !seen.running
    });
    subject.written.store(2, SeqCst);
    let Subject { throttled, runs, .. } = subject;
    drop(throttled);
    assert_eq!(runs.recv(), Ok(2), "what the function asked for");
    assert_eq!(weak.trigger(), Err(Ended::ShutDown));
}

/// A throttle whose runs wait until the test lets them go on, one by one.
struct Held<P: Payload> {
    handle: Throttled<P>,
    clock: Arc<Manual>,
    let_go: Sender<()>,
    runs: Receiver<()>,
}

type Function = Box<dyn FnMut() + Send>;

/// Each payload that a [`ThrottledBuilder`] starts a throttle of.
trait Carried: Payload + Sized {
    fn spawn(builder: ThrottledBuilder, f: Function) -> Throttled<Self>;
    fn call(throttled: &Throttled<Self>);
}

impl Carried for () {
    fn spawn(builder: ThrottledBuilder, f: Function) -> Throttled {
        builder.spawn(f).expect("a thread")
    }

    fn call(throttled: &Throttled) {
        assert!(throttled.trigger().is_ok());
    }
}

impl Carried for Count {
    fn spawn(builder: ThrottledBuilder, mut f: Function) -> Throttled<Self> {
        builder.counting().spawn(move |_| f()).expect("a thread")
    }

    fn call(throttled: &Throttled<Self>) {
        assert!(throttled.trigger().is_ok());
    }
}

impl Carried for Latest<u8> {
    fn spawn(builder: ThrottledBuilder, mut f: Function) -> Throttled<Self> {
        builder.latest().spawn(move |_| f()).expect("a thread")
    }

    fn call(throttled: &Throttled<Self>) {
        assert!(throttled.trigger(0).is_ok());
    }
}

impl Carried for Merge<u8> {
    fn spawn(builder: ThrottledBuilder, mut f: Function) -> Throttled<Self> {
        builder.merging(|_, _| ()).spawn(move |_| f()).expect("a thread")
    }

    fn call(throttled: &Throttled<Self>) {
        assert!(throttled.trigger(0).is_ok());
    }
}

impl Carried for Collect<u8> {
    fn spawn(builder: ThrottledBuilder, mut f: Function) -> Throttled<Self> {
        builder.collecting().spawn(move |_| f()).expect("a thread")
    }

    fn call(throttled: &Throttled<Self>) {
        assert!(throttled.trigger(0).is_ok());
    }
}

impl<P: Carried> Held<P> {
    /// One run is in progress, and another one is pending.
    fn new(on_drop: OnDrop) -> Self {
        let clock = Arc::new(Manual::new(at(1)));
        let (let_go, held) = mpsc::channel();
        let (sender, runs) = mpsc::channel();
        let (enters, entered) = mpsc::channel();
        let f = move || {
            let _ = enters.send(());
            let _ = held.recv();
            let _ = sender.send(());
        };
        let builder = Throttled::builder(SECOND).clock(Arc::clone(&clock)).on_drop(on_drop);
        let handle = P::spawn(builder, Box::new(f));
        P::call(&handle);
        // A run that has only started may be told of the second call as well, if it counts.
        assert_eq!(entered.recv(), Ok(()));
        P::call(&handle);
        Self { handle, clock, let_go, runs }
    }

    /// Drops the handle, then lets the thread go on: with a drop that waits this hangs.
    fn drop_and_let_go(self) {
        let Self { handle, clock, let_go, runs } = self;
        drop(handle);
        assert!(runs.try_recv().is_err(), "the run is held");
        clock.set(at(2));
        for _ in 0..2 {
            let_go.send(()).expect("the function is still there");
            assert_eq!(runs.recv(), Ok(()), "the thread performs what is owed");
        }
        assert!(runs.recv().is_err(), "and ends by itself");
    }
}

fn drops_that_do_not_wait<P: Carried>() {
    Held::<P>::new(OnDrop::Detach).drop_and_let_go();
    Held::<P>::new(OnDrop::WaitFor(Duration::ZERO)).drop_and_let_go();
    // The caller has given up waiting.
    let given_up = Held::<P>::new(OnDrop::Wait);
    let waited = given_up.handle.shutdown(Pending::Finish).wait_for(Duration::ZERO);
    assert_eq!(waited, Err(WaitError::TimedOut));
    given_up.drop_and_let_go();
}

#[test]
fn a_drop_that_does_not_wait_leaves_the_rest_to_the_thread() {
    let check = Check::of(&[G3], "tests: after a drop that does not wait the thread performs what is owed");
    drops_that_do_not_wait::<()>();
    drops_that_do_not_wait::<Count>();
    drops_that_do_not_wait::<Latest<u8>>();
    drops_that_do_not_wait::<Merge<u8>>();
    drops_that_do_not_wait::<Collect<u8>>();
    check.passed(15, "drops");
}

/// The limit is on the throttle's clock.
#[test]
fn a_drop_with_a_limit_waits_until_the_limit() {
    let Held { handle, clock, let_go, runs } = Held::<()>::new(OnDrop::WaitFor(4 * SECOND));
    let dropping = thread::spawn(move || {
        drop(handle);
        runs
    });
    // Whenever the drop has read the clock: it waits on until this, and not longer.
    until(|| {
        clock.advance(4 * SECOND);
        dropping.is_finished()
    });
    let runs = dropping.join().expect("no panic");
    assert!(runs.try_recv().is_err(), "the run is held");
    for _ in 0..2 {
        let_go.send(()).expect("the function is still there");
        assert_eq!(runs.recv(), Ok(()));
    }
    assert!(runs.recv().is_err());
}

/// The function ends within the limit, so the thread has ended when the drop returns.
#[test]
fn a_drop_with_a_limit_waits_for_the_end() {
    let Held { handle, clock, let_go, runs } = Held::<()>::new(OnDrop::WaitFor(Duration::MAX));
    let dropping = thread::spawn(move || {
        drop(handle);
        assert_eq!([runs.try_recv(), runs.try_recv()], [Ok(()), Ok(())], "both runs have ended");
        assert!(runs.try_recv().is_err_and(|error| error == mpsc::TryRecvError::Disconnected));
    });
    clock.set(at(2));
    let_go.send(()).unwrap();
    let_go.send(()).unwrap();
    dropping.join().expect("the drop waited");
}

/// Also while the thread unwinds: a second panic would abort the process.
#[test]
fn a_clock_that_panics_ends_the_wait_of_a_drop() {
    struct Broken(std::sync::atomic::AtomicBool);
    impl atomic_throttle::Clock for Broken {
        fn now(&self) -> atomic_throttle::Timestamp {
            assert!(!self.0.load(SeqCst) || thread::current().name() == Some("throttled"), "broken");
            at(1)
        }
    }
    let clock = Arc::new(Broken(false.into()));
    let builder = Throttled::builder(SECOND).clock(Arc::clone(&clock)).on_drop(OnDrop::WaitFor(SECOND));
    let (sender, ended) = mpsc::channel::<()>();
    let throttled = builder.spawn(move || assert!(sender.send(()).is_ok())).expect("a thread");
    clock.0.store(true, SeqCst);
    drop(throttled);
    assert!(ended.recv().is_err(), "the thread ends");
}

/// Says that it is dropped, and blocks until the test lets it go.
struct HeldUp(Sender<()>, Receiver<()>);

impl Drop for HeldUp {
    fn drop(&mut self) {
        let _ = self.0.send(());
        let _ = self.1.recv();
    }
}

/// One that is held up, what tells that it is dropped, and what lets it go.
fn held_up() -> (HeldUp, Receiver<()>, Sender<()>) {
    let ((dropped, is_dropped), (go, gate)) = (mpsc::channel(), mpsc::channel());
    (HeldUp(dropped, gate), is_dropped, go)
}

#[test]
fn what_the_function_and_the_hook_hold_is_dropped_before_the_end() {
    let (of_function, function_is_dropped, drop_function) = held_up();
    let (of_hook, hook_is_dropped, drop_hook) = held_up();
    let subject = Subject::running(
        |builder| builder.on_panic(move |_| _ = of_hook.0.send(())),
        move |_| _ = of_function.0.send(()),
    );
    let end = || subject.throttled.shutdown(Pending::Finish).wait_for(Duration::ZERO);
    assert_eq!(end(), Err(WaitError::TimedOut));
    for (is_dropped, go) in [(function_is_dropped, drop_function), (hook_is_dropped, drop_hook)] {
        is_dropped.recv().expect("it is dropped");
        assert_eq!(end(), Err(WaitError::TimedOut), "the end is announced after that");
        go.send(()).expect("it waits");
    }
    assert_eq!(subject.throttled.shutdown(Pending::Finish).wait(), Ok(Shutdown::Idle));
}
