//! A handle of a [`KeyedThrottled`] that does not keep it going.

use super::KeyedThrottled;
use super::error::NotTaken;
use super::shared::Shared;
use crate::front::keyed::hash::KeyHash;
use crate::front::owner::Ended;
use crate::front::owner::keeper::Keeper;
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
pub struct WeakKeyedThrottled<K, S = KeyHash> {
    shared: Weak<Shared<K, S>>,
    keeper: Weak<Keeper<Shared<K, S>>>,
}

impl<K, S> WeakKeyedThrottled<K, S> {
    pub(super) fn new(shared: &Arc<Shared<K, S>>, keeper: &Arc<Keeper<Shared<K, S>>>) -> Self {
        Self { shared: Arc::downgrade(shared), keeper: Arc::downgrade(keeper) }
    }

    /// A handle, unless the last one was dropped. While it lives it may be the last: then the drop of another
    /// one does not end the throttle.
    #[must_use]
    pub fn upgrade(&self) -> Option<KeyedThrottled<K, S>> {
        Some(KeyedThrottled { keeper: self.keeper.upgrade()?, shared: self.shared.upgrade()? })
    }
}

impl<K: Hash + Eq, S: BuildHasher> WeakKeyedThrottled<K, S> {
    /// As [`KeyedThrottled::trigger`], also after the last handle was dropped while the thread goes on. It does
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
        self.shared.upgrade().ok_or(Ended::ShutDown)?.trigger(key)
    }
}

impl<K, S> Clone for WeakKeyedThrottled<K, S> {
    fn clone(&self) -> Self {
        Self { shared: self.shared.clone(), keeper: self.keeper.clone() }
    }
}

impl<K, S> fmt::Debug for WeakKeyedThrottled<K, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WeakKeyedThrottled")
    }
}
