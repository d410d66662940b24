//! A stream that ends with its scope.

use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;
use pin_project_lite::pin_project;

use crate::node::{Handle, Until};
use crate::scope::CancelScope;
use crate::waiter::Waiter;

impl CancelScope {
    /// The stream, until this scope is cancelled. The scope is asked before each item: after a cancellation no item
    /// comes, though there may be one ready. That one stays in the stream.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// use aqueduct_cancel::CancelScope;
    /// use futures_util::{StreamExt, stream};
    ///
    /// let scope = CancelScope::new();
    /// let mut numbers = scope.take_until(stream::iter(0..));
    /// assert_eq!(numbers.next().await, Some(0));
    /// scope.cancel();
    /// assert_eq!(numbers.next().await, None);
    /// # }
    /// ```
    pub fn take_until<S: Stream>(&self, stream: S) -> TakeUntil<S> {
        TakeUntil {
            stream,
            waiter: Waiter::new(Handle::Owned(self.node().clone()), Until::Cancelled),
        }
    }
}

/// [`CancelScope::take_until`] at the end of a chain.
pub trait TakeUntilExt: Stream {
    /// This stream, until the scope is cancelled.
    fn take_until_cancelled(self, scope: &CancelScope) -> TakeUntil<Self>
    where
        Self: Sized,
    {
        scope.take_until(self)
    }
}

impl<S: Stream + ?Sized> TakeUntilExt for S {}

pin_project! {
    /// See [`CancelScope::take_until`].
    #[must_use = "streams do nothing unless polled"]
    pub struct TakeUntil<S> {
        #[pin]
        stream: S,
        waiter: Waiter<'static>,
    }
}

impl<S> TakeUntil<S> {
    /// The stream, wherever it is by now.
    pub fn into_inner(self) -> S {
        self.stream
    }
}

impl<S: Stream> Stream for TakeUntil<S> {
    type Item = S::Item;

    #[inline]
    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<S::Item>> {
        let this = self.project();
        if this.waiter.node().is_cancelled() {
            return Poll::Ready(None);
        }
        match this.stream.poll_next(cx) {
            Poll::Ready(item) => Poll::Ready(item),
            Poll::Pending => this.waiter.poll(cx).map(|()| None),
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (0, self.stream.size_hint().1)
    }
}

impl<S> std::fmt::Debug for TakeUntil<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TakeUntil").finish_non_exhaustive()
    }
}
