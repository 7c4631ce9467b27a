//! The judge itself: histories that break a promise are condemned for it, and good ones are not.

use evidence::Check;
use evidence::Guarantee::{C1, C2, C3, C6};
use processes::judge::{Breach, Fact, ProcessLog, Trial, What, judge};
use processes::log::{Event, Nanos, Record, Who};
use watchdog as _;

const A: Who = Who { seat: 0, incarnation: 0 };
const B: Who = Who { seat: 1, incarnation: 0 };
const THRESHOLD: u64 = 100;
const LEASE: u64 = 1_000;

fn trial() -> Trial {
    let log = |who| ProcessLog { who, records: vec![Record { at: 0, event: Event::Opened { pid: 1 } }] };
    Trial {
        threshold: THRESHOLD,
        lease: LEASE,
        ahead: Some(0),
        facts: Vec::new(),
        logs: vec![log(A), log(B)],
    }
}

/// Puts a trial together.
struct Planted(Trial);

impl Planted {
    fn at(mut self, who: Who, at: Nanos, event: Event) -> Self {
        let log = self.0.logs.iter_mut().find(|log| log.who == who).unwrap();
        log.records.push(Record { at, event });
        self
    }

    fn call(self, who: Who, at: Nanos, call: u64) -> Self {
        self.at(who, at, Event::Calling { call }).at(who, at + 1, Event::Called { call })
    }

    fn told(self, who: Who, at: Nanos, call: u64) -> Self {
        self.at(who, at, Event::Covered { call })
    }

    /// A run that is stamped 1 before it starts.
    fn run(self, who: Who, from: Nanos, until: Nanos) -> Self {
        self.start(who, from).end(who, from, until, true)
    }

    fn start(self, who: Who, from: Nanos) -> Self {
        self.at(who, from, Event::Started { epoch: from - 1 })
    }

    fn offer(self, who: Who, from: Nanos, at: Nanos, accepted: bool) -> Self {
        self.at(who, at, Event::Offered { epoch: from - 1, accepted })
    }

    fn end(self, who: Who, from: Nanos, until: Nanos, current: bool) -> Self {
        self.at(who, until, Event::Ended { epoch: from - 1, asked: until - 1, current: Some(current) })
    }

    fn fact(mut self, from: Nanos, until: Nanos, what: What) -> Self {
        self.0.facts.push(Fact { from, until, what });
        self
    }

    /// Participants that were not killed end by themselves.
    fn breaches(mut self) -> Vec<Breach> {
        for log in &mut self.0.logs {
            let killed = What::Killed { who: log.who };
            if self.0.facts.iter().all(|fact| fact.what != killed) {
                log.records.push(Record { at: 100_000, event: Event::Closed { covered: true, commands: 0 } });
            }
        }
        judge(&self.0).breaches
    }
}

fn planted() -> Planted {
    Planted(trial())
}

/// A calls and runs; both call while it runs, B takes over.
fn good() -> Planted {
    planted()
        .call(A, 10, 1)
        .run(A, 50, 60)
        .told(A, 70, 1)
        .call(A, 80, 2)
        .call(B, 90, 1)
        .run(B, 200, 210)
        .told(B, 220, 1)
        .told(A, 230, 2)
}

/// The second run is forgotten, and one that was stamped before it starts after it.
fn lost_under_way() -> Planted {
    good().fact(230, 231, What::Forgot).at(A, 240, Event::Started { epoch: 160 }).at(A, 245, ended(160))
}

fn killed(who: Who) -> What {
    What::Killed { who }
}

#[test]
fn good_histories_pass() {
    let check =
        Check::of(&[C1, C2, C3, C6], "judge of trials: good histories, also with deaths and losses, pass");
    let all = [
        ("no faults", good()),
        ("killed in a run; its lease is over, its own call is lost", {
            planted().call(A, 10, 1).start(A, 50).fact(55, 56, killed(A)).call(B, 90, 1).run(B, 1_060, 1_070)
        }),
        ("a call whose process was killed is covered by another process", {
            good().call(A, 300, 3).fact(310, 311, killed(A)).call(B, 320, 2).run(B, 400, 410)
        }),
        ("stopped for longer than the lease: superseded, stale, refused", {
            planted()
                .call(A, 10, 1)
                .start(A, 50)
                .fact(51, 2_000, What::Stopped { who: A })
                .call(B, 90, 1)
                .start(B, 1_060)
                .offer(B, 1_060, 1_065, true)
                .end(B, 1_060, 1_070, true)
                .offer(A, 50, 2_010, false)
                .end(A, 50, 2_020, false)
                .told(A, 2_050, 1)
        }),
        ("one early run after a loss", {
            good().fact(230, 231, What::Forgot).call(A, 240, 3).run(A, 250, 255).told(A, 260, 3)
        }),
        ("a start that was under way at a loss, and one early run after it", {
            lost_under_way().at(A, 261, Event::Started { epoch: 260 }).at(A, 265, ended(260))
        }),
        ("one run beside another after a loss, and one after both", {
            planted()
                .call(A, 10, 1)
                .start(A, 50)
                .fact(60, 61, What::Forgot)
                .call(B, 70, 1)
                .run(B, 80, 90)
                .call(B, 95, 2)
                .run(B, 200, 210)
                .end(A, 50, 300, false)
                .call(A, 310, 2)
                .run(A, 400, 410)
        }),
        ("a process that was killed before it wrote anything", planted().fact(1, 2, killed(B))),
    ];
    let count = all.len();
    for (what, history) in all {
        assert_eq!(history.breaches(), [], "{what}");
    }
    check.passed(count, "histories");
}

