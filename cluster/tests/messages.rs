//! What an operator reads when something is wrong: each location beside its message, and each error as one line.

#[cfg(all(feature = "redis", feature = "shm"))]
use atomic_throttle_cluster::drivers::OpenError;
use atomic_throttle_cluster::drivers::{Drivers, NameError};
use atomic_throttle_cluster::register::{Memory, Register, RegisterError, RegisterErrorKind};
use atomic_throttle_cluster::{ClusterThrottled, Left, SpawnError, Trouble, WaitError};
use std::error::Error;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use watchdog as _;

/// The table of locations and messages.
const TABLE: &str = include_str!("messages.txt");
const SHM: bool = cfg!(feature = "shm");
const REDIS: bool = cfg!(feature = "redis");
/// The parts of the table that are not true of every build, and whether they are true of this one.
const PARTS: [(&str, bool); 5] = [
    ("shm", SHM && cfg!(target_os = "linux")),
    ("redis", REDIS),
    ("without the feature shm", !SHM),
    ("without the feature redis", !REDIS),
    ("without the feature tls", REDIS && !cfg!(feature = "tls")),
];

/// A line of the table.
enum Line<'t> {
    Part(&'t str),
    Location(&'t str),
    Message(&'t str),
}

fn lines() -> impl Iterator<Item = Line<'static>> {
    let (_, table) = TABLE.split_once("\n== ").expect("a first part");
    std::iter::once(Line::Part(table.lines().next().unwrap())).chain(
        table.lines().skip(1).filter(|line| !line.is_empty()).map(|line| {
            match (line.strip_prefix("== "), line.strip_prefix("    ")) {
                (Some(part), _) => Line::Part(part),
                (_, Some(message)) => Line::Message(message),
                _ => Line::Location(line.strip_prefix("(nothing)").unwrap_or(line)),
            }
        }),
    )
}

#[test]
fn each_location_is_refused_in_words_that_say_what_to_write() {
    let drivers = Drivers::standard();
    let known: Vec<&str> = drivers.names().filter(|name| !name.contains("::")).collect();
    let (mut locations, mut compared, mut skip) = (Vec::new(), 0, false);
    for line in lines() {
        match line {
            Line::Part(part) => skip = PARTS.contains(&(part, false)),
            Line::Location(location) => locations.push(location),
            Line::Message(message) => {
                assert!(!locations.is_empty(), "no location for: {message}");
                for location in locations.drain(..).filter(|_| !skip) {
                    let name = location.split(':').next().unwrap_or_default();
                    let message = message.replace("{NAME}", name).replace("{KNOWN}", &known.join(", "));
                    let refused = drivers.open(location).expect_err(location);
                    assert_eq!(refused.to_string(), message, "{location:?}");
                    says_all_once(&refused, &[]);
                    compared += 1;
                }
            }
        }
    }
    assert!(locations.is_empty() && compared > 40, "{compared} locations, and {locations:?} without message");
}

/// The parameters that the page for operators explains are those that there are.
#[cfg(all(feature = "redis", feature = "shm"))]
#[test]
fn operators_find_each_parameter_on_their_page_and_no_other() {
    use std::collections::BTreeSet;

    const PAGE: &str = include_str!("../OPERATING.md");
    let table = PAGE.split("## ACL").next().unwrap_or_default();
    let rows = table.lines().filter_map(|line| line.strip_prefix("| `")?.split_once(" | "));
    let explained: BTreeSet<String> =
        rows.flat_map(|(names, _)| names.split(", ")).map(|name| name.trim_matches('`').to_owned()).collect();
    let known = [
        "memory:?",
        "shm:/run/x?",
        "redis://h/x?",
        "redis+unix:/run/redis.sock?name=x&",
        "redis+sentinel://h/x?master=m&",
    ];
    let known = known.map(|location| match Drivers::standard().open(&format!("{location}unknown=1")) {
        Err(OpenError::UnknownParameter { known, .. }) => known,
        other => panic!("{location}: {other:?}"),
    });
    assert_eq!(explained, known.into_iter().flatten().collect());
}

/// What stands beside a refused one, and is right.
#[cfg(feature = "redis")]
#[test]
fn a_name_that_is_like_nothing_else_is_taken() {
    for (location, register) in [
        ("redis://h/reload", "redis://h:6379/0 (key \"atomic-throttle:reload\")"),
        ("redis://h:7/reload0?db=3", "redis://h:7/3 (key \"atomic-throttle:reload0\")"),
        ("redis://h/0x", "redis://h:6379/0 (key \"atomic-throttle:0x\")"),
        ("redis://h/reload/0", "redis://h:6379/0 (key \"atomic-throttle:reload/0\")"),
        ("redis://h/reload?prefix=re", "redis://h:6379/0 (key \"rereload\")"),
        ("redis://h/reload?prefix=", "redis://h:6379/0 (key \"reload\")"),
        ("redis://h/a&b", "redis://h:6379/0 (key \"atomic-throttle:a&b\")"),
        ("valkey://[::1]/reload", "redis://::1:6379/0 (key \"atomic-throttle:reload\")"),
    ] {
        let opened = Drivers::standard().open(location).unwrap_or_else(|error| panic!("{location}: {error}"));
        assert_eq!(format!("{:?}", opened.register), format!("Redis({register})"), "{location}");
    }
}

#[cfg(feature = "tls")]
#[test]
fn valkeys_is_tls() {
    let opened = Drivers::standard().open("valkeys://h/x").unwrap();
    assert!(format!("{:?}", opened.register).starts_with("Redis(rediss://h:6379/0"), "{opened:?}");
}

/// The text of an error holds all of these words, is one line, and no source of it repeats what was said.
#[track_caller]
fn says_all_once(error: &(dyn Error + 'static), words: &[&str]) {
    let mut said = error.to_string();
    assert!(words.iter().all(|words| said.contains(words)), "{words:?}: {said}");
    assert!(!said.contains('\n'), "{said}");
    let mut next = error.source();
    while let Some(error) = next {
        assert!(!said.contains(&error.to_string()), "{error} is repeated after: {said}");
        said = format!("{said}: {error}");
        next = error.source();
    }
    for words in words {
        assert_eq!(said.matches(words).count(), 1, "{words}: {said}");
    }
}

/// An error of a driver as most libraries write theirs: its text leaves out its source.
#[derive(Debug)]
struct Down(io::Error);

impl std::fmt::Display for Down {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("etcd is down")
    }
}

impl Error for Down {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.0)
    }
}

