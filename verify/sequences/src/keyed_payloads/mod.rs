//! Sequences of all operations of a `KeyedThrottled` with each payload, on a task that is polled by hand, against a plain
//! model for each key.
//!
//! After each operation the driver polls the task until nobody wakes it any more, so that what each run is given is known.
//! The throttle chooses which of several due keys runs first.

mod end;
pub mod front;
mod hash;
mod history;
mod look;
mod model;
mod op;
mod runs;
pub mod subject;
mod wrong;

use self::front::{Front, Orders, Refused};
use self::hash::shard_of;
use self::history::{History, Promise};
use self::look::{All, Call};
use self::model::{Key, Rules};
use self::op::{KEYS, Op, Order, Pace, Setup};
use self::wrong::Wrong;
use crate::by_hand::ByHand;
use atomic_throttle::{Ended, NotFlushed, Pending, Shutdown, Timestamp};
use reference::MAX;
use reference::reached::Reached;
use std::array::from_fn;
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};

/// As many outcomes other than success a shard remembers, as the documentation of `KeyTicket` says.
const REMEMBERED: usize = 64;

const EACH: usize = KEYS as usize;

/// What is expected of a call: what came back, and why.
type Expected = Result<(), (Option<u32>, Refused)>;

/// How far it is on the way to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Going,
    Ending(Pending),
    Ended(Shutdown),
}

struct Play {
    runtime: ByHand,
    // Before the throttle: they have handles to it.
    alls: Vec<All>,
    front: Front,
    orders: Orders,
    /// The thresholds that the throttle asks for.
    asked: Arc<Mutex<Vec<u64>>>,
    rules: Rules,
    threshold: u64,
    own: Vec<u64>,
    now: u64,
    keys: BTreeMap<u8, Key>,
    /// What no run was given yet, of each key.
    values: [Vec<u32>; EACH],
    /// The latest time of a call on each key.
    latest_call: [u64; EACH],
    histories: [History; EACH],
    /// The latest start among those evicted of each shard.
    forgotten: [u64; 2],
    /// The runs that were flushed and have not begun.
    handed: VecDeque<u8>,
    stage: Stage,
    /// How it would end now.
    shutdown: Shutdown,
    next_value: u32,
    tickets: Vec<Call>,
    runs: u64,
    panics: u64,
    uncovered: u64,
    /// How many calls were told of something other than a success, each run of them once.
    others: usize,
    reached: Reached,
}

/// Plays `operations` on a throttle and on a model. Panics where they differ.
fn play(wrong: Option<Wrong>, setup: Setup, operations: impl IntoIterator<Item = Op>) -> Reached {
    let runtime = ByHand::new(Timestamp::ZERO);
    let orders = Orders::default();
    let own = vec![setup.threshold; EACH];
    let asked = Arc::new(Mutex::new(own.clone()));
    let mut play = Play {
        front: Front::spawn(&setup, &asked, &runtime, &orders),
        runtime,
        alls: Vec::new(),
        orders,
        asked,
        rules: Rules { wrong, setup },
        threshold: setup.threshold,
        own,
        now: 0,
        keys: BTreeMap::new(),
        values: Default::default(),
        latest_call: [0; EACH],
        histories: from_fn(|_| History::new(wrong)),
        forgotten: [0; 2],
        handed: VecDeque::new(),
        stage: Stage::Going,
        shutdown: Shutdown::Idle,
        next_value: 1,
        tickets: Vec::new(),
        runs: 0,
        panics: 0,
        uncovered: 0,
        others: 0,
        reached: Reached::default(),
    };
    for operation in operations {
        play.perform(operation);
        play.settle();
        play.look();
        play.reached.count("operation");
    }
    play.end();
    play.reached
}

impl Play {
    fn perform(&mut self, operation: Op) {
        match operation {
            Op::Trigger { key } => _ = self.trigger(key, true),
            Op::Order { which, order } => self.order(which, order),
            Op::Cancel { key } => _ = self.cancel(key),
            Op::Take { key } => self.take(key),
            Op::Flush { key } => self.flush(key),
            Op::Flood { key } => {
                for _ in 0..=REMEMBERED {
                    if !self.trigger(key, false) || !self.cancel(key) {
                        return;
                    }
                }
            }
            Op::All => self.wait_for_all(),
            Op::Evict => {
                let before = self.keys.len();
                let evicted = self.front.evict();
                self.notice_evictions();
                assert_eq!(before - self.keys.len(), evicted);
                self.nothing_can_be_evicted();
            }
            Op::Advance { by } => self.set_clock(self.now.saturating_add(by)),
            Op::GoBack { by } => self.set_clock(self.now.saturating_sub(by)),
            Op::Jump { to } => self.set_clock(to),
            Op::SetThreshold { to } => {
                self.front.set_threshold(to);
                self.threshold = to.min(MAX);
                self.is_told();
            }
            Op::SetOwn { key, to, is_told } => self.set_own(key, to.min(MAX), is_told),
            Op::Shutdown(pending) => self.shut_down(pending),
            Op::DropTask => self.drop_task(),
        }
    }

