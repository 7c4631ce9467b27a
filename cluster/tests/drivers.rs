//! Registers by name: which one is opened, and what each refusal says.

use atomic_throttle_cluster::drivers::{Drivers, NameError, OpenError};
use atomic_throttle_cluster::register::{Memory, Register};
use std::error::Error;
use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;
use watchdog as _;

const SECRET: &str = "hunter2";

/// The error and all its causes, as people and as programs see them.
fn all_texts(error: &dyn Error) -> String {
    let mut texts = String::new();
    let mut next = Some(error);
    while let Some(error) = next {
        let _ = writeln!(texts, "{error}\n{error:?}\n{error:#?}");
        next = error.source();
    }
    texts
}

#[test]
fn memory_is_opened_by_its_alias_and_by_its_full_name() {
    for name in ["memory", "atomic_throttle_cluster::register::Memory"] {
        let opened = Drivers::standard().open(&format!("{name}:?lease=1h%2030s")).unwrap();
        assert_eq!(opened.lease, Some(Duration::from_secs(3630)));
        assert!(format!("{:?}", opened.register).starts_with("Memory"));
    }
    assert_eq!(Drivers::standard().open("memory:").unwrap().lease, None);
}

#[test]
fn names_are_compared_exactly_and_the_known_ones_are_listed() {
    let drivers = Drivers::standard();
    for name in ["Memory", "MEMORY", "mem", "memory ", " memory", "register::Memory", "etcd"] {
        let error = drivers.open(&format!("{name}:")).unwrap_err();
        assert!(matches!(&error, OpenError::UnknownDriver { name: asked, .. } if asked == name), "{error}");
        for known in drivers.names() {
            let listed = error.to_string().contains(known);
            assert_eq!(listed, !known.contains("::"), "aliases are listed, and no type names: {error}");
        }
    }
    for nameless in ["", "memory", ":", ":memory", "::", "me@host:1", "//host:1/name", "/run/a:b"] {
        assert!(matches!(drivers.open(nameless), Err(OpenError::NoDriver { .. })), "{nameless:?}");
    }
}

#[test]
fn a_name_that_is_taken_or_no_name_is_refused_and_nothing_is_added() {
    let mut drivers = Drivers::standard();
    let before: Vec<_> = drivers.names().map(str::to_owned).collect();
    let open = |_: &mut _| Ok(Arc::new(Memory::new()) as Arc<dyn Register>);
    let taken = |name: &str| Err(NameError::Taken { name: name.to_owned() });
    let invalid = |name: &str| Err(NameError::Invalid { name: name.to_owned() });
    assert_eq!(drivers.register("mine::Mine", &["mine", "redis"], open), taken("redis"));
    assert_eq!(drivers.register("memory", &[], open), taken("memory"));
    assert_eq!(drivers.register("mine::Mine", &["mine", "mine"], open), taken("mine"));
    for name in ["", ":", "a:b", "a:", ":a", "a b", "a/b", "a:::", "::", "a::", "::a", "a::b::", "ä"] {
        assert_eq!(drivers.register(name, &[], open), invalid(name));
    }
    assert!(drivers.names().eq(before.iter().map(String::as_str)));

    drivers.register("mine::Mine", &["mine"], open).unwrap();
    drivers.open("mine:").unwrap();
    drivers.open("mine::Mine:anything").unwrap();
}

#[test]
fn a_driver_is_told_all_parts_and_its_error_is_kept() {
    let mut drivers = Drivers::none();
    let open = |location: &mut atomic_throttle_cluster::drivers::Location| {
        assert_eq!(location.name(), "etcd");
        assert_eq!(location.host().as_deref(), Some("::1"));
        assert_eq!(location.port(), Some(2379));
        assert_eq!(location.username().as_deref(), Some("me@home"));
        assert_eq!(location.password().as_deref(), Some(SECRET));
        assert_eq!(location.path(), "/a b/c");
        assert_eq!(location.take("x").as_deref(), Some("1 2"));
        assert_eq!(location.take("x"), None);
        Err("no etcd here".into())
    };
    drivers.register("mine::Etcd", &["etcd"], open).unwrap();
    let error = drivers.open(&format!("etcd://me%40home:{SECRET}@[::1]:2379/a%20b/c?x=1+2")).unwrap_err();
    assert_eq!(error.to_string(), "`etcd://***@[::1]:2379/a%20b/c` cannot be opened: no etcd here");
    assert!(matches!(error, OpenError::Failed { source, .. } if source.to_string() == "no etcd here"));
}

