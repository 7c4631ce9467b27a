//! A call that a run was told of which it does not follow: the run that covers it has nothing to be told of.

use super::super::by_hand::ByHand;
use super::{Given, runtime, taken, told};
use atomic_throttle::state::DeferralStatus;
use atomic_throttle::{
    AsyncThrottle, Clock, Count, Moved, NoRuntime, NotFlushed, Runtime, Threshold, Timestamp, WaitError,
};
use std::future::{Future, poll_fn};
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::task::Poll;

type Meanwhile = Box<dyn FnOnce() + Send>;

/// Something happens when its clock is read next: between the count of a call and its decision, for example.
#[derive(Clone)]
struct Eventful {
    inner: ByHand,
    meanwhile: Arc<Mutex<Option<Meanwhile>>>,
}

impl Clock for Eventful {
    fn now(&self) -> Timestamp {
        let now = self.inner.now();
        let meanwhile = self.meanwhile.lock().unwrap().take();
        if let Some(meanwhile) = meanwhile {
            meanwhile();
        }
        now
    }

    fn moved(&self) -> Option<&Moved> {
        self.inner.moved()
    }
}

impl Runtime for Eventful {
    fn sleep_until(&self, deadline: Timestamp) -> impl Future<Output = ()> + Send + 'static {
        self.inner.sleep_until(deadline)
    }

    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) -> Result<(), NoRuntime> {
        self.inner.spawn(task)
    }
}

/// A throttle without a window, in which `call` happens when its clock is read next.
fn interrupted(
    call: impl FnOnce(&AsyncThrottle<Eventful, Count>) + Send + 'static,
) -> (ByHand, AsyncThrottle<Eventful, Count>) {
    let runtime = Eventful { inner: runtime(), meanwhile: Arc::default() };
    let throttle = AsyncThrottle::counting_with_runtime(Threshold::ZERO, runtime.clone());
    let (inside, tasks) = (throttle.clone(), runtime.inner.clone());
    *runtime.meanwhile.lock().unwrap() = Some(Box::new(move || {
        call(&inside);
        tasks.settle();
    }));
    (runtime.inner, throttle)
}

/// It ends as the run before did, which was told of the call.
#[test]
fn a_run_that_has_nothing_to_be_told_of_does_not_call_its_function() {
    for panics in [false, true] {
        let given = Given::default();
        let heard = given.clone();
        let (runtime, throttle) = interrupted(move |throttle| {
            let function = async move |calls| {
                heard.push(calls);
                if panics {
                    resume_unwind(Box::new("on purpose"));
                }
            };
            taken(throttle.trigger(function));
        });
        let ticket = taken(throttle.trigger(async |_| panic!("the other run was told of all")));
        runtime.settle();
        assert_eq!(given.seen(), [2]);
        assert_eq!(told(ticket), if panics { Err(WaitError::Panicked) } else { Ok(()) });
        let snapshot = throttle.snapshot();
        assert!(!snapshot.running && snapshot.deferral == DeferralStatus::None, "{snapshot:?}");
    }
}

/// An owner is dropped whose call a run was told of already.
#[test]
fn a_flush_that_has_nothing_to_be_told_of_runs_nothing() {
    let (given, may_return) = (Given::default(), Arc::new(AtomicBool::new(false)));
    let (heard, returns) = (given.clone(), Arc::clone(&may_return));
    let (runtime, throttle) = interrupted(move |throttle| {
        let function = async move |calls| {
            heard.push(calls);
            poll_fn(|_| if returns.load(SeqCst) { Poll::Ready(()) } else { Poll::Pending }).await;
        };
        taken(throttle.trigger(function));
    });
    taken(throttle.trigger(async |_| panic!("the other run was told of all")));
    let [run, owner] = runtime.tasks()[..] else { panic!("one is in progress, one is pending") };
    runtime.drop_task(owner);
    may_return.store(true, SeqCst);
    assert!(runtime.poll(run));
    assert_eq!((given.seen(), throttle.outstanding()), (vec![2], 0));
    assert_eq!(throttle.snapshot().deferral, DeferralStatus::Owed);
    let flushed = throttle.flush(async |_| panic!("there is nothing to be told of")).map(drop);
    assert_eq!(flushed, Err(NotFlushed::NothingPending));
    let snapshot = throttle.snapshot();
    assert!(!snapshot.running && snapshot.deferral == DeferralStatus::None, "{snapshot:?}");
}
