//! Streams of streams, one after the other.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use crate::flow::Flow;
use crate::outlet::Slot;
use crate::source::{Outlet, Pull, Source};

/// # A stream for each item
impl<S: Source> Flow<S> {
    /// Makes a stream of each item, and gives the items of the first until it has ended, then those of the second, and so
    /// on.
    ///
    /// No item is taken before the stream of the one before has ended. Holds one stream.
    ///
    /// [`flat_map_merge`](Self::flat_map_merge) runs several at the same time, [`switch_map`](Self::switch_map) the
    /// latest only; for iterators, [`flat_map_iter`](Self::flat_map_iter) is cheaper.
    #[doc(alias = "concat_map")]
    pub fn flat_map<I, F>(self, f: F) -> Flow<FlatMap<S, I, F>>
    where
        F: FnMut(S::Item) -> Flow<I>,
        I: Source,
    {
        Flow::new(FlatMap {
            source: self,
            inner: None,
            f,
        })
    }

    /// Gives the items of a stream of streams, one stream after the other.
    ///
    /// No stream is taken before the one before has ended. Holds one stream.
    #[expect(clippy::type_complexity, reason = "a type that says what it is")]
    pub fn flatten<I>(self) -> Flow<FlatMap<S, I, fn(Flow<I>) -> Flow<I>>>
    where
        S: Source<Item = Flow<I>>,
        I: Source,
    {
        self.flat_map(std::convert::identity)
    }
}

pin_project! {
    /// The source of [`Flow::flat_map`] and [`Flow::flatten`].
    #[derive(Clone)]
    pub struct FlatMap<S, I, F> {
        #[pin]
        source: Flow<S>,
        #[pin]
        inner: Option<Flow<I>>,
        f: F,
    }
}

impl<S, I, F> Source for FlatMap<S, I, F>
where
    S: Source,
    I: Source,
    F: FnMut(S::Item) -> Flow<I>,
{
    type Item = I::Item;

    fn poll_pull<O>(self: Pin<&mut Self>, cx: &mut Context<'_>, outlet: &mut O) -> Poll<Pull>
    where
        O: Outlet<I::Item> + ?Sized,
    {
        let mut this = self.project();
        if this.inner.is_none() {
            let mut slot = Slot::new();
            let pulled = this.source.poll_pull(cx, &mut slot);
            match slot.take() {
                Some(item) => this.inner.set(Some((this.f)(item))),
                None => return pulled,
            }
        }
        let Some(inner) = this.inner.as_mut().as_pin_mut() else {
            return Poll::Ready(Pull::More);
        };
        match inner.poll_pull(cx, outlet) {
            Poll::Ready(Pull::End) => {
                this.inner.set(None);
                Poll::Ready(Pull::More)
            }
            pulled => pulled,
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let inner = self.inner.as_ref().map_or((0, Some(0)), Source::size_hint);
        // Nothing is known of streams that are not there.
        match Source::size_hint(&self.source) {
            (_, Some(0)) => inner,
            _ => (inner.0, None),
        }
    }
}

impl<S: fmt::Debug, I: fmt::Debug, F> fmt::Debug for FlatMap<S, I, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FlatMap")
            .field("source", &self.source)
            .field("inner", &self.inner)
            .finish_non_exhaustive()
    }
}