/// `history` breaks one promise, and the breach is `breach`.
fn condemned(fault: &str, history: Planted, breach: Breach) {
    let breaches = history.breaches();
    assert!(breaches.contains(&breach), "{fault}: {breaches:?}");
    evidence::caught(fault, &format!("judge of trials: {breach}"));
}

#[test]
fn runs_that_break_a_promise_are_condemned() {
    condemned("a run twice", good().run(A, 200, 210), Breach::Twice { epoch: 199 });
    condemned("a run too soon", good().run(A, 250, 255), Breach::TooSoon { before: 199, after: 249 });
    condemned(
        "a run too soon by the one that remembers, after a loss",
        good().fact(230, 231, What::Forgot).run(B, 250, 255),
        Breach::TooSoon { before: 199, after: 249 },
    );
    condemned(
        "a second early run after one loss",
        good().fact(230, 231, What::Forgot).run(A, 250, 255).run(B, 260, 265),
        Breach::TooSoon { before: 249, after: 259 },
    );
    condemned(
        "a second early run after one that was under way at a loss",
        lost_under_way()
            .at(A, 261, Event::Started { epoch: 250 })
            .at(A, 265, ended(250))
            .at(A, 270, Event::Started { epoch: 260 })
            .at(A, 275, ended(260)),
        Breach::TooSoon { before: 250, after: 260 },
    );
    condemned(
        "a run that begins before its stamp",
        good().at(A, 900, Event::Started { epoch: 950 }).at(A, 910, ended(950)),
        Breach::BeforeItsStamp { epoch: 950 },
    );
    condemned(
        "a run beside another, within its lease",
        planted().start(A, 50).run(B, 200, 210).end(A, 50, 300, false),
        Breach::Overlap { older: 49, younger: 199 },
    );
    condemned(
        "a run beside one that is killed later",
        planted().start(A, 50).run(B, 200, 210).fact(300, 301, killed(A)),
        Breach::Overlap { older: 49, younger: 199 },
    );
    condemned(
        "a run of an older epoch that comes after a younger one",
        planted().run(A, 300, 310).at(B, 400, Event::Started { epoch: 100 }).at(B, 410, ended(100)),
        Breach::Overlap { older: 100, younger: 299 },
    );
}

fn ended(epoch: u64) -> Event {
    Event::Ended { epoch, asked: 0, current: None }
}

#[test]
fn calls_that_are_not_covered_are_condemned() {
    let not_covered = Breach::NotCovered { who: A, call: 1 };
    condemned("a call that no run follows", planted().run(B, 50, 60).call(A, 70, 1), not_covered);
    condemned(
        "a call that only a run which was cut short follows",
        planted().call(A, 10, 1).start(B, 50).fact(60, 61, killed(B)),
        not_covered,
    );
    condemned(
        "a call that only a superseded run follows",
        planted().call(B, 5, 1).start(B, 50).run(A, 1_060, 1_070).end(B, 50, 2_000, false).call(A, 1_065, 1),
        not_covered,
    );
    condemned("told without a run", good().call(A, 300, 3).told(A, 310, 3), false_of(A, 3));
    condemned(
        "reported covered before the run has ended",
        planted().call(A, 10, 1).told(A, 55, 1).run(B, 50, 60),
        false_of(A, 1),
    );
    condemned(
        "reported covered by a run that began before the call",
        planted().start(B, 50).call(A, 55, 1).end(B, 50, 60, true).told(A, 70, 1).run(B, 200, 210),
        false_of(A, 1),
    );
    condemned("a call that is refused", good().at(A, 300, Event::Refused { call: 3 }), {
        Breach::Refused { who: A, call: 3 }
    });
}

