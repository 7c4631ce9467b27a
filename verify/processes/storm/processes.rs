//! A storm of processes: they are started, killed, stopped and continued, and in the end asked to end.

use super::aim::Aim;
use super::clocks::{self, Clocks};
use super::order::patience;
use super::seat::Seat;
use super::storm::{Past, Setting};
use ::processes::judge::Fact;
use ::processes::log::Who;
use atomic_throttle_cluster::register::Register;
use indicatif::ProgressBar;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Child;
use std::thread;
use std::time::{Duration, Instant};

/// How often the parent looks: often enough to meet a process that runs.
const TICK: Duration = Duration::from_millis(2);

/// A process that must end has this much longer than it asks for.
const MORE: Duration = Duration::from_secs(10);

/// The storm. The time that has passed is drawn on `bar`, in milliseconds.
pub fn rage(setting: &Setting<'_>, register: &dyn Register, bar: &ProgressBar) -> Result<Past, String> {
    let mut course = Director::new(setting)?;
    let mut clocks = Clocks::default();
    let mut sampled: Option<Instant> = None;
    let began = Instant::now();
    while began.elapsed() < setting.options.lasts() && course.is_anybody_left() {
        if sampled.is_none_or(|at| at.elapsed() >= clocks::EVERY) {
            clocks.sample(register);
            sampled = Some(Instant::now());
        }
        course.look()?;
        bar.set_position(u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX));
        thread::sleep(TICK);
    }
    let lasted = began.elapsed();
    bar.finish_and_clear();
    let Director { seats, mut facts, whos, .. } = course.calm()?;
    let ending: Vec<(Who, Child)> = seats.into_iter().filter_map(Seat::end).collect();
    let limit = patience(setting.options.threshold(), setting.lease) + MORE;
    let stuck = ending.into_iter().map(|(who, child)| wait(who, child, Instant::now() + limit));
    let stuck = stuck.collect::<io::Result<Vec<_>>>().map_err(|e| cannot("wait for a process", &e))?;
    clocks.sample(register);
    facts.sort_by_key(|fact| fact.from);
    Ok(Past { whos, facts, clocks, lasted, stuck: stuck.into_iter().flatten().collect() })
}

fn cannot(what: &str, error: &io::Error) -> String {
    format!("cannot {what}: {error}")
}

/// Waits for the end of a process, and reports if it did not come.
fn wait(who: Who, mut child: Child, until: Instant) -> io::Result<Option<String>> {
    while child.try_wait()?.is_none() {
        if Instant::now() >= until {
            child.kill()?;
            child.wait()?;
            return Ok(Some(format!("C5: the process {who} was asked to end, and has not")));
        }
        thread::sleep(TICK);
    }
    Ok(None)
}

struct Director<'s> {
    setting: &'s Setting<'s>,
    seats: Vec<Seat>,
    facts: Vec<Fact>,
    whos: Vec<Who>,
    random: StdRng,
    kill: Option<Strike>,
    stop: Option<Strike>,
}

/// When the next process is killed or stopped, and which.
struct Strike {
    at: Instant,
    aim: Aim,
    /// The process, if any may be hit.
    anyone: usize,
    /// How long such a process is looked for. After that any process may be hit.
    patient_until: Instant,
}

impl Strike {
    fn draw(every: Option<Duration>, setting: &Setting<'_>, random: &mut StdRng) -> Option<Self> {
        let every = every?;
        let at = Instant::now() + every.mul_f64(random.random_range(0.75..1.25));
        let patient_until = at + (setting.options.threshold() * 3).min(every);
        Some(Self { at, aim: Aim::draw(random), anyone: random.random_range(0..4096), patient_until })
    }
}

impl<'s> Director<'s> {
    fn new(setting: &'s Setting<'s>) -> Result<Self, String> {
        let mut random = StdRng::seed_from_u64(setting.seed);
        let whos: Vec<Who> =
            (0..setting.options.processes).map(|seat| Who { seat, incarnation: 0 }).collect();
        let seats = whos.iter().map(|&who| Seat::first(&setting.order(who)));
        Ok(Self {
            seats: seats.collect::<Result<_, _>>()?,
            kill: Strike::draw(setting.options.kill_every, setting, &mut random),
            stop: Strike::draw(setting.options.stop_every, setting, &mut random),
            setting,
            facts: Vec::new(),
            whos,
            random,
        })
    }

    fn is_anybody_left(&self) -> bool {
        !self.seats.iter().all(Seat::is_gone)
    }

    /// Does what is due.
    fn look(&mut self) -> Result<(), String> {
        for seat in &mut self.seats {
            seat.look().map_err(|e| cannot("look at a process", &e))?;
            self.facts.extend(seat.go_on(false).map_err(|e| cannot("continue a process", &e))?);
            if seat.is_due() {
                let who = Who { incarnation: seat.who.incarnation + 1, ..seat.who };
                seat.take(&self.setting.order(who))?;
                self.whos.push(who);
            }
        }
        if let Some(seat) = self.kill.as_ref().and_then(|turn| self.target(turn)) {
            // A pause, so that the picture shows the empty seat.
            let pause = self.setting.options.threshold().mul_f64(self.random.random_range(0.5..2.0));
            let killed = self.seats[seat].kill(Instant::now() + pause);
            self.facts.extend(killed.map_err(|e| cannot("kill a process", &e))?);
            self.kill = Strike::draw(self.setting.options.kill_every, self.setting, &mut self.random);
        }
        if let Some(seat) = self.stop.as_ref().and_then(|turn| self.target(turn)) {
            let longer = self.setting.lease.mul_f64(self.random.random_range(1.1..1.5));
            self.seats[seat].stop(Instant::now() + longer).map_err(|e| cannot("stop a process", &e))?;
            self.stop = Strike::draw(self.setting.options.stop_every, self.setting, &mut self.random);
        }
        Ok(())
    }

    /// The process to hit, if it is time and one of the wanted kind exists. One process is always left alone.
    fn target(&self, turn: &Strike) -> Option<usize> {
        if Instant::now() < turn.at {
            return None;
        }
        let awake: Vec<usize> = (0..self.seats.len()).filter(|&seat| self.seats[seat].is_awake()).collect();
        if awake.is_empty() || awake.len() < 2 && self.seats.len() > 1 {
            return None;
        }
        let logs: Vec<PathBuf> =
            awake.iter().map(|&seat| self.seats[seat].log(self.setting.folder)).collect();
        let logs: Vec<&Path> = logs.iter().map(PathBuf::as_path).collect();
        let is_late = turn.aim == Aim::Anyone || Instant::now() >= turn.patient_until;
        let found = turn.aim.find(&logs).or_else(|| is_late.then_some(turn.anyone));
        found.map(|place| awake[place % awake.len()])
    }

    /// Continues all stopped processes.
    fn calm(mut self) -> Result<Self, String> {
        for seat in &mut self.seats {
            self.facts.extend(seat.go_on(true).map_err(|e| cannot("continue a process", &e))?);
        }
        Ok(self)
    }
}
