//! Stages that are a closure, and hardly more.

use std::ops::ControlFlow;

use super::debug_by_name;
use crate::flow::Flow;
use crate::op::through::{Stage, Through};
use crate::source::{Outlet, Source};

/// # One item at a time
///
/// None of these holds an item between pulls. A panic of a closure takes the item it was called with.
impl<S: Source> Flow<S> {
    /// Gives what `f` makes of each item.
    pub fn map<U, F>(self, f: F) -> Flow<Through<S, Map<F>>>
    where
        F: FnMut(S::Item) -> U,
    {
        self.through(Map(f))
    }

    /// Gives the items of which `f` is true.
    pub fn filter<F>(self, f: F) -> Flow<Through<S, Filter<F>>>
    where
        F: FnMut(&S::Item) -> bool,
    {
        self.through(Filter(f))
    }

    /// Gives what `f` makes of each item, where it makes something.
    pub fn filter_map<U, F>(self, f: F) -> Flow<Through<S, FilterMap<F>>>
    where
        F: FnMut(S::Item) -> Option<U>,
    {
        self.through(FilterMap(f))
    }

    /// Shows each item to `f` on its way.
    pub fn inspect<F>(self, f: F) -> Flow<Through<S, Inspect<F>>>
    where
        F: FnMut(&S::Item),
    {
        self.through(Inspect(f))
    }

    /// Gives items as long as `f` is true of them, then ends.
    ///
    /// The first of which it is not is dropped, as an iterator's does.
    pub fn take_while<F>(self, f: F) -> Flow<Through<S, TakeWhile<F>>>
    where
        F: FnMut(&S::Item) -> bool,
    {
        self.through(TakeWhile { f, done: false })
    }

    /// Gives what `f` makes of each item as long as it makes something, then ends.
    pub fn map_while<U, F>(self, f: F) -> Flow<Through<S, MapWhile<F>>>
    where
        F: FnMut(S::Item) -> Option<U>,
    {
        self.through(MapWhile { f, done: false })
    }

    /// Leaves out items as long as `f` is true of them; then gives the rest, whatever it is.
    pub fn skip_while<F>(self, f: F) -> Flow<Through<S, SkipWhile<F>>>
    where
        F: FnMut(&S::Item) -> bool,
    {
        self.through(SkipWhile { f, begun: false })
    }
}

/// The stage of [`Flow::map`].
#[derive(Clone, Copy)]
pub struct Map<F>(F);

impl<T, U, F: FnMut(T) -> U> Stage<T> for Map<F> {
    type Out = U;

    #[inline]
    fn take<O: Outlet<U> + ?Sized>(&mut self, item: T, outlet: &mut O) -> ControlFlow<()> {
        outlet.push((self.0)(item))
    }

    fn size_hint(&self, above: (usize, Option<usize>)) -> (usize, Option<usize>) {
        above
    }
}

/// The stage of [`Flow::filter`].
#[derive(Clone, Copy)]
pub struct Filter<F>(F);

impl<T, F: FnMut(&T) -> bool> Stage<T> for Filter<F> {
    type Out = T;

    #[inline]
    fn take<O: Outlet<T> + ?Sized>(&mut self, item: T, outlet: &mut O) -> ControlFlow<()> {
        if (self.0)(&item) {
            outlet.push(item)
        } else {
            ControlFlow::Continue(())
        }
    }
}

/// The stage of [`Flow::filter_map`].
#[derive(Clone, Copy)]
pub struct FilterMap<F>(F);

impl<T, U, F: FnMut(T) -> Option<U>> Stage<T> for FilterMap<F> {
    type Out = U;

    #[inline]
    fn take<O: Outlet<U> + ?Sized>(&mut self, item: T, outlet: &mut O) -> ControlFlow<()> {
        match (self.0)(item) {
            Some(made) => outlet.push(made),
            None => ControlFlow::Continue(()),
        }
    }
}

/// The stage of [`Flow::inspect`].
#[derive(Clone, Copy)]
pub struct Inspect<F>(F);

impl<T, F: FnMut(&T)> Stage<T> for Inspect<F> {
    type Out = T;

    #[inline]
    fn take<O: Outlet<T> + ?Sized>(&mut self, item: T, outlet: &mut O) -> ControlFlow<()> {
        (self.0)(&item);
        outlet.push(item)
    }

    fn size_hint(&self, above: (usize, Option<usize>)) -> (usize, Option<usize>) {
        above
    }
}

/// The stage of [`Flow::take_while`].
#[derive(Clone, Copy)]
pub struct TakeWhile<F> {
    f: F,
    done: bool,
}

impl<T, F: FnMut(&T) -> bool> Stage<T> for TakeWhile<F> {
    type Out = T;

    #[inline]
    fn take<O: Outlet<T> + ?Sized>(&mut self, item: T, outlet: &mut O) -> ControlFlow<()> {
        if (self.f)(&item) {
            return outlet.push(item);
        }
        self.done = true;
        ControlFlow::Break(())
    }

    fn is_done(&self) -> bool {
        self.done
    }
}

/// The stage of [`Flow::map_while`].
#[derive(Clone, Copy)]
pub struct MapWhile<F> {
    f: F,
    done: bool,
}

impl<T, U, F: FnMut(T) -> Option<U>> Stage<T> for MapWhile<F> {
    type Out = U;

    #[inline]
    fn take<O: Outlet<U> + ?Sized>(&mut self, item: T, outlet: &mut O) -> ControlFlow<()> {
        if let Some(made) = (self.f)(item) {
            return outlet.push(made);
        }
        self.done = true;
        ControlFlow::Break(())
    }

    fn is_done(&self) -> bool {
        self.done
    }
}

/// The stage of [`Flow::skip_while`].
#[derive(Clone, Copy)]
pub struct SkipWhile<F> {
    f: F,
    begun: bool,
}

impl<T, F: FnMut(&T) -> bool> Stage<T> for SkipWhile<F> {
    type Out = T;

    #[inline]
    fn take<O: Outlet<T> + ?Sized>(&mut self, item: T, outlet: &mut O) -> ControlFlow<()> {
        self.begun = self.begun || !(self.f)(&item);
        if self.begun {
            outlet.push(item)
        } else {
            ControlFlow::Continue(())
        }
    }
}

debug_by_name!(
    Map, Filter, FilterMap, Inspect, TakeWhile, MapWhile, SkipWhile
);