    fn set_clock(&mut self, to: u64) {
        self.now = to.min(MAX);
        self.runtime.clock().set(Timestamp::from_nanos(self.now));
    }

    fn set_own(&mut self, key: u8, to: u64, is_told: bool) {
        if !self.rules.setup.has_own_thresholds {
            return;
        }
        self.asked.lock().unwrap()[usize::from(key)] = to;
        let is_pending = self.is_pending(key);
        if !(is_pending && self.rules.is_wrong(Wrong::RetimeUnnoticed)) {
            self.own[usize::from(key)] = to;
        }
        self.reached.count("a threshold of its own");
        if is_told {
            self.front.retime();
            self.is_told();
        } else if let Some(known) = self.keys.get_mut(&key) {
            known.is_stale = true;
            if is_pending {
                self.reached.count("not told of a threshold");
            }
        }
    }

    /// From now on it knows all thresholds.
    fn is_told(&mut self) {
        self.keys.values_mut().for_each(|known| known.is_stale = false);
    }

    fn threshold_of(&self, key: u8) -> u64 {
        let of = if self.rules.is_wrong(Wrong::ThresholdOfAnotherKey) { (key + 1) % KEYS } else { key };
        if self.rules.setup.has_own_thresholds { self.own[usize::from(of)] } else { self.threshold }
    }

    fn value(&mut self) -> u32 {
        self.next_value += 1;
        self.next_value
    }

    fn is_pending(&self, key: u8) -> bool {
        self.keys.get(&key).is_some_and(Key::is_pending)
    }

    /// What a refused call is told: its value comes back.
    fn refuse(&self, value: u32, why: Refused) -> Expected {
        let value = if self.rules.brought(value) == 0 { None } else { Some(value) };
        Err((value, why))
    }

    /// Whether the call was taken.
    fn trigger(&mut self, key: u8, is_kept: bool) -> bool {
        let value = self.value();
        let called = self.front.trigger(key, value);
        let expected = if self.keys.contains_key(&key) {
            self.call(key, value)
        } else {
            self.call_unknown(key, value, called.is_ok())
        };
        assert_eq!(called.as_ref().map(|_| ()).map_err(|why| *why), expected, "G10: a call on {key}");
        let Ok(ticket) = called else { return false };
        if is_kept {
            self.tickets.push(Call::new(key, self.histories[usize::from(key)].runs, ticket));
        }
        true
    }

    fn call_unknown(&mut self, key: u8, value: u32, was_taken: bool) -> Expected {
        if self.stage != Stage::Going {
            return self.ended(value);
        }
        // It may have made others go, before it came in.
        self.notice_evictions();
        let is_full = self.rules.setup.max_keys.is_some_and(|max_keys| self.keys.len() >= max_keys);
        if !was_taken && is_full {
            self.nothing_can_be_evicted();
            self.reached.count("no room for another key");
            return self.refuse(value, Refused::TooManyKeys);
        }
        assert!(!is_full, "there is no room for {key}");
        let forgotten = self.forgotten[shard_of(key, self.rules.setup.shards)];
        let is_wrong = self.rules.is_wrong(Wrong::NothingRemembered);
        let known = Key::new(if is_wrong { 0 } else { forgotten });
        if known.window_end(self.threshold_of(key)) > u128::from(self.now) {
            self.reached.count("remembered");
        }
        self.keys.insert(key, known);
        self.call(key, value)
    }

    /// A call on a key that is known.
    fn call(&mut self, key: u8, value: u32) -> Expected {
        let place = usize::from(key);
        let known = self.keys.get_mut(&key).expect("it is known");
        let (now, is_paced) = (self.now, self.rules.setup.pace != Pace::AtOnce);
        if known.is_pending() {
            known.latest_call = known.latest_call.max(now);
            self.latest_call[place] = self.latest_call[place].max(now);
            if self.rules.is_full(&self.values[place]) {
                self.reached.count("full");
                return self.refuse(value, Refused::Full);
            }
            self.reached.count("a call that coalesces");
            if known.retry_at.is_some_and(|until| until > u128::from(now)) {
                self.reached.count("a call in a back-off");
            }
        } else {
            if self.stage != Stage::Going {
                return self.ended(value);
            }
            known.promise = Promise::Pending;
            known.first_call = is_paced.then_some(now);
            known.latest_call = now;
            self.latest_call[place] = self.latest_call[place].max(now);
            if self.rules.is_wrong(Wrong::CallEndsTheRow) {
                known.failures = 0;
            }
            self.reached.count("a call that asks for a run");
            if known.in_progress {
                self.reached.count("a call in a run");
            }
        }
        let was_enough = self.rules.is_enough(&self.values[place]);
        let other = (key + 1) % KEYS;
        let is_wrong = self.rules.is_wrong(Wrong::ValueOfAnotherKey) && self.is_pending(other);
        let to = usize::from(if is_wrong { other } else { key });
        self.rules.put(&mut self.values[to], self.rules.brought(value));
        if is_paced && !was_enough && self.rules.is_enough(&self.values[place]) {
            self.reached.count("enough");
        }
        Ok(())
    }

