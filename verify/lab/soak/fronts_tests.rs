//! Real rounds with each front end: they hold, and a front end that does what it must not is seen.

use super::{ALL, draw, options, round};
use crate::storm::front::{Background, Front, OwnCounts, Start};
use crate::storm::options::Options;
use crate::storm::recorder::{AnyClock, Recorder};
use crate::storm::whole;
use indicatif::ProgressBar;
use std::sync::Arc;

/// A planted fault shows in every round in which anything happens.
const PATIENCE: usize = 100;

const HASTY: bool = false;
const SILENT: bool = true;

/// A front end with a fault: its window is half as long as it says, or it silently gives up what is pending
/// after the last call.
struct Planted<F, const FAULT: bool> {
    inner: Arc<F>,
    threshold: u64,
}

impl<F: Front, const FAULT: bool> Front for Planted<F, FAULT> {
    fn clock() -> AnyClock {
        F::clock()
    }

    fn new(options: &Options, recorder: &Arc<Recorder>) -> Result<Self, String> {
        let mut inside = options.clone();
        if FAULT == HASTY {
            inside.threshold /= 2;
        }
        let inner = Arc::new(F::new(&inside, recorder)?);
        let threshold = u64::try_from(options.threshold.as_nanos()).unwrap_or(u64::MAX);
        Ok(Self { inner, threshold })
    }

    fn start(self: &Arc<Self>, start: Start) -> Result<(), String> {
        self.inner.start(start)
    }

    fn cancel(&self, key: usize) -> bool {
        self.inner.cancel(key)
    }

    fn flush(&self, key: usize) -> bool {
        if FAULT == SILENT {
            self.inner.cancel(key);
        }
        self.inner.flush(key)
    }

    fn is_busy(&self, key: usize) -> bool {
        if FAULT == SILENT {
            self.inner.cancel(key);
        }
        self.inner.is_busy(key)
    }

    fn is_owed(&self, key: usize) -> bool {
        self.inner.is_owed(key)
    }

    fn threshold(&self) -> u64 {
        self.threshold
    }

    fn end(&self) -> Result<OwnCounts, String> {
        self.inner.end()
    }
}

/// Whether the judge sees that a storm on this front end breaks the guarantee.
fn is_seen<F: Front>(line: &str, guarantee: &str) -> bool {
    let options = options(line).unwrap();
    (0..PATIENCE).any(|_| {
        let whole = whole::perform::<F>(&options, &ProgressBar::hidden()).unwrap();
        whole.verdict.broken.iter().any(|broken| broken.guarantee == guarantee)
    })
}

/// Plants both faults in a front end.
fn plant<F: Front>(name: &str) {
    let hasty = format!("--front {name} --threads 4 --seconds 0.1 --threshold 2ms");
    assert!(is_seen::<Planted<F, HASTY>>(&hasty, "G1"), "{name}");
    evidence::caught(&format!("{name}: a window that ends too soon"), "soak: seen in a round (G1)");
    let silent = format!("--front {name} --threads 4 --seconds 0.1 --threshold 1h");
    assert!(is_seen::<Planted<F, SILENT>>(&silent, "G3"), "{name}");
    evidence::caught(&format!("{name}: a call that no run covers"), "soak: seen in a round (G3)");
}

#[test]
fn a_faulty_background_thread_is_seen() {
    plant::<Background>("background");
}

#[test]
fn a_faulty_task_is_seen() {
    plant::<crate::storm::front::Asynchronous>("async");
}

#[test]
fn a_faulty_throttle_of_keys_is_seen() {
    plant::<crate::storm::front::KeyedTrailing>("keyed");
}

#[test]
fn rounds_without_a_fault_hold() {
    for front in 0..ALL.len() {
        for number in 0..4 {
            let round = round(1, number, front, Some(3)).unwrap();
            assert_eq!(round.verdict.broken, [], "{}", round.line);
            assert!(round.verdict.runs > 0, "{}", round.line);
        }
    }
}

#[test]
fn what_is_drawn_is_a_storm_and_a_seed_repeats_it() {
    for &(which, _) in ALL {
        let drawn = |seed| (0..200).map(|number| draw(seed, number, which, None)).collect::<Vec<_>>();
        for line in drawn(7) {
            let options = options(&line).unwrap_or_else(|e| panic!("{line}: {e}"));
            assert_eq!(options.front, which, "{line}");
        }
        assert_eq!(drawn(7), drawn(7));
        assert_ne!(drawn(7), drawn(8));
        let is_drawn = |what| drawn(7).iter().any(|line| line.contains(what));
        assert!(is_drawn("--cancel-every 1000") && is_drawn("--threshold 3600000000000ns"), "{which:?}");
    }
}
