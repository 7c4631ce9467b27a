//! [`Engine`]: the one owner of every key's deferral. It decides what is to be done next and what becomes of a run; a thread
//! or a task drives it.

mod after;
mod planted;
mod started;

pub(super) use self::after::OnFailure;
pub(super) use self::started::Started;

use super::agenda::{Agenda, Deferral};
use super::moves::{Fired, Gone};
use super::shared::Shared;
use crate::front::keyed::shard::At;
use crate::front::observe::{self, Edge};
use crate::front::owner::{Pending, Shutdown, Stage, discard_panics};
use crate::front::payload::Payload;
use crate::state::{Abandon, Epoch};
use crate::sync::{Ordering, lock, takes_before_the_start, write};
use crate::time::Timestamp;
use core::hash::{BuildHasher, Hash};
use core::mem;
use std::sync::Arc;

/// As many deferrals may be too many in any case.
const FEW: usize = 32;

/// Dropped before [`end`](Self::end), it leaves what is pending owed: its thread or task is gone.
#[allow(clippy::struct_excessive_bools, reason = "each is a fact of its own, from one look to the next")]
pub(super) struct Engine<K: Hash + Eq, P: Payload, S: BuildHasher> {
    shared: Arc<Shared<K, P, S>>,
    on_failure: OnFailure<K>,
    agenda: Agenda<K>,
    /// How many runs have started and have not ended.
    in_progress: usize,
    /// How it would end now.
    shutdown: Shutdown,
    /// The latest run, and whether what was known then may have been evicted since.
    latest: Epoch,
    has_evicted: bool,
    /// Whether there was a run since the last look at some places of the table.
    has_run: bool,
    /// Whether the latest run was one that a flush had started.
    has_flushed: bool,
    /// How often it has looked at thresholds of keys once more.
    retimes: u64,
    has_ended: bool,
}

/// What is to be done next.
pub(super) enum Next<K: Hash + Eq, P: Payload, S: BuildHasher> {
    Perform(Started<K, P, S>),
    End,
}

type Looked<K, P, S> = Result<Next<K, P, S>, Option<Timestamp>>;

impl<K: Hash + Eq, P: Payload, S: BuildHasher> Engine<K, P, S> {
    pub(super) fn new(shared: Arc<Shared<K, P, S>>, on_failure: OnFailure<K>) -> Self {
        Self {
            shared,
            on_failure,
            agenda: Agenda::new(),
            in_progress: 0,
            shutdown: Shutdown::Idle,
            latest: Epoch::NEVER_RAN,
            has_evicted: true,
            has_run: false,
            has_flushed: false,
            retimes: 0,
            has_ended: false,
        }
    }

    pub(super) fn shared(&self) -> &Arc<Shared<K, P, S>> {
        &self.shared
    }

    /// What is to be done now; `Err` with the next deadline if nothing is.
    pub(super) fn look(&mut self) -> Looked<K, P, S> {
        let shared = Arc::clone(&self.shared);
        if mem::take(&mut self.has_run) {
            shared.shards.look(shared.at(), &shared.hash_of());
        }
        let looked = loop {
            let asked = self.take_up();
            // Read after that: whatever was asked for is decided by a time and a threshold that it has seen.
            let at = shared.at();
            while let Some(due) = self.agenda.order_one(at, |key| shared.own_threshold(key)) {
                observe::deferred(shared.source(), due);
            }
            if !self.has_flushed {
                if let Some(started) = self.take_flushed(asked) {
                    break Ok(Next::Perform(started));
                }
            }
            if asked == Some(Pending::Discard) {
                self.discard_all();
            }
            let in_any_case = asked == Some(Pending::Flush);
            let next = if in_any_case { self.agenda.any() } else { self.agenda.next(at) };
            let Some(deferral) = next else {
                if let Some(started) = self.take_flushed(asked) {
                    break Ok(Next::Perform(started));
                }
                // Nothing can become pending any more once the end was asked for, but by a run that is in progress.
                if asked.is_some() && self.agenda.is_empty() && self.in_progress == 0 {
                    break Ok(Next::End);
                }
                break Err(self.agenda.due(at.threshold).or_else(|| self.evict_when_idle()));
            };
            if let Some(started) = self.start(deferral, at, asked) {
                self.has_flushed = false;
                break Ok(Next::Perform(started));
            }
        };
        // ORDERING: Relaxed. For people to look at.
        shared.agenda_bytes.store(self.agenda.allocated_bytes() as u64, Ordering::Relaxed);
        looked
    }

