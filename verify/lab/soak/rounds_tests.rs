//! Real rounds: the guarantees hold, and faults of callers and of front ends are seen.

use super::{Rounds, TURNS, options};
use crate::draw::Asked;
use atomic_throttle::{Snapshot, state::DeferralStatus};
use evidence::Guarantee::{self, G1, G2, G3, G4, G10};
use evidence::caught;
use indicatif::ProgressBar;
use lab::front::{Asynchronous, Background, Front, KeyedTrailing, OwnCounts, Start, Which};
use lab::judge::Verdict;
use lab::options::Options;
use lab::record::{Event, Kind};
use lab::recorder::{AnyClock, Recorder};
use lab::whole;
use std::sync::Arc;
use std::time::Duration;

/// A planted fault shows in one of the first rounds, but threads that never meet show nothing.
const PATIENCE: usize = 1000;

/// Callers that do a bit of everything.
const EVERYTHING: &str = "--threads 8 --memory 2 --seconds 0.05 --threshold 40us --run-time 20us --vary-run-time \
                          --wait-every 100 --cancel-every 100 --flush-every 100 --change-every 1000 \
                          --nest-every 5 --panic-every 10";

fn rounds() -> Rounds {
    let asked = Asked { seed: 1, threads: Some(3), most_threads: 8, more: Vec::new() };
    Rounds::new(asked, &TURNS)
}

fn breaks(verdict: &Verdict, guarantee: Guarantee) -> bool {
    verdict.broken.iter().any(|broken| broken.guarantee == guarantee)
}

#[test]
fn rounds_without_a_fault_hold() {
    let mut rounds = rounds();
    for _ in 0..4 * TURNS.len() {
        let round = rounds.next().unwrap();
        assert_eq!(round.verdict.broken, [], "{}", round.line);
        assert!(round.verdict.runs > 0, "{}", round.line);
    }
}

#[test]
fn a_throttle_lives_through_its_rounds() {
    let mut rounds = rounds();
    let options = options(EVERYTHING).unwrap();
    let first = rounds.perform(&options).unwrap().last_run().unwrap();
    let second = rounds.perform(&options).unwrap();
    let next = second.logs[0].runs().iter().min_by_key(|run| run.stamp).unwrap();
    assert_eq!(next.before, first.stamp, "it sees what the last run of the round before has left");
}

#[test]
fn an_owner_in_a_far_window_is_released() {
    let seen: [(_, fn(&Verdict) -> u64); 3] = [
        ("cancel", |verdict| verdict.count(Kind::Cancelled)),
        ("flush", |verdict| verdict.flushed),
        ("set-threshold", |verdict| verdict.count(Kind::Deferred)),
    ];
    for (release, released) in seen {
        let line = "--threads 8 --memory 2 --seconds 0.02 --threshold 1h --wait-every 10 --release";
        let options = options(&format!("{line} {release}")).unwrap();
        let whole = rounds().perform(&options).unwrap();
        assert_eq!(whole.verdict.broken, [], "{release}");
        assert!(released(&whole.verdict) > 0, "{release}");
    }
}

/// All that a round of `Throttle` can show is looked at.
#[test]
fn a_round_of_everything_has_everything() {
    let line = format!("{EVERYTHING} --try-every 10 --within-every 3 --limit-every 2");
    let options = options(&line).unwrap();
    let mut rounds = rounds();
    let mut sum = Verdict::default();
    let events =
        [Event::Tried, Event::Flushed, Event::Cancel, Event::Change, Event::Nested, Event::Owed, Event::Wait];
    for _ in 0..PATIENCE {
        sum.add(rounds.perform(&options).unwrap().verdict);
        assert_eq!(sum.broken, []);
        let counts = [sum.spaced, sum.covered, sum.waits, sum.panics, sum.count(Kind::Deferred)];
        let counts = counts.into_iter().chain(events.map(|event| sum.tally[event]));
        if counts.min() > Some(0) {
            return;
        }
    }
    panic!("it was not seen: {sum:?}");
}

