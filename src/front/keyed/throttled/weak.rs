//! A handle of a [`KeyedThrottled`] that does not keep it going.

use super::shared::Shared;
use super::{KeyedThrottled, NotTaken};
use crate::front::keyed::hash::KeyHash;
use crate::front::owner::Ended;
use crate::front::owner::keeper::Keeper;
use crate::front::payload::{Payload, Rejected};
use core::borrow::Borrow;
use core::fmt;
use core::hash::{BuildHasher, Hash};
use std::borrow::ToOwned;
use std::sync::{Arc, Weak};

/// A handle that does not keep the throttle going: for the function itself.
///
/// ```
/// use atomic_throttle::{KeyedThrottled, WeakKeyedThrottled};
/// use std::sync::{Arc, OnceLock};
/// use std::time::Duration;
///
/// let itself: Arc<OnceLock<WeakKeyedThrottled<String>>> = Arc::default();
/// let inside = Arc::clone(&itself);
/// let upload = KeyedThrottled::spawn(Duration::from_millis(1), move |file: &String| {
///     // Once more, later, where it did not work.
///     if let (Some(itself), true) = (inside.get(), file.is_empty()) {
///         let _ = itself.trigger(file.as_str());
///     }
/// });
/// let _ = itself.set(upload.downgrade());
/// ```
pub struct WeakKeyedThrottled<K, P: Payload = (), S = KeyHash> {
    shared: Weak<Shared<K, P, S>>,
    keeper: Weak<Keeper<Shared<K, P, S>>>,
}

impl<K, P: Payload, S> WeakKeyedThrottled<K, P, S> {
    pub(super) fn new(shared: &Arc<Shared<K, P, S>>, keeper: &Arc<Keeper<Shared<K, P, S>>>) -> Self {
        Self { shared: Arc::downgrade(shared), keeper: Arc::downgrade(keeper) }
    }

    /// A handle, unless the last one was dropped. While it lives it may be the last: then the drop of another
    /// one does not end the throttle.
    #[must_use]
    pub fn upgrade(&self) -> Option<KeyedThrottled<K, P, S>> {
        Some(KeyedThrottled { keeper: self.keeper.upgrade()?, shared: self.shared.upgrade()? })
    }
}

impl<K, P, S> WeakKeyedThrottled<K, P, S>
where
    K: Hash + Eq,
    P: Payload,
    S: BuildHasher,
{
    pub(super) fn bring<Q>(&self, key: &Q, brought: P::Brought) -> Result<(), Rejected<P::Brought>>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        let Some(shared) = self.shared.upgrade() else {
            return Err(Rejected::ended(brought, Ended::ShutDown));
        };
        shared.trigger(&shared.hashed(key), brought).map(drop)
    }
}

impl<K: Hash + Eq, S: BuildHasher> WeakKeyedThrottled<K, (), S> {
    /// As [`KeyedThrottled::trigger`], also after the last handle was dropped while the owner goes on. It does
    /// not make this a handle, so it never is the last one.
    ///
    /// # Errors
    ///
    /// As [`KeyedThrottled::trigger`].
    pub fn trigger<Q>(&self, key: &Q) -> Result<(), NotTaken>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        Ok(self.bring(key, ())?)
    }
}

impl<K, P: Payload, S> Clone for WeakKeyedThrottled<K, P, S> {
    fn clone(&self) -> Self {
        Self { shared: self.shared.clone(), keeper: self.keeper.clone() }
    }
}

impl<K, P: Payload, S> fmt::Debug for WeakKeyedThrottled<K, P, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WeakKeyedThrottled")
    }
}
