//! All items, or how many.

use std::fmt;
use std::future::Future;
use std::ops::ControlFlow;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;

use super::run::poll_run;
use crate::flow::Flow;
use crate::source::{Outlet, Source};

/// # The end of a stream, in a collection
impl<S: Source> Flow<S> {
    /// Puts all items into a collection. Its memory is as the items', without a bound.
    ///
    /// # Cancel safety
    ///
    /// *Lossy*: what has been collected goes with the future. Use [`next_many`](Self::next_many) instead.
    pub fn collect<C>(self) -> Collect<S, C>
    where
        C: Default + Extend<S::Item>,
    {
        Collect {
            source: self,
            items: C::default(),
        }
    }

    /// Counts the items.
    ///
    /// # Cancel safety
    ///
    /// *Lossy*: the count goes with the future, and the items have been dropped.
    pub fn count(self) -> Count<S> {
        Count {
            source: self,
            count: 0,
        }
    }
}

pin_project! {
    /// See [`Flow::collect`].
    ///
    /// # Cancel safety
    ///
    /// *Lossy*: what has been collected goes with the future.
    #[must_use = "futures do nothing unless they are polled"]
    pub struct Collect<S, C> {
        #[pin]
        source: Flow<S>,
        items: C,
    }
}

struct Extending<'a, C>(&'a mut C);

impl<T, C: Extend<T>> Outlet<T> for Extending<'_, C> {
    #[inline]
    fn room(&self) -> usize {
        usize::MAX
    }

    #[inline]
    fn push(&mut self, item: T) -> ControlFlow<()> {
        self.0.extend(Some(item));
        ControlFlow::Continue(())
    }
}

impl<S: Source, C: Default + Extend<S::Item>> Future for Collect<S, C> {
    type Output = C;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<C> {
        let this = self.project();
        ready!(poll_run(this.source, cx, &mut Extending(this.items)));
        Poll::Ready(std::mem::take(this.items))
    }
}

pin_project! {
    /// See [`Flow::count`].
    ///
    /// # Cancel safety
    ///
    /// *Lossy*: the count goes with the future, and the items have been dropped.
    #[must_use = "futures do nothing unless they are polled"]
    #[derive(Debug)]
    pub struct Count<S> {
        #[pin]
        source: Flow<S>,
        count: usize,
    }
}

struct Counting<'a>(&'a mut usize);

impl<T> Outlet<T> for Counting<'_> {
    #[inline]
    fn room(&self) -> usize {
        usize::MAX
    }

    #[inline]
    fn push(&mut self, _: T) -> ControlFlow<()> {
        *self.0 += 1;
        ControlFlow::Continue(())
    }
}

impl<S: Source> Future for Count<S> {
    type Output = usize;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<usize> {
        let this = self.project();
        ready!(poll_run(this.source, cx, &mut Counting(this.count)));
        Poll::Ready(*this.count)
    }
}

impl<S: fmt::Debug, C> fmt::Debug for Collect<S, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Collect")
            .field("source", &self.source)
            .finish_non_exhaustive()
    }
}
