//! The latest item of several.

use std::ops::ControlFlow;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use aqueduct_core::rt::Instant;
use pin_project_lite::pin_project;

use super::closing::{Closes, Closing, Grid};
use crate::flow::Flow;
use crate::source::{CHUNK, Outlet, Pull, Source};

/// # The latest of several
///
/// These take whatever comes, and drop all but some.
impl<S: Source> Flow<S> {
    /// Gives an item when nothing has come for `quiet` after it, and drops those that were followed by another before that.
    ///
    /// The end gives the last item at once. An item whose quiet is over when the next is found is given, also if both are found
    /// in the same poll.
    ///
    /// Holds an item between pulls: the last, until it is given.
    ///
    /// # Panics
    ///
    /// The stream panics when it has to wait outside of a Tokio runtime that drives timers.
    pub fn debounce(self, quiet: Duration) -> Flow<Latest<S, S::Item>> {
        Latest::flow(self, Closes::AfterLast(quiet))
    }

    /// Gives the latest item of each period, at its end, and drops the others. The first period begins with the first pull.
    ///
    /// A period in which nothing came gives nothing. The end gives the last item at once. What comes in the poll in which a
    /// period ends is its latest, also if that poll is late.
    ///
    /// Holds an item between pulls: the latest of the period.
    ///
    /// # Panics
    ///
    /// If `period` is 0. The stream panics when it has to wait outside of a Tokio runtime that drives timers.
    #[track_caller]
    pub fn sample(self, period: Duration) -> Flow<Latest<S, S::Item>> {
        Latest::flow(self, Closes::Each(Grid::new(period)))
    }
}

pin_project! {
    /// The source of [`Flow::debounce`] and [`Flow::sample`].
    #[derive(Debug)]
    pub struct Latest<S, T> {
        #[pin]
        source: Flow<S>,
        latest: Option<T>,
        closing: Closing,
    }
}

impl<S: Source<Item = T>, T> Latest<S, T> {
    fn flow(source: Flow<S>, rule: Closes) -> Flow<Self> {
        Flow::new(Self {
            source,
            latest: None,
            closing: Closing::new(rule),
        })
    }
}

/// Keeps the last item that is pushed.
struct Keep<'a, T> {
    latest: &'a mut Option<T>,
    came: bool,
}

impl<T> Outlet<T> for Keep<'_, T> {
    fn room(&self) -> usize {
        CHUNK
    }

    fn push(&mut self, item: T) -> ControlFlow<()> {
        self.came = true;
        *self.latest = Some(item);
        ControlFlow::Continue(())
    }
}

impl<S: Source<Item = T>, T> Source for Latest<S, T> {
    type Item = T;

    fn poll_pull<O>(self: Pin<&mut Self>, cx: &mut Context<'_>, outlet: &mut O) -> Poll<Pull>
    where
        O: Outlet<T> + ?Sized,
    {
        let this = self.project();
        let closing = this.closing;
        closing.begin();
        // What has had its quiet must not be replaced.
        if closing.is_debounce() && this.latest.is_some() && closing.is_due(Instant::now()) {
            closing.close();
            give(this.latest, outlet);
            return Poll::Ready(Pull::More);
        }
        let first = this.latest.is_none();
        let mut keep = Keep {
            latest: this.latest,
            came: false,
        };
        let pulled = this.source.poll_pull(cx, &mut keep);
        let came = keep.came;
        if this.latest.is_none() {
            return pulled;
        }
        let is_due = match pulled {
            Poll::Ready(Pull::End) => true,
            _ => closing.is_time(came.then_some(first), pulled, cx),
        };
        if is_due {
            closing.close();
            give(this.latest, outlet);
        }
        pulled
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let inside = usize::from(self.latest.is_some());
        let (lower, upper) = Source::size_hint(&self.source);
        (
            usize::from(lower > 0 || inside > 0),
            upper.and_then(|upper| upper.checked_add(inside)),
        )
    }
}

fn give<T, O: Outlet<T> + ?Sized>(latest: &mut Option<T>, outlet: &mut O) {
    if let Some(item) = latest.take() {
        // The only one of this pull, for which there is always room.
        let _ = outlet.push(item);
    }
}
