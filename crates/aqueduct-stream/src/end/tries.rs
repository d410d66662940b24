//! The ends of streams whose items may be errors.

use std::fmt;
use std::ops::ControlFlow;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use crate::unit::poll_proceed;
use pin_project_lite::pin_project;

use crate::flow::Flow;
use crate::outlet::{Slot, flow_if};
use crate::source::{Outlet, Pull, Source};

/// # The end of a stream, or an error
///
/// Each stops at the first error and returns it, having handled what came before. What comes after it stays in the source: to
/// go on with that, use [`by_ref`](Flow::by_ref). For items that are not results, `map(Ok)` first.
impl<S, T, E> Flow<S>
where
    S: Source<Item = Result<T, E>>,
{
    /// Calls `f` with each item, up to the first error, of the stream or of `f`.
    ///
    /// # Cancel safety
    ///
    /// *Strict*: each item that left the source has been given to `f`.
    pub fn try_for_each<F>(self, f: F) -> TryForEach<S, F>
    where
        F: FnMut(T) -> Result<(), E>,
    {
        TryForEach { source: self, f }
    }

    /// Calls `f` with each item, and waits for what it returns before the next is taken, up to the first error, of the stream or
    /// of `f`.
    ///
    /// # Cancel safety
    ///
    /// *Lossy* for what the future that `f` returned last holds, which is dropped with it: use futures that are strict
    /// instead. No other item has left the source.
    pub fn try_for_each_async<F, Fut>(self, f: F) -> TryForEachAsync<S, F, Fut>
    where
        F: FnMut(T) -> Fut,
        Fut: Future<Output = Result<(), E>>,
    {
        TryForEachAsync {
            source: self,
            f,
            running: None,
        }
    }

    /// Makes one value of all items, up to the first error, of the stream or of `f`. With an error the value is dropped.
    ///
    /// # Cancel safety
    ///
    /// *Lossy*: the value that was being made goes with the future. Use [`try_for_each`](Self::try_for_each) on
    /// [`by_ref`](Flow::by_ref) and a value of your own instead.
    ///
    /// # Panics
    ///
    /// A panic of `f` goes on in the task. If it is caught, the future must not be polled again.
    pub fn try_fold<A, F>(self, init: A, f: F) -> TryFold<S, A, F>
    where
        F: FnMut(A, T) -> Result<A, E>,
    {
        TryFold {
            source: self,
            value: Some(init),
            f,
        }
    }

    /// Puts all items into a collection, up to the first error. With an error the collection is dropped.
    ///
    /// # Cancel safety
    ///
    /// *Lossy*: what has been collected goes with the future. Use [`next_many`](Self::next_many) instead.
    pub fn try_collect<C>(self) -> TryCollect<S, C>
    where
        C: Default + Extend<T>,
    {
        TryCollect {
            source: self,
            items: C::default(),
        }
    }
}

struct Trying<F, E> {
    f: F,
    error: Option<E>,
}

impl<T, E, F: FnMut(T) -> Result<(), E>> Outlet<Result<T, E>> for Trying<F, E> {
    #[inline]
    fn room(&self) -> usize {
        usize::MAX
    }

    #[inline]
    fn push(&mut self, item: Result<T, E>) -> ControlFlow<()> {
        self.error = item.and_then(&mut self.f).err();
        flow_if(self.error.is_none())
    }
}

/// Pulls until the source has ended or there is an error, for a unit of coop budget each time (P7).
#[inline]
fn poll_try_run<S, T, E>(
    mut source: Pin<&mut Flow<S>>,
    cx: &mut Context<'_>,
    f: impl FnMut(T) -> Result<(), E>,
) -> Poll<Result<(), E>>
where
    S: Source<Item = Result<T, E>>,
{
    let mut trying = Trying { f, error: None };
    loop {
        let coop = ready!(poll_proceed(cx));
        let pulled = source.as_mut().poll_pull(cx, &mut trying);
        if let Some(error) = trying.error.take() {
            coop.made_progress();
            return Poll::Ready(Err(error));
        }
        let pulled = ready!(pulled);
        coop.made_progress();
        if pulled == Pull::End {
            return Poll::Ready(Ok(()));
        }
    }
}

pin_project! {
    /// See [`Flow::try_for_each`].
    ///
    /// # Cancel safety
    ///
    /// *Strict*: each item that left the source has been given to the closure.
    #[must_use = "futures do nothing unless they are polled"]
    pub struct TryForEach<S, F> {
        #[pin]
        source: Flow<S>,
        f: F,
    }
}

