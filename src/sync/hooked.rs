//! The primitives of a model checker, which ask the hook of a check first.

use super::hook::ask;
use super::orders::Order;
use super::{Ordering, base, const_unless_loom};

/// The ordering of a named access.
pub(crate) fn ordering(order: &'static Order) -> Ordering {
    ask(|hook| hook.order(order)).map_or(order.ordering, |asked| asked.unwrap_or(Ordering::Relaxed))
}

pub(crate) fn fence(order: &'static Order) {
    if let Some(ordering) = ask(|hook| hook.order(order)).unwrap_or(Some(order.ordering)) {
        base::fence(ordering);
    }
}

/// The atomic that the retry loop moves.
#[derive(Debug)]
pub(crate) struct AtomicWord(base::AtomicWord);

impl AtomicWord {
    const_unless_loom! {
        pub(crate) const fn new(value: u64) -> Self {
            Self(base::AtomicWord::new(value))
        }
    }

    pub(crate) fn load(&self, ordering: Ordering) -> u64 {
        let load = || self.0.load(ordering);
        ask(|hook| hook.load(&load, ordering)).unwrap_or_else(load)
    }

    pub(crate) fn compare_exchange_weak(
        &self,
        current: u64,
        new: u64,
        success: Ordering,
        failure: Ordering,
    ) -> Result<u64, u64> {
        let swap = |current, new| self.0.compare_exchange_weak(current, new, success, failure);
        ask(|hook| hook.swap(&swap, current, new)).unwrap_or_else(|| swap(current, new))
    }
}

#[cfg(feature = "std")]
pub(crate) use with_threads::*;

#[cfg(feature = "std")]
mod with_threads {
    use super::base;
    use super::{ask, const_unless_loom};
    use core::future::Future;
    use core::pin::Pin;
    use core::task::{Context, Poll};
    use core::time::Duration;

    pub(crate) fn lock<T>(mutex: &base::Mutex<T>) -> base::MutexGuard<'_, T> {
        let _ = ask(|hook| hook.lock());
        mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    pub(crate) fn this_thread() -> u32 {
        let number = base::this_thread();
        ask(|hook| hook.this_thread(number)).unwrap_or(number)
    }

    /// The blocking event.
    pub(crate) struct Event(base::Event);

    pub(crate) enum EventListener<'e> {
        Listed(base::EventListener<'e>),
        /// It lists itself when it begins to wait.
        Late(&'e Event),
    }

    impl Event {
        const_unless_loom! {
            pub(crate) const fn new() -> Self {
                Self(base::Event::new())
            }
        }

        pub(crate) fn notify(&self, listeners: usize) {
            if let Some(listeners) = ask(|hook| hook.notify(listeners)).unwrap_or(Some(listeners)) {
                self.0.notify(listeners);
            }
        }

        pub(crate) fn listen(&self) -> EventListener<'_> {
            if ask(|hook| hook.listens_late()) == Some(true) {
                EventListener::Late(self)
            } else {
                EventListener::Listed(self.0.listen())
            }
        }
    }

    impl<'e> EventListener<'e> {
        fn listed(self) -> base::EventListener<'e> {
            match self {
                Self::Listed(listener) => listener,
                Self::Late(event) => event.0.listen(),
            }
        }
    }

    pub(crate) fn wait(listener: EventListener<'_>) {
        base::wait(listener.listed());
    }

    pub(crate) fn wait_for(listener: EventListener<'_>, limit: Duration) {
        base::wait_for(listener.listed(), limit);
    }

    impl Future for EventListener<'_> {
        type Output = ();

        fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
            if let Self::Late(event) = *self {
                *self = Self::Listed(event.0.listen());
            }
            match &mut *self {
                Self::Listed(listener) => Pin::new(listener).poll(cx),
                Self::Late(_) => Poll::Pending,
            }
        }
    }
}
