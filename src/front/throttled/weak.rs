//! [`WeakThrottled`]: a handle that does not keep the throttle going.

use super::Throttled;
use super::shared::Shared;
use crate::front::owner::Ended;
use crate::front::owner::keeper::Keeper;
use crate::front::payload::{Payload, Rejected, Values};
use core::fmt;
use std::sync::{Arc, Weak};

/// A handle that does not keep the throttle going.
///
/// ```
/// use atomic_throttle::{Throttled, WeakThrottled};
/// use std::sync::{Arc, OnceLock};
/// use std::time::Duration;
///
/// let itself: Arc<OnceLock<WeakThrottled>> = Arc::default();
/// let inside = Arc::clone(&itself);
/// let throttled = Throttled::spawn(Duration::from_millis(1), move || {
///     // Look once more, later, because something was not ready.
///     if let Some(itself) = inside.get() {
///         let _ = itself.trigger();
///     }
/// });
/// let _ = itself.set(throttled.downgrade());
/// ```
pub struct WeakThrottled<P: Payload = ()> {
    shared: Weak<Shared<P>>,
    keeper: Weak<Keeper<Shared<P>>>,
}

impl WeakThrottled {
    /// As [`Throttled::trigger`], also after the last handle was dropped while the thread goes on. It does not
    /// make this a handle, so it never is the last one.
    ///
    /// # Errors
    ///
    /// [`Ended`]: no run is promised.
    pub fn trigger(&self) -> Result<(), Ended> {
        let shared = self.shared.upgrade().ok_or(Ended::ShutDown)?;
        shared.paced.tell_call(&shared.frame.clock);
        match shared.frame.gate.coalesce() {
            Some(_) => Ok(()),
            None => shared.request().map(drop),
        }
    }
}

impl<V: Values> WeakThrottled<V> {
    pub(super) fn bring(&self, value: V::Value) -> Result<(), Rejected<V::Value>> {
        match self.shared.upgrade() {
            Some(shared) => shared.bring(value).map(drop),
            None => Err(Rejected::ended(value, Ended::ShutDown)),
        }
    }
}

impl<P: Payload> WeakThrottled<P> {
    pub(super) fn new(shared: Weak<Shared<P>>, keeper: Weak<Keeper<Shared<P>>>) -> Self {
        Self { shared, keeper }
    }

    pub(super) fn shared(&self) -> Option<Arc<Shared<P>>> {
        self.shared.upgrade()
    }

    /// A handle, unless the last one was dropped. While it lives it may be the last: then the drop of another
    /// one does not end the throttle.
    #[must_use]
    pub fn upgrade(&self) -> Option<Throttled<P>> {
        Some(Throttled { keeper: self.keeper.upgrade()?, shared: self.shared.upgrade()? })
    }
}

impl<P: Payload> Clone for WeakThrottled<P> {
    fn clone(&self) -> Self {
        Self { shared: Weak::clone(&self.shared), keeper: Weak::clone(&self.keeper) }
    }
}

impl<P: Payload> fmt::Debug for WeakThrottled<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WeakThrottled")
    }
}
