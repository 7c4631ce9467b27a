//! Schedules of all faults, drawn at random from a seed: every promise holds, whatever the faults hit.

use crate::place::{Place, at_port};
use crate::{good, is_end, is_start};
use evidence::Check;
use evidence::Guarantee::{C1, C2, C3, C5, C6, C8, C9};
use processes::judge::{Figures, What};
use processes::log::{Event, Nanos, Who, now};
use processes::participant::Span;
use processes::scene::Scene;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use server::cut::{Cut, Fault};
use server::{Options, Persistence};
use std::time::Duration;

/// Faults of one schedule.
const STEPS: usize = 24;

/// A trial in progress, and the present faults.
struct Storm {
    scene: Scene,
    place: Place,
    cut: Option<Cut>,
    persistence: Option<Persistence>,
    clock: bool,
    rng: StdRng,
    held: Vec<Who>,
    stopped: Vec<Who>,
    paused: Option<Nanos>,
    closed: Option<Nanos>,
}

impl Storm {
    fn at(mut place: Place, seed: u64, persistence: Option<Persistence>, clock: bool) -> Self {
        let mut rng = StdRng::seed_from_u64(seed);
        let cut = persistence.map(|_| Cut::to(place.server().port()));
        let threshold = Duration::from_millis(rng.random_range(30..=120));
        // Some runs take longer than that. No answer does.
        let lease = Duration::from_millis(rng.random_range(210..=500));
        let mut scene = place.scene(threshold, lease);
        if !clock {
            scene.compare_clocks().expect("the register has just been made");
        }
        let defaults = scene.defaults();
        defaults.seed = seed;
        defaults.idle_look = rng.random::<bool>().then(|| Duration::from_millis(rng.random_range(50..=500)));
        defaults.run_for = Span::millis(0, rng.random_range(1..=60));
        defaults.calls_every = Some(Span::millis(rng.random_range(1..=5), rng.random_range(10..=150)));
        if let Some(cut) = &cut {
            defaults.driver = at_port(cut.port());
        }
        for seat in 0..rng.random_range(3..=5) {
            scene.start(seat);
        }
        let (held, stopped) = (Vec::new(), Vec::new());
        Self { scene, place, cut, persistence, clock, rng, held, stopped, paused: None, closed: None }
    }

    fn step(&mut self) {
        let at_server = self.persistence.is_some();
        match self.rng.random_range(0..if at_server { 11 } else { 6 }) {
            0 => self.kill_some(),
            1 => self.kill_the_runner(),
            2 => {
                let who = self.someone();
                self.scene.stop(who);
                self.stopped.push(who);
            }
            3 => self.let_go_on(),
            4 | 5 => {
                let who = self.someone();
                if !self.held.contains(&who) {
                    self.scene.hold(who);
                    self.held.push(who);
                }
            }
            6 => self.restart(),
            7 => self.pause_or_resume(),
            8 => self.close_or_open(),
            9 => {
                let after = self.rng.random_range(0..2000);
                let fault = if self.rng.random() { Fault::Request { after } } else { Fault::Reply { after } };
                self.cut.as_ref().expect("it is at a server").fail(fault);
            }
            _ => self.step_clock(),
        }
        self.pause();
    }

    fn someone(&mut self) -> Who {
        let alive = self.scene.alive();
        alive[self.rng.random_range(0..alive.len())]
    }

    /// Kills up to three at once; others take their seats.
    fn kill_some(&mut self) {
        let mut all: Vec<_> = (0..self.rng.random_range(1..=3)).map(|_| self.someone()).collect();
        all.sort_unstable();
        all.dedup();
        self.kill(&all);
    }

    /// The participant that is in a run, if there is one.
    fn kill_the_runner(&mut self) {
        let count = |who, is_it: fn(Event) -> bool| {
            self.scene.records(who).iter().filter(|record| is_it(record.event)).count()
        };
        let runs: Vec<_> =
            self.scene.alive().into_iter().filter(|&who| count(who, is_start) > count(who, is_end)).collect();
        self.kill(&runs);
    }

    fn kill(&mut self, all: &[Who]) {
        self.scene.kill(all);
        for &who in all {
            self.stopped.retain(|stopped| *stopped != who);
            self.held.retain(|held| *held != who);
            self.scene.start(who.seat);
        }
    }

