//! The register in Redis, on a real server that each test starts for itself. If no server is installed, the
//! tests say so and show nothing.
//!
//! What these tests cannot show: a server whose disk fails, and networks that delay one message and not the
//! next.

#![cfg(unix)]

mod authentication;
mod clock;
mod commands;
mod contention;
mod cuts;
mod elsewhere;
mod expiry;
mod foreign;
mod garbled;
mod outages;
mod refusals;
mod replicas;
mod secrets;
#[cfg(feature = "tls")]
mod tls;

use atomic_throttle::lease::{Lease, Policy};
use atomic_throttle::state::{Arrive, Finish};
use atomic_throttle::{Threshold, Timestamp};
use atomic_throttle_cluster::Cell;
use atomic_throttle_cluster::register::{
    Mark, Reading, Redis, RedisOptions, Register, RegisterError, RegisterErrorKind, Swap,
};
use server::Server;
use std::io::Write;
use std::time::Duration;
use watchdog as _;

/// The options of a register on this server. The timeouts are long enough for a busy machine; a test that
/// needs one to expire sets a short one.
fn options(server: &Server) -> RedisOptions {
    let patience = Duration::from_secs(20);
    RedisOptions::new("reload").port(server.port()).timeout(patience)
}

fn register(options: RedisOptions) -> Redis {
    Redis::new(options).expect("the options are valid")
}

/// A connection beside the register.
fn admin(server: &Server) -> redis::Connection {
    let client = redis::Client::open(server.url()).expect("a URL");
    client.get_connection().expect("a server that answers")
}

fn tell(admin: &mut redis::Connection, command: &str) -> redis::Value {
    let mut words = command.split(' ');
    let mut built = redis::cmd(words.next().expect("a command"));
    for word in words {
        built.arg(word);
    }
    built.query(admin).unwrap_or_else(|error| panic!("{command}: {error}"))
}

/// The port of a service that says this to each of so many clients, whatever they say.
fn saying(answer: &'static str, clients: usize) -> u16 {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a machine has free ports");
    let port = listener.local_addr().expect("it is bound").port();
    std::thread::spawn(move || {
        for _ in 0..clients {
            let (mut client, _) = listener.accept()?;
            client.write_all(answer.as_bytes())?;
            // Until the client has closed it.
            let _ = std::io::copy(&mut client, &mut std::io::sink());
        }
        std::io::Result::Ok(())
    });
    port
}

/// The cell after a start at this time. The start supersedes a run in progress.
fn started(cell: Cell, nanos: u64) -> Cell {
    let policy = Policy::new(Threshold::from_nanos(1)).with_lease(Lease::from_nanos(1));
    let (next, outcome) = cell.arrive(Timestamp::from_nanos(nanos), policy);
    assert_eq!(outcome, Arrive::Run);
    next
}

fn finished(cell: Cell) -> Cell {
    let (next, outcome) = cell.finish(cell.epoch());
    assert_eq!(outcome, Finish::Finished);
    next
}

#[track_caller]
fn read(register: &dyn Register) -> Reading {
    register.read().unwrap_or_else(|error| panic!("{error}: {error:?}"))
}

#[track_caller]
fn swap(register: &dyn Register, old: Cell, new: Cell, mark: Mark) {
    let swap = register.compare_and_swap(old, new, mark).unwrap_or_else(|error| panic!("{error}: {error:?}"));
    assert!(matches!(swap, Swap::Done(_)), "{swap:?}");
}

/// Both operations give an error of this kind.
#[track_caller]
fn both_fail(register: &dyn Register, kind: RegisterErrorKind) -> [RegisterError; 2] {
    let read = register.read().expect_err("a read");
    let swap = swap_fails(register, kind);
    assert_eq!(read.kind(), kind, "{read:?}");
    [read, swap]
}

#[track_caller]
fn swap_fails(register: &dyn Register, kind: RegisterErrorKind) -> RegisterError {
    let swap = register.compare_and_swap(Cell::NEW, started(Cell::NEW, 5), Mark::random());
    let swap = swap.expect_err("a swap");
    assert_eq!(swap.kind(), kind, "{swap:?}");
    swap
}
