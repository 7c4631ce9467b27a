//! What a `Keyed` must do: a reference model for each key, and what is remembered of those evicted.
//!
//! The model of a key is removed only when the throttle no longer knows the key; then the key must have been
//! idle. Every answer about a key is kept as well, and judged by G1 alone, so that nothing depends on what is
//! remembered.

mod op;
pub mod subject;

use self::op::KEYS;
pub use self::op::{ALL, Fault, Op, Setup};
use crate::gate::unwind_over;
use atomic_throttle::{Clock, Keyed, KeyedBuilder, KeyedError, KeyedRun, Manual, Refused, Timestamp};
use reference::reached::Reached;
use reference::{Event, MAX, Model, Told};
use std::collections::BTreeMap;
use std::time::Duration;

/// Places for the keys that guards borrow.
static NAMES: [u8; KEYS as usize] = [0, 1, 2, 3, 4, 5, 6, 7];

/// Plays `operations` on a throttle and on the models. Panics where they differ or a guarantee breaks.
pub fn play(fault: Option<Fault>, setup: Setup, operations: impl IntoIterator<Item = Op>) -> Reached {
    let builder: KeyedBuilder<u8> = Keyed::builder(Duration::from_nanos(setup.threshold));
    let keyed =
        builder.clock(Manual::new(Timestamp::ZERO)).shards(setup.shards).max_keys(setup.max_keys).build();
    let mut play = Play {
        keyed: &keyed,
        setup,
        fault,
        models: BTreeMap::new(),
        forgotten: 0,
        longest: 0,
        before: BTreeMap::new(),
        latest: BTreeMap::new(),
        runs: Vec::new(),
        reached: Reached::default(),
    };
    for operation in operations {
        play.play(operation);
        play.compare();
    }
    play.runs.clear();
    play.reached
}

struct Call {
    key: u8,
    now: u64,
    threshold: u64,
}

struct Play<'k> {
    keyed: &'k Keyed<u8, Manual>,
    setup: Setup,
    fault: Option<Fault>,
    /// The keys that are known.
    models: BTreeMap<u8, Model>,
    /// The latest start among the evicted keys, in any shard.
    forgotten: u64,
    /// The longest threshold that a call has named.
    longest: u64,
    /// What each key was decided by before.
    before: BTreeMap<u8, u64>,
    /// The latest start of each key. Never forgotten.
    latest: BTreeMap<u8, u64>,
    runs: Vec<KeyedRun<'k, u8>>,
    reached: Reached,
}

impl<'k> Play<'k> {
    fn now(&self) -> u64 {
        self.keyed.clock().now().as_nanos()
    }

    fn play(&mut self, operation: Op) {
        let clock = self.keyed.clock();
        match operation {
            Op::TryEnter { key } => self.try_enter(key, None),
            Op::TryEnterBy { key, threshold } => self.try_enter(key, Some(threshold)),
            Op::Finish { which } => drop(self.take_run(which)),
            Op::PanicRun { which } => {
                if let Some(run) = self.take_run(which) {
                    unwind_over(run);
                    self.reached.count("unwound");
                }
            }
            Op::Evict => self.evict(),
            Op::Advance { by } => _ = clock.advance(Duration::from_nanos(by)),
            Op::GoBack { by } => _ = clock.go_back(Duration::from_nanos(by)),
            Op::Jump { to } => clock.set(Timestamp::from_nanos(to)),
            Op::SetThreshold { to } => {
                self.keyed.set_threshold(Duration::from_nanos(to));
                self.setup.threshold = to.min(MAX);
            }
        }
    }

    fn try_enter(&mut self, key: u8, named: Option<u64>) {
        let now = self.now();
        let call = Call { key, now, threshold: named.map_or(self.setup.threshold, |named| named.min(MAX)) };
        let decided_by = self.decided_by(&call);
        if named.is_some() {
            self.remember_longest(call.threshold);
        }
        let was_known = self.models.contains_key(&key);
        let at_limit = self.models.len() >= self.limit();
        let is_full = at_limit && !self.can_evict_any();
        let unknown = Model { latest_start: self.remembered(), ..Model::new(decided_by) };
        let known = self.models.get(&key).map(|model| Model { threshold: decided_by, ..*model });
        let mut model = known.unwrap_or(unknown);
        let of_the_others = Model { threshold: self.setup.threshold, ..model }.step(Event::TryStart { now });
        let expected = model.step(Event::TryStart { now });
        let name = &NAMES[usize::from(key)];
        let given = match named {
            Some(threshold) => self.keyed.try_enter_with_threshold(Duration::from_nanos(threshold), name),
            None => self.keyed.try_enter(name),
        };
        self.notice_evictions("evicted unasked");
        match given {
            Ok(run) => {
                let known_go_on = self.fault != Some(Fault::KnownAreRefused) || !at_limit;
                assert!(if was_known { known_go_on } else { !is_full }, "there is no room");
                self.started(&call, &model, expected, &run);
                self.runs.push(run);
                if matches!(of_the_others, Told::Closed(_)) {
                    self.reached.count("run by a shorter threshold");
                }
            }
            Err(KeyedError::Full { max_keys }) => {
                assert_eq!(max_keys, self.setup.max_keys);
                assert!(!was_known && is_full, "there is room, or a known key goes on");
                self.reached.count("full");
            }
            Err(KeyedError::Refused(Refused::Running)) => {
                assert!(was_known);
                assert_eq!(expected, Told::Running);
                self.reached.count("running");
            }
            Err(KeyedError::Refused(Refused::Closed { retry_at, refused_at })) => {
                assert_eq!(refused_at.as_nanos(), now);
                assert!(refused_at < retry_at);
                if was_known || self.setup.shards == 1 {
                    assert_eq!(expected, Told::Closed(retry_at.as_nanos()));
                } else {
                    // By what one of the shards remembers, so not after what the latest does.
                    let latest = Model { latest_start: self.remembered(), ..Model::new(call.threshold) }
                        .step(Event::TryStart { now: 0 });
                    assert!(matches!(latest, Told::Closed(due) if retry_at.as_nanos() <= due));
                }
                self.reached.count(if was_known { "closed" } else { "for what was forgotten" });
                if was_known && of_the_others == Told::Run {
                    self.reached.count("closed by a longer threshold");
                }
            }
            Err(other) => panic!("an error that is not known: {other:?}"),
        }
    }