    fn let_go_on(&mut self) {
        for who in std::mem::take(&mut self.stopped) {
            self.scene.go_on(who);
        }
        for who in std::mem::take(&mut self.held) {
            self.scene.release(who);
        }
    }

    fn restart(&mut self) {
        self.resume();
        let from = now();
        self.place.server().kill();
        self.pause();
        self.place.server().start_again();
        let what = if self.persistence == Some(Persistence::None) { What::Forgot } else { What::Away };
        self.scene.note(from, what);
    }

    fn pause_or_resume(&mut self) {
        if self.paused.is_some() {
            self.resume();
        } else {
            self.paused = Some(now());
            self.place.server().pause();
        }
    }

    fn resume(&mut self) {
        if let Some(from) = self.paused.take() {
            self.place.server().resume();
            self.scene.note(from, What::Away);
        }
    }

    fn close_or_open(&mut self) {
        if self.closed.is_some() {
            self.open();
        } else {
            self.closed = Some(now());
            let fault = if self.rng.random() { Fault::Refuse } else { Fault::Swallow };
            self.cut.as_ref().expect("it is at a server").fail(fault);
        }
    }

    fn open(&mut self) {
        if let Some(cut) = &self.cut {
            cut.pass();
        }
        if let Some(from) = self.closed.take() {
            self.scene.note(from, What::Away);
        }
    }

    /// Not if data are lost as well: a process that has forgotten the runs would see them as still to come.
    fn step_clock(&mut self) {
        if self.clock && self.persistence == Some(Persistence::Always) {
            let from = now();
            let hours = self.rng.random_range(-1..=1);
            self.place.server().step_clock(hours * 3600);
            self.scene.note(from, What::Stepped);
        }
    }

    /// Gives the last action time to take effect, if it has any.
    fn pause(&mut self) {
        let mean = Duration::from_millis(60);
        std::thread::sleep(mean.mul_f64(-(1.0 - self.rng.random::<f64>()).ln()));
    }

    fn end(mut self) -> Figures {
        self.resume();
        self.open();
        self.let_go_on();
        let trial = self.scene.end();
        good(&trial).figures
    }
}

/// Plays the schedules of these seeds, and sums up what happened.
fn play(what: &str, place: impl Fn(u64) -> Option<Storm>) {
    let schedules = evidence::depth(8, 75);
    let check = Check::of(
        &[C1, C2, C3, C5, C6, C8, C9],
        format!(
            "trials, seeded schedules of faults, 3 to 5 real processes that are killed, stopped and held: {what}"
        ),
    );
    let (mut runs, mut takeovers, mut disturbed) = (0, 0, 0);
    for seed in 0..schedules {
        println!("{what}, seed {seed}");
        let Some(mut storm) = place(seed) else { return };
        for _ in 0..STEPS {
            storm.step();
        }
        let figures = storm.end();
        println!("{figures:?}");
        assert!(figures.runs > 0 && figures.calls > 0, "{figures:?}");
        runs += figures.runs;
        takeovers += figures.takeovers;
        disturbed += figures.superseded + figures.cut_short;
    }
    println!("{what}: {runs} runs, {takeovers} takeovers, {disturbed} superseded or cut short");
    // The events that the schedules are made for have happened.
    assert!(takeovers > 0 && disturbed > 0);
    check.passed(usize::try_from(schedules).expect("they are few"), "schedules");
}

fn at_redis(seed: u64, persistence: Persistence, clock: bool) -> Option<Storm> {
    let options = Options { persistence, fake_clock: clock, ..Options::default() };
    Some(Storm::at(Place::redis(options)?, seed, Some(persistence), clock))
}

#[test]
fn at_a_file() {
    play("at a file", |seed| Some(Storm::at(Place::shm(), seed, None, false)));
}

#[test]
fn at_a_server_that_keeps_its_data() {
    play("at a redis-server that is killed, stopped and cut off, and keeps its data", |seed| {
        at_redis(seed, Persistence::Always, false)
    });
}

#[test]
fn at_a_server_that_loses_its_data() {
    play("at a redis-server that is killed, stopped and cut off, and loses its data", |seed| {
        at_redis(seed, Persistence::None, false)
    });
}

#[test]
fn at_a_server_whose_clock_is_stepped() {
    play(
        "at a redis-server that is killed, stopped and cut off, and whose clock is stepped by hours",
        |seed| at_redis(seed, Persistence::Always, true),
    );
}