fn false_of(who: Who, call: u64) -> Breach {
    Breach::FalselyCovered { who, call }
}

#[test]
fn what_runs_are_told_is_judged() {
    let superseded = || planted().start(A, 50).fact(51, 52, What::Stopped { who: A });
    condemned(
        "a superseded run learns that it is current",
        superseded().run(B, 1_060, 1_070).end(A, 50, 2_000, true),
        Breach::FalselyCurrent { epoch: 49 },
    );
    condemned(
        "the latest run learns that it is superseded",
        planted().start(A, 50).end(A, 50, 60, false),
        Breach::FalselyStale { epoch: 49 },
    );
    condemned(
        "reported superseded, after a failure of the register that was over before the run",
        planted().at(B, 40, Event::Failed).start(A, 50).end(A, 50, 60, false),
        Breach::FalselyStale { epoch: 49 },
    );
    // B may have started a run without learning of it.
    let unlearned = planted().start(A, 50).at(B, 55, Event::Failed).end(A, 50, 60, false);
    assert_eq!(unlearned.breaches(), []);
    condemned(
        "a run reported superseded before the next one was started",
        planted()
            .call(A, 10, 1)
            .start(A, 50)
            .end(A, 50, 60, false)
            .told(A, 70, 1)
            .call(B, 90, 1)
            .run(B, 200, 210)
            .told(B, 220, 1),
        Breach::FalselyStale { epoch: 49 },
    );
    let deferred = Event::Deferred { epoch: 199 };
    condemned(
        "two owners of one run",
        good().call(A, 300, 3).at(A, 301, deferred).call(B, 302, 2).at(B, 303, deferred).run(A, 400, 410),
        Breach::TwoOwners { epoch: 199 },
    );
    let younger = || superseded().start(B, 1_060).offer(B, 1_060, 1_065, true).end(B, 1_060, 1_070, true);
    condemned(
        "a stale token is accepted",
        younger().offer(A, 50, 2_000, true).end(A, 50, 2_010, false),
        Breach::Token { epoch: 49 },
    );
    condemned(
        "a fresh token is refused",
        planted().start(A, 50).offer(A, 50, 55, false).end(A, 50, 60, true),
        Breach::Token { epoch: 49 },
    );
}

#[test]
fn processes_that_end_otherwise_than_they_should_are_condemned() {
    let mut died = good().0;
    died.logs[0].records.push(Record { at: 300, event: Event::Closed { covered: true, commands: 1 } });
    assert_eq!(judge(&died).breaches, [Breach::Died { who: B }]);
    evidence::caught(
        "a process that dies by itself",
        "judge of trials: its log has no end, and it was not killed",
    );
    died.logs[1].records.push(Record { at: 300, event: Event::Closed { covered: false, commands: 1 } });
    assert_eq!(judge(&died).breaches, [Breach::LeftOwed { who: B }]);
    evidence::caught("a process that ends with calls that are owed", "judge of trials: its log says so");
    for (what, history) in [
        ("an end without a start", good().at(A, 300, ended(7))),
        ("a start inside of a run", planted().start(A, 50).run(A, 200, 210)),
        ("covered before it was called", planted().told(A, 10, 1)),
        ("opened twice", good().at(A, 300, Event::Opened { pid: 1 })),
        ("an end in a run", good().start(A, 400)),
    ] {
        let breaches = history.breaches();
        assert!(
            breaches.iter().any(|breach| matches!(breach, Breach::Disordered { who: A, .. })),
            "{what}: {breaches:?}"
        );
    }
}

#[test]
fn figures_are_of_what_happened() {
    let history = good()
        .call(B, 300, 2)
        .at(B, 301, Event::Deferred { epoch: 199 })
        .fact(302, 305, killed(B))
        .call(A, 306, 3)
        .run(A, 320, 330)
        .call(A, 331, 4)
        .at(A, 332, Event::Deferred { epoch: 319 })
        .run(A, 450, 460)
        .run(A, 600, 610);
    let figures = judge(&history.0).figures;
    assert_eq!((figures.runs, figures.calls, figures.processes), (5, 6, 2));
    assert_eq!((figures.takeovers, figures.needless, figures.lost), (1, 1, 0));
    assert_eq!(figures.to_takeover, [15]);
    assert_eq!(figures.to_start, [450 - 419]);
    assert_eq!(figures.closest, Some(120));
    let seats: Vec<_> =
        figures.seats.iter().map(|seat| (seat.processes, seat.killed, seat.calls, seat.runs)).collect();
    assert_eq!(seats, [(1, 0, 4, 4), (1, 1, 2, 1)]);
}
