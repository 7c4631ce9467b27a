//! The clock of the register is the clock of the server, even if that is wrong.

use crate::{options, read, register, started};
use atomic_throttle::Timestamp;
use atomic_throttle_cluster::Cell;
use atomic_throttle_cluster::register::{Mark, Reading, Register, Swap};
use server::{Options, Server};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

const HOUR: Duration = Duration::from_secs(60 * 60);

#[test]
fn it_counts_from_2020() {
    let Some(server) = Server::start(Options::default()) else { return };
    let now = Duration::from_nanos(read(&register(options(&server))).now.as_nanos());
    let here = SystemTime::now().duration_since(UNIX_EPOCH + Duration::from_secs(1_577_836_800)).unwrap();
    assert!(here.abs_diff(now) < HOUR, "{now:?} there, {here:?} here");
}

#[test]
fn each_answer_shows_it() {
    let Some(server) = Server::start(Options::default()) else { return };
    let register = register(options(&server));
    let mut last = read(&register).now;
    let mut cell = Cell::NEW;
    for nanos in 1..100 {
        let new = started(cell, nanos * 10);
        let now = match register.compare_and_swap(cell, new, Mark::random()).unwrap() {
            Swap::Done(now) => now,
            Swap::Differs(other) => panic!("{other:?}"),
        };
        let Swap::Differs(Reading { now: later, .. }) =
            register.compare_and_swap(cell, new, Mark::random()).unwrap()
        else {
            panic!("it was swapped")
        };
        assert!(last <= now && now <= later);
        (last, cell) = (later, new);
    }
}

#[test]
fn it_is_stepped_forward_and_back() {
    let Some(mut server) = Server::start(Options { fake_clock: true, ..Options::default() }) else { return };
    let register = register(options(&server));
    let first = read(&register).now;
    server.step_clock(24 * 60 * 60);
    let forward = read(&register).now;
    assert!(forward.saturating_since(first) >= 24 * HOUR);
    server.step_clock(-48 * 60 * 60);
    let back = read(&register).now;
    // The difference of a day is longer than any test.
    assert!(back < first && first.saturating_since(back) <= 24 * HOUR);
    let swap = register.compare_and_swap(Cell::NEW, started(Cell::NEW, 1_000), Mark::random()).unwrap();
    let Swap::Done(now) = swap else { panic!("{swap:?}") };
    assert!(back <= now && now < first);
    server.step_clock(-20 * 365 * 24 * 60 * 60);
    assert_eq!(read(&register).now, Timestamp::ZERO);
}
