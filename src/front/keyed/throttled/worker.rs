//! The thread of a [`KeyedThrottled`](super::KeyedThrottled): the one owner of every key's deferral.

use super::agenda::{Agenda, Deferral};
use super::moves::Fired;
use super::panics::PanicPolicy;
use super::shared::Shared;
use crate::front::keyed::active::Active;
use crate::front::keyed::shard::At;
use crate::front::observe::{self, Edge};
use crate::front::owner::{Panic, Pending, Shutdown, Stage, discard};
use crate::front::wait::WaitError;
use crate::state::{Abandon, Epoch};
use crate::sync::{Ordering, lock, write};
use crate::time::Timestamp;
use core::hash::{BuildHasher, Hash};
use std::boxed::Box;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// The hook for a panic in the run of a key.
pub(super) type KeyedPanicHook<K> = Box<dyn FnMut(&K, &Panic<'_>) + Send>;

pub(super) struct Worker<K, S, F> {
    pub(super) shared: Arc<Shared<K, S>>,
    pub(super) f: F,
    pub(super) hook: Option<KeyedPanicHook<K>>,
    /// Without a hook: this one does not receive the key.
    pub(super) panics: PanicPolicy,
}

/// A run that has started.
struct Started<K> {
    epoch: Epoch,
    active: Active<K>,
    edge: Edge,
}

enum Next<K> {
    Perform(Started<K>),
    End,
}

/// What the thread keeps from one look to the next.
struct WorkerState<K> {
    agenda: Agenda<K>,
    /// How it would end now.
    shutdown: Shutdown,
    /// The latest run, and whether what was known then may have been evicted since.
    latest: Epoch,
    has_evicted: bool,
    /// Whether there was a run since the last look at some places of the table.
    has_run: bool,
    /// Whether the latest run was one that a flush had started.
    has_flushed: bool,
}

impl<K: Hash + Eq, S: BuildHasher, F: FnMut(&K, u64)> Worker<K, S, F> {
    /// The life of the thread.
    pub(super) fn work(mut self) {
        self.shared.i_am_the_worker();
        let mut kept = WorkerState {
            agenda: Agenda::new(),
            shutdown: Shutdown::Idle,
            latest: Epoch::NEVER_RAN,
            has_evicted: true,
            has_run: false,
            has_flushed: false,
        };
        // The clock may panic, too, and what drops a key.
        let shutdown = catch_unwind(AssertUnwindSafe(|| self.serve(&mut kept))).unwrap_or_else(|payload| {
            discard(payload);
            Shutdown::Panicked
        });
        let Self { shared, f, hook, .. } = self;
        // Drops what they hold before the end is announced, one at a time: a second panic while unwinding would abort.
        if let Err(payload) = catch_unwind(AssertUnwindSafe(|| drop(f))) {
            discard(payload);
        }
        if let Err(payload) = catch_unwind(AssertUnwindSafe(|| drop(hook))) {
            discard(payload);
        }
        end(&shared, &mut kept.agenda, shutdown);
    }

    fn serve(&mut self, kept: &mut WorkerState<K>) -> Shutdown {
        let shared = Arc::clone(&self.shared);
        loop {
            match shared.waiting().until(|| kept.look(&shared)) {
                Next::Perform(started) => {
                    kept.latest = kept.latest.max(started.epoch);
                    kept.has_evicted = false;
                    kept.has_run = true;
                    let completed = self.perform(&shared, kept, &started);
                    if !completed && self.panics.fatal {
                        return Shutdown::Panicked;
                    }
                }
                Next::End => return kept.shutdown,
            }
        }
    }

    /// Returns whether the function completed.
    fn perform(&mut self, shared: &Shared<K, S>, kept: &mut WorkerState<K>, started: &Started<K>) -> bool {
        let Started { epoch, active, edge } = started;
        let (epoch, item) = (*epoch, &active.item);
        // ORDERING: Relaxed. Counts for people; only this thread writes them.
        shared.runs.fetch_add(1, Ordering::Relaxed);
        // ORDERING: Relaxed. The start took it out of the callers' reach, under the lock.
        let calls = active.calls.load(Ordering::Relaxed);
        let (f, hook) = (&mut self.f, &mut self.hook);
        let completed = self.panics.guard(
            epoch,
            || {
                observe::run_started(shared.source(), epoch, *edge);
                f(&item.key, calls);
            },
            |panic| {
                // ORDERING: Relaxed; as above.
                shared.panics.fetch_add(1, Ordering::Relaxed);
                observe::panicked(shared.source(), epoch, panic.message());
                if let Some(hook) = hook {
                    hook(&item.key, panic);
                }
            },
        );
        if !completed && self.panics.fatal {
            // Before the run is seen to end: a caller that knows of the panic is refused.
            fail(shared, &mut kept.agenda);
        }
        write(shared.shards.of(item.hash)).finish(&item.hashed(), epoch);
        let how = if completed { Ok(()) } else { Err(WaitError::Panicked) };
        lock(&shared.ledger.control).promises.redeem(active.promise, &how);
        shared.waiting().notify();
        completed
    }
}

impl<K: Hash + Eq> WorkerState<K> {
    /// What is to be done now; `Err` with the next deadline if nothing is.
    fn look<S: BuildHasher>(&mut self, shared: &Shared<K, S>) -> Result<Next<K>, Option<Timestamp>> {
        if core::mem::take(&mut self.has_run) {
            shared.shards.look(shared.at(), &shared.hash_of());
        }
        let looked = loop {
            let asked = self.take_up(shared);
            // Read after that: whatever was asked for is decided by a time and a threshold that it has seen.
            let at = shared.at();
            while let Some(due) = self.agenda.order_one(at) {
                observe::deferred(shared.source(), due);
            }
            if !self.has_flushed {
                if let Some(started) = self.take_flushed(shared, asked) {
                    break Ok(Next::Perform(started));
                }
            }
            if asked == Some(Pending::Discard) {
                self.discard_all(shared);
            }
            let in_any_case = asked == Some(Pending::Flush);
            let next = if in_any_case { self.agenda.any() } else { self.agenda.next(at) };
            let Some(deferral) = next else {
                if let Some(started) = self.take_flushed(shared, asked) {
                    break Ok(Next::Perform(started));
                }
                // Nothing can become pending any more once the end was asked for.
                if asked.is_some() && self.agenda.is_empty() {
                    break Ok(Next::End);
                }
                break Err(self.agenda.due(at.threshold).or_else(|| self.evict_when_idle(shared, at)));
            };
            if let Some(started) = self.start(shared, deferral, at, in_any_case) {
                self.count_run(asked);
                self.has_flushed = false;
                break Ok(Next::Perform(started));
            }
        };
        // ORDERING: Relaxed. For people to look at.
        shared.agenda_bytes.store(self.agenda.allocated_bytes() as u64, Ordering::Relaxed);
        looked
    }

    /// Takes up what was handed over, and whether the end was asked for.
    fn take_up<S: BuildHasher>(&mut self, shared: &Shared<K, S>) -> Option<Pending> {
        let mut control = lock(&shared.ledger.control);
        self.has_evicted &= control.incoming.is_empty();
        self.agenda.take_over(&mut control.incoming);
        let (asked, stale) = (control.stage.asked(), control.stale);
        drop(control);
        // What was cancelled must not hold up the end, and what was flushed often must not pile up.
        if stale > 0 && asked.is_some() || stale > FEW && stale > self.agenda.len() / 2 {
            self.sweep(shared);
        }
        asked
    }

    /// A run that a flush has started. They come first, but by turns with those that are due, so that many
    /// flushes hold up no other key for ever.
    fn take_flushed<S>(&mut self, shared: &Shared<K, S>, asked: Option<Pending>) -> Option<Started<K>> {
        let (epoch, active) = lock(&shared.ledger.control).take_flushed()?;
        self.count_run(asked);
        self.has_flushed = true;
        Some(Started { epoch, active, edge: Edge::Flushed })
    }

    fn count_run(&mut self, asked: Option<Pending>) {
        if asked.is_some() && self.shutdown == Shutdown::Idle {
            self.shutdown = Shutdown::Ran;
        }
    }

    fn start<S: BuildHasher>(
        &mut self,
        shared: &Shared<K, S>,
        deferral: Deferral<K>,
        at: At,
        in_any_case: bool,
    ) -> Option<Started<K>> {
        let turn =
            write(shared.shards.of(deferral.item.hash)).start(&deferral, at, in_any_case, &shared.ledger);
        match turn {
            Fired::Run(epoch, active) => {
                let edge = match (in_any_case, deferral.waited) {
                    (true, _) => Edge::Flushed,
                    (false, true) => Edge::Trailing,
                    (false, false) => Edge::Leading,
                };
                return Some(Started { epoch, active, edge });
            }
            Fired::Early => self.agenda.wait(deferral),
            Fired::Busy => {
                self.agenda.wait(deferral);
                // A run of the key that was flushed is to be performed first.
                self.has_flushed = false;
            }
            Fired::Gone => lock(&shared.ledger.control).stale -= 1,
        }
        None
    }

    /// Forgets the deferrals that are not to be performed any more.
    fn sweep<S: BuildHasher>(&mut self, shared: &Shared<K, S>) {
        let mut gone = 0;
        self.agenda.retain(|deferral| {
            let live = write(shared.shards.of(deferral.item.hash)).is_live(deferral);
            gone += usize::from(!live);
            live
        });
        lock(&shared.ledger.control).stale -= gone;
    }

    fn discard_all<S: BuildHasher>(&mut self, shared: &Shared<K, S>) {
        // One by one, because a key that is dropped may panic.
        while let Some(deferral) = self.agenda.any() {
            let mut locked = write(shared.shards.of(deferral.item.hash));
            let cancelled = if locked.is_live(&deferral) {
                locked.cancel(&deferral.item.hashed(), &shared.ledger)
            } else {
                None
            };
            // Acknowledged at once.
            let is_live = locked.is_live(&deferral);
            drop(locked);
            debug_assert!(!is_live, "it was cancelled");
            lock(&shared.ledger.control).stale -= 1;
            if let Some(epoch) = cancelled {
                self.shutdown = Shutdown::Discarded;
                observe::cancelled(shared.source(), epoch);
            }
        }
        shared.waiting().notify();
    }

    /// When nothing is pending and the latest window is over, all keys can be forgotten. Returns when that
    /// will be, if it is still to come.
    fn evict_when_idle<S: BuildHasher>(&mut self, shared: &Shared<K, S>, at: At) -> Option<Timestamp> {
        if self.has_evicted {
            return None;
        }
        let over = self.latest.window_end(at.threshold);
        if at.now < over {
            return Some(over);
        }
        shared.shards.evict(at, &shared.hash_of());
        self.has_evicted = true;
        None
    }
}

/// As many stale deferrals may be left in any case.
const FEW: usize = 32;

/// From now on every call is refused, nothing is pending, and what was is owed.
fn fail<K: Hash + Eq, S: BuildHasher>(shared: &Shared<K, S>, agenda: &mut Agenda<K>) {
    let mut control = lock(&shared.ledger.control);
    control.stage = Stage::Failing;
    agenda.take_over(&mut control.incoming);
    drop(control);
    // A key that is dropped may panic: again, without that one.
    while let Err(payload) = catch_unwind(AssertUnwindSafe(|| abandon_all(shared, agenda))) {
        discard(payload);
    }
    shared.waiting().notify();
}

fn abandon_all<K: Hash + Eq, S: BuildHasher>(shared: &Shared<K, S>, agenda: &mut Agenda<K>) {
    let ledger = &shared.ledger;
    while let Some(deferral) = agenda.any() {
        let abandoned = write(shared.shards.of(deferral.item.hash)).abandon(&deferral, ledger);
        if abandoned == Abandon::Owed {
            observe::abandoned(shared.source(), deferral.epoch);
        }
    }
    // Those that a flush has started, and nobody performs now. No key has an owner any more.
    let flushed = || lock(&ledger.control).take_flushed();
    while let Some((epoch, active)) = flushed() {
        write(shared.shards.of(active.item.hash)).owe(epoch, &active, ledger);
        observe::abandoned(shared.source(), epoch);
    }
}

/// Tells the end. Where the thread decided on it, nothing is pending and every call is refused already.
fn end<K: Hash + Eq, S: BuildHasher>(shared: &Shared<K, S>, agenda: &mut Agenda<K>, shutdown: Shutdown) {
    if shutdown == Shutdown::Panicked {
        fail(shared, agenda);
    }
    lock(&shared.ledger.control).stage = Stage::Ended(shutdown);
    shared.waiting().notify();
}
