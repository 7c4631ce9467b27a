//! The waiters of a ring, and a conductor for each of its stations.

use super::background::Background;
use super::blocking::Blocking;
use super::keyed::Keyed;
use super::station::{Release, Station};
use super::{Begin, threads};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

pub(super) const STATIONS: usize = 3;

/// Where a waiter is: at which station, and whether it waits there.
const ON_ITS_WAY: u64 = 0;
const WAITS: u64 = 1;
const PHASES: u64 = 2;

/// What a waiter shows. On lines of its own: the watch looks seldom, the waiter writes often.
#[derive(Default)]
#[repr(align(128))]
pub(super) struct Shown {
    waits: AtomicU64,
    at: AtomicU64,
}

pub(super) struct Shared {
    pub(super) stations: [Box<dyn Station>; STATIONS],
    pub(super) shown: Vec<Shown>,
    stop: Arc<AtomicBool>,
    /// A wait that ended in another way than it should.
    wrong: Mutex<Option<String>>,
}

impl Shared {
    pub(super) fn waits(&self) -> u64 {
        self.shown.iter().map(|shown| shown.waits.load(Ordering::Relaxed)).sum()
    }

    /// At which station a waiter is, and whether it waits there.
    pub(super) fn place(&self, waiter: usize) -> (usize, bool) {
        let at = self.shown[waiter].at.load(Ordering::Relaxed);
        (usize::try_from(at / PHASES).unwrap_or(0), at % PHASES == WAITS)
    }

    pub(super) fn wrong(&self) -> Option<String> {
        self.wrong.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn went(&self, station: &dyn Station, result: Result<(), String>) {
        if let Err(why) = result {
            // Those who are stopped may find anything.
            if !self.stop.swap(true, Ordering::Relaxed) {
                let why = format!("{}: {why}", station.name());
                self.wrong.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(why);
            }
        }
    }

    fn go_round(&self, waiter: usize, rounds: u64) {
        let shown = &self.shown[waiter];
        for round in 0..rounds {
            for (index, station) in self.stations.iter().enumerate() {
                let (at, platform) = (PHASES * index as u64, station.platform());
                shown.at.store(at + ON_ITS_WAY, Ordering::Relaxed);
                if !platform.enter(round) {
                    return;
                }
                shown.at.store(at + WAITS, Ordering::Relaxed);
                self.went(&**station, station.wait(round, Release::of(round)));
                shown.waits.store(shown.waits.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
                platform.returned.come();
            }
        }
    }

    fn conduct(&self, station: &dyn Station, rounds: u64) {
        for round in 0..rounds {
            if self.stop.load(Ordering::Relaxed) {
                return;
            }
            station.platform().returned.host();
            self.went(station, station.conduct(round, Release::of(round)));
            station.platform().close();
        }
    }
}

/// What the waiters of a ring have seen.
pub(super) struct Ended {
    pub(super) waits: u64,
    pub(super) slept: Option<u64>,
}

pub(super) struct Ring {
    pub(super) shared: Arc<Shared>,
    waiters: Vec<JoinHandle<Option<u64>>>,
    conductors: Vec<JoinHandle<()>>,
}

impl Ring {
    pub(super) fn start(waiters: usize, rounds: u64, begin: &Begin) -> Result<Self, String> {
        let stop = Arc::new(AtomicBool::new(false));
        let shared = Arc::new(Shared {
            stations: [
                Box::new(Blocking::new(waiters, &stop)),
                Box::new(Background::new(waiters, &stop, begin)?),
                Box::new(Keyed::new(waiters, &stop, begin)?),
            ],
            shown: (0..waiters).map(|_| Shown::default()).collect(),
            stop,
            wrong: Mutex::new(None),
        });
        let mut ring = Self { shared, waiters: Vec::new(), conductors: Vec::new() };
        for waiter in 0..waiters {
            let (shared, begin) = (Arc::clone(&ring.shared), Arc::clone(begin));
            let go_round = move || {
                begin();
                let before = threads::sleeps();
                shared.go_round(waiter, rounds);
                Some(threads::sleeps()? - before?)
            };
            ring.waiters.push(start(format!("waiter {}", waiter + 1), go_round)?);
        }
        for index in 0..STATIONS {
            let (shared, begin) = (Arc::clone(&ring.shared), Arc::clone(begin));
            let conduct = move || {
                begin();
                shared.conduct(&*shared.stations[index], rounds);
            };
            ring.conductors.push(start(format!("conductor {}", index + 1), conduct)?);
        }
        Ok(ring)
    }

    pub(super) fn has_ended(&self) -> bool {
        self.waiters.iter().all(JoinHandle::is_finished)
            && self.conductors.iter().all(JoinHandle::is_finished)
    }

    /// Joins its threads. If it still goes round, it stops, and no window keeps anybody.
    pub(super) fn end(&mut self, patience: Duration) -> Result<Ended, String> {
        let began = Instant::now();
        self.shared.stop.store(!self.has_ended(), Ordering::Relaxed);
        while !self.has_ended() {
            if began.elapsed() > patience {
                return Err("threads of the ring do not end".to_owned());
            }
            for station in &self.shared.stations {
                station.free();
            }
            thread::sleep(Duration::from_millis(1));
        }
        let mut slept = Some(0);
        for waiter in self.waiters.drain(..) {
            let of_waiter = waiter.join().map_err(|_| "a waiter panicked")?;
            slept = slept.zip(of_waiter).map(|(sum, more)| sum + more);
        }
        for conductor in self.conductors.drain(..) {
            conductor.join().map_err(|_| "a conductor panicked")?;
        }
        Ok(Ended { waits: self.shared.waits(), slept })
    }
}

fn start<T: Send + 'static>(
    name: String,
    f: impl FnOnce() -> T + Send + 'static,
) -> Result<JoinHandle<T>, String> {
    thread::Builder::new().name(name).spawn(f).map_err(|why| format!("cannot start a thread: {why}"))
}