/// Whether a caller with this fault is seen, on a front end.
fn is_planted(which: Which, plant: &str, guarantee: Guarantee) -> bool {
    let options = options(&format!("{EVERYTHING} --front {} --plant {plant}", which.name())).unwrap();
    let mut rounds = rounds();
    // One fault may break several guarantees, and not all of them in the first round.
    (0..PATIENCE).any(|_| breaks(&rounds.perform(&options).unwrap().verdict, guarantee))
}

#[test]
fn a_flush_that_is_not_told_of_is_seen() {
    assert!(is_planted(Which::Blocking, "early", G1));
    caught("a run that starts early", "soak: seen in a round with real threads (G1)");
}

#[test]
fn a_run_beside_the_throttle_is_seen() {
    assert!(is_planted(Which::Blocking, "overlap", G2));
    caught("a run inside another one", "soak: seen in a round with real threads (G2)");
}

#[test]
fn a_number_that_is_published_too_late_is_seen() {
    assert!(is_planted(Which::Blocking, "late", G3));
    caught("a call that no run covers", "soak: seen in a round with real threads (G3)");
}

#[test]
fn a_cancel_that_is_not_told_of_is_seen() {
    assert!(is_planted(Which::Blocking, "silent", G4));
    caught("an owner that leaves unasked", "soak: seen in a round with real threads (G4)");
}

#[test]
fn faults_of_callers_are_seen_on_the_other_front_ends() {
    for which in [Which::Background, Which::Async, Which::Keyed] {
        for (plant, guarantee) in [("early", G1), ("overlap", G2), ("late", G3)] {
            assert!(is_planted(which, plant, guarantee), "{} {plant}", which.name());
            caught(&format!("{}: a caller that is {plant}", which.name()), "soak: seen in a round");
        }
    }
}

/// The front ends whose function is bound, on a thread or in a task.
const BOUND: [Which; 2] = [Which::Background, Which::Keyed];

/// Whether a caller or a run with this fault is seen on such a front end, with these options.
fn is_planted_in(which: Which, line: &str, plant: &str, guarantee: Guarantee) -> bool {
    let which = which.name();
    let line = format!("--front {which} --threads 4 --memory 2 --seconds 0.05 --threshold 40us {line}");
    let options = options(&format!("{line} --plant {plant}")).unwrap();
    let mut rounds = rounds();
    (0..PATIENCE).any(|_| breaks(&rounds.perform(&options).unwrap().verdict, guarantee))
}

#[test]
fn a_value_that_is_not_that_of_its_call_is_seen() {
    for payload in ["count", "latest", "merge", "collect"] {
        for (which, runner) in BOUND.into_iter().flat_map(|which| [(which, "thread"), (which, "task")]) {
            let line = format!("--payload {payload} --runner {runner} --rate 20000");
            assert!(is_planted_in(which, &line, "forge", G10), "{} {payload} {runner}", which.name());
        }
        caught(&format!("{payload}: a value that is not that of its call"), "soak: seen in a round (G10)");
    }
}

#[test]
fn a_run_that_fails_and_says_that_it_succeeded_is_seen() {
    for (which, runner) in BOUND.into_iter().flat_map(|which| [(which, "thread"), (which, "task")]) {
        let line = format!("--fail-every 2 --runner {runner} --wait-every 5");
        assert!(is_planted_in(which, &line, "hush", G3), "{} {runner}", which.name());
    }
    caught("a run that failed, and is not tried again", "soak: seen in a round with real threads (G3)");
}

#[test]
fn a_delay_that_is_half_as_long_is_seen() {
    for pace in ["--delay 2ms", "--debounce 2ms:20ms"] {
        let line = format!("--threads 4 --seconds 0.1 --threshold 0 --rate 300 {pace}");
        let background = format!("--front background {line}");
        assert!(is_seen::<Faulty<Background, HASTY>>(&background, G1), "{pace}");
        assert!(is_seen::<Faulty<KeyedTrailing, HASTY>>(&format!("--front keyed {line}"), G1), "{pace}");
    }
    for which in BOUND {
        caught(&format!("{}: a delay that is over too soon", which.name()), "soak: seen in a round (G1)");
    }
}

