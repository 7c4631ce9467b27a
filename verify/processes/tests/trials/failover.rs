//! A primary with two replicas, which three sentinels watch. The primary is killed three times while processes
//! call: each time a replica takes its place. And a start that no replica has is lost with the primary.

use crate::{good, is_end};
use evidence::Check;
use evidence::Guarantee::{C1, C2, C3, C4, C5, C8, C9};
use processes::judge::{Breach, Figures, Trial, What, judge};
use processes::log::{Event, Who, now};
use processes::participant::Span;
use processes::scene::Scene;
use server::eventually;
use server::sentinel::{PRIMARY, Sentinel};
use server::{Options, Server, ask};
use std::path::Path;
use std::time::Duration;

const THRESHOLD: Duration = Duration::from_millis(100);
/// Longer than an operation, and so short that a run which a failover has cut off holds up nobody for long.
const LEASE: Duration = Duration::from_secs(5);
const KILLS: usize = 3;

/// The servers and their sentinels.
struct Watched {
    servers: Vec<Server>,
    sentinels: Vec<Sentinel>,
}

impl Watched {
    fn start() -> Option<Self> {
        let primary = Server::start(Options::default())?;
        let replica = || Server::start(Options { replica_of: Some(primary.port()), ..Options::default() });
        let replicas = [replica()?, replica()?];
        let sentinels = Sentinel::several_of(&primary, 3);
        let servers = [primary].into_iter().chain(replicas).collect();
        let watched = Self { servers, sentinels };
        watched.until_all_is_well();
        Some(watched)
    }

    fn driver(&self, parameters: &str) -> String {
        let [first, others @ ..] = self.sentinels.as_slice() else { unreachable!("there are three") };
        let others: Vec<_> = others.iter().map(|other| format!("127.0.0.1:{}", other.port())).collect();
        format!(
            "redis+sentinel://127.0.0.1:{}/trial?master={PRIMARY}&sentinels={}&timeout=500ms{parameters}",
            first.port(),
            others.join(",")
        )
    }

    /// The primary that all sentinels agree on.
    fn primary(&self) -> Option<u16> {
        let mut ports = self.sentinels.iter().map(Sentinel::primary);
        let port = ports.next()??;
        (ports.all(|other| other == Some(port)) && ask(port, "ROLE").ok()?.contains("master")).then_some(port)
    }

    /// Both replicas receive what the primary writes, and each sentinel knows them and the others.
    fn until_all_is_well(&self) -> u16 {
        eventually("a primary with two replicas, known to three sentinels", || {
            let primary = self.primary()?;
            let online = ask(primary, "INFO replication").ok()?.matches("state=online").count();
            let known = |sentinel: &Sentinel| {
                let info = ask(sentinel.port(), "INFO sentinel").ok()?;
                (info.contains("status=ok") && info.contains("slaves=2,sentinels=3")).then_some(())
            };
            (online == 2 && self.sentinels.iter().all(|sentinel| known(sentinel).is_some()))
                .then_some(primary)
        })
    }

    /// Stops the replicas, and breaks their connections: what the primary writes from now on reaches nobody.
    fn cut_off_replicas(&self) {
        let primary = self.primary().expect("all is well");
        for replica in self.servers.iter().filter(|server| server.port() != primary) {
            replica.pause();
        }
        ask(primary, "CLIENT KILL TYPE replica").expect("it answers");
    }

    /// Kills the primary that the replicas were cut off from, and lets one of them take its place.
    fn lose_primary(&mut self) {
        let old = self.primary().expect("it lives");
        let at = self.servers.iter().position(|server| server.port() == old).expect("it is one of ours");
        self.servers[at].kill();
        for replica in self.servers.iter().filter(|server| server.port() != old) {
            replica.resume();
        }
        self.replace(at);
    }

    /// Waits until another one has taken the place of this primary, which is dead, and lets it come back.
    fn replace(&mut self, at: usize) {
        let old = self.servers[at].port();
        let new = eventually("another primary", || self.primary().filter(|new| *new != old));
        self.servers[at].start_again_as_replica_of(new);
    }

    /// How many replicas have taken the place of a primary.
    fn promoted(&self) -> usize {
        self.sentinels.iter().map(|sentinel| sentinel.log().matches("+promoted-slave").count()).sum()
    }

    /// Kills the primary.
    fn fail_over(&mut self) {
        let old = self.until_all_is_well();
        let at = self.servers.iter().position(|server| server.port() == old).expect("it is one of ours");
        self.servers[at].kill();
        self.replace(at);
    }
}

