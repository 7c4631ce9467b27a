//! A server that refuses or does not answer, and what the error says: the cause, what to do, and nothing twice.

use crate::{admin, both_fail, options, read, register, saying, started, swap, swap_fails, tell};
use atomic_throttle_cluster::Cell;
use atomic_throttle_cluster::register::{Mark, RedisOptions, Register, RegisterError, RegisterErrorKind};
use server::cut::{Cut, Fault};
use server::eventually;
use server::{Options, Persistence, Server, free_port};
use std::error::Error;
use std::time::Duration;

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

/// The error and its sources, as a program prints them.
fn chain(error: &RegisterError) -> Vec<String> {
    let sources = std::iter::successors(error.source(), |&error| error.source());
    std::iter::once(error.to_string()).chain(sources.map(ToString::to_string)).collect()
}

/// The words of an error, which has said each only once.
#[track_caller]
fn told(error: &RegisterError) -> String {
    let chain = chain(error);
    for (at, later) in chain.iter().enumerate().skip(1) {
        assert!(!chain[..at].iter().any(|earlier| earlier.contains(later)), "twice: {chain:?}");
    }
    let cause = error.cause().expect("a cause").to_string();
    assert!(chain[0].contains(&cause) && !chain[0].contains('\n'), "{chain:?} without {cause}");
    chain[0].clone()
}

#[track_caller]
fn tells(options: RedisOptions, kind: RegisterErrorKind, parts: &[&str]) {
    for error in both_fail(&register(options), kind) {
        let told = told(&error);
        for part in parts {
            assert!(told.contains(part), "{part}: {told}");
        }
        assert!(!told.contains("(os error 11)"), "{told}");
    }
}

#[test]
fn no_answer_says_how_long_it_was_awaited() {
    let Some(server) = Server::start(Options::default()) else { return };
    let cut = Cut::to(server.port());
    cut.fail(Fault::Swallow);
    let hasty = options(&server).port(cut.port()).timeout(Duration::from_millis(70));
    tells(hasty, RegisterErrorKind::Unreachable, &["no answer came within 70ms"]);
}

#[test]
fn no_connection_and_no_host_say_why() {
    let Some(server) = Server::start(Options::default()) else { return };
    let nobody = options(&server).port(free_port());
    tells(nobody, RegisterErrorKind::Unreachable, &["is it running", "Connection refused"]);
    let nowhere = options(&server).host("no-such-host.invalid");
    tells(nowhere, RegisterErrorKind::Unreachable, &["the name of the host has no address"]);
    let socket = options(&server).unix_socket("/no/such/socket");
    tells(socket, RegisterErrorKind::Unreachable, &["No connection: No such file"]);
}

#[test]
fn a_refusal_says_what_to_do() {
    let Some(server) = Server::start(Options::default()) else { return };
    for (answer, parts) in [
        ("-LOADING Redis is loading\r\n", ["answers when that is done", "LOADING Redis is loading"]),
        ("-READONLY You can't write\r\n", ["connect to the primary", "READONLY You can't write"]),
        ("-MASTERDOWN Link with MASTER\r\n", ["connect to the primary", "MASTERDOWN Link"]),
        ("-OOM command not allowed\r\n", ["maxmemory", "OOM command"]),
        ("-NOAUTH Authentication required.\r\n", ["give one", "NOAUTH Auth"]),
        ("-WRONGPASS invalid pair\r\n", ["correct them", "WRONGPASS invalid"]),
        ("-NOPERM no permissions to run 'set'\r\n", ["lacks a right", "NOPERM no permissions to run 'set'"]),
        ("-ERR DB index is out of range\r\n", ["correct `db`", "ERR DB index"]),
        ("-ERR max number of clients reached\r\n", ["maxclients", "ERR max"]),
        ("-ASK 7 host:1\r\n", ["Redis Cluster", "ASK 7 host:1"]),
        ("-CLUSTERDOWN Hash slot not served\r\n", ["Redis Cluster", "CLUSTERDOWN Hash"]),
        ("-NEVERHEARD of it\r\n", ["refuses", "NEVERHEARD of it"]),
    ] {
        // A user without `evalsha` gets the same answer to `eval`.
        let answer = if answer.starts_with("-NOPERM") { answer.repeat(2).leak() } else { answer };
        tells(options(&server).port(saying(answer, 2)), RegisterErrorKind::Refused, &parts);
    }
}
