//! A value of all items.

use std::fmt;
use std::future::Future;
use std::ops::ControlFlow;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use super::run::poll_run;
use crate::flow::Flow;
use crate::source::{Outlet, Source};

/// # The end of a stream
impl<S: Source> Flow<S> {
    /// Makes one value of all items, as an iterator's does.
    ///
    /// # Cancel safety
    ///
    /// *Lossy*: the value that was being made goes with the future. Use [`for_each`](Self::for_each) on
    /// [`by_ref`](Self::by_ref) and a value of your own instead.
    ///
    /// # Panics
    ///
    /// A panic of `f` goes on in the task. If it is caught, the future must not be polled again.
    pub fn fold<A, F>(self, init: A, f: F) -> Fold<S, A, F>
    where
        F: FnMut(A, S::Item) -> A,
    {
        Fold {
            source: self,
            value: Some(init),
            f,
        }
    }
}

pin_project! {
    /// See [`Flow::fold`].
    ///
    /// # Cancel safety
    ///
    /// *Lossy*: the value that was being made goes with the future.
    #[must_use = "futures do nothing unless they are polled"]
    pub struct Fold<S, A, F> {
        #[pin]
        source: Flow<S>,
        // None once it has ended.
        value: Option<A>,
        f: F,
    }
}

struct Folding<'a, A, F> {
    value: Option<A>,
    f: &'a mut F,
}

impl<T, A, F: FnMut(A, T) -> A> Outlet<T> for Folding<'_, A, F> {
    #[inline]
    fn room(&self) -> usize {
        usize::MAX
    }

    #[inline]
    fn push(&mut self, item: T) -> ControlFlow<()> {
        if let Some(value) = self.value.take() {
            self.value = Some((self.f)(value, item));
        }
        ControlFlow::Continue(())
    }
}

impl<S: Source, A, F: FnMut(A, S::Item) -> A> Future for Fold<S, A, F> {
    type Output = A;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<A> {
        let this = self.project();
        let value = this
            .value
            .take()
            .expect("polled after it has ended or panicked");
        let mut folding = Folding {
            value: Some(value),
            f: this.f,
        };
        let run = poll_run(this.source, cx, &mut folding);
        let value = folding.value;
        match run {
            Poll::Ready(()) => {
                Poll::Ready(value.expect("a value is put back for each that is taken"))
            }
            Poll::Pending => {
                *this.value = value;
                Poll::Pending
            }
        }
    }
}

impl<S: fmt::Debug, A: fmt::Debug, F> fmt::Debug for Fold<S, A, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fold")
            .field("source", &self.source)
            .field("value", &self.value)
            .finish_non_exhaustive()
    }
}
