//! Streams of streams, several at once.

use std::fmt;
use std::ops::ControlFlow;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use super::children::Children;
use crate::flow::Flow;
use crate::outlet::flow_if;
use crate::source::{Outlet, Pull, Source};

/// # A stream for each item, several at once
impl<S: Source> Flow<S> {
    /// Makes a stream of each item, and gives the items of all of them as they come: of at most `limit` streams at the same
    /// time.
    ///
    /// It is fair: streams that have items take turns, a chunk each, and the items of each stay in order. No item is taken
    /// while `limit` streams run. Ends when this stream and those that were made have ended. A wake costs a poll of this
    /// stream and of the one that it is about, however many there are.
    ///
    /// Holds up to `limit` streams, each in a box that is used again.
    ///
    /// # Panics
    ///
    /// If `limit` is 0.
    #[track_caller]
    pub fn flat_map_merge<I, F>(self, limit: usize, f: F) -> Flow<FlatMapMerge<S, I, F>>
    where
        F: FnMut(S::Item) -> Flow<I>,
        I: Source,
    {
        assert!(limit > 0, "no stream could ever run");
        Flow::new(FlatMapMerge {
            source: self,
            children: Children::new(),
            limit,
            f,
        })
    }
}

pin_project! {
    /// The source of [`Flow::flat_map_merge`].
    pub struct FlatMapMerge<S, I, F> {
        #[pin]
        source: Flow<S>,
        children: Children<I>,
        limit: usize,
        f: F,
    }
}

struct Opening<'a, I, F> {
    children: &'a mut Children<I>,
    limit: usize,
    f: &'a mut F,
}

impl<T, I, F: FnMut(T) -> Flow<I>> Outlet<T> for Opening<'_, I, F> {
    fn room(&self) -> usize {
        self.limit - self.children.len()
    }

    fn push(&mut self, item: T) -> ControlFlow<()> {
        self.children.insert((self.f)(item));
        flow_if(self.children.len() < self.limit)
    }
}

impl<S, I, F> Source for FlatMapMerge<S, I, F>
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
        let this = self.project();
        let mut pulled = Poll::Pending;
        if this.children.len() < *this.limit {
            let mut opening = Opening {
                children: this.children,
                limit: *this.limit,
                f: this.f,
            };
            pulled = this.source.poll_pull(cx, &mut opening);
        }
        match (this.children.poll_pull(cx, outlet), pulled) {
            // There is none: it is as this stream says.
            (Poll::Ready(Pull::End), pulled) => pulled,
            (Poll::Ready(Pull::More), _) | (_, Poll::Ready(Pull::More)) => Poll::Ready(Pull::More),
            // At the limit, the end of a stream is what this one waits for.
            (Poll::Pending, _) => Poll::Pending,
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let inner = self.children.size_hint();
        match Source::size_hint(&self.source) {
            (_, Some(0)) => inner,
            _ => (inner.0, None),
        }
    }
}

impl<S: fmt::Debug, I: fmt::Debug, F> fmt::Debug for FlatMapMerge<S, I, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FlatMapMerge")
            .field("source", &self.source)
            .field("streams", &self.children)
            .field("limit", &self.limit)
            .finish_non_exhaustive()
    }
}
