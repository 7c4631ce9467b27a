//! What an operation costs the server: one command.

use crate::{admin, finished, options, read, register, started, swap, tell};
use atomic_throttle_cluster::Cell;
use atomic_throttle_cluster::register::{Mark, Register};
use evidence::Check;
use evidence::Guarantee::C7;
use server::{Options, Server};
use std::collections::BTreeMap;

/// How often each command was executed since the last call of this function, including those of scripts.
fn executed(admin: &mut redis::Connection) -> BTreeMap<String, usize> {
    let info: String = redis::cmd("INFO").arg("commandstats").query(admin).unwrap();
    tell(admin, "CONFIG RESETSTAT");
    let rows = info.lines().filter_map(|line| line.strip_prefix("cmdstat_")?.split_once(":calls="));
    rows.filter(|(command, _)| !command.starts_with("info") && !command.starts_with("config"))
        .map(|(command, rest)| (command.to_owned(), rest.split(',').next().unwrap().parse().unwrap()))
        .collect()
}

fn counts<const N: usize>(counts: [(&str, usize); N]) -> BTreeMap<String, usize> {
    counts.into_iter().map(|(command, count)| (command.to_owned(), count)).collect()
}

#[test]
fn an_operation_is_one_command() {
    let Some(server) = Server::start(Options::default()) else { return };
    let (register, mut admin) = (register(options(&server)), admin(&server));
    let check = Check::of(&[C7], "redis-server, its own statistics: an operation is one command");
    executed(&mut admin);
    read(&register);
    // The server does not know the script yet.
    let first = counts([("evalsha", 1), ("eval", 1), ("getrange", 1), ("exists", 1), ("time", 1)]);
    assert_eq!(executed(&mut admin), first);
    let operations = 300;
    let mut cell = Cell::NEW;
    for nanos in 1..=operations as u64 / 3 {
        let running = started(cell, nanos * 10);
        swap(&register, cell, running, Mark::random());
        swap(&register, running, finished(running), Mark::random());
        cell = finished(running);
        assert_eq!(read(&register).cell, cell);
    }
    let (swaps, operations) = (operations / 3 * 2, operations);
    let expected = [
        ("evalsha", operations),
        ("getrange", operations),
        ("time", operations),
        ("set", swaps),
        ("exists", 1),
    ];
    assert_eq!(executed(&mut admin), counts(expected));
    check.passed(operations, "operations");
}

#[test]
fn a_script_that_was_forgotten_is_loaded_again() {
    let Some(server) = Server::start(Options::default()) else { return };
    let (register, mut admin) = (register(options(&server)), admin(&server));
    let mut cell = Cell::NEW;
    for nanos in 1..10 {
        tell(&mut admin, "SCRIPT FLUSH");
        let new = started(cell, nanos * 10);
        swap(&register, cell, new, Mark::random());
        tell(&mut admin, "SCRIPT FLUSH");
        assert_eq!(register.read().unwrap().cell, new);
        cell = new;
    }
}

/// As with a proxy or a managed server that keeps `SCRIPT` from its users, or executes no script by its digest.
#[test]
fn a_server_that_refuses_digests_is_sent_the_script_and_not_asked_again() {
    let Some(server) = Server::start(Options::default()) else { return };
    let mut admin = admin(&server);
    tell(&mut admin, "ACL SETUSER agent on >staple ~* +@all -script -evalsha");
    let register = register(options(&server).username("agent").password("staple"));
    executed(&mut admin);
    let mut cell = Cell::NEW;
    for nanos in 1..=10 {
        let new = started(cell, nanos * 10);
        swap(&register, cell, new, Mark::random());
        assert_eq!(read(&register).cell, new);
        cell = new;
    }
    let info: String = redis::cmd("INFO").arg("commandstats").query(&mut admin).unwrap();
    let of_evalsha = info.lines().find(|line| line.starts_with("cmdstat_evalsha:")).expect("it was tried");
    assert!(of_evalsha.contains("calls=0,") && of_evalsha.contains("rejected_calls=1,"), "{of_evalsha}");
    assert_eq!(executed(&mut admin)["eval"], 20);
}

#[test]
fn a_user_without_script_has_the_script_sent_once() {
    let Some(server) = Server::start(Options::default()) else { return };
    let mut admin = admin(&server);
    tell(&mut admin, "ACL SETUSER agent on >staple ~* +@all -script");
    let register = register(options(&server).username("agent").password("staple"));
    executed(&mut admin);
    assert_eq!(read(&register).cell, Cell::NEW);
    assert_eq!(read(&register).cell, Cell::NEW);
    let executed = executed(&mut admin);
    // By the digest in vain, then whole, then by the digest.
    assert_eq!((executed["evalsha"], executed["eval"]), (2, 1));
}
