//! A server that is killed, started again, stopped, or absent.

use crate::{both_fail, options, read, register, started, swap};
use atomic_throttle_cluster::Cell;
use atomic_throttle_cluster::register::{Mark, Redis, RedisOptions, Register, RegisterErrorKind};
use evidence::Check;
use evidence::Guarantee::{C1, C2, C6, C8};
use server::cut::{Cut, Fault};
use server::eventually;
use server::{Options, Persistence, Server};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

fn keeping(persistence: Persistence) -> Option<Server> {
    Server::start(Options { persistence, ..Options::default() })
}

#[test]
fn what_was_confirmed_outlives_a_kill_if_the_server_keeps_it() {
    let Some(mut server) = keeping(Persistence::Always) else { return };
    let check = Check::of(&[C1, C2, C6], "redis-server, killed: with appendfsync always no cell is lost");
    let register = register(options(&server));
    let mut cell = Cell::NEW;
    let kills = evidence::depth(3, 30);
    for nanos in 1..=kills {
        let (new, mark) = (started(cell, nanos * 1_000), Mark::random());
        swap(&register, cell, new, mark);
        server.restart();
        // This uses the connection that the kill has cut.
        assert_eq!((read(&register).cell, read(&register).mark), (new, Some(mark)));
        cell = new;
    }
    check.passed(usize::try_from(kills).unwrap(), "kills");
}

#[test]
fn a_server_that_keeps_nothing_is_new_after_a_kill() {
    let Some(mut server) = keeping(Persistence::None) else { return };
    let register = register(options(&server));
    swap(&register, Cell::NEW, started(Cell::NEW, 1_000), Mark::random());
    server.restart();
    assert_eq!((read(&register).cell, read(&register).mark), (Cell::NEW, None));
    evidence::caught("a server that keeps nothing", "redis-server, killed: the cell is new");
}

#[test]
fn a_swap_on_a_connection_that_a_restart_has_cut_is_not_sent_again() {
    let Some(mut server) = keeping(Persistence::Always) else { return };
    let register = register(options(&server));
    read(&register);
    server.restart();
    let cell = started(Cell::NEW, 1_000);
    let told = register.compare_and_swap(Cell::NEW, cell, Mark::random());
    assert_eq!(told.unwrap_err().kind(), RegisterErrorKind::Unreachable);
    swap(&register, Cell::NEW, cell, Mark::random());
}

#[test]
fn a_server_that_is_not_there_is_unreachable_until_it_is_back() {
    let Some(mut server) = keeping(Persistence::None) else { return };
    server.kill();
    let made_while_down = register(options(&server));
    for _ in 0..3 {
        both_fail(&made_while_down, RegisterErrorKind::Unreachable);
    }
    assert_eq!(made_while_down.check().unwrap_err().kind(), RegisterErrorKind::Unreachable);
    server.start_again();
    made_while_down.check().unwrap();
    swap(&made_while_down, Cell::NEW, started(Cell::NEW, 1_000), Mark::random());
}

/// Returns what `ask` returns; if it never ends, the test fails.
fn ends<T: Send + 'static>(ask: impl FnOnce() -> T + Send + 'static) -> T {
    let (told, hears) = mpsc::channel();
    thread::spawn(move || told.send(ask()));
    hears.recv_timeout(Duration::from_secs(30)).expect("it ends")
}

fn hasty(port: u16) -> Redis {
    let hasty = Duration::from_millis(200);
    register(RedisOptions::new("reload").port(port).timeout(hasty))
}

#[test]
fn a_server_that_is_stopped_is_unreachable_and_may_do_later_what_it_was_asked() {
    let Some(server) = keeping(Persistence::None) else { return };
    let check = Check::of(
        &[C2, C6],
        "redis-server, stopped: no operation hangs, a late start is recognized by its mark",
    );
    let (kept, fresh, witness) = (hasty(server.port()), hasty(server.port()), register(options(&server)));
    eventually("a read in time", || kept.read().ok());
    let (new, mark) = (started(Cell::NEW, 1_000), Mark::random());
    server.pause();
    let [told, of_fresh, again] = ends(move || {
        let told = kept.compare_and_swap(Cell::NEW, new, mark).map(|_| ());
        // No operation waits for ever: neither one on a new connection, nor a further one.
        [told, fresh.read().map(|_| ()), kept.read().map(|_| ())]
    });
    for told in [told, of_fresh, again] {
        assert_eq!(told.unwrap_err().kind(), RegisterErrorKind::Unreachable);
    }
    server.resume();
    // The connection was closed long ago, and still the swap is done.
    let reading = eventually("the swap is done late", || {
        let reading = read(&witness);
        (reading.cell != Cell::NEW).then_some(reading)
    });
    assert_eq!((reading.cell, reading.mark), (new, Some(mark)));
    check.passed(3, "operations");
}

#[test]
fn an_answer_that_trickles_in_ends_with_the_limit() {
    let Some(server) = keeping(Persistence::None) else { return };
    let check = Check::of(&[C8], "redis-server, each byte in time and never the last: no operation hangs");
    let cut = Cut::to(server.port());
    let (kept, fresh) = (hasty(cut.port()), hasty(cut.port()));
    eventually("a read in time", || kept.read().ok());
    cut.fail(Fault::Drip);
    let told = ends(move || {
        [
            kept.compare_and_swap(Cell::NEW, started(Cell::NEW, 1_000), Mark::random()).map(|_| ()),
            fresh.read().map(|_| ()),
            kept.read().map(|_| ()),
        ]
    });
    for told in told {
        assert_eq!(told.unwrap_err().kind(), RegisterErrorKind::Unreachable);
    }
    check.passed(3, "operations");
}

#[test]
fn a_unix_socket_is_a_way_too() {
    let Some(mut server) = keeping(Persistence::None) else { return };
    let register = register(options(&server).unix_socket(server.socket()));
    swap(&register, Cell::NEW, started(Cell::NEW, 1_000), Mark::random());
    server.kill();
    both_fail(&register, RegisterErrorKind::Unreachable);
    server.start_again();
    assert_eq!(read(&register).cell, Cell::NEW);
}

#[test]
fn a_unix_socket_where_nobody_accepts_ends_with_the_limit() {
    use socket2::{Domain, SockAddr, Socket, Type};

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("socket");
    let address = SockAddr::unix(&path).unwrap();
    let stream = || Socket::new(Domain::UNIX, Type::STREAM, None).unwrap();
    let listener = stream();
    listener.bind(&address).unwrap();
    listener.listen(1).unwrap();
    // Until the system lets nobody wait any more.
    let waiting: Vec<_> = std::iter::repeat_with(stream)
        .take_while(|client| {
            client.set_nonblocking(true).unwrap();
            client.connect(&address).is_ok()
        })
        .collect();
    assert!(!waiting.is_empty());
    let hasty = register(RedisOptions::new("reload").unix_socket(path).timeout(Duration::from_millis(50)));
    let error = ends(move || hasty.read()).unwrap_err();
    assert!(error.to_string().ends_with("no connection came within 50ms"), "{error}");
}