/// Kills the primary under load, several times. `What` a failover is to the judge depends on what is promised. On a
/// busy machine the sentinels may replace a primary that lives, so their logs say how many there were.
fn trial(parameters: &str, is_to_the_judge: What) -> Option<Figures> {
    let mut watched = Watched::start()?;
    let folder = tempfile::tempdir().expect("a folder for the trial");
    let participant = Path::new(env!("CARGO_BIN_EXE_participant"));
    let driver = watched.driver(parameters);
    let mut scene = Scene::new(&[participant], folder.path(), &driver, THRESHOLD, LEASE);
    scene.defaults().calls_every = Some(Span::millis(1, 20));
    scene.compare_clocks().expect("the register answers");
    let all: Vec<_> = (0..4).map(|seat| scene.start(seat)).collect();
    let (mut from, mut seen) = (now(), 0);
    for _ in 0..KILLS {
        for &who in &all {
            scene.until_covered_again(who);
        }
        watched.fail_over();
        for &who in &all {
            scene.until_covered_again(who);
        }
        let promoted = watched.promoted();
        assert!(promoted > seen, "no sentinel has written down a failover");
        for _ in seen..promoted {
            scene.note(from, is_to_the_judge);
        }
        (from, seen) = (now(), promoted);
    }
    let trial = scene.end();
    // Shown if the judge finds a breach.
    for sentinel in &watched.sentinels {
        println!("{}", sentinel.log());
    }
    for server in &watched.servers {
        println!("{} {}", server.port(), server.log());
    }
    Some(good(&trial).figures)
}

/// A start that no replica has, by a process that is killed with the primary; then another process calls. The window
/// and the lease do not end within the trial.
fn lost_start(parameters: &str, until_it_is_lost: impl FnOnce(&mut Scene, Who)) -> Option<Trial> {
    const LONG: Duration = Duration::from_secs(600);
    let mut watched = Watched::start()?;
    let folder = tempfile::tempdir().expect("a folder for the trial");
    let participant = Path::new(env!("CARGO_BIN_EXE_participant"));
    let mut scene = Scene::new(&[participant], folder.path(), &watched.driver(parameters), LONG, LONG);
    watched.cut_off_replicas();
    let first = scene.start(0);
    scene.call(first);
    until_it_is_lost(&mut scene, first);
    let held = ask(watched.primary()?, "EXISTS atomic-throttle:trial").expect("it answers");
    assert_eq!(held.trim(), ":1", "the primary holds the start");
    scene.kill(&[first]);
    watched.lose_primary();
    let second = scene.start(1);
    scene.call(second);
    scene.until_covered(second);
    Some(scene.end())
}

#[test]
fn a_start_that_no_replica_has_does_not_begin_a_run() {
    let check = Check::of(
        &[C1, C2],
        "trials, real redis-server and sentinels, replicas=2: a start that a failover forgets never began",
    );
    // Time to read its own mark at the primary: it asks again at once when somebody waits.
    let in_vain = |scene: &mut Scene, who| {
        scene.until(who, 1, |event| event == Event::Failed);
        scene.tell(who, "wait 2s");
        scene.until(who, 1, |event| matches!(event, Event::TimedOut { unanswered: true, .. }));
    };
    let Some(trial) = lost_start("&replicas=2", in_vain) else { return };
    let figures = good(&trial).figures;
    assert_eq!((figures.runs, figures.early), (1, 0), "only that of the second process");
    check.passed(1, "histories");
}

/// What `replicas` is for.
#[test]
fn without_replicas_a_failover_forgets_a_run_that_began() {
    let Some(trial) = lost_start("", |scene, who| scene.until(who, 1, is_end)) else { return };
    let breaches = judge(&trial).breaches;
    assert!(breaches.iter().any(|breach| matches!(breach, Breach::TooSoon { .. })), "{breaches:?}");
    evidence::caught(
        "a start that no replica confirms",
        "trials, real redis-server and sentinels: condemned for C1",
    );
}

#[test]
fn where_all_replicas_confirm_a_start_no_failover_forgets_it() {
    let check = Check::of(
        &[C1, C2, C3, C4, C5, C8, C9],
        "trials, real redis-server and sentinels: the primary killed 3 times under load, replicas=2: no run is early, \
         no call is lost",
    );
    // The judge assumes that nothing was lost.
    let Some(figures) = trial("&replicas=2", What::Away) else { return };
    assert!(figures.runs > KILLS && figures.early == 0, "{figures:?}");
    check.passed(KILLS, "failovers");
}

#[test]
fn where_no_replica_confirms_a_failover_is_a_loss_and_no_call_is_lost() {
    let check = Check::of(
        &[C3, C5, C8],
        "trials, real redis-server and sentinels: the primary killed 3 times under load: no call is lost",
    );
    let Some(figures) = trial("", What::Forgot) else { return };
    assert!(figures.runs > KILLS, "{figures:?}");
    check.passed(KILLS, "failovers");
}
