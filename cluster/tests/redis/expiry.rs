//! A throttle that nobody uses expires, and one that is used stays. Each has its own key.

use crate::{admin, finished, options, read, register, started, swap};
use atomic_throttle_cluster::Cell;
use atomic_throttle_cluster::register::Mark;
use server::{Options, Server};
use std::time::Duration;

const KEY: &str = "atomic-throttle:reload";
const HOUR: u64 = 60 * 60;

fn left(admin: &mut redis::Connection) -> i64 {
    redis::cmd("PTTL").arg(KEY).query(admin).unwrap()
}

#[test]
fn each_swap_sets_it_and_a_read_does_not() {
    let Some(server) = Server::start(Options::default()) else { return };
    let mut admin = admin(&server);
    let retained = |hours| register(options(&server).retention(Duration::from_secs(hours * HOUR)));
    let (short, long) = (retained(2), retained(200));
    assert_eq!(read(&short).cell, Cell::NEW);
    assert_eq!(left(&mut admin), -2, "a read makes no key");
    let cell = started(Cell::NEW, 1_000);
    swap(&short, Cell::NEW, cell, Mark::random());
    let two_hours = 2 * 60 * 60 * 1_000;
    assert!((1..=two_hours).contains(&left(&mut admin)));
    assert_eq!(read(&long).cell, cell);
    assert!((1..=two_hours).contains(&left(&mut admin)));
    swap(&long, cell, finished(cell), Mark::random());
    assert!((two_hours + 1..=100 * two_hours).contains(&left(&mut admin)));
}

#[test]
fn any_retention_is_taken() {
    let Some(server) = Server::start(Options::default()) else { return };
    for retention in [Duration::MAX, Duration::from_millis(u64::MAX), Duration::from_secs(1 << 40)] {
        let () = redis::cmd("DEL").arg(KEY).query(&mut admin(&server)).unwrap();
        let register = register(options(&server).retention(retention));
        swap(&register, Cell::NEW, started(Cell::NEW, 1_000), Mark::random());
        assert!(left(&mut admin(&server)) > 1_000_000_000_000);
    }
    for retention in [Duration::ZERO, Duration::from_nanos(1)] {
        let () = redis::cmd("DEL").arg(KEY).query(&mut admin(&server)).unwrap();
        let register = register(options(&server).retention(retention));
        swap(&register, Cell::NEW, started(Cell::NEW, 1_000), Mark::random());
        server::eventually("it goes", || (read(&register).cell == Cell::NEW).then_some(()));
    }
}

#[test]
fn it_goes_when_it_was_not_used_for_so_long() {
    let Some(mut server) = Server::start(Options { fake_clock: true, ..Options::default() }) else { return };
    let register = register(options(&server).retention(Duration::from_secs(100 * HOUR)));
    let cell = started(Cell::NEW, 1_000);
    swap(&register, Cell::NEW, cell, Mark::random());
    server.step_clock(90 * 60 * 60);
    assert_eq!(read(&register).cell, cell);
    swap(&register, cell, finished(cell), Mark::random());
    server.step_clock(90 * 60 * 60);
    assert_eq!(read(&register).cell, finished(cell));
    server.step_clock(20 * 60 * 60);
    assert_eq!((read(&register).cell, read(&register).mark), (Cell::NEW, None));
}

#[test]
fn name_prefix_and_database_are_throttles_of_their_own() {
    let Some(server) = Server::start(Options::default()) else { return };
    let all = [
        options(&server),
        options(&server).prefix("other:"),
        options(&server).prefix(""),
        options(&server).prefix("").db(3),
        crate::RedisOptions::new("a name with \"blanks\" and\n{braces}").port(server.port()),
    ];
    let keys = all.clone().map(|options| options.key());
    assert_eq!(keys[..4], [KEY, "other:reload", "reload", "reload"]);
    for (nanos, options) in (1..).zip(all.clone()) {
        let register = register(options);
        swap(&register, Cell::NEW, started(Cell::NEW, nanos), Mark::from_u64(nanos));
    }
    for (nanos, options) in (1..).zip(all) {
        assert_eq!(read(&register(options)).mark, Some(Mark::from_u64(nanos)));
    }
    for key in &keys[..3] {
        let found: i64 = redis::cmd("EXISTS").arg(key).query(&mut admin(&server)).unwrap();
        assert_eq!(found, 1, "{key}");
    }
}