#[test]
fn parameters_that_are_unknown_or_wrong_are_named() {
    let drivers = Drivers::standard();
    let error = drivers.open("memory:?leese=3s").unwrap_err();
    assert!(matches!(error, OpenError::UnknownParameter { parameter, .. } if parameter == "leese"));
    for wrong in ["", "0s", "3", "3 weeks ago", "200years"] {
        let error = drivers.open(&format!("memory:?lease={wrong}")).unwrap_err();
        assert!(matches!(error, OpenError::Parameter { .. }), "{wrong:?}: {error}");
    }
    assert!(matches!(drivers.open("memory:?lease=1s&lease=2s"), Err(OpenError::Malformed { .. })));
    assert!(matches!(drivers.open("shm:/tmp/%ff"), Err(OpenError::Malformed { .. })));
    for place in ["memory:place", "memory:/place", "memory://host"] {
        assert!(matches!(drivers.open(place), Err(OpenError::Malformed { .. })), "{place}");
    }
}

/// However a password is written, and whatever other part is wrong.
#[test]
fn no_error_shows_a_password() {
    let drivers = Drivers::standard();
    let mut errors = 0;
    for before in ["", "user"] {
        for password in
            [SECRET.to_owned(), format!("12/{SECRET}"), format!("1#{SECRET}"), format!("1?{SECRET}")]
        {
            for after in [
                "@",
                "@host",
                "@host:1/",
                "@host:99999/x",
                "@[::1/x",
                "@host/x?y=1",
                "@host/x?lease=no",
                "@host/x?db=no",
            ] {
                for name in ["memory", "shm", "redis", "rediss", "redis+unix", "redis+sentinel", "etcd"] {
                    let location = format!("{name}://{before}:{password}{after}");
                    if let Err(error) = drivers.open(&location) {
                        assert!(!all_texts(&error).contains(SECRET), "{location}: {}", all_texts(&error));
                        errors += 1;
                    }
                }
            }
        }
    }
    assert!(errors > 100, "{errors}");
}

/// Not even if the name of the driver or a `/` is missing, so that the credentials are taken for another
/// part.
#[test]
fn no_error_shows_a_password_that_stands_in_the_wrong_place() {
    let drivers = Drivers::standard();
    for wrong in [
        format!("{SECRET}@host:6379/x"),
        format!("{SECRET}:more@host:6379/x"),
        format!("user:{SECRET}@host:6379/x"),
        format!("redis:/:{SECRET}/x"),
        format!("redis:///:{SECRET}/x"),
        format!("redis:/user:{SECRET}%40host/x"),
        format!("rediss:user:{SECRET}%40host/x"),
        format!("//user::{SECRET}@host:6379/x"),
        format!("redis//user::{SECRET}@host:6379/x"),
        format!("redis:/user:{SECRET}@host/x"),
        format!("redis:/user:{SECRET}@host/x?lease=no"),
        format!("redis:user:{SECRET}@host/x?lease=no"),
        format!("rediss:/user:1@{SECRET}@host/x"),
        format!("redis+unix:/user:{SECRET}@host/x?name=n&mode=1"),
        format!("redis+unix:user:{SECRET}@/run/redis.sock?name=n&db=no"),
        format!("memory:user:{SECRET}@host?lease=no"),
    ] {
        let error = drivers.open(&wrong).unwrap_err();
        assert!(!all_texts(&error).contains(SECRET), "{wrong}: {}", all_texts(&error));
    }
}

#[cfg(feature = "redis")]
#[test]
fn a_key_in_redis_is_opened_by_its_url_and_connects_to_nothing_yet() {
    let drivers = Drivers::standard();
    let opened = |location: &str| format!("{:?}", drivers.open(location).unwrap().register);
    let url =
        format!("redis://user:{SECRET}@[::1]:7/a%2Fb?prefix=p:&db=3&retention=1day&timeout=2s&lease=5s");
    assert_eq!(opened(&url), "Redis(redis://::1:7/3 (key \"p:a/b\"))");
    let forgets_after = |location: &str| drivers.open(location).unwrap().register.forgets_after();
    assert_eq!(forgets_after(&url), Some(Duration::from_secs(86_400)));
    assert_eq!(forgets_after("redis://host/name"), Some(Duration::from_secs(7 * 86_400)));
    for credentials in ["user", ":hunter2", "user:hunter2"] {
        let error = drivers.open(&format!("redis://{credentials}@host/name?db=x")).unwrap_err();
        assert!(error.to_string().starts_with("`redis://***@host/name`: "), "{error}");
    }
    assert_eq!(opened("redis://host/name"), "Redis(redis://host:6379/0 (key \"atomic-throttle:name\"))");
    assert_eq!(
        opened("redis+unix:/run/a%20b.sock?name=n"),
        "Redis(redis+unix:///run/a b.sock?db=0 (key \"atomic-throttle:n\"))"
    );
    for elsewhere in ["//run/redis.sock", "//host/run/x", "//localhost:1/run/x", "run/x", "", "u:p@/run/x"] {
        let error = drivers.open(&format!("redis+unix:{elsewhere}?name=n")).unwrap_err();
        assert!(matches!(error, OpenError::Malformed { .. }), "{elsewhere}: {error}");
    }
    assert_eq!(
        opened(&format!("redis+unix://user:{SECRET}@localhost/run/x?name=n")),
        "Redis(redis+unix:///run/x?db=0 (key \"atomic-throttle:n\"))"
    );
    for nameless in ["redis://host", "redis://host/", "redis+unix:/run/redis.sock", "redis:name"] {
        let error = drivers.open(nameless).unwrap_err();
        assert!(matches!(error, OpenError::Malformed { .. }), "{nameless}: {error}");
    }
    for hostless in ["redis:///name", "redis:/name"] {
        let error = drivers.open(hostless).unwrap_err();
        assert!(matches!(error, OpenError::Malformed { .. }), "{hostless}: {error}");
        assert!(error.to_string().contains("no host"), "{hostless}: {error}");
    }
    for (parameter, value) in [("db", "-1"), ("retention", "soon"), ("timeout", "2"), ("lease", "0s")] {
        let error = drivers.open(&format!("redis://host/name?{parameter}={value}")).unwrap_err();
        assert!(
            matches!(&error, OpenError::Parameter { parameter: named, .. } if named == parameter),
            "{parameter}: {error}"
        );
    }
    #[cfg(not(feature = "tls"))]
    assert!(matches!(drivers.open("rediss://h/n"), Err(OpenError::NotBuiltIn { feature: "tls", .. })));
    #[cfg(feature = "tls")]
    assert!(opened("rediss://h/n").starts_with("Redis(rediss://h:6379/0"));
}

