//! Stages for items that are results.

use std::ops::ControlFlow;

use super::debug_by_name;
use crate::flow::Flow;
use crate::op::through::{Stage, Through};
use crate::source::{Outlet, Source};

/// # Items that may be errors
///
/// An error is an item like any other. It does not end a stream, unless an operator says so, and nothing overtakes it: what
/// came before it is given before it. None of these holds an item between pulls.
impl<S, T, E> Flow<S>
where
    S: Source<Item = Result<T, E>>,
{
    /// Gives what `f` makes of each item that is no error. Errors pass.
    pub fn map_ok<U, F>(self, f: F) -> Flow<Through<S, MapOk<F>>>
    where
        F: FnMut(T) -> U,
    {
        self.through(MapOk(f))
    }

    /// Gives what `f` makes of each error. Other items pass.
    pub fn map_err<D, F>(self, f: F) -> Flow<Through<S, MapErr<F>>>
    where
        F: FnMut(E) -> D,
    {
        self.through(MapErr(f))
    }

    /// Gives what `f` makes of each item that is no error, which may be one. Errors pass, and do not end the stream.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let numbers: Vec<_> = aqueduct_stream::iter(["1", "two", "3"])
    ///     .map(Ok)
    ///     .try_map(str::parse::<u32>)
    ///     .map_err(|error| error.to_string())
    ///     .collect()
    ///     .await;
    /// assert_eq!(numbers, [Ok(1), Err("invalid digit found in string".to_owned()), Ok(3)]);
    /// # }
    /// ```
    pub fn try_map<U, F>(self, f: F) -> Flow<Through<S, TryMap<F>>>
    where
        F: FnMut(T) -> Result<U, E>,
    {
        self.through(TryMap(f))
    }

    /// Gives the items of which `f` is true. Errors pass, and an error of `f` comes in place of the item; they do not
    /// end the stream.
    pub fn try_filter<F>(self, f: F) -> Flow<Through<S, TryFilter<F>>>
    where
        F: FnMut(&T) -> Result<bool, E>,
    {
        self.through(TryFilter(f))
    }

    /// Ends after the first error, which is given.
    pub fn take_while_ok(self) -> Flow<Through<S, TakeWhileOk>> {
        self.through(TakeWhileOk { done: false })
    }

    /// Gives, in place of each error, what `f` makes of it, or nothing. The stream goes on, without errors.
    pub fn recover<F>(self, f: F) -> Flow<Through<S, Recover<F>>>
    where
        F: FnMut(E) -> Option<T>,
    {
        self.through(Recover(f))
    }

    /// Gives the items that are no errors, and hands the errors to `f`.
    pub fn errors_to<F>(self, f: F) -> Flow<Through<S, ErrorsTo<F>>>
    where
        F: FnMut(E),
    {
        self.through(ErrorsTo(f))
    }

    /// Gives the items that are no errors, and drops the errors. Nobody will hear of them: see
    /// [`errors_to`](Self::errors_to).
    #[expect(clippy::type_complexity, reason = "a type that says what it is")]
    pub fn ok_only(self) -> Flow<Through<S, ErrorsTo<fn(E)>>> {
        self.errors_to(drop)
    }
}

/// The stage of [`Flow::map_ok`].
#[derive(Clone, Copy)]
pub struct MapOk<F>(F);

impl<T, E, U, F: FnMut(T) -> U> Stage<Result<T, E>> for MapOk<F> {
    type Out = Result<U, E>;

    #[inline]
    fn take<O>(&mut self, item: Result<T, E>, outlet: &mut O) -> ControlFlow<()>
    where
        O: Outlet<Result<U, E>> + ?Sized,
    {
        outlet.push(item.map(&mut self.0))
    }

    fn size_hint(&self, above: (usize, Option<usize>)) -> (usize, Option<usize>) {
        above
    }
}

/// The stage of [`Flow::map_err`].
#[derive(Clone, Copy)]
pub struct MapErr<F>(F);

