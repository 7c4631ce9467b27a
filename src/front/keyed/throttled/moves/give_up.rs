//! How the pending run of one key is given up, and what becomes of its deferral.

use super::{Gone, KeyShard};
use crate::front::keyed::shard::Hashed;
use crate::front::keyed::throttled::agenda::Deferral;
use crate::front::keyed::throttled::control::Ledger;
use crate::front::pace::Hold;
use crate::front::payload::Payload;
use crate::front::wait::WaitError;
use crate::state::{Abandon, DeferralStatus, Epoch};
use crate::sync::lock;
use core::borrow::Borrow;

impl<K, P: Payload> KeyShard<K, P> {
    /// Gives up the pending or owed run of a key, with what it was to be given. Returns of which epoch it was.
    pub(in crate::front::keyed::throttled) fn cancel<Q: Eq + ?Sized>(
        &mut self,
        hashed: &Hashed<'_, Q>,
        ledger: &Ledger<K, P>,
        gone: &mut Gone<K, P>,
    ) -> Option<Epoch>
    where
        K: Borrow<Q>,
    {
        let state = self.get(hashed)?;
        let was_owed = state.is_owed();
        let (next, outcome) = state.cancel();
        if !outcome {
            return None;
        }
        self.set(hashed, next);
        let epoch = state.epoch();
        if let Some((active, outcomes)) = self.beside.find_beside(hashed) {
            (active.hold, active.is_for_take) = (Hold::default(), false);
            gone.given = active.payload.take(|| false, || ());
            outcomes.cancelled(&active.item, active.since, epoch, &mut gone.outcomes);
            let mut control = lock(&ledger.control);
            if was_owed {
                control.owed -= 1;
            } else {
                ledger.leave_uncovered(gone.given.as_ref().map_or(0, P::calls));
                ledger.one_less_is_pending();
                control.stale += 1;
                control.promises.redeem(active.promise, &Err(WaitError::Cancelled));
            }
        }
        if was_owed {
            self.forget_idle(hashed, gone);
        }
        Some(epoch)
    }

    /// Takes what no run of a key was given, and gives up its pending or owed run. Returns of which epoch that was.
    pub(in crate::front::keyed::throttled) fn take<Q: Eq + ?Sized>(
        &mut self,
        hashed: &Hashed<'_, Q>,
        ledger: &Ledger<K, P>,
        gone: &mut Gone<K, P>,
    ) -> (Option<P::Given>, Option<Epoch>)
    where
        K: Borrow<Q>,
    {
        let cancelled = self.cancel(hashed, ledger, gone);
        if cancelled.is_none() {
            // After the end, the last run may have left something.
            if let Some(active) = self.beside.find_mut(hashed) {
                active.is_for_take = false;
                gone.given = active.payload.take(|| false, || ());
            }
            self.forget_idle(hashed, gone);
        }
        (gone.given.take(), cancelled)
    }

    /// Whether a deferral is still to be performed. If it was cancelled, that is acknowledged.
    pub(in crate::front::keyed::throttled) fn is_live(
        &mut self,
        deferral: &Deferral<K>,
        gone: &mut Gone<K, P>,
    ) -> bool
    where
        K: Eq,
    {
        let hashed = deferral.item.hashed();
        let Some(state) = self.get(&hashed) else { return false };
        if state.epoch() != deferral.epoch {
            return false;
        }
        match state.deferral() {
            DeferralStatus::Pending => true,
            DeferralStatus::Cancelled => {
                self.set(&hashed, state.abandon(deferral.epoch).0);
                self.forget_idle(&hashed, gone);
                false
            }
            DeferralStatus::None | DeferralStatus::Owed => false,
        }
    }

    /// The owner leaves: what was pending is owed. What it was to be given stays.
    pub(in crate::front::keyed::throttled) fn abandon(
        &mut self,
        deferral: &Deferral<K>,
        ledger: &Ledger<K, P>,
        gone: &mut Gone<K, P>,
    ) -> Abandon
    where
        K: Eq,
    {
        let hashed = deferral.item.hashed();
        let Some(state) = self.get(&hashed) else { return Abandon::Gone };
        let (next, outcome) = state.abandon(deferral.epoch);
        if outcome == Abandon::Gone {
            return outcome;
        }
        self.set(&hashed, next);
        if outcome == Abandon::Owed {
            ledger.one_less_is_pending();
            let active = self.beside.find(&hashed);
            ledger.leave_uncovered(active.map_or(0, |active| active.payload.outstanding()));
            let mut control = lock(&ledger.control);
            control.owed += 1;
            if let Some(active) = active {
                control.promises.redeem(active.promise, &Err(WaitError::Owed));
            }
        }
        self.forget_idle(&hashed, gone);
        outcome
    }
}
