//! Windows that overlap.

use std::collections::VecDeque;
use std::fmt;
use std::ops::ControlFlow;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use aqueduct_core::rt::Instant;
use pin_project_lite::pin_project;

use super::closing::Grid;
use crate::flow::Flow;
use crate::op::through::{Stage, Through};
use crate::source::{CHUNK, Outlet, Pull, Source};
use crate::timer::Timer;

/// # Windows that overlap
///
/// Their items are clones, but for the last window that an item is in.
impl<S: Source> Flow<S> {
    /// Gives windows of the last `size` items: the first when there are so many, and then one every `step` items.
    ///
    /// With a `step` above `size`, what is between two windows is dropped; so is what the end leaves unfinished.
    ///
    /// Holds up to `size - 1` items between pulls.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let windows: Vec<Vec<u32>> = aqueduct_stream::iter(1..=5).sliding(3, 1).collect().await;
    /// assert_eq!(windows, [[1, 2, 3], [2, 3, 4], [3, 4, 5]]);
    /// # }
    /// ```
    ///
    /// # Panics
    ///
    /// If `size` or `step` is 0.
    #[track_caller]
    pub fn sliding(self, size: usize, step: usize) -> Flow<Through<S, Sliding<S::Item>>>
    where
        S::Item: Clone,
    {
        assert!(size > 0, "a window of no items");
        assert!(step > 0, "a step of no items");
        self.through(Sliding {
            size,
            step,
            items: VecDeque::new(),
            skip: 0,
        })
    }

    /// Gives, at the end of each period, what came in the `span` before it; nothing where nothing came. The first period begins
    /// with the first pull.
    ///
    /// Of more than `size_max` items in the span the latest are kept. What comes in the poll in which a period ends is in its
    /// window, also if that poll is late, and is in later windows by when it came; periods that were missed altogether give no
    /// window of their own. The end gives a last window, if something came after the one before.
    ///
    /// With a `period` above `span`, what is between two windows is dropped. Otherwise each item is in a window, however late the
    /// polls are, unless there are more than `size_max`.
    ///
    /// Holds up to `size_max` items between pulls: those that can be in the next window.
    ///
    /// # Panics
    ///
    /// If `period` or `size_max` is 0. The stream panics when it has to wait outside of a Tokio runtime that drives timers.
    #[track_caller]
    pub fn sliding_by_time(
        self,
        span: Duration,
        period: Duration,
        size_max: usize,
    ) -> Flow<SlidingByTime<S, S::Item>>
    where
        S::Item: Clone,
    {
        assert!(size_max > 0, "a window of no items");
        Flow::new(SlidingByTime {
            source: self,
            recent: Recent {
                items: VecDeque::new(),
                fresh: 0,
                has_gaps: span < period,
                size_max,
                span,
            },
            grid: Grid::new(period),
            timer: Timer::new(),
        })
    }
}

/// The stage of [`Flow::sliding`].
#[derive(Clone)]
pub struct Sliding<T> {
    size: usize,
    step: usize,
    items: VecDeque<T>,
    /// So many are left out before the next window.
    skip: usize,
}

impl<T: Clone> Sliding<T> {
    /// The window, with what is in no other moved out of it.
    fn window(&mut self) -> Vec<T> {
        let leaving = self.step.min(self.size);
        self.skip = self.step - leaving;
        let mut window = Vec::with_capacity(self.size);
        window.extend(self.items.drain(..leaving));
        window.extend(self.items.iter().cloned());
        window
    }
}

impl<T: Clone> Stage<T> for Sliding<T> {
    type Out = Vec<T>;

    fn take<O>(&mut self, item: T, outlet: &mut O) -> ControlFlow<()>
    where
        O: Outlet<Vec<T>> + ?Sized,
    {
        if self.skip > 0 {
            self.skip -= 1;
            return ControlFlow::Continue(());
        }
        self.items.push_back(item);
        if self.items.len() < self.size {
            return ControlFlow::Continue(());
        }
        outlet.push(self.window())
    }

    /// What makes as many windows, the last item of the last included.
    fn room(&self, below: usize) -> usize {
        let first = self.skip + (self.size - self.items.len());
        below
            .saturating_sub(1)
            .saturating_mul(self.step)
            .saturating_add(first)
    }

    fn size_hint(&self, above: (usize, Option<usize>)) -> (usize, Option<usize>) {
        let first = self.skip + (self.size - self.items.len());
        let windows = |count: usize| match count.checked_sub(first) {
            Some(more) => more / self.step + 1,
            None => 0,
        };
        (windows(above.0), above.1.map(windows))
    }
}

