//! Models of [`Settings`] under loom: when all calls have returned and nothing waits to be saved, the latest
//! version is saved. The same model finds a fault that a user might make.
#![cfg(atomic_throttle_loom)]

use atomic_throttle::{Manual, Throttle, Timestamp};
use downstream::{Settings, Store};
use evidence::Guarantee::{G2, G3, G5};
use evidence::{Check, caught};
use loom::sync::atomic::{AtomicU64, Ordering::Relaxed};
use loom::thread;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;
use watchdog as _;

/// A file that remembers the version that was saved last.
#[derive(Default)]
struct File {
    saved: AtomicU64,
    writers: AtomicU64,
}

impl Store for File {
    fn save(&self, version: u64) {
        assert_eq!(self.writers.fetch_add(1, Relaxed), 0, "two saves at a time");
        self.saved.store(version, Relaxed);
        self.writers.fetch_sub(1, Relaxed);
    }
}

/// What happened in how many executions. Counted by std's atomics, which loom does not see.
#[derive(Clone, Default)]
struct Counts(Arc<Totals>);

#[derive(Default)]
struct Totals {
    executions: AtomicUsize,
    /// One save had both changes, or two saves one each.
    one_save: AtomicUsize,
    two_saves: AtomicUsize,
    /// The latest version was not saved.
    unsaved: AtomicUsize,
}

fn count_if(total: &AtomicUsize, happened: bool) {
    total.fetch_add(usize::from(happened), Relaxed);
}

/// The number of preemptions up to which the model is explored.
fn preemptions() -> usize {
    evidence::depth(2, 3)
}

/// Two threads change a setting each by `change`, in the window of an earlier save, while the program comes to
/// its end.
fn two_changes(change: fn(&Settings<File, Manual>)) -> Counts {
    let counts = Counts::default();
    let totals = Arc::clone(&counts.0);
    let mut model = loom::model::Builder::new();
    // The environment does not matter: these settings would stop the model too early.
    (model.max_duration, model.max_permutations) = (None, None);
    model.preemption_bound = Some(preemptions());
    model.check(move || {
        count_if(&totals.executions, true);
        let clock = Manual::new(Timestamp::from_nanos(1));
        let throttle = Throttle::with_clock(Duration::from_nanos(10), clock);
        let settings = Arc::new(Settings::new(throttle, File::default()));
        assert!(settings.changed());
        let first = settings.saving().snapshot().last_run_at;

        let other = thread::spawn({
            let settings = Arc::clone(&settings);
            move || change(&settings)
        });
        let end = thread::spawn({
            let settings = Arc::clone(&settings);
            move || settings.wait_no_more()
        });
        change(&settings);
        other.join().expect("no panic");
        end.join().expect("no panic");

        let seen = settings.saving().snapshot();
        assert!(!seen.running && seen.next_run_at.is_none() && !seen.is_owed(), "{seen:?}");
        assert_eq!(settings.version(), 3);
        count_if(&totals.unsaved, settings.store().saved.load(Relaxed) != 3);
        // The clock stands still, so each start is one nanosecond after the one before.
        let saves = seen.last_run_at.zip(first).map(|(last, first)| last.saturating_since(first));
        count_if(&totals.one_save, saves == Some(Duration::from_nanos(1)));
        count_if(&totals.two_saves, saves == Some(Duration::from_nanos(2)));
    });
    counts
}

#[test]
fn the_latest_version_is_saved() {
    let claim =
        format!("loom, at most {} preemptions: a crate's own code, saving what was changed", preemptions());
    let check = Check::of(&[G2, G3, G5], claim);
    let Totals { executions, one_save, two_saves, unsaved } =
        &*two_changes(|settings| assert!(settings.changed())).0;
    assert!(executions.load(Relaxed) > 1000, "explored {executions:?}");
    assert!(one_save.load(Relaxed) > 0, "the changes coalesced into one save");
    assert!(two_saves.load(Relaxed) > 0, "the changes had a save each");
    assert_eq!(unsaved.load(Relaxed), 0, "of {executions:?}");
    check.passed(executions.load(Relaxed), "executions");
}

/// Planted: the version is read before the call, and not in the run. One thread alone never notices; but the
/// run must cover the calls of others, too.
#[test]
fn a_version_that_is_read_before_the_call_is_not_the_latest() {
    let counts = two_changes(|settings| {
        settings.touch();
        let version = settings.version();
        let _ = settings.saving().run(|| settings.store().save(version));
    });
    let (unsaved, executions) = (counts.0.unsaved.load(Relaxed), counts.0.executions.load(Relaxed));
    assert!(unsaved > 0, "the planted fault was not found in {executions} executions");
    assert!(unsaved < executions, "the fault is a race, and a race goes well sometimes");
    caught(
        "a crate's own version, read before the call and saved in the run",
        &format!("loom: the latest version is not saved in {unsaved} of {executions} executions"),
    );
}
