//! Access to the register: passwords and users.

use crate::{admin, both_fail, options, read, register, swap, swap_fails, tell};
use atomic_throttle_cluster::Cell;
use atomic_throttle_cluster::register::{Mark, RedisOptions, RegisterErrorKind};
use server::{Options, Server};

const PASSWORD: &str = "correct-horse";

fn guarded() -> Option<Server> {
    Server::start(Options { password: Some(PASSWORD.to_owned()), ..Options::default() })
}

#[test]
fn the_password_lets_in() {
    let Some(mut server) = guarded() else { return };
    let register = register(options(&server).password(PASSWORD));
    swap(&register, Cell::NEW, crate::started(Cell::NEW, 1_000), Mark::random());
    // It works on a new connection as well.
    server.restart();
    assert_eq!(read(&register).cell, Cell::NEW);
}

#[test]
fn without_it_and_with_another_all_is_refused() {
    let Some(server) = guarded() else { return };
    both_fail(&register(options(&server)), RegisterErrorKind::Refused);
    both_fail(&register(options(&server).password("battery-staple")), RegisterErrorKind::Refused);
    both_fail(&register(options(&server).username("nobody").password(PASSWORD)), RegisterErrorKind::Refused);
}

fn user(server: &Server, rights: &str) -> RedisOptions {
    tell(&mut admin(server), &format!("ACL SETUSER agent reset on >staple {rights}"));
    options(server).username("agent").password("staple")
}

const RIGHTS: [&str; 6] = ["~atomic-throttle:*", "+eval", "+getrange", "+exists", "+time", "+set"];

#[test]
fn the_rights_that_are_documented_are_enough_and_none_is_too_much() {
    let Some(server) = Server::start(Options::default()) else { return };
    for left_out in RIGHTS {
        tell(&mut admin(&server), "SCRIPT FLUSH");
        let fewer: Vec<_> = RIGHTS.into_iter().filter(|right| *right != left_out).collect();
        let register = register(user(&server, &format!("+evalsha {}", fewer.join(" "))));
        swap_fails(&register, RegisterErrorKind::Refused);
    }
    // Only `evalsha` can be missed: then each operation sends the whole script.
    for rights in [RIGHTS.join(" "), format!("{} +evalsha", RIGHTS.join(" "))] {
        tell(&mut admin(&server), "FLUSHALL");
        tell(&mut admin(&server), "SCRIPT FLUSH");
        let register = register(user(&server, &rights));
        swap(&register, Cell::NEW, crate::started(Cell::NEW, 1_000), Mark::random());
    }
}

#[test]
fn a_user_without_the_key_is_refused() {
    let Some(server) = Server::start(Options::default()) else { return };
    both_fail(&register(user(&server, "~other:* +@all")), RegisterErrorKind::Refused);
}

#[test]
fn rights_that_are_taken_away_are_refused_and_given_back_are_enough() {
    let Some(server) = Server::start(Options::default()) else { return };
    let register = register(user(&server, "~* +@all"));
    assert_eq!(read(&register).cell, Cell::NEW);
    user(&server, "~* -@all");
    both_fail(&register, RegisterErrorKind::Refused);
    user(&server, "~* +@all");
    assert_eq!(read(&register).cell, Cell::NEW);
}
