//! What tickets of calls on keys are told, whenever they ask.

use super::subject::{runtime, told};
use super::support::{SECOND, at};
use atomic_throttle::{KeyTicket, KeyedThrottled, OwnedKeyTicket, Pending, WaitError, WeakKeyedThrottled};
use std::io;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Mutex, OnceLock};
use std::task::Poll;
use std::thread;
use std::time::Duration;

fn succeeds<T>(ticket: T) -> Poll<Result<(), WaitError>>
where
    T: IntoFuture<Output = Result<(), WaitError>>,
{
    told(ticket)
}

#[test]
fn a_ticket_is_covered_by_the_run_of_its_own_key() {
    let runtime = runtime();
    let save =
        KeyedThrottled::<String>::builder(SECOND).spawn_on(runtime.clone(), async |_: String| ()).unwrap();
    let a = save.trigger("a").unwrap();
    assert_eq!((a.key(), succeeds(a)), ("a", Poll::Pending));
    runtime.poll(0);
    let b = save.trigger("b").unwrap();
    assert_eq!((succeeds(a), succeeds(b)), (Poll::Ready(Ok(())), Poll::Pending));
    assert_eq!((a.wait(), b.wait_for(Duration::ZERO)), (Ok(()), Err(WaitError::TimedOut)));
    runtime.poll(0);
    assert_eq!(succeeds(b), Poll::Ready(Ok(())));
    // Also when the key was evicted since.
    runtime.clock().set(at(10));
    assert_eq!(save.evict(), 2);
    assert_eq!(succeeds(a), Poll::Ready(Ok(())));
}

/// A call that was cancelled is told so: before its cancel is acknowledged, after, and when the key was evicted.
#[test]
fn a_ticket_is_told_of_a_cancel() {
    let runtime = runtime();
    let save = KeyedThrottled::<&str>::builder(SECOND).spawn_on(runtime.clone(), async |_: &str| ()).unwrap();
    let ticket = save.trigger(&"a").unwrap();
    assert!(save.cancel(&"a"));
    assert_eq!(succeeds(ticket), Poll::Ready(Err(WaitError::Cancelled)));
    runtime.poll(0);
    assert_eq!(succeeds(ticket), Poll::Ready(Err(WaitError::Cancelled)));
    assert_eq!((save.evict(), save.len()), (0, 0), "it never ran, so it was evicted with the cancel");
    assert_eq!(succeeds(ticket), Poll::Ready(Err(WaitError::Cancelled)));
    // A run that starts after it covers it as well.
    save.trigger(&"a").unwrap();
    runtime.poll(0);
    assert_eq!(succeeds(ticket), Poll::Ready(Ok(())));
}

/// A later run that succeeds hides no failure, and another key's failure is none of its.
#[test]
fn a_ticket_is_told_of_its_own_failure() {
    let (runtime, fails) = (runtime(), Arc::new(AtomicBool::new(true)));
    let inside = Arc::clone(&fails);
    let save = KeyedThrottled::<&str>::builder(SECOND)
        .spawn_on(runtime.clone(), async move |key: &str| -> io::Result<()> {
            let fails = inside.load(SeqCst) && key == "bad";
            if fails { Err(io::Error::other("on purpose")) } else { Ok(()) }
        })
        .unwrap();
    let (bad, good) = (save.trigger(&"bad").unwrap(), save.trigger(&"good").unwrap());
    runtime.poll(0);
    fails.store(false, SeqCst);
    let later = save.trigger(&"bad").unwrap();
    runtime.clock().set(at(3));
    runtime.poll(0);
    assert!(matches!(succeeds(bad), Poll::Ready(Err(WaitError::Failed(_)))));
    assert_eq!((succeeds(good), succeeds(later)), (Poll::Ready(Ok(())), Poll::Ready(Ok(()))));
    runtime.clock().set(at(9));
    // The other one may be evicted already: the run looked at one shard.
    save.evict();
    assert!(save.is_empty());
    assert!(matches!(succeeds(bad), Poll::Ready(Err(WaitError::Failed(_)))), "also when it is evicted");
}

/// What is not remembered is not taken for a success.
#[test]
fn of_many_failures_the_old_ones_are_forgotten() {
    let runtime = runtime();
    let save = KeyedThrottled::<u32>::builder(SECOND)
        .shards(1)
        .spawn_on(runtime.clone(), async |_: u32| Err::<(), _>("on purpose"))
        .unwrap();
    let keys: Vec<u32> = (0..100).collect();
    let tickets: Vec<KeyTicket<'_, u32>> = keys.iter().map(|key| save.trigger(key).unwrap()).collect();
    runtime.poll(0);
    let failed =
        |ticket: &&KeyTicket<'_, u32>| matches!(told(**ticket), Poll::Ready(Err(WaitError::Failed(_))));
    assert_eq!(tickets.iter().filter(failed).count(), 64);
    assert_eq!(
        tickets.iter().filter(|ticket| told(**ticket) == Poll::Ready(Err(WaitError::Forgotten))).count(),
        36
    );
}

#[test]
fn a_ticket_lives_on_its_own() {
    let save = KeyedThrottled::<String>::spawn(SECOND, |_: &String| ());
    let owned: OwnedKeyTicket<String> = {
        let key = String::from("a");
        save.trigger(key.as_str()).unwrap().into_owned()
    };
    let waiter = thread::spawn(move || (owned.key().clone(), owned.wait(), owned.wait_for(SECOND)));
    assert_eq!(waiter.join().unwrap(), (String::from("a"), Ok(()), Ok(())));
    assert_eq!(save.shutdown(Pending::Finish).wait().map(|_| ()), Ok(()));
}

#[test]
fn all_of_a_key_are_those_until_now() {
    let runtime = runtime();
    let save = KeyedThrottled::<&str>::builder(SECOND).spawn_on(runtime.clone(), async |_: &str| ()).unwrap();
    assert_eq!(succeeds(save.all_of(&"a")), Poll::Ready(Ok(())), "there are none");
    save.trigger(&"a").unwrap();
    let all = save.all_of(&"a");
    assert_eq!((succeeds(all), succeeds(save.all_of(&"b"))), (Poll::Pending, Poll::Ready(Ok(()))));
    runtime.poll(0);
    assert_eq!((succeeds(all), succeeds(save.all_of(&"a"))), (Poll::Ready(Ok(())), Poll::Ready(Ok(()))));
}

/// A wait inside a run would wait for itself, or for those that wait behind it.
#[test]
fn no_ticket_waits_inside_a_run() {
    let runtime = runtime();
    let itself = Arc::new(OnceLock::<WeakKeyedThrottled<&str>>::new());
    let inside = Arc::clone(&itself);
    let seen = Arc::new(Mutex::new(None));
    let tells = Arc::clone(&seen);
    let save = KeyedThrottled::<&str>::builder(SECOND)
        .spawn_on(runtime.clone(), async move |_: &str| {
            let Some(save) = inside.get().and_then(WeakKeyedThrottled::upgrade) else { return };
            let ticket = save.trigger(&"b").unwrap();
            let blocking = ticket.wait();
            let all = save.all().wait();
            *tells.lock().unwrap() = Some((blocking, all, ticket.await));
        })
        .unwrap();
    assert!(itself.set(save.downgrade()).is_ok());
    save.trigger(&"a").unwrap();
    runtime.poll(0);
    let refused = || Err(WaitError::InsideRun);
    assert_eq!(seen.lock().unwrap().take(), Some((refused(), refused(), refused())), "G9");
}
