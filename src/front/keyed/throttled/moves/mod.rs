//! What happens to one key under the lock of its shard: the transitions of its state, and what is kept beside
//! it while it has a deferral or a run in progress.
//!
//! A key that is pending, cancelled and not acknowledged, or running has its [`Active`], and so has one that is owed. What
//! is dropped for a move is left in a [`Gone`], for when the lock is free: it is the user's.

mod call;
mod end;
mod give_up;
mod start;

pub(super) use self::call::Coalesced;
pub(super) use self::end::{End, Ended, Left};
pub(super) use self::start::{Begun, Fired};

use super::active::{Active, Actives};
use super::outcomes::Outcome;
use crate::front::keyed::shard::{Hashed, Shard};
use crate::front::keyed::word::Word;
use crate::front::payload::Payload;
use crate::front::wait::WaitError;
use crate::state::{DeferralStatus, Epoch, State};
use core::borrow::Borrow;
use std::vec::Vec;

/// A shard whose keys have deferrals.
pub(super) type KeyShard<K, P> = Shard<K, Actives<K, P>>;

/// What is to be dropped when no lock is held.
pub(super) struct Gone<K, P: Payload> {
    pub(super) outcomes: Vec<Outcome<K>>,
    active: Option<Active<K, P>>,
    pub(super) given: Option<P::Given>,
}

impl<K, P: Payload> Default for Gone<K, P> {
    fn default() -> Self {
        Self { outcomes: Vec::new(), active: None, given: None }
    }
}

impl<K, P: Payload> KeyShard<K, P> {
    fn get<Q: Eq + ?Sized>(&mut self, hashed: &Hashed<'_, Q>) -> Option<State>
    where
        K: Borrow<Q>,
    {
        self.word_mut(hashed).map(Word::get)
    }

    fn set<Q: Eq + ?Sized>(&mut self, hashed: &Hashed<'_, Q>, state: State)
    where
        K: Borrow<Q>,
    {
        if let Some(word) = self.word_mut(hashed) {
            word.set(state);
        }
    }

    /// Drops what is kept beside the state of a key that has neither a deferral nor a run in progress, nor anything for `take`.
    fn forget_idle<Q: Eq + ?Sized>(&mut self, hashed: &Hashed<'_, Q>, gone: &mut Gone<K, P>)
    where
        K: Borrow<Q>,
    {
        let is_idle = |state: State| state.deferral() == DeferralStatus::None && !state.is_running();
        let is_for_take = self.beside.find(hashed).is_some_and(|active| active.is_for_take);
        if !is_for_take && self.get(hashed).is_none_or(is_idle) {
            gone.active = self.beside.remove(hashed);
        }
    }

    /// How a wait for a call of `epoch` would end at once, if it would.
    pub(super) fn look<Q: Eq + ?Sized>(
        &self,
        hashed: &Hashed<'_, Q>,
        epoch: Epoch,
    ) -> Option<Result<(), WaitError>>
    where
        K: Borrow<Q>,
    {
        let state = self.state(hashed);
        if let (Some(active), Some(state)) = (self.beside.find(hashed), state) {
            if let Some(running) = &active.running {
                if running.since <= epoch && epoch < running.epoch {
                    return None;
                }
            }
            if active.since <= epoch {
                match state.deferral() {
                    DeferralStatus::Pending => return None,
                    DeferralStatus::Owed => return Some(Err(WaitError::Owed)),
                    DeferralStatus::Cancelled => return Some(Err(WaitError::Cancelled)),
                    DeferralStatus::None => {}
                }
            }
        }
        let told = self.beside.outcomes.told(hashed.key, epoch);
        if told.is_ok() && state.is_some_and(|state| state.epoch() == epoch) {
            // No run has started since, and none is pending.
            return Some(Err(WaitError::Cancelled));
        }
        Some(told)
    }
}