#[cfg(feature = "redis")]
#[test]
fn a_primary_is_opened_by_its_sentinels() {
    let drivers = Drivers::standard();
    let opened = |location: &str| drivers.open(location).map(|opened| format!("{:?}", opened.register));
    let one =
        format!("redis+sentinel://user:{SECRET}@h1/x?master=m&sentinel-user=u&sentinel-password={SECRET}");
    assert_eq!(
        opened(&one).unwrap(),
        "Redis(redis+sentinel://h1:26379?master=m (database 0, key \"atomic-throttle:x\"))"
    );
    let three = "redis+sentinel://h1:1/x?master=m&sentinels=h2:2,%20[::1]:3,h4&db=5&replicas=2&timeout=1s";
    assert_eq!(
        opened(three).unwrap(),
        "Redis(redis+sentinel://h1:1,h2:2,::1:3,h4:26379?master=m (database 5, key \"atomic-throttle:x\"))"
    );
    for wrong in ["", ",", "h:", "h:x", "h:0", "h:99999", "h1:1,,h2:2", "a:b:1", "[::1", "u:p%40h:1"] {
        let error = opened(&format!("redis+sentinel://h1/x?master=m&sentinels={wrong}")).unwrap_err();
        assert!(error.to_string().contains("H2:26379,H3:26379"), "{wrong}: {error}");
    }
    for (wrong, says) in [
        ("redis+sentinel://h1/x", "mymaster"),
        ("redis+sentinel://h1/x?master=", "mymaster"),
        ("redis+sentinel://h1/x?master=m&sentinel-user=u", "sentinel-password"),
        ("redis+sentinel:///x?master=m", "no host"),
        ("redis+sentinel://h1/3?master=m", "the number of a database"),
        ("redis+sentinel://h1/x?master=m&replicas=-1", "a number"),
        ("rediss+sentinel://h1/x?master=m", "without TLS"),
        ("redis://h1/x?master=m", "no parameter `master`"),
    ] {
        let error = opened(wrong).unwrap_err().to_string();
        assert!(error.contains(says), "{wrong}: {error}");
    }
}

#[cfg(all(feature = "shm", target_os = "linux"))]
#[test]
fn a_file_is_opened_by_its_path() {
    use std::os::unix::fs::PermissionsExt;

    let drivers = Drivers::standard();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a b#c");
    let location = format!("shm:{}/a%20b%23c?mode=0640&lease=3s&timeout=1s", folder.path().display());
    let misspelt = drivers.open(&location.replace("mode", "mod")).unwrap_err();
    assert!(matches!(misspelt, OpenError::UnknownParameter { .. }), "{misspelt}");
    assert!(!path.exists(), "a refusal leaves nothing behind");
    let opened = drivers.open(&location).unwrap();
    assert_eq!(opened.lease, Some(Duration::from_secs(3)));
    assert_eq!(path.metadata().unwrap().permissions().mode() & 0o7777, 0o640);
    for wrong in ["shm:", "shm://host/path"] {
        assert!(matches!(drivers.open(wrong), Err(OpenError::Malformed { .. })), "{wrong}");
    }
    for wrong in ["rw", "9", "-1", "0o600"] {
        let error = drivers.open(&format!("shm:/nowhere/x?mode={wrong}")).unwrap_err();
        assert!(matches!(error, OpenError::Parameter { .. }), "{wrong}: {error}");
    }
    let error = drivers.open(&format!("shm:{}", folder.path().display())).unwrap_err();
    let OpenError::Failed { source, .. } = error else { panic!("{error}") };
    assert!(source.is::<atomic_throttle_cluster::register::SharedMemoryError>(), "{source}");
}