impl<T, E, D, F: FnMut(E) -> D> Stage<Result<T, E>> for MapErr<F> {
    type Out = Result<T, D>;

    #[inline]
    fn take<O>(&mut self, item: Result<T, E>, outlet: &mut O) -> ControlFlow<()>
    where
        O: Outlet<Result<T, D>> + ?Sized,
    {
        outlet.push(item.map_err(&mut self.0))
    }

    fn size_hint(&self, above: (usize, Option<usize>)) -> (usize, Option<usize>) {
        above
    }
}

/// The stage of [`Flow::try_map`].
#[derive(Clone, Copy)]
pub struct TryMap<F>(F);

impl<T, E, U, F: FnMut(T) -> Result<U, E>> Stage<Result<T, E>> for TryMap<F> {
    type Out = Result<U, E>;

    #[inline]
    fn take<O>(&mut self, item: Result<T, E>, outlet: &mut O) -> ControlFlow<()>
    where
        O: Outlet<Result<U, E>> + ?Sized,
    {
        outlet.push(item.and_then(&mut self.0))
    }

    fn size_hint(&self, above: (usize, Option<usize>)) -> (usize, Option<usize>) {
        above
    }
}

/// The stage of [`Flow::try_filter`].
#[derive(Clone, Copy)]
pub struct TryFilter<F>(F);

impl<T, E, F: FnMut(&T) -> Result<bool, E>> Stage<Result<T, E>> for TryFilter<F> {
    type Out = Result<T, E>;

    #[inline]
    fn take<O>(&mut self, item: Result<T, E>, outlet: &mut O) -> ControlFlow<()>
    where
        O: Outlet<Result<T, E>> + ?Sized,
    {
        let wanted = match &item {
            Ok(item) => (self.0)(item),
            Err(_) => Ok(true),
        };
        match wanted {
            Ok(true) => outlet.push(item),
            Ok(false) => ControlFlow::Continue(()),
            Err(error) => outlet.push(Err(error)),
        }
    }
}

/// The stage of [`Flow::take_while_ok`].
#[derive(Clone, Copy, Debug)]
pub struct TakeWhileOk {
    done: bool,
}

impl<T, E> Stage<Result<T, E>> for TakeWhileOk {
    type Out = Result<T, E>;

    #[inline]
    fn take<O>(&mut self, item: Result<T, E>, outlet: &mut O) -> ControlFlow<()>
    where
        O: Outlet<Result<T, E>> + ?Sized,
    {
        self.done = item.is_err();
        let below = outlet.push(item);
        if self.done {
            return ControlFlow::Break(());
        }
        below
    }

    fn is_done(&self) -> bool {
        self.done
    }
}

/// The stage of [`Flow::recover`].
#[derive(Clone, Copy)]
pub struct Recover<F>(F);

impl<T, E, F: FnMut(E) -> Option<T>> Stage<Result<T, E>> for Recover<F> {
    type Out = T;

    #[inline]
    fn take<O>(&mut self, item: Result<T, E>, outlet: &mut O) -> ControlFlow<()>
    where
        O: Outlet<T> + ?Sized,
    {
        match item.or_else(|error| (self.0)(error).ok_or(())) {
            Ok(item) => outlet.push(item),
            Err(()) => ControlFlow::Continue(()),
        }
    }
}

/// The stage of [`Flow::errors_to`] and [`Flow::ok_only`].
#[derive(Clone, Copy)]
pub struct ErrorsTo<F>(F);

impl<T, E, F: FnMut(E)> Stage<Result<T, E>> for ErrorsTo<F> {
    type Out = T;

    #[inline]
    fn take<O>(&mut self, item: Result<T, E>, outlet: &mut O) -> ControlFlow<()>
    where
        O: Outlet<T> + ?Sized,
    {
        match item {
            Ok(item) => outlet.push(item),
            Err(error) => {
                (self.0)(error);
                ControlFlow::Continue(())
            }
        }
    }
}

debug_by_name!(MapOk, MapErr, TryMap, TryFilter, Recover, ErrorsTo);
