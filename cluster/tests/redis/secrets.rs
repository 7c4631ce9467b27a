//! No password in anything that is shown: errors, their causes, `Debug` of options and register.

use crate::{admin, both_fail, options, tell};
use atomic_throttle_cluster::register::{Redis, RedisOptions, RedisOptionsError, RegisterErrorKind};
use evidence::Check;
use evidence::Guarantee::C6;
use server::cut::{Cut, Fault};
use server::{Options, Server};
use std::error::Error;
use std::fmt::Debug;
use std::time::Duration;

const PASSWORD: &str = "hunter2-of-the-server";
const USERNAME: &str = "u5er";

/// Every text of an error and its causes.
fn shown(error: &(dyn Error + 'static)) -> String {
    let own = format!("{error} {error:?} {error:#?}\n");
    own + &error.source().map(shown).unwrap_or_default()
}

fn shown_of(value: &dyn Debug) -> String {
    format!("{value:?} {value:#?}")
}

#[track_caller]
fn is_blank(shown: &str) {
    assert!(!shown.is_empty() && !shown.contains("hunter2"), "{shown}");
}

/// Both operations fail this way, and no text contains the password.
#[track_caller]
fn fails_silently(options: RedisOptions, kind: RegisterErrorKind) -> usize {
    is_blank(&shown_of(&options));
    let register = Redis::new(options).unwrap();
    is_blank(&shown_of(&register));
    let errors = both_fail(&register, kind);
    for error in &errors {
        assert!(error.cause().is_some(), "{error}");
        is_blank(&shown(error));
    }
    errors.len()
}

#[test]
fn no_failure_of_the_register_tells_the_password() {
    let Some(mut server) =
        Server::start(Options { password: Some("another".to_owned()), ..Options::default() })
    else {
        return;
    };
    let check = Check::of(&[C6], "redis-server: no error, cause or Debug shows a password");
    let secret = |server: &Server| options(server).username(USERNAME).password(PASSWORD);
    let mut seen = 0;

    seen += fails_silently(options(&server).password(PASSWORD), RegisterErrorKind::Refused);
    seen += fails_silently(secret(&server), RegisterErrorKind::Refused);
    tell(&mut admin(&server), &format!("ACL SETUSER {USERNAME} on >{PASSWORD} ~* -@all"));
    seen += fails_silently(secret(&server), RegisterErrorKind::Refused);
    tell(&mut admin(&server), &format!("ACL SETUSER {USERNAME} +@all"));
    seen += fails_silently(secret(&server).db(1_000_000), RegisterErrorKind::Refused);
    tell(&mut admin(&server), "SET atomic-throttle:reload other");
    seen += fails_silently(secret(&server), RegisterErrorKind::Foreign);
    tell(&mut admin(&server), "DEL atomic-throttle:reload");
    tell(&mut admin(&server), "RPUSH atomic-throttle:reload other");
    seen += fails_silently(secret(&server), RegisterErrorKind::Foreign);

    let cut = Cut::to(server.port());
    cut.fail(Fault::Swallow);
    let hasty = secret(&server).port(cut.port()).timeout(Duration::from_millis(50));
    seen += fails_silently(hasty, RegisterErrorKind::Unreachable);
    cut.fail(Fault::Refuse);
    seen += fails_silently(secret(&server).port(cut.port()), RegisterErrorKind::Unreachable);
    let nowhere = secret(&server).host("no-such-host.invalid");
    seen += fails_silently(nowhere, RegisterErrorKind::Unreachable);
    seen += fails_silently(secret(&server).unix_socket("/no/such/socket"), RegisterErrorKind::Unreachable);
    server.kill();
    seen += fails_silently(secret(&server), RegisterErrorKind::Unreachable);
    check.passed(seen, "failures");
}

/// A server that does not know `AUTH` quotes in its answer what it was sent.
#[test]
fn a_server_that_answers_with_the_password_is_not_quoted() {
    let renamed = vec!["--rename-command AUTH ".to_owned() + "''"];
    let Some(server) = Server::start(Options { extra: renamed, ..Options::default() }) else { return };
    let told = redis::cmd("AUTH").arg(PASSWORD).query::<()>(&mut admin(&server)).unwrap_err();
    assert!(told.to_string().contains(PASSWORD), "the server does quote it: {told}");
    fails_silently(options(&server).password(PASSWORD), RegisterErrorKind::Refused);
}

/// Any source of the password counts: here a word of the server is the password of a user.
#[test]
fn a_cause_that_says_the_password_is_blanked() {
    let Some(server) = Server::start(Options::default()) else { return };
    let refused_with = |password: &str| {
        tell(&mut admin(&server), &format!("ACL SETUSER {USERNAME} reset on >{password} ~* -@all"));
        let register = Redis::new(options(&server).username(USERNAME).password(password)).unwrap();
        both_fail(&register, RegisterErrorKind::Refused).map(|error| shown(&error))
    };
    for shown in refused_with(PASSWORD) {
        assert!(shown.contains("permissions"), "what the server says: {shown}");
    }
    for shown in refused_with("permissions") {
        assert!(!shown.contains("permissions") && shown.contains("***"), "{shown}");
    }
}

type Expected = fn(&RedisOptionsError) -> bool;

#[test]
fn options_that_cannot_be_right_are_refused_without_telling_them() {
    let base = || RedisOptions::new("reload").password(PASSWORD);
    let at_a_host = format!("user:{PASSWORD}@host");
    let wrong: [(RedisOptions, Expected); 8] = [
        (RedisOptions::new("").prefix(""), |error| matches!(error, RedisOptionsError::NoKey)),
        (base().host(""), |error| matches!(error, RedisOptionsError::Host)),
        (base().host("a b"), |error| matches!(error, RedisOptionsError::Host)),
        (base().host("host/3"), |error| matches!(error, RedisOptionsError::Host)),
        (RedisOptions::new("reload").host(at_a_host), |error| matches!(error, RedisOptionsError::Host)),
        (RedisOptions::new("reload").username(PASSWORD), |error| {
            matches!(error, RedisOptionsError::NoPassword)
        }),
        (base().timeout(Duration::ZERO), |error| matches!(error, RedisOptionsError::NoTime)),
        (base().unix_socket("/socket").tls(true), |error| matches!(error, RedisOptionsError::TlsOnSocket)),
    ];
    for (options, expected) in wrong {
        let error = Redis::new(options).unwrap_err();
        assert!(expected(&error), "{error:?}");
        is_blank(&shown(&error));
    }
}

#[cfg(not(feature = "tls"))]
#[test]
fn tls_without_the_feature_is_an_error_that_says_so() {
    let error = Redis::new(RedisOptions::new("reload").tls(true)).unwrap_err();
    assert!(matches!(error, RedisOptionsError::TlsNotEnabled));
    assert!(error.to_string().contains("feature `tls`"), "{error}");
}

#[test]
fn the_options_say_which_register_it_is() {
    let shown =
        shown_of(&RedisOptions::new("reload").host("h").port(7).db(3).username(USERNAME).password(PASSWORD));
    for part in ["redis://h:7/3", "atomic-throttle:reload", "***"] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    assert!(!shown.contains(USERNAME), "{shown}");
}
