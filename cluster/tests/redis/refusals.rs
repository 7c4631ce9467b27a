//! A server that refuses.

use crate::support::eventually;
use crate::support::server::{Options, Persistence, Server};
use crate::{admin, options, read, register, started, swap, swap_fails, tell};
use atomic_throttle_cluster::Cell;
use atomic_throttle_cluster::register::{Mark, Register, RegisterError, RegisterErrorKind};

fn cause(error: &RegisterError) -> String {
    error.cause().expect("a cause").to_string()
}

#[test]
fn a_replica_is_read_and_refuses_swaps() {
    let Some(primary) = Server::start(Options::default()) else { return };
    let replica = Server::start(Options { replica_of: Some(primary.port()), ..Options::default() }).unwrap();
    let register = register(options(&replica));
    assert_eq!(read(&register).cell, Cell::NEW);
    let told = cause(&swap_fails(&register, RegisterErrorKind::Refused));
    assert!(told.to_lowercase().contains("readonly"), "{told}");
}

#[test]
fn a_server_without_memory_refuses_swaps_until_it_has_some() {
    let Some(server) = Server::start(Options::default()) else { return };
    let (register, mut admin) = (register(options(&server)), admin(&server));
    tell(&mut admin, "CONFIG SET maxmemory 1");
    let told = cause(&swap_fails(&register, RegisterErrorKind::Refused));
    assert!(told.contains("OOM"), "{told}");
    assert_eq!(read(&register).cell, Cell::NEW);
    tell(&mut admin, "CONFIG SET maxmemory 0");
    swap(&register, Cell::NEW, started(Cell::NEW, 1_000), Mark::random());
}

#[test]
fn a_server_that_cannot_save_refuses_swaps() {
    let snapshots = Options { persistence: Persistence::Snapshots, ..Options::default() };
    let Some(server) = Server::start(snapshots) else { return };
    let register = register(options(&server));
    assert_eq!(read(&register).cell, Cell::NEW);
    std::fs::remove_dir_all(server.folder()).unwrap();
    tell(&mut admin(&server), "BGSAVE");
    let error = eventually("a snapshot fails", || {
        // The swap may still be done a few times, and changes nothing.
        register.compare_and_swap(Cell::NEW, Cell::NEW, Mark::random()).err()
    });
    assert_eq!(error.kind(), RegisterErrorKind::Refused);
    assert!(cause(&error).contains("MISCONF"), "{}", cause(&error));
}