    fn ended(&mut self, value: u32) -> Expected {
        self.reached.count("refused after the end");
        let ended = match self.stage {
            Stage::Ended(Shutdown::Panicked) => Ended::Panicked,
            Stage::Ended(Shutdown::Dropped) => Ended::Dropped,
            _ => Ended::ShutDown,
        };
        self.refuse(value, Refused::Ended(ended))
    }

    /// One of the runs in progress does what it is told to.
    fn order(&mut self, which: usize, order: Order) {
        let runs: Vec<_> =
            self.keys.iter().filter(|(_, known)| known.has_begun).map(|(&key, _)| key).collect();
        if runs.is_empty() {
            return;
        }
        // Whether there is room for a key that is not known is seen only outside.
        let calls = order.calls.filter(|key| self.keys.contains_key(key));
        self.perform_order(runs[which % runs.len()], Order { calls, ..order });
    }

    fn perform_order(&mut self, key: u8, order: Order) {
        let value = self.value();
        self.orders.give(key, order, value);
        let expected = order.calls.map(|called| {
            self.reached.count("a call inside");
            self.call(called, value)
        });
        self.goes_on(key, order);
        self.runtime.settle();
        assert_eq!(self.orders.said(), Vec::from_iter(expected), "G9, G10: a call inside");
    }

    fn cancel(&mut self, key: u8) -> bool {
        let cancelled = self.front.cancel(key);
        let expected = self.give_up(key);
        assert_eq!(cancelled, expected, "a cancel of {key}");
        if expected {
            self.reached.count("cancelled");
            if !self.rules.is_wrong(Wrong::CancelKeepsValues) {
                self.values[usize::from(key)].clear();
            }
        }
        cancelled
    }

    fn take(&mut self, key: u8) {
        let taken = self.front.take(key);
        let expected = self.values[usize::from(key)].clone();
        assert_eq!(taken, expected, "G10: what no run of {key} was given");
        if !expected.is_empty() {
            self.reached.count(if self.stage == Stage::Going { "taken" } else { "taken after the end" });
        }
        if !(self.is_pending(key) && self.rules.is_wrong(Wrong::TakeLeavesTheRun)) {
            self.give_up(key);
        }
        self.values[usize::from(key)].clear();
    }

    /// The pending or owed run of a key is given up. Whether there was one.
    fn give_up(&mut self, key: u8) -> bool {
        let Some(known) = self.keys.get_mut(&key) else { return false };
        match known.promise {
            Promise::Nothing => return false,
            Promise::Pending if self.rules.is_wrong(Wrong::UncoveredForgotten) => {}
            Promise::Pending => self.uncovered += self.values[usize::from(key)].len() as u64,
            Promise::Owed => {}
        }
        known.let_go();
        known.failures = 0;
        self.others += 1;
        true
    }

    fn flush(&mut self, key: u8) {
        let flushed = self.front.flush(key);
        let other = (key + 1) % KEYS;
        let is_wrong = self.rules.is_wrong(Wrong::FlushOfAnotherKey);
        let started = if is_wrong && self.is_pending(other) { other } else { key };
        let expected = match self.keys.get(&started) {
            None => Err(NotFlushed::NothingPending),
            Some(known) if known.in_progress => Err(NotFlushed::Running),
            Some(known) if known.promise == Promise::Nothing => Err(NotFlushed::NothingPending),
            Some(_) if self.stage != Stage::Going => Err(NotFlushed::Ended),
            Some(known) => {
                let is_held = known.retry_at.is_some_and(|until| until > u128::from(self.now));
                if is_held && self.rules.is_wrong(Wrong::FlushIsHeld) {
                    Err(NotFlushed::NothingPending)
                } else {
                    self.reached.count(if is_held { "flushed in a back-off" } else { "flushed" });
                    Ok(())
                }
            }
        };
        assert_eq!(flushed.as_ref().map(|_| ()).map_err(|why| *why), expected, "a flush of {key}");
        if let Ok(ticket) = flushed {
            self.tickets.push(Call::new(key, self.histories[usize::from(key)].runs, ticket));
            self.start(started);
            self.handed.push_back(started);
        }
    }
}
