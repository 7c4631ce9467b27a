//! [`throttle()`]: a stream thinned out to one item per threshold, whose last item is never lost.

use super::Runtime;
use super::until::reached;
use crate::state::{Arrive, Fire, State};
use crate::time::{Threshold, Timestamp};
use core::fmt;
use core::pin::Pin;
use core::task::{Context, Poll};
use futures_core::Stream;
use pin_project_lite::pin_project;
use std::boxed::Box;
use std::sync::Arc;

/// Emits the first item of `stream` at once, and at the end of each window the latest item that came in it.
///
/// The items in between are dropped. The last one never is: where `stream` ends inside a window with an item
/// held back, that item is emitted when the window is over, and the stream ends after it.
///
/// ```
/// # #[cfg(feature = "tokio")] {
/// use atomic_throttle::Tokio;
/// use atomic_throttle::asynchronous::stream::throttle;
/// use smol::stream::{StreamExt, iter};
/// use std::time::Duration;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let prices = iter([100, 101, 99, 102]);
/// let shown: Vec<_> = throttle(prices, Duration::from_millis(10), Tokio::current()).collect().await;
/// assert_eq!(shown, [100, 102]);
/// # }
/// # main();
/// # }
/// ```
///
/// Two items are emitted at least `threshold` apart (G1). An item comes when it is polled: a late poll gets
/// the latest item, and the window starts there. A threshold above [`Threshold::MAX`] is
/// clamped to it. The stream need not be `Unpin`, and can be built outside of a runtime.
///
/// Cost: at most three clock readings and one allocation for each window, however many items come in it.
/// `stream` is asked for all that it has ready, 128 items at a time.
///
/// # Panics
///
/// Polling does if the clock, the timer or `stream` does: `Tokio`'s timer outside of a
/// runtime.
///
/// # Cancel safety
///
/// A future that waits for the next item holds nothing: to drop it loses no item.
pub fn throttle<S: Stream, R: Runtime>(
    stream: S,
    threshold: impl Into<Threshold>,
    runtime: R,
) -> ThrottledStream<S, R> {
    ThrottledStream {
        stream,
        has_ended: false,
        threshold: threshold.into(),
        state: State::NEW,
        held: None,
        window: None,
        runtime: Arc::new(runtime),
    }
}

pin_project! {
    /// The stream that [`throttle()`] returns.
    ///
    /// ```
    /// # #[cfg(feature = "tokio")] {
    /// use atomic_throttle::Tokio;
    /// use atomic_throttle::asynchronous::stream::{ThrottledStream, throttle};
    /// use smol::stream::{Iter, iter};
    /// use std::time::Duration;
    /// use std::vec::IntoIter;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let prices: Iter<IntoIter<u32>> = iter(vec![100, 101, 99]);
    /// let shown: ThrottledStream<_, Tokio> = throttle(prices, Duration::from_millis(10), Tokio::current());
    /// # drop(shown);
    /// # }
    /// # main();
    /// # }
    /// ```
    #[must_use = "streams do nothing unless polled"]
    pub struct ThrottledStream<S: Stream, R> {
        #[pin]
        stream: S,
        has_ended: bool,
        threshold: Threshold,
        // One poll at a time moves it, so it needs no atomic.
        state: State,
        // The latest item of this window.
        held: Option<S::Item>,
        // Ends with the window.
        window: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
        runtime: Arc<R>,
    }
}

/// How many items are taken in one poll before others get their turn.
const AT_A_TIME: usize = 128;

impl<S: Stream, R: Runtime> Stream for ThrottledStream<S, R> {
    type Item = S::Item;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<S::Item>> {
        for _ in 0..AT_A_TIME {
            let this = self.as_mut().project();
            if *this.has_ended {
                return self.poll_window(cx);
            }
            match this.stream.poll_next(cx) {
                Poll::Ready(Some(item)) => {
                    if let Some(item) = self.as_mut().arrive(item) {
                        return Poll::Ready(Some(item));
                    }
                }
                Poll::Ready(None) => *this.has_ended = true,
                Poll::Pending => return ready_item(self.poll_window(cx)),
            }
        }
        // It may have more. Meanwhile the window may be over.
        cx.waker().wake_by_ref();
        ready_item(self.poll_window(cx))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let held = usize::from(self.held.is_some());
        let (least, most) = if self.has_ended { (0, Some(0)) } else { self.stream.size_hint() };
        (held.max(least.min(1)), most.and_then(|most| most.checked_add(held)))
    }
}

/// That nothing is held back is no end while the inner stream goes on.
fn ready_item<T>(polled: Poll<Option<T>>) -> Poll<Option<T>> {
    match polled {
        Poll::Ready(None) => Poll::Pending,
        polled => polled,
    }
}

impl<S: Stream, R: Runtime> ThrottledStream<S, R> {
    /// The item, if it is to be emitted at once. Otherwise holds it back.
    fn arrive(self: Pin<&mut Self>, item: S::Item) -> Option<S::Item> {
        let this = self.project();
        // Where one is held back already, a later one may be ready: the window is asked for after that.
        if this.held.is_none() {
            let (state, outcome) = this.state.arrive(this.runtime.now(), *this.threshold);
            if outcome == Arrive::Run {
                *this.state = state.finish(state.epoch()).0;
                return Some(item);
            }
            *this.state = state;
        }
        *this.held = Some(item);
        None
    }

    /// The item that was held back, when the window is over. `None` if there is none.
    fn poll_window(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<S::Item>> {
        let this = self.project();
        if this.held.is_none() {
            return Poll::Ready(None);
        }
        let due = this.state.window_end(*this.threshold);
        loop {
            // Taken out while it is polled: the clock may panic, and what has panicked cannot be polled again.
            let window = this.window.take();
            let mut window = window.unwrap_or_else(|| Box::pin(reached(Arc::clone(this.runtime), due)));
            if window.as_mut().poll(cx).is_pending() {
                *this.window = Some(window);
                return Poll::Pending;
            }
            // A clock may have gone back since: the window is asked for again.
            let (state, outcome) = this.state.fire(this.state.epoch(), this.runtime.now(), *this.threshold);
            if outcome == Fire::Run {
                *this.state = state.finish(state.epoch()).0;
                return Poll::Ready(this.held.take());
            }
        }
    }
}

impl<S: Stream + fmt::Debug, R> fmt::Debug for ThrottledStream<S, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let held = self.held.is_some();
        let due: Option<Timestamp> = held.then(|| self.state.window_end(self.threshold));
        f.debug_struct("ThrottledStream")
            .field("stream", &self.stream)
            .field("next_at", &due)
            .finish_non_exhaustive()
    }
}
