//! Operators that look at an item, and give on what they make of it at once.

use std::fmt;
use std::ops::ControlFlow;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use crate::flow::Flow;
use crate::source::{Outlet, Pull, Source};

/// What an operator does with an item: gives on one, or none, at once. See [`Flow::through`].
///
/// Implement it for an operator of your own that neither waits nor holds items; for any other, implement [`Source`].
pub trait Stage<T> {
    /// What it gives.
    type Out;

    /// Handles an item, pushing at most one. `Break` says that no other is wanted in this pull; a `Break` of the outlet has
    /// to be given on.
    fn take<O>(&mut self, item: T, outlet: &mut O) -> ControlFlow<()>
    where
        O: Outlet<Self::Out> + ?Sized;

    /// How many items it may be given, where there is room for `below` further down.
    fn room(&self, below: usize) -> usize {
        below
    }

    /// Whether it is through with the whole stream. It is asked before each pull, and after.
    fn is_done(&self) -> bool {
        false
    }

    /// How many items it will give, of so many: at least, and at most if that is known.
    fn size_hint(&self, above: (usize, Option<usize>)) -> (usize, Option<usize>) {
        (0, above.1)
    }
}

impl<S: Source> Flow<S> {
    /// Sends each item through a [`Stage`], as most operators here do.
    pub fn through<P: Stage<S::Item>>(self, stage: P) -> Flow<Through<S, P>> {
        Flow::new(Through {
            source: self,
            stage,
        })
    }
}

pin_project! {
    /// The source of operators that neither wait nor hold items: of a stage `P` behind a source.
    #[derive(Clone)]
    pub struct Through<S, P> {
        #[pin]
        source: Flow<S>,
        stage: P,
    }
}

struct Into<'a, P, O: ?Sized> {
    stage: &'a mut P,
    outlet: &'a mut O,
}

impl<T, P, O> Outlet<T> for Into<'_, P, O>
where
    P: Stage<T>,
    O: Outlet<P::Out> + ?Sized,
{
    #[inline]
    fn room(&self) -> usize {
        self.stage.room(self.outlet.room())
    }

    #[inline]
    fn push(&mut self, item: T) -> ControlFlow<()> {
        self.stage.take(item, self.outlet)
    }
}

impl<S: Source, P: Stage<S::Item>> Source for Through<S, P> {
    type Item = P::Out;

    #[inline]
    fn poll_pull<O>(self: Pin<&mut Self>, cx: &mut Context<'_>, outlet: &mut O) -> Poll<Pull>
    where
        O: Outlet<P::Out> + ?Sized,
    {
        let this = self.project();
        let stage = this.stage;
        if stage.is_done() {
            return Poll::Ready(Pull::End);
        }
        let pulled = this.source.poll_pull(cx, &mut Into { stage, outlet });
        if stage.is_done() {
            return Poll::Ready(Pull::End);
        }
        pulled
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        if self.stage.is_done() {
            (0, Some(0))
        } else {
            self.stage.size_hint(Source::size_hint(&self.source))
        }
    }
}

impl<S: fmt::Debug, P: fmt::Debug> fmt::Debug for Through<S, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Through")
            .field("source", &self.source)
            .field("stage", &self.stage)
            .finish()
    }
}
