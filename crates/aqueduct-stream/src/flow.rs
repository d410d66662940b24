//! The one type of all streams here, and the ways to take items out of it by hand.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use crate::unit::poll_proceed;
use futures_core::Stream;
use futures_core::stream::FusedStream;
use pin_project_lite::pin_project;

use crate::boxed::{Boxed, BoxedLocal};
use crate::outlet::{Fill, Slot};
use crate::source::{Outlet, Pull, Source};

pin_project! {
    /// A stream: a [`Source`] with the operators as its methods.
    ///
    /// It does nothing until it is pulled, by a terminal such as [`fold`](Flow::fold), by [`next`](Flow::next), or as a
    /// [`futures_core::Stream`], which it is as well. The operators are methods of its own and not of a trait, so that
    /// `futures::StreamExt` may be in scope.
    ///
    /// Pulling is strict in what it takes: a source gives up no more items than are asked for.
    #[derive(Clone, Copy)]
    #[must_use = "streams do nothing unless they are pulled"]
    pub struct Flow<S> {
        #[pin]
        source: S,
        ended: bool,
    }
}

impl<S: Source> Flow<S> {
    /// A stream of what this source gives.
    pub const fn new(source: S) -> Self {
        Self {
            source,
            ended: false,
        }
    }

    /// Waits for the next item. `None` is the end, and stays.
    ///
    /// For a source that cannot be moved (one that holds an async block), pin the stream: `pin!(flow)` has
    /// [`poll_item`](Self::poll_item), and as a source of its own all of the methods, by `Flow::new(flow)`.
    ///
    /// # Cancel safety
    ///
    /// *Strict*: no item leaves the source but by the poll that returns it.
    #[expect(clippy::should_implement_trait, reason = "what streams call it")]
    pub fn next(&mut self) -> Next<'_, S>
    where
        S: Unpin,
    {
        Next { flow: self }
    }

    /// Appends up to `limit` items to `buffer`: all that are there, waiting only for the first. Returns how many; 0 is the
    /// end, or a limit of 0.
    ///
    /// # Cancel safety
    ///
    /// *Strict*: what has been appended is in `buffer`, and nothing else has left the source.
    pub fn next_many<'a>(
        &'a mut self,
        buffer: &'a mut Vec<S::Item>,
        limit: usize,
    ) -> NextMany<'a, S>
    where
        S: Unpin,
    {
        NextMany {
            flow: self,
            buffer,
            limit,
        }
    }

    /// [`next`](Self::next) as a poll.
    #[inline]
    pub fn poll_item(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<S::Item>> {
        let mut slot = Slot::new();
        while !self.ended {
            let coop = ready!(poll_proceed(cx));
            let pulled = self.as_mut().poll_pull(cx, &mut slot);
            if let Some(item) = slot.take() {
                coop.made_progress();
                return Poll::Ready(Some(item));
            }
            if ready!(pulled) == Pull::More {
                coop.made_progress();
            }
        }
        Poll::Ready(None)
    }

    /// [`next_many`](Self::next_many) as a poll.
    pub fn poll_many(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut Vec<S::Item>,
        limit: usize,
    ) -> Poll<usize> {
        let before = buffer.len();
        let len_max = before.saturating_add(limit);
        while !self.ended && buffer.len() < len_max {
            // What came before the budget was spent is not kept back for it.
            let Poll::Ready(coop) = poll_proceed(cx) else {
                break;
            };
            let len = buffer.len();
            let pulled = self
                .as_mut()
                .poll_pull(cx, &mut Fill::up_to(buffer, len_max));
            // Also for what came with a `Pending`: whoever asks again and again never waits for that.
            if pulled.is_ready() || buffer.len() > len {
                coop.made_progress();
            }
            if pulled.is_pending() {
                break;
            }
        }
        match buffer.len() - before {
            0 if !self.ended && limit > 0 => Poll::Pending,
            count => Poll::Ready(count),
        }
    }

    /// A stream of what is left in this one, which can be used again after it.
    pub fn by_ref(&mut self) -> Flow<&mut Self>
    where
        S: Unpin,
    {
        Flow::new(self)
    }

    /// The stream with its type forgotten, on the heap: for a stream that is stored, or that one of several makes.
    ///
    /// Costs an allocation, and a virtual call for each item.
    pub fn boxed<'a>(self) -> Flow<Boxed<'a, S::Item>>
    where
        S: Send + 'a,
    {
        self.rebuilt(Boxed::new)
    }

    /// [`boxed`](Self::boxed) for a stream that is not `Send`.
    pub fn boxed_local<'a>(self) -> Flow<BoxedLocal<'a, S::Item>>
    where
        S: 'a,
    {
        self.rebuilt(BoxedLocal::new)
    }
}

