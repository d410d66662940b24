//! An iterator for each item.

use std::fmt;
use std::ops::ControlFlow;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use crate::flow::Flow;
use crate::outlet::Counted;
use crate::source::{CHUNK, Outlet, Pull, Source};

/// # An iterator for each item
impl<S: Source> Flow<S> {
    /// Makes an iterator of each item, and gives what they give, one after the other.
    ///
    /// A chunk is as many items as there is room for, of as many iterators as it takes. Holds the iterator that is not
    /// finished.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let words: Vec<&str> = aqueduct_stream::iter(["no more", "no less"])
    ///     .flat_map_iter(|line| line.split(' '))
    ///     .collect()
    ///     .await;
    /// assert_eq!(words, ["no", "more", "no", "less"]);
    /// # }
    /// ```
    pub fn flat_map_iter<I, F>(self, f: F) -> Flow<FlatMapIter<S, I::IntoIter, F>>
    where
        F: FnMut(S::Item) -> I,
        I: IntoIterator,
    {
        Flow::new(FlatMapIter {
            source: self,
            inner: None,
            f,
        })
    }
}

pin_project! {
    /// The source of [`Flow::flat_map_iter`].
    #[derive(Clone)]
    pub struct FlatMapIter<S, I, F> {
        #[pin]
        source: Flow<S>,
        inner: Option<I>,
        f: F,
    }
}

struct Expanding<'a, I, F, O: ?Sized> {
    inner: &'a mut Option<I>,
    f: &'a mut F,
    outlet: Counted<'a, O>,
}

impl<I: Iterator, F, O: Outlet<I::Item> + ?Sized> Expanding<'_, I, F, O> {
    /// Gives on what is left of the iterator, as far as there is room.
    fn drain(&mut self) -> ControlFlow<()> {
        while let Some(inner) = self.inner {
            if self.outlet.room() == 0 {
                return ControlFlow::Break(());
            }
            match inner.next() {
                Some(item) => self.outlet.push(item)?,
                None => *self.inner = None,
            }
        }
        ControlFlow::Continue(())
    }
}

impl<T, I, F, O> Outlet<T> for Expanding<'_, I::IntoIter, F, O>
where
    I: IntoIterator,
    F: FnMut(T) -> I,
    O: Outlet<I::Item> + ?Sized,
{
    #[inline]
    fn room(&self) -> usize {
        self.outlet.room()
    }

    #[inline]
    fn push(&mut self, item: T) -> ControlFlow<()> {
        *self.inner = Some((self.f)(item).into_iter());
        self.drain()
    }
}

impl<S, I, F> Source for FlatMapIter<S, I::IntoIter, F>
where
    S: Source,
    I: IntoIterator,
    F: FnMut(S::Item) -> I,
{
    type Item = I::Item;

    fn poll_pull<O>(self: Pin<&mut Self>, cx: &mut Context<'_>, outlet: &mut O) -> Poll<Pull>
    where
        O: Outlet<I::Item> + ?Sized,
    {
        let this = self.project();
        let mut expanding = Expanding {
            inner: this.inner,
            f: this.f,
            outlet: Counted::up_to(outlet, CHUNK),
        };
        if expanding.drain().is_break() {
            return Poll::Ready(Pull::More);
        }
        let pulled = this.source.poll_pull(cx, &mut expanding);
        if this.inner.is_some() {
            // Also if there will be no other.
            return Poll::Ready(Pull::More);
        }
        pulled
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let inner = self
            .inner
            .as_ref()
            .map_or((0, Some(0)), Iterator::size_hint);
        match Source::size_hint(&self.source) {
            (_, Some(0)) => inner,
            _ => (inner.0, None),
        }
    }
}

impl<S: fmt::Debug, I, F> fmt::Debug for FlatMapIter<S, I, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FlatMapIter")
            .field("source", &self.source)
            .field("within", &self.inner.is_some())
            .finish_non_exhaustive()
    }
}
