//! One stream after the other.

use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use crate::flow::Flow;
use crate::source::{Outlet, Pull, Source};

impl<S: Source> Flow<S> {
    /// Gives the items of this stream, and when it has ended those of `then`, which is not pulled before.
    ///
    /// Holds nothing between pulls.
    pub fn chain<T>(self, then: Flow<T>) -> Flow<Chain<S, T>>
    where
        T: Source<Item = S::Item>,
    {
        Flow::new(Chain { first: self, then })
    }
}

pin_project! {
    /// The source of [`Flow::chain`].
    #[derive(Clone, Debug)]
    pub struct Chain<S, T> {
        #[pin]
        first: Flow<S>,
        #[pin]
        then: Flow<T>,
    }
}

impl<S: Source, T: Source<Item = S::Item>> Source for Chain<S, T> {
    type Item = S::Item;

    #[inline]
    fn poll_pull<O>(self: Pin<&mut Self>, cx: &mut Context<'_>, outlet: &mut O) -> Poll<Pull>
    where
        O: Outlet<S::Item> + ?Sized,
    {
        let this = self.project();
        if this.first.has_ended() {
            return this.then.poll_pull(cx, outlet);
        }
        // The end of the first is no end, and what is left of the pull is for the next call (P1).
        this.first.poll_pull(cx, outlet).map(|_| Pull::More)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let (first, then) = (
            Source::size_hint(&self.first),
            Source::size_hint(&self.then),
        );
        let upper = first.1.zip(then.1).and_then(|(a, b)| a.checked_add(b));
        (first.0.saturating_add(then.0), upper)
    }
}
