//! The trials that are measured.

use lab::table;
use measure_options::cluster::Options;
use processes::judge::{Figures, Trial, judge};
use processes::log::{Event, Nanos, Who};
use processes::participant::Span;
use processes::scene::Scene;
use std::fs;
use std::path::Path;
use std::thread;
use std::time::Duration;

/// Longer than any run that is allowed to end.
const LONG: Duration = Duration::from_secs(600);
/// For runs that are killed.
const SHORT: Duration = Duration::from_millis(500);

pub struct Measured<'m> {
    pub command: &'m [&'m Path],
    pub folder: &'m Path,
    pub driver: &'m str,
    pub parameters: &'m str,
    pub options: &'m Options,
    pub scenes: u32,
}

/// What a number of processes did.
pub struct Scale {
    pub processes: u32,
    pub figures: Figures,
}

impl Measured<'_> {
    /// This many processes call this often, for a while.
    pub fn scale(&mut self, processes: u32, every: Duration) -> Scale {
        let mut scene = self.scene(LONG);
        let defaults = scene.defaults();
        defaults.run_for = Span(Duration::ZERO, Duration::ZERO);
        defaults.calls_every = Some(Span(every, every));
        scene.compare_clocks().expect("the register answers");
        for seat in 0..processes {
            scene.start(seat);
        }
        // What is measured, and no wait for anything.
        thread::sleep(self.options.time);
        Scale { processes, figures: good(&scene.end()) }
    }

    /// How long after the end of the window the run started; its owner was dead by then.
    pub fn owners_killed(&mut self) -> Vec<Nanos> {
        let threshold = self.options.threshold();
        self.repeated(LONG, threshold, |scene| {
            let first = started(scene, 0);
            scene.until_covered(first);
            let owner = scene.start(1);
            scene.call(owner);
            scene.until(owner, 1, |event| matches!(event, Event::Deferred { .. } | Event::Started { .. }));
            scene.call(first);
            scene.until(first, 2, |event| matches!(event, Event::Called { .. }));
            scene.kill(&[owner]);
            scene.until_covered(first);
        })
    }

    /// How long after the end of the lease the next run started; the process of the run before was dead by
    /// then.
    pub fn runners_killed(&mut self) -> Vec<Nanos> {
        self.repeated(SHORT, SHORT, |scene| {
            let runner = scene.start(0);
            scene.hold(runner);
            scene.call(runner);
            scene.until(runner, 1, |event| matches!(event, Event::Started { .. }));
            let watcher = started_call(scene, 1);
            scene.kill(&[runner]);
            scene.until_covered(watcher);
        })
    }

    /// From `since` after the start of the first run to the start of the second run, by their stamps.
    fn repeated(&mut self, lease: Duration, since: Duration, trial: impl Fn(&mut Scene)) -> Vec<Nanos> {
        let since = Nanos::try_from(since.as_nanos()).expect("a short time");
        (0..self.options.kills)
            .filter_map(|_| {
                let mut scene = self.scene(lease);
                trial(&mut scene);
                let trial = scene.end();
                good(&trial);
                let epochs = epochs(&trial);
                epochs.get(1)?.checked_sub(epochs[0] + since)
            })
            .collect()
    }

    fn scene(&mut self, lease: Duration) -> Scene {
        self.scenes += 1;
        let folder = self.folder.join(format!("{}-{}", self.driver.len(), self.scenes));
        fs::create_dir(&folder).expect("a folder for a trial");
        let driver = format!("{}-{}{}", self.driver, self.scenes, self.parameters);
        Scene::new(self.command, &folder, &driver, self.options.threshold(), lease)
    }
}

fn started(scene: &mut Scene, seat: u32) -> Who {
    let who = started_call(scene, seat);
    scene.until(who, 1, |event| matches!(event, Event::Started { .. }));
    who
}

fn started_call(scene: &mut Scene, seat: u32) -> Who {
    let who = scene.start(seat);
    scene.call(who);
    scene.until(who, 1, |event| matches!(event, Event::Called { .. }));
    who
}

fn epochs(trial: &Trial) -> Vec<u64> {
    let records = trial.logs.iter().flat_map(|log| &log.records);
    let started = records.filter_map(|record| match record.event {
        Event::Started { epoch } => Some(epoch),
        _ => None,
    });
    let mut epochs: Vec<_> = started.collect();
    epochs.sort_unstable();
    epochs
}

/// Figures of a throttle that breaks its promises mean nothing.
fn good(trial: &Trial) -> Figures {
    let verdict = judge(trial);
    assert!(verdict.is_good(), "{:#?}", verdict.breaches);
    verdict.figures
}

/// The median, the 99th percentile, and the longest.
pub fn percentiles(times: &[Nanos]) -> String {
    let times = times.iter().copied().map(Duration::from_nanos);
    let known = table::quantiles(times, [0.5, 0.99, 1.0]);
    known.map_or(table::NONE.to_owned(), |known| known.map(table::time).join(", "))
}
