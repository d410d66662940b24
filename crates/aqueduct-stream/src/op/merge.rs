//! Two streams at once.

use std::ops::ControlFlow;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use super::two::{Order, Side, Two};
use crate::flow::Flow;
use crate::source::{Outlet, Pull, Source};

/// # Several streams at once
impl<S: Source> Flow<S> {
    /// Gives the items of both streams as they come, and ends when both have ended.
    ///
    /// It is fair: streams that always have items take turns, a chunk each. Of what comes at the same moment, that of this
    /// stream is given first. The items of each stream stay in order.
    ///
    /// Holds nothing between pulls.
    pub fn merge<T>(self, other: Flow<T>) -> Flow<Merge<S, T>>
    where
        T: Source<Item = S::Item>,
    {
        Flow::new(Merge {
            both: Two::new(self, other, Order::Fair),
        })
    }

    /// Gives the items of both streams as they come, those of this stream first. Ends when both have ended.
    ///
    /// `other` is asked only when this stream waits: one that always has items starves it.
    ///
    /// Holds nothing between pulls.
    pub fn merge_by_priority<T>(self, other: Flow<T>) -> Flow<Merge<S, T>>
    where
        T: Source<Item = S::Item>,
    {
        Flow::new(Merge {
            both: Two::new(self, other, Order::FirstFirst),
        })
    }
}

pin_project! {
    /// The source of [`Flow::merge`] and [`Flow::merge_by_priority`].
    #[derive(Clone, Debug)]
    pub struct Merge<S, T> {
        #[pin]
        both: Two<S, T>,
    }
}

struct Either<'a, O: ?Sized>(&'a mut O);

impl<T, O: Outlet<T> + ?Sized> Outlet<Side<T, T>> for Either<'_, O> {
    #[inline]
    fn room(&self) -> usize {
        self.0.room()
    }

    #[inline]
    fn push(&mut self, item: Side<T, T>) -> ControlFlow<()> {
        let (Side::First(item) | Side::Second(item)) = item;
        self.0.push(item)
    }
}

impl<S: Source, T: Source<Item = S::Item>> Source for Merge<S, T> {
    type Item = S::Item;

    #[inline]
    fn poll_pull<O>(self: Pin<&mut Self>, cx: &mut Context<'_>, outlet: &mut O) -> Poll<Pull>
    where
        O: Outlet<S::Item> + ?Sized,
    {
        self.project().both.poll_pull(cx, &mut Either(outlet))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.both.size_hint()
    }
}
