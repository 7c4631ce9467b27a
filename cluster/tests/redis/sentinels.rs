//! The primary is where the sentinels say.

use crate::support::eventually;
use crate::support::sentinel::{PRIMARY, Sentinel};
use crate::support::server::{Options, Server, free_port};
use crate::{admin, both_fail, options, read, register, saying, started, swap};
use atomic_throttle_cluster::Cell;
use atomic_throttle_cluster::register::{Mark, Redis, RedisOptions, Register, RegisterErrorKind, Swap};

const HERE: &str = "127.0.0.1";

fn watched_by(ports: &[u16]) -> RedisOptions {
    let addresses = ports.iter().map(|port| (HERE, *port));
    RedisOptions::new("reload").sentinels(PRIMARY, addresses).timeout(std::time::Duration::from_secs(20))
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
    let hasty = register(watched_by(&ports).timeout(std::time::Duration::from_secs(3)));
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
    crate::tell(&mut guard, "ACL SETUSER asker on >of-the-sentinel +sentinel|get-master-addr-by-name");
    crate::tell(&mut guard, "ACL SETUSER default off");
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
