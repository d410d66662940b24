//! The same stream again and again.

use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use crate::flow::Flow;
use crate::outlet::Counted;
use crate::source::{CHUNK, Outlet, Pull, Source};

/// # Again and again
impl<S: Source + Clone> Flow<S> {
    /// Gives the items, and when the stream has ended those of a clone of it as it was in the beginning, without end. Of a
    /// stream without items it ends.
    ///
    /// Holds no items between pulls, but a clone of the stream.
    pub fn cycle(self) -> Flow<Cycle<S>> {
        Flow::new(Cycle {
            again: self.clone(),
            current: self,
            is_empty: true,
        })
    }
}

pin_project! {
    /// The source of [`Flow::cycle`].
    #[derive(Clone, Debug)]
    pub struct Cycle<S> {
        again: Flow<S>,
        #[pin]
        current: Flow<S>,
        // Whether this round has given nothing so far.
        is_empty: bool,
    }
}

impl<S: Source + Clone> Source for Cycle<S> {
    type Item = S::Item;

    fn poll_pull<O>(self: Pin<&mut Self>, cx: &mut Context<'_>, outlet: &mut O) -> Poll<Pull>
    where
        O: Outlet<S::Item> + ?Sized,
    {
        let mut this = self.project();
        let mut counted = Counted::up_to(outlet, CHUNK);
        let pulled = this.current.as_mut().poll_pull(cx, &mut counted);
        *this.is_empty &= counted.count() == 0;
        if pulled == Poll::Ready(Pull::End) && !*this.is_empty {
            this.current.set(this.again.clone());
            *this.is_empty = true;
            return Poll::Ready(Pull::More);
        }
        pulled
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        match Source::size_hint(&self.again) {
            (_, Some(0)) => (0, Some(0)),
            (0, _) => (0, None),
            _ => (usize::MAX, None),
        }
    }
}