    /// As [`look`](Self::look), where no more runs may start: does what else is to be done.
    #[cfg(feature = "async")]
    pub(super) fn look_without_start(&mut self) {
        if self.take_up() == Some(Pending::Discard) {
            self.discard_all();
        }
    }

    /// Takes up what was handed over, and whether the end was asked for.
    fn take_up(&mut self) -> Option<Pending> {
        let retimes = self.shared.retimes();
        let mut control = lock(&self.shared.ledger.control);
        self.has_evicted &= control.incoming.is_empty();
        self.agenda.take_over(&mut control.incoming);
        let (asked, stale) = (control.stage.asked(), control.stale);
        drop(control);
        // An end waits for no pace and no back-off.
        if asked.is_some() || mem::replace(&mut self.retimes, retimes) != retimes {
            self.agenda.release();
        }
        // What was cancelled must not hold up the end, and what was flushed often must not pile up.
        if stale > 0 && asked.is_some() || stale > FEW && stale > self.agenda.len() / 2 {
            self.sweep();
        }
        asked
    }

    /// A run that a flush has started. They come first, but by turns with those that are due, so that many
    /// flushes hold up no other key for ever.
    fn take_flushed(&mut self, asked: Option<Pending>) -> Option<Started<K, P, S>> {
        let (item, begun) = lock(&self.shared.ledger.control).take_flushed()?;
        self.has_flushed = true;
        let started = Started::new(&self.shared, item, begun, Edge::Flushed);
        // The flush did not ask: keys are kept for this threshold from now on, too.
        let _ = self.shared.own_threshold(&started.item.key);
        Some(self.count_run(started, asked))
    }

    fn count_run(&mut self, started: Started<K, P, S>, asked: Option<Pending>) -> Started<K, P, S> {
        if asked.is_some() && self.shutdown == Shutdown::Idle {
            self.shutdown = Shutdown::Ran;
        }
        self.note_run(started.epoch);
        self.in_progress += 1;
        started
    }

    fn start(&mut self, deferral: Deferral<K>, at: At, asked: Option<Pending>) -> Option<Started<K, P, S>> {
        let shared = Arc::clone(&self.shared);
        let own = shared.own_threshold(&deferral.item.key);
        let at = At { threshold: own.unwrap_or(at.threshold), ..at };
        let (item, waited) = (Arc::clone(&deferral.item), deferral.waited);
        let mut gone = Gone::default();
        let fired = if takes_before_the_start() {
            self.start_in_two_steps(deferral, at, asked, &mut gone)
        } else {
            write(shared.shards.of(item.hash)).start(deferral, at, asked, &shared.ledger, &mut gone)
        };
        match fired {
            Fired::Run(begun) => {
                let edge = match (asked, waited) {
                    (Some(Pending::Flush), _) => Edge::Flushed,
                    (_, true) => Edge::Trailing,
                    (_, false) => Edge::Leading,
                };
                let mut started = Started::new(&shared, item, begun, edge);
                started.is_last = asked.is_some();
                let started = self.count_run(started, asked);
                drop(gone);
                return Some(started);
            }
            Fired::Early(deferral, due) if own.is_some() => self.agenda.hold(deferral, due),
            Fired::Early(deferral, _) => self.agenda.wait(deferral),
            Fired::Held(deferral, until) => {
                // A debounce may hold it many times.
                if !waited {
                    observe::deferred(shared.source(), until);
                }
                self.agenda.hold(deferral, until);
            }
            // A run of the key that was flushed is to be performed first.
            Fired::Parked => self.has_flushed = false,
            Fired::Gone => lock(&shared.ledger.control).stale -= 1,
        }
        None
    }

    /// Before the function: what to give it.
    pub(super) fn begin(&mut self, started: &mut Started<K, P, S>) -> Option<P::Given> {
        // ORDERING: Relaxed. Counts for people; only the owner writes them.
        self.shared.runs.fetch_add(1, Ordering::Relaxed);
        observe::run_started(self.shared.source(), started.epoch, started.edge);
        started.given.take()
    }

    /// Forgets the deferrals that are not to be performed any more.
    fn sweep(&mut self) {
        let shared = Arc::clone(&self.shared);
        let mut too_many = 0;
        self.agenda.retain(|deferral| {
            let mut gone = Gone::default();
            let live = write(shared.shards.of(deferral.item.hash)).is_live(deferral, &mut gone);
            too_many += usize::from(!live);
            live
        });
        lock(&shared.ledger.control).stale -= too_many;
    }

