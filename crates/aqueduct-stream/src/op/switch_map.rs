//! Streams of streams, the latest only.

use std::fmt;
use std::ops::ControlFlow;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use crate::flow::Flow;
use crate::source::{Outlet, Pull, Source};

/// # A stream for the latest item
impl<S: Source> Flow<S> {
    /// Makes a stream of each item, and gives the items of the one made last: a new item drops the stream before.
    ///
    /// This stream is asked first. As long as it has items, streams are made and dropped without having been pulled. Ends
    /// when this stream and the last one made have ended.
    ///
    /// Holds one stream. What a stream had not given when the next came is lost: that is what this operator is for.
    pub fn switch_map<I, F>(self, f: F) -> Flow<SwitchMap<S, I, F>>
    where
        F: FnMut(S::Item) -> Flow<I>,
        I: Source,
    {
        Flow::new(SwitchMap {
            source: self,
            inner: None,
            f,
        })
    }
}

pin_project! {
    /// The source of [`Flow::switch_map`].
    #[derive(Clone)]
    pub struct SwitchMap<S, I, F> {
        #[pin]
        source: Flow<S>,
        #[pin]
        inner: Option<Flow<I>>,
        f: F,
    }
}

struct Switching<'a, I, F> {
    inner: Pin<&'a mut Option<Flow<I>>>,
    f: &'a mut F,
}

impl<T, I, F: FnMut(T) -> Flow<I>> Outlet<T> for Switching<'_, I, F> {
    fn room(&self) -> usize {
        usize::MAX
    }

    fn push(&mut self, item: T) -> ControlFlow<()> {
        // The old one goes first, with what it holds.
        self.inner.set(None);
        self.inner.set(Some((self.f)(item)));
        ControlFlow::Continue(())
    }
}

impl<S, I, F> Source for SwitchMap<S, I, F>
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
        let mut switching = Switching {
            inner: this.inner.as_mut(),
            f: this.f,
        };
        let source = this.source.poll_pull(cx, &mut switching);
        if source == Poll::Ready(Pull::More) {
            return source;
        }
        let Some(inner) = this.inner.as_mut().as_pin_mut() else {
            return source;
        };
        match inner.poll_pull(cx, outlet) {
            Poll::Ready(Pull::End) => {
                this.inner.set(None);
                source
            }
            pulled => pulled,
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        match Source::size_hint(&self.source) {
            (_, Some(0)) => self.inner.as_ref().map_or((0, Some(0)), Source::size_hint),
            _ => (0, None),
        }
    }
}

impl<S: fmt::Debug, I: fmt::Debug, F> fmt::Debug for SwitchMap<S, I, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SwitchMap")
            .field("source", &self.source)
            .field("inner", &self.inner)
            .finish_non_exhaustive()
    }
}
