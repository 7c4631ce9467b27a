//! What an error says: the cause, what to do, and nothing twice.

use crate::support::cut::{Cut, Fault};
use crate::support::server::{Options, Server, free_port};
use crate::{both_fail, options, register, saying};
use atomic_throttle_cluster::register::{RedisOptions, RegisterError, RegisterErrorKind};
use std::error::Error;
use std::time::Duration;

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