impl<S> Flow<S> {
    /// The source, to look at.
    pub fn source_ref(&self) -> &S {
        &self.source
    }

    pub(crate) fn source(&self) -> &S {
        &self.source
    }

    /// The source itself. Whether the stream has ended is not known of it: do not pull it then.
    pub fn into_source(self) -> S {
        self.source
    }

    /// The stream of a source that is made of this one's, and goes on where it is: a stream that has ended has ended.
    pub(crate) fn rebuilt<U>(self, build: impl FnOnce(S) -> U) -> Flow<U> {
        Flow {
            source: build(self.source),
            ended: self.ended,
        }
    }

    /// Whether the source has said that nothing will come.
    pub(crate) fn has_ended(&self) -> bool {
        self.ended
    }
}

impl<S: Source> Source for Flow<S> {
    type Item = S::Item;

    #[inline]
    fn poll_pull<O>(self: Pin<&mut Self>, cx: &mut Context<'_>, outlet: &mut O) -> Poll<Pull>
    where
        O: Outlet<S::Item> + ?Sized,
    {
        let this = self.project();
        if *this.ended {
            return Poll::Ready(Pull::End);
        }
        let pulled = this.source.poll_pull(cx, outlet);
        if let Poll::Ready(Pull::End) = pulled {
            *this.ended = true;
        }
        pulled
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        if self.ended {
            (0, Some(0))
        } else {
            self.source.size_hint()
        }
    }
}

impl<S: Source> Stream for Flow<S> {
    type Item = S::Item;

    #[inline]
    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<S::Item>> {
        self.poll_item(cx)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        Source::size_hint(self)
    }
}

impl<S: Source> FusedStream for Flow<S> {
    fn is_terminated(&self) -> bool {
        self.ended
    }
}

impl<S: fmt::Debug> fmt::Debug for Flow<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Flow").field(&self.source).finish()
    }
}

/// See [`Flow::next`].
///
/// # Cancel safety
///
/// *Strict*: no item leaves the source but by the poll that returns it.
#[derive(Debug)]
#[must_use = "futures do nothing unless they are polled"]
pub struct Next<'a, S> {
    flow: &'a mut Flow<S>,
}

impl<S: Source + Unpin> Future for Next<'_, S> {
    type Output = Option<S::Item>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<S::Item>> {
        Pin::new(&mut *self.flow).poll_item(cx)
    }
}

/// See [`Flow::next_many`].
///
/// # Cancel safety
///
/// *Strict*: what has been appended is in the buffer, and nothing else has left the source.
#[must_use = "futures do nothing unless they are polled"]
pub struct NextMany<'a, S: Source> {
    flow: &'a mut Flow<S>,
    buffer: &'a mut Vec<S::Item>,
    limit: usize,
}

impl<S: Source + Unpin> Future for NextMany<'_, S> {
    type Output = usize;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<usize> {
        let this = &mut *self;
        Pin::new(&mut *this.flow).poll_many(cx, this.buffer, this.limit)
    }
}

impl<S: Source + fmt::Debug> fmt::Debug for NextMany<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NextMany")
            .field("flow", &self.flow)
            .field("buffered", &self.buffer.len())
            .field("limit", &self.limit)
            .finish()
    }
}
