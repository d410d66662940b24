//! Another stream after an error.

use std::fmt;
use std::ops::ControlFlow;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use crate::flow::Flow;
use crate::source::{Outlet, Pull, Source};

/// # Going on after an error
impl<S, T, E> Flow<S>
where
    S: Source<Item = Result<T, E>>,
{
    /// Gives the items up to the first error, then those of the stream that `f` makes of it. That error is not given; those
    /// of the second stream are.
    ///
    /// This stream is dropped before `f` is called. Holds nothing between pulls.
    pub fn recover_with<R, F>(self, f: F) -> Flow<RecoverWith<S, R, F>>
    where
        F: FnOnce(E) -> Flow<R>,
        R: Source<Item = Result<T, E>>,
    {
        Flow::new(RecoverWith {
            source: Some(self),
            then: None,
            f: Some(f),
        })
    }
}

pin_project! {
    /// The source of [`Flow::recover_with`].
    #[derive(Clone)]
    pub struct RecoverWith<S, R, F> {
        #[pin]
        source: Option<Flow<S>>,
        #[pin]
        then: Option<Flow<R>>,
        f: Option<F>,
    }
}

/// Gives on what is no error, and stops at one.
pub(super) struct UntilError<'a, E, O: ?Sized> {
    pub(super) error: Option<E>,
    /// How many items have been given on.
    pub(super) count: usize,
    pub(super) outlet: &'a mut O,
}

impl<'a, E, O: ?Sized> UntilError<'a, E, O> {
    pub(super) fn new(outlet: &'a mut O) -> Self {
        Self {
            error: None,
            count: 0,
            outlet,
        }
    }
}

impl<T, E, O: Outlet<Result<T, E>> + ?Sized> Outlet<Result<T, E>> for UntilError<'_, E, O> {
    #[inline]
    fn room(&self) -> usize {
        self.outlet.room()
    }

    #[inline]
    fn push(&mut self, item: Result<T, E>) -> ControlFlow<()> {
        match item {
            Ok(item) => {
                self.count += 1;
                self.outlet.push(Ok(item))
            }
            Err(error) => {
                self.error = Some(error);
                ControlFlow::Break(())
            }
        }
    }
}

impl<S, R, F, T, E> Source for RecoverWith<S, R, F>
where
    S: Source<Item = Result<T, E>>,
    R: Source<Item = Result<T, E>>,
    F: FnOnce(E) -> Flow<R>,
{
    type Item = Result<T, E>;

    fn poll_pull<O>(self: Pin<&mut Self>, cx: &mut Context<'_>, outlet: &mut O) -> Poll<Pull>
    where
        O: Outlet<Self::Item> + ?Sized,
    {
        let mut this = self.project();
        let Some(source) = this.source.as_mut().as_pin_mut() else {
            let then = this.then.as_pin_mut();
            return then.map_or(Poll::Ready(Pull::End), |then| then.poll_pull(cx, outlet));
        };
        let mut until = UntilError::new(outlet);
        let pulled = source.poll_pull(cx, &mut until);
        let Some(error) = until.error else {
            return pulled;
        };
        this.source.set(None);
        this.then.set(this.f.take().map(|f| f(error)));
        Poll::Ready(Pull::More)
    }
}

impl<S: fmt::Debug, R: fmt::Debug, F> fmt::Debug for RecoverWith<S, R, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecoverWith")
            .field("source", &self.source)
            .field("then", &self.then)
            .finish_non_exhaustive()
    }
}
