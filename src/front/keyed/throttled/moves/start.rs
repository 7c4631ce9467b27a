//! How the pending run of one key starts, in its turn or by a flush.

use super::{Gone, KeyShard};
use crate::front::keyed::shard::{At, Hashed};
use crate::front::keyed::throttled::active::{Item, PromiseId, Running};
use crate::front::keyed::throttled::agenda::Deferral;
use crate::front::keyed::throttled::control::Ledger;
use crate::front::outcome::NotFlushed;
use crate::front::owner::Pending;
use crate::front::payload::Payload;
use crate::state::{Epoch, Fire, Flush, State};
use crate::sync::lock;
use crate::time::Timestamp;
use core::borrow::Borrow;
use core::convert::Infallible;
use std::sync::Arc;

/// A run that has started.
pub(in crate::front::keyed::throttled) struct Begun<P: Payload> {
    pub(in crate::front::keyed::throttled) epoch: Epoch,
    /// It covers the calls of this epoch and of later ones.
    pub(in crate::front::keyed::throttled) since: Epoch,
    pub(in crate::front::keyed::throttled) promise: PromiseId,
    pub(in crate::front::keyed::throttled) given: Option<P::Given>,
}

/// What came of firing a deferral.
pub(in crate::front::keyed::throttled) enum Fired<K, P: Payload> {
    Run(Begun<P>),
    /// The window is not over.
    Early(Deferral<K>, Timestamp),
    /// The pace or a back-off holds it until then.
    Held(Deferral<K>, Timestamp),
    /// A run of the key is in progress: when that finishes, it hands the deferral back.
    Parked,
    /// It was cancelled, which is acknowledged now, or a flush took its place.
    Gone,
}

impl<K, P: Payload> KeyShard<K, P> {
    /// The owner of the deferral asks whether it is its turn. `ending`: what was asked for, if the end was.
    pub(in crate::front::keyed::throttled) fn start(
        &mut self,
        deferral: Deferral<K>,
        at: At,
        ending: Option<Pending>,
        ledger: &Ledger<K, P>,
        gone: &mut Gone<K, P>,
    ) -> Fired<K, P>
    where
        K: Eq,
    {
        let item = Arc::clone(&deferral.item);
        let hashed = item.hashed();
        let Some(state) = self.get(&hashed) else { return Fired::Gone };
        if state.epoch() == deferral.epoch && state.is_pending() {
            if state.is_running() {
                return self.park(&deferral);
            }
            if ending == Some(Pending::Flush) {
                let (next, _) = state.flush(at.now);
                return self.begin(&item, next, ledger, gone).map_or(Fired::Gone, Fired::Run);
            }
            let held = self.beside.find(&hashed).map_or(Timestamp::ZERO, |active| ledger.rules.held(active));
            // The end does not wait for a pace or a back-off.
            if ending.is_none() && at.now < held {
                return Fired::Held(deferral, held);
            }
        }
        let (next, outcome) = state.fire(deferral.epoch, at.now, at.threshold);
        match outcome {
            Fire::Run => self.begin(&item, next, ledger, gone).map_or(Fired::Gone, Fired::Run),
            Fire::Early { due } => Fired::Early(deferral, due),
            Fire::Busy => self.park(&deferral),
            Fire::Cancelled => {
                self.set(&hashed, next);
                self.forget_idle(&hashed, gone);
                Fired::Gone
            }
            Fire::Gone => Fired::Gone,
        }
    }

    fn park(&mut self, deferral: &Deferral<K>) -> Fired<K, P>
    where
        K: Eq,
    {
        let running =
            self.beside.find_mut(&deferral.item.hashed()).and_then(|active| active.running.as_mut());
        match running {
            Some(Running { has_parked, .. }) if !*has_parked => {
                *has_parked = true;
                Fired::Parked
            }
            // The one that is there stands for both.
            _ => Fired::Gone,
        }
    }

    /// The pending run of a key starts: its state moves to `next`.
    fn begin(
        &mut self,
        item: &Arc<Item<K>>,
        next: State,
        ledger: &Ledger<K, P>,
        gone: &mut Gone<K, P>,
    ) -> Option<Begun<P>>
    where
        K: Eq,
    {
        let hashed = item.hashed();
        self.set(&hashed, next);
        let cancelled_since = self.beside.outcomes.covered(item, &mut gone.outcomes);
        let active = self.beside.find_mut(&hashed)?;
        // Of calls that were cancelled with a run that was to be tried again, the epoch is an older one.
        let since = cancelled_since.map_or(active.since, |cancelled| active.since.min(cancelled));
        let (epoch, promise) = (next.epoch(), active.promise);
        active.hold.release();
        active.is_for_take = false;
        active.running = Some(Running { since, epoch, has_parked: false });
        ledger.one_less_is_pending();
        let started = active.payload.start(|| Ok::<(), Infallible>(()));
        let given = match started {
            Ok(((), given)) => given,
            Err(never) => match never {},
        };
        Some(Begun { epoch, since, promise, given })
    }

    /// Starts the pending run of a key out of its turn, and hands it to the owner.
    pub(in crate::front::keyed::throttled) fn flush<Q: Eq + ?Sized>(
        &mut self,
        hashed: &Hashed<'_, Q>,
        now: Timestamp,
        ledger: &Ledger<K, P>,
        gone: &mut Gone<K, P>,
    ) -> Result<Epoch, NotFlushed>
    where
        K: Borrow<Q> + Eq,
    {
        let Some(state) = self.get(hashed) else { return Err(NotFlushed::NothingPending) };
        let (next, outcome) = state.flush(now);
        match outcome {
            Flush::Run => {}
            Flush::Busy => return Err(NotFlushed::Running),
            Flush::Nothing => return Err(NotFlushed::NothingPending),
        }
        let item = self.beside.find(hashed).map(|active| Arc::clone(&active.item));
        let Some(item) = item else { return Err(NotFlushed::NothingPending) };
        // An owed run is there only after the end.
        let mut control = lock(&ledger.control);
        control.stage.check().map_err(|_| NotFlushed::Ended)?;
        if let Some(begun) = self.begin(&item, next, ledger, gone) {
            control.stale += 1;
            control.handed.push_back((item, begun));
        }
        Ok(state.epoch())
    }
}
