//! Stages that count.

use std::ops::ControlFlow;

use crate::flow::Flow;
use crate::op::through::{Stage, Through};
use crate::source::{Outlet, Source};

/// # Counting
///
/// None of these holds an item between pulls.
impl<S: Source> Flow<S> {
    /// Gives the first `count` items, then ends. No other leaves the source.
    pub fn take(self, count: usize) -> Flow<Through<S, Take>> {
        self.through(Take { left: count })
    }

    /// Leaves out the first `count` items.
    pub fn skip(self, count: usize) -> Flow<Through<S, Skip>> {
        self.through(Skip { left: count })
    }

    /// Gives each item with its number, from 0.
    pub fn enumerate(self) -> Flow<Through<S, Enumerate>> {
        self.through(Enumerate { next: 0 })
    }
}

/// The stage of [`Flow::take`].
#[derive(Clone, Copy, Debug)]
pub struct Take {
    left: usize,
}

impl<T> Stage<T> for Take {
    type Out = T;

    #[inline]
    fn take<O: Outlet<T> + ?Sized>(&mut self, item: T, outlet: &mut O) -> ControlFlow<()> {
        self.left -= 1;
        let below = outlet.push(item);
        if self.left == 0 {
            return ControlFlow::Break(());
        }
        below
    }

    fn room(&self, below: usize) -> usize {
        below.min(self.left)
    }

    fn is_done(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self, above: (usize, Option<usize>)) -> (usize, Option<usize>) {
        let upper = above.1.map_or(self.left, |upper| upper.min(self.left));
        (above.0.min(self.left), Some(upper))
    }
}

/// The stage of [`Flow::skip`].
#[derive(Clone, Copy, Debug)]
pub struct Skip {
    left: usize,
}

impl<T> Stage<T> for Skip {
    type Out = T;

    #[inline]
    fn take<O: Outlet<T> + ?Sized>(&mut self, item: T, outlet: &mut O) -> ControlFlow<()> {
        if self.left == 0 {
            return outlet.push(item);
        }
        self.left -= 1;
        ControlFlow::Continue(())
    }

    fn size_hint(&self, above: (usize, Option<usize>)) -> (usize, Option<usize>) {
        let less = |count: usize| count.saturating_sub(self.left);
        (less(above.0), above.1.map(less))
    }
}

/// The stage of [`Flow::enumerate`].
#[derive(Clone, Copy, Debug)]
pub struct Enumerate {
    next: usize,
}

impl<T> Stage<T> for Enumerate {
    type Out = (usize, T);

    #[inline]
    fn take<O>(&mut self, item: T, outlet: &mut O) -> ControlFlow<()>
    where
        O: Outlet<(usize, T)> + ?Sized,
    {
        let number = self.next;
        self.next += 1;
        outlet.push((number, item))
    }

    fn size_hint(&self, above: (usize, Option<usize>)) -> (usize, Option<usize>) {
        above
    }
}
