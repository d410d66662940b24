//! Streams that something else stops, or lets go.

use std::fmt;
use std::future::Future;
use std::ops::ControlFlow;
use std::pin::Pin;
use std::task::{Context, Poll};

use aqueduct_cancel::{CancelScope, UntilCancelled, UntilDraining};
use pin_project_lite::pin_project;

use crate::flow::Flow;
use crate::source::{CHUNK, Outlet, Pull, Source};

/// # Stopped or let go by something else
///
/// The future is asked first at each pull, and the source only after it: so a source that never waits is stopped as well. None
/// of these holds an item between pulls; what has left the source has been given.
impl<S: Source> Flow<S> {
    /// Gives items until a future is ready, then ends. What else there is stays in the source.
    ///
    /// The future is polled at each pull, that is for each chunk of items.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() {
    /// use std::time::Duration;
    /// use aqueduct_stream::interval;
    /// use tokio::time::sleep;
    ///
    /// let ticks = interval(Duration::from_millis(10));
    /// let count = ticks.take_until(sleep(Duration::from_millis(35))).count().await;
    /// assert_eq!(count, 4);
    /// # }
    /// ```
    pub fn take_until<F: Future>(self, future: F) -> Flow<TakeUntil<S, F>> {
        Flow::new(TakeUntil {
            source: self,
            until: future,
        })
    }

    /// Gives items until a scope is cancelled, then ends.
    ///
    /// To end on the scope's reason, ask it: `scope.check()?` after the stream. See
    /// [`take_until_draining`](Self::take_until_draining) for its soft phase.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use aqueduct_cancel::CancelScope;
    /// use aqueduct_stream::iter;
    ///
    /// let scope = CancelScope::new();
    /// let mut numbers = iter(0..).take_until_cancelled(&scope);
    /// assert_eq!(numbers.next().await, Some(0));
    /// scope.cancel();
    /// assert_eq!(numbers.next().await, None);
    /// # }
    /// ```
    pub fn take_until_cancelled(
        self,
        scope: &CancelScope,
    ) -> Flow<TakeUntil<S, UntilCancelled<'static>>> {
        self.take_until(scope.cancelled_owned())
    }

    /// Gives items until a scope is told to drain, or is cancelled, then ends: it takes nothing new, and what is further down
    /// goes on with what it has.
    pub fn take_until_draining(
        self,
        scope: &CancelScope,
    ) -> Flow<TakeUntil<S, UntilDraining<'static>>> {
        self.take_until(scope.draining_owned())
    }

    /// Drops items until a future is ready, then gives the rest, from what comes in the same poll on.
    ///
    /// Once it is ready it is dropped, and costs nothing more.
    pub fn skip_until<F: Future>(self, future: F) -> Flow<SkipUntil<S, F>> {
        Flow::new(SkipUntil {
            source: self,
            until: Some(future),
        })
    }
}

pin_project! {
    /// The source of [`Flow::take_until`].
    pub struct TakeUntil<S, F> {
        #[pin]
        source: Flow<S>,
        #[pin]
        until: F,
    }
}

impl<S: Source, F: Future> Source for TakeUntil<S, F> {
    type Item = S::Item;

    #[inline]
    fn poll_pull<O>(self: Pin<&mut Self>, cx: &mut Context<'_>, outlet: &mut O) -> Poll<Pull>
    where
        O: Outlet<S::Item> + ?Sized,
    {
        let this = self.project();
        // After that it is not asked again (P6).
        if this.until.poll(cx).is_ready() {
            return Poll::Ready(Pull::End);
        }
        this.source.poll_pull(cx, outlet)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (0, Source::size_hint(&self.source).1)
    }
}

pin_project! {
    /// The source of [`Flow::skip_until`].
    pub struct SkipUntil<S, F> {
        #[pin]
        source: Flow<S>,
        // None once it was ready.
        #[pin]
        until: Option<F>,
    }
}

/// Drops what comes.
struct Nowhere;

impl<T> Outlet<T> for Nowhere {
    fn room(&self) -> usize {
        CHUNK
    }

    fn push(&mut self, _: T) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}

impl<S: Source, F: Future> Source for SkipUntil<S, F> {
    type Item = S::Item;

    #[inline]
    fn poll_pull<O>(self: Pin<&mut Self>, cx: &mut Context<'_>, outlet: &mut O) -> Poll<Pull>
    where
        O: Outlet<S::Item> + ?Sized,
    {
        let mut this = self.project();
        if let Some(until) = this.until.as_mut().as_pin_mut() {
            if until.poll(cx).is_pending() {
                return this.source.poll_pull(cx, &mut Nowhere);
            }
            this.until.set(None);
        }
        this.source.poll_pull(cx, outlet)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let (lower, upper) = Source::size_hint(&self.source);
        let lower = if self.until.is_some() { 0 } else { lower };
        (lower, upper)
    }
}

impl<S: fmt::Debug, F> fmt::Debug for TakeUntil<S, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TakeUntil")
            .field("source", &self.source)
            .finish_non_exhaustive()
    }
}

impl<S: fmt::Debug, F> fmt::Debug for SkipUntil<S, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SkipUntil")
            .field("source", &self.source)
            .field("begun", &self.until.is_none())
            .finish_non_exhaustive()
    }
}
