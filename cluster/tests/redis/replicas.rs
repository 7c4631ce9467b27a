//! `WAIT`: a swap counts as done when the replicas have it.

use crate::{admin, finished, options, read, register, started, swap};
use atomic_throttle_cluster::Cell;
use atomic_throttle_cluster::register::{Mark, RedisOptions, Register, RegisterErrorKind};
use evidence::Check;
use evidence::Guarantee::{C1, C2};
use server::cut::{Cut, Fault};
use server::eventually;
use server::{Options, Server};
use std::time::Duration;

/// A primary and a replica that has caught up with it.
fn pair() -> Option<(Server, Server)> {
    let primary = Server::start(Options::default())?;
    let replica = Server::start(Options { replica_of: Some(primary.port()), ..Options::default() })?;
    eventually("the replica is connected", || {
        let info: String = redis::cmd("INFO").arg("replication").query(&mut admin(&primary)).unwrap();
        info.contains("state=online").then_some(())
    });
    Some((primary, replica))
}

fn hasty(server: &Server) -> RedisOptions {
    options(server).timeout(Duration::from_millis(400)).replicas(1)
}

#[test]
fn a_swap_counts_when_the_replicas_have_it_and_a_reading_after_it_too() {
    let Some((primary, replica)) = pair() else { return };
    let check = Check::of(&[C1, C2], "redis-server, replicas=1: no answer shows what no replica has");
    let (ours, other) = (register(hasty(&primary)), register(hasty(&primary)));
    let witness = register(options(&replica));
    let (cell, mark) = (started(Cell::NEW, 1_000), Mark::random());
    // The time may be over on a busy machine, after the swap was done.
    eventually("the start is confirmed", || {
        let _ = ours.compare_and_swap(Cell::NEW, cell, mark);
        ours.read().ok().filter(|reading| reading.cell == cell)
    });
    assert_eq!(read(&witness).cell, cell);

    replica.pause();
    let next = started(finished(cell), 2_000);
    let told = ours.compare_and_swap(cell, next, mark).unwrap_err();
    assert_eq!(told.kind(), RegisterErrorKind::Unconfirmed, "{told}");
    assert!(told.to_string().contains("of 1 replicas 0"), "{told}");
    // It was done, and we do not learn it: what we would begin, a failover would forget.
    for _ in 0..2 {
        assert_eq!(ours.read().unwrap_err().kind(), RegisterErrorKind::Unconfirmed);
    }
    // A server waits only for what was written on the same connection, so a reading writes.
    let key = "atomic-throttle:reload";
    let () = redis::cmd("PEXPIRE").arg(key).arg(100_000).query(&mut admin(&primary)).unwrap();
    assert_eq!(ours.read().unwrap_err().kind(), RegisterErrorKind::Unconfirmed);
    let left: i64 = redis::cmd("PTTL").arg(key).query(&mut admin(&primary)).unwrap();
    assert!(left > 100_000, "{left}");
    let told = ours.compare_and_swap(next, finished(next), mark).unwrap_err();
    assert_eq!(told.kind(), RegisterErrorKind::Unconfirmed);
    // Who has written nothing has nothing to confirm.
    assert_eq!((read(&other).cell, read(&other).mark), (next, Some(mark)));
    replica.resume();
    let reading = eventually("the replica has it", || ours.read().ok());
    assert_eq!((reading.cell, reading.mark), (next, Some(mark)));
    eventually("it is there", || (read(&witness).cell == next).then_some(()));
    check.passed(5, "operations");
}

#[test]
fn a_swap_whose_answer_was_lost_is_unconfirmed_too() {
    let Some((primary, replica)) = pair() else { return };
    let cut = Cut::to(primary.port());
    let ours = register(hasty(&primary).port(cut.port()));
    eventually("a reading in time", || ours.read().ok());
    replica.pause();
    let (cell, mark) = (started(Cell::NEW, 1_000), Mark::random());
    cut.fail(Fault::Reply { after: 0 });
    assert_eq!(
        ours.compare_and_swap(Cell::NEW, cell, mark).unwrap_err().kind(),
        RegisterErrorKind::Unreachable
    );
    // On a slow machine a try may find no time.
    let answer = eventually("the server answers", || {
        Some(ours.read().unwrap_err().kind()).filter(|kind| *kind != RegisterErrorKind::Unreachable)
    });
    assert_eq!(answer, RegisterErrorKind::Unconfirmed);
    replica.resume();
    let reading = eventually("the replica has it", || ours.read().ok());
    assert_eq!((reading.cell, reading.mark), (cell, Some(mark)));
    swap(&register(options(&primary).replicas(1)), cell, finished(cell), mark);
}

#[test]
fn more_replicas_than_there_are_never_confirm() {
    let Some((primary, _replica)) = pair() else { return };
    let register = register(hasty(&primary).replicas(2));
    assert_eq!(read(&register).cell, Cell::NEW);
    let error = register.compare_and_swap(Cell::NEW, started(Cell::NEW, 1), Mark::random()).unwrap_err();
    assert_eq!(error.kind(), RegisterErrorKind::Unconfirmed);
    // On a busy machine the one replica may not have it yet.
    eventually("the one replica has it", || {
        register.read().unwrap_err().to_string().contains("of 2 replicas 1").then_some(())
    });
}