    /// What a call is decided by: its threshold, if nothing is planted.
    fn decided_by(&mut self, call: &Call) -> u64 {
        let before = self.before.insert(call.key, call.threshold);
        match (self.fault, before) {
            (Some(Fault::ThresholdOfTheCallBefore), Some(before)) => before,
            (Some(Fault::NamedIsIgnored), _) => self.setup.threshold,
            _ => call.threshold,
        }
    }

    fn remember_longest(&mut self, named: u64) {
        match self.fault {
            Some(Fault::LongestForgotten) => {}
            Some(Fault::LatestKept) => self.longest = named,
            _ => self.longest = self.longest.max(named),
        }
    }

    fn started(&mut self, call: &Call, model: &Model, expected: Told, run: &KeyedRun<'_, u8>) {
        let Call { key, now, threshold } = *call;
        let start = run.epoch().as_u64();
        if let Some(&before) = self.latest.get(&key) {
            assert!(start > before, "the epochs of a key grow");
            let gap = u128::from(start) - u128::from(before);
            assert!(gap >= u128::from(threshold), "G1: {gap} ns after the start before it");
            let by_the_clock = u128::from(now) >= u128::from(before) + u128::from(threshold);
            assert!(by_the_clock || threshold == 0, "G1 by the clock");
        }
        assert!(self.runs.iter().all(|other| other.key() != run.key()), "G2: two runs at once");
        if self.models.contains_key(&key) {
            assert_eq!((expected, start), (Told::Run, model.latest_start));
        } else if self.setup.shards == 1 {
            assert_eq!(expected, Told::Run);
            // What was evicted by this very call may be later than what was remembered before.
            assert!(start >= model.latest_start && start <= now.max(self.forgotten + 1));
        } else {
            assert!(start >= now.max(1));
        }
        let model = Model { latest_start: start, in_progress: true, ..Model::new(self.setup.threshold) };
        self.models.insert(key, model);
        self.latest.insert(key, start);
        self.reached.count("run");
    }

    fn evict(&mut self) {
        let over = self.models.values().filter(|model| self.is_over(model)).count();
        let over_for_the_others = self.models.values().filter(|model| self.is_over_by(0, model)).count();
        if over < over_for_the_others {
            self.reached.count("kept for a longer threshold");
        }
        assert_eq!(self.keyed.evict(), over, "all that is over is evicted, and nothing else");
        self.notice_evictions("evicted");
    }

    /// Removes the models of keys that are no longer known.
    fn notice_evictions(&mut self, how: &'static str) {
        let gone: Vec<_> = self.models.keys().copied().filter(|key| !self.keyed.contains(key)).collect();
        for key in gone {
            let model = self.models.remove(&key).expect("it was there");
            assert!(self.is_over(&model), "{key} was evicted: {model:?}");
            self.forgotten = self.forgotten.max(model.latest_start);
            self.reached.count(how);
        }
    }

    /// Every key that the models know is known, and looks the same.
    fn compare(&self) {
        for (key, model) in &self.models {
            let seen = self.keyed.snapshot(key).expect("only a call and an eviction forget keys");
            assert_eq!(seen.running, model.in_progress);
            // As a time of the clock; the start itself may be after its end.
            assert_eq!(seen.last_run_at.map_or(0, Timestamp::as_nanos), model.latest_start.min(MAX));
        }
        assert_eq!(self.keyed.len(), self.models.len());
        assert!(self.keyed.len() <= self.setup.max_keys, "the limit");
    }

    /// A run that is about to finish.
    fn take_run(&mut self, which: usize) -> Option<KeyedRun<'k, u8>> {
        let count = self.runs.len();
        let run = (count > 0).then(|| self.runs.swap_remove(which % count))?;
        let model = self.models.get_mut(run.key()).expect("a key that runs is never evicted");
        assert_eq!(model.step(Event::Finish { epoch: run.epoch().as_u64() }), Told::Finished);
        Some(run)
    }

    fn is_over(&self, model: &Model) -> bool {
        self.is_over_by(self.longest, model)
    }

    /// By that threshold, or by the one of calls that name none.
    fn is_over_by(&self, threshold: u64, model: &Model) -> bool {
        let mut later = Model { threshold: threshold.max(self.setup.threshold), ..*model };
        match self.fault {
            Some(Fault::EvictsRuns) => later.in_progress = false,
            Some(Fault::EvictsWindows) => later.threshold = 0,
            _ => {}
        }
        later.step(Event::TryStart { now: self.now() }) == Told::Run
    }

    fn can_evict_any(&self) -> bool {
        self.fault != Some(Fault::FullForGood) && self.models.values().any(|model| self.is_over(model))
    }

    fn limit(&self) -> usize {
        self.setup.max_keys.saturating_add(usize::from(self.fault == Some(Fault::OneKeyMore)))
    }

    fn remembered(&self) -> u64 {
        if self.fault == Some(Fault::NothingRemembered) { 0 } else { self.forgotten }
    }
}
