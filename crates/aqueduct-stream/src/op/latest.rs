//! Items beside the latest of another stream.

use std::fmt;
use std::ops::ControlFlow;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use super::two::{Order, Side, Two};
use crate::flow::Flow;
use crate::source::{Outlet, Pull, Source};

/// # Beside the latest of another
impl<S: Source> Flow<S> {
    /// Gives, for each item of either stream, that item and the latest of the other.
    ///
    /// Nothing is given before both have had an item; no later item is left out. Of items that come at the same moment, those of
    /// this stream are looked at first; streams that always have items take turns. Ends when both have ended, or when
    /// one has that never gave anything.
    ///
    /// Holds the latest item of each.
    pub fn combine_latest<T>(self, other: Flow<T>) -> Flow<CombineLatest<S, T, S::Item, T::Item>>
    where
        T: Source,
        S::Item: Clone,
        T::Item: Clone,
    {
        Flow::new(CombineLatest {
            both: Two::new(self, other, Order::Fair),
            latest: (None, None),
        })
    }

    /// Gives each item with the latest of `other`.
    ///
    /// Items that come before the first of `other` are dropped. Of what comes at the same moment, that of `other` is looked
    /// at first; streams that always have items take turns. Ends when this stream does.
    ///
    /// Holds the latest item of `other`.
    pub fn with_latest_from<T>(self, other: Flow<T>) -> Flow<WithLatestFrom<S, T, T::Item>>
    where
        T: Source,
        T::Item: Clone,
    {
        Flow::new(WithLatestFrom {
            both: Two::new(other, self, Order::Fair),
            latest: None,
        })
    }
}

pin_project! {
    /// The source of [`Flow::combine_latest`].
    pub struct CombineLatest<S, T, A, B> {
        #[pin]
        both: Two<S, T>,
        latest: (Option<A>, Option<B>),
    }
}

struct Combining<'a, A, B, O: ?Sized> {
    latest: &'a mut (Option<A>, Option<B>),
    outlet: &'a mut O,
}

impl<A, B, O> Outlet<Side<A, B>> for Combining<'_, A, B, O>
where
    A: Clone,
    B: Clone,
    O: Outlet<(A, B)> + ?Sized,
{
    #[inline]
    fn room(&self) -> usize {
        self.outlet.room()
    }

    #[inline]
    fn push(&mut self, item: Side<A, B>) -> ControlFlow<()> {
        match item {
            Side::First(item) => self.latest.0 = Some(item),
            Side::Second(item) => self.latest.1 = Some(item),
        }
        match self.latest {
            (Some(first), Some(second)) => self.outlet.push((first.clone(), second.clone())),
            _ => ControlFlow::Continue(()),
        }
    }
}

impl<S, T, A, B> Source for CombineLatest<S, T, A, B>
where
    S: Source<Item = A>,
    T: Source<Item = B>,
    A: Clone,
    B: Clone,
{
    type Item = (A, B);

    fn poll_pull<O>(self: Pin<&mut Self>, cx: &mut Context<'_>, outlet: &mut O) -> Poll<Pull>
    where
        O: Outlet<Self::Item> + ?Sized,
    {
        let mut this = self.project();
        let latest = this.latest;
        let pulled = this
            .both
            .as_mut()
            .poll_pull(cx, &mut Combining { latest, outlet });
        let never = (latest.0.is_none() && this.both.first_has_ended())
            || (latest.1.is_none() && this.both.second_has_ended());
        if never {
            return Poll::Ready(Pull::End);
        }
        pulled
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (0, self.both.size_hint().1)
    }
}

pin_project! {
    /// The source of [`Flow::with_latest_from`].
    pub struct WithLatestFrom<S, T, B> {
        #[pin]
        both: Two<T, S>,
        latest: Option<B>,
    }
}

struct Pairing<'a, B, O: ?Sized> {
    latest: &'a mut Option<B>,
    outlet: &'a mut O,
}

impl<A, B: Clone, O: Outlet<(A, B)> + ?Sized> Outlet<Side<B, A>> for Pairing<'_, B, O> {
    #[inline]
    fn room(&self) -> usize {
        self.outlet.room()
    }

    #[inline]
    fn push(&mut self, item: Side<B, A>) -> ControlFlow<()> {
        match (item, &*self.latest) {
            (Side::First(item), _) => *self.latest = Some(item),
            (Side::Second(item), Some(latest)) => {
                return self.outlet.push((item, latest.clone()));
            }
            (Side::Second(_), None) => {}
        }
        ControlFlow::Continue(())
    }
}

impl<S, T, B> Source for WithLatestFrom<S, T, B>
where
    S: Source,
    T: Source<Item = B>,
    B: Clone,
{
    type Item = (S::Item, B);

    fn poll_pull<O>(self: Pin<&mut Self>, cx: &mut Context<'_>, outlet: &mut O) -> Poll<Pull>
    where
        O: Outlet<Self::Item> + ?Sized,
    {
        let mut this = self.project();
        let latest = this.latest;
        let pulled = this
            .both
            .as_mut()
            .poll_pull(cx, &mut Pairing { latest, outlet });
        if this.both.second_has_ended() {
            return Poll::Ready(Pull::End);
        }
        pulled
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (0, self.both.size_hints().1.1)
    }
}

impl<S, T, A, B> fmt::Debug for CombineLatest<S, T, A, B>
where
    S: fmt::Debug,
    T: fmt::Debug,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CombineLatest")
            .field("both", &self.both)
            .finish_non_exhaustive()
    }
}

impl<S: fmt::Debug, T: fmt::Debug, B> fmt::Debug for WithLatestFrom<S, T, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WithLatestFrom")
            .field("both", &self.both)
            .finish_non_exhaustive()
    }
}
