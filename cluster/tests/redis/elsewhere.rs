//! The server is elsewhere: sentinels say where, or a node of a Redis Cluster does.

use crate::{admin, both_fail, options, read, register, saying, started, swap, tell};
use atomic_throttle_cluster::Cell;
use atomic_throttle_cluster::register::{Mark, Redis, RedisOptions, Register, RegisterErrorKind, Swap};
use server::eventually;
use server::sentinel::{PRIMARY, Sentinel};
use server::{Options, Server, free_port};
use std::time::Duration;

const HERE: &str = "127.0.0.1";

fn watched_by(ports: &[u16]) -> RedisOptions {
    let addresses = ports.iter().map(|port| (HERE, *port));
    RedisOptions::new("reload").sentinels(PRIMARY, addresses).timeout(Duration::from_secs(20))
}

fn replica_of(primary: &Server) -> Server {
    let replica = Server::start(Options { replica_of: Some(primary.port()), ..Options::default() });
    replica.expect("the program is installed")
}

#[test]
fn after_a_failover_the_new_primary_is_found() {
    let Some(mut primary) = Server::start(Options::default()) else { return };
    let replica = replica_of(&primary);
    let sentinels = Sentinel::several_of(&primary, 3);
    let register = register(watched_by(&sentinels.iter().map(Sentinel::port).collect::<Vec<_>>()));
    let cell = started(Cell::NEW, 1_000);
    swap(&register, Cell::NEW, cell, Mark::random());
    let witness = crate::register(options(&replica));
    eventually("the replica has it", || (read(&witness).cell == cell).then_some(()));
    eventually("the sentinels know all", || {
        sentinels.iter().all(|sentinel| sentinel.log().contains("+slave slave")).then_some(())
    });
    primary.kill();
    let next = started(cell, 2_000);
    // Which of them was done, if an answer was lost, does not matter here.
    let _: Swap = eventually("the other server is the primary", || {
        register.compare_and_swap(cell, next, Mark::random()).ok()
    });
    assert_eq!((read(&register).cell, read(&witness).cell), (next, next));
    // The old primary comes back as a replica, and is left alone.
    primary.start_again();
    assert_eq!(read(&register).cell, next);
}

#[test]
fn one_sentinel_that_knows_is_enough() {
    let Some(primary) = Server::start(Options::default()) else { return };
    let sentinel = Sentinel::of(&primary, 1);
    // A port where nobody is, a service that says nothing of use, a sentinel of another primary, and ours.
    let silent = std::net::TcpListener::bind((HERE, 0)).unwrap();
    let ports = [
        free_port(),
        silent.local_addr().unwrap().port(),
        saying("*-1\r\n", 1),
        saying("-ERR No such master with that name\r\n", 1),
        sentinel.port(),
    ];
    let hasty = register(watched_by(&ports).timeout(Duration::from_secs(3)));
    assert_eq!(eventually("an answer in time", || hasty.read().ok()).cell, Cell::NEW);
}

#[test]
fn a_primary_that_no_sentinel_knows_is_unreachable_and_each_says_why() {
    let Some(primary) = Server::start(Options::default()) else { return };
    let (sentinel, nobody) = (Sentinel::of(&primary, 1), free_port());
    let options = RedisOptions::new("reload").sentinels("other", [(HERE, sentinel.port()), (HERE, nobody)]);
    for error in both_fail(&Redis::new(options).unwrap(), RegisterErrorKind::Unreachable) {
        let told = error.to_string();
        for part in ["\"other\"", "watches no primary", "Connection refused", &format!("{HERE}:{nobody}")] {
            assert!(told.contains(part), "{part}: {told}");
        }
    }
}

#[test]
fn a_server_that_is_no_primary_is_refused() {
    let Some(primary) = Server::start(Options::default()) else { return };
    let replica = replica_of(&primary);
    let port = replica.port();
    let digits = port.to_string().len();
    let astray = saying(format!("*2\r\n$9\r\n{HERE}\r\n${digits}\r\n{port}\r\n").leak(), 2);
    for error in both_fail(&register(watched_by(&[astray])), RegisterErrorKind::Refused) {
        assert!(error.to_string().contains("slave") && error.to_string().contains("failover"), "{error}");
    }
}

#[test]
fn server_and_sentinel_have_passwords_of_their_own() {
    let guarded = Options { password: Some("of-the-server".to_owned()), ..Options::default() };
    let Some(primary) = Server::start(guarded) else { return };
    let sentinel = Sentinel::of(&primary, 1);
    let client = redis::Client::open(format!("redis://{HERE}:{}", sentinel.port())).unwrap();
    let mut guard = client.get_connection().unwrap();
    tell(&mut guard, "ACL SETUSER asker on >of-the-sentinel +sentinel|get-master-addr-by-name");
    tell(&mut guard, "ACL SETUSER default off");
    let watched = || watched_by(&[sentinel.port()]).password("of-the-server");
    let both = watched().sentinel_password(Some("asker".to_owned()), "of-the-sentinel");
    assert_eq!(read(&register(both)).cell, Cell::NEW);
    for error in both_fail(&register(watched()), RegisterErrorKind::Unreachable) {
        assert!(error.to_string().contains("NOAUTH"), "{error}");
    }
    let wrong = watched().sentinel_password(Some("asker".to_owned()), "hunter2");
    for error in both_fail(&register(wrong), RegisterErrorKind::Unreachable) {
        let shown = format!("{error} {error:?}");
        assert!(shown.contains("WRONGPASS") && !shown.contains("hunter2"), "{shown}");
    }
    drop(admin(&primary));
}

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
    for error in both_fail(&register, RegisterErrorKind::Refused) {
        let told = error.to_string();
        assert!(told.contains("Redis Cluster") && told.contains("MOVED 7 127.0.0.1:1"), "{told}");
    }
    assert!(register.read().is_err());
}