impl<T> fmt::Debug for Sliding<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sliding")
            .field("size", &self.size)
            .field("step", &self.step)
            .field("inside", &self.items.len())
            .finish_non_exhaustive()
    }
}

pin_project! {
    /// The source of [`Flow::sliding_by_time`].
    pub struct SlidingByTime<S, T> {
        #[pin]
        source: Flow<S>,
        recent: Recent<T>,
        grid: Grid,
        timer: Timer,
    }
}

/// What came in a span.
struct Recent<T> {
    items: VecDeque<(Instant, T)>,
    /// So many of them, at the back, were in no window yet.
    fresh: usize,
    /// What is between two windows is in none.
    has_gaps: bool,
    size_max: usize,
    span: Duration,
}

impl<T> Recent<T> {
    fn push(&mut self, came: Instant, item: T) {
        if self.items.len() == self.size_max {
            self.items.pop_front();
        }
        self.items.push_back((came, item));
        self.fresh = self.items.len().min(self.fresh + 1);
    }

    /// Forgets what is not in the span that ends at a moment. Without gaps between the windows, what was in none yet is in
    /// this one, though it came in the very moment in which the last ended.
    fn forget_before(&mut self, end: Instant) {
        let kept = if self.has_gaps { 0 } else { self.fresh };
        while self.items.len() > kept
            && let Some((came, _)) = self.items.front()
            && end.saturating_duration_since(*came) >= self.span
        {
            self.items.pop_front();
        }
        self.fresh = self.fresh.min(self.items.len());
    }

    fn window(&mut self) -> Vec<T>
    where
        T: Clone,
    {
        let window = self.items.iter().map(|(_, item)| item.clone()).collect();
        self.fresh = 0;
        window
    }
}

/// Keeps the latest, with the moment of the pull.
struct Stamp<'a, T> {
    recent: &'a mut Recent<T>,
    now: Option<Instant>,
}

impl<T> Outlet<T> for Stamp<'_, T> {
    fn room(&self) -> usize {
        CHUNK
    }

    fn push(&mut self, item: T) -> ControlFlow<()> {
        let now = *self.now.get_or_insert_with(Instant::now);
        self.recent.push(now, item);
        ControlFlow::Continue(())
    }
}

impl<S, T> Source for SlidingByTime<S, T>
where
    S: Source<Item = T>,
    T: Clone,
{
    type Item = Vec<T>;

    fn poll_pull<O>(self: Pin<&mut Self>, cx: &mut Context<'_>, outlet: &mut O) -> Poll<Pull>
    where
        O: Outlet<Vec<T>> + ?Sized,
    {
        let this = self.project();
        let (recent, grid, timer) = (this.recent, this.grid, this.timer);
        grid.begin();
        let mut stamp = Stamp { recent, now: None };
        let pulled = this.source.poll_pull(cx, &mut stamp);
        if let Some(now) = stamp.now
            && !timer.is_set()
        {
            timer.set(grid.tick_from(now));
        }
        if recent.items.is_empty() {
            return pulled;
        }
        let is_due = match pulled {
            Poll::Ready(Pull::End) => recent.fresh > 0,
            Poll::Ready(Pull::More) => timer.is_due(Instant::now()),
            Poll::Pending => timer.poll(cx).is_ready(),
        };
        if !is_due {
            return pulled;
        }
        let now = Instant::now();
        // The window is that of the tick, however late this is. An end does not wait for it.
        recent.forget_before(timer.at().map_or(now, |tick| tick.min(now)));
        if !recent.items.is_empty() {
            let _ = outlet.push(recent.window());
        }
        grid.done_at(timer.at());
        // What the next window will not have is not kept for it.
        let next = grid.tick_after(now);
        if let Some(next) = next {
            recent.forget_before(next);
        }
        timer.set(next.filter(|_| !recent.items.is_empty()));
        // A timer that is set anew has nobody to wake yet.
        match pulled {
            Poll::Ready(Pull::End) => pulled,
            _ => Poll::Ready(Pull::More),
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (0, None)
    }
}

impl<S: fmt::Debug, T> fmt::Debug for SlidingByTime<S, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SlidingByTime")
            .field("source", &self.source)
            .field("inside", &self.recent.items.len())
            .field("size_max", &self.recent.size_max)
            .field("span", &self.recent.span)
            .finish_non_exhaustive()
    }
}
