//! Who is told of a failure.

use crate::support::{panic_quietly, until};
use atomic_throttle::{Failure, Manual, Retry, Step, Throttled, Timestamp, WaitError};
use std::error::Error;
use std::io;
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

const MS: Duration = Duration::from_millis(1);

fn refused() -> io::Error {
    io::Error::new(io::ErrorKind::ConnectionRefused, "refused")
}

#[test]
fn an_error_is_told_to_the_ticket_to_the_wait_and_to_the_hook() {
    let (told, failures) = mpsc::channel();
    let clock = Arc::new(Manual::new(Timestamp::from_nanos(1_000_000)));
    let save = Throttled::builder(MS)
        .clock(Arc::clone(&clock))
        .on_error(move |failure: &Failure| {
            let kind = failure.downcast_ref::<io::Error>().map(io::Error::kind);
            let _ = told.send((failure.to_string(), failure.attempt(), failure.is_panic(), kind));
        })
        .spawn(|| -> io::Result<()> { Err(refused()) })
        .unwrap();
    let ticket = save.trigger().unwrap().into_owned();
    let Err(WaitError::Failed(failure)) = ticket.wait() else { panic!("it failed") };
    assert_eq!(
        failure.downcast_ref::<io::Error>().map(io::Error::kind),
        Some(io::ErrorKind::ConnectionRefused)
    );
    assert!(failure.downcast_ref::<std::fmt::Error>().is_none());
    assert_eq!(failure.epoch(), save.snapshot().epoch);
    assert_eq!(save.all().wait(), Err(WaitError::Failed(Arc::clone(&failure))));
    let kind = Some(io::ErrorKind::ConnectionRefused);
    assert_eq!(failures.recv(), Ok((String::from("refused"), 1, false, kind)));
    // Nothing more: without a policy a failed run has run.
    assert!(!save.is_pending());
    assert_eq!((save.runs(), save.panics()), (1, 0));
    let shown = WaitError::Failed(failure).to_string();
    assert_eq!(shown, "the run failed, call again for another: refused");
}

#[test]
fn a_panic_is_a_failure_with_its_message() {
    let (told, failures) = mpsc::channel();
    let save = Throttled::builder(MS)
        .on_error(move |failure: &Failure| told.send((failure.to_string(), failure.is_panic())).unwrap())
        .spawn(|| -> io::Result<()> { panic_quietly() })
        .unwrap();
    assert_eq!(save.trigger().unwrap().wait(), Err(WaitError::Panicked));
    assert_eq!(failures.recv(), Ok((String::from("the function panicked: on purpose"), true)));
    assert_eq!(save.panics(), 1);
}

/// What is behind an error is behind the failure, and behind what a ticket is told.
#[test]
fn the_source_of_an_error_is_kept() {
    #[derive(Debug)]
    struct NotSaved(io::Error);
    impl std::fmt::Display for NotSaved {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("not saved")
        }
    }
    impl Error for NotSaved {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            Some(&self.0)
        }
    }
    let save = Throttled::builder(MS).spawn(|| Err::<(), _>(NotSaved(refused()))).unwrap();
    let error = save.trigger().unwrap().wait().unwrap_err();
    let source = error.source().expect("the error has one");
    assert!(source.downcast_ref::<io::Error>().is_some(), "{source:?}");
}

#[test]
fn a_hook_that_panics_changes_nothing() {
    let save = Throttled::builder(MS)
        .on_error(|_| panic_quietly())
        .retry(Retry::by(|_, _| panic_quietly()))
        .spawn(|| Err::<(), _>("refused"))
        .unwrap();
    let told = save.trigger().unwrap().wait();
    assert!(matches!(&told, Err(WaitError::Failed(failure)) if failure.to_string() == "refused"), "{told:?}");
    assert!(matches!(save.trigger().unwrap().wait(), Err(WaitError::Failed(_))));
}

/// A later run that succeeds does not hide a failure, and a later failure is not told to a call that succeeded.
#[test]
fn the_first_run_after_the_call_decides() {
    let clock = Arc::new(Manual::new(Timestamp::from_nanos(1_000_000)));
    let fails = Mutex::new(vec![false, true, true, false, true]);
    let (save, mut by_hand) = Throttled::builder(MS).clock(Arc::clone(&clock)).by_hand(|| {
        let fails = fails.lock().unwrap().pop().unwrap_or(false);
        if fails { Err("refused") } else { Ok(()) }
    });
    let mut tickets = Vec::new();
    for _ in 0..5 {
        tickets.push(save.trigger().unwrap());
        assert_eq!(by_hand.step(), Step::Ran);
        clock.advance(MS);
    }
    let told: Vec<_> = tickets.iter().map(|ticket| ticket.wait().is_ok()).collect();
    assert_eq!(told, [false, true, false, false, true]);
    // Each its own failure.
    let epoch = |ticket: &atomic_throttle::Ticket<'_>| match ticket.wait() {
        Err(WaitError::Failed(failure)) => failure.epoch(),
        other => panic!("{other:?}"),
    };
    assert!(epoch(&tickets[0]) < epoch(&tickets[2]) && epoch(&tickets[2]) < epoch(&tickets[3]));
}

/// Sixteen failures are remembered. What a call was told that lies before them is said to be forgotten, never made up.
#[test]
fn what_is_forgotten_is_said_to_be() {
    let clock = Arc::new(Manual::new(Timestamp::from_nanos(1_000_000)));
    let mut runs = 0;
    let (save, mut by_hand) = Throttled::builder(MS).clock(Arc::clone(&clock)).by_hand(|| {
        runs += 1;
        if runs % 2 == 0 { Err("refused") } else { Ok(()) }
    });
    let mut tickets = Vec::new();
    for _ in 0..40 {
        tickets.push(save.trigger().unwrap());
        assert_eq!(by_hand.step(), Step::Ran);
        clock.advance(MS);
    }
    for (number, ticket) in tickets.iter().enumerate() {
        let told = ticket.wait();
        let run = number + 1;
        // Runs 2, 4, 6 and 8 are the failures that are forgotten: from the call of run 2 on nothing is known up to run 8.
        match run {
            2..=8 => assert_eq!(told, Err(WaitError::Forgotten), "run {run}"),
            _ if run % 2 == 0 => assert!(matches!(told, Err(WaitError::Failed(_))), "run {run}: {told:?}"),
            _ => assert_eq!(told, Ok(()), "run {run}"),
        }
    }
}

#[test]
fn a_thread_that_waits_is_woken_by_a_failure() {
    let (go, gate) = mpsc::channel::<()>();
    let save = Throttled::builder(MS)
        .spawn(move || {
            let _ = gate.recv();
            Err::<(), _>("refused")
        })
        .unwrap();
    let ticket = save.trigger().unwrap();
    std::thread::scope(|scope| {
        let waits = scope.spawn(|| ticket.wait());
        until(|| save.snapshot().running);
        go.send(()).unwrap();
        assert!(matches!(waits.join().unwrap(), Err(WaitError::Failed(_))));
    });
}