fn disk_full() -> io::Error {
    io::Error::other("disk full")
}

fn unreachable() -> RegisterError {
    RegisterError::new(RegisterErrorKind::Unreachable, &Arc::from("redis://h:6379/0"))
        .with_source(disk_full())
}

#[test]
fn each_error_is_one_line_with_its_cause_and_a_chain_repeats_nothing() {
    let register = "the register redis://h:6379/0 does not answer";
    says_all_once(
        &WaitError::TimedOut { register: Some(unreachable()) },
        &[
            "the limit has passed before a run that covers the call had finished; the call stays owed: ",
            register,
        ],
    );
    says_all_once(&WaitError::TimedOut { register: None }, &["the call stays owed"]);
    says_all_once(&WaitError::Ended, &["was shut down"]);
    says_all_once(&WaitError::InsideRun, &["wait on another thread"]);
    let throttle = ClusterThrottled::in_memory(Duration::ZERO).spawn(|_| ()).unwrap();
    throttle.shutdown(Duration::from_secs(30)).unwrap();
    says_all_once(&throttle.trigger().unwrap_err(), &["the throttle was shut down: start another one"]);

    let mut left: Left = ends_with_a_call();
    says_all_once(&left, &["the throttle ended before its calls were covered; give it a longer limit"]);
    left.register = Some(unreachable());
    says_all_once(&left, &["make the calls again: ", register]);

    let spawn = |lease: u64| {
        let builder = ClusterThrottled::in_memory(Duration::from_secs(1)).lease(Duration::from_secs(lease));
        builder.spawn(|_| ()).unwrap_err()
    };
    says_all_once(
        &spawn(0),
        &["the throttle cannot start: a lease of 0ns is out of range: use one that is longer"],
    );
    says_all_once(
        &SpawnError::Thread(disk_full()),
        &["the system cannot start the thread of the throttle: disk full"],
    );
    says_all_once(
        &SpawnError::Forgets { retention: Duration::from_secs(7 * 86_400) },
        &["the register forgets a throttle that is not used for 7days: choose a retention that is longer"],
    );
    says_all_once(&SpawnError::NoRegister, &["the throttle has no register: choose one by `at`"]);
    let slow = SpawnError::Slow { answers_within: Duration::from_secs(2), lease: Duration::from_secs(1) };
    says_all_once(
        &slow,
        &["the register may take 2s for an answer, and the lease is 1s: choose a longer lease"],
    );
    let idle = SpawnError::IdleLook { asked: Duration::ZERO };
    says_all_once(&idle, &["an idle process cannot look every 0ns: choose at least 10ms"]);

    says_all_once(&unreachable(), &[register, "disk full"]);
    says_all_once(&Trouble::Register(unreachable()), &[register, "disk full"]);

    let mut drivers = Drivers::none();
    drivers.register("mine::Etcd", &["etcd"], |_| Err(Down(disk_full()).into())).unwrap();
    let error = drivers.open("etcd://user:pw@h/x").unwrap_err();
    assert_eq!(error.to_string(), "`etcd://***@h/x` cannot be opened: etcd is down");
    assert_eq!(error.source().unwrap().to_string(), "disk full", "what lies behind the cause that is shown");
    says_all_once(&error, &["etcd is down"]);
    let open = |_: &mut _| Ok(Arc::new(Memory::new()) as Arc<dyn Register>);
    for (name, message) in [
        ("etcd", "a driver is called \"etcd\" already: use another name"),
        (
            "a/b",
            "a driver cannot be called \"a/b\": use letters, digits, `+`, `-`, `.`, `_`, and `::` between them",
        ),
    ] {
        let error: NameError = drivers.register(name, &[], open).unwrap_err();
        assert_eq!(error.to_string(), message);
        says_all_once(&error, &[]);
    }
}

