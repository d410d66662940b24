//! Sources whose type is forgotten.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::source::{Outlet, Pull, Source};

/// A [`Source`] by way of a virtual call: the outlet is one, too.
trait AnySource<T> {
    fn poll_pull_any(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        outlet: &mut dyn Outlet<T>,
    ) -> Poll<Pull>;

    fn size_hint_any(&self) -> (usize, Option<usize>);
}

impl<S: Source> AnySource<S::Item> for S {
    fn poll_pull_any(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        outlet: &mut dyn Outlet<S::Item>,
    ) -> Poll<Pull> {
        self.poll_pull(cx, outlet)
    }

    fn size_hint_any(&self) -> (usize, Option<usize>) {
        self.size_hint()
    }
}

/// A source on the heap, its type forgotten. See [`Flow::boxed`](crate::Flow::boxed).
pub struct Boxed<'a, T>(Pin<Box<dyn AnySource<T> + Send + 'a>>);

/// A source on the heap, its type forgotten, that stays on its thread. See [`Flow::boxed_local`](crate::Flow::boxed_local).
pub struct BoxedLocal<'a, T>(Pin<Box<dyn AnySource<T> + 'a>>);

impl<'a, T> Boxed<'a, T> {
    pub(crate) fn new(source: impl Source<Item = T> + Send + 'a) -> Self {
        Self(Box::pin(source))
    }
}

impl<'a, T> BoxedLocal<'a, T> {
    pub(crate) fn new(source: impl Source<Item = T> + 'a) -> Self {
        Self(Box::pin(source))
    }
}

impl<T> Source for Boxed<'_, T> {
    type Item = T;

    #[inline]
    fn poll_pull<O>(mut self: Pin<&mut Self>, cx: &mut Context<'_>, outlet: &mut O) -> Poll<Pull>
    where
        O: Outlet<T> + ?Sized,
    {
        // A `&mut O` is an outlet with a size, whatever `O` is.
        let mut outlet = outlet;
        self.0.as_mut().poll_pull_any(cx, &mut outlet)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.0.size_hint_any()
    }
}

impl<T> Source for BoxedLocal<'_, T> {
    type Item = T;

    #[inline]
    fn poll_pull<O>(mut self: Pin<&mut Self>, cx: &mut Context<'_>, outlet: &mut O) -> Poll<Pull>
    where
        O: Outlet<T> + ?Sized,
    {
        let mut outlet = outlet;
        self.0.as_mut().poll_pull_any(cx, &mut outlet)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.0.size_hint_any()
    }
}

impl<T> fmt::Debug for Boxed<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Boxed").finish_non_exhaustive()
    }
}

impl<T> fmt::Debug for BoxedLocal<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BoxedLocal").finish_non_exhaustive()
    }
}
