//! Strict alternation.

use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use crate::flow::Flow;
use crate::outlet::Counted;
use crate::source::{Outlet, Pull, Source};

/// # In turns
impl<S: Source> Flow<S> {
    /// Gives an item of this stream, one of `other`, one of this, and so on; when one has ended, the rest of the other.
    ///
    /// It waits for the stream whose turn it is, whatever the other has. [`merge`](Self::merge) does not.
    ///
    /// Holds nothing between pulls, so each pull takes one item of each: chunks do not stay whole as long as both
    /// streams go on.
    pub fn interleave<T>(self, other: Flow<T>) -> Flow<Interleave<S, T>>
    where
        T: Source<Item = S::Item>,
    {
        Flow::new(Interleave {
            first: self,
            second: other,
            second_is_next: false,
        })
    }
}

pin_project! {
    /// The source of [`Flow::interleave`].
    #[derive(Clone, Debug)]
    pub struct Interleave<S, T> {
        #[pin]
        first: Flow<S>,
        #[pin]
        second: Flow<T>,
        second_is_next: bool,
    }
}

impl<S: Source, T: Source<Item = S::Item>> Source for Interleave<S, T> {
    type Item = S::Item;

    fn poll_pull<O>(self: Pin<&mut Self>, cx: &mut Context<'_>, outlet: &mut O) -> Poll<Pull>
    where
        O: Outlet<S::Item> + ?Sized,
    {
        let mut this = self.project();
        if this.second.has_ended() {
            return this.first.poll_pull(cx, outlet);
        }
        if this.first.has_ended() {
            return this.second.poll_pull(cx, outlet);
        }
        let room = outlet.room();
        if !*this.second_is_next {
            let mut one = Counted::up_to(outlet, 1);
            let pulled = this.first.as_mut().poll_pull(cx, &mut one);
            *this.second_is_next = one.count() > 0;
            if !*this.second_is_next || one.broke() || room == 1 {
                // The end of one is not that of both.
                return not_the_end(pulled, one.count());
            }
        }
        let mut one = Counted::up_to(outlet, 1);
        let pulled = this.second.poll_pull(cx, &mut one);
        *this.second_is_next = one.count() == 0;
        not_the_end(pulled, one.count())
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let (first, second) = (
            Source::size_hint(&self.first),
            Source::size_hint(&self.second),
        );
        let upper = first.1.zip(second.1).and_then(|(a, b)| a.checked_add(b));
        (first.0.saturating_add(second.0), upper)
    }
}

/// Whether to go on after one of the two was asked: it waits only if it gave nothing, since after an item it is the other's turn.
fn not_the_end(pulled: Poll<Pull>, count: usize) -> Poll<Pull> {
    if count > 0 {
        return Poll::Ready(Pull::More);
    }
    pulled.map(|_| Pull::More)
}
