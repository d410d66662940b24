//! Items that depend on those before.

use std::fmt;
use std::ops::ControlFlow;

use crate::flow::Flow;
use crate::op::through::{Stage, Through};
use crate::source::{Outlet, Source};

/// # With a state
impl<S: Source> Flow<S> {
    /// Gives what `f` makes of a state and each item, until it makes nothing: that is the end.
    ///
    /// Keeps the state, and no items.
    pub fn scan<A, U, F>(self, state: A, f: F) -> Flow<Through<S, Scan<A, F>>>
    where
        F: FnMut(&mut A, S::Item) -> Option<U>,
    {
        self.through(Scan {
            state,
            f,
            done: false,
        })
    }
}

/// The stage of [`Flow::scan`].
#[derive(Clone, Copy)]
pub struct Scan<A, F> {
    state: A,
    f: F,
    done: bool,
}

impl<T, A, U, F: FnMut(&mut A, T) -> Option<U>> Stage<T> for Scan<A, F> {
    type Out = U;

    #[inline]
    fn take<O: Outlet<U> + ?Sized>(&mut self, item: T, outlet: &mut O) -> ControlFlow<()> {
        if let Some(made) = (self.f)(&mut self.state, item) {
            return outlet.push(made);
        }
        self.done = true;
        ControlFlow::Break(())
    }

    fn is_done(&self) -> bool {
        self.done
    }
}

impl<A: fmt::Debug, F> fmt::Debug for Scan<A, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scan")
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}