/// The error of a throttle that ends while its register does not answer.
fn ends_with_a_call() -> Left {
    let throttle = ClusterThrottled::in_memory(Duration::from_secs(600)).spawn(|_| ()).unwrap();
    throttle.trigger().unwrap().wait_for(Duration::from_secs(30)).unwrap();
    throttle.trigger().unwrap();
    throttle.shutdown(Duration::ZERO).unwrap_err()
}

/// Drivers of other crates may have no short name.
#[test]
fn known_names_are_those_that_an_operator_writes() {
    let mut drivers = Drivers::none();
    let open = |_: &mut _| Ok(Arc::new(Memory::new()) as Arc<dyn Register>);
    drivers.register("mine::Etcd", &["etcd", "etcds"], open).unwrap();
    drivers.register("mine::Zookeeper", &[], open).unwrap();
    let message = drivers.open("redis-sentinel://h/x").unwrap_err().to_string();
    assert_eq!(
        message,
        "no driver is called \"redis-sentinel\": the known ones are etcd, etcds, mine::Zookeeper"
    );
    assert!(drivers.names().eq(["mine::Etcd", "etcd", "etcds", "mine::Zookeeper"]));
    drivers.open("mine::Etcd:").unwrap();
}

#[cfg(all(feature = "shm", target_os = "linux"))]
#[test]
fn an_error_of_a_file_is_one_line_with_its_cause() {
    use atomic_throttle_cluster::register::SharedMemory;

    let error = SharedMemory::open("/nowhere/x").unwrap_err();
    says_all_once(
        &error,
        &["cannot create the file, because its directory does not exist: ", "(os error 2)"],
    );
    assert_eq!(error.system_error().unwrap().kind(), io::ErrorKind::NotFound);
    for relative in ["x", "./x", "../x", "", "~/x"] {
        let error = SharedMemory::open(relative).unwrap_err();
        let message = format!(
            "`{relative}` is not an absolute path, so each process would look for it in its own working directory: \
             write an absolute path, such as /run/agent/reload"
        );
        assert_eq!(error.to_string(), message);
        says_all_once(&error, &[]);
    }
}

#[cfg(feature = "redis")]
#[test]
fn an_error_of_options_is_one_line_with_its_cause() {
    use atomic_throttle_cluster::register::RedisOptionsError as Refused;

    let certificate = Refused::Certificate(Arc::new(Down(disk_full())));
    says_all_once(&certificate, &["the certificate of the authority cannot be used: etcd is down"]);
    assert_eq!(certificate.source().unwrap().to_string(), "disk full");
    // Some errors show their source as well.
    let certificate = Refused::Certificate(Arc::new(redis::RedisError::from(disk_full())));
    says_all_once(&certificate, &["the certificate of the authority cannot be used: disk full"]);
    for (error, message) in [
        (Refused::NoKey, "a Redis register needs a key: give the throttle a name"),
        (
            Refused::Host,
            "the host is not a name or an address: write one host, without credentials, port and path",
        ),
        (
            Refused::NoPassword,
            "a user needs a password: write `USER:PASSWORD@HOST`, or `:PASSWORD@HOST` for the default user",
        ),
        (Refused::NoTime, "a timeout of 0 leaves no time for an answer: choose a longer one"),
        (Refused::TlsOnSocket, "a Unix socket has no TLS: use the socket or TLS, not both"),
        (Refused::TlsNotEnabled, "TLS needs the feature `tls` of atomic-throttle-cluster: turn it on"),
        (Refused::NoUnixSockets, "this platform has no Unix sockets: use a host and a port"),
        (Refused::NoSentinel, "sentinels need an address of one at least, and the name of the primary"),
        (Refused::SentinelsAlone, "with sentinels there is neither TLS nor a Unix socket: use one of them"),
    ] {
        assert_eq!(error.to_string(), message);
        says_all_once(&error, &[]);
    }
}