impl<S, T, E, F> Future for TryForEach<S, F>
where
    S: Source<Item = Result<T, E>>,
    F: FnMut(T) -> Result<(), E>,
{
    type Output = Result<(), E>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), E>> {
        let this = self.project();
        poll_try_run(this.source, cx, this.f)
    }
}

pin_project! {
    /// See [`Flow::try_for_each_async`].
    ///
    /// # Cancel safety
    ///
    /// *Lossy* for what the future that the closure returned last holds, which is dropped with it: use a closure whose futures
    /// are strict instead. No other item has left the source.
    #[must_use = "futures do nothing unless they are polled"]
    pub struct TryForEachAsync<S, F, Fut> {
        #[pin]
        source: Flow<S>,
        f: F,
        #[pin]
        running: Option<Fut>,
    }
}

impl<S, T, E, F, Fut> Future for TryForEachAsync<S, F, Fut>
where
    S: Source<Item = Result<T, E>>,
    F: FnMut(T) -> Fut,
    Fut: Future<Output = Result<(), E>>,
{
    type Output = Result<(), E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), E>> {
        let mut this = self.project();
        loop {
            if let Some(running) = this.running.as_mut().as_pin_mut() {
                let result = ready!(running.poll(cx));
                this.running.set(None);
                result?;
            }
            let coop = ready!(poll_proceed(cx));
            let mut slot = Slot::new();
            let pulled = this.source.as_mut().poll_pull(cx, &mut slot);
            if let Some(item) = slot.take() {
                coop.made_progress();
                this.running.set(Some((this.f)(item?)));
                continue;
            }
            let pulled = ready!(pulled);
            coop.made_progress();
            if pulled == Pull::End {
                return Poll::Ready(Ok(()));
            }
        }
    }
}

pin_project! {
    /// See [`Flow::try_fold`].
    ///
    /// # Cancel safety
    ///
    /// *Lossy*: the value that was being made goes with the future.
    #[must_use = "futures do nothing unless they are polled"]
    pub struct TryFold<S, A, F> {
        #[pin]
        source: Flow<S>,
        // None once it has ended.
        value: Option<A>,
        f: F,
    }
}

impl<S, T, E, A, F> Future for TryFold<S, A, F>
where
    S: Source<Item = Result<T, E>>,
    F: FnMut(A, T) -> Result<A, E>,
{
    type Output = Result<A, E>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<A, E>> {
        let this = self.project();
        let (value, f) = (this.value, this.f);
        let run = poll_try_run(this.source, cx, |item| {
            let before = value.take().expect("polled after it has ended or panicked");
            *value = Some(f(before, item)?);
            Ok(())
        });
        ready!(run)?;
        Poll::Ready(Ok(value.take().expect("polled after it has ended")))
    }
}

pin_project! {
    /// See [`Flow::try_collect`].
    ///
    /// # Cancel safety
    ///
    /// *Lossy*: what has been collected goes with the future.
    #[must_use = "futures do nothing unless they are polled"]
    pub struct TryCollect<S, C> {
        #[pin]
        source: Flow<S>,
        items: C,
    }
}

impl<S, T, E, C> Future for TryCollect<S, C>
where
    S: Source<Item = Result<T, E>>,
    C: Default + Extend<T>,
{
    type Output = Result<C, E>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<C, E>> {
        let this = self.project();
        let items = this.items;
        ready!(poll_try_run(this.source, cx, |item| {
            items.extend(Some(item));
            Ok(())
        }))?;
        Poll::Ready(Ok(std::mem::take(items)))
    }
}

impl<S: fmt::Debug, F> fmt::Debug for TryForEach<S, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TryForEach")
            .field("source", &self.source)
            .finish_non_exhaustive()
    }
}

impl<S: fmt::Debug, F, Fut> fmt::Debug for TryForEachAsync<S, F, Fut> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TryForEachAsync")
            .field("source", &self.source)
            .field("running", &self.running.is_some())
            .finish_non_exhaustive()
    }
}

impl<S: fmt::Debug, A: fmt::Debug, F> fmt::Debug for TryFold<S, A, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TryFold")
            .field("source", &self.source)
            .field("value", &self.value)
            .finish_non_exhaustive()
    }
}

impl<S: fmt::Debug, C> fmt::Debug for TryCollect<S, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TryCollect")
            .field("source", &self.source)
            .finish_non_exhaustive()
    }
}
