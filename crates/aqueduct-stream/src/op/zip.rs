//! Pairs.

use std::collections::VecDeque;
use std::fmt;
use std::ops::ControlFlow;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use crate::flow::Flow;
use crate::outlet::Queue;
use crate::source::{CHUNK, Outlet, Pull, Source};

/// # Pairs of items
impl<S: Source> Flow<S> {
    /// Gives the first items of both streams as a pair, then the second, and so on. Ends when no other pair can come.
    ///
    /// Both streams go on at the same time. The one that is ahead is so by at most a [chunk](CHUNK), or by as many items as
    /// are asked for if that is fewer: so many items of one of the two are held, and are lost when the stream is
    /// dropped or the other ends.
    pub fn zip<T: Source>(self, other: Flow<T>) -> Flow<Zip<S, T, S::Item, T::Item>> {
        Flow::new(Zip {
            first: self,
            second: other,
            firsts: VecDeque::new(),
            seconds: VecDeque::new(),
        })
    }
}

pin_project! {
    /// The source of [`Flow::zip`].
    ///
    // Of the two queues one is empty between pulls.
    pub struct Zip<S, T, A, B> {
        #[pin]
        first: Flow<S>,
        #[pin]
        second: Flow<T>,
        firsts: VecDeque<A>,
        seconds: VecDeque<B>,
    }
}

/// Pairs what is waiting with what comes.
struct Pairing<'a, W, P, O: ?Sized> {
    waiting: &'a mut VecDeque<W>,
    pair: P,
    outlet: &'a mut O,
}

impl<W, N, A, P, O> Outlet<N> for Pairing<'_, W, P, O>
where
    P: FnMut(W, N) -> A,
    O: Outlet<A> + ?Sized,
{
    #[inline]
    fn room(&self) -> usize {
        self.outlet.room().min(self.waiting.len())
    }

    #[inline]
    fn push(&mut self, item: N) -> ControlFlow<()> {
        let waiting = self.waiting.pop_front();
        let waiting = waiting.expect("P1: no more is pushed than there was room for");
        let below = self.outlet.push((self.pair)(waiting, item));
        if self.waiting.is_empty() {
            return ControlFlow::Break(());
        }
        below
    }
}

/// Pulls the stream that is behind, for what is waiting of the other.
fn poll_pairs<S, W, A, P, O>(
    behind: Pin<&mut Flow<S>>,
    cx: &mut Context<'_>,
    waiting: &mut VecDeque<W>,
    pair: P,
    outlet: &mut O,
) -> Poll<Pull>
where
    S: Source,
    P: FnMut(W, S::Item) -> A,
    O: Outlet<A> + ?Sized,
{
    let mut pairing = Pairing {
        waiting,
        pair,
        outlet,
    };
    let pulled = behind.poll_pull(cx, &mut pairing);
    if pulled.is_pending() && waiting.is_empty() {
        // Now the other is to be asked, too.
        return Poll::Ready(Pull::More);
    }
    pulled
}

impl<S, T, A, B> Source for Zip<S, T, A, B>
where
    S: Source<Item = A>,
    T: Source<Item = B>,
{
    type Item = (A, B);

    fn poll_pull<O>(self: Pin<&mut Self>, cx: &mut Context<'_>, outlet: &mut O) -> Poll<Pull>
    where
        O: Outlet<Self::Item> + ?Sized,
    {
        let mut this = self.project();
        if this.seconds.is_empty() && this.second.has_ended() {
            return Poll::Ready(Pull::End);
        }
        if !this.seconds.is_empty() {
            let pair = |second, first| (first, second);
            return poll_pairs(this.first, cx, this.seconds, pair, outlet);
        }
        let limit = outlet.room().min(CHUNK);
        if this.firsts.is_empty() {
            let mut queue = Queue::up_to(this.firsts, limit);
            let pulled = this.first.as_mut().poll_pull(cx, &mut queue);
            if let (true, Poll::Ready(pull)) = (this.firsts.is_empty(), pulled) {
                return Poll::Ready(pull);
            }
        }
        if !this.firsts.is_empty() {
            let pair = |first, second| (first, second);
            return poll_pairs(this.second, cx, this.firsts, pair, outlet);
        }
        // The first waits: the second goes on meanwhile.
        let mut queue = Queue::up_to(this.seconds, limit);
        let pulled = this.second.poll_pull(cx, &mut queue);
        if this.seconds.is_empty() {
            return pulled;
        }
        Poll::Pending
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let hint = |(lower, upper): (usize, Option<usize>), waiting| {
            let add = |count: usize| count.saturating_add(waiting);
            (add(lower), upper.map(add))
        };
        let first = hint(Source::size_hint(&self.first), self.firsts.len());
        let second = hint(Source::size_hint(&self.second), self.seconds.len());
        let upper = match (first.1, second.1) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        (first.0.min(second.0), upper)
    }
}

impl<S, T, A, B> fmt::Debug for Zip<S, T, A, B>
where
    S: fmt::Debug,
    T: fmt::Debug,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Zip")
            .field("first", &self.first)
            .field("second", &self.second)
            .field("first_ahead", &self.firsts.len())
            .field("second_ahead", &self.seconds.len())
            .finish()
    }
}
