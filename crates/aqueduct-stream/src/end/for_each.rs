//! Something done with each item.

use std::fmt;
use std::future::Future;
use std::ops::ControlFlow;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use crate::unit::poll_proceed;
use pin_project_lite::pin_project;

use super::run::poll_run;
use crate::flow::Flow;
use crate::outlet::Slot;
use crate::source::{Outlet, Pull, Source};

/// # The end of a stream, in a closure
impl<S: Source> Flow<S> {
    /// Calls `f` with each item.
    ///
    /// # Cancel safety
    ///
    /// *Strict*: each item that left the source has been given to `f`.
    pub fn for_each<F>(self, f: F) -> ForEach<S, F>
    where
        F: FnMut(S::Item),
    {
        ForEach { source: self, f }
    }

    /// Calls `f` with each item, and waits for what it returns before the next is taken from the source.
    ///
    /// # Cancel safety
    ///
    /// *Lossy* for what the future that `f` returned last holds, which is dropped with it: use futures that are strict
    /// instead. No other item has left the source.
    pub fn for_each_async<F, Fut>(self, f: F) -> ForEachAsync<S, F, Fut>
    where
        F: FnMut(S::Item) -> Fut,
        Fut: Future<Output = ()>,
    {
        ForEachAsync {
            source: self,
            f,
            running: None,
        }
    }
}

pin_project! {
    /// See [`Flow::for_each`].
    ///
    /// # Cancel safety
    ///
    /// *Strict*: each item that left the source has been given to the closure.
    #[must_use = "futures do nothing unless they are polled"]
    pub struct ForEach<S, F> {
        #[pin]
        source: Flow<S>,
        f: F,
    }
}

struct Calling<'a, F>(&'a mut F);

impl<T, F: FnMut(T)> Outlet<T> for Calling<'_, F> {
    #[inline]
    fn room(&self) -> usize {
        usize::MAX
    }

    #[inline]
    fn push(&mut self, item: T) -> ControlFlow<()> {
        (self.0)(item);
        ControlFlow::Continue(())
    }
}

impl<S: Source, F: FnMut(S::Item)> Future for ForEach<S, F> {
    type Output = ();

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.project();
        poll_run(this.source, cx, &mut Calling(this.f))
    }
}

pin_project! {
    /// See [`Flow::for_each_async`].
    ///
    /// # Cancel safety
    ///
    /// *Lossy* for what the future that the closure returned last holds, which is dropped with it: use a closure whose futures
    /// are strict instead. No other item has left the source.
    #[must_use = "futures do nothing unless they are polled"]
    pub struct ForEachAsync<S, F, Fut> {
        #[pin]
        source: Flow<S>,
        f: F,
        #[pin]
        running: Option<Fut>,
    }
}

impl<S, F, Fut> Future for ForEachAsync<S, F, Fut>
where
    S: Source,
    F: FnMut(S::Item) -> Fut,
    Fut: Future<Output = ()>,
{
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut this = self.project();
        loop {
            if let Some(running) = this.running.as_mut().as_pin_mut() {
                ready!(running.poll(cx));
                this.running.set(None);
            }
            // Asked again after the end, a flow says so again.
            let coop = ready!(poll_proceed(cx));
            let mut slot = Slot::new();
            let pulled = this.source.as_mut().poll_pull(cx, &mut slot);
            if let Some(item) = slot.take() {
                coop.made_progress();
                this.running.set(Some((this.f)(item)));
                continue;
            }
            let pulled = ready!(pulled);
            coop.made_progress();
            if pulled == Pull::End {
                return Poll::Ready(());
            }
        }
    }
}

impl<S: fmt::Debug, F> fmt::Debug for ForEach<S, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ForEach")
            .field("source", &self.source)
            .finish_non_exhaustive()
    }
}

impl<S: fmt::Debug, F, Fut> fmt::Debug for ForEachAsync<S, F, Fut> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ForEachAsync")
            .field("source", &self.source)
            .field("running", &self.running.is_some())
            .finish_non_exhaustive()
    }
}