    fn discard_all(&mut self) {
        let shared = Arc::clone(&self.shared);
        let mut has_cancelled = false;
        // One by one, because a key that is dropped may panic.
        while let Some(deferral) = self.agenda.any() {
            let mut gone = Gone::default();
            let mut locked = write(shared.shards.of(deferral.item.hash));
            let cancelled = if locked.is_live(&deferral, &mut gone) {
                locked.cancel(&deferral.item.hashed(), &shared.ledger, &mut gone)
            } else {
                None
            };
            // Acknowledged at once.
            let is_live = locked.is_live(&deferral, &mut gone);
            drop(locked);
            debug_assert!(!is_live, "it was cancelled");
            lock(&shared.ledger.control).stale -= 1;
            if let Some(epoch) = cancelled {
                self.shutdown = Shutdown::Discarded;
                has_cancelled = true;
                observe::cancelled(shared.source(), epoch);
            }
        }
        // A task that waits for its runs to end listens, too: it would wake itself again and again.
        if has_cancelled {
            shared.waiting().notify();
        }
    }

    /// When nothing is pending and the latest window is over, all keys can be forgotten. Returns when that
    /// will be, if it is still to come.
    fn evict_when_idle(&mut self) -> Option<Timestamp> {
        if self.has_evicted || self.in_progress > 0 {
            return None;
        }
        let at = self.shared.at();
        let over = self.latest.window_end(self.shared.shards.kept(at).threshold);
        if at.now < over {
            return Some(over);
        }
        self.shared.shards.evict(at, &self.shared.hash_of());
        self.has_evicted = true;
        None
    }

    /// Drops the user's hooks: what they hold may panic.
    pub(super) fn drop_hooks(&mut self) {
        let OnFailure { on_panic, on_error, retry, .. } = mem::take(&mut self.on_failure);
        discard_panics(|| drop(on_panic));
        discard_panics(|| drop(on_error));
        discard_panics(|| drop(retry));
    }

    /// How it ends, where nothing is left to do.
    pub(super) fn conclude(&self) -> Shutdown {
        self.shutdown
    }

    /// Tells the end. Where the engine decided on it, nothing is pending and every call is refused already.
    pub(super) fn end(&mut self, shutdown: Shutdown) {
        self.has_ended = true;
        if shutdown == Shutdown::Panicked {
            self.leave(Stage::Failing);
        }
        lock(&self.shared.ledger.control).stage = Stage::Ended(shutdown);
        self.shared.waiting().notify();
    }

    /// From now on every call is refused, nothing is pending, and what was is owed.
    fn leave(&mut self, as_stage: Stage) {
        let shared = Arc::clone(&self.shared);
        let mut control = lock(&shared.ledger.control);
        control.stage = as_stage;
        self.agenda.take_over(&mut control.incoming);
        drop(control);
        // A key that is dropped may panic: again, without that one.
        let mut is_done = false;
        while !is_done {
            discard_panics(|| {
                self.abandon_all();
                is_done = true;
            });
        }
        shared.waiting().notify();
    }

    fn abandon_all(&mut self) {
        let shared = Arc::clone(&self.shared);
        let ledger = &shared.ledger;
        while let Some(deferral) = self.agenda.any() {
            let mut gone = Gone::default();
            let abandoned = write(shared.shards.of(deferral.item.hash)).abandon(&deferral, ledger, &mut gone);
            if abandoned == Abandon::Owed {
                observe::abandoned(shared.source(), deferral.epoch);
            }
        }
        // Those that a flush has started, and nobody performs now: their drop leaves them owed.
        let flushed = || lock(&ledger.control).take_flushed();
        while let Some((item, begun)) = flushed() {
            drop(Started::new(&shared, item, begun, Edge::Flushed));
        }
        // What waited for these.
        let waited = mem::take(&mut lock(&ledger.control).incoming);
        for deferral in waited {
            let mut gone = Gone::default();
            let _ = write(shared.shards.of(deferral.item.hash)).abandon(&deferral, ledger, &mut gone);
        }
    }
}

impl<K: Hash + Eq, P: Payload, S: BuildHasher> Drop for Engine<K, P, S> {
    fn drop(&mut self) {
        // A forked child has neither the thread nor the task, and may not have the locks.
        if !self.has_ended && !self.shared.is_forked() {
            // Who sees the end finds nothing pending.
            self.leave(Stage::Leaving);
            lock(&self.shared.ledger.control).stage = Stage::Ended(Shutdown::Dropped);
            self.shared.waiting().notify();
        }
    }
}