#[test]
fn every_payload_holds_on_a_thread_and_in_a_task() {
    for payload in ["none", "count", "latest", "merge", "collect"] {
        for (which, runner) in BOUND.into_iter().flat_map(|which| [(which, "thread"), (which, "task")]) {
            let front = which.name();
            for more in ["--delay 100us --fail-every 3", "--debounce 50us:500us --panic-every 5"] {
                let line = format!(
                    "--front {front} --threads 4 --memory 2 --seconds 0.05 --threshold 100us --wait-every 20 \
                     --cancel-every 50 --flush-every 50 --nest-every 5 --payload {payload} --runner {runner} {more}"
                );
                let verdict = rounds().perform(&options(&line).unwrap()).unwrap().verdict;
                assert_eq!(verdict.broken, [], "{line}");
                assert!(verdict.runs > 0, "{line}");
                assert_eq!(verdict.carried > 0, payload != "none", "{line}");
            }
        }
    }
}

#[test]
fn every_payload_holds_for_calls_that_bring_their_function() {
    for payload in ["none", "count", "latest", "merge", "collect"] {
        let line = format!(
            "--front async --threads 4 --memory 2 --seconds 0.1 --threshold 100us --wait-every 20 --cancel-every 50 \
             --flush-every 50 --nest-every 5 --panic-every 7 --payload {payload}"
        );
        let verdict = rounds().perform(&options(&line).unwrap()).unwrap().verdict;
        assert_eq!(verdict.broken, [], "{line}");
        assert!(verdict.runs > 0, "{line}");
        assert_eq!(verdict.carried > 0, payload != "none", "{line}");
    }
}

const HASTY: bool = false;
const SILENT: bool = true;

/// A front end with a fault: its window is half as long as it says, or it silently gives up what is pending
/// after the last call.
struct Faulty<F, const FAULT: bool> {
    inner: Arc<F>,
    threshold: u64,
}

impl<F: Front, const FAULT: bool> Front for Faulty<F, FAULT> {
    fn clock() -> AnyClock {
        F::clock()
    }

    fn new(options: &Options, recorder: &Arc<Recorder>) -> Result<Self, String> {
        let mut inside = options.clone();
        if FAULT == HASTY {
            inside.threshold /= 2;
            let of = &mut inside.of_throttled;
            of.delay = of.delay.map(|delay| delay / 2);
            of.debounce.iter_mut().for_each(|debounce| debounce.quiet /= 2);
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

    fn set_threshold(&self, threshold: Duration) {
        self.inner.set_threshold(threshold);
    }

    fn look(&self, key: usize) -> Option<Snapshot> {
        self.inner.look(key)
    }

    fn left(&self, key: usize) -> (DeferralStatus, bool) {
        if FAULT == SILENT {
            self.inner.cancel(key);
        }
        self.inner.left(key)
    }

    fn threshold(&self) -> u64 {
        self.threshold
    }

    fn end(&self) -> Result<OwnCounts, String> {
        self.inner.end()
    }
}

/// Whether the judge sees that a storm on this front end breaks the guarantee. A planted fault shows in
/// every round in which anything happens.
fn is_seen<F: Front>(line: &str, guarantee: Guarantee) -> bool {
    let options = options(line).unwrap();
    let broken =
        |_| breaks(&whole::perform::<F>(&options, &ProgressBar::hidden()).unwrap().verdict, guarantee);
    (0..100).any(broken)
}

/// Plants both faults in a front end.
fn plant<F: Front>(name: &str) {
    let hasty = format!("--front {name} --threads 4 --seconds 0.1 --threshold 2ms");
    assert!(is_seen::<Faulty<F, HASTY>>(&hasty, G1), "{name}");
    caught(&format!("{name}: a window that ends too soon"), "soak: seen in a round (G1)");
    let silent = format!("--front {name} --threads 4 --seconds 0.1 --threshold 1h");
    assert!(is_seen::<Faulty<F, SILENT>>(&silent, G3), "{name}");
    caught(&format!("{name}: a call that no run covers"), "soak: seen in a round (G3)");
}

#[test]
fn a_faulty_background_thread_is_seen() {
    plant::<Background>("background");
}

#[test]
fn a_faulty_task_is_seen() {
    plant::<Asynchronous>("async");
}

#[test]
fn a_faulty_throttle_of_keys_is_seen() {
    plant::<KeyedTrailing>("keyed");
}
