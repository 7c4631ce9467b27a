//! A node of a Redis Cluster: one key, so one redirection.

use crate::support::eventually;
use crate::support::server::{Options, Server, free_port};
use crate::{admin, options, read, register, saying, started, swap, tell};
use atomic_throttle_cluster::Cell;
use atomic_throttle_cluster::register::{Mark, Register, RegisterErrorKind};

fn node() -> Option<(Server, u16)> {
    let bus = free_port();
    let extra = vec!["--cluster-enabled yes".to_owned(), format!("--cluster-port {bus}")];
    Some((Server::start(Options { extra, ..Options::default() })?, bus))
}

#[test]
fn a_node_without_the_key_sends_us_to_the_one_that_holds_it() {
    let Some((one, _)) = node() else { return };
    let Some((other, bus)) = node() else { return };
    let mut admins = [admin(&one), admin(&other)];
    tell(&mut admins[0], "CLUSTER ADDSLOTSRANGE 0 8191");
    tell(&mut admins[1], "CLUSTER ADDSLOTSRANGE 8192 16383");
    tell(&mut admins[0], &format!("CLUSTER MEET 127.0.0.1 {} {bus}", other.port()));
    for admin in &mut admins {
        eventually("the nodes know each other", || {
            let info: String = redis::cmd("CLUSTER").arg("INFO").query(admin).unwrap();
            (info.contains("cluster_state:ok") && info.contains("cluster_known_nodes:2")).then_some(())
        });
    }
    // For a swap as well: a node that sends us elsewhere has done nothing.
    let mut cell = Cell::NEW;
    for (nanos, node) in (1..).zip([&one, &other, &one, &other]) {
        let register = register(options(node));
        let new = started(cell, nanos * 1_000);
        swap(&register, cell, new, Mark::random());
        assert_eq!(read(&register).cell, new);
        cell = new;
    }
    assert_eq!(read(&register(options(&one))).cell, read(&register(options(&other))).cell);
}

#[test]
fn nodes_that_send_us_round_are_followed_once() {
    let Some(server) = Server::start(Options::default()) else { return };
    let last = saying("-MOVED 7 127.0.0.1:1\r\n", 3);
    let first = saying(format!("-MOVED 7 127.0.0.1:{last}\r\n").leak(), 3);
    let register = register(options(&server).port(first));
    for error in crate::both_fail(&register, RegisterErrorKind::Refused) {
        let told = error.to_string();
        assert!(told.contains("Redis Cluster") && told.contains("MOVED 7 127.0.0.1:1"), "{told}");
    }
    assert!(register.read().is_err());
}
